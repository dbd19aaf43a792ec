"""What may be wrong with supplied data and only the user can know: a doubt and its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.declarations.data import Source
from analysis.declarations.office import Moment, Office
from analysis.supply.words import quoted

#: Asks the database and gives its rows.
Ask = Callable[[str], Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One way to settle a doubt.

    Attributes
    ----------
    id : str
        What the user writes.
    says : str
        What it does.
    sql : tuple of str
        Statements on the typed table; none = the data stay as they are.
    """

    id: str
    says: str
    sql: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something that looks wrong.

    Attributes
    ----------
    rule : str
        Kind of doubt.
    source, file : str
        Id of the table and file of the user.
    column : str or None
    about : str
        What tells it from others of this kind and column: a unit, say; may be empty.
    rows : int
        Rows concerned.
    seen : str
        What was seen.
    examples : tuple of int
        Some rows of the file.
    answers : tuple of Answer
        The first is the one that is proposed.
    open_answer : str or None
        Form of an answer that is no fixed word, such as a month; `answer` then makes it.
    """

    rule: str
    source: str
    file: str
    column: str | None = None
    about: str = ""
    rows: int
    seen: str
    examples: tuple[int, ...] = ()
    answers: tuple[Answer, ...]
    open_answer: str | None = None

    @property
    def id(self) -> str:
        """Name under which the user decides it."""
        parts = (self.source, self.rule, self.column or "", self.about)
        return "/".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How designs use the columns of one source.

    Attributes
    ----------
    unit, time : str or None
        Columns of the unit and the time.
    values : tuple of str
        Columns that are outcomes.
    start : str or None
        Column of first treated times, in tables with one row a unit.
    window : tuple of two ints or None
        First and last time that designs look at.
    """

    unit: str | None = None
    time: str | None = None
    values: tuple[str, ...] = ()
    start: str | None = None
    window: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A typed table on the desk, and all that rules need to know about it.

    Attributes
    ----------
    table : str
        Its name on the desk.
    source : Source
    file : str
        As the user knows it.
    use : Use
    office : Office
    moments : tuple of str
        Time stamps that came with it.
    numbers_as_ids : tuple of str
        Columns of names in which the file holds numbers.
    hidden : int
        Rows that the workbook hides.
    units_said : dict
        Units that headings named, by column.
    """

    table: str
    source: Source
    file: str
    use: Use
    office: Office
    moments: tuple[str, ...] = ()
    numbers_as_ids: tuple[str, ...] = ()
    hidden: int = 0
    units_said: tuple[tuple[str, str], ...] = ()

    @property
    def sql(self) -> str:
        """Name of the table in SQL."""
        return quoted(self.table)

    @property
    def records(self) -> tuple[str, ...]:
        """Columns that number the rows."""
        held = self.source.columns
        named = tuple(name for name in held if held[name].role == "record")
        if named or len(self.source.key) > 1 or self.use.unit in self.source.key:
            return named
        return tuple(self.source.key)

    def moment(self, name: str) -> Moment:
        """Return the declaration of a time stamp."""
        return self.office.moments[name]

    def usual(self, column: str) -> tuple[float, float] | None:
        """Return where the median of a column lies, if that is declared."""
        held = self.source.columns[column].usual
        said = self.office.columns.get(column)
        return held or (said.usual if said else None)

    def doubt(self, rule: str, **said: Any) -> Doubt:
        """Make a doubt about this table."""
        return Doubt(rule=rule, source=self.source.id, file=self.file, **said)

    def found(self, ask: Ask, where: str) -> tuple[int, tuple[int, ...]]:
        """Count the rows that meet a condition, and name the first of them."""
        sql = f"SELECT count(*), list_sort(min(_row, 5)) FROM {self.sql} WHERE {where}"
        ((count, rows),) = ask(sql)
        return int(count), tuple(int(row) for row in rows or ())

    def delete(self, where: str) -> tuple[str, ...]:
        """Leave rows out."""
        return (f"DELETE FROM {self.sql} WHERE {where}",)

    def scale(self, column: str, factor: float, *, where: str = "true") -> tuple[str, ...]:
        """Multiply a column."""
        name = quoted(column)
        return (f"UPDATE {self.sql} SET {name} = {name} * {factor!r} WHERE {where}",)


Rule = Callable[[Ask, Held], Iterator[Doubt]]

KEEP = Answer(id="keep", says="the data are right as they are")


def leave_out(held: Held, where: str, *, what: str = "these rows") -> Answer:
    """Answer that leaves rows out."""
    return Answer(id="leave out", says=f"leave {what} out", sql=held.delete(where))
