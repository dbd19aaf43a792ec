"""Difference-in-differences by two-way fixed effects."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.guards import refuse_degenerate
from analysis.methods.linear import Linear, linear_estimates
from analysis.methods.panel import Panel
from analysis.methods.regression import Absorber, coefficients
from analysis.methods.transform import remove_prior_trends
from analysis.methods.uncertainty import Inference, attach

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
    refuse_degenerate(panel)
    if own_trends not in ("none", "prior"):
        raise IdentificationError.of(
            expected="own_trends 'none' or 'prior'",
            found=str(own_trends),
            mend="choose one of these",
        )
    panel = panel.keep(~_anticipating(panel, anticipation))
    _refuse_unidentified(panel)
    first = int(panel.cohorts[panel.treated].min())
    linear = Linear(
        terms=_treatment,
        names=("treatment",),
        rows=lambda _: np.eye(1),
        labels=pd.DataFrame([{"estimand": "ATT overall", "term": "treatment"}]),
        exposure=_treatment(panel),
    )
    prepared = partial(remove_prior_trends, panel, first=first) if own_trends == "prior" else None
    estimates = linear_estimates(panel, linear, prepared=prepared)
    if anticipation:
        again = partial(
            _reassigned, anticipation=anticipation, trends_to=first if prepared else None
        )
        estimates = replace(estimates, refit=again)
    return attach(
        panel,
        estimates,
        estimator="difference_in_differences",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


def _reassigned(
    panel: Panel, outcomes: np.ndarray, *, anticipation: int, trends_to: int | None
) -> np.ndarray:
    """Estimate under other cohorts, leaving out the cells in which those may react too."""
    kept = ~_anticipating(panel, anticipation)
    panel, columns = panel.keep(kept), outcomes[kept]
    if trends_to is not None:
        columns = remove_prior_trends(panel, columns, first=trends_to)
    controls = panel.cells[list(panel.covariates)].to_numpy(dtype=float)
    terms = np.column_stack([_treatment(panel), controls])
    return coefficients(Absorber.of(panel), terms, columns)[:, :1]


def _treatment(panel: Panel) -> np.ndarray:
    return (panel.cell_event_time >= 0).astype(float)[:, None]


def _anticipating(panel: Panel, anticipation: int) -> np.ndarray:
    event_time = panel.cell_event_time
    return np.asarray((event_time < 0) & (event_time >= -anticipation))


def _refuse_unidentified(panel: Panel) -> None:
    treated = _treatment(panel)[:, 0]
    units = panel.cells["unit"]
    if not units[treated == 1].isin(units[treated == 0]).any():
        raise IdentificationError.of(
            expected="units treated inside the window, seen before and after",
            found=f"{panel.n_treated} treated units, none of them seen both before and after",
            mend="widen the window or check the cohorts",
        )
