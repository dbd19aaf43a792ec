"""Faults of a table that is to become a panel, all found at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.errors import Fault


def absent(frame: pd.DataFrame, names: Sequence[str]) -> list[Fault]:
    """Find columns that are not there."""
    have = ", ".join(map(str, frame.columns))
    return [
        Fault(
            column=name,
            expected="a column of this name",
            found=f"columns {have}",
            mend="rename the column or name another one",
        )
        for name in dict.fromkeys(names)
        if name not in frame.columns
    ]


def missing(rows: pd.DataFrame, names: Sequence[str]) -> list[Fault]:
    """Find columns with missing values."""
    return [
        Fault(
            column=name,
            row=int(rows.index[rows[name].isna()][0]) + 1,
            expected="a value in every row",
            found=f"{int(rows[name].isna().sum())} missing",
            mend="fill in the value or leave the row out",
        )
        for name in names
        if rows[name].isna().any()
    ]


def repeated(rows: pd.DataFrame, *, unit: str, time: str) -> list[Fault]:
    """Find units seen twice at a time."""
    again = rows.duplicated([unit, time])
    return [
        Fault(
            column=f"{unit}, {time}",
            row=int(position) + 1,
            expected="one row for every unit and time",
            found=f"a second row for {rows.loc[position, unit]!s}, {rows.loc[position, time]!s}",
            mend="remove the row, or use compress() for microdata",
        )
        for position in rows.index[again][:20]
    ]


def in_order(unit: pd.Series, time: pd.Series) -> bool:
    """Whether rows are sorted by unit and time with none twice: the usual case, quick to see."""
    if not (pd.api.types.is_numeric_dtype(unit) and pd.api.types.is_numeric_dtype(time)):
        return False
    units, times = unit.to_numpy(), time.to_numpy()
    rising = (units[1:] > units[:-1]) | ((units[1:] == units[:-1]) & (times[1:] > times[:-1]))
    return bool(rising.all())


def follows(values: pd.Series) -> np.ndarray:
    """Whether a row has the same value as the one before, or both have none; shape (n_rows,)."""
    same = np.zeros(len(values), dtype=bool)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf":
        held = values.to_numpy()
        same[1:] = held[1:] == held[:-1]
        if values.dtype.kind == "f":
            gone = np.isnan(held)
            same[1:] |= gone[1:] & gone[:-1]
        return same
    code = pd.factorize(values)[0]
    same[1:] = code[1:] == code[:-1]
    return same


def not_finite(rows: pd.DataFrame, names: Sequence[str]) -> list[Fault]:
    """Find values that are text or infinite."""
    faults = []
    for name in names:
        if rows[name].dtype == np.float64 and not np.isinf(rows[name].to_numpy()).any():
            continue
        numbers = pd.to_numeric(rows[name], errors="coerce")
        text = numbers.isna() & rows[name].notna()
        for position in rows.index[text | np.isinf(numbers.to_numpy(dtype=float))][:20]:
            faults.append(
                Fault(
                    column=name,
                    row=int(position) + 1,
                    expected="a finite number",
                    found=str(rows.loc[position, name]),
                    mend="correct the value, or leave it empty if it is missing",
                )
            )
    return faults


def varying(rows: pd.DataFrame, *, unit: str, column: str) -> list[Fault]:
    """Find units with several values of a column."""
    again = follows(rows[unit])  # a unit's rows mostly follow each other
    heads = rows[unit].array[~again]
    if not (again & ~follows(rows[column])).any() and len(pd.unique(heads)) == len(heads):
        return []
    distinct = rows.groupby(unit, observed=True)[column].nunique(dropna=False)
    return [
        Fault(
            column=column,
            expected="one first treated time for a unit",
            found=f"{count} different ones for {name}",
            mend="give the first treated time in every row of the unit, or leave it empty",
        )
        for name, count in zip(distinct.index, distinct, strict=True)
        if count > 1
    ]


def not_positive(rows: pd.DataFrame, name: str) -> list[Fault]:
    """Find weights that are not positive and finite."""
    return [
        Fault(
            column=name,
            row=int(position) + 1,
            expected="a finite weight above zero",
            found=str(rows.loc[position, name]),
            mend="correct the weight or leave the row out",
        )
        for position in rows.index[~(rows[name] > 0) | np.isinf(rows[name])][:20]
    ]
