"""What the engine counted, checked and turned into a panel."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from analysis.errors import Fault, PanelError
from analysis.methods.cell_query import Plan, Shifts, numbers
from analysis.methods.panel import SQUARED_WEIGHTS, Panel, product

#: Columns that are not sums: the keys, and what is merged in its own way.
_LOWEST = ("cohort_low", "weight_least")
_HIGHEST = ("cohort_high",)


def all_finite(rows: pd.DataFrame) -> bool:
    """Whether every cell with an outcome has finite sums."""
    sums = [name for name in rows.columns if name in ("mean", "variance") or name.startswith("w")]
    sums = [name for name in sums if not name.startswith("within")]
    return bool(np.isfinite(rows.loc[rows["n"] > 0, sums].to_numpy(dtype=float)).all())


def not_finite_faults(counts: pd.Series, plan: Plan) -> Iterator[Fault]:
    """Name infinite values, and weights and covariates that are not a number."""
    for i, name in enumerate(numbers(plan)):
        infinite, nan = int(counts[f"inf {i}"]), int(counts[f"nan {i}"])
        if infinite:
            yield _count(name, "finite numbers", f"{infinite:,} infinite", "correct the values")
        if nan and i > 0:
            yield _missing(name, nan)


def panel_of(rows: pd.DataFrame, plan: Plan, shift: Shifts, *, unit_of_measure: str) -> Panel:
    """Check the counts and make the panel.

    Parameters
    ----------
    rows : pandas.DataFrame
        Answer to `cell_query.cells`.
    plan : Plan
    shift : Shifts
    unit_of_measure : str

    Raises
    ------
    PanelError
        With every fault found.
    """
    PanelError.raise_if(row_faults(rows, plan))
    keys = list(plan.keys)
    rows = rows.assign(unit=_plain(rows["unit"]), time=_whole(rows["time"]))
    merged = _merged(rows, plan) if plan.bins is not None else rows
    merged = merged.sort_values(keys, ignore_index=True)
    cohorts = _cohorts(merged)
    seen = merged[merged["n"] > 0].reset_index(drop=True)
    cells = pd.DataFrame(
        {
            "unit": seen["unit"],
            "time": seen["time"].astype("int64"),
            "cluster": seen["cluster"] if "cluster" in keys else seen["unit"],
            "n": seen["n"].astype(float),
            **_moments(seen, plan, shift),
            **{name: seen[f"key {i}"] for i, name in enumerate(plan.categories)},
            **_covariates(seen, plan, shift),
            **_counts(seen, plan),
        }
    )
    return Panel(
        cells=cells,
        cohorts=cohorts[cohorts.index.isin(cells["unit"])],
        outcome=plan.outcome,
        categories=plan.categories,
        covariates=plan.covariates,
        time_labels=_labels(cells["time"], plan),
        n_missing=int(rows["rows"].sum() - rows["n"].sum()),
        scale="log" if plan.log else "level",
        unit_of_measure=unit_of_measure,
        thresholds=plan.thresholds,
        bins=plan.bins,
    )


def row_faults(rows: pd.DataFrame, plan: Plan) -> Iterator[Fault]:
    """Find what the counts say is wrong with the rows."""
    named = {"unit": plan.unit, "time": plan.time, "cluster": plan.cluster}
    named |= {f"key {i}": name for i, name in enumerate(plan.categories)}
    for key in plan.keys:
        lost = int(rows.loc[rows[key].isna(), "rows"].sum())
        if lost:
            yield _missing(str(named[key]), lost)
    if not (rows["n"] > 0).any():
        yield _count(
            plan.outcome,
            "at least one value that is not missing",
            f"{int(rows['rows'].sum()):,} rows, none with a value",
            "check the column and how missing values are written",
        )
    low = int((rows["seen"] - rows["n"]).sum()) if plan.log else 0
    if low:
        mend = "correct or leave out these rows, or use transform='level'"
        yield _count(plan.outcome, "values above zero", f"{low:,} at or below zero", mend)
    for name in ("time", "cohort_low", "cohort_high"):
        values = rows[name].dropna().to_numpy(dtype=float)
        if (values % 1 != 0).any():
            column = plan.time if name == "time" else plan.cohort
            found = f"{values[values % 1 != 0][0]:g}"
            yield _count(column, "whole numbers", found, "number the periods, or give freq=")
            return
    yield from _cohort_faults(rows, plan)
    if plan.weights and (rows["weight_count"] < rows["n"]).any():
        yield _missing(plan.weights, int((rows["n"] - rows["weight_count"]).sum()))
    elif plan.weights and (rows["weight_least"] <= 0).any():
        found = f"{rows['weight_least'].min():g}"
        yield _count(plan.weights, "weights above zero", found, "leave rows without weight out")
    for i, name in enumerate(plan.covariates):
        lost = int((rows["n"] - rows[f"count {i}"]).sum())
        if lost:
            yield _missing(name, lost)


def _cohort_faults(rows: pd.DataFrame, plan: Plan) -> Iterator[Fault]:
    by_unit = rows.groupby("unit", observed=True).agg(
        low=("cohort_low", "min"),
        high=("cohort_high", "max"),
        with_one=("cohort_count", "sum"),
        rows=("rows", "sum"),
    )
    varies = (by_unit["with_one"] > 0) & (
        (by_unit["low"] != by_unit["high"]) | (by_unit["with_one"] < by_unit["rows"])
    )
    for name, row in by_unit[varies].head(20).iterrows():
        empty = int(row["rows"] - row["with_one"])
        found = f"{row['low']:g} to {row['high']:g}, {empty:,} rows empty, for {name}"
        mend = "give the first treated time in every row of the unit, or leave it empty"
        yield _count(plan.cohort, "one first treated time for a unit", found, mend)


def _count(column: str, expected: str, found: str, mend: str) -> Fault:
    return Fault(column=column, expected=expected, found=found, mend=mend)


def _missing(column: str, rows: int) -> Fault:
    mend = "fill in the values or leave the rows out"
    return _count(column, "a value in every row", f"{rows:,} rows without", mend)


def _plain(labels: pd.Series) -> pd.Series:
    return labels.astype("int64") if pd.api.types.is_integer_dtype(labels) else labels


def _whole(values: pd.Series) -> pd.Series:
    return values.astype(float).astype("int64")


def _cohorts(rows: pd.DataFrame) -> pd.Series:
    first = rows.groupby("unit", observed=True)["cohort_low"].min()
    whole = pd.array(first.astype("Float64").to_numpy(dtype=float, na_value=np.nan))
    return pd.Series(whole, index=first.index.to_numpy()).astype("Int64").sort_index()


def _merged(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Pool the bins of every cell; means and spreads without cancellation."""
    keys = list(plan.keys)
    group = rows.groupby(keys, observed=True, sort=False)
    number = group.ngroup().to_numpy()
    size = int(number.max()) + 1
    n = rows["n"].to_numpy(dtype=float)
    mean = rows["mean"].fillna(0.0).to_numpy(dtype=float)
    total = np.bincount(number, n, size)
    pooled = np.divide(
        np.bincount(number, n * mean, size), total, out=np.zeros(size), where=total > 0
    )
    spread = n * rows["variance"].fillna(0.0).to_numpy(dtype=float)
    spread += n * (mean - pooled[number]) ** 2
    how = {
        name: "min" if name in _LOWEST else "max" if name in _HIGHEST else "sum"
        for name in rows.columns
        if name not in (*keys, "bin")
    }
    merged = group.agg(how).reset_index()
    merged["mean"] = pooled
    merged["variance"] = np.bincount(number, spread, size) / np.where(total > 0, total, 1.0)
    return merged.join(_histogram(rows, plan, number, size))


def _histogram(rows: pd.DataFrame, plan: Plan, number: np.ndarray, size: int) -> pd.DataFrame:
    names = list(plan.bins.columns) if plan.bins is not None else []
    counts = np.zeros((size, len(names)))
    seen = rows["n"].to_numpy() > 0
    weight = rows["w" if plan.weights else "n"].to_numpy(dtype=float)[seen]
    np.add.at(counts, (number[seen], rows["bin"].to_numpy()[seen].astype(int)), weight)
    return pd.DataFrame(counts, columns=names)


def _moments(rows: pd.DataFrame, plan: Plan, shift: Shifts) -> dict[str, np.ndarray]:
    n = rows["n"].to_numpy(dtype=float)
    if not plan.weights:
        return {
            "weight": n,
            "outcome": rows["mean"].to_numpy(dtype=float) + shift.outcome,
            "ss": n * rows["variance"].to_numpy(dtype=float),
        }
    w, wy, wyy, w2, w2y, w2yy = (
        rows[name].to_numpy(dtype=float) for name in ("w", "wy", "wyy", "w2", "w2y", "w2yy")
    )
    mean = wy / w
    single = n == 1
    squared = (
        w2,
        np.where(single, 0.0, w2y - w2 * mean),
        np.where(single, 0.0, np.maximum(w2yy - 2 * mean * w2y + mean**2 * w2, 0.0)),
    )
    return {
        "weight": w,
        "outcome": mean + shift.outcome,
        "ss": np.where(single, 0.0, np.maximum(wyy - wy * mean, 0.0)),
        **dict(zip(SQUARED_WEIGHTS, squared, strict=True)),
    }


def _covariates(rows: pd.DataFrame, plan: Plan, shift: Shifts) -> dict[str, np.ndarray]:
    weight = rows["w" if plan.weights else "n"].to_numpy(dtype=float)
    outcome = rows["wy"] / weight if plan.weights else rows["mean"]
    y = outcome.to_numpy(dtype=float)
    wz = [rows[f"wz {i}"].to_numpy(dtype=float) for i in range(len(plan.covariates))]
    means = {
        name: sums / weight + away
        for name, sums, away in zip(plan.covariates, wz, shift.covariates, strict=True)
    }
    inside = {
        product(name): rows[f"wzy {i}"].to_numpy(dtype=float) - wz[i] * y
        for i, name in enumerate(plan.covariates)
    }
    for i, j in combinations_with_replacement(range(len(plan.covariates)), 2):
        about = rows[f"wzz {i} {j}"].to_numpy(dtype=float) - wz[i] * wz[j] / weight
        inside[product(plan.covariates[i], plan.covariates[j])] = about
    single = rows["n"].to_numpy() == 1
    return means | {name: np.where(single, 0.0, value) for name, value in inside.items()}


def _counts(rows: pd.DataFrame, plan: Plan) -> dict[str, np.ndarray]:
    within = {
        f"within {threshold:.15g}": rows[f"within {i}"].fillna(0.0).to_numpy(dtype=float)
        for i, threshold in enumerate(plan.thresholds)
    }
    bins = plan.bins.columns if plan.bins is not None else ()
    return within | {name: rows[name].to_numpy(dtype=float) for name in bins}


def _labels(times: pd.Series, plan: Plan) -> pd.Series | None:
    if plan.freq is None:
        return None
    seen = np.unique(times.to_numpy())
    periods = [str(pd.Period(ordinal=int(time), freq=plan.freq)) for time in seen]
    return pd.Series(periods, index=seen)
