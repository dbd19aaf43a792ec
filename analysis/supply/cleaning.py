"""SQL that reads the text of a cell by the contract of its column, and says what it repaired.

For a column ``x`` the table that comes out holds ``x`` (typed), ``x~bad`` (the cell as it stood,
where it could not be read) and ``x~mend`` (a sum of the `MENDS` that were made).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.declarations.data import Column
from analysis.supply import moments
from analysis.supply.limits import LIMITS
from analysis.supply.words import (
    BAD_TEXT,
    EXCEL_ERROR,
    NARROW,
    NARROW_NAMES,
    WIDE,
    WIDE_NAMES,
    literal,
    quoted,
    trimmed,
)

#: What was done to a cell, by its bit in `x~mend`.
MENDS = {
    1: "blanks or invisible characters taken away",
    2: "full-width characters made narrow",
    4: "thousands separators taken away",
    8: "dates and times written as year-month-day",
    16: "marks of a spreadsheet for 'this is text' taken away",
    32: "names replaced by those of the closed list",
    64: "whole numbers written with .0",
}
_NUMBER = r"-?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,4})?"
_WHOLE = r"-?[0-9]{1,15}(\.0+)?"
_GROUPED = r"[+-]?[0-9]{1,3}((,[0-9]{3})+|( [0-9]{3})+)(\.[0-9]+)?"
#: Cells in which nothing can be repaired or wrong, save what `easy` asks beside: most of a table.
_PLAIN_NAME = r"[A-Za-z0-9\x{4e00}-\x{9fa5}]+([ ._/-][A-Za-z0-9\x{4e00}-\x{9fa5}]+)*"
_PLAIN_NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
_PLAIN_WHOLE = r"-?[0-9]{1,15}"
_SCIENTIFIC = r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+"
#: Asked by a pattern, as a list would be joined with every row, plain or not.
_ERRORS = "|".join(map(re.escape, EXCEL_ERROR))
#: Units of whole numbers that count times, and may be written as dates instead.
COUNTED = ("month", "quarter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A column as the file holds it.

    Attributes
    ----------
    name : str
        Declared name.
    place : str
        SQL of the column in the raw table.
    column : Column
    names : dict
        Other names of the entries of its closed list.
    kind : str
        Type of the raw column: text, whole, number or moment; all but text need no reading.
    factor : float
        What a number is multiplied by, where the heading names another unit.
    """

    name: str
    place: str
    column: Column
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kind: str = "text"
    factor: float = 1.0


def easy(given: Given) -> str:
    """Return the SQL that says whether a cell can be taken as it stands.

    `reading` would give the same for such cells, and cost some hundred times as much.
    """
    return f"coalesce({_easy(given)}, false) AS {_ok(given.name)}"


def _easy(given: Given) -> str:
    raw, column = given.place, given.column
    names = bool(column.allowed) or column.type == "text"
    if given.kind != "text" or (names and given.names):
        return "false"
    if names:
        asked = [
            f"length({raw}) <= {LIMITS.cell}",
            f"regexp_full_match({raw}, {literal(_PLAIN_NAME)})",
            f"NOT regexp_matches({raw}, {literal(BAD_TEXT)})",
        ]
        if column.role:
            asked.append(f"NOT regexp_full_match({raw}, {literal(_SCIENTIFIC)})")
        return " AND ".join(asked)
    if column.type == "number":
        return f"regexp_full_match({raw}, {literal(_PLAIN_NUMBER)})"
    if column.type == "whole" and column.unit not in COUNTED:
        return f"regexp_full_match({raw}, {literal(_PLAIN_WHOLE)})"
    return "false"


def _ok(name: str) -> str:
    return quoted(f"{name}~ok")


def reading(given: Given) -> Iterator[str]:
    """Yield the SQL of all that is made of one column, in the order in which it is made.

    It stands on a table that holds what `easy` says of each column.
    """
    if given.kind != "text":
        yield from _typed_already(given)
        return
    name, raw = given.name, given.place
    column = given.column
    tidy, narrow = quoted(f"{name}~t"), quoted(f"{name}~n")
    yield f"{trimmed(raw)} AS {tidy}"
    yield f"translate({tidy}, {literal(WIDE)}, {literal(NARROW)}) AS {narrow}"
    if column.allowed or column.type == "text":
        yield from _text(given, raw, tidy)
    elif column.type == "date":
        yield from _normalised(name, raw, tidy, narrow, moments.date(narrow))
    elif column.type == "moment":
        yield from _moment(name, raw, tidy, narrow)
    elif column.type == "whole" and column.unit in COUNTED:
        yield from _counted(name, raw, tidy, narrow, column.unit)
    else:
        yield from _number(given, raw, tidy, narrow)


def kept(given: Given) -> Iterator[str]:
    """Yield the columns that stay of what `reading` made."""
    name = given.name
    yield from (name, f"{name}~bad", f"{name}~mend")
    if given.column.type == "moment":
        yield from (f"{name}~day", f"{name}~offset")
    if given.column.type == "whole" and given.column.unit in COUNTED:
        yield f"{name}~calendar"


def _typed_already(given: Given) -> Iterator[str]:
    raw, own = given.place, quoted(given.name)
    match given.column.type:
        case "number":
            yield f"CASE WHEN isfinite({raw}::DOUBLE) THEN {raw}::DOUBLE END AS {own}"
        case "whole":
            whole = f"{raw}::DOUBLE = floor({raw}::DOUBLE) AND abs({raw}::DOUBLE) < 1e15"
            yield f"CASE WHEN {whole} THEN {raw}::BIGINT END AS {own}"
        case _:
            yield f"{raw} AS {own}"
    bad = f"CASE WHEN {own} IS NULL AND {raw} IS NOT NULL THEN {raw}::VARCHAR END"
    yield f"{bad} AS {quoted(given.name + '~bad')}"
    yield f"0::UTINYINT AS {quoted(given.name + '~mend')}"
    if given.column.type == "moment":
        yield f"false AS {quoted(given.name + '~day')}"
        yield f"false AS {quoted(given.name + '~offset')}"
    if given.column.type == "whole" and given.column.unit in COUNTED:
        yield f"NULL::BIGINT AS {quoted(given.name + '~calendar')}"


def _bad(name: str, raw: str, tidy: str, *typed: str) -> str:
    nothing = " AND ".join(f"{quoted(one)} IS NULL" for one in typed)
    wrong = f"WHEN {nothing} AND {tidy} <> '' THEN {raw}"
    return f"CASE WHEN {_ok(name)} THEN NULL {wrong} END AS {quoted(name + '~bad')}"


def _mend(name: str, *flags: str) -> str:
    split = [flag.split(":", maxsplit=1) for flag in flags]
    said = " + ".join(f"CASE WHEN {flag} THEN {bit} ELSE 0 END" for bit, flag in split)
    done = f"CASE WHEN {_ok(name)} THEN 0 ELSE {said} END"
    return f"({done})::UTINYINT AS {quoted(name + '~mend')}"


def _wide(tidy: str) -> str:
    return f"2:{tidy} <> translate({tidy}, {literal(WIDE)}, {literal(NARROW)})"


def _blanks(raw: str, tidy: str) -> str:
    return f"1:{raw} <> {tidy}"


def _text(given: Given, raw: str, tidy: str) -> Iterator[str]:
    name = given.name
    open_, held = quoted(f"{name}~o"), quoted(f"{name}~h")
    unwrapped = (
        f"regexp_replace(regexp_replace({tidy}, '^=\"([^\"]*)\"$', '\\1'), '^''([0-9])', '\\1')"
    )
    yield f"{unwrapped} AS {open_}"
    yield f"translate({open_}, {literal(WIDE_NAMES)}, {literal(NARROW_NAMES)}) AS {held}"
    meant = held
    if given.names:
        cases = " ".join(
            f"WHEN {literal(other)} THEN {literal(right)}"
            for right, others in given.names
            for other in others
        )
        meant = f"CASE {held} {cases} ELSE {held} END"
    faults = [
        f"regexp_matches({held}, {literal(BAD_TEXT)})",
        f"starts_with({held}, '=')",
        f"regexp_full_match(upper({held}), {literal(_ERRORS)})",
        f"length({held}) > {LIMITS.cell}",
    ]
    if given.column.role:
        faults.append(f"regexp_full_match({held}, {literal(_SCIENTIFIC)})")
    yield (
        f"CASE WHEN {_ok(name)} THEN {raw} WHEN {held} = '' OR {' OR '.join(faults)} THEN NULL "
        f"ELSE {meant} END AS {quoted(name)}"
    )
    yield _bad(name, raw, tidy, name)
    flags = [_blanks(raw, tidy), f"16:{open_} <> {tidy}", f"2:{held} <> {open_}"]
    if given.names:
        flags.append(f"32:{quoted(name)} <> {held}")
    yield _mend(name, *flags)


def _number(given: Given, raw: str, tidy: str, narrow: str) -> Iterator[str]:
    name, plain = given.name, quoted(f"{given.name}~p")
    group = f"regexp_full_match({narrow}, {literal(_GROUPED)})"
    ungrouped = f"CASE WHEN {group} THEN replace(replace({narrow}, ',', ''), ' ', '')"
    yield f"regexp_replace({ungrouped} ELSE {narrow} END, '^\\+', '') AS {plain}"
    if given.column.type == "whole":
        cast = f"TRY_CAST(regexp_replace({plain}, '\\.0+$', '') AS BIGINT)"
        matched = f"regexp_full_match({plain}, {literal(_WHOLE)})"
        yield (
            f"CASE WHEN {_ok(name)} THEN TRY_CAST({raw} AS BIGINT) WHEN {matched} THEN {cast} END "
            f"AS {quoted(name)}"
        )
    else:
        value = quoted(f"{name}~v")
        matched = f"regexp_full_match({plain}, {literal(_NUMBER)})"
        yield (
            f"CASE WHEN {_ok(name)} THEN TRY_CAST({raw} AS DOUBLE) "
            f"WHEN {matched} THEN TRY_CAST({plain} AS DOUBLE) END AS {value}"
        )
        scaled = value if given.factor == 1 else f"{value} * {given.factor!r}"
        yield f"CASE WHEN isfinite({value}) THEN {scaled} END AS {quoted(name)}"
    yield _bad(name, raw, tidy, name)
    flags = [_blanks(raw, tidy), _wide(tidy), f"4:{group}"]
    if given.column.type == "whole":
        flags.append(f"64:contains({plain}, '.')")
    yield _mend(name, *flags)


def _counted(name: str, raw: str, tidy: str, narrow: str, unit: str) -> Iterator[str]:
    plain = f"CASE WHEN regexp_full_match({narrow}, '-?[0-9]{{1,4}}(\\.0+)?')"
    cast = f"TRY_CAST(regexp_replace({narrow}, '\\.0+$', '') AS BIGINT)"
    yield f"{plain} THEN {cast} END AS {quoted(name)}"
    calendar = quoted(f"{name}~calendar")
    yield f"CASE WHEN {quoted(name)} IS NULL THEN {moments.counted(narrow, unit)} END AS {calendar}"
    yield _bad(name, raw, tidy, name, f"{name}~calendar")
    iso = r"[0-9]{4}-[0-9]{2}"
    dated = f"{calendar} IS NOT NULL AND NOT regexp_full_match({tidy}, '{iso}')"
    yield _mend(name, _blanks(raw, tidy), _wide(tidy), f"8:{dated}")


def _moment(name: str, raw: str, tidy: str, narrow: str) -> Iterator[str]:
    local, bare = quoted(f"{name}~l"), quoted(f"{name}~b")
    yield f"{moments.without_offset(narrow)} AS {local}"
    yield f"{moments.spelled(local)} AS {bare}"
    yield f"{moments.moment(bare)} AS {quoted(name)}"
    yield f"{local} <> {narrow} AS {quoted(name + '~offset')}"
    yield f"regexp_full_match({bare}, {literal(moments.DAY)}) AS {quoted(name + '~day')}"
    yield _bad(name, raw, tidy, name)
    yield _mend(name, _blanks(raw, tidy), _wide(tidy), f"8:{bare} <> {local} OR {_serial(bare)}")


def _serial(bare: str) -> str:
    return f"regexp_full_match({bare}, {literal(moments.SERIAL)})"


def _normalised(name: str, raw: str, tidy: str, narrow: str, value: str) -> Iterator[str]:
    yield f"{value} AS {quoted(name)}"
    yield _bad(name, raw, tidy, name)
    yield _mend(name, _blanks(raw, tidy), _wide(tidy), f"8:{quoted(name)} <> {narrow}")
