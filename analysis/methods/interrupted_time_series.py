"""Interrupted time series: the treated unit against its own past, with no comparison group."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy import stats

from analysis.errors import Fault, IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.donor_pool import (
    Fitted,
    Pool,
    Rows,
    Uncertainty,
    augmented,
    effects_of,
    gaps,
    no_uncertainty,
    pools,
    rows_of,
)
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel

SeriesModel = Literal["segmented", "arima", "structural"]
Change = Literal["level", "level_and_slope"]
SeriesInference = Literal["recommended", "none", "model"]
Trend = Literal["local level", "local level with drift", "local linear trend"]

#: Names of the trends in statsmodels.
_TRENDS = {
    "local level": "llevel",
    "local level with drift": "lldtrend",
    "local linear trend": "lltrend",
}

#: Said with every result.
WARNING = (
    "An interrupted series has no comparison group: whatever else happened at the reform counts "
    "as its effect, and longer data do not help. In simulations with autocorrelation 0.8 the 95% "
    "intervals of the segmented regression held the truth in 59% of draws, in 48% with shocks "
    "that are common to all units."
)


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
        Recommended is ``"model"``, the standard errors of the model.
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
        _fit(pool, model, change, hac_lags=hac_lags, order=order, trend=trend) for pool in made
    ]
    fits = [one.path for one in fitted]
    rows = rows_of(made)
    estimate = rows.matrix @ np.concatenate([one.effects for one in fitted])
    if inference == "none":
        uncertainty = no_uncertainty(len(rows.labels), "none asked for", note=False)
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
    if inference == "none":
        return table
    half = np.concatenate([one.critical(conf_level) * one.path_error for one in fitted])
    stacked = gaps(made, fits)
    bands = augmented(made, fits, gap_low=stacked - half, gap_high=stacked + half)
    return replace(table, augmented=bands)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """One fitted series.

    Attributes
    ----------
    path : Fitted
        Counterfactual: the fit without the change.
    path_error : numpy.ndarray
        Standard error of the counterfactual; shape (T,).
    effects : numpy.ndarray
        Gaps before, modelled change after; shape (T,).
    loads : numpy.ndarray
        Change after as a function of its coefficients; shape (T, m), zero before.
    covariance : numpy.ndarray
        Of these coefficients; shape (m, m).
    dof : float
        Of the t distribution; infinite for the normal.
    name : str
        What was fitted.
    """

    path: Fitted
    path_error: np.ndarray
    effects: np.ndarray
    loads: np.ndarray
    covariance: np.ndarray
    dof: float
    name: str

    def critical(self, conf_level: float) -> float:
        """Critical value of a two-sided interval."""
        return float(stats.t.ppf((1 + conf_level) / 2, self.dof))


def _alone(pool: Pool) -> Pool:
    return replace(pool, series=pool.series[:, :1], donors=pool.donors[:0])


def _fit(
    pool: Pool,
    model: SeriesModel,
    change: Change,
    *,
    hac_lags: int | None,
    order: tuple[int, int, int],
    trend: str,
) -> _Series:
    if np.ptp(pool.series) == 0:
        raise IdentificationError.of(
            expected="a series that moves",
            found=f"the same value at all times for {pool.name}",
            mend="check the outcome",
        )
    distance = pool.event_times.astype(float)
    after = (distance >= 0).astype(float)
    loads = np.column_stack([after, after * distance])[:, : 2 if change != "level" else 1]
    if model == "segmented":
        return _segmented(pool, distance, loads, hac_lags)
    if model == "arima":
        return _arima(pool, distance, loads, order)
    return _structural(pool, loads, trend)


def _segmented(
    pool: Pool, distance: np.ndarray, loads: np.ndarray, hac_lags: int | None
) -> _Series:
    from statsmodels.regression.linear_model import OLS

    count = len(distance)
    lags = max(1, int(4 * (count / 100) ** (2 / 9))) if hac_lags is None else hac_lags
    line = np.column_stack([np.ones(count), distance])
    design = np.column_stack([line, loads])
    if count <= design.shape[1]:
        raise _too_short(pool, design.shape[1] + 1)
    result = OLS(pool.series[:, 0], design).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    cov = np.asarray(result.cov_params())
    return _series(
        pool,
        line @ result.params[:2],
        np.sqrt(np.clip(np.einsum("ij,jk,ik->i", line, cov[:2, :2], line), 0.0, None)),
        loads,
        np.asarray(result.params[2:]),
        cov[2:, 2:],
        dof=count - design.shape[1],
        name=f"segmented regression, Newey-West with {lags} lags",
    )


def _regular(pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Series with missing values at skipped times, and the positions of the seen times."""
    at = pool.times - pool.times[0]
    values = np.full(int(at[-1]) + 1, np.nan)
    values[at] = pool.series[:, 0]
    return values, at


def _filled(pool: Pool, loads: np.ndarray) -> np.ndarray:
    """Give the loads of the change at all times, skipped ones included."""
    distance = np.arange(pool.times[0], pool.times[-1] + 1, dtype=float) - pool.cohort
    after = (distance >= 0).astype(float)
    return np.column_stack([after, after * distance])[:, : loads.shape[1]]


def _arima(
    pool: Pool, distance: np.ndarray, loads: np.ndarray, order: tuple[int, int, int]
) -> _Series:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    values, at = _regular(pool)
    every = np.arange(len(values), dtype=float) + distance[0]
    lines = np.column_stack([np.ones(len(values)), every])[:, (1 if order[1] else 0) :]
    design = np.column_stack([lines, _filled(pool, loads)])
    if len(pool.times) <= design.shape[1] + sum(order):
        raise _too_short(pool, design.shape[1] + sum(order) + 1)
    scale = float(np.std(pool.series)) or 1.0
    model = SARIMAX(values / scale, exog=design, order=order, trend="n")
    result = _maximised(model, pool)
    count = lines.shape[1]
    params = np.asarray(result.params)[: design.shape[1]] * scale
    cov = np.asarray(result.cov_params())[: len(params), : len(params)] * scale**2
    line = lines[at]
    base = line @ params[:count]
    if order[1]:
        base = base + np.mean((pool.series[:, 0] - base)[: pool.n_before])
    return _series(
        pool,
        base,
        np.sqrt(np.clip(np.einsum("ij,jk,ik->i", line, cov[:count, :count], line), 0.0, None)),
        loads,
        params[count:],
        cov[count:, count:],
        dof=np.inf,
        name=f"ARIMA{order} errors, normal",
    )


def _structural(pool: Pool, loads: np.ndarray, trend: str) -> _Series:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    values, at = _regular(pool)
    scale = float(np.std(pool.series)) or 1.0
    model = UnobservedComponents(
        values / scale,
        level=_TRENDS[trend],
        exog=_filled(pool, loads),
        mle_regression=False,
        use_exact_diffuse=True,
    )
    result = _maximised(model, pool)
    states = np.asarray(result.smoothed_state)
    covs = np.asarray(result.smoothed_state_cov)
    m = loads.shape[1]
    return _series(
        pool,
        states[0, at] * scale,
        np.sqrt(np.clip(covs[0, 0, at], 0.0, None)) * scale,
        loads,
        states[-m:, -1] * scale,
        covs[-m:, -m:, -1] * scale**2,
        dof=np.inf,
        name=f"structural model ({trend}), variances taken as known, normal",
    )


def _maximised(model: Any, pool: Pool) -> Any:
    """Fit by maximum likelihood; statsmodels warns on the way, we judge the end."""
    start = None
    for method in ("lbfgs", "powell", "nm"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = model.fit(start, disp=False, maxiter=2_000, cov_type="approx", method=method)
        if result.mle_retvals.get("converged", False):
            return result
        start = result.params
    raise IdentificationError.of(
        expected="a likelihood with a maximum",
        found=f"no convergence for {pool.name}",
        mend="use model='segmented', a smaller order, or a longer window",
    )


def _series(
    pool: Pool,
    base: np.ndarray,
    base_error: np.ndarray,
    loads: np.ndarray,
    coefficients: np.ndarray,
    covariance: np.ndarray,
    *,
    dof: float,
    name: str,
) -> _Series:
    after = pool.event_times >= 0
    gap = pool.series[:, 0] - base
    return _Series(
        path=Fitted(
            counterfactual=base, weights=np.empty(0), time_weights=np.asarray(after / after.sum())
        ),
        path_error=base_error,
        effects=np.where(after, loads @ coefficients, gap),
        loads=loads,
        covariance=covariance,
        dof=dof,
        name=name,
    )


def _model_based(
    fitted: Sequence[_Series], rows: Rows, estimate: np.ndarray, *, conf_level: float
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


def _scheffe(fitted: Sequence[_Series], conf_level: float) -> float:
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


def _too_short(pool: Pool, needed: int) -> IdentificationError:
    return IdentificationError(
        Fault(
            expected=f"at least {needed} times",
            found=f"{len(pool.times)} for {pool.name}",
            mend="widen the window, or use change='level' or a simpler model",
        )
    )


def _refuse_unknown(model: str, change: str, inference: str, trend: str) -> None:
    for name, value, known in (
        ("model", model, ("segmented", "arima", "structural")),
        ("change", change, ("level", "level_and_slope")),
        ("inference", inference, ("recommended", "none", "model")),
        ("trend", trend, tuple(_TRENDS)),
    ):
        if value not in known:
            raise IdentificationError.of(
                expected=f"{name} {', '.join(known)}", found=str(value), mend="choose one of these"
            )
