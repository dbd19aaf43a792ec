"""Conformal inference for a counterfactual path: permute residuals over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.methods import inference as numeric
from analysis.methods.counterfactual import Rows, Uncertainty, no_uncertainty
from analysis.methods.donor_pool import Pool

#: Residuals (T,) of the series (T, 1 + J) when the proxy is fitted on all its times.
Residuals = Callable[[np.ndarray], np.ndarray]

_GRID = 21
_HALVINGS = 14
_DOUBLINGS = 12


def p_value(residuals: np.ndarray, n_after: int) -> float:
    r"""P-value of the null under which `residuals` were made, by cyclic shifts of time.

    Parameters
    ----------
    residuals : numpy.ndarray
        Shape (T,); the last `n_after` stand after the reform.
    n_after : int

    Returns
    -------
    float
        At least 1 / T.

    Notes
    -----
    :math:`S(u) = \sum_{t > T_0} |u_t|`; the p-value is the share of the T cyclic shifts of u whose
    S is at least the observed one (moving blocks, which keep serial correlation).
    """
    size = np.abs(residuals)
    ring = np.concatenate([size, size])
    sums = np.convolve(ring, np.ones(n_after), mode="valid")[: len(size)]
    observed = sums[len(size) - n_after]
    return float((sums >= observed * (1 - numeric.TIE)).mean())


def conformal(
    made: Sequence[Pool],
    rows: Rows,
    observed: np.ndarray,
    residuals: Residuals,
    *,
    conf_level: float,
) -> Uncertainty:
    """Intervals of every ATT(e) after the reform and of a constant effect, by inverting tests.

    Parameters
    ----------
    made : sequence of Pool
        All with the same cohort and times.
    rows : Rows
    observed : numpy.ndarray
        Gaps; shape (total times,).
    residuals : callable
        See `Residuals`.
    conf_level : float

    Returns
    -------
    Uncertainty

    Notes
    -----
    For a hypothetical effect the outcome after the reform is cleared of it, the proxy is fitted
    again on all times, and the residuals are permuted. ATT(e) uses the times before the reform
    and that one time; ATT overall stands for an effect that is the same at all times after.
    Intervals are the span of the effects not rejected. Needs stationary, weakly dependent
    residuals; holds for any number of donors (Chernozhukov, Wuthrich and Zhu 2021,
    doi:10.1080/01621459.2021.1920957).
    """
    first = made[0]
    alike = all(
        pool.cohort == first.cohort and np.array_equal(pool.times, first.times) for pool in made
    )
    k = len(rows.labels)
    if not alike:
        return no_uncertainty(k, "no interval: conformal inference needs one cohort and one window")
    before = first.n_before
    if 1 / (before + 1) > (1 - conf_level) + 1e-12:
        reason = f"no interval: {before} times before the reform are too few to permute"
        return no_uncertainty(k, reason)
    estimate = rows.matrix @ observed
    low, high, p_values = (np.full(k, np.nan) for _ in range(3))
    for row in _tested(rows):
        at = _times(rows, row, first)
        held = [
            pool for i, pool in enumerate(made) if (rows.matrix[row, rows.pool == i] != 0).any()
        ]
        test = _test(held, residuals, at, before)
        p_values[row] = test(0.0)
        # 1 - 0.9 is a hair below a tenth, and a p-value of a tenth rejects.
        alpha = 1 - conf_level + 1e-12
        low[row], high[row] = _invert(test, estimate[row], _spread(observed), alpha)
    empty = np.full(k, np.nan)
    return Uncertainty(
        name=f"conformal, {len(first.times)} cyclic shifts (single times: {before + 1})",
        intervals=numeric.Intervals(
            std_error=empty,
            statistic=empty,
            p_value=p_values,
            conf_low=low,
            conf_high=high,
            band_low=empty,
            band_high=empty,
        ),
        notes=("Conformal intervals of averages stand for an effect that is constant over time.",),
    )


def _tested(rows: Rows) -> list[int]:
    event = rows.labels["event_time"]
    return [row for row in range(len(event)) if event.isna()[row] or event[row] >= 0]


def _times(rows: Rows, row: int, pool: Pool) -> np.ndarray:
    """Positions of the times after the reform that make the row."""
    event = rows.labels["event_time"][row]
    after = np.arange(pool.n_before, len(pool.times))
    if pd.isna(event):
        return after
    return np.asarray(after[pool.event_times[after] == int(event)])


def _test(
    held: Sequence[Pool], residuals: Residuals, at: np.ndarray, before: int
) -> Callable[[float], float]:
    keep = np.concatenate([np.arange(before), at])
    sizes = np.array([len(pool.members) for pool in held], dtype=float)
    blocks = [pool.series[keep].copy() for pool in held]

    def test(effect: float) -> float:
        made = []
        for block in blocks:
            cleared = block.copy()
            cleared[before:, 0] -= effect
            made.append(residuals(cleared))
        return p_value(np.average(made, axis=0, weights=sizes), len(at))

    return test


def _spread(observed: np.ndarray) -> float:
    return float(np.std(observed)) or float(np.abs(observed).max()) or 1.0


def _invert(
    test: Callable[[float], float], centre: float, step: float, alpha: float
) -> tuple[float, float]:
    """Span of the effects whose p-value is above alpha; infinite where it stays open."""
    return _edge(test, centre, -step, alpha), _edge(test, centre, step, alpha)


def _edge(test: Callable[[float], float], centre: float, step: float, alpha: float) -> float:
    reach = step
    for _ in range(_DOUBLINGS):
        if test(centre + reach) <= alpha:
            break
        reach *= 2
    else:
        return float(np.inf * np.sign(step))
    grid = centre + np.linspace(0.0, reach, _GRID)
    kept = [i for i, effect in enumerate(grid) if test(float(effect)) > alpha]
    if not kept:
        return centre
    inside, outside = float(grid[kept[-1]]), float(grid[min(kept[-1] + 1, _GRID - 1)])
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if test(middle) > alpha else (inside, middle)
    return inside
