"""The picture of the synthesis: which claims, by area, are backed by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.pages.synthesis import Synthesis, counts
from analysis.pictures import CONTROL, TREATED, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Area of the mark of one claim, in points squared.
MARK = 70.0


def backings(held: Synthesis, *, ax: Axes | None = None) -> Axes:
    """Draw the number of claims by area and by what backs them, as marks of that area.

    Parameters
    ----------
    held : Synthesis
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    table = counts(held)
    for row, area in enumerate(table.index):
        for column, kind in enumerate(table.columns):
            count = int(table.loc[area, kind])
            if count:
                ax.scatter(column, row, s=MARK * count, color=TREATED, zorder=2)
                ax.annotate(
                    str(count),
                    (column, row),
                    xytext=(4 + 4 * np.sqrt(count), 0),
                    textcoords="offset points",
                    va="center",
                )
    ax.set_xticks(range(table.shape[1]), [_wrapped(kind) for kind in table.columns], fontsize=8)
    ax.set_yticks(range(len(table)), list(table.index))
    ax.set_xlim(-0.6, table.shape[1] - 0.4)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.grid(color=CONTROL, alpha=0.25, zorder=0)
    ax.set_xlabel("What backs the claim, from strong to weak")
    return ax


def _wrapped(kind: str) -> str:
    words, lines = kind.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 14 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def describe_backings(held: Synthesis) -> str:
    """Say what `backings` shows."""
    table = counts(held)
    total = table.sum()
    told = ", ".join(f"{kind}: {int(total[kind])}" for kind in table.columns)
    return (
        f"A grid of {len(table)} areas by {table.shape[1]} kinds of backing; the mark in a field "
        f"grows with the number of claims. All areas together: {told}."
    )


def tabulate_backings(held: Synthesis) -> pd.DataFrame:
    """Give the numbers of `backings`."""
    return counts(held).rename_axis("area").reset_index()
