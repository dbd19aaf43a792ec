"""Doubts about moments: offsets, universal time, order, days without a time, stray years."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.supply.cleaning import COUNTED
from analysis.supply.doubts import KEEP, Answer, Ask, Doubt, Held, leave_out
from analysis.supply.moments import of_moment
from analysis.supply.words import quoted

#: Hours that local time is ahead of universal time: China has one time zone.
AHEAD = 8
#: Share of acts at work (8 to 18 h) that has to be gained by the shift before it is proposed.
GAIN = 0.25
#: Rows below which a daily rhythm tells nothing.
FEW = 50
#: Moments further than this from where nearly all lie are strays.
STRAY_YEARS = 3
EARLIEST = 1990


def offsets(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about times that name an offset, such as Z or +00:00."""
    for name in held.moments:
        where = quoted(f"{name}~offset")
        rows, examples = held.found(ask, where)
        if rows:
            yield held.doubt(
                "offset",
                column=name,
                rows=rows,
                examples=examples,
                seen="times that name an offset from universal time (Z, +00:00)",
                answers=(
                    Answer(
                        id="universal",
                        says=f"universal time: add {AHEAD} hours",
                        sql=_shift(held, name, where),
                    ),
                    Answer(id="local", says="local time all the same: the offset means nothing"),
                ),
            )


def _shift(held: Held, name: str, where: str = "true") -> tuple[str, ...]:
    column = quoted(name)
    return (f"UPDATE {held.sql} SET {column} = {column} + INTERVAL {AHEAD} HOUR WHERE {where}",)


def universal(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about acts of people at work that only fall into the day once eight hours are added."""
    for name in held.moments:
        if not held.moment(name).office_hours:
            continue
        column = quoted(name)
        work = "hour({0}) BETWEEN 8 AND 17"
        ((rows, now, moved),) = ask(
            f"SELECT count(*), avg(({work.format(column)})::INT), "
            f"avg(({work.format(f'({column} + INTERVAL {AHEAD} HOUR)')})::INT) FROM {held.sql} "
            f"WHERE {column} IS NOT NULL AND NOT {quoted(f'{name}~day')} "
            f"AND NOT {quoted(f'{name}~offset')}"
        )
        if rows >= FEW and moved - now > GAIN:
            yield held.doubt(
                "universal-time",
                column=name,
                rows=int(rows),
                seen=f"{now:.0%} of the times fall between 8 and 18 h; with {AHEAD} hours added "
                f"{moved:.0%} would: they look like universal time",
                answers=(
                    Answer(
                        id="universal",
                        says=f"all times of this table are universal time: add {AHEAD} hours",
                        sql=tuple(step for one in held.moments for step in _shift(held, one)),
                    ),
                    Answer(
                        id="only this",
                        says=f"only {name} is universal time: add {AHEAD} hours to it",
                        sql=_shift(held, name),
                    ),
                    Answer(id="local", says="local time as it stands"),
                ),
            )


def days_only(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about days without a time, where a time between two moments is computed."""
    needed = {
        moment
        for name in held.source.columns
        if (said := held.office.columns.get(name)) is not None
        for moment in said.between or ()
    }
    for name in held.moments:
        where = f"{quoted(f'{name}~day')} AND {quoted(name)} IS NOT NULL"
        rows, examples = held.found(ask, where) if name in needed else (0, ())
        if rows:
            yield held.doubt(
                "day-only",
                column=name,
                rows=rows,
                examples=examples,
                seen="days without a time of day, from which hours are to be computed",
                answers=(
                    leave_out(held, where),
                    Answer(id="midnight", says="count them as midnight"),
                ),
            )


def strays(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about moments years away from where nearly all of them lie, or before there were any."""
    for name in held.moments:
        column = quoted(name)
        ((low, high),) = ask(
            f"SELECT quantile_disc({column}, 0.05), quantile_disc({column}, 0.95) FROM {held.sql}"
        )
        if low is None:
            continue
        where = (
            f"({column} < TIMESTAMP '{low}' - INTERVAL {STRAY_YEARS} YEAR OR "
            f"{column} > TIMESTAMP '{high}' + INTERVAL {STRAY_YEARS} YEAR OR "
            f"year({column}) < {EARLIEST})"
        )
        rows, examples = held.found(ask, where)
        if rows:
            yield held.doubt(
                "stray-year",
                column=name,
                rows=rows,
                examples=examples,
                seen=f"moments far from the others, which lie between {low:%Y-%m} and {high:%Y-%m}",
                answers=(leave_out(held, where), KEEP),
            )


def order(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a moment before the one that must come first."""
    for name in held.moments:
        first = held.moment(name).not_before
        if first is None or first not in held.moments:
            continue
        where = f"{quoted(name)} < {quoted(first)}"
        rows, examples = held.found(ask, where)
        if rows:
            yield held.doubt(
                "order",
                column=name,
                rows=rows,
                examples=examples,
                seen=f"{name} before {first}",
                answers=(leave_out(held, where), KEEP),
            )


def other_months(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about rows whose month is not that of their moment, counted as in most rows."""
    for name, column in held.source.columns.items():
        said = held.office.columns.get(name)
        if said is None or said.month_of not in held.moments or column.unit not in COUNTED:
            continue
        apart = f"{of_moment(quoted(str(said.month_of)), column.unit)} - {quoted(name)}"
        usual = f"(SELECT mode({apart}) FROM {held.sql})"
        where = f"{apart} <> {usual}"
        rows, examples = held.found(ask, where)
        if rows:
            yield held.doubt(
                "other-month",
                column=name,
                rows=rows,
                examples=examples,
                seen=f"rows whose {column.unit} is not that of {said.month_of}",
                answers=(leave_out(held, where), KEEP),
            )


#: Before columns are computed, and once they are.
MIDDLE_RULES = (other_months,)
RULES = (offsets, universal, days_only, strays, order)
