"""Faults of typed tables: contracts that are broken, and tables that do not fit each other."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator

from analysis.catalog.intake.desk import Desk
from analysis.catalog.intake.spread import Spread
from analysis.contracts.bulk import Condition, breaches
from analysis.errors import Fault
from analysis.supply.doubts import Held
from analysis.supply.limits import LIMITS
from analysis.supply.words import quoted


def contract_faults(desk: Desk, one: Spread, *, asked: Collection[str]) -> Iterator[Fault]:
    """Yield one fault for each condition that rows of a table break.

    Parameters
    ----------
    desk : Desk
    one : Spread
    asked : collection of str
        Columns whose numbers below zero are asked about already.
    """
    table = desk.table(one.held.table)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        warnings.filterwarnings("ignore", "The 'future.infer_string' option")
        for condition in breaches(table, one.contract):
            rows = table.filter(~condition.rule(table))
            if condition.kind == "ranged" and condition.column in asked:
                rows = rows.filter(rows[condition.column] >= 0)
            count = int(rows.count().execute())
            if count:
                shown = rows.order_by("_row").limit(LIMITS.shown)
                cells = shown.select("_row", condition.column, f"{condition.column}~bad")
                yield _told(one.held, condition, count, cells.execute().values.tolist())


def _told(held: Held, condition: Condition, count: int, cells: list[list[object]]) -> Fault:
    values = [str(bad) if isinstance(bad, str) else value for _, value, bad in cells]
    first = _shown(values[0]) if condition.kind != "filled" else "an empty cell"
    more = ""
    if count > 1:
        others = ", ".join(
            f"row {int(str(row))}" + ("" if condition.kind == "filled" else f": {_shown(value)}")
            for (row, _, _), value in zip(cells[1:], values[1:], strict=True)
        )
        more = f" ({count:,} such cells: {others}{' ...' if count > len(cells) else ''})"
    return Fault(
        file=held.file,
        row=int(str(cells[0][0])),
        column=condition.column,
        expected=condition.expected,
        found=first + more,
        mend=condition.mend,
    )


def _shown(value: object) -> str:
    text = (
        repr(value)
        if isinstance(value, str)
        else f"{value:.10g}"
        if isinstance(value, float)
        else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."


def pair_faults(desk: Desk, starts: Held, rows: Held) -> Iterator[Fault]:
    """Yield faults of a table of starts that does not fit the rows it belongs to."""
    own, other, start = starts.use.unit, rows.use.unit, starts.use.start
    if own is None or other is None or start is None:
        return
    lost = desk.ask(
        f"SELECT {quoted(own)}, min(_row) FROM {starts.sql} WHERE {quoted(start)} IS NOT NULL AND "
        f"{quoted(own)} NOT IN (SELECT {quoted(other)} FROM {rows.sql} "
        f"WHERE {quoted(other)} IS NOT NULL) GROUP BY 1 ORDER BY 2"
    )
    if lost:
        names = ", ".join(repr(str(name)) for name, _ in lost[:5])
        yield Fault(
            file=starts.file,
            row=int(lost[0][1]),
            column=own,
            expected=f"units that have rows in {rows.file}",
            found=names + (f" and {len(lost) - 5} more" if len(lost) > 5 else "") + ", without any",
            mend="supply their rows, correct the name, or take them out of the table of starts",
        )
    ((treated,),) = desk.ask(f"SELECT count({quoted(start)}) FROM {starts.sql}")
    if not treated:
        yield Fault(
            file=starts.file,
            column=start,
            expected="a start for at least one unit",
            found="none: nobody is ever treated",
            mend="fill in the times at which units start",
        )
