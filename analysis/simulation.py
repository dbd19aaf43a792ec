"""From a declared truth to tables of cells, and back to what was planted in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.declarations import Truth
from analysis.methods.microdata import RecordsOfUnit, path_at, simulate_records

#: Digits after the point in the tables: two machines then write the same bytes.
DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Tables drawn from a truth: one row a unit and time, and one row a unit."""

    cells: pd.DataFrame
    starts: pd.DataFrame


def draw(truth: Truth) -> Drawn:
    """Draw the tables of a declared truth; the same truth gives the same tables."""
    cells, starts = [], []
    width = len(str(truth.units))
    for one in records(truth):
        name = f"{truth.unit_name} {one.unit + 1:0{width}d}"
        cells.append(_cells(one, name, truth))
        starts.append({truth.unit_column: name, truth.start_column: one.cohort})
    held = pd.DataFrame(starts)
    held[truth.start_column] = held[truth.start_column].astype("Int64")
    return Drawn(cells=pd.concat(cells, ignore_index=True), starts=held)


def records(truth: Truth) -> Iterator[RecordsOfUnit]:
    """Draw the records behind the tables, one unit after the other."""
    return simulate_records(
        n_units=truth.units,
        n_times=truth.times,
        cohorts=truth.cohorts,
        effect=truth.effect,
        spread_effect=truth.spread_effect,
        level=truth.level,
        within=truth.within,
        noise=truth.noise,
        ar1=truth.ar1,
        skew=truth.skew,
        shared=truth.shared,
        season=truth.season,
        volume=truth.volume,
        unequal=truth.unequal,
        missing=truth.missing,
        seed=truth.seed,
    )


def _cells(one: RecordsOfUnit, name: str, truth: Truth) -> pd.DataFrame:
    logs = one.rows.assign(outcome=np.log(one.rows["outcome"]))
    affected = logs[logs["affected"]].groupby("time")["outcome"]
    others = logs[~logs["affected"]].groupby("time")["outcome"]
    half, high = affected.quantile(0.5), affected.quantile(0.9)
    made = {
        "records": affected.size(),
        "other_records": others.size(),
        "mean": np.exp(affected.mean()),
        "other_mean": np.exp(others.mean()),
        "median": np.exp(half),
        "p90": np.exp(high),
        "spread": np.exp(high - half),
        "against_other": np.exp(affected.mean() - others.mean()),
    }
    held = pd.DataFrame({truth.columns[key]: made[key].round(DIGITS) for key in truth.columns})
    held.insert(0, truth.time_column, held.index)
    held.insert(0, truth.unit_column, name)
    return held.reset_index(drop=True)


def planted(truth: Truth, column: str, event_time: np.ndarray) -> np.ndarray:
    """Give the effect planted in the logarithm of a column at every event time.

    Within a cell logarithms are normal, so a quantile moves by the shift of the mean and by the
    change of the standard deviation times its normal score.
    """
    name = next(key for key, held in truth.columns.items() if held == column)
    shift = path_at(truth.effect, event_time)
    change = truth.within * np.expm1(truth.spread_effect)
    wider = np.where(np.nan_to_num(event_time, nan=-1.0) >= 0, ndtri(0.9) * change, 0.0)
    match name:
        case "mean" | "median" | "against_other":
            return shift
        case "p90":
            return np.asarray(shift + wider)
        case "spread":
            return np.asarray(wider)
        case _:
            return np.zeros_like(shift)
