"""Turn raw estimates of any method into an EffectTable with the inference asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.effects import EffectTable, effect_frame
from analysis.methods.panel import Panel
from analysis.methods.regression import Regression

#: Estimates (m, k) for a panel with other cohorts and outcomes (n_cells, m).
Refit = Callable[[Panel, np.ndarray], np.ndarray]

Inference = Literal["recommended", "none", "CR1", "randomisation"]

#: Below so many treated or control clusters a cluster-robust t-test is not to be trusted.
FEW_CLUSTERS = 10
#: Randomisation lists all assignments up to this number and draws this number beyond.
MAX_ASSIGNMENTS = 4_999
#: With fewer assignments than this no test at 5 % can reject, so no p-value is printed.
LEAST_ASSIGNMENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What a method hands over before inference; k rows.

    Attributes
    ----------
    labels : pandas.DataFrame
        Columns ``estimand``, ``term`` and any of ``cohort``, ``time``, ``event_time``,
        ``n_treated``, ``n_control``; one row an estimate.
    estimate : numpy.ndarray
        Shape (k,).
    headline : int
        Row of the overall effect.
    influence : numpy.ndarray or None
        Shape (n_clusters, k), see `EffectTable`.
    factor : float
        Small-sample factor of the covariance made from `influence`.
    refit : callable or None
        ``refit(panel, outcomes)`` gives the same k estimates for a panel with other cohorts and
        every column of outcomes (n_cells, m), as an array (m, k).
    regression : Regression or None
        The regression behind the estimates, for CR2, CR3 and the wild bootstrap.
    rows : numpy.ndarray or None
        Shape (k, terms): ``estimate = rows @ regression.coefficients``.
    exposure : numpy.ndarray or None
        Treatment of every cell behind every estimate, shape (n_cells, k): the outcome with which
        `refit` gives the slopes of a randomisation interval.
    augmented : pandas.DataFrame or None
        See `EffectTable`.
    notes : tuple of str
        See `EffectTable`.
    """

    labels: pd.DataFrame
    estimate: np.ndarray
    headline: int = 0
    influence: np.ndarray | None = None
    factor: float = 1.0
    refit: Refit | None = None
    regression: Regression | None = None
    rows: np.ndarray | None = None
    exposure: np.ndarray | None = None
    augmented: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()


def recommended(panel: Panel) -> Inference:
    """Name the inference that holds for the counts of treated and control units.

    Few treated or few control units: randomisation; otherwise CR1.
    """
    few = min(panel.n_treated, panel.n_units - panel.n_treated) < FEW_CLUSTERS
    return "randomisation" if few else "CR1"


def attach(
    panel: Panel,
    estimates: Estimates,
    *,
    estimator: str,
    inference: Inference,
    conf_level: float,
    seed: int,
) -> EffectTable:
    """Attach uncertainty to estimates.

    Parameters
    ----------
    panel : Panel
        What the estimates were made from.
    estimates : Estimates
    estimator : str
        Name of the method.
    inference : str
        See `Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable

    Raises
    ------
    IdentificationError
        If the inference is not known or the method cannot give it.
    """
    chosen = recommended(panel) if inference == "recommended" else inference
    makers = {"none": _none, "CR1": _cluster_robust, "randomisation": _randomisation}
    if chosen not in makers:
        raise IdentificationError.of(
            expected=f"inference {', '.join(['recommended', *makers])}",
            found=str(chosen),
            mend="choose one of these",
        )
    made = makers[chosen](panel, estimates, conf_level=conf_level, seed=seed)
    frame = estimates.labels.assign(
        outcome=panel.outcome,
        estimator=estimator,
        estimate=estimates.estimate,
        **{name: getattr(made.intervals, name) for name in numeric.Intervals.__slots__},
        unit_of_measure=panel.unit_of_measure,
        scale=panel.scale,
        conf_level=conf_level,
        inference=made.name,
        n_obs=panel.n_obs,
        n_units=panel.n_units,
    )
    for name, count in (
        ("n_treated", panel.n_treated),
        ("n_control", panel.n_units - panel.n_treated),
    ):
        if name not in frame:
            frame[name] = count
    return EffectTable(
        frame=effect_frame(frame),
        headline=estimates.headline,
        covariance=made.covariance,
        influence=estimates.influence,
        draws=made.draws,
        augmented=estimates.augmented,
        notes=(*estimates.notes, *made.notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    name: str
    intervals: numeric.Intervals
    covariance: np.ndarray | None = None
    draws: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def _no_intervals(count: int) -> numeric.Intervals:
    empty = np.full(count, np.nan)
    return numeric.Intervals(**dict.fromkeys(numeric.Intervals.__slots__, empty))


def _none(panel: Panel, estimates: Estimates, *, conf_level: float, seed: int) -> _Made:  # noqa: ARG001
    return _Made(name="none asked for", intervals=_no_intervals(len(estimates.estimate)))


def _cluster_robust(panel: Panel, estimates: Estimates, *, conf_level: float, seed: int) -> _Made:
    if estimates.influence is None:
        raise IdentificationError.of(
            expected="an inference this method can give",
            found="CR1",
            mend="use inference='randomisation' or 'recommended'",
        )
    n_clusters = len(estimates.influence)
    if n_clusters < 4:
        reason = f"no interval: {n_clusters} clusters are too few for any cluster-robust test"
        return _Made(name=reason, intervals=_no_intervals(len(estimates.estimate)), notes=(reason,))
    cov = numeric.covariance(estimates.influence, factor=estimates.factor)
    intervals = numeric.t_intervals(
        estimates.estimate, cov, dof=n_clusters - 1, conf_level=conf_level, seed=seed
    )
    few = min(panel.n_treated, panel.n_units - panel.n_treated) < FEW_CLUSTERS
    warning = (
        f"Cluster-robust t-tests reject far too often with {panel.n_treated} treated and "
        f"{panel.n_units - panel.n_treated} control units; shown only for comparison."
    )
    return _Made(
        name=f"CR1, t with {n_clusters - 1} degrees of freedom",
        intervals=intervals,
        covariance=cov,
        notes=(warning,) if few else (),
    )


def _randomisation(panel: Panel, estimates: Estimates, *, conf_level: float, seed: int) -> _Made:
    if estimates.refit is None:
        raise IdentificationError.of(
            expected="an inference this method can give",
            found="randomisation",
            mend="choose another inference",
        )
    ways = numeric.assignments(_labels(panel), max_draws=MAX_ASSIGNMENTS, seed=seed)
    kind = "all" if ways.exact else "a draw of"
    name = f"randomisation over {kind} {len(ways.order):,} assignments"
    if len(ways.order) < LEAST_ASSIGNMENTS:
        reason = f"no interval: only {len(ways.order)} ways to assign the treatment"
        return _Made(name=reason, intervals=_no_intervals(len(estimates.estimate)), notes=(reason,))
    outcomes = panel.cells[["outcome"]].to_numpy(dtype=float)
    if estimates.exposure is not None:
        outcomes = np.column_stack([outcomes, estimates.exposure])
    refitted = _refitted(panel, ways, estimates.refit, outcomes)
    draws = refitted[:, 0, :]
    return _Made(
        name=name,
        intervals=_randomisation_intervals(estimates, refitted, conf_level=conf_level),
        draws=draws,
        covariance=np.cov(draws[1:], rowvar=False, ddof=1).reshape(2 * (draws.shape[1],)),
    )


def _labels(panel: Panel) -> np.ndarray:
    return panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.nan)


def _refitted(
    panel: Panel, ways: numeric.Assignments, refit: Refit, outcomes: np.ndarray
) -> np.ndarray:
    """Estimates of every outcome under every assignment, (n_assignments, m, k)."""
    cohorts = panel.cohorts.array
    index = panel.cohorts.index
    return np.array(
        [
            refit(replace(panel, cohorts=pd.Series(cohorts[order], index=index)), outcomes)
            for order in ways.order
        ]
    )


def _randomisation_intervals(
    estimates: Estimates, refitted: np.ndarray, *, conf_level: float
) -> numeric.Intervals:
    draws = refitted[:, 0, :]
    error = draws[1:].std(axis=0, ddof=1)
    low, high = np.full(len(error), np.nan), np.full(len(error), np.nan)
    if estimates.exposure is not None:
        for row in range(len(error)):
            low[row], high[row] = numeric.randomisation_interval(
                draws[:, row], refitted[:, 1 + row, row], conf_level=conf_level
            )
    band = numeric.draw_band(draws[1:], conf_level=conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimates.estimate / error, np.nan)
    return numeric.Intervals(
        std_error=error,
        statistic=statistic,
        p_value=numeric.randomisation_p_value(draws),
        conf_low=low,
        conf_high=high,
        band_low=estimates.estimate - band * error,
        band_high=estimates.estimate + band * error,
    )
