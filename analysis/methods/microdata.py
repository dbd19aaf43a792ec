"""Records of units over time, one row a declaration, whose true effect is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.simulate import draw_errors, unit_spread

#: Times in a cycle of the season.
CYCLE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsOfUnit:
    """All records of one unit.

    Attributes
    ----------
    unit : int
        Number of the unit, from 0.
    cohort : int or None
        First treated time; None = never treated.
    rows : pandas.DataFrame
        Columns ``time``, ``affected`` (whether the reform can bite) and ``outcome``.
    """

    unit: int
    cohort: int | None
    rows: pd.DataFrame


def simulate_records(
    *,
    n_units: int,
    n_times: int,
    cohorts: Sequence[int],
    effect: Sequence[float],
    spread_effect: float = 0.0,
    level: float = 1.0,
    within: float = 0.5,
    noise: float = 0.1,
    ar1: float = 0.0,
    skew: float = 0.0,
    shared: float = 0.0,
    season: float = 0.0,
    volume: float = 50.0,
    unequal: float = 0.0,
    missing: float = 0.0,
    seed: int = 0,
) -> Iterator[RecordsOfUnit]:
    r"""Draw records unit by unit, so that memory holds one unit at a time.

    Parameters
    ----------
    n_units, n_times : int
        Times are 1 .. n_times.
    cohorts : sequence of int
        First treated time of the treated units; which units these are is drawn.
    effect : sequence of float
        Change of the mean log outcome of affected records at event time 0, 1, ...; the last
        value goes on.
    spread_effect : float
        Change of the log of `within` from the reform on, affected records only.
    level, within : float
        Median outcome, and standard deviation of the log outcome in a cell.
    noise, ar1, skew : float
        Standard deviation of the shocks of a unit of mean size, their autocorrelation and
        skewness; smaller units have larger shocks (see `simulate_panel`).
    shared : float
        Share of the variance of the shocks that hits affected and other records alike.
    season : float
        Amplitude of a cycle of twelve times.
    volume, unequal : float
        Mean number of affected records in a cell (as many others are drawn), and the standard
        deviation of the log sizes of units.
    missing : float
        Share of cells left out at random.
    seed : int

    Yields
    ------
    RecordsOfUnit

    Notes
    -----
    For record j of unit i at time t, affected or other goods a,

    .. math:: \log y_{itaj} = \log m + \alpha_i + \gamma_a + s_t + u_{it} + v_{ita}
        + a\,\tau_{t - g_i} + \sigma_{it a}\, e_{itaj}.

    Examples
    --------
    >>> drawn = list(simulate_records(
    ...     n_units=3, n_times=4, cohorts=[3], effect=[-0.2], volume=30, seed=1))
    >>> sum(one.cohort is not None for one in drawn), drawn[0].rows.columns.tolist()
    (1, ['time', 'affected', 'outcome'])
    """
    rng = np.random.default_rng(seed)
    first = np.full(n_units, np.nan)
    first[rng.permutation(n_units)[: len(cohorts)]] = cohorts
    sizes = np.exp(rng.normal(0, unequal, n_units))
    sizes /= sizes.mean()
    spread = noise * unit_spread(sizes)[:, None, None]
    shocks = draw_errors(rng, (3, n_units, n_times), ar1=ar1, skew=skew).transpose(1, 2, 0)
    parts = np.sqrt([shared, 1 - shared])
    shock = spread * (parts[0] * shocks[:, :, :1] + parts[1] * shocks[:, :, 1:])
    times = np.arange(1, n_times + 1)
    cycle = season * np.cos(2 * np.pi * times / CYCLE)
    base = np.log(level) + rng.normal(0, 0.2, n_units)[:, None, None] + cycle[None, :, None]
    since = times - first[:, None]
    mean = base + shock + np.array([0.0, -0.1])
    mean[:, :, 0] += path_at(effect, since)
    width = np.full(mean.shape, within)
    width[:, :, 0] *= np.where(np.nan_to_num(since, nan=-1.0) >= 0, np.exp(spread_effect), 1.0)
    kept = rng.random((n_units, n_times)) >= missing
    for unit in range(n_units):
        count = 5 + rng.poisson(max(volume * sizes[unit] - 5, 0.0), (n_times, 2))
        count *= kept[unit][:, None]
        where = np.repeat(np.arange(count.size), count.ravel())
        log = mean[unit].ravel()[where] + width[unit].ravel()[where] * rng.standard_normal(
            where.size
        )
        rows = pd.DataFrame(
            {"time": times[where // 2], "affected": where % 2 == 0, "outcome": np.exp(log)}
        )
        cohort = None if np.isnan(first[unit]) else int(first[unit])
        yield RecordsOfUnit(unit=unit, cohort=cohort, rows=rows)


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
