"""From a declared outcome and the table that holds it to a panel: rows become cells here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.declarations import Cells, Design, Lasting, Outcome
from analysis.errors import DataError
from analysis.methods.panel import Panel
from analysis.methods.spells import Spells, spells_to_panel


def panel_of(
    table: pd.DataFrame, *, design: Design, outcome: Outcome, cohorts: Mapping[str, int]
) -> Panel:
    """Make the panel of a design.

    Parameters
    ----------
    table : pandas.DataFrame
        The source of the outcome.
    design : Design
        Says which units and times are used.
    outcome : Outcome
        Says which rows and columns are used, and how many rows become one cell.
    cohorts : mapping of str to int
        First treated time of every treated unit.

    Returns
    -------
    Panel

    Raises
    ------
    DataError
        A treated unit that is not in the data, or values that have no logarithm.
    """
    rows = _chosen(table, design=design, outcome=outcome, treated=set(cohorts))
    if outcome.spells is not None:
        panel = _of_spells(rows, outcome, outcome.spells, cohorts)
    elif outcome.cells is not None:
        panel = _of_cells(_cells(rows, outcome, outcome.cells), outcome, cohorts, weights="n")
    else:
        held = _keys(rows, outcome).assign(value=_logs(rows[outcome.column], outcome))
        panel = _of_cells(held, outcome, cohorts, weights=None)
    _refuse_absent(panel, cohorts, design)
    return panel


def _chosen(
    table: pd.DataFrame, *, design: Design, outcome: Outcome, treated: set[str]
) -> pd.DataFrame:
    unit, time = table[outcome.unit_column], table[outcome.time_column]
    kept = ~unit.isin(list(design.left_out)) & time.between(design.window.first, design.window.last)
    if design.donors is not None:
        kept &= unit.isin([*design.donors.units, *treated])
    for column, value in outcome.keep.items():
        kept &= table[column] == value
    for column, value in outcome.drop.items():
        kept &= table[column] != value
    return table.loc[kept, list(outcome.columns())]


def _keys(rows: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    unit, time = rows[outcome.unit_column], rows[outcome.time_column]
    return pd.DataFrame({"unit": unit.astype("str"), "time": time.astype("int64")})


def _logs(values: pd.Series, outcome: Outcome) -> pd.Series:
    numbers = values.astype(float)
    if outcome.transform != "log":
        return numbers
    below = int((numbers <= 0).sum())
    if below:
        raise DataError.of(
            column=outcome.column,
            expected="values above zero, as the outcome is taken in logs",
            found=f"{below} values at or below zero",
            mend="declare transform = 'none', or use a Poisson design that keeps zeros",
        )
    return pd.Series(np.log(numbers), index=values.index)


def _of_cells(
    held: pd.DataFrame, outcome: Outcome, cohorts: Mapping[str, int], *, weights: str | None
) -> Panel:
    return Panel.from_frame(
        held.assign(cohort=held["unit"].map(cohorts).astype("Int64")),
        unit="unit",
        time="time",
        outcome="value",
        cohort="cohort",
        weights=weights,
        scale="log" if outcome.transform == "log" else "level",
        unit_of_measure=outcome.unit,
    )


def _of_spells(
    rows: pd.DataFrame, outcome: Outcome, lasting: Lasting, cohorts: Mapping[str, int]
) -> Panel:
    held = _keys(rows, outcome).assign(
        duration=rows[outcome.column].astype(float), ended=rows[lasting.ended].astype(float)
    )
    spells = Spells.from_frame(
        held.assign(cohort=held["unit"].map(cohorts).astype("Int64")),
        unit="unit",
        start="time",
        duration="duration",
        event="ended",
        cohort="cohort",
        per_time=lasting.per_time,
    )
    return spells_to_panel(spells, edges=lasting.edges)


# ---------------------------------------------------------------- many rows, one cell


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Which cell of units x times every row lies in: unit after unit, time after time."""

    cell: np.ndarray
    n_units: int
    n_times: int

    def counts(self, where: np.ndarray) -> np.ndarray:
        """Rows of every cell, (n_cells,)."""
        return np.bincount(self.cell[where], minlength=self.n_units * self.n_times)

    def means(self, values: np.ndarray, where: np.ndarray) -> np.ndarray:
        """Mean of every cell, nan where it is empty."""
        sums = np.bincount(self.cell[where], values[where], minlength=self.n_units * self.n_times)
        with np.errstate(invalid="ignore"):
            return np.asarray(sums / self.counts(where))

    def quantiles(self, values: np.ndarray, where: np.ndarray, share: float) -> np.ndarray:
        """Quantile of every cell, linear between its two neighbours; nan where it is empty."""
        count = self.counts(where)
        order = np.lexsort((values[where], self.cell[where]))
        ordered = np.append(values[where][order], np.nan)
        begin = np.cumsum(count) - count
        place = share * (count - 1)
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, count - 1)
        low, high = (ordered[np.where(count > 0, begin + at, -1)] for at in (below, above))
        return np.asarray(low + (place - below) * (high - low))

    def spanned(self) -> np.ndarray:
        """Whether a cell lies between the first and the last time at which its unit is seen."""
        seen = self.counts(np.ones(len(self.cell), dtype=bool)).reshape(self.n_units, -1) > 0
        begun = np.maximum.accumulate(seen, axis=1)
        not_over = np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
        return np.asarray((begun & not_over).ravel())


def _cells(rows: pd.DataFrame, outcome: Outcome, how: Cells) -> pd.DataFrame:
    """Give one row a unit and time: its statistic in ``value``, its rows in ``n``."""
    unit = pd.Categorical(rows[outcome.unit_column]).remove_unused_categories()
    time = rows[outcome.time_column].to_numpy(dtype="int64")
    first, n_times = time.min(), int(np.ptp(time)) + 1
    names = unit.categories.astype("str")
    cell = unit.codes.astype("int64") * n_times + time - first
    grid = _Grid(cell=cell, n_units=len(names), n_times=n_times)
    other = np.full(len(rows), bool(how.against))
    for column, held in how.against.items():
        other &= (rows[column] == held).to_numpy(dtype=bool)
    n = grid.counts(~other)
    if how.statistic == "count":
        value, n, kept = n.astype(float), np.ones(len(n)), grid.spanned()
    else:
        numbers = _logs(rows[outcome.column], outcome).to_numpy()
        value = _statistic(grid, numbers, ~other, how.statistic)
        if how.against:
            value = value - _statistic(grid, numbers, other, how.statistic)
        kept = np.isfinite(value)
    times = np.tile(np.arange(first, first + n_times), len(names))
    made = {"unit": names.repeat(n_times), "time": times, "value": value, "n": n}
    return pd.DataFrame(made)[kept]


def _statistic(grid: _Grid, values: np.ndarray, where: np.ndarray, name: str) -> np.ndarray:
    match name:
        case "median":
            return grid.quantiles(values, where, 0.5)
        case "p90":
            return grid.quantiles(values, where, 0.9)
        case "spread":
            high, low = (grid.quantiles(values, where, share) for share in (0.9, 0.5))
            return np.asarray(high - low)
        case _:
            return grid.means(values, where)


def _refuse_absent(panel: Panel, cohorts: Mapping[str, int], design: Design) -> None:
    absent = sorted(set(cohorts) - set(panel.units))
    if absent:
        raise DataError.of(
            column="unit",
            expected=f"every treated unit of design {design.id} in the data",
            found=f"no row for {', '.join(absent)}",
            mend="supply the missing rows or correct the names of the cohorts",
        )
