"""Microdata to a panel of cells in one pass, at any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from analysis.errors import DataError, PanelError
from analysis.methods import cell_query, passes, sources
from analysis.methods.bins import LogBins
from analysis.methods.cell_query import Frequency, Plan, Shifts
from analysis.methods.cell_table import all_finite, not_finite_faults, panel_of, row_faults
from analysis.methods.panel import CELL_COLUMNS, SQUARED_WEIGHTS, Panel

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends import BaseBackend


def compress(
    source: sources.Source,
    *,
    unit: str,
    time: str,
    outcome: str,
    cohort: str,
    categories: Sequence[str] = (),
    covariates: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    transform: Literal["level", "log"] = "level",
    freq: Frequency | None = None,
    thresholds: Sequence[float] = (),
    bins: LogBins | None = None,
    unit_of_measure: str = "",
    engine: BaseBackend | None = None,
    max_rows: int | None = None,
    progress: passes.Progress | None = None,
) -> Panel:
    r"""Group rows into cells that give the same regressions as the rows.

    Parameters
    ----------
    source : path, glob, pandas, polars or Arrow table, or Ibis table
        One row a declaration. Files are Parquet or CSV (comma, UTF-8, header).
    unit, time, outcome, cohort : str
        Names of columns. A missing cohort means never treated; the cohort is constant within a
        unit. Rows with a missing outcome are left out and counted.
    categories : sequence of str
        Discrete columns that split the cells; regressions take out an effect for each level.
    covariates : sequence of str
        Numeric columns, kept through sums and cross-products; regressions control for them.
    weights : str, optional
        Column of positive sampling weights.
    cluster : str, optional
        Column of clusters; it may be finer than the unit, then it splits the cells.
    transform : {"level", "log"}
        ``"log"`` takes the natural logarithm; values at or below zero are refused.
    freq : {"M", "Q", "Y"}, optional
        Given when `time` and `cohort` hold dates: months, quarters or years are counted.
    thresholds : sequence of float
        Values, in units before any logarithm, whose shares of rows at or below are counted.
    bins : LogBins, optional
        Count the rows of every cell in these bins, for percentiles.
    unit_of_measure : str
        Unit of the outcome as a reader should see it.
    engine : Ibis connection, optional
        Where to compute: DuckDB, Spark or a warehouse. Without it an embedded DuckDB, or the
        connection that an Ibis table comes from.
    max_rows : int, optional
        Rows that a Parquet file may claim. Without it a file that claims more rows than its size
        makes likely is refused.
    progress : callable, optional
        Called with the share done, 0 to 1, several times a second.

    Returns
    -------
    Panel

    Raises
    ------
    DataError
        If the source cannot be read, before the work where that can be known.
    PanelError
        With every fault of the rows: missing keys, infinite or, under logarithms, non-positive
        outcomes, weights that are not positive, missing covariates, varying cohorts.

    Notes
    -----
    A constant near the mean is taken off first, so that large values lose no digits. A cell keeps
    :math:`n`, :math:`\bar y` and :math:`\sum (y - \bar y)^2` (merged without cancellation),
    with weights also :math:`\sum w^2 (y - \bar y)^j`, with covariates :math:`\sum w (z - \bar z)
    (z - \bar z)'` and :math:`\sum w (z - \bar z)(y - \bar y)`. Memory grows with the number of
    cells, not of rows.

    References
    ----------
    Wong, Forsell, Lewis, Mao and Wardrop (2021), arXiv:2102.11297.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"zone": ["a", "a", "a", "b"], "year": [1, 1, 2, 1],
    ...                      "hours": [9.0, 7.0, 6.0, 8.0], "first": [2, 2, 2, None]})
    >>> panel = compress(rows, unit="zone", time="year", outcome="hours", cohort="first")
    >>> panel.cells[["unit", "time", "n", "outcome", "ss"]].values.tolist()
    [['a', 1, 2.0, 8.0, 2.0], ['a', 2, 1.0, 6.0, 0.0], ['b', 1, 1.0, 8.0, 0.0]]
    """
    plan = Plan(
        unit=unit,
        time=time,
        cohort=cohort,
        outcome=outcome,
        cluster=cluster,
        weights=weights,
        categories=tuple(categories),
        covariates=tuple(covariates),
        log=transform == "log",
        freq=freq,
        thresholds=tuple(sorted(thresholds)),
        bins=bins,
    )
    cell_query.refuse_names(plan, (*CELL_COLUMNS, *SQUARED_WEIGHTS))
    with sources.opened(source, engine=engine, max_rows=max_rows) as opened:
        PanelError.raise_if(cell_query.faults(opened.table, plan, text=opened.text))
        shift = _shift(opened, plan)
        rows = _grouped(opened, plan, shift, progress)
    return panel_of(rows, plan, shift, unit_of_measure=unit_of_measure)


def _shift(opened: sources.Opened, plan: Plan) -> Shifts:
    means = passes.run(cell_query.shifts(opened.table, plan), opened.connection).iloc[0].fillna(0)
    return Shifts(
        outcome=float(means["outcome"]),
        covariates=tuple(float(means[f"z {i}"]) for i in range(len(plan.covariates))),
    )


def _grouped(
    opened: sources.Opened, plan: Plan, shift: Shifts, progress: passes.Progress | None
) -> pd.DataFrame:
    """Make the pass; only if something was not finite, count what, and pass again without nan."""
    table, connection = opened.table, opened.connection
    failed, rows = None, None
    try:
        asked = cell_query.cells(table, plan, shift, clean=False)
        rows = passes.run(asked, connection, progress=progress)
        if all_finite(rows):
            return rows
    except DataError as error:
        failed = error
    counts = passes.run(cell_query.not_finite(table, plan), connection).iloc[0].fillna(0)
    PanelError.raise_if(not_finite_faults(counts, plan))
    if not counts["nan 0"]:
        PanelError.raise_if(row_faults(rows, plan) if rows is not None else ())
        raise failed or DataError.of(
            column=plan.outcome,
            expected="values whose squares can be added",
            found="sums beyond the largest number",
            mend="measure the outcome in a larger unit",
        )
    asked = cell_query.cells(table, plan, shift, clean=True)
    return passes.run(asked, connection, progress=progress)
