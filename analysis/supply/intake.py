"""What was found in a supplied folder: files, repairs, doubts, decisions and faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.errors import Fault
from analysis.supply.doubts import Answer, Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """A harmless thing that was repaired: what, where, how often."""

    file: str
    column: str | None = None
    what: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A doubt that the user settled."""

    doubt: Doubt
    answer: Answer
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One supplied table.

    Attributes
    ----------
    source, file : str
    sha256 : str
        Of the file as supplied.
    open : bool
        Whether the user said that every number of it may be shown to anybody.
    size : int
        Bytes of the file as supplied.
    rows_in, rows_out : int
        Rows supplied, and rows that go into the report.
    units, times, gaps, cells : int
        Units, times, cells (unit x time) with rows, and cells without any; 0 where there are none.
    """

    source: str
    file: str
    sha256: str
    size: int
    rows_in: int
    rows_out: int
    units: int = 0
    times: int = 0
    cells: int = 0
    gaps: int = 0
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """All that is known of a folder once it was checked."""

    taken: tuple[Taken, ...]
    mends: tuple[Mend, ...]
    doubts: tuple[Doubt, ...]
    decided: tuple[Decided, ...]
    faults: tuple[Fault, ...]
    litter: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a report can be built."""
        return not self.faults and not self.doubts

    def lines(self) -> Iterator[str]:
        """Tell everything at once, grouped: faults, open doubts, decisions, repairs, tables."""
        yield from _group("To mend in the files", [str(fault) for fault in self.faults])
        yield from _group("To decide", [_asked(doubt) for doubt in self.doubts])
        yield from _group("Decided", [_decided(one) for one in self.decided])
        yield from _group("Repaired", [_mended(one) for one in self.mends])
        yield from _group("Tables", [_taken(one) for one in self.taken])
        if self.litter:
            yield f"Left alone: {', '.join(self.litter)}"


def _group(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title} ({len(lines)})"
        yield from (f"  - {line}" for line in lines)


def _place(doubt: Doubt) -> str:
    where = f"{doubt.file}, column {doubt.column}" if doubt.column else doubt.file
    rows = ", ".join(map(str, doubt.examples))
    return where + (f", row {rows}" if rows else "") + (" ..." if doubt.rows > 5 and rows else "")


def _asked(doubt: Doubt) -> str:
    answers = "; ".join(f'"{one.id}": {one.says}' for one in doubt.answers)
    if doubt.open_answer:
        answers = f"{doubt.open_answer}" + (f"; {answers}" if answers else "")
    return f"{_place(doubt)}: {doubt.seen} ({doubt.rows:,}). Decide {doubt.id!r}: {answers}"


def _decided(one: Decided) -> str:
    because = f" ({one.reason})" if one.reason else ""
    return f"{_place(one.doubt)}: {one.doubt.seen}: {one.answer.says}{because}"


def _mended(one: Mend) -> str:
    where = f"{one.file}, column {one.column}" if one.column else one.file
    return f"{where}: {one.what} ({one.times:,})"


def _taken(one: Taken) -> str:
    said = f"{one.file} stands for {one.source}: {one.rows_out:,} of {one.rows_in:,} rows"
    if one.cells:
        said += f"; {one.units:,} units, {one.times:,} times, {one.gaps:,} cells without rows"
    if one.open:
        said += "; open: no disclosure control"
    return said


def proposal(doubts: Sequence[Doubt]) -> str:
    """Write a decisions file that proposes an answer to every open doubt, all commented out."""
    lines = [
        "# Open questions. Keep those you decide in decisions.toml: take the # away, choose an",
        "# answer, and say why. `rows` must stay as it is: when the data change, it is asked anew.",
    ]
    for doubt in doubts:
        lines += ["", f"# {_one_line(_place(doubt))}: {_one_line(doubt.seen)}"]
        if doubt.open_answer:
            lines.append(f"#   {_one_line(doubt.open_answer)}")
        lines += [f"#   {_text(one.id)}: {_one_line(one.says)}" for one in doubt.answers]
        lines += [
            "# [[decision]]",
            f"# doubt = {_text(doubt.id)}",
            f"# answer = {_text(doubt.answers[0].id if doubt.answers else '')}",
            f"# rows = {doubt.rows}",
            '# reason = "..."',
        ]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _text(text: str) -> str:
    """Write a TOML string on one line."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in plain) + '"'
