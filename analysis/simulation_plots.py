"""Figures of simulated data: what was planted, over what was recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import plots
from analysis.methods.effects import EffectTable
from analysis.simulation import planted
from analysis.study import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
        ax.step(at, path, where="mid", color=plots.SECOND, linestyle="--", linewidth=1.6)
        ax.annotate(
            "planted",
            (at[-1], path[-1]),
            xytext=(0, 6),
            textcoords="offset points",
            ha="right",
            color=plots.SECOND,
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
