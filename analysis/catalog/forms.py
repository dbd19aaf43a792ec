"""Empty tables for an office to fill in, with a dictionary of their columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.catalog.office import load_office
from analysis.catalog.reforms import load_study
from analysis.catalog.tables import load_source
from analysis.declarations import Column, Source
from analysis.declarations.office import Heading, Office
from analysis.errors import DataError, DeclarationError
from analysis.supply.uses import supplied_by

Language = Literal["english", "chinese"]
HEADER = (
    "table",
    "column",
    "heading in Chinese",
    "unit",
    "type",
    "may be empty",
    "allowed",
    "example",
    "meaning",
)
#: What descriptions of simulated tables say, and no office has to read.
_DRAWN = " that does not exist"
_TYPES = {
    "text": "text",
    "whole": "whole number",
    "number": "number",
    "date": "date (2021-09-08)",
    "moment": "moment (2021-09-08 14:03:00, local time)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the dictionary, in the order of `HEADER`."""

    cells: tuple[str, ...]


def write_templates(
    root: Path, reform_id: str, *, folder: Path, language: Language = "english"
) -> tuple[Path, ...]:
    """Write the tables that the designs of a reform read, empty, as CSV and as workbooks.

    Parameters
    ----------
    root : pathlib.Path
    reform_id : str
    folder : pathlib.Path
        Gets ``csv/`` and ``excel/``, each to be filled in and given as DATA, and
        ``dictionary.csv``. Nothing that is there already is written over.
    language : str
        Of the headings; both are understood.

    Returns
    -------
    tuple of Path
        Files written.

    Raises
    ------
    DeclarationError
        There is no such reform, or it has no design that reads a table.
    DataError
        A file of that name is there already.
    """
    office = load_office(root)
    sources = _sources(root, reform_id)
    entries = [entry for source in sources for entry in dictionary(source, office)]
    plan: list[tuple[Path, Source | None]] = [(folder / "dictionary.csv", None)]
    for source in sources:
        stem = Path(source.file).stem
        plan += [(folder / "csv" / f"{stem}.csv", source)]
        plan += [(folder / "excel" / f"{stem}.xlsx", source)]
    _refuse_existing([path for path, _ in plan])
    for path, held in plan:
        path.parent.mkdir(parents=True, exist_ok=True)
        if held is None:
            _write_csv(path, [HEADER, *(entry.cells for entry in entries)])
        elif path.suffix == ".csv":
            _write_csv(path, [headings(held, office, language)])
        else:
            _write_workbook(path, held, office, language)
    return tuple(path for path, _ in plan)


def _sources(root: Path, reform_id: str) -> tuple[Source, ...]:
    study = load_study(root, reform_id)
    used = [load_source(root, name) for name in supplied_by(study)]
    if not used:
        raise DeclarationError.of(
            expected="a reform with a design that reads a table",
            found=f"{reform_id}, which has none",
            mend="choose another one, or declare a design",
        )
    simulated = tuple(source for source in used if source.kind == "simulated")
    return simulated or tuple(used)


def _refuse_existing(paths: Sequence[Path]) -> None:
    there = [path for path in paths if path.exists()]
    if there:
        raise DataError.of(
            file=str(there[0]),
            expected="a folder without these templates",
            found=f"{len(there)} of them",
            mend="name another folder with --out: filled tables are never written over",
        )


def headings(source: Source, office: Office, language: Language) -> tuple[str, ...]:
    """Return the headings of a template, in the order of the contract."""
    if language == "english":
        return tuple(source.columns)
    held = office.columns
    return tuple(held[name].chinese if name in held else name for name in source.columns)


def dictionary(source: Source, office: Office) -> Iterator[Entry]:
    """Yield a line for each column, and for each time stamp it may be computed from."""
    table = Path(source.file).stem
    for name, column in source.columns.items():
        said = office.columns.get(name)
        instead = ""
        if said is not None and said.between:
            instead = f"; may be left out where {' and '.join(said.between)} are given"
        elif said is not None and said.month_of:
            instead = f"; may be left out where {said.month_of} is given"
        yield Entry(
            cells=(
                table,
                name,
                said.chinese if said else "",
                column.unit,
                _form(column, said),
                "yes" if column.missing else "no",
                _allowed(column),
                _example(column, said.example if said else None),
                column.description.removesuffix(_DRAWN) + instead,
            )
        )
    yield from _stamps(source, office, table)


def _stamps(source: Source, office: Office, table: str) -> Iterator[Entry]:
    used: dict[str, None] = {}
    for name in source.columns:
        said = office.columns.get(name)
        used.update(dict.fromkeys((said.between or ()) if said else ()))
    beside = [name for name, one in office.moments.items() if one.not_before in used]
    for name in dict.fromkeys((*used, *beside)):
        moment = office.moments[name]
        optional = "yes" if name not in used else "with the column it computes"
        cells = (table, name, moment.chinese, "moment", _TYPES["moment"], optional, "")
        yield Entry(cells=(*cells, moment.example, moment.description))


def _form(column: Column, said: Heading | None) -> str:
    """Tell the type of a column, and how times of the calendar may be written in it."""
    if said is not None and column.unit in ("month", "quarter"):
        return f"{column.unit} ({said.example}), or counted from 1"
    return _TYPES[_type(column)]


def _type(column: Column) -> str:
    """Give the type that an office holds a column in: numbers of records and firms are texts."""
    return "text" if column.role in ("record", "firm") else column.type


def _allowed(column: Column) -> str:
    if column.allowed:
        return ", ".join(column.allowed)
    if _type(column) == "text":
        return ""
    ends = [column.minimum, column.maximum]
    if ends == [None, None]:
        return ""
    return " to ".join("any" if end is None else f"{end:.15g}" for end in ends)


def _example(column: Column, said: str | None) -> str:
    return str(said or getattr(column, "example", None) or "")


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    # With the mark spreadsheets need to see that this is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)


def _write_workbook(path: Path, source: Source, office: Office, language: Language) -> None:
    import openpyxl
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "data" if language == "english" else "数据"
    sheet.append(list(headings(source, office, language)))
    for number, column in enumerate(source.columns.values(), start=1):
        held = sheet.column_dimensions[get_column_letter(number)]
        held.width = 22
        if _type(column) not in ("whole", "number"):
            held.number_format = "@"  # text: leading zeros and long numbers stay
    said = book.create_sheet("dictionary" if language == "english" else "数据字典")
    said.append(list(HEADER))
    for entry in dictionary(source, office):
        said.append(list(entry.cells))
        for cell in said[said.max_row]:
            cell.data_type = "s"
    for held_sheet in (sheet, said):
        held_sheet.freeze_panes = "A2"
        for cell in held_sheet[1]:
            cell.font = Font(bold=True)
    for number in range(1, len(HEADER) + 1):
        said.column_dimensions[get_column_letter(number)].width = 24
    book.save(path)
