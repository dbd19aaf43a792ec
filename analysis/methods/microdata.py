"""Microdata whose true effect is known: who is treated when, what moves outcomes, and the rows.

Three steps that can be put together in many ways: `draw_population` says which unit is treated,
and seen, when; `draw_surface` says where the log mean of an outcome lies in every cell; the rest
draws rows around such surfaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from analysis.methods.simulate import draw_errors, unit_spread

#: Standard deviation of the log levels of units of the same size.
LEVELS = 0.2
#: A unit has at least so many firms.
LEAST_FIRMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnUnits:
    """Units over times 1 .. n_times.

    Attributes
    ----------
    cohort : numpy.ndarray
        First treated time, nan = never; (n_units,).
    exposed : numpy.ndarray
        First time at which a neighbour feels the effect of others, nan = never; (n_units,).
    sizes : numpy.ndarray
        Relative to their mean; (n_units,).
    seen : numpy.ndarray
        Which cells are observed; (n_units, n_times).
    """

    cohort: np.ndarray
    exposed: np.ndarray
    sizes: np.ndarray
    seen: np.ndarray

    @property
    def times(self) -> np.ndarray:
        """Times, (n_times,)."""
        return np.arange(1, self.seen.shape[1] + 1)

    @property
    def since(self) -> np.ndarray:
        """Event time of every cell, nan = never treated; (n_units, n_times)."""
        return np.asarray(self.times - self.cohort[:, None])


def draw_population(
    rng: np.random.Generator,
    *,
    n_units: int,
    n_times: int,
    cohorts: Sequence[int],
    neighbours: int = 0,
    unequal: float = 0.0,
    missing: float = 0.0,
    moving: float = 0.0,
) -> DrawnUnits:
    """Draw which units are treated, beside whom others lie, how large they are and when seen.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_units, n_times : int
    cohorts : sequence of int
        First treated times; which units these are is drawn.
    neighbours : int
        Untreated units that lie beside treated ones, each from the first time of one of them on.
    unequal : float
        Standard deviation of log sizes.
    missing : float
        Share of cells left out at random.
    moving : float
        Share of units that enter late, and that leave early. A treated unit is seen for half of
        its times before the reform, and half of those after it, at least.

    Returns
    -------
    DrawnUnits

    Examples
    --------
    >>> drawn = draw_population(
    ...     np.random.default_rng(1), n_units=5, n_times=6, cohorts=[3, 4], neighbours=1)
    >>> int(np.isfinite(drawn.cohort).sum()), int(np.isfinite(drawn.exposed).sum())
    (2, 1)
    """
    order = rng.permutation(n_units)
    cohort, exposed = np.full(n_units, np.nan), np.full(n_units, np.nan)
    cohort[order[: len(cohorts)]] = cohorts
    exposed[order[len(cohorts) :][:neighbours]] = np.asarray(cohorts)[
        rng.integers(0, len(cohorts), neighbours)
    ]
    sizes = np.exp(rng.normal(0, unequal, n_units))
    times = np.arange(1, n_times + 1)
    turn = np.where(np.isfinite(cohort), cohort, n_times / 2)
    enters = np.where(rng.random(n_units) < moving, np.floor(rng.random(n_units) * turn / 2), 0)
    rest = n_times - turn
    leaves = np.where(rng.random(n_units) < moving, np.floor(rng.random(n_units) * rest / 2), 0)
    seen = (times > enters[:, None]) & (times <= n_times - leaves[:, None])
    seen &= rng.random((n_units, n_times)) >= missing
    return DrawnUnits(cohort=cohort, exposed=exposed, sizes=sizes / sizes.mean(), seen=seen)


def draw_surface(
    rng: np.random.Generator,
    units: DrawnUnits,
    *,
    effect: Sequence[float],
    varies: float = 0.0,
    spillover: float = 0.0,
    noise: float = 0.0,
    ar1: float = 0.0,
    skew: float = 0.0,
    shared: float = 0.0,
    season: float = 0.0,
    cycle: int = 12,
    factor: float = 0.0,
) -> np.ndarray:
    r"""Draw what is added to the log mean of every cell, of affected and of other rows.

    Parameters
    ----------
    rng : numpy.random.Generator
    units : DrawnUnits
    effect : sequence of float
        By event time 0, 1, ...; the last value goes on. Affected rows only.
    varies : float
        Standard deviation of the effect between treated units, whose mean is `effect`.
    spillover : float
        Share of the effect felt by neighbours.
    noise, ar1, skew : float
        Standard deviation of the shocks of a unit of mean size, their autocorrelation and
        skewness; smaller units have larger shocks (see `simulate_panel`).
    shared : float
        Share of their variance that hits affected and other rows alike.
    season, cycle : float, int
        Amplitude and length of a cycle.
    factor : float
        Standard deviation of loadings on a common random walk.

    Returns
    -------
    numpy.ndarray
        Shape (n_units, n_times, 2): affected rows, other rows.

    Notes
    -----
    .. math:: s_{ita} = \alpha_i + c_t + \lambda_i f_t + u_{it} + v_{ita} + a\,\tau_{i, t - g_i}
    """
    n_units, n_times = units.seen.shape
    shocks = draw_errors(rng, (3, n_units, n_times), ar1=ar1, skew=skew).transpose(1, 2, 0)
    spread = noise * unit_spread(units.sizes)[:, None, None]
    common, own_shocks = shocks[:, :, :1], shocks[:, :, 1:]
    surface: np.ndarray = np.asarray(
        spread * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own_shocks)
    )
    surface += rng.normal(0, LEVELS, (n_units, 1, 1))
    surface += (season * np.cos(2 * np.pi * units.times / cycle))[None, :, None]
    walk = lfilter([1.0], [1.0, -1.0], rng.standard_normal(n_times)) / np.sqrt(n_times)
    surface += factor * np.multiply.outer(rng.standard_normal(n_units), walk)[:, :, None]
    treated = np.isfinite(units.cohort)
    own = np.asarray(rng.normal(0, varies, n_units))
    own -= own[treated].mean()
    after = units.since >= 0
    surface[:, :, 0] += path_at(effect, units.since) + np.where(after, own[:, None], 0.0)
    surface[:, :, 0] += spillover * path_at(effect, units.times - units.exposed[:, None])
    return surface


def draw_firms(
    rng: np.random.Generator, sizes: np.ndarray, *, firms: int
) -> tuple[np.ndarray, ...]:
    """Draw how much of the business of a unit each of its firms has; one array of shares a unit.

    Parameters
    ----------
    rng : numpy.random.Generator
    sizes : numpy.ndarray
        Of the units.
    firms : int
        Mean number of firms of a unit.
    """
    counts = np.maximum(rng.poisson(firms * sizes), LEAST_FIRMS)
    shares = np.split(rng.pareto(1.5, counts.sum()) + 0.2, np.cumsum(counts)[:-1])
    return tuple(share / share.sum() for share in shares)


def draw_ends(
    rng: np.random.Generator, *, start: np.ndarray, log_hazard: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw how long spells of one unit last, in whole times, and whether their end is seen.

    Parameters
    ----------
    rng : numpy.random.Generator
    start : numpy.ndarray
        Time in which each spell begins, from 1; (n_spells,).
    log_hazard : numpy.ndarray
        Log hazard of the unit in every time; (n_times,). A spell at risk in time t ends in it with
        probability ``1 - exp(-exp(log_hazard[t]))``.

    Returns
    -------
    tuple of two numpy.ndarray
        Length in times, counting that in which it ends, and whether the end lies inside the
        window; (n_spells,).
    """
    n_times = len(log_hazard)
    total = np.concatenate([[0.0], np.cumsum(np.exp(log_hazard))])
    reached = total[start - 1] + rng.exponential(size=len(start))
    last = np.searchsorted(total, reached, side="left")  # the time in which the spell ends
    ended = last <= n_times
    return np.minimum(last, n_times) - start + 1, ended


def path_at(effect: Sequence[float], event_time: np.ndarray) -> np.ndarray:
    """Give the effect at every event time: zero before (or where missing), the last one goes on.

    Examples
    --------
    >>> path_at([-0.1, -0.2], np.array([np.nan, -1.0, 0.0, 5.0])).tolist()
    [0.0, 0.0, -0.1, -0.2]
    """
    path = np.asarray(effect, dtype=float)
    since = np.nan_to_num(event_time, nan=-1.0)
    step = np.clip(since, 0, len(path) - 1).astype(int)
    return np.asarray(np.where(since >= 0, path[step], 0.0))
