"""From one supplied file to a typed table on the desk, with what was repaired on the way."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.folder import Offered
from analysis.catalog.intake.lakes import open_parquet
from analysis.catalog.intake.raw import Raw
from analysis.catalog.intake.texts import open_text
from analysis.catalog.intake.workbooks import open_workbook
from analysis.declarations import Column, Source
from analysis.declarations.office import Office
from analysis.errors import DataError, Fault
from analysis.supply.cleaning import MENDS, Given, easy, kept, reading
from analysis.supply.doubts import Held, Use
from analysis.supply.headers import Headings, Match
from analysis.supply.intake import Mend
from analysis.supply.words import quoted

_OPENERS = {".csv": open_text, ".xlsx": open_workbook, ".parquet": open_parquet}
#: Types of a file's columns that need no reading, by the type the contract wants.
_FITS = {
    "number": ("whole", "number"),
    "whole": ("whole", "number"),
    "moment": ("moment",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A typed table, how it is held, and what was repaired.

    Attributes
    ----------
    offered : Offered
    held : Held
    contract : Source
        The source with the types in which its columns were read.
    there : tuple of str
        Declared columns that the file holds; others are to be computed.
    mends : tuple of Mend
    rows : int
    """

    offered: Offered
    held: Held
    contract: Source
    there: tuple[str, ...]
    mends: tuple[Mend, ...]
    rows: int


def spread(desk: Desk, offered: Offered, *, office: Office, use: Use, number: int) -> Spread:
    """Read one supplied file.

    Raises
    ------
    DataError
        It cannot be opened, or its headings are not those of its table; every fault is named.
    """
    source = offered.source
    headings = Headings(source, office)
    raw = _OPENERS[offered.kind](desk, offered.path, headings, table=f"raw{number}")
    matches = _matches(desk, raw, headings)
    contract = _contract(source, use)
    given = [_given(raw, place, match, contract, office) for place, match in matches]
    table = f"t{number}"
    steps = ", ".join(step for one in given for step in reading(one))
    names = ", ".join(quoted(name) for one in given for name in kept(one))
    asked = ", ".join(easy(one) for one in given)
    desk.run(
        f"CREATE TABLE {table} AS SELECT _row, {names} FROM "
        f"(SELECT _row, {steps} FROM (SELECT *, {asked} FROM {quoted(raw.table)}))"
    )
    if offered.kind != ".parquet":
        desk.run(f"DROP TABLE {quoted(raw.table)}")
    ((rows,),) = desk.ask(f"SELECT count(*) FROM {table}")
    held = Held(
        table=table,
        source=contract,
        file=raw.place,
        use=use,
        office=office,
        moments=tuple(one.name for one in given if one.name not in source.columns),
        numbers_as_ids=tuple(_numbers_as_ids(raw, matches, source)),
        hidden=raw.hidden,
        units_said=tuple((one.name, one.unit) for _, one in matches if one.unit),
    )
    return Spread(
        offered=offered,
        held=held,
        contract=contract,
        there=tuple(one.name for one in given if one.name in source.columns),
        mends=tuple(_mends(desk, raw, matches, given, table)),
        rows=int(rows),
    )


def _matches(desk: Desk, raw: Raw, headings: Headings) -> list[tuple[int, Match]]:
    faults: list[Fault] = []
    found: list[tuple[int, Match]] = []
    for place, heading in enumerate(raw.headings):
        match = headings.match(heading)
        if match is not None:
            found.append((place, match))
        elif heading.strip() or _filled(desk, raw, place):
            faults.append(_unknown(raw, heading, headings))
    names = [match.name for _, match in found]
    for name in sorted({one for one in names if names.count(one) > 1}):
        said = " and ".join(repr(match.heading) for _, match in found if match.name == name)
        faults.append(
            _fault(raw, name, "each column once", f"{said}, which mean the same", "keep one")
        )
    for name in headings.lacking(set(names)):
        ways = headings.office.columns.get(name)
        instead = f" (or {' and '.join(ways.between)})" if ways and ways.between else ""
        faults.append(_fault(raw, name, f"a column {name!r}{instead}", "none", "add the column"))
    DataError.raise_if(faults)
    return found


def _filled(desk: Desk, raw: Raw, place: int) -> bool:
    column = f"c{place}::VARCHAR"
    ((count,),) = desk.ask(f"SELECT count(*) FROM {quoted(raw.table)} WHERE trim({column}) <> ''")
    return bool(count)


def _unknown(raw: Raw, heading: str, headings: Headings) -> Fault:
    near = difflib.get_close_matches(heading.lower(), list(headings.known), n=1)
    meant = f" (did you mean {headings.known[near[0]]!r}?)" if near else ""
    return _fault(
        raw,
        heading[:60].strip() or "(no heading)",
        "only the columns " + ", ".join(headings.source.columns),
        f"an unknown column {heading[:60]!r}",
        f"rename it, or take it out{meant}",
    )


def _fault(raw: Raw, column: str, expected: str, found: str, mend: str) -> Fault:
    return Fault(file=raw.place, row=1, column=column, expected=expected, found=found, mend=mend)


def _contract(source: Source, use: Use) -> Source:
    """Read numbers of records as text, whatever a simulated table made of them."""
    columns = dict(source.columns)
    for name in record_columns(source, use):
        columns[name] = columns[name].model_copy(
            update={"type": "text", "role": "record", "minimum": None, "maximum": None}
        )
    return source.model_copy(update={"columns": columns})


def record_columns(source: Source, use: Use) -> tuple[str, ...]:
    """Return the columns that number the rows: declared so, or a key that is no unit."""
    named = tuple(name for name, one in source.columns.items() if one.role == "record")
    if named or len(source.key) > 1 or use.unit is None or use.unit in source.key:
        return named
    return tuple(source.key)


def _given(raw: Raw, place: int, match: Match, source: Source, office: Office) -> Given:
    column = source.columns.get(match.name)
    if column is None:
        column = Column(type="moment", unit="moment", description="A time stamp", missing=True)
    kind = raw.types[place]
    if column.allowed or kind not in _FITS.get(column.type, ()):
        kind = "text"
    names = office.names.get(column.vocabulary or match.name, {}) if column.allowed else {}
    return Given(
        name=match.name,
        place=f"c{place}::VARCHAR" if kind == "text" else f"c{place}",
        column=column,
        names=tuple(names.items()),
        kind=kind,
    )


def _numbers_as_ids(
    raw: Raw, matches: Sequence[tuple[int, Match]], source: Source
) -> Iterator[str]:
    for place, match in matches:
        column = source.columns.get(match.name)
        if column is not None and column.type == "text" and place in raw.numeric:
            yield match.name


def _mends(
    desk: Desk,
    raw: Raw,
    matches: Sequence[tuple[int, Match]],
    given: Sequence[Given],
    table: str,
) -> Iterator[Mend]:
    for what, times in raw.mended:
        yield Mend(file=raw.place, what=what, times=times)
    for _, match in matches:
        if not match.exact:
            yield Mend(
                file=raw.place, column=match.name, what=f"read from {match.heading!r}", times=1
            )
    wanted = [(one.name, bit) for one in given if one.kind == "text" for bit in MENDS]
    if not wanted:
        return
    sums = ", ".join(
        f"count(*) FILTER (WHERE {quoted(f'{name}~mend')} & {bit} > 0)" for name, bit in wanted
    )
    (counts,) = desk.ask(f"SELECT {sums} FROM {table}")
    for (name, bit), count in zip(wanted, counts, strict=True):
        if count:
            yield Mend(file=raw.place, column=name, what=MENDS[bit], times=int(count))


def with_source(held: Held, source: Source) -> Held:
    """Return a held table under another contract."""
    return replace(held, source=source)
