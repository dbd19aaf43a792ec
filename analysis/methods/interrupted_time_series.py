"""Interrupted time series: the treated unit against its own past, with no comparison group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from scipy import stats

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.counterfactual import (
    Rows,
    Uncertainty,
    augmented,
    effects_of,
    gaps,
    no_uncertainty,
    rows_of,
)
from analysis.methods.donor_pool import Pool, pools
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.series_models import TRENDS, Change, SeriesFit, SeriesModel, Trend, fit_series

SeriesInference = Literal["recommended", "none", "model"]

#: Said with every result.
WARNING = (
    "An interrupted series has no comparison group: whatever else happened at the reform counts "
    "as its effect, and longer data do not help. In simulations with autocorrelation 0.8 the 95% "
    "intervals of the segmented regression held the truth in 60% of draws, in 53% with shocks "
    "that are common to all units."
)

#: Rejections at 5 % without an effect; benchmarks/results/synthetic_coverage.csv.
_REJECT = {
    "segmented": "segmented regressions reject in 15% to 47% of simulated panels",
    "arima": "ARIMA errors reject in 13% to 28% of simulated panels",
    "local level": "a local level reject in up to 18% of simulated panels",
    "local level with drift": "a local level with drift reject in up to 16% of simulated panels",
    "local linear trend": "a local linear trend reject in up to 16% of simulated panels",
}


def interrupted_time_series(
    panel: Panel,
    *,
    model: SeriesModel = "segmented",
    change: Change = "level_and_slope",
    hac_lags: int | None = None,
    order: tuple[int, int, int] = (1, 0, 0),
    trend: Trend = "local level with drift",
    inference: SeriesInference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,  # noqa: ARG001
) -> EffectTable:
    r"""Estimate the break of the treated unit's own series at the reform.

    Parameters
    ----------
    panel : Panel
        Treated units; all others are ignored.
    model : {"segmented", "arima", "structural"}
        Least squares with Newey-West errors; the same lines with ARIMA errors by maximum
        likelihood; an unobserved level with the change as a regression.
    change : {"level", "level_and_slope"}
        What the reform may do to the line.
    hac_lags : int, optional
        Lags of Newey-West; ``floor(4 (T / 100)^(2/9))`` without it, at least one.
    order : tuple of int
        (p, d, q) of the ARIMA errors.
    trend : {"local level", "local level with drift", "local linear trend"}
        Of the structural model: a random walk, with a fixed slope, or with a random walk of it.
    inference : {"recommended", "none", "model"}
        ``"model"``: the standard errors of the model. Recommended: none, as there are simulated
        panels in which each of them rejects too often; the result says how often.
    conf_level : float
        Between 0 and 1.
    seed : int
        Not used; every method takes one.

    Returns
    -------
    EffectTable
        ATT(e) for every event time (after: the modelled change; before: what the fit leaves,
        without an interval), ``ATT overall`` and one ``ATT`` a unit if there are several.
        ``augment()``: observed, counterfactual (the fit without the change) with its band, gap.

    Raises
    ------
    IdentificationError
        If nobody is treated, fewer than four times before or too few after are left, the series
        does not move, or the likelihood does not converge.

    Notes
    -----
    .. math:: Y_t = a + b (t - g) + D_t (c + d (t - g)) + u_t, \quad D_t = 1[t \ge g], \quad
       ATT(e) = c + d e

    Segmented: u with Newey-West covariance (Bartlett kernel, small-sample factor, t). ARIMA: u is
    ARIMA(p, d, q), Gaussian likelihood by the Kalman filter, covariance from the numerical
    Hessian (``cov_type="approx"``; the default outer product of statsmodels is far too large).
    Structural: a random walk level (and slope) with noise in place of the line, c and d in the
    state vector (``mle_regression=False``) with an exact diffuse start. Skipped times are
    missing values. Several units: the standard error of a mean is the mean of the standard
    errors, which is exact if the errors move together and too large otherwise. Assumes that
    nothing else broke at g and that the line would have gone on.

    References
    ----------
    Newey and West (1987), doi:10.2307/1913610. Bernal, Cummins and Gasparrini (2017),
    doi:10.1093/ije/dyw098. Harvey and Durbin (1986), doi:10.2307/2981553.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "unit": "a", "time": range(8), "hours": [9.0, 8.8, 8.1, 8.1, 7.4, 5.4, 5.1, 4.5],
    ...     "first": 5})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> round(interrupted_time_series(panel).overall.estimate, 3)
    -1.72
    """
    _refuse_unknown(model, change, inference, trend)
    needed = 2 if change == "level_and_slope" else 1
    made = [_alone(pool) for pool in pools(panel, least_before=4, least_donors=0)]
    _refuse_short(made, needed)
    fitted = [
        fit_series(pool, model=model, change=change, hac_lags=hac_lags, order=order, trend=trend)
        for pool in made
    ]
    fits = [one.path for one in fitted]
    rows = rows_of(made)
    estimate = rows.matrix @ np.concatenate([one.effects for one in fitted])
    if inference == "none":
        uncertainty = no_uncertainty(len(rows.labels), "none asked for", note=False)
    elif inference == "recommended":
        uncertainty = no_uncertainty(len(rows.labels), _too_short(model, trend))
    else:
        uncertainty = _model_based(fitted, rows, estimate, conf_level=conf_level)
    table = effects_of(
        panel,
        made,
        fits,
        rows,
        uncertainty,
        estimator="interrupted_time_series",
        conf_level=conf_level,
        notes=(WARNING,),
        estimate=estimate,
    )
    if inference != "model":
        return table
    half = np.concatenate([one.critical(conf_level) * one.path_error for one in fitted])
    stacked = gaps(made, fits)
    bands = augmented(made, fits, gap_low=stacked - half, gap_high=stacked + half)
    return replace(table, augmented=bands)


def _too_short(model: SeriesModel, trend: Trend) -> str:
    """Say why the standard errors of a model are not recommended."""
    why = _REJECT[trend if model == "structural" else model]
    return f"no interval: without an effect tests with {why}"


def _alone(pool: Pool) -> Pool:
    return replace(pool, series=pool.series[:, :1], donors=pool.donors[:0])


def _model_based(
    fitted: Sequence[SeriesFit], rows: Rows, estimate: np.ndarray, *, conf_level: float
) -> Uncertainty:
    loads = [rows.matrix[:, rows.pool == i] @ one.loads for i, one in enumerate(fitted)]
    parts = [
        np.sqrt(np.clip(np.einsum("ij,jk,ik->i", load, one.covariance, load), 0.0, None))
        for load, one in zip(loads, fitted, strict=True)
    ]
    error = np.sum(parts, axis=0)
    before = (rows.labels["event_time"] < 0).fillna(False).to_numpy(dtype=bool)
    error[before] = np.nan
    critical = max(one.critical(conf_level) for one in fitted)
    dof = min(one.dof for one in fitted)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimate / error, np.nan)
    band = _scheffe(fitted, conf_level)
    several = "; mean standard error over units" if len(fitted) > 1 else ""
    return Uncertainty(
        name=fitted[0].name + several,
        intervals=numeric.Intervals(
            std_error=error,
            statistic=statistic,
            p_value=2 * stats.t.sf(np.abs(statistic), dof),
            conf_low=estimate - critical * error,
            conf_high=estimate + critical * error,
            band_low=estimate - band * error,
            band_high=estimate + band * error,
        ),
    )


def _scheffe(fitted: Sequence[SeriesFit], conf_level: float) -> float:
    """Critical value for all combinations of the change coefficients at once (Scheffe)."""
    count = fitted[0].covariance.shape[0]
    dof = min(one.dof for one in fitted)
    if np.isinf(dof):
        return float(np.sqrt(stats.chi2.ppf(conf_level, count)))
    return float(np.sqrt(count * stats.f.ppf(conf_level, count, dof)))


def _refuse_short(made: Sequence[Pool], needed: int) -> None:
    for pool in made:
        if len(pool.times) - pool.n_before < needed:
            raise IdentificationError.of(
                expected=f"at least {needed} times after the reform",
                found=f"{len(pool.times) - pool.n_before} for {pool.name}",
                mend="widen the window, or use change='level'",
            )


def _refuse_unknown(model: str, change: str, inference: str, trend: str) -> None:
    for name, value, known in (
        ("model", model, ("segmented", "arima", "structural")),
        ("change", change, ("level", "level_and_slope")),
        ("inference", inference, ("recommended", "none", "model")),
        ("trend", trend, tuple(TRENDS)),
    ):
        if value not in known:
            raise IdentificationError.of(
                expected=f"{name} {', '.join(known)}", found=str(value), mend="choose one of these"
            )
