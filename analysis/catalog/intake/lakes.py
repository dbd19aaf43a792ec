"""Parquet files: what they claim is looked at before a row is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.raw import Raw, no_head
from analysis.errors import DataError, Fault
from analysis.supply.headers import Headings
from analysis.supply.limits import LIMITS
from analysis.supply.words import quoted

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


def open_parquet(desk: Desk, path: Path, headings: Headings, *, table: str) -> Raw:
    """Put a view of a Parquet file on the desk; numbers and moments keep their types.

    Raises
    ------
    DataError
        The file is broken, claims too many rows, or holds lists, records or bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _fault(path, "a whole Parquet file", str(error).splitlines()[0][:160]) from None
    _claims(path, metadata)
    names = tuple(schema.names)
    if len(names) > LIMITS.columns:
        raise _fault(path, f"at most {LIMITS.columns} columns", f"{len(names):,}")
    if headings.score(names) < min(2, len(headings.source.columns)):
        raise DataError(no_head(path.name, names[:20], headings))
    kinds = tuple(_kind(path, field) for field in schema)
    columns = ", ".join(
        f"{quoted(name)}{'::VARCHAR' if kind == 'text' else ''} AS c{number}"
        for number, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    link = desk.link(path, name=f"{table}.parquet")
    read = f"read_parquet({link}, file_row_number = true)"
    desk.run(
        f"CREATE VIEW {quoted(table)} AS SELECT file_row_number + 1 AS _row, {columns} FROM {read}"
    )
    if metadata.num_rows == 0:
        raise _fault(path, "rows", "none")
    return Raw(table=table, place=path.name, headings=names, types=kinds, numeric=_numeric(kinds))


def _numeric(kinds: tuple[str, ...]) -> frozenset[int]:
    return frozenset(n for n, kind in enumerate(kinds) if kind in ("whole", "number"))


def _claims(path: Path, metadata: pq.FileMetaData) -> None:
    size, rows = path.stat().st_size, int(metadata.num_rows)
    crowded = rows > LIMITS.few_rows and rows > LIMITS.rows_a_byte * size
    groups = [metadata.row_group(n) for n in range(min(metadata.num_row_groups, 10_000))]
    summed = sum(int(group.num_rows) for group in groups)
    unpacked = sum(int(group.total_byte_size) for group in groups)
    if rows > LIMITS.rows or crowded or rows < 0:
        raise _fault(path, f"at most {LIMITS.rows_a_byte} rows a byte", f"{rows:,} rows claimed")
    if metadata.num_row_groups <= 10_000 and summed != rows:
        raise _fault(path, f"{rows:,} rows, as the file claims", f"{summed:,} in its parts")
    if unpacked > 2_000 * size + 100 * 2**20:
        raise _fault(path, "an honest size", f"{unpacked:,} bytes once unpacked")


def _kind(path: Path, field: pa.Field) -> str:
    import pyarrow as pa

    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise DataError(
            Fault(
                file=path.name,
                column=field.name,
                expected="one number, text or moment a cell",
                found=str(kind),
                mend="write one value into each cell",
            )
        )
    if pa.types.is_integer(kind):
        return "whole"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return "moment"
    return "text"  # also moments with an offset, which is then asked about


def _fault(path: Path, expected: str, found: str) -> DataError:
    return DataError(
        Fault(
            file=path.name,
            expected=expected,
            found=found,
            mend="write the file again from the system it came from, or send it as CSV",
        )
    )
