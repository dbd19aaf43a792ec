"""Figures of simulated data: what was planted, over what was recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import plots
from analysis.methods.effects import EffectTable
from analysis.pictures import RULE, SECOND, TREATED, axes
from analysis.simulation import planted
from analysis.study import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Draws in which intervals of 95% should hold the truth, in percent.
SHOULD_HOLD = (93.0, 97.0)
#: So many marks on the axis of event times at most.
MARKS = 12


def recovered(findings: Findings, *, design: str, ax: Axes | None = None) -> Axes:
    """Draw the effects of a design by event time, and over them the path that was planted, if any.

    Parameters
    ----------
    findings : Findings
        Of a reform that declares a truth.
    design : str
        Id of a design with effects by event time.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    effects = findings.result(design).effects
    ax = plots.event_study(effects, ax=ax)
    at = _event_times(effects)
    path = _planted(findings, design, at)
    if path is not None:
        ax.step(at, path, where="mid", color=SECOND, linestyle="--", linewidth=1.6)
        ax.annotate(
            "planted",
            (at[-1], path[-1]),
            xytext=(0, 6),
            textcoords="offset points",
            ha="right",
            color=SECOND,
        )
    step = int(np.ceil(len(at) / MARKS))
    ax.set_xticks(at[at % step == 0])
    ax.set_xlabel(f"{_time_of(findings)} since the first under the reform")
    return ax


def describe_recovered(findings: Findings, *, design: str) -> str:
    """Say what `recovered` shows."""
    effects = findings.result(design).effects
    rows = effects.tidy()
    rows = rows[rows["event_time"].notna() & rows["std_error"].notna()]
    at = rows["event_time"].to_numpy(dtype=float)
    path, told = _planted(findings, design, at), plots.describe_event_study(effects)
    if path is None:
        return told
    inside = int(((rows["conf_low"] <= path) & (path <= rows["conf_high"])).sum())
    return (
        f"{told} Over the estimates a dashed line, the planted path: it lies inside {inside} of "
        f"{len(rows)} pointwise intervals."
    )


def tabulate_recovered(findings: Findings, *, design: str) -> pd.DataFrame:
    """Give the numbers of `recovered`."""
    effects = findings.result(design).effects
    frame = plots.tabulate_event_study(effects)
    path = _planted(findings, design, frame["event_time"].to_numpy(dtype=float))
    return frame if path is None else frame.assign(planted=path)


def _event_times(effects: EffectTable) -> np.ndarray:
    times = effects.tidy()["event_time"].dropna()
    return np.sort(times.to_numpy(dtype=float))


def _planted(findings: Findings, design: str, at: np.ndarray) -> np.ndarray | None:
    """Give the planted path; None as soon as the data are not simulated."""
    truth, result = findings.study.truth, findings.result(design)
    if truth is None or result.kind != "simulated":
        return None
    return planted(truth, result.outcome, at)


def _time_of(findings: Findings) -> str:
    truth = findings.study.truth
    return f"{truth.columns.time.capitalize()}s" if truth else "Times"


def held(results: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often 95% intervals of every simulated design held what was planted.

    Parameters
    ----------
    results : pandas.DataFrame
        ``simulated_coverage.csv``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    shown = tabulate_held(results)
    at = np.arange(len(shown))
    ax.axvspan(*SHOULD_HOLD, color=TREATED, alpha=0.12, linewidth=0)
    ax.axvline(95, color=RULE, linewidth=0.8)
    contrast = (shown["role"] == "contrast").to_numpy()
    for which, ink in ((~contrast, TREATED), (contrast, SECOND)):
        ax.plot(shown["held"][which], at[which], "o", color=ink, markersize=4)
    ax.set_yticks(at, list(shown["design"]), fontsize=6)
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_xlabel("Draws in which the interval held the planted effect (%)")
    ax.figure.set_size_inches(7.0, 0.16 * len(shown) + 1.2)  # type: ignore[union-attr]
    return ax


def describe_held(results: pd.DataFrame) -> str:
    """Say what `held` shows."""
    shown = tabulate_held(results)
    own = shown[shown["role"] != "contrast"]
    inside = int(own["held"].between(*SHOULD_HOLD).sum())
    low, high = SHOULD_HOLD
    return (
        f"One mark a design on an axis of percent, with a band from {low:g} to {high:g}: {inside} "
        f"of {len(own)} designs lie in the band, from {own['held'].min():.1f} to "
        f"{own['held'].max():.1f}. Designs declared to show a failure are drawn in another ink."
    )


def tabulate_held(results: pd.DataFrame) -> pd.DataFrame:
    """Give the numbers of `held`."""
    names = results["study"].str.replace("-", " ") + ": " + results["label"]
    made = {"design": names, "role": results["role"], "held": 100 * results["coverage"]}
    return pd.DataFrame(made)
