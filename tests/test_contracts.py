"""A table either holds to its contract or every fault is named with its line and column."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from analysis.contracts import decode, parse_table
from analysis.declarations import Column, Source
from analysis.errors import DataError, Fault


def make_source() -> Source:
    return Source(
        id="trade",
        file="published/trade.csv",
        title="Trade",
        producer="Bureau",
        address="https://example.org",
        licence="none stated",
        accessed="2026",
        sha256=hashlib.sha256(b"").hexdigest(),
        kind="published",
        key=("region", "year"),
        columns={
            "region": Column(
                type="text", unit="none", description="Region", allowed=("Anhui", "Sichuan")
            ),
            "year": Column(
                type="whole", unit="year", description="Year", minimum=1990, maximum=2100
            ),
            "trade": Column(type="number", unit="million USD", description="Trade", minimum=0),
            "zones": Column(type="whole", unit="zones", description="Zones", missing=True),
            "opened": Column(type="date", unit="date", description="Opened", missing=True),
        },
    )


HEAD = "region,year,trade,zones,opened\n"
GOOD = HEAD + "Anhui,2020,1.5,,2021-09\nSichuan,2020,2e3,3,\n"


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(DataError) as caught:
        parse_table(text, make_source())
    return caught.value.faults


def test_a_good_table_is_typed_by_its_contract() -> None:
    table = parse_table(GOOD, make_source())
    assert list(table.columns) == ["region", "year", "trade", "zones", "opened"]
    assert table["year"].dtype == np.int64
    assert table["trade"].tolist() == [1.5, 2000.0]
    assert table["zones"].dtype == "Int64"
    assert table["zones"].isna().tolist() == [True, False]
    assert table["opened"].isna().tolist() == [False, True]


def test_columns_may_stand_in_any_order_and_lines_may_end_in_any_way() -> None:
    text = "year,region,trade,opened,zones\r\n2020,Anhui,1.5,,\r\n"
    assert parse_table(text, make_source())["trade"].tolist() == [1.5]


@pytest.mark.parametrize(
    ("cells", "column", "expected"),
    [
        ("Anhui,2020,-1,,", "trade", "from 0 to any (million USD)"),
        ("Anhui,2020,1e400,,", "trade", "finite"),
        ("Anhui,2020,inf,,", "trade", "a number"),
        ("Anhui,2020,nan,,", "trade", "a number"),
        ("Anhui,2020,NA,,", "trade", "a number"),
        ("Anhui,2020,,,", "trade", "a value"),
        ("Anhui,2020, 1.5,,", "trade", "no spaces"),
        ("Anhui,2020,1.5 ,,", "trade", "no spaces"),
        ('Anhui,2020,"1,500",,', "trade", "without separators"),
        ("Anhui,2020,1.5万,,", "trade", "a number"),
        ("Anhui,2020,0x10,,", "trade", "a number"),
        ("Anhui,2020,1_000,,", "trade", "a number"),
        ("Anhui,2020,١٢,,", "trade", "a number"),
        ("Anhui,2020.0,1.5,,", "year", "a whole number"),
        ("Anhui,1889,1.5,,", "year", "from 1990 to 2100"),
        ("Anhui,43831,1.5,,", "year", "from 1990 to 2100"),
        (",2020,1.5,,", "region", "a value"),
        ("NA,2020,1.5,,", "region", "one of Anhui, Sichuan"),
        ("anhui,2020,1.5,,", "region", "one of Anhui, Sichuan"),
        (" Anhui,2020,1.5,,", "region", "no spaces"),
        ("Anhui,2020,1.5,,2021-02-30", "opened", "a date that exists"),
        ("Anhui,2020,1.5,,43831", "opened", "a date that exists"),
        ("Anhui,2020,1.5,=1+1,", "zones", "a whole number"),
    ],
)
def test_each_bad_cell_is_one_fault_with_row_and_column(
    cells: str, column: str, expected: str
) -> None:
    (fault,) = faults(HEAD + "Sichuan,2020,2,,\n" + cells + "\n")
    assert (fault.file, fault.row, fault.column) == ("data/published/trade.csv", 3, column)
    assert expected in fault.expected
    assert fault.mend


def test_a_repeated_region_and_year_names_both_lines() -> None:
    (fault,) = faults(GOOD + "Anhui,2020,9,,\n")
    assert fault.row == 4
    assert fault.column == "region, year"
    assert "first in row 2" in fault.found


def test_all_faults_of_a_table_are_named_in_the_order_of_its_lines() -> None:
    found = faults(HEAD + "Anhui,20,-1,,\nTibet,2020,1\nSichuan,2020,x,,\n")
    assert [(fault.row, fault.column) for fault in found] == [
        (2, "year"),
        (2, "trade"),
        (3, None),
        (4, "trade"),
    ]


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        (HEAD + "Anhui,2020,1.5,,,7\n", 2, "5 fields"),
        (HEAD + "Anhui,2020\n", 2, "5 fields"),
        (HEAD + "\nAnhui,2020,1.5,,\n", 2, "a row"),
        (HEAD, 2, "rows"),
        ("", 1, "a header"),
        ("region,year,trade,zones,opened,colour\nAnhui,2020,1,,,red\n", 1, "only the columns"),
        ("region,year,trade,zones\nAnhui,2020,1,\n", 1, "the columns"),
        ("region,year,trade,zones,opened,year\nAnhui,2020,1,,,2020\n", 1, "each column once"),
        (HEAD + 'Anhui,2020,"1.5,,\n', 2, "CSV text"),
    ],
)
def test_each_bad_shape_is_one_fault(text: str, row: int, expected: str) -> None:
    (fault,) = faults(text)
    assert fault.row == row
    assert expected in fault.expected


def test_rows_are_lines_of_the_file_also_after_a_cell_with_a_line_break() -> None:
    source = make_source()
    source = source.model_copy(
        update={
            "columns": source.columns
            | {"note": Column(type="text", unit="none", description="Note", missing=True)}
        }
    )
    text = HEAD.replace("\n", ",note\n") + 'Anhui,2020,1,,,"two\nlines"\nSichuan,2020,x,,,\n'
    with pytest.raises(DataError) as caught:
        parse_table(text, source)
    assert [fault.row for fault in caught.value.faults] == [4]


def test_bytes_that_are_not_utf8_name_their_line() -> None:
    raw = "region\nAnhui\n四川\n".encode("gb18030")
    with pytest.raises(DataError) as caught:
        decode(raw, file="trade.csv")
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.expected) == ("trade.csv", 3, "text in UTF-8")


def test_a_byte_order_mark_is_allowed_and_null_characters_are_not() -> None:
    assert decode(b"\xef\xbb\xbfregion", file="x.csv") == "region"
    with pytest.raises(DataError, match="null character"):
        decode(b"region\na\0b", file="x.csv")
