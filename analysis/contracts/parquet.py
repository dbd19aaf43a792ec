"""From the bytes of a Parquet file to a typed table, held to the column contract of its source.

A file says how many rows and which columns it holds before any is read; both are looked at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.contracts.strict import parse_cell
from analysis.declarations import Column, Source
from analysis.errors import DataError, Fault

#: Rows that are read into memory at most; larger files go through `analysis.methods.compress`.
MOST_ROWS = 5_000_000
#: Faults told of one column at most.
MOST_FAULTS = 5


def parse_parquet(raw: bytes, source: Source, *, file: str) -> pd.DataFrame:
    """Read Parquet bytes by the contract of `source`.

    Parameters
    ----------
    raw : bytes
    source : Source
    file : str
        File as the user knows it.

    Returns
    -------
    pandas.DataFrame
        As `parse_table` gives it, texts as categories; rows count from 1 in faults.

    Raises
    ------
    DataError
        Bytes that are no Parquet, more rows than are read, columns that are not those of the
        contract, or cells that break it.
    """
    table = _opened(raw, source, file=file)
    columns, faults = {}, []
    for name, contract in source.columns.items():
        values = pa.concat_arrays(table[name].unify_dictionaries().chunks)
        kind = _kind_fault(name, contract, values.type, file=file)
        if kind is not None:
            faults.append(kind)
            continue
        wrong = list(_cell_faults(name, contract, values, file=file))
        faults.extend(wrong)
        if not wrong:
            columns[name] = _series(values, contract)
    DataError.raise_if(faults)
    frame = pd.DataFrame(columns)
    DataError.raise_if(list(_twice(frame, source, file=file)))
    return frame


def _opened(raw: bytes, source: Source, *, file: str) -> pa.Table:
    try:
        opened = pq.ParquetFile(pa.BufferReader(raw))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            Fault(
                expected="a Parquet file",
                found=str(error).splitlines()[0],
                mend="save the table as Parquet",
                file=file,
            )
        ) from None
    rows, held = opened.metadata.num_rows, list(opened.schema_arrow.names)
    faults = []
    if not 0 < rows <= MOST_ROWS:
        faults.append(
            Fault(
                expected=f"1 to {MOST_ROWS:,} rows",
                found=f"{rows:,} rows",
                mend="compress the records into unit x time cells first" if rows else "add rows",
                file=file,
            )
        )
    if sorted(held) != sorted(source.columns):
        faults.append(
            Fault(
                expected="the columns " + ", ".join(source.columns),
                found=", ".join(held),
                mend="rename, add or remove columns",
                file=file,
            )
        )
    DataError.raise_if(faults)
    return opened.read()


def _kind_fault(name: str, contract: Column, kind: pa.DataType, *, file: str) -> Fault | None:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    whole, number = pa.types.is_integer(inner), pa.types.is_floating(inner)
    fits = {"whole": whole, "number": whole or number}.get(
        contract.type, pa.types.is_string(inner) or pa.types.is_large_string(inner)
    )
    if fits:
        return None
    return Fault(
        expected=f"a column of type {contract.type}",
        found=f"type {kind}",
        mend="save the column with this type",
        file=file,
        column=name,
    )


def _series(values: pa.Array, contract: Column) -> pd.Series:
    if contract.type == "whole":
        numbers = pd.array(values.to_numpy(zero_copy_only=False))
        return pd.Series(numbers).astype("Int64" if contract.missing else "int64")
    if contract.type == "number":
        return pd.Series(values.to_numpy(zero_copy_only=False), dtype="float64")
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    return pd.Series(coded.to_pandas())


def _cell_faults(name: str, contract: Column, values: pa.Array, *, file: str) -> Iterator[Fault]:
    """Yield the first faults of a column: empty cells, and values the contract does not allow."""
    if values.null_count and not contract.missing:
        empty = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
        yield from _told(name, empty, "a value", lambda _: "an empty cell", file=file)
    held = values.drop_null()
    if pa.types.is_dictionary(held.type) or contract.type not in ("whole", "number"):
        for text in held.unique().to_pylist():
            read = parse_cell(str(text), contract)
            if read.expected is not None:
                yield Fault(
                    expected=read.expected,
                    found=repr(text),
                    mend=read.mend,
                    file=file,
                    column=name,
                )
        return
    numbers = values.to_numpy(zero_copy_only=False).astype(float)
    if not contract.missing:
        empty = np.flatnonzero(np.isnan(numbers) & ~values.is_null().to_numpy(zero_copy_only=False))
        yield from _told(name, empty, "a value", lambda _: "an empty cell", file=file)
    low = -np.inf if contract.minimum is None else contract.minimum
    high = np.inf if contract.maximum is None else contract.maximum
    with np.errstate(invalid="ignore"):
        wrong = (numbers < low) | (numbers > high) | np.isinf(numbers)
    expected = f"a number from {low:.15g} to {high:.15g} ({contract.unit})"
    yield from _told(name, np.flatnonzero(wrong), expected, lambda at: f"{numbers[at]}", file=file)


def _told(
    name: str, rows: np.ndarray, expected: str, found: Callable[[int], str], *, file: str
) -> Iterator[Fault]:
    for row in rows[:MOST_FAULTS]:
        yield Fault(
            expected=expected,
            found=found(int(row)),
            mend="correct the cell",
            file=file,
            row=int(row) + 1,
            column=name,
        )


def _twice(frame: pd.DataFrame, source: Source, *, file: str) -> Iterator[Fault]:
    key = list(source.key)
    again = np.flatnonzero(frame.duplicated(key).to_numpy())
    expected = "each " + " and ".join(key) + " once"
    yield from _told(
        ", ".join(key),
        again,
        expected,
        lambda at: ", ".join(str(frame[name].iloc[at]) for name in key) + " again",
        file=file,
    )
