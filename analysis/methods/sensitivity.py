"""How far an effect leans on parallel trends and on nothing unobserved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.honest import EventPath, Interval, relative_magnitudes, smoothness

Restriction = Literal["relative_magnitudes", "smoothness"]

#: Draws of a pre-trend under which tests of it are counted.
DRAWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Intervals of the headline effect under ever larger violations of parallel trends.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns ``restriction``, ``bound``, ``conf_low``, ``conf_high``, ``open_low``,
        ``open_high``: an open end is where the search stopped, not where the interval ends.
    breakdown : float
        Smallest bound tried whose interval holds zero; infinite if none does.
    target : str
        The estimand.
    """

    frame: pd.DataFrame
    breakdown: float
    target: str


def honest_bounds(
    table: EffectTable,
    *,
    restriction: Restriction = "relative_magnitudes",
    bounds: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0),
    weights: Sequence[float] | None = None,
    seed: int = 0,
) -> Sensitivity:
    """Bound the headline effect of an event study when trends were not parallel.

    Parameters
    ----------
    table : EffectTable
        Of an event study with a covariance: one row an event time, the base period among them.
    restriction : {"relative_magnitudes", "smoothness"}
        Whether later steps of the trend gap are limited by the largest step before the reform
        (`bounds` are multiples) or its bends are limited (`bounds` in outcome units a step).
    bounds : sequence of float
        Zero or more.
    weights : sequence of float, optional
        Of the effects after the base; without them those of the headline ATT.
    seed : int

    Returns
    -------
    Sensitivity

    Raises
    ------
    IdentificationError
        If the table is not an event study with a covariance, or a bound is negative.

    References
    ----------
    Rambachan and Roth (2023), doi:10.1093/restud/rdad018.
    """
    if min(bounds, default=-1.0) < 0:
        raise IdentificationError.of(
            expected="bounds of zero or more", found=str(list(bounds)), mend="give other bounds"
        )
    path = event_path(table, weights=weights)
    level = table.overall.conf_level
    made: list[Interval] = [
        relative_magnitudes(path, bound, conf_level=level, seed=seed)
        if restriction == "relative_magnitudes"
        else smoothness(path, bound, conf_level=level)
        for bound in bounds
    ]
    frame = pd.DataFrame(
        {
            "restriction": restriction,
            "bound": list(bounds),
            "conf_low": [one.low for one in made],
            "conf_high": [one.high for one in made],
            "open_low": [one.open_low for one in made],
            "open_high": [one.open_high for one in made],
        }
    )
    holds_zero = (frame["conf_low"] <= 0) & (frame["conf_high"] >= 0)
    return Sensitivity(
        frame=frame,
        breakdown=float(frame.loc[holds_zero, "bound"].min()) if holds_zero.any() else np.inf,
        target="ATT overall" if weights is None else "weighted mean of ATT(e)",
    )


def event_path(table: EffectTable, *, weights: Sequence[float] | None = None) -> EventPath:
    """Take the path by event time and its covariance out of an event study.

    Parameters
    ----------
    table : EffectTable
    weights : sequence of float, optional
        Of the effects after the base; without them those that give the headline.
    """
    frame = table.frame
    covariance = table.covariance
    times = frame["event_time"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    rows = np.flatnonzero(~np.isnan(times))
    spread = np.zeros(len(frame)) if covariance is None else np.diag(covariance)
    live = rows[spread[rows] > 0]
    order = live[np.argsort(times[live])]
    base = rows[spread[rows] <= 0]
    at = times[base].max() if len(base) else -1.0
    before, after = order[times[order] < at], order[times[order] > at]
    if covariance is None or not len(before) or not len(after):
        raise IdentificationError.of(
            expected="an event study with a covariance, and event times before and after the base",
            found=f"{len(before)} before and {len(after)} after",
            mend="use event_study or group_time_att(...).aggregate('dynamic') with inference",
        )
    picked = np.concatenate([before, after])
    estimate = frame["estimate"].to_numpy(dtype=float)
    chosen = (
        _headline_weights(table, estimate, covariance, after)
        if weights is None
        else np.asarray(weights, dtype=float)
    )
    if len(chosen) != len(after):
        raise IdentificationError.of(
            expected=f"{len(after)} weights", found=str(len(chosen)), mend="one an event time"
        )
    return EventPath(
        before=estimate[before],
        after=estimate[after],
        covariance=covariance[np.ix_(picked, picked)],
        weights=chosen,
    )


def _headline_weights(
    table: EffectTable, estimate: np.ndarray, covariance: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """Weights on the effects after the base that give the headline and its covariances."""
    equal = np.full(len(after), 1 / len(after))
    head = table.headline
    scale = np.sqrt(np.trace(covariance[np.ix_(after, after)]))
    left = np.vstack(
        [covariance[:, after] / scale**2, estimate[after] / scale, np.ones(len(after))]
    )
    right = np.concatenate([covariance[:, head] / scale**2, [estimate[head] / scale, 1.0]])
    for weights in (equal, np.linalg.lstsq(left, right, rcond=1e-12)[0]):
        if np.allclose(left @ weights, right, rtol=1e-6, atol=1e-8):
            return np.asarray(weights)
    raise IdentificationError.of(
        expected="a headline that is a weighted mean of the effects after the base",
        found=str(table.overall.estimand),
        mend="give weights=",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PreTrendPower:
    """What a test of the leads can see, and what passes it unseen.

    Attributes
    ----------
    slope : float
        Slope of the trend gap, outcome units a time.
    power : float
        Probability that at least one lead lies outside its own interval.
    bias : float
        What the slope adds to the headline.
    bias_if_passed : float
        The same among draws in which every lead passed.
    """

    slope: float
    power: float
    bias: float
    bias_if_passed: float


def pre_trend_power(
    table: EffectTable,
    *,
    slope: float | None = None,
    power: float = 0.5,
    weights: Sequence[float] | None = None,
    seed: int = 0,
) -> PreTrendPower:
    """Say how often the usual look at the leads would find a straight trend gap.

    Parameters
    ----------
    table : EffectTable
        Of an event study with a covariance.
    slope : float, optional
        Without it the slope that is found with probability `power`.
    power : float
    weights : sequence of float, optional
        As in `honest_bounds`.
    seed : int

    Returns
    -------
    PreTrendPower

    References
    ----------
    Roth (2022), doi:10.1257/aeri.20210236.
    """
    from scipy.optimize import brentq

    path = event_path(table, weights=weights)
    n_before, n_after = len(path.before), len(path.after)
    times = np.concatenate([np.arange(-n_before, 0), np.arange(1, n_after + 1)]).astype(float)
    values, vectors = np.linalg.eigh(path.covariance)
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((DRAWS, len(values))) * np.sqrt(np.clip(values, 0, None))
    noise = noise @ vectors.T
    limit = stats.norm.ppf((1 + table.overall.conf_level) / 2) * np.sqrt(np.diag(path.covariance))
    leads, limit = noise[:, :n_before], limit[:n_before]

    def passed(slope: float) -> np.ndarray:
        return np.asarray((np.abs(leads + slope * times[:n_before]) <= limit).all(axis=1))

    if slope is None:
        least = float(1 - passed(0.0).mean())
        if not least < power < 1:
            raise IdentificationError.of(
                expected=f"a power between {least:.3f}, the size of the test, and 1",
                found=str(power),
                mend="ask for another power",
            )
        most = float(limit.max()) * 10
        slope = float(brentq(lambda one: 1 - passed(one).mean() - power, 0.0, most, xtol=1e-6))
    kept = passed(slope)
    bias = float(path.weights @ times[n_before:]) * slope
    moved = noise[kept, n_before:] @ path.weights
    return PreTrendPower(
        slope=slope,
        power=float(1 - kept.mean()),
        bias=bias,
        bias_if_passed=bias + float(moved.mean()) if kept.any() else float("nan"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Confounding:
    """How strong an unobserved confounder would have to be.

    Attributes
    ----------
    robustness : float
        Share of the residual variance of treatment and of outcome that a confounder would have to
        explain, both, to bring the estimate to zero.
    robustness_of_interval : float
        The same to make the interval hold zero.
    partial_r2 : float
        Share of the residual variance of the outcome that treatment explains.
    """

    robustness: float
    robustness_of_interval: float
    partial_r2: float


def confounding(statistic: float, *, dof: float, conf_level: float = 0.95) -> Confounding:
    """Robustness values of an estimate from its t statistic.

    Parameters
    ----------
    statistic : float
        Estimate over standard error.
    dof : float
        Degrees of freedom that belong to it.
    conf_level : float

    Returns
    -------
    Confounding

    References
    ----------
    Cinelli and Hazlett (2020), doi:10.1111/rssb.12348.
    """
    if not (np.isfinite(statistic) and dof > 1):
        raise IdentificationError.of(
            expected="a finite statistic and more than one degree of freedom",
            found=f"{statistic}, {dof}",
            mend="use an estimate with a standard error",
        )
    strength = abs(statistic) / np.sqrt(dof)
    critical = float(stats.t.ppf((1 + conf_level) / 2, dof - 1)) / np.sqrt(dof - 1)
    return Confounding(
        robustness=_robustness(strength),
        robustness_of_interval=_robustness(strength - critical) if strength > critical else 0.0,
        partial_r2=float(statistic**2 / (statistic**2 + dof)),
    )


def _robustness(strength: float) -> float:
    square = strength**2
    return float((np.sqrt(square**2 + 4 * square) - square) / 2)
