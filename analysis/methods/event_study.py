"""Event study: effects by time since the reform."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.guards import refuse_degenerate, window_notes
from analysis.methods.linear import DENSE, Linear, blank_base, linear_estimates
from analysis.methods.panel import Panel
from analysis.methods.uncertainty import Inference, attach

Method = Literal["twfe", "interaction_weighted"]


def event_study(
    panel: Panel,
    *,
    method: Method = "twfe",
    anticipation: int = 0,
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate ATT(e), the effect at every event time, relative to the last one before.

    Parameters
    ----------
    panel : Panel
        Its covariates are taken out of outcome and terms.
    method : {"twfe", "interaction_weighted"}
        One coefficient an event time; or one a cohort and event time, averaged by the cohorts'
        shares (Sun and Abraham), which holds when effects differ between cohorts.
    anticipation : int
        Times before the cohort in which treated units may already react; the base period is
        ``-1 - anticipation``.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row an event time, the base period included as an exact zero without uncertainty, and
        a last row ``ATT overall``: the mean of ``ATT(e)``, e >= 0, weighted by treated cells.

    Raises
    ------
    IdentificationError
        If nobody is treated inside the window or observed while treated, the base period is not
        observed, or all units are treated.

    Notes
    -----
    .. math:: y_{it} = \alpha_i + \lambda_t
       + \sum_{e \ne b} \beta_e 1[t - g_i = e] + u_{it}, \quad b = -1 - a

    and, interaction-weighted, with :math:`\beta_{g,e} 1[g_i = g]\,1[t - g = e]` in place of the
    sum's terms and :math:`ATT(e) = \sum_g \hat\beta_{g,e} N_{g,e} / \sum_g N_{g,e}`. The shares
    are taken as known, so its errors are slightly below those of ``group_time_att`` with
    never-treated controls, whose points are the same from the base period on. Controls are units
    untreated throughout the window; units treated at or before the first time (plus
    `anticipation`) have no base period: interaction-weighted leaves them out.

    Needs parallel trends, no anticipation beyond `anticipation`, no spillovers; and for
    ``"twfe"`` effects alike in all cohorts, as its coefficients mix cohorts and event times.
    Standard errors: as asked for; CR1 counts every dummy, so it is larger than that of programs
    which leave out effects nested in clusters.

    References
    ----------
    Sun and Abraham (2021), doi:10.1016/j.jeconom.2020.09.006.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": list("aaabbbccc"), "time": [1, 2, 3] * 3,
    ...     "hours": [9.0, 6.0, 5.0, 8.0, 8.0, 9.0, 7.0, 8.0, 9.0],
    ...     "first": 3 * [2] + 6 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> event_study(panel, inference="none").tidy()[["term", "estimate"]].round(9)
                term  estimate
    0  event time -1       0.0
    1   event time 0      -3.5
    2   event time 1      -5.5
    3        overall      -4.5
    """
    refuse_degenerate(panel)
    if method not in ("twfe", "interaction_weighted"):
        raise IdentificationError.of(
            expected="method 'twfe' or 'interaction_weighted'",
            found=str(method),
            mend="choose one of these",
        )
    base, notes = -1 - anticipation, window_notes(panel, anticipation=anticipation)
    if method == "interaction_weighted":
        early = panel.cell_cohort <= panel.times[0] + anticipation
        panel = panel.keep(~early)
    else:
        notes = tuple(note for note in notes if "left out" not in note)
    grid = _grid(panel, base=base, method=method)
    linear = Linear(
        terms=partial(_terms, grid),
        names=grid.names,
        rows=partial(_rows, grid),
        labels=grid.labels,
        exposure=_exposure(panel, grid.seen),
        notes=notes,
    )
    table = attach(
        panel,
        linear_estimates(panel, linear),
        estimator="event_study" if method == "twfe" else "event_study, interaction-weighted",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )
    return blank_base(table, np.append(grid.seen == base, False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    seen: np.ndarray  # event times, base included
    cohort: np.ndarray  # (k,), nan = all cohorts
    event: np.ndarray  # (k,), base left out
    labels: pd.DataFrame

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(
            f"event time {e:.0f}" if np.isnan(g) else f"cohort {g:.0f}, event time {e:.0f}"
            for g, e in zip(self.cohort, self.event, strict=True)
        )


def _grid(panel: Panel, *, base: int, method: Method) -> _Grid:
    cohort, event = _event(panel)
    dated = ~np.isnan(event)
    seen = np.unique(event[dated])
    _refuse_unidentified(panel, seen, base)
    if method == "twfe":
        pairs = np.column_stack([np.full(len(seen), np.nan), seen])
    else:
        pairs = np.unique(np.column_stack([cohort, event])[dated], axis=0)
        _refuse_without_base(pairs, base)
    pairs = pairs[pairs[:, 1] != base]
    every = seen.astype(int)
    labels = pd.DataFrame(
        {
            "estimand": [*(f"ATT({e})" for e in every), "ATT overall"],
            "term": [*(f"event time {e}" for e in every), "overall"],
            "event_time": pd.array([*every, pd.NA], dtype="Int64"),
        }
    )
    return _Grid(seen=every, cohort=pairs[:, 0], event=pairs[:, 1], labels=labels)


def _event(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Cohort and event time of every cell, nan where never treated inside the window."""
    cohort = panel.cell_cohort
    cohort = np.where(cohort > panel.times[-1], np.nan, cohort)
    return cohort, panel.cells["time"].to_numpy() - cohort


def _terms(grid: _Grid, panel: Panel) -> np.ndarray:
    cohort, event = _event(panel)
    alike = np.isnan(grid.cohort) | (cohort[:, None] == grid.cohort)
    return np.asarray((alike & (event[:, None] == grid.event)).astype(float))


def _rows(grid: _Grid, panel: Panel) -> np.ndarray:
    """Weights of the coefficients in every event time and overall: treated cells, (r, k)."""
    size = panel.cells["weight"].to_numpy(dtype=float) @ _terms(grid, panel)
    rows = (grid.seen[:, None] == grid.event) * size
    total = rows.sum(axis=1, keepdims=True)
    rows = np.divide(rows, total, out=np.zeros_like(rows), where=total > 0)
    after = np.where(grid.event >= 0, size, 0.0)
    return np.vstack([rows, after / after.sum()])


def _exposure(panel: Panel, seen: np.ndarray) -> np.ndarray | None:
    if len(panel.cells) * len(seen) > DENSE:
        return None
    event = _event(panel)[1]
    return np.column_stack([event[:, None] == seen, event >= 0]).astype(float)


def _refuse_unidentified(panel: Panel, seen: np.ndarray, base: int) -> None:
    if base not in seen:
        raise IdentificationError.of(
            expected=f"treated units observed at the base period, event time {base}",
            found=f"event times {', '.join(str(int(e)) for e in seen)}",
            mend="widen the window, or choose anticipation so that the base period is observed",
        )
    if seen[-1] < 0:
        raise IdentificationError.of(
            expected="treated units observed while treated",
            found=f"event times {', '.join(str(int(e)) for e in seen)}",
            mend="widen the window, or check why outcomes are missing from the reform on",
        )
    if not np.isnan(_event(panel)[0]).any():
        raise IdentificationError.of(
            expected="units that are never treated",
            found=f"all {panel.n_units} units treated",
            mend="add comparison units, or use group_time_att with not-yet-treated controls",
        )


def _refuse_without_base(pairs: np.ndarray, base: int) -> None:
    cohorts = np.unique(pairs[:, 0])
    without = np.setdiff1d(cohorts, pairs[pairs[:, 1] == base, 0])
    if len(without):
        raise IdentificationError.of(
            expected=f"every cohort observed at the base period, event time {base}",
            found=f"not so for cohort {', '.join(f'{g:.0f}' for g in without)}",
            mend="leave these units out, or choose another anticipation",
        )
