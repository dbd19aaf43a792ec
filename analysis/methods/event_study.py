"""Event study: effects by time since the reform, with two-way fixed effects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.regression import Absorber, coefficients, fit
from analysis.methods.uncertainty import Estimates, Inference, attach


def event_study(
    panel: Panel,
    *,
    anticipation: int = 0,
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate ATT(e), the effect at every event time, relative to the last one before.

    Parameters
    ----------
    panel : Panel
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
        If nobody is treated inside the window, the base period is not observed, or all units are
        treated.

    Notes
    -----
    .. math:: y_{it} = \alpha_i + \lambda_t
       + \sum_{e \ne b} \beta_e 1[t - g_i = e] + u_{it}, \quad b = -1 - a

    With several cohorts whose effects differ, the coefficients mix them: use
    ``group_time_att(...).aggregate("dynamic")``.

    References
    ----------
    Sun and Abraham (2021), doi:10.1016/j.jeconom.2020.09.006.
    """
    base = -1 - anticipation
    grid = _grid(panel, base=base)
    regression = fit(panel, _dummies(panel, grid.event_times), names=grid.names)
    absorber = Absorber.of(panel)

    def refit(other: Panel, outcomes: np.ndarray) -> np.ndarray:
        terms = _dummies(other, grid.event_times)
        return np.asarray(coefficients(absorber, terms, outcomes) @ grid.rows.T)

    table = attach(
        panel,
        Estimates(
            labels=grid.labels,
            estimate=grid.rows @ regression.coefficients,
            headline=len(grid.labels) - 1,
            influence=regression.influence @ grid.rows.T,
            factor=regression.factor,
            refit=refit,
            regression=regression,
            rows=grid.rows,
            exposure=_exposure(panel, grid.seen),
        ),
        estimator="event_study",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )
    return _blank_base(table, grid.base_row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    seen: np.ndarray  # (k + 1,) base included
    event_times: np.ndarray  # (k,) without the base
    rows: np.ndarray  # (k + 2, k): estimates = rows @ coefficients, base and overall included
    labels: pd.DataFrame
    base_row: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"event time {event_time}" for event_time in self.event_times)


def _grid(panel: Panel, *, base: int) -> _Grid:
    observed = panel.cell_event_time
    seen, counts = np.unique(observed[~np.isnan(observed)], return_counts=True)
    _refuse_unidentified(panel, seen, base)
    event_times = seen[seen != base]
    every = seen.astype(int)
    pick = (every[:, None] == event_times[None, :]).astype(float)
    after = np.where(event_times >= 0, counts[seen != base], 0.0)
    rows = np.vstack([pick, after / after.sum()])
    labels = pd.DataFrame(
        {
            "estimand": [*(f"ATT({e})" for e in every), "ATT overall"],
            "term": [*(f"event time {e}" for e in every), "overall"],
            "event_time": pd.array([*every, pd.NA], dtype="Int64"),
        }
    )
    return _Grid(
        seen=every,
        event_times=event_times.astype(int),
        rows=rows,
        labels=labels,
        base_row=int(np.flatnonzero(every == base)[0]),
    )


def _dummies(panel: Panel, event_times: np.ndarray) -> np.ndarray:
    return np.asarray((panel.cell_event_time[:, None] == event_times[None, :]).astype(float))


def _exposure(panel: Panel, seen: np.ndarray) -> np.ndarray:
    after = (panel.cell_event_time >= 0).astype(float)
    return np.column_stack([_dummies(panel, seen), after])


def _blank_base(table: EffectTable, base_row: int) -> EffectTable:
    frame = table.tidy()
    blank = ["std_error", "statistic", "p_value", "conf_low", "conf_high", "band_low", "band_high"]
    frame.loc[base_row, blank] = np.nan
    frame.loc[base_row, "inference"] = "base period"
    return replace(table, frame=frame)


def _refuse_unidentified(panel: Panel, seen: np.ndarray, base: int) -> None:
    if panel.n_treated == 0 or not (seen >= 0).any():
        raise IdentificationError.of(
            expected="units treated inside the window",
            found=f"cohorts {sorted(panel.cohorts.dropna().unique())}",
            mend="widen the window or check the cohorts",
        )
    if base not in seen:
        raise IdentificationError.of(
            expected=f"treated units observed at the base period, event time {base}",
            found=f"event times {', '.join(str(int(e)) for e in seen)}",
            mend="widen the window, or choose anticipation so that the base period is observed",
        )
    if not panel.cohorts.isna().any():
        raise IdentificationError.of(
            expected="units that are never treated",
            found=f"all {panel.n_units} units treated",
            mend="add comparison units, or use group_time_att with not-yet-treated controls",
        )
