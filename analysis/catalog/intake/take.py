"""From a supplied folder to checked tables: the one way in, for `check` and for the report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis.catalog.files import Gathering
from analysis.catalog.intake.computing import compute, count_times
from analysis.catalog.intake.desk import Desk, laid_out
from analysis.catalog.intake.folder import (
    DECISIONS,
    PROPOSED,
    Listing,
    Offered,
    check_folder,
    list_files,
)
from analysis.catalog.intake.hand import summary, write_table
from analysis.catalog.intake.judging import contract_faults, pair_faults
from analysis.catalog.intake.spread import Spread, spread
from analysis.catalog.office import load_office
from analysis.catalog.reforms import list_reforms, load_study
from analysis.catalog.tables import load_sources
from analysis.contracts import decode
from analysis.declarations import Source, declare, parse_toml
from analysis.declarations.office import Decisions
from analysis.errors import DataError, Fault
from analysis.supply import rules_names, rules_panel, rules_times, rules_values
from analysis.supply.doubts import Doubt
from analysis.supply.intake import Intake, Taken
from analysis.supply.limits import LIMITS
from analysis.supply.settle import Settling
from analysis.supply.uses import Uses, uses

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What was found, and the tables while they lie on the desk."""

    intake: Intake
    desk: Desk
    spreads: tuple[Spread, ...]

    def write(self, source_id: str, path: Path) -> None:
        """Write one table in the form that its source declares."""
        one = next(one for one in self.spreads if one.contract.id == source_id)
        write_table(self.desk, one, path)


def _silent(line: str) -> None:
    del line


@contextmanager
def taken_in(root: Path, folder: Path, *, say: Say = _silent) -> Iterator[Handover]:
    """Open and check every file of a supplied folder; nothing in it is changed.

    Parameters
    ----------
    root : Path
        The project, whose declarations say what is wanted.
    folder : Path
    say : callable
        Receives lines of progress.

    Yields
    ------
    Handover
        With faults and open doubts, where there are some: look at `intake.ready`.

    Raises
    ------
    DataError, DeclarationError
        No folder, or declarations or a decisions file with faults.
    """
    check_folder(folder)
    sources = load_sources(root)
    decisions = read_decisions(folder)
    listing = list_files(folder, sources, named=decisions.files)
    faults = [*listing.faults, *_named_nowhere(decisions, sources, folder)]
    used = uses(load_study(root, one) for one in list_reforms(root))
    large = any(one.size > LIMITS.in_python_bytes for one in listing.offered)
    with laid_out(large=large) as desk:
        work = _Work(desk=desk, uses=used, settling=Settling(decisions=decisions, file=DECISIONS))
        spreads = work.open(root, listing.offered, say=say)
        faults += work.check(spreads, say=say)
        yield Handover(
            intake=_intake(desk, work, spreads, listing, faults),
            desk=desk,
            spreads=spreads,
        )


def refuse(intake: Intake) -> None:
    """Raise all faults and open doubts of an intake at once; return when there are none.

    Raises
    ------
    DataError
    """
    asked = [
        Fault(
            file=doubt.file,
            row=doubt.examples[0] if doubt.examples else None,
            column=doubt.column,
            expected=f"a decision on {doubt.id!r} in {DECISIONS}",
            found=f"{doubt.seen} ({doubt.rows:,})",
            mend="`python -m analysis check FOLDER` writes the answers to choose from into "
            f"{PROPOSED}",
        )
        for doubt in intake.doubts
    ]
    DataError.raise_if([*intake.faults, *asked])


def read_decisions(folder: Path) -> Decisions:
    """Read what a user decided about a folder; nothing where there is no such file.

    Raises
    ------
    DeclarationError, DataError
        The file has faults: all are named, with their lines.
    """
    path = folder / DECISIONS
    if not path.exists():
        return Decisions()
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LIMITS.toml_bytes:
        raise DataError.of(
            file=DECISIONS,
            expected=f"a file of at most {LIMITS.toml_bytes:,} bytes",
            found="a link, a folder or a larger file",
            mend="write the decisions into a plain file",
        )
    text = decode(path.read_bytes(), file=DECISIONS)
    return declare(Decisions, parse_toml(text, file=DECISIONS), file=DECISIONS, text=text)


def _named_nowhere(
    decisions: Decisions, sources: Sequence[Source], folder: Path
) -> Iterator[Fault]:
    known = {source.id for source in sources}
    for source in decisions.open:
        if source not in known:
            yield Fault(
                file=DECISIONS,
                column="open",
                expected="sources: " + ", ".join(sorted(known)),
                found=repr(source),
                mend="correct the name of the source",
            )
    for file, source in decisions.files.items():
        if source not in known:
            yield Fault(
                file=DECISIONS,
                column=f"files.{file}",
                expected="a source: " + ", ".join(sorted(known)),
                found=repr(source),
                mend="correct the name of the source",
            )
        if Path(file).name != file or not (folder / file).exists():
            yield Fault(
                file=DECISIONS,
                column="files",
                expected="names of files in the data folder",
                found=repr(file),
                mend="correct the name, or take it out",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The steps of a check, which share the desk and what was decided."""

    desk: Desk
    uses: Uses
    settling: Settling

    def open(self, root: Path, offered: Sequence[Offered], *, say: Say) -> tuple[Spread, ...]:
        office = load_office(root)
        gathering = Gathering()
        made: list[Spread] = []
        for number, one in enumerate(offered):
            say(f"  reading {one.path.name} ...")
            use = self.uses.of(one.source.id)
            step = gathering.get(
                lambda one=one, use=use, number=number: spread(  # type: ignore[misc]
                    self.desk, one, office=office, use=use, number=number
                )
            )
            if step is not None:
                made.append(step)
        self.settling.faults.extend(gathering.faults)
        return tuple(made)

    def check(self, spreads: Sequence[Spread], *, say: Say) -> list[Fault]:
        faults: list[Fault] = []
        for one in spreads:
            say(f"  checking {one.held.file} ...")
            self._hidden(one)
            for rule in (*rules_names.RULES, *rules_times.RULES):
                self._settle(rule(self.desk.ask, one.held))
            compute(self.desk, one)
        faults += count_times(self.desk, spreads, self.uses.pairs, self.settling)
        for one in spreads:
            middle = (*rules_names.MIDDLE_RULES, *rules_times.MIDDLE_RULES, *rules_values.RULES)
            for rule in middle:
                self._settle(rule(self.desk.ask, one.held))
            asked = {d.column for d in self.settling.open if d.column and d.rule == "negative"}
            faults += contract_faults(self.desk, one, asked=asked)
        if not faults:
            for one in spreads:
                late = (*rules_values.LATE_RULES, *rules_names.LATE_RULES, *rules_panel.LATE_RULES)
                for rule in late:
                    self._settle(rule(self.desk.ask, one.held))
            faults += self._pairs(spreads)
        faults += self.settling.faults
        if not faults:
            faults += self.settling.left_over([one.held.file for one in spreads])
        return faults

    def _settle(self, doubts: Iterator[Doubt]) -> None:
        self.settling.all(doubts, self.desk.run)

    def _hidden(self, one: Spread) -> None:
        if one.held.hidden:
            from analysis.supply.doubts import KEEP

            self.settling.settle(
                one.held.doubt(
                    "hidden-rows",
                    rows=one.held.hidden,
                    seen="rows that the workbook hides (a filter), which are read all the same",
                    answers=(KEEP,),
                ),
                self.desk.run,
            )

    def _pairs(self, spreads: Sequence[Spread]) -> Iterator[Fault]:
        held = {one.contract.id: one.held for one in spreads}
        for starts, rows in self.uses.pairs:
            if starts in held and rows in held:
                faults = list(pair_faults(self.desk, held[starts], held[rows]))
                yield from faults
                if not faults:
                    self._settle(rules_panel.unlisted(self.desk.ask, held[starts], held[rows]))
                    self._settle(
                        rules_panel.starts_outside(self.desk.ask, held[starts], held[rows])
                    )


def _intake(
    desk: Desk,
    work: _Work,
    spreads: Sequence[Spread],
    listing: Listing,
    faults: Sequence[Fault],
) -> Intake:
    return Intake(
        taken=tuple(_taken(desk, one, shown=work.settling.decisions.open) for one in spreads),
        mends=tuple(mend for one in spreads for mend in one.mends),
        doubts=tuple(work.settling.open),
        decided=tuple(work.settling.decided),
        faults=tuple(faults),
        litter=listing.litter,
    )


def _taken(desk: Desk, one: Spread, *, shown: Sequence[str]) -> Taken:
    with one.offered.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return summary(desk, one, sha256=digest, shown=one.contract.id in shown)
