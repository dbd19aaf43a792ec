"""CSV files as offices save them: encodings, separators, titles above the header."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.raw import LOOK, Head, Raw, find_head, no_head
from analysis.errors import DataError, Fault
from analysis.supply.headers import Headings
from analysis.supply.limits import LIMITS
from analysis.supply.words import literal, quoted

PIECE = 1 << 20
_DELIMITERS = {",": "", "\t": "tabs", ";": "semicolons", "，": "full-width commas", "|": "bars"}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How the bytes of a file are to be read, and whether that is more than plain UTF-8."""

    name: str
    mended: str | None = None


def encoding_of(path: Path) -> Encoding:
    """Decide on the whole file: strict UTF-8, else strict GB18030.

    Raises
    ------
    DataError
        The bytes are neither, or hold null characters; the fault names the line.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith(_UTF16) or head[1:2] == b"\0":
        raise _unreadable(path, 1, "UTF-16 ('Unicode text')")
    if _first_bad_line(path, "utf-8") is None:
        if head.startswith(codecs.BOM_UTF8):
            return Encoding(name="utf-8-sig", mended="byte-order mark taken away")
        return Encoding(name="utf-8")
    bad = _first_bad_line(path, "gb18030")
    if bad is not None:
        raise _unreadable(path, bad, "bytes that are neither UTF-8 nor GB18030")
    mixed = _first_utf8_line(path)
    if mixed is not None:
        raise _unreadable(path, mixed, "UTF-8 in a file that is GB18030 elsewhere")
    return Encoding(name="gb18030", mended="read as GB18030")


def _unreadable(path: Path, row: int, found: str) -> DataError:
    return DataError(
        Fault(
            file=path.name,
            row=row,
            expected="text in one encoding, UTF-8 or GB18030",
            found=found,
            mend="save the file again (in a spreadsheet: 'CSV UTF-8')",
        )
    )


def _first_bad_line(path: Path, encoding: str) -> int | None:
    """Return the line of the first byte that is no text in this encoding; None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    row = 1
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            if b"\0" in piece:
                row += piece[: piece.index(b"\0")].count(b"\n")
                raise _unreadable(path, row, "a null character")
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                return row + error.object[: error.start].count(b"\n")
            row += piece.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return row
    return None


def _first_utf8_line(path: Path) -> int | None:
    """Return a line that is UTF-8 Chinese in a file that is not UTF-8: two files were joined."""
    with path.open("rb") as stream:
        for row, line in enumerate(stream, start=1):
            if line.isascii():
                continue
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if sum("\u3000" <= sign <= "\u9fff" for sign in text) > 1:
                return row
    return None


def open_text(desk: Desk, path: Path, headings: Headings, *, table: str) -> Raw:
    """Put a CSV file on the desk, all cells as text.

    Raises
    ------
    DataError
        No header, broken quotes, rows with too many or too few fields.
    """
    encoding = encoding_of(path)
    with path.open(encoding=encoding.name, newline="") as stream:
        # one line may be huge: look at no more than a piece
        first = stream.read(PIECE)
    delimiter, head = _layout(first, headings, path)
    mended = [(encoding.mended, 1)] if encoding.mended else []
    if _DELIMITERS[delimiter]:
        mended.append((f"{_DELIMITERS[delimiter]} read as separators", 1))
    if head.position:
        mended.append(("lines above the header left out", head.position))
    if len(head.cells) > LIMITS.columns:
        raise _too_wide(path, len(head.cells))
    if path.stat().st_size > LIMITS.in_python_bytes:
        _spread_large(desk, path, encoding, delimiter, head, table=table)
        blank = 0
    else:
        blank = _spread(desk, path, encoding, delimiter, head, table=table)
    if blank:
        mended.append(("blank lines left out", blank))
    return Raw(
        table=table,
        place=path.name,
        headings=head.cells,
        types=("text",) * len(head.cells),
        mended=tuple(mended),
    )


def _too_wide(path: Path, found: int) -> DataError:
    return DataError(
        Fault(
            file=path.name,
            row=1,
            expected=f"at most {LIMITS.columns} columns",
            found=f"{found:,}",
            mend="keep the declared columns only",
        )
    )


def _layout(first: str, headings: Headings, path: Path) -> tuple[str, Head]:
    best: tuple[str, Head] | None = None
    for delimiter in _DELIMITERS:
        head = find_head(_first_lines(first, delimiter), headings)
        if head is not None and (best is None or head.score > best[1].score):
            best = (delimiter, head)
    if best is None:
        widest = max((line.count(",") for line in first.splitlines()[:LOOK]), default=0)
        if widest > LIMITS.columns:
            raise _too_wide(path, widest + 1)
        raise DataError(no_head(path.name, first.splitlines()[:1], headings))
    return best


def _first_lines(text: str, delimiter: str) -> list[list[str]]:
    lines: list[list[str]] = []
    reader = csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter)
    try:
        lines.extend(islice(reader, LOOK))
    except csv.Error:
        return lines
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Rows of a text file by the line they begin on, and what was wrong or left out."""

    rows: list[int]
    cells: list[list[str]]
    blank: int
    faults: list[Fault]


def _spread(
    desk: Desk, path: Path, encoding: Encoding, delimiter: str, head: Head, *, table: str
) -> int:
    import pyarrow as pa

    with path.open(encoding=encoding.name, newline="") as stream:
        lines = _lines(stream, path, delimiter, head)
    DataError.raise_if(lines.faults)
    if not lines.rows:
        raise DataError(
            Fault(
                file=path.name,
                expected="rows below the header",
                found="none",
                mend="fill the table in, or take the file out to keep what the report holds",
            )
        )
    columns = {"_row": pa.array(lines.rows, pa.int64())}
    for position in range(len(head.cells)):
        columns[f"c{position}"] = pa.array([cells[position] for cells in lines.cells], pa.string())
    desk.put(table, pa.table(columns))
    return lines.blank


def _lines(stream: Iterator[str], path: Path, delimiter: str, head: Head) -> _Lines:
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    found = _Lines(rows=[], cells=[], blank=0, faults=[])
    width, blank, row = len(head.cells), 0, 1
    wrong: list[tuple[int, int]] = []
    try:
        for position, cells in enumerate(reader):
            if position > head.position:
                if not any(cell.strip() for cell in cells):
                    blank += 1
                elif len(cells) != width:
                    wrong.append((row, len(cells)))
                else:
                    found.rows.append(row)
                    found.cells.append(cells)
            row = reader.line_num + 1
    except csv.Error as error:
        found.faults.append(
            Fault(
                file=path.name,
                row=row,
                expected="text between commas, quotes closed",
                found=str(error),
                mend="close the quote, or shorten the cell",
            )
        )
    found.faults.extend(_widths(path.name, width, wrong, last=row - 1))
    return _Lines(rows=found.rows, cells=found.cells, blank=blank, faults=found.faults)


def _widths(
    place: str, width: int, wrong: Sequence[tuple[int, int]], *, last: int
) -> Iterator[Fault]:
    for more in (True, False):
        held = [(row, found) for row, found in wrong if (found > width) == more]
        if not held:
            continue
        row, found = held[0]
        others = "" if len(held) == 1 else f" ({len(held)} such rows)"
        mend = "take the extra field out, or quote a text that holds a comma"
        if not more:
            mend = "add the fields that lack; leave a missing value empty between its commas"
            if found == 1:
                mend = "take notes out of the table"
            elif row == last:
                mend = "the file may have been cut off: fetch it again"
        yield Fault(
            file=place,
            row=row,
            expected=f"{width} fields",
            found=f"{found} fields{others}",
            mend=mend,
        )


def _spread_large(
    desk: Desk, path: Path, encoding: Encoding, delimiter: str, head: Head, *, table: str
) -> None:
    """Let the database read a large file; its view is read once, when the cells are."""
    if encoding.name == "gb18030":
        source = literal(str(_transcoded(desk, path, table)))
    else:
        source = desk.link(path, name=f"{table}.csv")
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(head.cells)))
    skip = head.position + 1
    read = (
        f"read_csv({source}, delim={literal(delimiter)}, quote='\"', escape='\"', header=false, "
        f"skip={skip}, columns={{{columns}}}, strict_mode=true, null_padding=false, "
        f"auto_detect=false, nullstr='', max_line_size={LIMITS.cell * LIMITS.columns})"
    )
    try:
        desk.run(
            f"CREATE TABLE {quoted(table)} AS "
            f"SELECT row_number() OVER () + {skip} AS _row, * FROM {read}"
        )
    except DataError as error:
        raise DataError(_told(path, error)) from None


def _told(path: Path, error: DataError) -> Fault:
    found = error.faults[0].found
    line = next((word for word in found.replace(":", " ").split() if word.isdigit()), None)
    return Fault(
        file=path.name,
        row=int(line) if line else None,
        expected="the same number of fields in every row, quotes closed",
        found=found,
        mend="mend this row; others may follow",
    )


def _transcoded(desk: Desk, path: Path, table: str) -> Path:
    copy = desk.folder / f"{table}.utf8.csv"
    with (
        path.open(encoding="gb18030", newline="") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        while piece := source.read(PIECE):
            target.write(piece)
    return copy
