"""The data quality report: written beside the staged data, read by a page. It holds no cell."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.catalog.files import read_bytes
from analysis.contracts import decode
from analysis.supply.intake import Intake
from analysis.supply.quality import Line, Quality, Table

QUALITY = "data/supplied"
_LINES, _TABLES = "quality.csv", "files.csv"


def write_quality(intake: Intake, folder: Path) -> None:
    """Write what was repaired and decided, and the counts of each table."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / _LINES, list(Line.__slots__), (_cells(one) for one in _lines(intake)))
    _write(folder / _TABLES, list(Table.__slots__), (_cells(one) for one in _tables(intake)))


def _cells(record: Line | Table) -> list[object]:
    return [getattr(record, name) for name in record.__slots__]


def _write(path: Path, header: Sequence[str], rows: Iterator[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _lines(intake: Intake) -> Iterator[Line]:
    names = {one.file: one.source for one in intake.taken}
    for mend in intake.mends:
        what = "heading read by its other name" if mend.what.startswith("read from") else mend.what
        yield Line(
            kind="repaired",
            source=names.get(mend.file, ""),
            column=mend.column or "",
            what=what,
            answer="",
            times=mend.times,
        )
    for one in intake.decided:
        yield Line(
            kind="decided",
            source=one.doubt.source,
            column=one.doubt.column or "",
            what=one.doubt.rule.replace("-", " "),
            answer=one.answer.id,
            times=one.doubt.rows,
        )


def _tables(intake: Intake) -> Iterator[Table]:
    for one in intake.taken:
        yield Table(
            source=one.source,
            sha256=one.sha256,
            bytes=one.size,
            rows_supplied=one.rows_in,
            rows_used=one.rows_out,
            units=one.units,
            times=one.times,
            cells=one.cells,
            cells_without_rows=one.gaps,
        )


def load_quality(root: Path) -> Quality:
    """Read the data quality report; empty where nothing was supplied."""
    if not (root / QUALITY / _LINES).is_file():
        return Quality(lines=(), tables=())
    lines = tuple(
        Line(**{**row, "times": int(row["times"])})  # type: ignore[arg-type]
        for row in _read(root, f"{QUALITY}/{_LINES}")
    )
    texts = ("source", "sha256")
    tables = tuple(
        Table(**{name: cell if name in texts else int(cell) for name, cell in row.items()})  # type: ignore[arg-type]
        for row in _read(root, f"{QUALITY}/{_TABLES}")
    )
    return Quality(lines=lines, tables=tables)


def _read(root: Path, path: str) -> list[dict[str, str]]:
    text = decode(read_bytes(root, path), file=path)
    return list(csv.DictReader(text.splitlines()))
