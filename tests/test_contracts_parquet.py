"""Parquet bytes are held to the contract of their source before a row is believed."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.contracts import parquet
from analysis.contracts.parquet import parse_parquet
from analysis.declarations import Column, Source
from analysis.errors import DataError, Fault

SOURCE = Source(
    id="stays",
    file="simulated/stays.parquet",
    title="Stays",
    producer="Nobody",
    address="nowhere",
    licence="CC0",
    accessed="2026",
    sha256="0" * 64,
    kind="simulated",
    key=("stay",),
    columns={
        "stay": Column(type="whole", unit="none", description="Number", minimum=1),
        "zone": Column(type="text", unit="none", description="Zone"),
        "goods": Column(type="text", unit="none", description="Goods", allowed=("parts", "other")),
        "hours": Column(type="number", unit="hours", description="Hours", minimum=0, maximum=100),
        "first": Column(type="whole", unit="month", description="First", missing=True),
    },
)


def table(**changed: object) -> dict[str, object]:
    return {
        "stay": [1, 2, 3],
        "zone": ["a", "a", "b"],
        "goods": ["parts", "other", "parts"],
        "hours": [1.5, 2.0, 99.0],
        "first": pa.array([None, 4, 5], pa.int32()),
    } | changed


def raw(columns: dict[str, object], **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


def faults(content: bytes) -> list[Fault]:
    with pytest.raises(DataError) as caught:
        parse_parquet(content, SOURCE, file="data/simulated/stays.parquet")
    return list(caught.value.faults)


def test_a_table_that_holds_is_read_with_its_types() -> None:
    frame = parse_parquet(raw(table()), SOURCE, file="x")
    assert frame["stay"].tolist() == [1, 2, 3]
    assert frame["zone"].astype("str").tolist() == ["a", "a", "b"]
    assert frame["hours"].dtype == np.dtype("float64")
    assert frame["first"].dtype == pd.Int64Dtype()
    assert frame["first"].isna().tolist() == [True, False, False]


def test_pieces_with_dictionaries_of_their_own_are_one_column() -> None:
    columns = table(zone=pa.array(["a", "b", "a"]).dictionary_encode())
    frame = parse_parquet(raw(columns, row_group_size=1), SOURCE, file="x")
    assert frame["zone"].astype("str").tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("changed", "column", "row", "found"),
    [
        ({"hours": [1.0, -2.0, 3.0]}, "hours", 2, "-2.0"),
        ({"hours": [1.0, 2.0, 100.5]}, "hours", 3, "100.5"),
        ({"hours": [np.inf, 2.0, 3.0]}, "hours", 1, "inf"),
        ({"hours": pa.array([1.0, None, 3.0])}, "hours", 2, "an empty cell"),
        ({"stay": [1, 2, 2]}, "stay", 3, "2 again"),
        ({"stay": [0, 1, 2]}, "stay", 1, "0.0"),
        ({"goods": ["parts", "part", "parts"]}, "goods", None, "'part'"),
        ({"zone": ["a", " a", "b"]}, "zone", None, "' a'"),
        ({"zone": pa.array(["a", None, "b"])}, "zone", 2, "an empty cell"),
        ({"stay": ["1", "2", "3"]}, "stay", None, "type string"),
        ({"hours": ["1", "2", "3"]}, "hours", None, "type string"),
        ({"stay": [1.0, 2.0, 3.0]}, "stay", None, "type double"),
        ({"zone": [1, 2, 3]}, "zone", None, "type int64"),
    ],
)
def test_a_cell_that_breaks_the_contract_is_named(
    changed: dict[str, object], column: str, row: int | None, found: str
) -> None:
    (fault,) = faults(raw(table(**changed)))
    assert (fault.column, fault.row, fault.found) == (column, row, found)
    assert fault.file == "data/simulated/stays.parquet"


def test_nan_is_an_empty_cell() -> None:
    (fault,) = faults(raw(table(hours=[1.0, np.nan, 3.0])))
    assert (fault.column, fault.row, fault.found) == ("hours", 2, "an empty cell")


def test_columns_are_those_of_the_contract() -> None:
    columns = table()
    columns["more"] = columns.pop("first")
    (fault,) = faults(raw(columns))
    assert fault.found.endswith("more")


def test_no_rows_and_too_many_rows_are_refused_before_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = pa.table(table()).schema
    (fault,) = faults(raw({name: pa.array([], schema.field(name).type) for name in schema.names}))
    assert fault.found == "0 rows"
    monkeypatch.setattr(parquet, "MOST_ROWS", 2)
    (fault,) = faults(raw(table()))
    assert fault.found == "3 rows"


@pytest.mark.parametrize("content", [b"", b"zone,month\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_bytes_that_are_no_parquet_are_named(content: bytes) -> None:
    (fault,) = faults(content)
    assert fault.expected == "a Parquet file"
