"""How the designs of all reforms use the columns of each source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from analysis.declarations.designs import CohortsFrom, Study
from analysis.supply.doubts import Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Uses by source, and which table of starts belongs to which table of rows."""

    by_source: tuple[tuple[str, Use], ...]
    pairs: tuple[tuple[str, str], ...]

    def of(self, source: str) -> Use:
        """Return how a source is used; not at all is a use as well."""
        return dict(self.by_source).get(source, Use())


def uses(studies: Iterable[Study]) -> Uses:
    """Gather the uses of all sources."""
    held: dict[str, Use] = {}
    pairs: dict[tuple[str, str], None] = {}
    for study in studies:
        for design in study.designs:
            outcome = study.outcome(design)
            before = held.get(outcome.source, Use())
            window = (design.window.first, design.window.last)
            if before.window is not None:
                window = (min(window[0], before.window[0]), max(window[1], before.window[1]))
            held[outcome.source] = replace(
                before,
                unit=outcome.unit_column,
                time=outcome.time_column,
                values=tuple(dict.fromkeys((*before.values, outcome.column))),
                window=window,
            )
            if isinstance(design.cohorts, CohortsFrom):
                read = design.cohorts
                held[read.source] = Use(unit=read.unit_column, start=read.column)
                pairs[(read.source, outcome.source)] = None
    return Uses(by_source=tuple(held.items()), pairs=tuple(pairs))


def supplied_by(study: Study) -> Iterator[str]:
    """Yield the sources that the designs of a study read, each once."""
    seen: dict[str, None] = {}
    for design in study.designs:
        seen[study.outcome(design).source] = None
        if isinstance(design.cohorts, CohortsFrom):
            seen[design.cohorts.source] = None
    yield from seen
