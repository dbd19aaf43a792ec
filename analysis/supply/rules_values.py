"""Doubts about numbers: units of measure, slips of the point, numbers copied down a column."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.supply.doubts import KEEP, Answer, Ask, Doubt, Held, leave_out
from analysis.supply.headers import IN_HOURS
from analysis.supply.words import literal, quoted

#: What a column of hours may hold instead, by the factor that turns it into hours.
INSTEAD = {"minutes": 1 / 60, "seconds": 1 / 3600, "days": 24.0}
#: A part of the data this many times above or below the rest is on another unit.
APART = 15.0
#: Rows that a part must hold before its median says something.
PART = 5
#: A slip of the point: so many times the median, and so many robust standard deviations off.
SLIP, SPREADS = 60.0, 5.5
#: Share of rows that hold one and the same number.
SAME = 0.5
FEW = 30


def _measured(held: Held) -> Iterator[str]:
    for name, column in held.source.columns.items():
        if column.type == "number" and name not in held.source.key:
            yield name


def headed(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a heading that names another unit than the contract."""
    for name, unit in held.units_said:
        wanted = held.source.columns[name].unit
        if unit not in IN_HOURS or wanted not in IN_HOURS or IN_HOURS[unit] == IN_HOURS[wanted]:
            continue
        factor = IN_HOURS[unit] / IN_HOURS[wanted]
        rows, _ = held.found(ask, f"{quoted(name)} IS NOT NULL")
        yield held.doubt(
            "heading-unit",
            column=name,
            rows=rows,
            seen=f"the heading says {unit!r}, the table is in {wanted}",
            answers=(
                Answer(id="convert", says=f"turn them into {wanted}", sql=held.scale(name, factor)),
                Answer(id=wanted, says=f"they are {wanted} all the same"),
            ),
        )


def units(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a median where no median of this column lies: another unit of measure."""
    for name in _measured(held):
        usual = held.usual(name)
        if usual is None or any(name == one for one, _ in held.units_said):
            continue
        column = quoted(name)
        ((median, rows),) = ask(
            f"SELECT median({column}), count({column}) FROM {held.sql} WHERE {column} > 0"
        )
        if rows < PART or usual[0] <= median <= usual[1]:
            continue
        yield held.doubt(
            "unit",
            column=name,
            rows=int(rows),
            seen=f"the median is {median:.4g}, and usually lies between {usual[0]:g} and "
            f"{usual[1]:g} {held.source.columns[name].unit}",
            answers=(*_other_units(held, name, median, usual), KEEP),
        )


def _other_units(
    held: Held, name: str, median: float, usual: tuple[float, float], where: str = "true"
) -> Iterator[Answer]:
    unit = held.source.columns[name].unit
    if unit != "hours":
        return
    fits = sorted(INSTEAD, key=lambda one: _distance(median * INSTEAD[one], usual))
    for other in fits:
        yield Answer(
            id=other,
            says=f"they are {other}: turn them into hours",
            sql=held.scale(name, INSTEAD[other], where=where),
        )


def _distance(value: float, usual: tuple[float, float]) -> float:
    return abs(math.log(value / math.sqrt(usual[0] * usual[1])))


def parts(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about one unit, or all times from one on, far above or below the rest."""
    use = held.use
    for name in _measured(held):
        if held.source.columns[name].unit not in IN_HOURS:
            continue
        for by in filter(None, (use.unit, use.time)):
            yield from _apart(ask, held, name, by)


def _apart(ask: Ask, held: Held, name: str, by: str) -> Iterator[Doubt]:
    column, group = quoted(name), quoted(by)
    medians = ask(
        f"SELECT {group}, median({column}), count(*) FROM {held.sql} WHERE {column} > 0 "
        f"AND {group} IS NOT NULL GROUP BY 1 HAVING count(*) >= {PART} ORDER BY 1"
    )
    if len(medians) < 3:
        return
    middle = sorted(one[1] for one in medians)[len(medians) // 2]
    for low in (False, True):
        strange = [
            one for one in medians if (one[1] * APART < middle if low else one[1] > APART * middle)
        ]
        if not strange or len(strange) == len(medians):
            continue
        where = f"{group} IN ({', '.join(_value(one[0]) for one in strange)})"
        median = sorted(one[1] for one in strange)[len(strange) // 2]
        near = (middle / 3, middle * 3)
        yield held.doubt(
            "unit-of-part",
            column=name,
            about=f"{by} {'low' if low else 'high'}",
            rows=sum(int(one[2]) for one in strange),
            examples=held.found(ask, where)[1],
            seen=f"the median is {median:.4g} for {_some(by, strange)}, and {middle:.4g} elsewhere",
            answers=(
                *_other_units(held, name, median, near, where),
                leave_out(held, where),
                KEEP,
            ),
        )


def _value(value: object) -> str:
    return literal(value) if isinstance(value, str) else str(value)


def _some(by: str, strange: list[tuple[object, ...]]) -> str:
    names = [str(one[0]) for one in strange]
    return f"{by} " + ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")


def negative(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about durations below zero."""
    for name in _measured(held):
        column = held.source.columns[name]
        if column.unit not in IN_HOURS or (column.minimum is not None and column.minimum < 0):
            continue
        where = f"{quoted(name)} < 0"
        rows, examples = held.found(ask, where)
        if rows:
            yield held.doubt(
                "negative",
                column=name,
                rows=rows,
                examples=examples,
                seen=f"{column.unit} below zero",
                answers=(leave_out(held, where),),
            )


def slips(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about single numbers so far off that a point may have slipped."""
    for name in _measured(held):
        if held.source.columns[name].unit not in IN_HOURS:
            continue
        column = quoted(name)
        ((centre, spread, rows),) = ask(
            f"SELECT median(ln({column})), mad(ln({column})), count(*) FROM {held.sql} "
            f"WHERE {column} > 0"
        )
        if rows < FEW or not spread:
            continue
        far = max(math.log(SLIP), SPREADS * 1.4826 * spread)
        where = f"{column} > {math.exp(centre + far)!r} OR ({column} > 0 AND {column} < "
        where += f"{math.exp(centre - far)!r})"
        found, examples = held.found(ask, where)
        if found:
            yield held.doubt(
                "outlier",
                column=name,
                rows=found,
                examples=examples,
                seen=f"numbers more than {math.exp(far):.0f} times above or below the median "
                f"({math.exp(centre):.4g})",
                answers=(KEEP, leave_out(held, where)),
            )


def constants(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about one number in most rows, as when it was copied down."""
    for name in _measured(held):
        column = quoted(name)
        ((value, count, rows),) = ask(
            f"SELECT m, (SELECT count(*) FROM {held.sql} WHERE {column} = m), n FROM "
            f"(SELECT mode({column}) AS m, count({column}) AS n FROM {held.sql})"
        )
        if rows >= FEW and count > SAME * rows and name in held.use.values:
            yield held.doubt(
                "constant",
                column=name,
                rows=int(count),
                seen=f"the number {value:.6g} in {count / rows:.0%} of the rows",
                answers=(KEEP, leave_out(held, f"{column} = {value!r}")),
            )


#: Before the contract is checked, and after.
RULES = (headed, units, parts, negative)
LATE_RULES = (slips, constants)
