"""Doubts about names and numbers of records: totals, words for nothing, two spellings, doubles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.declarations.data import Column
from analysis.supply.doubts import KEEP, Answer, Ask, Doubt, Held, leave_out
from analysis.supply.words import NULL_WORDS, TOTAL_WORDS, any_of, literal, quoted

#: Rows that are the same but for their number: this share of all looks like a copy.
COPIED = 0.02
#: Rows that are compared with each other.
LOOK_AT = 2_000_000
#: The words for totals, with blanks anywhere between their letters.
_LETTERS = (r"\s*".join(map(re.escape, word.replace(" ", ""))) for word in TOTAL_WORDS)
_TOTALS = rf"(?i)\s*({'|'.join(_LETTERS)})\s*"


def totals(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about rows that are sums of the others."""
    unit = held.use.unit
    if unit is None:
        return
    beside = [name for name, column in held.source.columns.items() if _holds_names(column)]
    elsewhere = " OR ".join(map(_total, beside)) or "false"
    where = f"{_total(unit)} OR ({quoted(unit)} IS NULL AND ({elsewhere}))"
    rows, examples = held.found(ask, where)
    if rows:
        yield held.doubt(
            "totals",
            column=unit,
            rows=rows,
            examples=examples,
            seen="rows that look like totals",
            answers=(leave_out(held, where), KEEP),
        )


def _holds_names(column: Column) -> bool:
    return column.role in ("record", "firm") or (column.type == "text" and not column.allowed)


def _total(name: str) -> str:
    return f"regexp_full_match({quoted(name)}::VARCHAR, {literal(_TOTALS)})"


def words_for_nothing(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about words such as NULL where a name is wanted."""
    for name, column in held.source.columns.items():
        if column.type != "text" or column.allowed:
            continue
        where = f"lower({quoted(name)}) IN ({any_of(NULL_WORDS)})"
        rows, examples = held.found(ask, where)
        if rows:
            yield held.doubt(
                "null-word",
                column=name,
                rows=rows,
                examples=examples,
                seen="words that programs write for 'nothing' where a name is wanted",
                answers=(leave_out(held, where), KEEP),
            )


def numbers_as_ids(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about numbers in a column of names: leading zeros may be gone."""
    for name in held.numbers_as_ids:
        rows, examples = held.found(ask, f"{quoted(name)} IS NOT NULL")
        yield held.doubt(
            "number-as-name",
            column=name,
            rows=rows,
            examples=examples,
            seen="the file holds these as numbers: leading zeros, if there were any, are gone",
            answers=(KEEP,),
        )


def spellings(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about two spellings of one unit, which differ in blanks, capitals or width."""
    unit = held.use.unit
    if unit is None or held.source.columns[unit].allowed:
        return
    name = quoted(unit)
    plain = f"lower(regexp_replace({name}, '[\\s_\\-·.()（）]', '', 'g'))"
    sql = (
        f"SELECT list(u ORDER BY n DESC, u), sum(n) - max(n) FROM (SELECT {name} AS u, "
        f"{plain} AS p, count(*) AS n FROM {held.sql} WHERE {name} IS NOT NULL GROUP BY ALL) "
        "GROUP BY p HAVING count(*) > 1 ORDER BY 1"
    )
    for names, rows in ask(sql):
        kept, others = names[0], names[1:]
        where = f"{name} IN ({any_of(others)})"
        same = Answer(
            id="same",
            says=f"all of them are {kept!r}",
            sql=(f"UPDATE {held.sql} SET {name} = {literal(kept)} WHERE {where}",),
        )
        yield held.doubt(
            "spelling",
            column=unit,
            about=kept,
            rows=int(rows),
            examples=held.found(ask, where)[1],
            seen=f"names that differ in blanks or capitals only: {', '.join(map(repr, names))}",
            answers=(same, Answer(id="different", says="they are different")),
        )


def doubled_records(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a number of a record twice: the same row again, or another one."""
    columns = [quoted(name) for name in (*held.source.columns, *held.moments)]
    for name in held.records:
        key = quoted(name)
        yield from _doubled(ask, held, [key], name, columns)


def doubled_keys(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about a key twice in tables whose rows have no numbers."""
    if held.records or held.use.start is not None:
        return
    columns = [quoted(name) for name in held.source.columns]
    key = [quoted(name) for name in held.source.key]
    yield from _doubled(ask, held, key, ", ".join(held.source.key), columns)


def _doubled(
    ask: Ask, held: Held, key: list[str], said: str, columns: list[str]
) -> Iterator[Doubt]:
    over = ", ".join(key)
    there = " AND ".join(f"{one} IS NOT NULL" for one in key)
    again = (
        f"_row IN (SELECT _row FROM (SELECT _row, row_number() OVER (PARTITION BY {over} "
        f"ORDER BY _row) AS n FROM {held.sql} WHERE {there}) WHERE n > 1)"
    )
    ((count,),) = ask(
        f"SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT {over} FROM {held.sql} "
        f"WHERE {there})) FROM {held.sql} WHERE {there}"
    )
    if not count:
        return
    others = ", ".join(columns)
    same = (
        f"_row IN (SELECT _row FROM (SELECT _row, row_number() OVER (PARTITION BY {others} "
        f"ORDER BY _row) AS n FROM {held.sql}) WHERE n > 1)"
    )
    rows, examples = held.found(ask, same)
    if rows:
        yield held.doubt(
            "copied",
            column=said,
            rows=rows,
            examples=examples,
            seen="rows that stand there again, the same in every cell",
            answers=(Answer(id="keep one", says="keep each such row once", sql=held.delete(same)),),
        )
    differing = f"{again} AND NOT ({same})"
    rows, examples = held.found(ask, differing)
    if rows:
        last = again.replace("ORDER BY _row)", "ORDER BY _row DESC)", 1)
        every = f"({again}) OR ({last})"
        yield held.doubt(
            "doubled",
            column=said,
            rows=rows,
            examples=examples,
            seen="rows with a number that stands above already, and other cells",
            answers=(
                leave_out(held, every, what="all rows of such a number"),
                Answer(id="first", says="keep the first of them", sql=held.delete(again)),
                Answer(id="last", says="keep the last of them", sql=held.delete(last)),
            ),
        )


def copied_under_new_numbers(ask: Ask, held: Held) -> Iterator[Doubt]:
    """Ask about the same rows again under other numbers."""
    if not held.records:
        return
    names = [name for name in held.source.columns if name not in held.records]
    exact = [name for name in held.moments if len(held.moments) > 1]
    others = ", ".join(quoted(name) for name in (*names, *exact))
    same = (
        f"_row IN (SELECT _row FROM (SELECT _row, row_number() OVER (PARTITION BY {others} "
        f"ORDER BY _row) AS n FROM {held.sql}) WHERE n > 1)"
    )
    # Of many rows a part is looked at, chosen by their content so that copies stay together.
    ((size,),) = ask(f"SELECT count(*) FROM {held.sql}")
    part = f"FROM {held.sql} WHERE hash({others}) % {1 + size // LOOK_AT} = 0"
    ((all_rows, rows),) = ask(
        f"SELECT n, n - d FROM (SELECT count(*) AS n {part}), "
        f"(SELECT count(*) AS d FROM (SELECT DISTINCT {others} {part}))"
    )
    if rows > COPIED * all_rows and rows > 1 and _telling(ask, held, names):
        yield held.doubt(
            "renumbered",
            column=", ".join(held.records),
            rows=int(rows),
            examples=held.found(ask, same)[1],
            seen="rows that are the same as others in all but their number",
            answers=(leave_out(held, same), KEEP),
        )


def _telling(ask: Ask, held: Held, names: list[str]) -> bool:
    """Whether the cells of a row nearly tell it from all others: only then copies are strange."""
    if len(held.moments) > 1:
        return True
    numbers = [name for name in names if held.source.columns[name].type == "number"]
    for name in numbers:
        ((values, rows),) = ask(
            f"SELECT approx_count_distinct({quoted(name)}), count(*) FROM {held.sql}"
        )
        if values > 0.05 * rows:
            return True
    return False


#: Before columns are computed, once they are, and after the contract held.
RULES = (totals, words_for_nothing, numbers_as_ids, spellings)
MIDDLE_RULES = (doubled_records,)
LATE_RULES = (doubled_keys, copied_under_new_numbers)
