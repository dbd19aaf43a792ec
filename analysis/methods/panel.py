"""Panel: checked unit x time cells with cohorts, the one thing every method takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast

import numpy as np
import pandas as pd

from analysis.errors import PanelError
from analysis.methods import frame_checks
from analysis.methods.bins import LogBins

Scale = Literal["level", "log"]
_UNKNOWN = np.empty(0, dtype=np.int64)

#: Columns that every table of cells has, in this order, before categories and covariates.
CELL_COLUMNS = ("unit", "time", "cluster", "n", "weight", "outcome", "ss")

#: Sums over the rows of a cell, kept when rows are weighted: of w^2, of w^2 (y - mean) and of
#: w^2 (y - mean)^2.
SQUARED_WEIGHTS = ("weight2", "weight2_outcome", "weight2_ss")


def product(first: str, second: str = "outcome") -> str:
    """Name the column of cells that holds a within-cell sum of products of two columns."""
    return f"{first} * {second}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Unit x time cells of one outcome, with the first treated time of every unit.

    Make one with `Panel.from_frame` (one row a cell) or with `compress` (microdata).

    Attributes
    ----------
    cells : pandas.DataFrame
        One row a cell, sorted by unit and time. Columns: ``unit``, ``time`` (whole numbers),
        ``cluster``, ``n`` (rows in the cell), ``weight`` (sum of weights; equal to ``n`` without
        weights), ``outcome`` (weighted mean), ``ss`` (weighted within-cell sum of squares about
        that mean), then the categories and the cell means of the covariates. `compress` adds
        `SQUARED_WEIGHTS` for weighted rows, a `product` about the cell means for every pair of
        covariates and outcome, ``within {h:.15g}`` (weight of rows at most h) for every threshold
        and ``bin {i}`` (weight of rows in bin i) for every bin.
    cohorts : pandas.Series
        Index unit, dtype ``Int64``: first treated time; missing = never treated.
    outcome : str
        Name of the outcome.
    categories, covariates : tuple of str
        Discrete cell keys beside unit and time; continuous covariates.
    time_labels : pandas.Series or None
        Index time, values as the user wrote them, when times were periods.
    n_missing : int
        Rows left out because their outcome was missing.
    scale : {"level", "log"}
        Whether the outcome is in logarithms; `Effect.to_percent` needs to know.
    unit_of_measure : str
        Unit of the outcome, for labels.
    thresholds : tuple of float
        Values of the untransformed outcome whose shares `compress` counted.
    bins : LogBins or None
        Bins of the untransformed outcome that `compress` counted.
    positions, times : numpy.ndarray
        Position of every cell's unit among the units, shape (n_cells,), and the times that occur,
        sorted, shape (n_times,); both are found when no positions are given.
    """

    cells: pd.DataFrame
    cohorts: pd.Series
    outcome: str
    categories: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    time_labels: pd.Series | None = None
    n_missing: int = 0
    scale: Scale = "level"
    unit_of_measure: str = ""
    thresholds: tuple[float, ...] = ()
    bins: LogBins | None = None
    positions: np.ndarray | None = field(default=None, repr=False, compare=False)
    times: np.ndarray = field(default_factory=lambda: _UNKNOWN, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find positions and times once: randomisation asks for them thousands of times."""
        if self.positions is None or self.times is _UNKNOWN:
            object.__setattr__(self, "positions", _positions(self.cells, self.cohorts.index))
            object.__setattr__(self, "times", _times(self.cells["time"].to_numpy()))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        unit: str,
        time: str,
        outcome: str,
        cohort: str,
        weights: str | None = None,
        covariates: Sequence[str] = (),
        cluster: str | None = None,
        scale: Scale = "level",
        unit_of_measure: str = "",
    ) -> Panel:
        """Check a table with one row a unit and time, and make it a panel.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row per unit and time; the index is not read.
        unit, time, outcome, cohort : str
            Names of columns. ``time`` and ``cohort`` hold whole numbers or pandas periods; a
            missing cohort means never treated; a cohort is constant within its unit.
        weights : str, optional
            Column of positive weights; without it every cell weighs one.
        covariates : sequence of str
            Numeric columns.
        cluster : str, optional
            Column that names the cluster of a row; without it the unit is the cluster.
        scale : {"level", "log"}
            ``"log"`` says that `outcome` already holds logarithms; nothing is transformed here.
        unit_of_measure : str
            Unit of the outcome as a reader should see it.

        Returns
        -------
        Panel

        Raises
        ------
        PanelError
            With every fault found: absent columns, missing units or times, repeated unit x time,
            infinite outcomes, cohorts that vary within a unit, weights that are not positive.

        Examples
        --------
        >>> frame = pd.DataFrame({"zone": ["a", "a", "b", "b"], "year": [1, 2, 1, 2],
        ...                       "hours": [9.0, 6.0, 8.0, 8.0], "first": [2, 2, None, None]})
        >>> Panel.from_frame(
        ...     frame, unit="zone", time="year", outcome="hours", cohort="first").n_treated
        1
        """
        covariates = tuple(covariates)
        named = [unit, time, outcome, cohort, *covariates, *filter(None, (weights, cluster))]
        PanelError.raise_if(frame_checks.absent(frame, named))
        rows = frame.reset_index(drop=True)
        sorted_ = frame_checks.in_order(rows[unit], rows[time])
        PanelError.raise_if(
            [
                *frame_checks.missing(
                    rows, [unit, time, *covariates, *filter(None, (weights, cluster))]
                ),
                *([] if sorted_ else frame_checks.repeated(rows, unit=unit, time=time)),
                *frame_checks.not_finite(rows, [outcome, *covariates]),
                *frame_checks.varying(rows, unit=unit, column=cohort),
                *(frame_checks.not_positive(rows, weights) if weights else []),
            ]
        )
        labels = _labels(rows[time])
        cells = pd.DataFrame(
            {
                "unit": rows[unit],
                "time": _whole(rows[time], column=time).astype("int64"),
                "cluster": rows[cluster] if cluster else rows[unit],
                "n": np.ones(len(rows)),
                "weight": rows[weights].astype(float) if weights else np.ones(len(rows)),
                "outcome": rows[outcome].astype(float),
                "ss": np.zeros(len(rows)),
                **{name: rows[name].astype(float) for name in covariates},
            },
            copy=False,  # pandas copies when one of them is written to
        )
        once = ~frame_checks.follows(rows[unit]) if sorted_ else ~rows[unit].duplicated().to_numpy()
        # The same in all rows of a unit.
        first = _whole(pd.Series(rows[cohort].array[once]), column=cohort)
        cohorts = pd.Series(first.array, index=rows[unit].to_numpy()[once], dtype="Int64")
        cohorts = cohorts.sort_index()
        kept = cells["outcome"].notna()
        if not kept.any():
            raise PanelError.of(
                column=outcome,
                expected="at least one value that is not missing",
                found=f"{len(rows)} rows, all missing",
                mend="check the column and how missing values are written",
            )
        if not kept.all() or not sorted_:
            cells = cells[kept].sort_values(["unit", "time"], ignore_index=True)
        if not kept.all():
            cohorts = cohorts[cohorts.index.isin(cells["unit"].unique())]
        return cls(
            cells=cells,
            cohorts=cohorts,
            outcome=outcome,
            covariates=covariates,
            time_labels=labels,
            n_missing=int((~kept).sum()),
            scale=scale,
            unit_of_measure=unit_of_measure,
        )

    @property
    def units(self) -> np.ndarray:
        """Unit names, sorted; shape (n_units,)."""
        return self.cohorts.index.to_numpy()

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.cohorts)

    @property
    def n_obs(self) -> int:
        """Number of rows behind the cells."""
        return int(self.cells["n"].sum())

    @property
    def treated(self) -> np.ndarray:
        """Units with a cohort that occurs inside or before the window; shape (n_treated,)."""
        first = self.cohorts.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(self.cohorts.index[first <= self.times[-1]])

    @property
    def n_treated(self) -> int:
        """Number of units treated by the last time of the panel."""
        return len(self.treated)

    @property
    def cell_cohort(self) -> np.ndarray:
        """Cohort of every cell as floats, never treated = nan; shape (n_cells,)."""
        table = self.cohorts.to_numpy(dtype=float, na_value=np.nan)
        return np.asarray(np.take(table, cast(np.ndarray, self.positions)), dtype=float)

    @property
    def cell_event_time(self) -> np.ndarray:
        """Time minus cohort of every cell, never treated = nan; shape (n_cells,)."""
        return np.asarray(self.cells["time"].to_numpy(dtype=float) - self.cell_cohort)

    def wide(self, column: str = "outcome") -> pd.DataFrame:
        """Cell values as a table of units x times; absent cells are missing.

        Raises
        ------
        PanelError
            If categories split the unit x time cells.
        """
        if self.categories:
            raise PanelError.of(
                expected="one cell for every unit and time",
                found=f"cells split by {', '.join(self.categories)}",
                mend="compress without categories, or use a method that takes them",
            )
        times = self.times
        if len(self.cells) == self.n_units * len(times):  # every unit at every time, in order
            values = self.cells[column].to_numpy().reshape(self.n_units, len(times))
            return pd.DataFrame(values, index=self.cohorts.index, columns=times)
        table = self.cells.set_index(["unit", "time"])[column].unstack("time")  # noqa: PD010
        return table.reindex(index=self.cohorts.index, columns=self.times)

    def with_cohorts(self, cohorts: Mapping[object, int] | pd.Series) -> Panel:
        """Return the same cells under other cohorts; units not named become never treated."""
        given = pd.Series(cohorts, dtype="Int64").reindex(self.cohorts.index)
        return replace(self, cohorts=given)

    def with_outcome(self, values: np.ndarray) -> Panel:
        """Return the same cells with other cell means and no spread inside the cells."""
        flat = [*SQUARED_WEIGHTS[1:], *map(product, self.covariates)]
        still = dict.fromkeys([name for name in flat if name in self.cells], 0.0)
        cells = self.cells.assign(outcome=np.asarray(values, dtype=float), ss=0.0, **still)
        return replace(self, cells=cells, thresholds=(), bins=None)

    def keep(self, mask: np.ndarray) -> Panel:
        """Return the cells where `mask` (n_cells,) is true; units left without cells go.

        Raises
        ------
        PanelError
            If no cell is left.
        """
        cells = self.cells[np.asarray(mask, dtype=bool)].reset_index(drop=True)
        if cells.empty:
            raise PanelError.of(
                expected="at least one cell after the selection",
                found="none",
                mend="widen the window or keep more units",
            )
        return replace(
            self,
            cells=cells,
            cohorts=self.cohorts[self.cohorts.index.isin(cells["unit"].unique())],
            positions=None,  # and the times
        )

    def keep_units(self, units: Sequence[object]) -> Panel:
        """Return the cells of the named units only."""
        return self.keep(self.cells["unit"].isin(list(units)).to_numpy())

    def keep_times(self, first: int, last: int) -> Panel:
        """Return the cells from time `first` to time `last`, both included."""
        return self.keep(self.cells["time"].between(first, last).to_numpy())


def _times(times: np.ndarray) -> np.ndarray:
    """Give the times that occur, sorted."""
    size = int(np.argmax(times[1:] <= times[0])) + 1 if len(times) > 1 else 1
    shaped = times.reshape(-1, size) if len(times) % size == 0 else times[:0]
    # Most panels are the first unit's times again and again.
    found = times[:size] if len(shaped) and (shaped == times[:size]).all() else pd.unique(times)
    made = np.sort(found)
    made.flags.writeable = False
    return made


def _positions(cells: pd.DataFrame, units: pd.Index) -> np.ndarray:
    """Position of every cell's unit among the units; mostly a unit's cells follow each other."""
    held = cells["unit"]
    if held.dtype == units.dtype and pd.api.types.is_numeric_dtype(held):
        new = ~frame_checks.follows(held)
        if np.array_equal(held.to_numpy()[new], units.to_numpy()):
            return np.asarray(np.cumsum(new) - 1)
    return np.asarray(units.get_indexer(pd.Index(held)))


def _labels(times: pd.Series) -> pd.Series | None:
    if not isinstance(times.dtype, pd.PeriodDtype):
        return None
    unique = pd.PeriodIndex(times.drop_duplicates()).sort_values()
    return pd.Series(unique.astype(str), index=[period.ordinal for period in unique])


def _whole(values: pd.Series, *, column: str) -> pd.Series:
    """Return times or cohorts as whole numbers; periods become their ordinals."""
    if isinstance(values.dtype, pd.PeriodDtype):
        ordinals = [pd.NA if pd.isna(value) else value.ordinal for value in values]
        return pd.Series(ordinals, index=values.index, dtype="Int64")
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        return values.astype("Int64")
    numbers = pd.to_numeric(values, errors="coerce")
    lost = (numbers.isna() & values.notna()) | np.isinf(numbers.to_numpy(dtype=float))
    wrong = lost | (numbers.notna() & (numbers.round() != numbers))
    if wrong.any() or pd.api.types.is_datetime64_any_dtype(values):
        first = values[wrong].iloc[0] if wrong.any() else values.iloc[0]
        raise PanelError.of(
            column=column,
            expected="whole numbers or pandas periods",
            found=str(first),
            mend="number the periods, or convert dates with .dt.to_period('M')",
        )
    return numbers.astype("Int64")
