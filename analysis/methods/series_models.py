"""Models of one series with a break: segmented lines, ARIMA errors, an unobserved level."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from analysis.errors import Fault, IdentificationError
from analysis.methods.counterfactual import Fitted
from analysis.methods.donor_pool import Pool

SeriesModel = Literal["segmented", "arima", "structural"]
Change = Literal["level", "level_and_slope"]
Trend = Literal["local level", "local level with drift", "local linear trend"]

#: Names of the trends in statsmodels.
TRENDS = {
    "local level": "llevel",
    "local level with drift": "lldtrend",
    "local linear trend": "lltrend",
}


#: Optimisers in the order they are tried. The tolerances of statsmodels leave a change two digits.
TIGHT: dict[str, dict[str, float]] = {
    "lbfgs": {"pgtol": 1e-8, "factr": 10.0},
    "powell": {"xtol": 1e-8, "ftol": 1e-12},
    "nm": {"xtol": 1e-8, "ftol": 1e-12},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFit:
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


def fit_series(
    pool: Pool,
    *,
    model: SeriesModel,
    change: Change,
    hac_lags: int | None,
    order: tuple[int, int, int],
    trend: Trend,
) -> SeriesFit:
    """Fit one series with its break.

    Parameters
    ----------
    pool : Pool
        Without donors.
    model, change, hac_lags, order, trend
        See `interrupted_time_series`.

    Returns
    -------
    SeriesFit

    Raises
    ------
    IdentificationError
        If the series does not move, is too short, or its likelihood does not converge.
    """
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
) -> SeriesFit:
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
) -> SeriesFit:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    values, at = _regular(pool)
    every = np.arange(len(values), dtype=float) + distance[0]
    lines = np.column_stack([np.ones(len(values)), every])[:, (1 if order[1] else 0) :]
    design = np.column_stack([lines, _filled(pool, loads)])
    if len(pool.times) <= design.shape[1] + sum(order):
        raise _too_short(pool, design.shape[1] + sum(order) + 1)
    scale = float(np.std(pool.series)) or 1.0
    # Columns of one size, or the optimiser stops before the maximum.
    size = np.abs(design).max(axis=0)
    model = SARIMAX(values / scale, exog=design / size, order=order, trend="n")
    result = _maximised(model, pool)
    count = lines.shape[1]
    back = scale / size
    params = np.asarray(result.params)[: design.shape[1]] * back
    cov = np.asarray(result.cov_params())[: len(params), : len(params)] * np.outer(back, back)
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


def _structural(pool: Pool, loads: np.ndarray, trend: Trend) -> SeriesFit:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    values, at = _regular(pool)
    scale = float(np.std(pool.series)) or 1.0
    model = UnobservedComponents(
        values / scale,
        level=TRENDS[trend],
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
    for method in TIGHT:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = model.fit(
                start, disp=False, maxiter=2_000, cov_type="approx", method=method, **TIGHT[method]
            )
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
) -> SeriesFit:
    after = pool.event_times >= 0
    gap = pool.series[:, 0] - base
    return SeriesFit(
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


def _too_short(pool: Pool, needed: int) -> IdentificationError:
    return IdentificationError(
        Fault(
            expected=f"at least {needed} times",
            found=f"{len(pool.times)} for {pool.name}",
            mend="widen the window, or use change='level' or a simpler model",
        )
    )
