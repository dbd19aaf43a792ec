"""Microdata of any kind as one Ibis table, checked before a row is read."""

from __future__ import annotations

import glob
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from analysis.errors import DataError, Fault
from analysis.methods import resources

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa
    from ibis.backends import BaseBackend

#: What `compress` reads; a polars DataFrame goes as well.
Source: TypeAlias = "str | Path | pd.DataFrame | pa.Table | ibis.Table"

#: A Parquet file with more rows a byte than this holds next to nothing: it must be meant.
ROWS_A_BYTE = 16
#: Files that claim fewer rows than this are read whatever their size.
FEW_ROWS = 10_000_000
#: Bytes of a text file that are looked at before it is read.
LOOK = 1 << 16

_PARQUET = (".parquet", ".pq")
_TEXT = (".csv", ".csv.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A table and the connection that will read it.

    Attributes
    ----------
    table : ibis.Table
    connection : ibis backend
    text : bool
        Whether every column is text because the file was.
    """

    table: ibis.Table
    connection: BaseBackend
    text: bool


@contextmanager
def opened(source: Any, *, engine: BaseBackend | None, max_rows: int | None) -> Iterator[Opened]:
    """Open `source`, and leave no connection and no file behind.

    Parameters
    ----------
    source : path, glob, pandas, polars or Arrow table, or Ibis table
    engine : Ibis connection, optional
        Who reads; without it the connection of an Ibis table, else an embedded DuckDB.
    max_rows : int, optional
        Rows that a Parquet file may claim.

    Raises
    ------
    DataError
        If the files are absent or not what their names say, or claim too many rows, or if there
        is too little memory or disk to start.
    """
    import ibis

    files = _files(source, ours=engine is None) if isinstance(source, str | Path) else None
    text = files is not None and _is_text(files, max_rows=max_rows)
    if engine is None and isinstance(source, ibis.Table) and source.get_backend() is not None:
        engine = source.get_backend()
    if engine is not None:
        yield Opened(table=_table(source, files, engine), connection=engine, text=text)
        return
    room = resources.room_to_work()
    with TemporaryDirectory(prefix="analysis-") as folder:
        own = ibis.duckdb.connect(
            temp_directory=folder,
            memory_limit=f"{room.memory // 2**20}MiB",
            max_temp_directory_size=f"{room.disk // 2**20}MiB",
            preserve_insertion_order=False,
        )
        try:
            yield Opened(table=_table(source, files, own), connection=own, text=text)
        finally:
            own.disconnect()


def _table(source: Any, files: list[str] | None, engine: BaseBackend) -> ibis.Table:
    with quiet():
        return _read(source, files, engine)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to itself what Ibis 12 calls that DuckDB 2 has a new name for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        yield


def _read(source: Any, files: list[str] | None, engine: BaseBackend) -> ibis.Table:
    import ibis

    if files is None:
        return source if isinstance(source, ibis.Table) else ibis.memtable(_arrow(source))
    if not files[0].lower().endswith(_TEXT):  # an address may be a folder of Parquet files
        return engine.read_parquet(files if len(files) > 1 else files[0])
    if engine.name == "duckdb":
        return engine.read_csv(files, all_varchar=True, header=True, strict_mode=True)
    return engine.read_csv(files if len(files) > 1 else files[0], header=True)


def _arrow(source: Any) -> pa.Table:
    import pandas as pd
    import pyarrow as pa

    if isinstance(source, pd.DataFrame):
        return pa.Table.from_pandas(source, preserve_index=False)
    if isinstance(source, pa.Table) or hasattr(source, "__arrow_c_stream__"):
        return pa.table(source)
    raise DataError.of(
        expected="a path, or a pandas, polars, Arrow or Ibis table",
        found=type(source).__name__,
        mend="convert it to one of these",
    )


def _files(source: str | Path, *, ours: bool) -> list[str]:
    name = str(source)
    if "://" in name:
        if ours:
            raise DataError.of(
                file=name,
                expected="a path of this machine",
                found="an address",
                mend="give engine=, an Ibis connection that may read it",
            )
        return [name]
    # Path.glob takes no absolute pattern
    found = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else [name]  # noqa: PTH207
    kinds = {next((s for s in (*_PARQUET, *_TEXT) if f.lower().endswith(s)), "") for f in found}
    there = [file for file in found if Path(file).is_file()]
    if not there or len(there) < len(found):
        raise DataError.of(
            file=name,
            expected="at least one file",
            found="nothing there" if not Path(name).is_dir() else "a folder",
            mend="correct the path; for a folder of files write folder/*.parquet",
        )
    if "" in kinds or len({kind in _TEXT for kind in kinds}) > 1:
        raise DataError.of(
            file=name,
            expected=f"files of one kind, {', '.join((*_PARQUET, *_TEXT))}",
            found=", ".join(Path(file).name for file in found[:3]),
            mend="convert the file, or pass a table instead of a path",
        )
    return there


def _is_text(files: list[str], *, max_rows: int | None) -> bool:
    if "://" in files[0]:
        return files[0].lower().endswith(_TEXT)
    text = files[0].lower().endswith(_TEXT)
    if text:
        DataError.raise_if(fault for file in files for fault in _text_faults(file))
    else:
        DataError.raise_if(fault for file in files for fault in _parquet_faults(file, max_rows))
    return text


def _parquet_faults(file: str, max_rows: int | None) -> Iterator[Fault]:
    import pyarrow as pa
    from pyarrow import parquet

    size = Path(file).stat().st_size
    try:
        rows = int(parquet.read_metadata(file).num_rows)
    except (pa.ArrowInvalid, OSError) as error:
        yield Fault(
            file=file,
            expected="a whole Parquet file",
            found=str(error).splitlines()[0],
            mend="write the file again; a copy may have been cut short",
        )
        return
    crowded = rows > FEW_ROWS and rows > ROWS_A_BYTE * size
    if rows > max_rows if max_rows is not None else crowded:
        yield Fault(
            file=file,
            expected=f"at most {max_rows:,} rows"
            if max_rows is not None
            else f"at most {ROWS_A_BYTE} rows a byte",
            found=f"{rows:,} rows claimed in {size:,} bytes",
            mend=f"look at the file; if it is right, pass max_rows={rows}",
        )


def _text_faults(file: str) -> Iterator[Fault]:
    with Path(file).open("rb") as stream:
        head = stream.read(LOOK)
    packed = head[:2] == b"\x1f\x8b"
    if packed == file.lower().endswith(".gz"):
        if packed:
            return
        wrong = _not_text(head)
    else:
        wrong = "gzip under another name" if packed else "no gzip"
    if wrong:
        yield Fault(
            file=file,
            expected="comma-separated text in UTF-8 with a header line",
            found=wrong,
            mend="export the table again as CSV in UTF-8, or as Parquet",
        )


def _not_text(head: bytes) -> str:
    for mark, kind in ((b"PAR1", "Parquet"), (b"PK\x03\x04", "a zip or a workbook")):
        if head.startswith(mark):
            return kind
    if not head.strip():
        return "an empty file"
    if b"\0" in head:
        return "binary data"
    whole = head if len(head) < LOOK else head[: head.rfind(b"\n") + 1]
    try:
        lines = whole.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        return f"bytes that are not UTF-8 at position {error.start}"
    if not lines or "," not in lines[0]:
        return "a first line without commas" if lines else "one line of more than 64 kB"
    return ""
