"""Disclosure control of the designs of a study: who stands behind them, and what overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis import catalog, disclosure
from analysis.declarations import Design, Outcome, Source, Study
from analysis.disclosure import Cleared, Population
from analysis.errors import DataError, Fault
from analysis.methods.checks import Check
from analysis.methods.contributions import Contributions
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the designs on supplied files have to pass.

    Attributes
    ----------
    root : Path
    sources : mapping of str to Source
        Those under control.
    tables : mapping of str to DataFrame
        Their tables.
    """

    root: Path
    sources: Mapping[str, Source]
    tables: Mapping[str, pd.DataFrame]
    held: dict[str, tuple[Contributions, ...]] = field(default_factory=dict, repr=False)

    def clear(
        self,
        study: Study,
        design: Design,
        *,
        effects: EffectTable,
        checks: tuple[Check, ...],
        panel: Panel,
    ) -> Cleared:
        """Give what may be shown of a design."""
        outcome = study.outcome(design)
        behind = self._behind(outcome)
        populations = tuple(self._before(study, design, outcome, behind[0]))
        refused = disclosure.overlapping(populations, behind[0], rules=disclosure.RULES)
        return disclosure.clear(
            effects,
            checks=checks,
            panel=panel,
            behind=behind,
            rules=disclosure.RULES,
            refused=refused.get(f"{study.id}, {design.id}"),
        )

    def _behind(self, outcome: Outcome) -> tuple[Contributions, ...]:
        name = outcome.model_dump_json()
        if name not in self.held:
            self.held[name] = disclosure.behind(
                self.tables[outcome.source], source=self.sources[outcome.source], outcome=outcome
            )
        return self.held[name]

    def _before(
        self, study: Study, design: Design, outcome: Outcome, behind: Contributions
    ) -> Iterator[Population]:
        """Give the populations of all designs on the same records, this one last.

        All studies count in the order of their names, whether or not they are evaluated now: what
        is refused does not depend on what was asked for.
        """
        for name in catalog.list_reforms(self.root):
            declared = study if name == study.id else catalog.load_study(self.root, name)
            for other in declared.designs:
                if _records(declared.outcome(other)) != _records(outcome):
                    continue
                yield disclosure.population(
                    other,
                    study=declared.id,
                    behind=behind,
                    treated=set(self._treated(other)),
                )
                if (declared.id, other.id) == (study.id, design.id):
                    return

    def _treated(self, design: Design) -> tuple[str, ...]:
        source = getattr(design.cohorts, "source", None)
        if source is None or source in self.tables:
            return tuple(catalog.cohorts_of(design, tables=self.tables))
        return tuple(catalog.read_cohorts(self.root, design)["unit"])


def _records(outcome: Outcome) -> tuple[object, ...]:
    """Say which records an outcome is about; designs on the same ones can be compared."""
    return (
        outcome.source,
        outcome.unit_column,
        outcome.time_column,
        sorted(outcome.keep.items()),
        sorted(outcome.drop.items()),
        sorted((outcome.cells.against if outcome.cells else {}).items()),
    )


def refuse_unguarded(root: Path) -> None:
    """Refuse supplied files that no rule can guard, before any page is made from them.

    Parameters
    ----------
    root : Path
        Folder whose `data/` a report is made from.

    Raises
    ------
    DataError
        A supplied table holds outcomes and says nothing about firms, or it is shown row by row.
        Tables that only say which unit is treated since when are let through.
    """
    outcomes: set[str] = set()
    starts: set[str | None] = set()
    for name in catalog.list_reforms(root):
        declared = catalog.load_study(root, name)
        outcomes |= {declared.outcome(design).source for design in declared.designs}
        starts |= {getattr(design.cohorts, "source", None) for design in declared.designs}
    faults: list[Fault] = []
    for source in catalog.load_sources(root):
        if not source.controlled or source.id in starts - outcomes:
            continue
        if source.id not in outcomes:
            faults.append(_row_by_row(source))
        else:
            faults += disclosure.unknown(source)
    DataError.raise_if(faults)


def _row_by_row(source: Source) -> Fault:
    return Fault(
        file=f"data/{source.file}",
        expected="a supplied table that everybody may see, as the report shows it row by row",
        found="nothing that says so",
        mend=disclosure.OPEN.format(source=source.id),
    )
