"""Doubts about times and treatment: gaps, half months, windows, cohorts; over both tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from analysis.supply.doubts import KEEP, Answer, Ask, Doubt, Held, leave_out
from analysis.supply.words import literal, quoted

#: The first or last time with fewer rows than this share of the usual looks cut off.
HALF = 0.6
#: Rows a time below which this cannot be told from chance.
MANY = 30
#: Numbers, and different ones among them, that are never all the same twice by chance.
ALIKE, DIFFERENT = 10, 8
#: Where a larger share of times repeat the one before, repeating is what these data do.
OFTEN = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """First and last time held by a table, and those in between without any row."""

    first: int
    last: int
    gaps: tuple[int, ...]


def times(ask: Ask, held: Held) -> Times | None:
    """Return the times of a table; None where it has none."""
    time = held.use.time
    if time is None:
        return None
    found = [
        int(one)
        for (one,) in ask(
            f"SELECT DISTINCT {quoted(time)} FROM {held.sql} WHERE {quoted(time)} IS NOT NULL "
            "ORDER BY 1"
        )
    ]
    if not found:
        return None
    whole = range(found[0], found[-1] + 1) if found[-1] - found[0] < 10_000 else found
    gaps = tuple(sorted(set(whole) - set(found) - set(held.source.gaps)))
    return Times(first=found[0], last=found[-1], gaps=gaps)


def missing_times(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about times without a row of any unit, inside what was sent and against the window."""
    seen = times(ask, held)
    if seen is None or held.use.time is None:
        return
    unit = held.source.columns[held.use.time].unit
    if seen.gaps:
        yield held.doubt(
            "missing-times",
            column=held.use.time,
            rows=len(seen.gaps),
            seen=f"no row at all in {unit} {_listed(seen.gaps)}",
            answers=(Answer(id="missing", says="nothing is known of them: leave the gap"),),
        )
    window = held.use.window
    if window is not None and (seen.first > window[0] or seen.last < window[1]):
        yield held.doubt(
            "short-window",
            column=held.use.time,
            rows=max(0, seen.first - window[0]) + max(0, window[1] - seen.last),
            seen=f"{unit}s {seen.first} to {seen.last}; the designs look at {window[0]} to "
            f"{window[1]}",
            answers=(Answer(id="shorter", says="evaluate the times that are there"),),
        )


def _listed(numbers: tuple[int, ...]) -> str:
    said = ", ".join(str(one) for one in numbers[:6])
    return said + (f" and {len(numbers) - 6} more" if len(numbers) > 6 else "")


def half_times(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a first or last time with far fewer rows than the others: half sent, maybe."""
    time = held.use.time
    if time is None:
        return
    column = quoted(time)
    counts = ask(
        f"SELECT {column}, count(*) FROM {held.sql} WHERE {column} IS NOT NULL "
        "GROUP BY 1 ORDER BY 1"
    )
    usual = sorted(int(one[1]) for one in counts)[len(counts) // 2]
    if len(counts) < 4 or usual < MANY:
        return
    for number, count in (counts[0], counts[-1]):
        where = f"{column} = {int(number)}"
        if count < HALF * usual:
            yield held.doubt(
                "half-sent",
                column=time,
                about=str(number),
                rows=int(count),
                examples=held.found(ask, where)[1],
                seen=f"{count} rows in {held.source.columns[time].unit} {number}, and {usual} in "
                "a usual one",
                answers=(leave_out(held, where, what="this time"), KEEP),
            )


def copied_times(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about times with the very numbers of the time before: a table sent again, maybe."""
    time, unit = held.use.time, held.use.unit
    if time is None:
        return
    for name in held.use.values:
        if name not in held.source.columns or held.source.columns[name].type != "number":
            continue
        among = f"{quoted(unit)}, {quoted(name)}" if unit else quoted(name)
        found = ask(
            f"SELECT {quoted(time)}, count(*), approx_count_distinct({quoted(name)}), "
            f"sum(hash({among})) FROM {held.sql} WHERE {quoted(name)} IS NOT NULL "
            f"AND {quoted(time)} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        again = [
            int(later[0])
            for first, later in pairwise(found)
            if first[1:] == later[1:] and later[1] >= ALIKE and later[2] >= DIFFERENT
        ]
        if not again or len(again) > OFTEN * len(found):
            continue
        where = f"{quoted(time)} IN ({', '.join(map(str, again))})"
        rows, examples = held.found(ask, where)
        yield held.doubt(
            "copied-times",
            column=name,
            rows=rows,
            examples=examples,
            seen=f"{held.source.columns[time].unit} {_listed(tuple(again))}: all numbers are those "
            "of the time before",
            answers=(leave_out(held, where), KEEP),
        )


def two_cohorts(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a unit that stands twice in the table of starts."""
    unit, start = held.use.unit, held.use.start
    if unit is None or start is None:
        return
    name, first = quoted(unit), quoted(start)
    many = ask(
        f"SELECT {name}, count(DISTINCT coalesce({first}, -1)), count(*) FROM {held.sql} "
        f"WHERE {name} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    )
    for value, starts, count in many:
        where = f"{name} = {literal(str(value))}"
        again = f"{where} AND _row <> (SELECT min(_row) FROM {held.sql} WHERE {where})"
        if starts == 1:
            answers: tuple[Answer, ...] = (
                Answer(id="keep one", says="keep it once", sql=held.delete(again)),
            )
        else:
            answers = (
                leave_out(held, where, what="this unit's starts"),
                _keep_start(held, where, first, "earliest", "min"),
                _keep_start(held, where, first, "latest", "max"),
            )
        yield held.doubt(
            "two-starts",
            column=unit,
            about=str(value),
            rows=int(count),
            examples=held.found(ask, where)[1],
            seen=f"{value!r} stands {count} times with {starts} different starts",
            answers=answers,
        )


def _keep_start(held: Held, where: str, first: str, word: str, sql: str) -> Answer:
    kept = (
        f"(SELECT min(_row) FROM {held.sql} WHERE {where} AND {first} = "
        f"(SELECT {sql}({first}) FROM {held.sql} WHERE {where}))"
    )
    return Answer(
        id=word, says=f"keep the {word} start", sql=held.delete(f"{where} AND _row <> {kept}")
    )


def starts_outside(ask: Ask, starts: Held, rows: Held) -> Iterator[Doubt]:
    """Ask about units that start before there are data, or after."""
    seen = times(ask, rows)
    if seen is None or starts.use.start is None:
        return
    first = quoted(starts.use.start)
    early = f"{first} <= {seen.first}"
    count, examples = starts.found(ask, early)
    if count:
        yield starts.doubt(
            "start-before",
            column=starts.use.start,
            rows=count,
            examples=examples,
            seen=f"units that start at or before {seen.first}, the first time of the data: "
            "nothing is known of them without the reform",
            answers=(KEEP, *_without(starts, rows, early)),
        )
    late = f"{first} > {seen.last}"
    count, examples = starts.found(ask, late)
    if count:
        yield starts.doubt(
            "start-after",
            column=starts.use.start,
            rows=count,
            examples=examples,
            seen=f"units that start after {seen.last}, the last time of the data",
            answers=(
                Answer(
                    id="untreated",
                    says="count them as untreated in the data",
                    sql=(f"UPDATE {starts.sql} SET {first} = NULL WHERE {late}",),
                ),
                *_without(starts, rows, late),
            ),
        )


def _without(starts: Held, rows: Held, where: str) -> Iterator[Answer]:
    own, other = starts.use.unit, rows.use.unit
    if own is not None and other is not None:
        units = f"(SELECT {quoted(own)} FROM {starts.sql} WHERE {where})"
        yield Answer(
            id="leave out",
            says="leave these units out altogether",
            sql=(*rows.delete(f"{quoted(other)} IN {units}"), *starts.delete(where)),
        )


def unlisted(ask: Ask, starts: Held, rows: Held) -> Iterator[Doubt]:
    """Ask about units with data that the table of starts does not name."""
    own, other = starts.use.unit, rows.use.unit
    if own is None or other is None or starts.use.start is None:
        return
    where = (
        f"{quoted(other)} NOT IN (SELECT {quoted(own)} FROM {starts.sql} "
        f"WHERE {quoted(own)} IS NOT NULL)"
    )
    count, examples = rows.found(ask, where)
    if count:
        names = [
            str(one)
            for (one,) in ask(
                f"SELECT DISTINCT {quoted(other)} FROM {rows.sql} WHERE {where} ORDER BY 1"
            )
        ]
        said = ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" * (len(names) > 5))
        yield rows.doubt(
            "unlisted",
            column=other,
            rows=count,
            examples=examples,
            seen=f"{said}: not in the table of starts ({starts.file})",
            answers=(
                Answer(id="untreated", says="the reform never reached them"),
                leave_out(rows, where, what="them"),
            ),
        )


LATE_RULES = (copied_times, missing_times, half_times, two_cohorts)
