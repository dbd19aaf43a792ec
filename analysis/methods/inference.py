"""Numpy-only inference: covariances, intervals, bands, permutations of treatment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import ndtr, ndtri

#: Relative slack with which two statistics count as tied (exact tests lose ties to rounding).
TIE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Uncertainty of k estimates; every array has shape (k,)."""

    std_error: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    conf_low: np.ndarray
    conf_high: np.ndarray
    band_low: np.ndarray
    band_high: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignments:
    """Ways the treatment could have been given to the units.

    Attributes
    ----------
    order : numpy.ndarray
        Shape (n_assignments, n_units): row a gives unit i the cohort of unit ``order[a, i]``.
        The first row is the assignment that happened.
    exact : bool
        Whether all distinct assignments are there, each once.
    """

    order: np.ndarray
    exact: bool


def covariance(influence: np.ndarray, *, factor: float = 1.0) -> np.ndarray:
    """Covariance of estimates from cluster contributions.

    Parameters
    ----------
    influence : numpy.ndarray
        Shape (n_clusters, k); row g is what cluster g adds to the error of every estimate.
    factor : float
        Small-sample factor.

    Returns
    -------
    numpy.ndarray
        Shape (k, k).
    """
    return np.asarray(factor * influence.T @ influence)


def t_intervals(
    estimate: np.ndarray,
    cov: np.ndarray,
    *,
    dof: float | np.ndarray,
    conf_level: float,
    seed: int,
    n_draws: int = 9_999,
) -> Intervals:
    """Pointwise t intervals and simultaneous sup-t bands.

    Parameters
    ----------
    estimate, cov : numpy.ndarray
        Shapes (k,) and (k, k).
    dof : float or numpy.ndarray
        Degrees of freedom of the t distribution, one or (k,); the band takes the smallest.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of the draws that give the critical value of the band.
    n_draws : int
        Number of those draws.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), doi:10.1002/jae.2656.
    """
    from scipy import stats  # slow to import, and pages without estimates never need it

    error = np.sqrt(np.clip(np.diag(cov), 0, None))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimate / error, np.nan)
    critical = stats.t.ppf((1 + conf_level) / 2, dof)
    each = np.broadcast_to(np.asarray(dof, dtype=float), error.shape)
    least = float(each[error > 0].min(initial=np.inf))
    band = np.maximum(
        critical,
        _sup_t(cov, error, dof=least, conf_level=conf_level, seed=seed, n_draws=n_draws),
    )
    return Intervals(
        std_error=error,
        statistic=statistic,
        p_value=2 * stats.t.sf(np.abs(statistic), dof),
        conf_low=estimate - critical * error,
        conf_high=estimate + critical * error,
        band_low=estimate - band * error,
        band_high=estimate + band * error,
    )


def _sup_t(
    cov: np.ndarray, error: np.ndarray, *, dof: float, conf_level: float, seed: int, n_draws: int
) -> float:
    from scipy import stats

    critical = float(stats.t.ppf((1 + conf_level) / 2, dof))
    live = error > 0
    if live.sum() < 2:
        return critical
    correlation = cov[np.ix_(live, live)] / np.outer(error[live], error[live])
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((n_draws, len(values))) @ root.T
    scale = np.sqrt(rng.chisquare(dof, n_draws) / dof)[:, None] if np.isfinite(dof) else 1.0
    return max(critical, float(np.quantile(np.abs(normal / scale).max(axis=1), conf_level)))


def count_assignments(labels: np.ndarray) -> int:
    """Count the distinct ways to deal the values of `labels` (nan = never) to the units."""
    left, ways = len(labels), 1
    for count in np.unique(np.nan_to_num(labels, nan=-np.inf), return_counts=True)[1]:
        ways *= comb(left, int(count))
        left -= int(count)
    return ways


def assignments(
    labels: np.ndarray, *, max_draws: int, seed: int, draws: int | None = None
) -> Assignments:
    """List the ways the treatment could have fallen.

    Parameters
    ----------
    labels : numpy.ndarray
        Cohort of every unit, nan = never treated; shape (n_units,).
    max_draws : int
        Up to so many distinct assignments are listed exactly.
    seed : int
        Of the draws.
    draws : int, optional
        So many are drawn beyond, the one that happened included; `max_draws` when not given.

    Returns
    -------
    Assignments
        The assignment that happened first.
    """
    n_units = len(labels)
    observed = np.arange(n_units)
    if count_assignments(labels) <= max_draws:
        keys = np.nan_to_num(labels, nan=np.inf)
        values = [value for value in np.unique(keys) if np.isfinite(value)]
        donors = [np.flatnonzero(keys == value) for value in values]
        rest = np.flatnonzero(~np.isfinite(keys))
        orders = [
            row for row in _deal(n_units, donors, rest) if not np.array_equal(keys[row], keys)
        ]
        return Assignments(order=np.vstack([observed, *orders]), exact=True)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(n_units) for _ in range((draws or max_draws) - 1)]
    return Assignments(order=np.vstack([observed, *drawn]), exact=False)


def _deal(n_units: int, donors: list[np.ndarray], rest: np.ndarray) -> Iterator[np.ndarray]:
    """Yield every distinct dealing of the groups `donors`; the remaining units get `rest`."""

    def place(
        free: tuple[int, ...], groups: list[np.ndarray], row: np.ndarray
    ) -> Iterator[np.ndarray]:
        if not groups:
            row[list(free)] = rest
            yield row.copy()
            return
        for chosen in combinations(free, len(groups[0])):
            row[list(chosen)] = groups[0]
            left = tuple(position for position in free if position not in chosen)
            yield from place(left, groups[1:], row)

    yield from place(tuple(range(n_units)), donors, np.empty(n_units, dtype=int))


def randomisation_p_value(draws: np.ndarray) -> np.ndarray:
    """Two-sided p-values of the first row among all rows, ties counted.

    Parameters
    ----------
    draws : numpy.ndarray
        Shape (n_assignments, k); the first row is what was observed.

    Returns
    -------
    numpy.ndarray
        Shape (k,); at least ``1 / n_assignments``.
    """
    size = np.abs(draws)
    return np.asarray((size >= size[0] * (1 - TIE)).mean(axis=0))


def randomisation_interval(
    draws: np.ndarray, slopes: np.ndarray, *, conf_level: float
) -> tuple[float, float]:
    """Effects that a randomisation test does not reject, under one constant effect.

    Parameters
    ----------
    draws : numpy.ndarray
        Estimates under every assignment, the observed first; shape (n_assignments,).
    slopes : numpy.ndarray
        The same estimates when the outcome is replaced by the treatment that happened (1 for the
        observed assignment); shape (n_assignments,).
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        Lowest and highest effect kept, infinite where the set is open.

    Notes
    -----
    With a constant effect t the outcome without reform is ``y - t d``; a linear estimator gives
    ``draws - t slopes``. An assignment a counts against t where
    ``|draws[a] - t slopes[a]| >= |draws[0] - t|``: with ``|slopes[a]| <= 1`` a stretch between two
    roots that holds ``draws[0]``, so the p-value rises up to the estimate and falls beyond, and
    the ends are order statistics of the roots: exact at any number of assignments. A slope beyond
    one, which an estimator with negative weights can give, counts everywhere: the set can then
    only be too wide.
    """
    first = draws[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.stack([(first - draws) / (1 - slopes), (first + draws) / (1 + slopes)])
    alike = np.abs(draws - first * slopes) <= TIE * np.maximum(abs(first), np.abs(draws))
    roots = np.where(np.isfinite(roots), roots, np.nan)
    low = np.where(roots <= first, roots, np.nan)
    high = np.where(roots >= first, roots, np.nan)
    everywhere = (np.abs(slopes) > 1 + TIE) | (alike & (np.abs(np.abs(slopes) - 1) <= TIE))
    lows = np.where(everywhere, -np.inf, _or(np.fmin.reduce(low), -np.inf))
    highs = np.where(everywhere, np.inf, _or(np.fmax.reduce(high), np.inf))
    order = int(np.floor((1 - conf_level) * len(draws) * (1 + TIE)))
    if order >= len(draws):
        return first, first
    return float(np.sort(lows)[order]), float(np.sort(highs)[::-1][order])


def _or(values: np.ndarray, otherwise: float) -> np.ndarray:
    return np.where(np.isnan(values), otherwise, values)


def draw_band(draws: np.ndarray, *, conf_level: float) -> float:
    """Critical value of a simultaneous band: quantile of the largest studentised draw.

    Parameters
    ----------
    draws : numpy.ndarray
        Shape (n_draws, k), estimates under no effect.
    """
    error = draws.std(axis=0, ddof=1)
    live = error > 0
    if not live.any():
        return float("nan")
    return float(np.quantile(np.abs(draws[:, live] / error[live]).max(axis=1), conf_level))


def _quartiles(draws: np.ndarray) -> np.ndarray:
    """Lower and upper quartile of every column, interpolated, (2, k)."""
    ordered = np.sort(np.ascontiguousarray(draws.T), axis=1)
    place = (draws.shape[0] - 1) * np.array([0.25, 0.75])
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, draws.shape[0] - 1)
    share = (place - below)[:, None]
    return np.asarray(ordered.T[below] * (1 - share) + ordered.T[above] * share)


def multiplier_intervals(
    estimate: np.ndarray, draws: np.ndarray, *, conf_level: float
) -> Intervals:
    """Intervals from the errors that random multiples of every cluster's contribution give.

    Parameters
    ----------
    estimate : numpy.ndarray
        Shape (k,).
    draws : numpy.ndarray
        Shape (n_draws, k), from `analysis.methods.influence.Influence.multiply`.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Intervals
        Standard errors from the interquartile range of the draws, normal pointwise intervals,
        and the sup-t band.

    References
    ----------
    Callaway and Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001, Algorithm 1.
    """
    low, high = _quartiles(draws)
    error = (high - low) / (2 * ndtri(0.75))
    live = error > 0
    critical = float(ndtri((1 + conf_level) / 2))
    band = critical
    if live.any():
        scaled = draws if live.all() else draws[:, live]
        largest = np.abs(scaled / error[live]).max(axis=1)
        band = max(critical, float(np.quantile(largest, conf_level)))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(live, estimate / error, np.nan)
    return Intervals(
        std_error=error,
        statistic=statistic,
        p_value=2 * ndtr(-np.abs(statistic)),
        conf_low=estimate - critical * error,
        conf_high=estimate + critical * error,
        band_low=estimate - band * error,
        band_high=estimate + band * error,
    )
