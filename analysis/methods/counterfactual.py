"""Counterfactual paths and the rows of effects they make, shared by all synthetic comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods import inference as numeric
from analysis.methods.donor_pool import Pool
from analysis.methods.effects import EffectTable, effect_frame
from analysis.methods.panel import Panel

#: Columns of `EffectTable.augment` of every method that makes a counterfactual path.
AUGMENTED = (
    *("unit", "time", "observed", "counterfactual", "gap", "weight"),
    *("treated_unit", "counterfactual_low", "counterfactual_high"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A counterfactual path.

    Attributes
    ----------
    counterfactual : numpy.ndarray
        Shape (T,).
    weights : numpy.ndarray
        Of the donors; shape (J,).
    time_weights : numpy.ndarray
        Of the times in the ATT overall, before the reform as the base; shape (T,).
    notes : tuple of str
        What the reader must know.
    """

    counterfactual: np.ndarray
    weights: np.ndarray
    time_weights: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Effects as weighted sums of the gaps of all pools.

    Attributes
    ----------
    labels : pandas.DataFrame
        One row an effect, see `Estimates.labels`.
    matrix : numpy.ndarray
        Shape (k, total times of all pools): estimates = matrix @ gaps.
    headline : int
        Row of the overall effect.
    pool : numpy.ndarray
        Pool of every column of `matrix`.
    """

    labels: pd.DataFrame
    matrix: np.ndarray
    headline: int
    pool: np.ndarray


def rows_of(made: Sequence[Pool]) -> Rows:
    """Rows for every event time, for the whole and, if there are several pools, for each.

    Parameters
    ----------
    made : sequence of Pool

    Returns
    -------
    Rows
        ATT(e) for all event times (before the reform: the gap left by the fit), then ATT overall,
        the mean over all treated units and times after, then one ATT a pool.
    """
    event = np.concatenate([pool.event_times for pool in made])
    index = np.repeat(np.arange(len(made)), [len(pool.times) for pool in made])
    size = np.array([len(pool.members) for pool in made], dtype=float)[index]
    cohorts = sorted({pool.cohort for pool in made})
    only = cohorts[0] if len(cohorts) == 1 else None
    labels: list[dict[str, object]] = []
    matrix = []
    for e in np.unique(event):
        matrix.append(_share(size * (event == e)))
        time = None if only is None else only + int(e)
        labels.append(_label(f"ATT({e})", f"event time {e}", only, time, int(e)))
    headline = len(matrix)
    matrix.append(_share(size * (event >= 0)))
    labels.append(_label("ATT overall", "overall", only, None, None))
    for position, pool in enumerate(made if len(made) > 1 else ()):
        matrix.append(_share((index == position) * (event >= 0)))
        labels.append(_label("ATT", pool.name, pool.cohort, None, None))
    frame = pd.DataFrame(labels).astype(dict.fromkeys(("cohort", "time", "event_time"), "Int64"))
    return Rows(labels=frame, matrix=np.vstack(matrix), headline=headline, pool=index)


def _share(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / values.sum(), dtype=float)


def _label(
    estimand: str, term: str, cohort: int | None, time: int | None, event_time: int | None
) -> dict[str, object]:
    return {
        "estimand": estimand,
        "term": term,
        "cohort": cohort,
        "time": time,
        "event_time": event_time,
    }


def gaps(made: Sequence[Pool], fits: Sequence[Fitted]) -> np.ndarray:
    """Observed minus counterfactual of all pools, one after the other."""
    return np.concatenate(
        [pool.series[:, 0] - fit.counterfactual for pool, fit in zip(made, fits, strict=True)]
    )


def augmented(
    made: Sequence[Pool],
    fits: Sequence[Fitted],
    *,
    gap_low: np.ndarray | None = None,
    gap_high: np.ndarray | None = None,
) -> pd.DataFrame:
    """Table of observed values, counterfactuals and weights; columns `AUGMENTED`.

    Parameters
    ----------
    made, fits : sequence
        Pools and their counterfactual paths.
    gap_low, gap_high : numpy.ndarray or None
        Pointwise interval of every gap; shape (total times,).

    Returns
    -------
    pandas.DataFrame
        First a row for every time of every treated series (``weight`` = weight of the time in the
        ATT overall), then a row for every donor and time (``weight`` = weight of the donor in the
        counterfactual of ``treated_unit``; no counterfactual).
    """
    stacked = gaps(made, fits)
    low = np.full(len(stacked), np.nan) if gap_low is None else gap_low
    high = np.full(len(stacked), np.nan) if gap_high is None else gap_high
    parts, donor_parts, start = [], [], 0
    for pool, fit in zip(made, fits, strict=True):
        here = slice(start, start + len(pool.times))
        start += len(pool.times)
        parts.append(_treated_part(pool, fit, low[here], high[here]))
        donor_parts.append(_donor_part(pool, fit))
    filled = [part for part in (*parts, *donor_parts) if len(part)]
    return pd.concat(filled, ignore_index=True).loc[:, list(AUGMENTED)]


def _treated_part(pool: Pool, fit: Fitted, low: np.ndarray, high: np.ndarray) -> pd.DataFrame:
    observed = pool.series[:, 0]
    return pd.DataFrame(
        {
            "unit": pd.Series([pool.name] * len(pool.times), dtype=object),
            "time": pool.times,
            "observed": observed,
            "counterfactual": fit.counterfactual,
            "gap": observed - fit.counterfactual,
            "weight": fit.time_weights,
            "treated_unit": pd.Series([pool.name] * len(pool.times), dtype=object),
            "counterfactual_low": observed - high,
            "counterfactual_high": observed - low,
        }
    )


def _donor_part(pool: Pool, fit: Fitted) -> pd.DataFrame:
    n_times, n_donors = len(pool.times), len(pool.donors)
    empty = np.full(n_times * n_donors, np.nan)
    return pd.DataFrame(
        {
            "unit": np.repeat(pool.donors.astype(object), n_times),
            "time": np.tile(pool.times, n_donors),
            "observed": pool.series[:, 1:].T.ravel(),
            "counterfactual": empty,
            "gap": empty,
            "weight": np.repeat(fit.weights, n_times),
            "treated_unit": pd.Series([pool.name] * n_times * n_donors, dtype=object),
            "counterfactual_low": empty,
            "counterfactual_high": empty,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """Intervals with the words that say how they were made.

    Attributes
    ----------
    name : str
        What every row says of its inference.
    intervals : Intervals
    covariance, draws : numpy.ndarray or None
        See `EffectTable`.
    notes : tuple of str
        See `EffectTable`.
    """

    name: str
    intervals: numeric.Intervals
    covariance: np.ndarray | None = None
    draws: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def no_uncertainty(count: int, reason: str, *, note: bool = True) -> Uncertainty:
    """Say why there is no interval for `count` effects."""
    empty = np.full(count, np.nan)
    return Uncertainty(
        name=reason,
        intervals=numeric.Intervals(**dict.fromkeys(numeric.Intervals.__slots__, empty)),
        notes=(reason,) if note else (),
    )


def effects_of(
    panel: Panel,
    made: Sequence[Pool],
    fits: Sequence[Fitted],
    rows: Rows,
    uncertainty: Uncertainty,
    *,
    estimator: str,
    conf_level: float,
    notes: Sequence[str] = (),
    estimate: np.ndarray | None = None,
) -> EffectTable:
    """Put estimates, intervals and counterfactual paths into the one result contract."""
    stacked = gaps(made, fits)
    values = rows.matrix @ stacked if estimate is None else estimate
    made_of = uncertainty.intervals
    donors = {donor for pool in made for donor in pool.donors}
    frame = rows.labels.assign(
        outcome=panel.outcome,
        estimator=estimator,
        estimate=values,
        **{name: getattr(made_of, name) for name in numeric.Intervals.__slots__},
        unit_of_measure=panel.unit_of_measure,
        scale=panel.scale,
        conf_level=conf_level,
        inference=uncertainty.name,
        n_obs=panel.n_obs,
        n_units=panel.n_units,
        n_treated=_treated_counts(made, rows),
        n_control=len(donors),
    )
    half_low, half_high = _pointwise(
        made, rows, values - made_of.conf_low, made_of.conf_high - values
    )
    return EffectTable(
        frame=effect_frame(frame),
        headline=rows.headline,
        covariance=uncertainty.covariance,
        draws=uncertainty.draws,
        augmented=augmented(made, fits, gap_low=stacked - half_low, gap_high=stacked + half_high),
        notes=(*notes, *(note for fit in fits for note in fit.notes), *uncertainty.notes),
    )


def _treated_counts(made: Sequence[Pool], rows: Rows) -> list[int]:
    sizes = np.array([len(pool.members) for pool in made])
    used = np.vstack([(rows.matrix[:, rows.pool == i] != 0).any(axis=1) for i in range(len(made))])
    return [int(count) for count in sizes @ used]


def _pointwise(
    made: Sequence[Pool], rows: Rows, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Half widths of the ATT(e) rows for every cell; only where one pool makes the row."""
    count = rows.matrix.shape[1]
    if len(made) > 1:
        return np.full(count, np.nan), np.full(count, np.nan)
    return low[:count], high[:count]
