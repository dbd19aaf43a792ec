"""A supplied table before any cell was read: where it lies, its headings, what was seen so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analysis.errors import Fault
from analysis.supply.headers import Headings


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A table on the desk: column ``_row`` and one column ``c0``, ``c1`` ... a heading.

    Attributes
    ----------
    table : str
        Its name on the desk.
    place : str
        File, and sheet where there are several, as the user knows it.
    headings : tuple of str
    types : tuple of str
        text, whole, number or moment: what the columns of the file already are.
    mended : tuple of (str, int)
        What was done to the file as a whole, and how often.
    numeric : frozenset of int
        Positions of columns in which a workbook holds numbers.
    hidden : int
        Rows that a workbook hides.
    faults : tuple of Fault
    """

    table: str
    place: str
    headings: tuple[str, ...]
    types: tuple[str, ...]
    mended: tuple[tuple[str, int], ...] = ()
    numeric: frozenset[int] = frozenset()
    hidden: int = 0
    faults: tuple[Fault, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the header of a table stands among its first lines."""

    position: int
    cells: tuple[str, ...]
    score: int


#: Lines above a header: titles, units, names of the office.
LOOK = 20


def find_head(lines: Sequence[Sequence[str]], headings: Headings) -> Head | None:
    """Return the line that names most columns; None when none names two (or all there are)."""
    best: Head | None = None
    for position, cells in enumerate(lines[:LOOK]):
        score = headings.score(cells)
        if score and (best is None or score > best.score):
            best = Head(position=position, cells=tuple(cells), score=score)
    enough = min(2, len(headings.source.columns))
    return best if best is not None and best.score >= enough else None


def no_head(place: str, first: Sequence[str], headings: Headings) -> Fault:
    """Say that no line names the columns."""
    return Fault(
        file=place,
        row=1,
        expected="a header with " + ", ".join(headings.source.columns),
        found=repr(", ".join(first)[:120]),
        mend="put the names of the columns above the rows; `python -m analysis template` "
        "shows them",
    )
