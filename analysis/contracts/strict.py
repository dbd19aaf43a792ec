"""Our own tables: strict, nothing is repaired, every fault named with line and column.

Every cell is read as text; nothing is guessed. An empty cell is the only way to say "missing".
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.declarations import Column, Source, check_when
from analysis.errors import DataError, Fault

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
MOMENT = "%Y-%m-%d %H:%M:%S"

Cell = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One record of the text: the line it begins on and its cells by column."""

    row: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A parsed cell, or what is wrong with it."""

    value: Cell = None
    expected: str | None = None
    mend: str = "correct the cell"


def decode(raw: bytes, *, file: str) -> str:
    """Decode a whole file as strict UTF-8 (a byte-order mark is allowed).

    Raises
    ------
    DataError
        The bytes are not UTF-8, or hold a null character; the fault names the line.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            Fault(
                expected="text in UTF-8",
                found=f"byte 0x{raw[error.start]:02x}, which is not UTF-8",
                mend="save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')",
                file=file,
                row=raw[: error.start].count(b"\n") + 1,
            )
        ) from None
    if "\0" in text:
        raise DataError(
            Fault(
                expected="text without null characters",
                found="a null character",
                mend="save the file as UTF-8 text, not UTF-16",
                file=file,
                row=text[: text.index("\0")].count("\n") + 1,
            )
        )
    return text


def parse_table(text: str, source: Source) -> pd.DataFrame:
    """Parse CSV text by the contract of `source`.

    Returns
    -------
    pandas.DataFrame
        Columns in the order of the contract; whole numbers as int64 (Int64 where cells may be
        empty), numbers as float64, text and dates as strings, an empty cell as missing.

    Raises
    ------
    DataError
        One fault for each header, row or cell that breaks the contract; rows are lines of the
        file, the header being line 1.
    """
    faults: list[Fault] = []
    lines = list(_records(text, source, faults))
    if faults and not lines:
        raise DataError(*faults)
    header = lines[0].cells
    faults.extend(_header_faults(header, source))
    DataError.raise_if(faults)
    body = []
    for line in lines[1:]:
        if len(line.cells) == len(header):
            body.append(line)
        else:
            faults.append(_width_fault(line, header, source))
    if not body and not faults:
        faults.append(_fault(source, row=2, expected="rows", found="none", mend="add the data"))
    values: dict[str, list[Cell]] = {}
    for name, contract in source.columns.items():
        values[name] = _column(name, contract, header.index(name), body, source, faults)
    faults.extend(_duplicates(values, body, source))
    DataError.raise_if(sorted(faults, key=lambda fault: fault.row or 0))
    return _frame(values, source)


def _records(text: str, source: Source, faults: list[Fault]) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    row = 1
    try:
        for cells in reader:
            if cells:
                yield _Line(row=row, cells=tuple(cells))
            else:
                faults.append(
                    _fault(source, row=row, expected="a row", found="an empty line", mend="drop it")
                )
            row = reader.line_num + 1
    except csv.Error as error:
        faults.append(
            _fault(source, row=row, expected="CSV text", found=str(error), mend="mend the quotes")
        )
    if row == 1:
        faults.append(
            _fault(
                source,
                row=1,
                expected="a header with " + ", ".join(source.columns),
                found="an empty file",
                mend="restore the file",
            )
        )


def _header_faults(header: Sequence[str], source: Source) -> Iterator[Fault]:
    known = ", ".join(source.columns)
    for name in dict.fromkeys(header):
        if name not in source.columns:
            yield _fault(
                source,
                row=1,
                column=name or "(no name)",
                expected=f"only the columns {known}",
                found=f"unknown column {name!r}",
                mend="remove or rename the column",
            )
        elif header.count(name) > 1:
            yield _fault(
                source,
                row=1,
                column=name,
                expected="each column once",
                found=f"{header.count(name)} columns of this name",
                mend="keep one of them",
            )
    for name in source.columns:
        if name not in header:
            yield _fault(
                source,
                row=1,
                column=name,
                expected=f"the columns {known}",
                found=f"no column {name!r}",
                mend="add the column",
            )


def _width_fault(line: _Line, header: Sequence[str], source: Source) -> Fault:
    more = len(line.cells) > len(header)
    return _fault(
        source,
        row=line.row,
        expected=f"{len(header)} fields",
        found=f"{len(line.cells)} fields",
        mend="remove the extra field, or quote a text that holds a comma"
        if more
        else "add the fields that lack; leave a missing value empty between its commas",
    )


def _column(
    name: str,
    contract: Column,
    position: int,
    body: Sequence[_Line],
    source: Source,
    faults: list[Fault],
) -> list[Cell]:
    values: list[Cell] = []
    for line in body:
        text = line.cells[position]
        read = parse_cell(text, contract)
        values.append(read.value)
        if read.expected is not None:
            faults.append(
                _fault(
                    source,
                    row=line.row,
                    column=name,
                    expected=read.expected,
                    found=repr(text) if text else "an empty cell",
                    mend=read.mend,
                )
            )
    return values


def parse_cell(text: str, contract: Column) -> _Read:
    """Parse one cell by its contract."""
    if text == "":
        if contract.missing:
            return _Read()
        return _Read(expected="a value", mend="fill the cell, or leave the whole row out")
    if text != text.strip():
        return _Read(expected="no spaces before or after the value", mend="remove the spaces")
    if contract.allowed:
        if text not in contract.allowed:
            return _Read(expected=_one_of(contract.allowed), mend="use the name as it stands there")
        return _Read(value=text)
    if contract.type == "text":
        return _Read(value=text)
    if contract.type == "date":
        return _date(text)
    if contract.type == "moment":
        return _moment(text)
    return _numeric(text, contract)


def _one_of(allowed: Sequence[str]) -> str:
    if len(allowed) > 8:
        return f"one of {len(allowed)} known names ({allowed[0]}, {allowed[1]}, ...)"
    return "one of " + ", ".join(allowed)


def _date(text: str) -> _Read:
    try:
        return _Read(value=check_when(text))
    except ValueError:
        return _Read(
            expected="a date that exists, as 2021, 2021-09 or 2021-09-08",
            mend="write the date as year-month-day",
        )


def _moment(text: str) -> _Read:
    try:
        dt.datetime.strptime(text, MOMENT)
    except ValueError:
        return _Read(
            expected="a moment that exists, as 2021-09-08 14:03:00",
            mend="write the moment as year-month-day hour:minute:second, local time",
        )
    return _Read(value=text)


def _numeric(text: str, contract: Column) -> _Read:
    whole = contract.type == "whole"
    kind = "a whole number" if whole else "a number"
    if not (_WHOLE if whole else _NUMBER).fullmatch(text):
        return _Read(
            expected=f"{kind} in digits, with a point and without separators",
            mend="write the number plainly; leave the cell empty where the contract allows it",
        )
    value = int(text) if whole else float(text)
    if not math.isfinite(value):
        return _Read(expected="a finite number", mend="correct the number")
    low, high = contract.minimum, contract.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return _Read(
            expected=f"{kind} from {_bound(low)} to {_bound(high)} ({contract.unit})",
            mend="correct the number, or its unit of measure",
        )
    return _Read(value=value)


def _bound(number: float | None) -> str:
    return "any" if number is None else f"{number:.15g}"


def _duplicates(
    values: dict[str, list[Cell]], body: Sequence[_Line], source: Source
) -> Iterator[Fault]:
    first: dict[tuple[Cell, ...], int] = {}
    for position, line in enumerate(body):
        key = tuple(values[name][position] for name in source.key)
        if None in key:
            continue
        if key in first:
            said = ", ".join(str(part) for part in key)
            yield _fault(
                source,
                row=line.row,
                column=", ".join(source.key),
                expected="each " + " and ".join(source.key) + " once",
                found=f"{said} again (first in row {first[key]})",
                mend="keep one of the two rows",
            )
        else:
            first[key] = line.row


def _frame(values: dict[str, list[Cell]], source: Source) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for name, contract in source.columns.items():
        match contract.type:
            case "whole":
                kind = "Int64" if contract.missing else "int64"
            case "number":
                kind = "float64"
            case _:
                kind = "str"
        columns[name] = pd.Series(values[name], dtype=kind)
    return pd.DataFrame(columns)


def _fault(
    source: Source, *, row: int, expected: str, found: str, mend: str, column: str | None = None
) -> Fault:
    return Fault(
        expected=expected,
        found=found,
        mend=mend,
        file=f"data/{source.file}",
        row=row,
        column=column,
    )
