"""Intervals that hold when trends were not parallel, within declared limits (HonestDiD)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from scipy import stats
from scipy.optimize import brentq, minimize_scalar

#: Share of the level spent on the least-favourable first stage of the hybrid test.
FIRST_STAGE = 0.1
#: Draws behind the least-favourable critical values.
LEAST_FAVOURABLE_DRAWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPath:
    """Estimates by event time, the base period left out.

    Attributes
    ----------
    before, after : numpy.ndarray
        Estimates before the base (earliest first, (K,)) and after it ((L,)).
    covariance : numpy.ndarray
        Of both together, (K + L, K + L).
    weights : numpy.ndarray
        Target: ``weights @ effects after``, (L,).
    """

    before: np.ndarray
    after: np.ndarray
    covariance: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval, and whether its ends are where the search stopped rather than where it ended."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False


def relative_magnitudes(
    path: EventPath, bound: float, *, conf_level: float = 0.95, seed: int = 0, points: int = 2_001
) -> Interval:
    r"""Interval if no later step of the trend gap exceeds `bound` times the largest before.

    Parameters
    ----------
    path : EventPath
    bound : float
        :math:`\bar M`.
    conf_level : float
    seed : int
        Of the least-favourable draws.
    points : int
        Values of the effect that are tested.

    Returns
    -------
    Interval

    Notes
    -----
    The conditional least-favourable hybrid test of Andrews, Roth and Pakes, for every step s
    before and both signs; the interval is the union. The linear programme over the nuisance
    effects is solved by hand. With :math:`L_u = \sum_{t \ge u} l_t`, its dual has three kinds of
    corners: :math:`\pm(l'\beta - \theta) - \bar M m \sum_u |L_u|` and :math:`-m`, m being the
    signed step s, each over the matching mean of standard deviations. So a test looks at two
    normal numbers only, and windows of any length cost the same.

    References
    ----------
    Rambachan and Roth (2023), doi:10.1093/restud/rdad018; Andrews, Roth and Pakes (2023),
    doi:10.1093/restud/rdad004.
    """
    target = float(path.weights @ path.after)
    steps = _steps(path)
    spread = np.sqrt(_target_variance(path))
    ahead = float(np.abs(np.cumsum(path.weights[::-1])).sum())
    reach = bound * ahead * (np.abs(steps.value).max() + 4 * steps.error.max()) + 8 * spread
    grid = target + np.linspace(-reach, reach, points)
    kept = np.zeros(points, dtype=bool)
    for step in range(len(steps.value)):
        for sign in (1.0, -1.0):
            corners = _corners(path, steps.rows[step] * sign, bound)
            kept |= _accepted(corners, grid, target, alpha=1 - conf_level, seed=seed)
    if not kept.any():
        return Interval(low=target, high=target)
    inside = np.flatnonzero(kept)
    return Interval(
        low=float(grid[inside[0]]),
        high=float(grid[inside[-1]]),
        open_low=bool(kept[0]),
        open_high=bool(kept[-1]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    rows: np.ndarray  # (K, K + L): step = row @ estimates
    value: np.ndarray
    error: np.ndarray


def _steps(path: EventPath) -> _Steps:
    n_before, n_after = len(path.before), len(path.after)
    rows = np.zeros((n_before, n_before + n_after))
    rows[np.arange(n_before), np.arange(n_before)] = -1.0
    rows[np.arange(n_before - 1), np.arange(1, n_before)] = 1.0
    value = rows[:, :n_before] @ path.before
    error = np.sqrt(np.einsum("si,ij,sj->s", rows, path.covariance, rows))
    return _Steps(rows=rows, value=value, error=error)


def _target_row(path: EventPath) -> np.ndarray:
    return np.concatenate([np.zeros(len(path.before)), path.weights])


def _target_variance(path: EventPath) -> float:
    row = _target_row(path)
    return float(row @ path.covariance @ row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corners:
    """Corners of the dual: values ``level + slope * (target - theta)`` and their covariance."""

    level: np.ndarray  # (4,)
    slope: np.ndarray  # (4,)
    covariance: np.ndarray  # (4, 4)


def _corners(path: EventPath, step: np.ndarray, bound: float) -> _Corners:
    n_before, n_after = len(path.before), len(path.after)
    moves = np.zeros((n_after, n_before + n_after))
    moves[np.arange(n_after), n_before + np.arange(n_after)] = 1.0
    moves[np.arange(1, n_after), n_before + np.arange(n_after - 1)] = -1.0
    upper, lower = moves - bound * step, -moves - bound * step
    covariance = path.covariance

    def deviation(rows: np.ndarray) -> np.ndarray:
        spread = np.einsum("ui,ij,uj->u", rows, covariance, rows)
        return np.asarray(np.sqrt(np.maximum(spread, 1e-300)))

    up, down = deviation(upper), deviation(lower)
    ahead = np.cumsum(path.weights[::-1])[::-1]
    plus, minus = np.maximum(ahead, 0), np.maximum(-ahead, 0)
    scale = np.array([plus @ up + minus @ down, minus @ up + plus @ down])
    both = 2 * bound / (up + down)
    total = bound * np.abs(ahead).sum()
    on_target = np.array([1 / scale[0], -1 / scale[1], 0.0, 0.0])
    on_step = np.array([-total / scale[0], -total / scale[1], -both.max(), -both.min()])
    rows = on_target[:, None] * _target_row(path) + on_step[:, None] * step
    estimates = np.concatenate([path.before, path.after])
    return _Corners(
        level=on_step * float(step @ estimates),
        slope=on_target,
        covariance=rows @ covariance @ rows.T,
    )


def _accepted(
    corners: _Corners, grid: np.ndarray, target: float, *, alpha: float, seed: int
) -> np.ndarray:
    """Which effects of `grid` the hybrid test keeps."""
    values = corners.level + corners.slope * (target - grid)[:, None]
    first = FIRST_STAGE * alpha
    limit = _least_favourable(corners.covariance, first, seed)
    best = values.argmax(axis=1)
    top = values[np.arange(len(grid)), best]
    variance = np.diag(corners.covariance)[best]
    flat = variance <= 1e-14 * corners.covariance.max()
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(flat[:, None], 0.0, corners.covariance[best] / variance[:, None])
        crossing = (values - slope * top[:, None]) / (1 - slope)
    other = np.arange(values.shape[1])[None, :] != best[:, None]
    tied = np.abs(1 - slope) < 1e-10
    low = np.where(other & ~tied & (slope < 1), crossing, -np.inf).max(axis=1)
    high = np.where(other & ~tied & (slope > 1), crossing, np.inf).min(axis=1)
    level = (alpha - first) / (1 - first)
    spread = np.sqrt(np.where(flat, 1.0, variance))
    critical = _truncated(1 - level, low, np.minimum(high, limit), spread)
    rejected = (top > limit) | (~flat & (top > np.maximum(critical, 0.0)))
    return np.asarray(~rejected)


def _least_favourable(covariance: np.ndarray, level: float, seed: int) -> float:
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    rng = np.random.default_rng(seed)
    draws = rng.standard_normal((LEAST_FAVOURABLE_DRAWS, len(values))) @ root.T
    return float(np.quantile(draws.max(axis=1), 1 - level))


def _truncated(share: float, low: np.ndarray, high: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Quantile of a centred normal between `low` and `high`, kept accurate far in the tails."""
    below, above = low / spread, np.maximum(high, low) / spread
    flip = below > 0
    one = np.where(flip, stats.norm.sf(above), stats.norm.cdf(below))
    two = np.where(flip, stats.norm.sf(below), stats.norm.cdf(above))
    inner = np.where(flip, one + (1 - share) * (two - one), one + share * (two - one))
    found = np.where(flip, stats.norm.isf(inner), stats.norm.ppf(inner))
    return np.asarray(np.clip(found, below, above) * spread)


def smoothness(path: EventPath, bound: float, *, conf_level: float = 0.95) -> Interval:
    r"""Interval if the slope of the differential trend changes by at most `bound` a step.

    Parameters
    ----------
    path : EventPath
    bound : float
        M, in units of the outcome.
    conf_level : float

    Returns
    -------
    Interval
        The shortest interval of fixed length.

    Notes
    -----
    Among estimators ``weights @ after + v @ before`` that leave straight lines alone, the one
    whose :math:`\sigma\, cv(b / \sigma)` is least, where b is the worst bias, the bound times the
    absolute sum of the weights on second differences, and cv the quantile of a folded normal.

    References
    ----------
    Rambachan and Roth (2023), section 4; Armstrong and Kolesar (2018), doi:10.3982/ECTA14434.
    """
    cp: Any = import_module("cvxpy")

    n_before, n_after = len(path.before), len(path.after)
    times = np.concatenate([np.arange(-n_before, 0), np.arange(1, n_after + 1)]).astype(float)
    bends = _bends(n_before, n_after)
    root = np.linalg.cholesky(
        path.covariance + 1e-14 * np.trace(path.covariance) * np.eye(len(times))
    )
    unit = np.sqrt(_target_variance(path))
    free = cp.Variable(n_before)
    weights = cp.hstack([free, path.weights])
    limit = cp.Parameter(nonneg=True)
    straight = [times @ weights == 0]
    error = cp.norm(root.T @ weights / unit, 2)
    bias = cp.norm1(bends @ weights)
    least_error = float(cp.Problem(cp.Minimize(error), straight).solve(solver="CLARABEL"))
    problem = cp.Problem(cp.Minimize(bias), [*straight, error <= limit])

    def half_width(size: float) -> float:
        limit.value = size
        problem.solve(solver="CLARABEL")
        error_size = size * unit
        return float(
            error_size * folded_quantile(conf_level, bound * float(bias.value) / error_size)
        )

    if bound == 0:
        width = least_error * unit * folded_quantile(conf_level, 0.0)
    else:
        unlimited = cp.Problem(cp.Minimize(bias), straight)
        unlimited.solve(solver="CLARABEL")
        most = max(float(error.value), least_error * (1 + 1e-6))
        found = minimize_scalar(
            half_width,
            bounds=(least_error * (1 + 1e-6), most),
            method="bounded",
            options={"xatol": 1e-4 * most},
        )
        width = half_width(float(found.x))
    centre = float(np.asarray(free.value) @ path.before + path.weights @ path.after)
    return Interval(low=centre - width, high=centre + width)


def _bends(n_before: int, n_after: int) -> np.ndarray:
    """Weights on second differences, by the weights on levels that leave lines alone."""
    times = np.concatenate([np.arange(-n_before, 0), np.arange(1, n_after + 1)])
    places = np.arange(-n_before + 1, n_after)
    after = np.maximum(times[None, :] - np.maximum(places[:, None], 0), 0) * (places[:, None] >= 0)
    before = np.maximum(places[:, None] - times[None, :], 0) * (places[:, None] < 0)
    return np.asarray((after + before).astype(float))


def folded_quantile(share: float, mean: float) -> float:
    """Quantile of the absolute value of a normal with this mean and variance one."""
    mean = abs(mean)
    if mean > 6:
        return float(mean + stats.norm.ppf(share))

    def gap(value: float) -> float:
        return float(stats.norm.cdf(value - mean) - stats.norm.cdf(-value - mean)) - share

    return float(brentq(gap, 0.0, mean + 10.0, xtol=1e-12))
