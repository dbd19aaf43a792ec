"""Difference-in-differences by two-way fixed effects."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.regression import Absorber, coefficients, fit
from analysis.methods.transform import remove_prior_trends
from analysis.methods.uncertainty import Estimates, Inference, attach

Trends = Literal["none", "prior"]


def difference_in_differences(
    panel: Panel,
    *,
    anticipation: int = 0,
    own_trends: Trends = "none",
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT overall by one coefficient with unit and time effects.

    Parameters
    ----------
    panel : Panel
    anticipation : int
        Times before the cohort in which treated units may already react; those cells are left
        out.
    own_trends : {"none", "prior"}
        ``"prior"`` first takes from every unit the straight line fitted to its times before the
        reform.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row, estimand ``ATT overall``, in units of the outcome.

    Raises
    ------
    IdentificationError
        If nobody is treated inside the window, or nobody is untreated.

    Notes
    -----
    .. math:: y_{it} = \alpha_i + \lambda_t + \tau D_{it} + e_{it},
       \quad D_{it} = 1[t \ge g_i]

    Needs parallel trends, no anticipation beyond `anticipation`, no spillovers. With several
    cohorts and effects that change over time the coefficient mixes effects with weights that may
    be negative: use `group_time_att` (Goodman-Bacon 2021, doi:10.1016/j.jeconom.2021.03.014).

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": list("aabbcc"), "time": [1, 2] * 3,
    ...     "hours": [9.0, 6.0, 8.0, 8.0, 7.0, 8.0], "first": [2, 2] + 4 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> round(difference_in_differences(panel, inference="none").overall.estimate, 9)
    -3.5
    """
    panel = panel.keep(~_anticipating(panel, anticipation))
    _refuse_unidentified(panel)
    estimates = _estimate(panel, own_trends=own_trends)
    return attach(
        panel,
        estimates,
        estimator="difference_in_differences",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


def _estimate(panel: Panel, *, own_trends: Trends) -> Estimates:
    first = _first_cohort(panel)
    absorber = Absorber.of(panel)

    def prepared(columns: np.ndarray) -> np.ndarray:
        if own_trends == "none":
            return columns
        return remove_prior_trends(panel, columns, first=first)

    def refit(other: Panel, outcomes: np.ndarray) -> np.ndarray:
        return coefficients(absorber, _treatment(other), prepared(outcomes))

    outcome = prepared(panel.cells[["outcome"]].to_numpy(dtype=float))[:, 0]
    regression = fit(panel, _treatment(panel), names=("treatment",), outcome=outcome)
    return Estimates(
        labels=pd.DataFrame([{"estimand": "ATT overall", "term": "treatment"}]),
        estimate=regression.coefficients,
        influence=regression.influence,
        factor=regression.factor,
        refit=refit,
        regression=regression,
        rows=np.eye(1),
        exposure=_treatment(panel),
    )


def _treatment(panel: Panel) -> np.ndarray:
    return (panel.cell_event_time >= 0).astype(float)[:, None]


def _anticipating(panel: Panel, anticipation: int) -> np.ndarray:
    event_time = panel.cell_event_time
    return np.asarray((event_time < 0) & (event_time >= -anticipation))


def _first_cohort(panel: Panel) -> int:
    return int(panel.cohorts[panel.treated].min())


def _refuse_unidentified(panel: Panel) -> None:
    treated = _treatment(panel)[:, 0]
    units = panel.cells["unit"]
    switches = units[treated == 1].isin(units[treated == 0]).any()
    if panel.n_treated == 0 or not switches:
        raise IdentificationError.of(
            expected="units treated inside the window, seen before and after",
            found=f"{panel.n_treated} treated units, none of them seen both before and after",
            mend="widen the window or check the cohorts",
        )
    if panel.n_treated == panel.n_units and len(panel.cohorts.unique()) == 1:
        raise IdentificationError.of(
            expected="units that are not treated, or treated later",
            found=f"all {panel.n_units} units treated at the same time",
            mend="add comparison units",
        )
