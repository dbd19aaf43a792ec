"""Workbooks as offices save them: looked at before they are unpacked, read cell by cell."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.raw import LOOK, Head, Raw, find_head, no_head
from analysis.errors import DataError, Fault
from analysis.supply.headers import Headings
from analysis.supply.limits import LIMITS

#: What a broken or hostile workbook makes the reader raise; each becomes one fault.
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
)
_DICTIONARY = ("dictionary", "数据字典")
_HIDDEN = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
#: A formula that is nothing but a text, as offices write numbers that must keep their zeros.
_PROTECTED = re.compile(r'="[^"]*"')
_PIECE = 1 << 20
#: Digits that a number in a workbook keeps.
_EXACT = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One cell: its text, whether it was a number, and what is wrong with it."""

    text: str
    number: bool = False
    date: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """One sheet that holds the table."""

    name: str
    head: Head
    rows: list[tuple[int, list[_Cell]]]
    blank: int


def open_workbook(desk: Desk, path: Path, headings: Headings, *, table: str) -> Raw:
    """Put the one sheet of a workbook that holds the table on the desk, all cells as text.

    Raises
    ------
    DataError
        The workbook is a bomb or broken, holds formulas, errors or macros, or not one such table.
    """
    hidden = _look_inside(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sheets, first = _sheets(path, headings)
    except _BROKEN as error:
        raise _broken(path, f"{type(error).__name__} while it was read") from None
    if not sheets:
        raise DataError(no_head(path.name, first, headings))
    if len(sheets) > 1:
        raise DataError(
            Fault(
                file=path.name,
                expected="one sheet with this table",
                found=f"{len(sheets)}: {', '.join(sheet.name for sheet in sheets)}",
                mend="put all rows into one sheet, or take the others out",
            )
        )
    return _laid(desk, path, sheets[0], table=table, hidden=hidden)


def _broken(path: Path, found: str) -> DataError:
    return DataError(
        Fault(
            file=path.name,
            expected="a whole workbook (.xlsx) without a password",
            found=found,
            mend="open it in a spreadsheet and save it again as .xlsx",
        )
    )


def _look_inside(path: Path) -> int:
    """Refuse bombs and tricks by what the archive says of itself; count hidden rows."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _trick(archive, size=path.stat().st_size)
            if found is None:
                return sum(_look_at(archive, member) for member in archive.infolist())
    except _BROKEN as error:
        raise _broken(path, str(error)[:120] or type(error).__name__) from None
    raise DataError(
        Fault(
            file=path.name,
            expected="a workbook as spreadsheets write it",
            found=found,
            mend="do not open it; ask the sender for the table as CSV",
        )
    )


def _trick(archive: zipfile.ZipFile, *, size: int) -> str | None:
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if len(members) > LIMITS.members:
        return f"{len(members):,} parts"
    if unpacked > LIMITS.unpacked_bytes:
        return f"{unpacked:,} bytes once unpacked (at most {LIMITS.unpacked_bytes:,})"
    if unpacked > 10 * 2**20 and unpacked > LIMITS.unpacked_ratio * size:
        return f"{unpacked:,} bytes once unpacked, {unpacked // size:,} times its size"
    for member in members:
        name = member.filename
        if name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name:
            return f"a part named {name[:60]!r}"
        if name.lower().endswith(("vbaproject.bin", ".exe", ".dll")):
            return "a program (macro) inside"
        if member.flag_bits & 1:
            return "a password"
    if len({member.filename for member in members}) < len(members):
        return "two parts of one name"
    return None


def _look_at(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    if not member.filename.endswith((".xml", ".rels")):
        return 0
    sheet = member.filename.startswith("xl/worksheets/")
    hidden, tail = 0, b""
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            both = tail + piece
            if _DOCTYPE.search(both):
                raise ValueError("entities declared inside, as no spreadsheet does")
            cut = both.rfind(b">") + 1
            hidden += len(_HIDDEN.findall(both[:cut])) if sheet else 0
            tail = both[cut:][-4096:]
    return hidden


def _sheets(path: Path, headings: Headings) -> tuple[list[_Sheet], list[str]]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    found: list[_Sheet] = []
    first: list[str] = []
    try:
        for sheet in book.worksheets:
            if sheet.title.strip().lower() in _DICTIONARY:
                continue
            sheet.reset_dimensions()
            made = _sheet(sheet, headings, path)
            if isinstance(made, _Sheet):
                found.append(made)
            else:
                first = first or made
    finally:
        book.close()
    return found, first


def _sheet(sheet: Any, headings: Headings, path: Path) -> _Sheet | list[str]:
    lines: list[tuple[int, list[_Cell]]] = []
    head: Head | None = None
    blank = 0
    for row, cells in _lines(sheet, path):
        if head is None and len(lines) == LOOK:
            head = _head(lines, headings)
            if head is None:
                break
        if cells:
            lines.append((row, cells))
        else:
            blank += 1
    head = head or _head(lines, headings)
    if head is None:
        return [cell.text for cell in lines[0][1]] if lines else []
    return _Sheet(name=sheet.title, head=head, rows=lines[head.position + 1 :], blank=blank)


def _head(lines: Sequence[tuple[int, list[_Cell]]], headings: Headings) -> Head | None:
    return find_head([[cell.text for cell in cells] for _, cells in lines[:LOOK]], headings)


def _lines(sheet: Any, path: Path) -> Iterator[tuple[int, list[_Cell]]]:
    """Yield the rows of a sheet with their numbers; a blank row yields no cells."""
    for number, cells in enumerate(sheet.rows, start=1):
        made = [_cell(cell) for cell in cells]
        while made and not made[-1].text and made[-1].fault is None:
            made.pop()
        if len(made) > LIMITS.columns:
            raise DataError(
                Fault(
                    file=f"{path.name}, sheet {sheet.title}",
                    row=number,
                    expected=f"at most {LIMITS.columns} columns",
                    found=f"a value in column {len(made):,}",
                    mend="keep the declared columns only",
                )
            )
        yield number, made if any(cell.text.strip() or cell.fault for cell in made) else []


def _cell(cell: Any) -> _Cell:
    value = cell.value
    if value is None:
        return _Cell(text="")
    if cell.data_type == "f" and not _PROTECTED.fullmatch(str(value)):
        return _Cell(text=str(value), fault="a formula")
    if cell.data_type == "e":
        return _Cell(text=str(value), fault=f"the error {value}")
    match value:
        case bool():
            return _Cell(text=str(value).upper())
        case int():
            return _Cell(text=str(value), number=True)
        case float():
            whole = value.is_integer() and abs(value) < 1e300
            return _Cell(text=str(int(value)) if whole else repr(value), number=True)
        case dt.datetime():
            # days are kept as fractions: the nearest second is meant
            second = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
            return _Cell(text=second.isoformat(sep=" "), date=True)
        case dt.date():
            return _Cell(text=value.isoformat(), date=True)
        case _:
            return _Cell(text=str(value))


def _laid(desk: Desk, path: Path, sheet: _Sheet, *, table: str, hidden: int) -> Raw:
    import pyarrow as pa

    place = f"{path.name}, sheet {sheet.name}"
    width = len(sheet.head.cells)
    DataError.raise_if(_faults(sheet, place, width))
    columns = {"_row": pa.array([row for row, _ in sheet.rows], pa.int64())}
    for position in range(width):
        texts = [cells[position].text if position < len(cells) else "" for _, cells in sheet.rows]
        columns[f"c{position}"] = pa.array(texts, pa.string())
    desk.put(table, pa.table(columns))
    seen = [(place_, cell) for _, cells in sheet.rows for place_, cell in enumerate(cells)]
    dates = sum(cell.date for _, cell in seen)
    mended = [("cells formatted as dates written as year-month-day", dates)] if dates else []
    if sheet.blank:
        mended.append(("blank lines left out", sheet.blank))
    if sheet.head.position:
        mended.append(("lines above the header left out", sheet.head.position))
    return Raw(
        table=table,
        place=place,
        headings=sheet.head.cells,
        types=("text",) * width,
        mended=tuple(mended),
        numeric=frozenset(place_ for place_, cell in seen if cell.number),
        hidden=hidden,
    )


def _faults(sheet: _Sheet, place: str, width: int) -> Iterator[Fault]:
    if not sheet.rows:
        yield Fault(
            file=place,
            expected="rows below the header",
            found="none",
            mend="fill the table in, or take the file out to keep what the report holds",
        )
    wrong = [(row, n, cell.fault) for row, cells in sheet.rows for n, cell in enumerate(cells)]
    for kind in ("a formula", "the error"):
        held = [(row, n, said) for row, n, said in wrong if said and said.startswith(kind)]
        if held:
            row, position, said = held[0]
            heading = sheet.head.cells[position] if position < width else f"no. {position + 1}"
            yield Fault(
                file=place,
                row=row,
                column=heading,
                expected="a value",
                found=f"{said}" + (f" ({len(held)} such cells)" if len(held) > 1 else ""),
                mend="copy the cells and paste them as values; correct what shows an error",
            )
    wide = [(row, len(cells)) for row, cells in sheet.rows if len(cells) > width]
    if wide:
        yield Fault(
            file=place,
            row=wide[0][0],
            expected=f"{width} columns, as the header has",
            found=f"{wide[0][1]} cells" + (f" ({len(wide)} such rows)" if len(wide) > 1 else ""),
            mend="head the column, or take notes beside the table away",
        )
    yield from _rounded(sheet, place)


def _rounded(sheet: _Sheet, place: str) -> Iterator[Fault]:
    """Numbers of more than 15 digits were rounded when they were typed."""
    for position, heading in enumerate(sheet.head.cells):
        held = [
            row
            for row, cells in sheet.rows
            if position < len(cells)
            and cells[position].number
            and cells[position].text.lstrip("-").isdigit()
            and abs(int(cells[position].text)) >= _EXACT
        ]
        if held:
            yield Fault(
                file=place,
                row=held[0],
                column=heading,
                expected="long numbers kept as text",
                found=f"{len(held)} numbers of more than 15 digits, which a workbook rounds",
                mend="export the column as text from the system it came from",
            )
