"""Supplied tables of many million rows: checked on the desk before, read here column by column.

Texts become categories and whole numbers their smallest type, so that memory holds a few bytes a
cell. Numbers of records are not read at all: no evaluation needs them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis.declarations import Column, Source
from analysis.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

#: Files of more rows are read by this room.
MANY_ROWS = 5_000_000


def is_large(root: Path, source: Source) -> bool:
    """Whether the file of a source is a supplied Parquet file of very many rows."""
    path = root / "data" / source.file
    if source.kind != "real" or path.suffix != ".parquet" or not path.is_file():
        return False
    import pyarrow.parquet as pq

    return bool(pq.read_metadata(path).num_rows > MANY_ROWS)


def read_large(root: Path, source: Source) -> pd.DataFrame:
    """Read a table that was checked when it was taken in.

    Raises
    ------
    DataError
        The file has changed since, or lacks a column.
    """
    import pyarrow.parquet as pq

    path = root / "data" / source.file
    with path.open("rb") as stream:
        same = hashlib.file_digest(stream, "sha256").hexdigest() == source.sha256
    if not same:
        raise _changed(source, "other bytes")
    named = [name for name, column in source.columns.items() if column.role != "record"]
    with pq.ParquetFile(path, read_dictionary=_texts(source)) as file:
        lacking = sorted(set(named) - set(file.schema_arrow.names))
        if lacking:
            raise _changed(source, f"no column {', '.join(lacking)}")
        columns = {name: _column(file.read([name])[name], source.columns[name]) for name in named}
    return pd.DataFrame(columns, copy=False)


def _changed(source: Source, found: str) -> DataError:
    return DataError.of(
        file=f"data/{source.file}",
        expected="the file as it was when it was checked",
        found=found,
        mend="run the command again, and leave its folder alone meanwhile",
    )


def _texts(source: Source) -> list[str]:
    return [name for name, column in source.columns.items() if column.type in ("text", "date")]


def _column(values: pa.ChunkedArray, contract: Column) -> pd.Series:
    import pyarrow as pa

    if contract.type == "number":
        return pd.Series(values.cast(pa.float64()).to_pandas())
    if contract.type == "whole" and not contract.missing:
        highest = contract.maximum if contract.maximum is not None else 2.0**62
        kind = pa.int16() if highest < 2**15 else pa.int32() if highest < 2**31 else pa.int64()
        return pd.Series(values.cast(kind).to_pandas())
    if contract.type == "whole":
        nullable = {pa.int64(): pd.Int64Dtype()}.get
        return pd.Series(values.cast(pa.int64()).to_pandas(types_mapper=nullable))
    return pd.Series(values.to_pandas())
