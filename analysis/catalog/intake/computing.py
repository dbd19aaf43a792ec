"""Columns that are computed from time stamps, and months that are counted from a first one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.spread import Spread
from analysis.errors import Fault
from analysis.supply.cleaning import COUNTED
from analysis.supply.doubts import Answer, Doubt
from analysis.supply.moments import calendar_name, calendar_number, of_moment
from analysis.supply.settle import Settling
from analysis.supply.words import quoted

_SECONDS = {"hours": 3600, "days": 86400, "minutes": 60}


def compute(desk: Desk, one: Spread) -> None:
    """Fill the declared columns that the file does not hold from its time stamps."""
    made = list(_computed(one))
    if made:
        table = one.held.sql
        desk.run(f"CREATE TABLE computed AS SELECT *, {', '.join(made)} FROM {table}")
        desk.run(f"DROP TABLE {table}")
        desk.run(f"ALTER TABLE computed RENAME TO {table}")


def _computed(one: Spread) -> Iterator[str]:
    for name, column in one.contract.columns.items():
        said = one.held.office.columns.get(name)
        if name in one.there or said is None:
            continue
        if said.between is not None:
            first, last = (quoted(moment) for moment in said.between)
            seconds = f"epoch({last}) - epoch({first})"
            yield f"({seconds}) / {_SECONDS[column.unit]} AS {quoted(name)}"
        elif said.month_of is not None:
            yield f"NULL::BIGINT AS {quoted(name)}"
            yield f"{of_moment(quoted(said.month_of), column.unit)} AS {quoted(name + '~calendar')}"
        yield f"NULL::VARCHAR AS {quoted(name + '~bad')}"
        yield f"0::UTINYINT AS {quoted(name + '~mend')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """A column of one table that counts times, and how many cells are dates of the calendar."""

    spread: Spread
    name: str
    unit: str
    plain: int
    dated: int
    first: int | None


def count_times(
    desk: Desk,
    spreads: Sequence[Spread],
    pairs: Sequence[tuple[str, str]],
    settling: Settling,
) -> Iterator[Fault]:
    """Turn dates in counted columns into numbers of times; ask which one is the first."""
    groups: dict[tuple[str, str], list[_Counted]] = {}
    supplied = {one.contract.id for one in spreads}
    for one in spreads:
        for column in _counted(desk, one):
            if column.plain and column.dated:
                yield _mixed(column)
            elif column.dated:
                rows = [rows for starts, rows in pairs if starts == one.contract.id]
                leader = next((name for name in rows if name in supplied), one.contract.id)
                groups.setdefault((leader, column.unit), []).append(column)
    for (leader, unit), columns in groups.items():
        _settle_first(desk, leader, unit, columns, settling)


def _counted(desk: Desk, one: Spread) -> Iterator[_Counted]:
    for name, column in one.contract.columns.items():
        if column.type != "whole" or column.unit not in COUNTED:
            continue
        ((plain, dated, first),) = desk.ask(
            f"SELECT count({quoted(name)}), count({quoted(name + '~calendar')}), "
            f"min({quoted(name + '~calendar')}) FROM {one.held.sql}"
        )
        yield _Counted(
            spread=one, name=name, unit=column.unit, plain=plain, dated=dated, first=first
        )


def _mixed(column: _Counted) -> Fault:
    return Fault(
        file=column.spread.held.file,
        column=column.name,
        expected=f"all {column.unit}s counted, or all of them dates",
        found=f"{column.plain:,} counted and {column.dated:,} dates",
        mend="write them in one way",
    )


def _settle_first(
    desk: Desk, leader: str, unit: str, columns: Sequence[_Counted], settling: Settling
) -> None:
    own = [one for one in columns if one.spread.contract.id == leader] or columns
    first = min(one.first for one in own if one.first is not None)
    proposed = _answer(columns, first, unit)
    doubt = Doubt(
        rule=f"first-{unit}",
        source=leader,
        file=own[0].spread.held.file,
        column=own[0].name,
        rows=sum(one.dated for one in own),
        seen=f"{unit}s of the calendar, where the design counts them from 1",
        answers=(proposed,),
        open_answer=f'the {unit} that is number 1, written as "{calendar_name(first, unit=unit)}"',
    )

    def other(text: str) -> Answer | None:
        number = calendar_number(text, unit=unit)
        return None if number is None else _answer(columns, number, unit)

    if not settling.settle(doubt, desk.run, other=other):
        for statement in proposed.sql:  # so that the rest can be checked at the same time
            desk.run(statement)


def _answer(columns: Sequence[_Counted], first: int, unit: str) -> Answer:
    name = calendar_name(first, unit=unit)
    return Answer(
        id=name,
        says=f"{unit} 1 is {name}",
        sql=tuple(
            f"UPDATE {one.spread.held.sql} SET {quoted(one.name)} = "
            f"{quoted(one.name + '~calendar')} - {first} + 1 "
            f"WHERE {quoted(one.name + '~calendar')} IS NOT NULL"
            for one in columns
        ),
    )
