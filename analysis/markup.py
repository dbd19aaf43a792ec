"""Tables as a page shows them: all text is escaped, so labels from data never become markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from analysis.methods.effects import number

#: Texts up to this length stay on one line of a table.
SHORT = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table for a page: escaped markup for the reader, plain text for the record."""

    html: str
    plain: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.plain}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A cell that leads to an address; anything but http and https is shown as plain text."""

    text: str
    address: str

    def __str__(self) -> str:
        """Return text and address."""
        return f"{self.text} <{self.address}>"

    @property
    def html(self) -> str:
        """The escaped anchor."""
        if not self.address.startswith(("http://", "https://")):
            return escape(str(self))
        return f'<a href="{escape(self.address)}" rel="noreferrer">{escape(self.text)}</a>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfold:
    """A cell with a summary that opens to its parts: a heading and lines each."""

    anchor: str
    summary: str
    parts: tuple[tuple[str, tuple[str | Link, ...]], ...]

    def __str__(self) -> str:
        """Return the summary."""
        return self.summary

    @property
    def html(self) -> str:
        """The escaped details element."""
        return (
            f'<details id="{escape(self.anchor)}"><summary>{escape(self.summary)}</summary>'
            f"{''.join(_part(heading, lines) for heading, lines in self.parts if lines)}</details>"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A cell with what the command line said, word for word: in English in every edition."""

    text: str

    def __str__(self) -> str:
        """Return the words."""
        return self.text

    @property
    def html(self) -> str:
        """The escaped words, marked as output of a program; none for no words."""
        return f'<samp lang="en">{escape(self.text)}</samp>' if self.text else ""


def show(frame: pd.DataFrame, *, caption: str, interactive: bool = False) -> Table:
    """Make a table that a page can show; all text is escaped.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns as the reader should see them; the index is not shown.
    caption : str
        What the table holds.
    interactive : bool
        Whether the reader can sort, filter and download it.

    Returns
    -------
    Table
    """
    kind = "report-table interactive" if interactive else "report-table"
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in frame.columns)
    body = "".join(_row(row, frame) for row in frame.itertuples(index=False, name=None))
    html = (
        f'<div class="table-frame" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f'<table class="{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Table(html=html, plain=f"{caption}\n{_plain(frame)}")


def _part(heading: str, lines: Sequence[str | Link]) -> str:
    items = "".join(
        f"<li>{line.html if isinstance(line, Link) else escape(line)}</li>" for line in lines
    )
    return f"<p><strong>{escape(heading)}</strong></p><ul>{items}</ul>"


def _row(row: Sequence[object], frame: pd.DataFrame) -> str:
    cells = []
    for name, value in zip(frame.columns, row, strict=True):
        kind = _class(value)
        inner = value.html if isinstance(value, (Link, Unfold, Quoted)) else escape(_cell(value))
        cells.append(f'<td data-label="{escape(str(name))}"{kind}>{inner}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def _class(value: object) -> str:
    """Numbers line up; short texts, dates among them, are not broken into lines."""
    if pd.api.types.is_number(value):
        return ' class="number"'
    return ' class="short"' if isinstance(value, str) and len(value) <= SHORT else ""


def _cell(value: object) -> str:
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, float):
        return "" if np.isnan(value) else number(value, signed=False)
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return str(value)


def _plain(frame: pd.DataFrame) -> str:
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return "\n".join(" | ".join(cells) for cells in [list(map(str, frame.columns)), *rows])
