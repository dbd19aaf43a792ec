"""The one figure of the truth suite: how often the recommended test rejects, design by design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.pages.truth_tables import PROMISED
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL = 0.05
#: Colour and mark of designs whose units are alike in size, and of others.
_INKS = {"equal": (TREATED, "o"), "unequal": (SECOND, "^")}


def sizes(measured: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the size of the recommended test in every design, from the smallest to the largest.

    Parameters
    ----------
    measured : pandas.DataFrame
        One row a design: ``size``, ``mc_error`` and ``sizes`` ("equal" or "unequal").
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    held = measured.sort_values("size", kind="stable", ignore_index=True)
    rank = np.arange(1, len(held) + 1)
    low, high = held["size"] - 2 * held["mc_error"], held["size"] + 2 * held["mc_error"]
    ax.vlines(rank, 100 * low, 100 * high, color=CONTROL, linewidth=0.4, alpha=0.6)
    for name, (colour, mark) in _INKS.items():
        chosen = (held["sizes"] == name).to_numpy()
        ax.plot(
            rank[chosen],
            100 * held["size"].to_numpy()[chosen],
            mark,
            color=colour,
            markersize=2.5,
            label=f"{name} sizes",
        )
    for level, text in ((LEVEL, "nominal"), (PROMISED, "promised at most")):
        ax.axhline(100 * level, color=RULE, linewidth=0.8, linestyle=":")
        ax.annotate(text, (1, 100 * level), xytext=(0, 3), textcoords="offset points", color=RULE)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("Designs, in the order of their size")
    ax.set_ylabel("Rejections of a true null (%)")
    ax.legend(loc="lower right")
    return ax


def describe_sizes(measured: pd.DataFrame) -> str:
    """Say what `sizes` shows."""
    size = measured["size"]
    beyond = int((size.round(6) > PROMISED).sum())
    return (
        f"Dots for {len(measured)} designs in the order of their size, from "
        f"{100 * size.min():.1f}% to {100 * size.max():.1f}% with a median of "
        f"{100 * size.median():.1f}%; {beyond} lie above the line at {100 * PROMISED:.0f}%. "
        "Thin lines are two Monte Carlo errors either way."
    )


def tabulate_sizes(measured: pd.DataFrame) -> pd.DataFrame:
    """Give the numbers of `sizes`."""
    columns = ["name", "n_units", "n_treated", "ar1", "sizes", "size", "mc_error"]
    held = measured.sort_values("size", kind="stable", ignore_index=True)
    return held[[name for name in columns if name in held]]
