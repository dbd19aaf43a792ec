"""A drawn figure as a page takes it: vector graphics with their caption, words and numbers.

A function `f` that draws has two twins in its own room: `describe_f` says what is to be seen,
`tabulate_f` gives the numbers that were drawn. The numbers travel inside the drawing; the book
takes them out and offers them as a file.
"""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLE = Path(__file__).with_name("style.mplstyle")
#: One meaning, one ink: treated, control, interval and reference.
TREATED, SECOND, CONTROL, RULE = "#0072B2", "#D55E00", "#6B6B6B", "#000000"
#: What a label must not begin with in a table that is opened as a sheet: a formula would run.
_FORMULA = re.compile(r"^[=+\-@\t\r]")
#: Where things stand in a drawing, and what lies beyond a tenth of a point: nobody sees it.
_PLACE = re.compile(r' (?:d|x|y)="[^"]*"|translate\([^)]*\)')
_DIGITS = re.compile(r"(\.\d)\d+")
#: Comments, which repeat every label, and indents.
_LAYOUT = re.compile(r"<!--.*?-->|(?<=\n) +", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawn figure for a page: vector graphics, caption, alternative text, numbers as CSV."""

    svg: str
    caption: str
    alt: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": f"{self.caption}\n\n{self.alt}"}


def picture(
    draw: Callable[..., Axes],
    *things: object,
    caption: str,
    alt: Callable[..., str],
    **options: object,
) -> Picture:
    """Draw one figure in the one style.

    Parameters
    ----------
    draw : callable
        A function that draws on `ax`.
    *things, **options
        What it draws.
    caption : str
        Estimand, estimator, n and inference.
    alt : callable
        The twin of `draw` that says what is seen; called with the same things and options.

    Returns
    -------
    Picture
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(), style(), warnings.catch_warnings():
        # Labels of supplied data may have letters that the font lacks (the reader's own font then
        # shows them; their width is guessed), or be too long for the axes (drawn over them):
        # neither is a reason to withhold a report.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        warnings.filterwarnings("ignore", "(?i)(constrained|tight)_?.?layout not applied")
        figure = Figure()
        draw(*things, ax=figure.subplots(), **options)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = _PLACE.sub(lambda place: _DIGITS.sub(r"\1", place[0]), buffer.getvalue())
    drawn = _LAYOUT.sub("", drawn)
    numbers = getattr(sys.modules[draw.__module__], f"tabulate_{draw.__name__}", None)
    if numbers is not None:
        drawn = _with_data(drawn, numbers(*things, **options))
    return Picture(svg=drawn, caption=caption, alt=alt(*things, **options))


@contextmanager
def style() -> Iterator[None]:
    """Apply the one look within a block."""
    import matplotlib.style

    with matplotlib.style.context(str(STYLE)):
        yield


def axes(ax: Axes | None) -> Axes:
    """Return the axes given, or new ones in the one look."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    with style():
        return Figure().subplots()


@cache
def text_width(text: str, *, size: float, bold: bool) -> float:
    """Return the width of a label in points, in the font of the drawings at `size` points."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    with mpl.rc_context(), style():
        face = FontProperties(size=size, weight="bold" if bold else "normal")
        width, _, _ = text_to_path.get_text_width_height_descent(text, face, ismath=False)
    return float(width)


def csv(frame: pd.DataFrame) -> str:
    """Write what a figure shows as CSV: six digits that count, no label that a sheet could run."""
    shown = frame.copy()
    for name in shown.columns:
        if not pd.api.types.is_numeric_dtype(shown[name]):
            shown[name] = shown[name].map(_plain)
    text: str = shown.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return text


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _with_data(drawn: str, frame: pd.DataFrame) -> str:
    """Put the numbers behind the opening tag of the drawing."""
    opening = drawn.index(">", drawn.index("<svg")) + 1
    data = f'\n <desc id="figure-data">{escape(csv(frame))}</desc>'
    return drawn[:opening] + data + drawn[opening:]
