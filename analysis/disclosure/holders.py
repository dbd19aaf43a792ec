"""Who stands behind the numbers of a supplied table: read from the roles of its columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.declarations import Design, Outcome, Source
from analysis.disclosure.overlap import Population
from analysis.errors import DataError, Fault
from analysis.methods.contributions import Contributions

#: How a user says that a source needs no control.
OPEN = (
    'if every number of it may be shown to anybody, write open = ["{source}"] at the top of '
    "decisions.toml beside your files"
)


def behind(table: pd.DataFrame, *, source: Source, outcome: Outcome) -> tuple[Contributions, ...]:
    """Count the firms behind every unit and time of an outcome.

    Parameters
    ----------
    table : pandas.DataFrame
        The table of `source`.
    source : Source
        Its columns say which one names the firm, or which ones count firms.
    outcome : Outcome

    Returns
    -------
    tuple of Contributions
        One for the records that the outcome is about and, where it is taken against others, one
        for those.

    Raises
    ------
    DataError
        No column says anything about firms.
    """
    firm = source.column_of("firm")
    if firm is None:
        return (_of_counts(table, source, outcome),)
    kept = table[outcome.column].notna().to_numpy(copy=True)
    for column, value in outcome.keep.items():
        kept &= (table[column] == value).to_numpy(dtype=bool)
    for column, value in outcome.drop.items():
        kept &= (table[column] != value).to_numpy(dtype=bool)
    against = outcome.cells.against if outcome.cells else {}
    other = np.full(len(table), bool(against))
    for column, value in against.items():
        other &= (table[column] == value).to_numpy(dtype=bool)
    groups = (kept & ~other, kept & other) if against else (kept,)
    return tuple(_of_records(table[group], outcome, firm) for group in groups)


def _of_records(rows: pd.DataFrame, outcome: Outcome, firm: str) -> Contributions:
    """Count pair after pair of cell and firm, each a number, so that many million rows fit."""
    unit, units = pd.factorize(rows[outcome.unit_column])
    time, times = pd.factorize(rows[outcome.time_column])
    held, firms = pd.factorize(rows[firm])
    if (held < 0).any():
        raise DataError.of(
            column=firm,
            expected="a firm in every record, as firms have to be counted",
            found=f"{int((held < 0).sum())} records without one",
            mend="fill the column, or leave these records out",
        )
    numeric = pd.api.types.is_numeric_dtype(rows[outcome.column])
    size = rows[outcome.column].to_numpy(dtype=float) if numeric else np.ones(len(rows))
    pair = (unit.astype("int64") * len(times) + time) * len(firms) + held
    found, position = np.unique(pair, return_inverse=True)
    pairs = pd.DataFrame(
        {
            "unit": np.asarray(units.astype("str"))[found // len(firms) // len(times)],
            "time": np.asarray(times).astype("int64")[found // len(firms) % len(times)],
            "firm": found % len(firms),
            "n": np.bincount(position, minlength=len(found)),
            "total": np.bincount(position, weights=np.abs(size), minlength=len(found)),
        }
    )
    return Contributions.from_pairs(pairs)


def _of_counts(table: pd.DataFrame, source: Source, outcome: Outcome) -> Contributions:
    named = {role: source.column_of(role) for role in ("firms", "largest", "records")}
    DataError.raise_if(unknown(source))
    kept = table[table[outcome.column].notna()]
    records = named["records"]
    counts = pd.DataFrame(
        {
            "unit": kept[outcome.unit_column].astype("str"),
            "time": kept[outcome.time_column].astype("int64"),
            "n": kept[records].astype(float) if records else kept[named["firms"]].astype(float),
            "firms": kept[named["firms"]].astype(int),
            "largest": kept[named["largest"]].astype(float),
        }
    )
    return Contributions.from_counts(counts.reset_index(drop=True))


def unknown(source: Source) -> list[Fault]:
    """Say what a supplied table lacks for its firms to be counted; nothing if it lacks nothing."""
    if source.column_of("firm") or (source.column_of("firms") and source.column_of("largest")):
        return []
    return [
        Fault(
            file=f"data/{source.file}",
            expected="a column that names the firm of every row, or two that give the number of "
            "firms of a row and the share of the largest",
            found="a supplied table that says nothing about firms",
            mend=f"supply rows with their firm; or, {OPEN.format(source=source.id)}",
        )
    ]


def population(
    design: Design, *, study: str, behind: Contributions, treated: set[str]
) -> Population:
    """Say which cells a design uses, from its declaration alone."""
    cells = behind.cells
    window = cells["time"].between(design.window.first, design.window.last)
    kept = window & ~cells["unit"].isin(list(design.left_out))
    if design.donors is not None:
        kept &= cells["unit"].isin([*design.donors.units, *treated])
    return Population(name=f"{study}, {design.id}", cells=kept.to_numpy(dtype=bool))
