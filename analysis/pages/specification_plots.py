"""The picture of a specification curve: every defensible estimate, and the choices behind each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.methods.effects import number, p_said
from analysis.methods.specifications import SpecificationCurve
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height of the upper part, and of one line of choices below it, in inches.
UPPER, LINE = 2.6, 0.2


def specification_curve(curve: SpecificationCurve, *, ax: Axes | None = None) -> Axes:
    """Draw all estimates in order with their intervals; below, a mark for every choice made.

    Parameters
    ----------
    curve : SpecificationCurve
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        The upper part; the lower one stands below it in the same figure.
    """
    ax = axes(ax)
    frame = curve.frame
    at = np.arange(len(frame))
    _band(ax, frame, at)
    ax.axhline(0, color=RULE, linewidth=0.8)
    reach = _reach(frame)
    low, high = frame["conf_low"].clip(lower=-reach), frame["conf_high"].clip(upper=reach)
    ax.vlines(at, low, high, color=TREATED, linewidth=0.9, alpha=0.55)
    ax.plot(at, frame["estimate"], "o", color=TREATED, markersize=3.5)
    head = frame["headline"].to_numpy(dtype=bool)
    ax.plot(at[head], frame["estimate"][head], "o", color=SECOND, markersize=6.5, zorder=4)
    for place, value in zip(at[head], frame["estimate"][head], strict=True):
        ax.annotate(
            "headline",
            (place, value),
            xytext=(5, 6),
            textcoords="offset points",
            color=SECOND,
            fontsize=8,
        )
    ax.set_ylim(-reach * 1.04, reach * 1.04)
    ax.set_xlim(-1, len(frame))
    ax.set_xticks([])
    ax.set_ylabel(f"Effect ({_unit(curve)})")
    _choices(ax, curve, at)
    return ax


def _band(ax: Axes, frame: pd.DataFrame, at: np.ndarray) -> None:
    ax.fill_between(
        at, frame["null_low"], frame["null_high"], color=CONTROL, alpha=0.15, linewidth=0
    )
    ax.annotate(
        "grey: 95% of curves without effect",
        (0.99, 0.03),
        xycoords="axes fraction",
        ha="right",
        color=CONTROL,
        fontsize=8,
    )


def _choices(ax: Axes, curve: SpecificationCurve, at: np.ndarray) -> None:
    """Draw the lower part: one line a choice, a mark where a specification made it."""
    lines = _lines(curve)
    height = LINE * (len(lines) + len(curve.decisions))
    place_of = ax.get_subplotspec()
    assert place_of is not None
    grid = place_of.subgridspec(2, 1, height_ratios=[UPPER, height])
    ax.set_subplotspec(grid[0])
    lower = ax.figure.add_subplot(grid[1])
    places, names, place = [], [], 0.0
    for decision in curve.decisions:
        lower.annotate(
            decision, (-0.5, place), fontsize=8, fontweight="bold", va="center", color=RULE
        )
        place += 1
        for choice in [name for told, name in lines if told == decision]:
            made = (curve.frame[decision] == choice).to_numpy()
            lower.plot(at[~made], np.full((~made).sum(), place), ".", color="#DDDDDD", markersize=2)
            lower.plot(at[made], np.full(made.sum(), place), "|", color=TREATED, markersize=7)
            places.append(place)
            names.append(choice)
            place += 1
    lower.set_yticks(places, names, fontsize=8)
    lower.set_ylim(place - 0.4, -0.6)
    lower.set_xlim(ax.get_xlim())
    lower.set_xticks([])
    lower.set_xlabel("Specifications, from the lowest to the highest estimate")
    for side in ("top", "right", "bottom"):
        lower.spines[side].set_visible(False)
    ax.figure.set_figheight(UPPER + height + 0.6)  # type: ignore[union-attr]


def _lines(curve: SpecificationCurve) -> list[tuple[str, str]]:
    return [
        (decision, str(choice))
        for decision in curve.decisions
        for choice in curve.frame[decision].drop_duplicates()
    ]


def _reach(frame: pd.DataFrame) -> float:
    """Return where the axis ends: all estimates lie on it, a few wide intervals run off it."""
    ends = frame[["conf_low", "conf_high", "null_low", "null_high"]].abs().to_numpy()
    finite = ends[np.isfinite(ends)]
    most = float(frame["estimate"].abs().max())
    return 1.05 * max(most, float(np.quantile(finite, 0.95)) if len(finite) else 0.0)


def _unit(curve: SpecificationCurve) -> str:
    return "log points" if curve.scale == "log" else curve.unit_of_measure or "units"


def describe_specification_curve(curve: SpecificationCurve) -> str:
    """Say what `specification_curve` shows."""
    frame, joint = curve.frame, curve.joint
    estimate = frame["estimate"]
    clear = int(((frame["conf_low"] > 0) | (frame["conf_high"] < 0)).sum())
    outside = int(((estimate < frame["null_low"]) | (estimate > frame["null_high"])).sum())
    ways = "; ".join(f"{name} ({frame[name].nunique()} choices)" for name in curve.decisions)
    return (
        f"{len(frame)} specifications that differ in {ways}: estimates from "
        f"{number(float(estimate.min()))} to {number(float(estimate.max()))}, median "
        f"{number(float(estimate.median()))}, {int((estimate > 0).sum())} above zero; {clear} "
        f"intervals leave out zero; {outside} estimates lie outside the range of curves without "
        f"effect. Smallest {p_said(joint.smallest)}; one test over all, "
        f"{p_said(joint.p_value)} ({joint.n_draws:,} assignments)."
    )


def tabulate_specification_curve(curve: SpecificationCurve) -> pd.DataFrame:
    """Give the numbers of `specification_curve`."""
    return curve.frame
