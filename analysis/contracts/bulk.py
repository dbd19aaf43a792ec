"""Supplied tables of any size, held to their contracts by pandera where they lie: in a database.

The same schema is judged on a thousand rows and on a hundred million: every check is one boolean
that the database computes, so that no row leaves it before one is known to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from analysis.declarations import Column, Source

if TYPE_CHECKING:
    import ibis
    import pandera.ibis as pa

Rule = Callable[["ibis.Table"], "ibis.expr.types.BooleanValue"]

_TYPES: dict[str, type] = {"text": str, "date": str, "whole": int, "number": float}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What every row of one column has to hold.

    Attributes
    ----------
    column : str
    kind : str
        "readable", "filled", "listed" or "ranged".
    expected, mend : str
    rule : callable
        From the table to a boolean for each row: whether it holds.
    """

    column: str
    kind: str
    expected: str
    mend: str
    rule: Rule


def conditions(source: Source) -> tuple[Condition, ...]:
    """Return all that the rows of a source have to hold, column by column."""
    return tuple(one for name, held in source.columns.items() for one in _of(name, held))


def _of(name: str, column: Column) -> list[Condition]:
    found = [
        Condition(
            column=name,
            kind="readable",
            expected=_form(column),
            mend="write the cell plainly"
            + ("; leave it empty where nothing is known" if column.missing else ""),
            rule=lambda table: table[f"{name}~bad"].isnull(),
        )
    ]
    if not column.missing:
        found.append(
            Condition(
                column=name,
                kind="filled",
                expected="a value",
                mend="fill the cell (take merged cells apart), or leave the whole row out",
                rule=lambda table: table[name].notnull() | table[f"{name}~bad"].notnull(),
            )
        )
    if column.allowed:
        found.append(
            Condition(
                column=name,
                kind="listed",
                expected=_one_of(column.allowed),
                mend="use a name of the list",
                rule=lambda table: table[name].isin(column.allowed) | table[name].isnull(),
            )
        )
    if column.minimum is not None or column.maximum is not None:
        found.append(_ranged(name, column))
    return found


def _ranged(name: str, column: Column) -> Condition:
    low, high = column.minimum, column.maximum

    def inside(table: ibis.Table) -> ibis.expr.types.BooleanValue:
        value = table[name]
        above = value >= low if low is not None else value.notnull()
        below = value <= high if high is not None else value.notnull()
        return (above & below) | value.isnull()

    ends = " to ".join("any" if end is None else f"{end:.15g}" for end in (low, high))
    return Condition(
        column=name,
        kind="ranged",
        expected=f"a number from {ends} ({column.unit})",
        mend="correct the number, or its unit of measure",
        rule=inside,
    )


def _form(column: Column) -> str:
    if column.role:
        return "a number or name kept as text, with all its digits"
    return {
        "text": "a short text without control characters, formulas and errors of a spreadsheet",
        "date": "a date that exists, as 2021, 2021-09 or 2021-09-08",
        "moment": "a moment that exists, as 2021-09-08 14:03:00",
        "whole": f"a whole number of at most 15 digits ({column.unit})",
        "number": f"a finite number in digits, with a point ({column.unit})",
    }[column.type]


def _one_of(allowed: tuple[str, ...]) -> str:
    if len(allowed) > 8:
        return f"one of {len(allowed)} known names ({allowed[0]}, {allowed[1]}, ...)"
    return "one of " + ", ".join(allowed)


def breaches(table: ibis.Table, source: Source) -> tuple[Condition, ...]:
    """Return the conditions of all columns that break one; none when a table holds its contract.

    A column is judged as a whole; which of its conditions are broken tells the rows that break
    them.
    """
    from pandera.errors import SchemaErrors

    held = conditions(source)
    try:
        _schema(source, held).validate(table, lazy=True)
    except SchemaErrors as error:
        broken = {_name(one) for one in error.schema_errors}
        found = tuple(one for one in held if one.column in broken)
        if not found:  # a type that the reader must never make
            raise
        return found
    return ()


def _name(error: Any) -> str:
    return str(getattr(error.check, "name", error.check))


def _schema(source: Source, held: tuple[Condition, ...]) -> pa.DataFrameSchema:
    import pandera.ibis as pa

    columns = {
        name: pa.Column(_TYPES.get(column.type), nullable=True)
        for name, column in source.columns.items()
    }
    checks = [
        pa.Check(_all([one.rule for one in held if one.column == name]), name=name, ignore_na=False)
        for name in columns
    ]
    return pa.DataFrameSchema(columns, checks=checks)


def _all(rules: Sequence[Rule]) -> Callable[[Any], Any]:
    def hold(data: Any) -> Any:
        every = [rule(data.table) for rule in rules]
        return reduce(and_, every).all().fill_null(True)

    return hold
