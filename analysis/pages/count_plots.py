"""Figures of published counts, each by the rule it was counted with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd

from analysis.methods.effects import number
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes
from analysis.short_series import Count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inks and marks of the series, in order.
INKS = (TREATED, SECOND, CONTROL, RULE)
MARKS = ("o", "s", "D", "v", "^", "P")


def counts(drawn: Sequence[Count], *, since: int, unit: str, ax: Axes | None = None) -> Axes:
    """Draw counts by year on a logarithmic axis, one line a region and rule; floors are hollow.

    Parameters
    ----------
    drawn : sequence of Count
    since : int
        First year of the reform.
    unit : str
        Of the counts.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    held = _series(drawn)
    regions = list(dict.fromkeys(region for region, _ in held))
    for position, ((region, counter), one) in enumerate(held.items()):
        ink = INKS[regions.index(region) % len(INKS)]
        mark = MARKS[position % len(MARKS)]
        years, values = [c.year for c in one], [c.value for c in one]
        ax.plot(years, values, color=ink, linewidth=0.9, alpha=0.6)
        for c in one:
            face = ink if c.bound == "exact" else "none"
            ax.plot(c.year, c.value, mark, color=ink, markerfacecolor=face, markersize=6)
        ax.plot([], [], mark, color=ink, label=f"{region}, {counter}", linestyle="-", linewidth=0.9)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.axvline(since - 0.5, color=RULE, linewidth=0.8, linestyle=":")
    ax.set_xlabel("Year")
    ax.set_ylabel(f"{unit.capitalize()} a year (logarithmic)")
    ax.legend(frameon=False, fontsize="small")
    return ax


def describe_counts(drawn: Sequence[Count], *, since: int, unit: str) -> str:
    """Say what `counts` shows."""
    told = [
        f"{region} by {counter}: "
        + ", ".join(f"{_mark(c)}{number(c.value, signed=False)} in {c.year}" for c in one)
        for (region, counter), one in _series(drawn).items()
    ]
    return (
        f"{unit.capitalize()} a year on a logarithmic axis, a dotted line before {since}; hollow "
        f"marks are floors. {'; '.join(told)}."
    )


def tabulate_counts(drawn: Sequence[Count], **_: object) -> pd.DataFrame:
    """Give the numbers of `counts`."""
    return pd.DataFrame(
        {
            "region": [c.region for c in drawn],
            "counter": [c.counter for c in drawn],
            "year": [c.year for c in drawn],
            "value": [c.value for c in drawn],
            "bound": [c.bound for c in drawn],
        }
    )


def _series(drawn: Sequence[Count]) -> dict[tuple[str, str], list[Count]]:
    def key(c: Count) -> tuple[str, str]:
        return c.region, c.counter

    return {name: list(one) for name, one in groupby(sorted(drawn, key=key), key=key)}


def _mark(count: Count) -> str:
    return "" if count.bound == "exact" else f"{count.bound} "
