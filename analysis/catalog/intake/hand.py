"""Handing a checked table over, in the form its source declares, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.spread import Spread
from analysis.supply.intake import Taken
from analysis.supply.words import literal, quoted

_TYPES = {"whole": "BIGINT", "number": "DOUBLE", "text": "VARCHAR", "date": "VARCHAR"}


def write_table(desk: Desk, one: Spread, path: Path) -> None:
    """Write the rows that stay as CSV or Parquet, in their order; the same rows, the same bytes."""
    columns = ", ".join(_columns(one))
    kind = "FORMAT parquet, COMPRESSION zstd"
    if path.suffix != ".parquet":
        kind = "FORMAT csv, HEADER true"
    rows = f"SELECT {columns} FROM {one.held.sql} ORDER BY _row"
    desk.run(f"COPY ({rows}) TO {literal(str(path))} ({kind})")


def _columns(one: Spread) -> Iterator[str]:
    """Yield the declared columns; numbers of records become running numbers where those are."""
    for name, column in one.offered.source.columns.items():
        own = quoted(name)
        if column.type == "whole" and one.contract.columns[name].type == "text":
            yield f"row_number() OVER (ORDER BY _row) AS {own}"
        elif column.type == "moment":
            yield f"strftime({own}, '%Y-%m-%d %H:%M:%S') AS {own}"
        else:
            yield f"{own}::{_TYPES[column.type]} AS {own}"


def summary(desk: Desk, one: Spread, *, sha256: str, shown: bool) -> Taken:
    """Count the rows, units, times and cells of a table."""
    use = one.held.use
    ((rows,),) = desk.ask(f"SELECT count(*) FROM {one.held.sql}")
    units = times = cells = 0
    if use.unit is not None and use.time is not None:
        unit, time = quoted(use.unit), quoted(use.time)
        ((units, times, cells),) = desk.ask(
            f"SELECT count(DISTINCT u), count(DISTINCT t), count(*) FROM (SELECT {unit} AS u, "
            f"{time} AS t FROM {one.held.sql} WHERE {unit} IS NOT NULL AND {time} IS NOT NULL "
            "GROUP BY ALL)"
        )
    return Taken(
        source=one.contract.id,
        file=one.held.file,
        sha256=sha256,
        size=one.offered.size,
        rows_in=one.rows,
        rows_out=int(rows),
        units=int(units),
        times=int(times),
        cells=int(cells),
        gaps=int(units) * int(times) - int(cells),
        open=shown,
    )
