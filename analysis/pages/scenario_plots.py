"""Figures of scenarios: what moves a result, how it spreads over years, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.methods.effects import number
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes
from analysis.scenarios import ScenarioResult, compare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inks of a driver: what was read, what was set by hand, what is claimed or estimated.
_INKS = {"read": TREATED, "derived": TREATED, "choice": SECOND}
_WORDS = {TREATED: "read or derived", SECOND: "set by hand", CONTROL: "claimed or estimated"}


def tornado(result: ScenarioResult, *, ax: Axes | None = None, count: int = 8) -> Axes:
    """Draw the net present value with one input at the ends of its range, widest first.

    Parameters
    ----------
    result : ScenarioResult
    ax : matplotlib.axes.Axes, optional
    count : int
        Inputs shown.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows = result.drivers.head(count)
    inks = [_INKS.get(status, CONTROL) for status in rows["status"]]
    at = np.arange(len(rows))[::-1]
    width = rows["net_at_high"] - rows["net_at_low"]
    ax.barh(at, width, left=rows["net_at_low"], color=inks, height=0.62)
    ax.axvline(0, color=RULE, linewidth=0.8)
    ax.axvline(float(result.net["central"]), color=RULE, linewidth=0.8, linestyle=":")
    for place, row in zip(at, rows.to_dict("records"), strict=True):
        _end(ax, row["net_at_low"], place, row["low"], left=row["net_at_low"] < row["net_at_high"])
        _end(
            ax, row["net_at_high"], place, row["high"], left=row["net_at_high"] < row["net_at_low"]
        )
    ax.set_yticks(at, [_wrapped(label) for label in rows["label"]])
    ends = rows[["net_at_low", "net_at_high"]].to_numpy()
    room = 0.14 * float(np.ptp(ends)) if len(rows) else 1.0
    ax.set_xlim(min(0.0, float(ends.min(initial=0))) - room, float(ends.max(initial=0)) + room)
    ax.set_xlabel(_money(result))
    _legend(ax, inks)
    ax.figure.set_figheight(1.4 + 0.48 * len(rows))  # type: ignore[union-attr]
    return ax


def describe_tornado(result: ScenarioResult, *, count: int = 8) -> str:
    """Say what `tornado` shows."""
    rows = result.drivers.head(count)
    parts = [
        f"{row['label']} ({row['status']}) from {number(row['net_at_low'])} to "
        f"{number(row['net_at_high'])}"
        for row in rows.head(3).to_dict("records")
    ]
    return (
        f"Bars of {len(rows)} inputs around {number(float(result.net['central']))} "
        f"{result.net['unit']}, widest first: {'; '.join(parts)}."
    )


def tabulate_tornado(result: ScenarioResult, *, count: int = 8) -> pd.DataFrame:
    """Give the numbers of `tornado`."""
    return result.drivers.head(count)


def fan(result: ScenarioResult, *, ax: Axes | None = None) -> Axes:
    """Draw the present value so far by year: central case, median, middle half and 95 %.

    Parameters
    ----------
    result : ScenarioResult
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows, years = result.fan, result.fan["year"]
    ax.axhline(0, color=RULE, linewidth=0.8)
    for low, high, alpha in (("q025", "q975", 0.15), ("q250", "q750", 0.3)):
        ax.fill_between(
            years, rows[f"total_{low}"], rows[f"total_{high}"], color=TREATED, alpha=alpha,
            linewidth=0,
        )  # fmt: skip
    ax.plot(years, rows["total_q500"], color=TREATED, linewidth=1.0)
    ax.plot(years, _so_far(result), color=RULE, linestyle="--")
    last = float(years.iloc[-1])
    for text, height in (("median", rows["total_q500"].iloc[-1]), ("central", _so_far(result)[-1])):
        ax.annotate(
            text, (last, float(height)), xytext=(4, 0), textcoords="offset points", va="center"
        )
    ax.set_xlabel("Year")
    ax.set_ylabel(_money(result).replace("Net present", "Present"))
    ax.set_xticks(years[::2])
    return ax


def describe_fan(result: ScenarioResult) -> str:
    """Say what `fan` shows."""
    last = result.fan.iloc[-1]
    years = result.fan.loc[result.fan["total_q500"] > 0, "year"]
    turn = f"above zero from {int(years.iloc[0])} on" if len(years) else "never above zero"
    return (
        f"Present value so far by year. Half of the draws end between "
        f"{number(last['total_q250'])} and {number(last['total_q750'])}, 95% between "
        f"{number(last['total_q025'])} and {number(last['total_q975'])} {result.net['unit']} in "
        f"{int(last['year'])}; the median is {turn}."
    )


def tabulate_fan(result: ScenarioResult) -> pd.DataFrame:
    """Give the numbers of `fan`."""
    wanted = ["year", *(name for name in result.fan.columns if name.startswith("total_"))]
    return result.fan[wanted].assign(central=_so_far(result))


def comparison(results: Sequence[ScenarioResult], *, ax: Axes | None = None) -> Axes:
    """Draw net present values on one scale: central case, median (hollow), 95 % of the draws.

    Parameters
    ----------
    results : sequence of ScenarioResult
        In one money, over one horizon, at one rate.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows = compare(results)
    at = np.arange(len(rows))[::-1]
    ax.axvline(0, color=RULE, linewidth=0.8)
    ax.hlines(at, rows["range_low"], rows["range_high"], color=TREATED, linewidth=1.6)
    ax.scatter(rows["median"], at, facecolor="white", edgecolor=TREATED, zorder=3, label="median")
    ax.scatter(rows["central"], at, color=TREATED, zorder=4, label="central case")
    ax.legend(loc="lower right", fontsize=8)
    ax.set_yticks(at, [_wrapped(title) for title in rows["title"]])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel(_money(results[0]))
    ax.figure.set_figheight(1.2 + 0.5 * len(rows))  # type: ignore[union-attr]
    return ax


def describe_comparison(results: Sequence[ScenarioResult]) -> str:
    """Say what `comparison` shows."""
    rows = compare(results)
    below = int((rows["range_low"] < 0).sum())
    parts = [f"{row['title']} {number(row['central'])}" for row in rows.to_dict("records")]
    return (
        f"{len(rows)} scenarios, central case in {rows['unit'].iloc[0]}: {'; '.join(parts)}. "
        f"{below} of the ranges reach below zero."
    )


def tabulate_comparison(results: Sequence[ScenarioResult]) -> pd.DataFrame:
    """Give the numbers of `comparison`."""
    return compare(results)[["title", "central", "median", "range_low", "range_high", "unit"]]


def _so_far(result: ScenarioResult) -> np.ndarray:
    return np.cumsum(result.years["present_value"].to_numpy())


def _money(result: ScenarioResult) -> str:
    return f"Net present value at {result.scenario.headline_rate:g}%, {result.net['unit']}"


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(str(text), 34))


def _end(ax: Axes, x: float, y: float, value: float, *, left: bool) -> None:
    ax.annotate(
        f"{value:.4g}".replace("-", "\u2212"),
        (x, y),
        xytext=(-3 if left else 3, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=8,
    )


def _legend(ax: Axes, inks: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    shown = [Patch(color=ink, label=_WORDS[ink]) for ink in pd.unique(pd.Series(inks))]
    ax.legend(handles=shown, loc="lower right", fontsize=8)
