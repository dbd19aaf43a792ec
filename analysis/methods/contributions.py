"""Who stands behind every cell: firms and what each of them brings, counted in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.errors import DataError, Fault
from analysis.methods import cell_query, passes, sources

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

    from analysis.methods.cell_query import Frequency

#: Share of a cell that all firms beyond the two largest bring together at least.
LEAST_SHARE = 1e-9
#: Firms of a cell that are told apart where only their number is known.
TOLD_APART = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributions:
    """Firms behind unit x time cells.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row a cell: ``unit``, ``time``, ``n`` (records with an outcome).
    cell, firm : numpy.ndarray
        Position of the cell and number of the firm of every pair of the two, whole numbers,
        shape (n_pairs,). A firm has one number in all cells.
    n, total : numpy.ndarray
        Records of the pair, and the sum of their absolute outcomes, shape (n_pairs,).
    """

    cells: pd.DataFrame
    cell: np.ndarray
    firm: np.ndarray
    n: np.ndarray
    total: np.ndarray

    @classmethod
    def from_pairs(cls, pairs: pd.DataFrame) -> Contributions:
        """Make them from rows of unit, time, firm, n and total, one a firm and cell."""
        grouped = pairs.groupby(["unit", "time"], sort=True)
        cells = grouped["n"].sum().astype(float).reset_index()
        return cls(
            cells=cells,
            cell=grouped.ngroup().to_numpy(dtype=np.int64),
            firm=np.asarray(pd.factorize(pairs["firm"])[0], dtype=np.int64),
            n=pairs["n"].to_numpy(dtype=float),
            total=pairs["total"].to_numpy(dtype=float),
        )

    @classmethod
    def from_counts(cls, counts: pd.DataFrame) -> Contributions:
        """Make the most cautious ones that fit counts of firms.

        Parameters
        ----------
        counts : pandas.DataFrame
            One row a cell: ``unit``, ``time``, ``n`` (records), ``firms`` (distinct ones),
            ``largest`` (share of the records that the largest firm brings, 0 to 1).

        Notes
        -----
        Which firms stand behind two cells is not known, so the largest of all cells are taken
        for one firm, the second largest for another, and so on: no set of cells then seems to
        hold more firms, or smaller largest ones, than it must.
        """
        firms = counts["firms"].to_numpy(dtype=int)
        told = np.minimum(firms, TOLD_APART)
        cell = np.repeat(np.arange(len(counts)), told)
        firm = np.arange(len(cell)) - np.repeat(np.cumsum(told) - told, told)
        largest = np.clip(counts["largest"].to_numpy(dtype=float), 0.0, 1.0)
        second = np.where(firms == 2, 1 - largest, np.minimum(largest, 1 - largest))
        rest = np.maximum(1 - largest - second, LEAST_SHARE) / np.maximum(told - 2, 1)
        share = np.select([firm == 0, firm == 1], [largest[cell], second[cell]], rest[cell])
        n = counts["n"].to_numpy(dtype=float)[cell] * share
        return cls(
            cells=counts[["unit", "time", "n"]].reset_index(drop=True),
            cell=cell,
            firm=firm,
            n=n,
            total=n,
        )

    @property
    def firms(self) -> np.ndarray:
        """Distinct firms of every cell, (n_cells,)."""
        return np.bincount(self.cell[self.n > 0], minlength=len(self.cells))

    def brought(self, kept: np.ndarray, *, of: str = "n") -> np.ndarray:
        """Sum up what every firm brings to the cells `kept`, (n_firms,).

        Parameters
        ----------
        kept : numpy.ndarray
            Boolean, or a weight of every cell, (n_cells,).
        of : {"n", "total", "share"}
            Records, absolute outcomes, or shares of the records of each cell.
        """
        amount = self._shares if of == "share" else self.n if of == "n" else self.total
        return np.bincount(self.firm, weights=amount * np.asarray(kept, dtype=float)[self.cell])

    def squares(self, weights: np.ndarray) -> np.ndarray:
        """Sum over cells of the squared weight of every firm in a weighted sum of cell means."""
        return np.bincount(self.firm, weights=(self._shares * weights[self.cell]) ** 2)

    @property
    def _shares(self) -> np.ndarray:
        held = self.cells["n"].to_numpy(dtype=float)
        return np.asarray(self.n / np.maximum(held, np.finfo(float).tiny)[self.cell])

    def find(self, cells: pd.DataFrame) -> np.ndarray:
        """Position of every row of `cells` (``unit``, ``time``) among the cells; -1 if absent."""
        index = pd.MultiIndex.from_frame(self.cells[["unit", "time"]])
        return np.asarray(index.get_indexer(pd.MultiIndex.from_frame(cells[["unit", "time"]])))


def contributions(
    source: sources.Source,
    *,
    firm: str,
    unit: str,
    time: str,
    outcome: str,
    freq: Frequency | None = None,
    where: Callable[[ibis.Table], ibis.Table] | None = None,
    engine: BaseBackend | None = None,
    max_rows: int | None = None,
    progress: passes.Progress | None = None,
) -> Contributions:
    """Count the firms behind the cells that `compress` makes of the same records.

    Parameters
    ----------
    source : path, glob, pandas, polars or Arrow table, or Ibis table
        One row a record.
    firm, unit, time, outcome : str
        Names of columns. Records without an outcome are left out, as `compress` does.
    freq : {"M", "Q", "Y"}, optional
        Given when `time` holds dates.
    where : callable, optional
        Takes the table and returns the rows that count.
    engine, max_rows, progress : optional
        As `compress` takes them.

    Returns
    -------
    Contributions
        Firms are numbered: no name of a firm is kept.

    Raises
    ------
    DataError
        A column is absent, or a record names no firm.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"zone": ["a", "a", "a", "b"], "year": [1, 1, 1, 1],
    ...                      "hours": [9.0, 7.0, 6.0, 8.0], "firm": ["x", "x", "y", "x"]})
    >>> found = contributions(rows, firm="firm", unit="zone", time="year", outcome="hours")
    >>> found.firms.tolist(), found.cells["n"].tolist()
    ([2, 1], [3.0, 1.0])
    """
    with sources.opened(source, engine=engine, max_rows=max_rows) as opened:
        DataError.raise_if(_absent(opened.table, (firm, unit, time, outcome)))
        table = opened.table if where is None else where(opened.table)
        value = cell_query.number(table[outcome])
        asked = (
            table.select(
                unit=table[unit],
                time=cell_query.period(table[time], freq),
                firm=table[firm].cast("string").hash(),
                unnamed=table[firm].isnull(),  # noqa: PD003
                value=value,
            )
            .filter(lambda rows: rows.value.notnull() & ~rows.value.isnan())  # noqa: PD004
            .group_by("unit", "time", "firm", "unnamed")
            .aggregate(n=lambda rows: rows.count(), total=lambda rows: rows.value.abs().sum())
        )
        pairs = passes.run(asked, opened.connection, progress=progress)
    unnamed = int(pairs.loc[pairs["unnamed"].astype(bool), "n"].sum())
    if unnamed:
        raise DataError.of(
            column=firm,
            expected="a firm in every record, as firms have to be counted",
            found=f"{unnamed} records without one",
            mend="fill the column, or leave these records out",
        )
    return Contributions.from_pairs(pairs.astype({"time": "int64"}))


def _absent(table: ibis.Table, names: tuple[str, ...]) -> list[Fault]:
    held = table.schema().names
    return [
        Fault(
            column=name,
            expected="a column of this name",
            found=f"columns {', '.join(held)}",
            mend="rename the column or name another one",
        )
        for name in dict.fromkeys(names)
        if name not in held
    ]
