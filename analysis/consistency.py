"""Do the declarations of a project fit together? Pure: what was loaded in, faults out."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.declarations import CohortsFrom, Design, Outcome, Source, Study, Vocabulary
from analysis.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """All that could be loaded of a project; what could not is missing here.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Checked tables by id of their source.
    fact_ids, parameter_ids : frozenset of str or None
        None where the file could not be read: references are then not judged.
    """

    vocabulary: Vocabulary
    sources: Mapping[str, Source]
    tables: Mapping[str, pd.DataFrame]
    studies: Sequence[Study]
    fact_ids: frozenset[str] | None
    parameter_ids: frozenset[str] | None


def cross_check(held: Loaded) -> Iterator[Fault]:
    """Yield a fault for every reference that leads nowhere, and for claims lost or doubled."""
    yield from _claim_numbers(held.studies)
    known = {study.id for study in held.studies}
    areas = {area.id for area in held.vocabulary.areas}
    documents = {document.id for document in held.vocabulary.documents}
    for study in held.studies:
        yield from _within(study, "reform.area", [study.reform.area], areas, "an area")
        if held.fact_ids is not None:
            yield from _within(study, "facts", study.fact_ids(), held.fact_ids, "a fact")
        for claim in study.claims:
            place = f"claims[{claim.id}]"
            yield from _within(study, f"{place}.area", [claim.area], areas, "an area")
            yield from _within(study, f"{place}.source", [claim.source], documents, "a document")
            if claim.test:
                yield from _within(
                    study, f"{place}.test.study", [claim.test.study], known, "a reform"
                )
        yield from _twice(study, held)
        yield from _arithmetic(study, held)
        yield from _truth(study, held)
        yield from _designs(study, held)


def _fault(study: Study, column: str, expected: str, found: str, mend: str) -> Fault:
    return Fault(
        expected=expected,
        found=found,
        mend=mend,
        file=f"data/reforms/{study.id}.toml",
        column=column,
    )


def _within(
    study: Study, column: str, used: Iterable[str], known: Iterable[str], what: str
) -> Iterator[Fault]:
    held = set(known)
    for name in used:
        if name not in held:
            yield _fault(
                study, column, f"{what} that exists", repr(name), "correct the name, or add it"
            )


def _claim_numbers(studies: Sequence[Study]) -> Iterator[Fault]:
    """Each claim once, and no number of a series left out: S001, S002, S003 ..."""
    homes: dict[str, list[Study]] = {}
    for study in studies:
        for claim in study.claims:
            homes.setdefault(claim.id, []).append(study)
    for claim_id, found in sorted(homes.items()):
        if len(found) > 1:
            others = ", ".join(study.id for study in found[:-1])
            yield _fault(
                found[-1],
                f"claims[{claim_id}]",
                "each claim in one reform",
                f"{claim_id} also in {others}",
                "keep it in one file",
            )
    series: dict[str, set[int]] = {}
    for claim_id in homes:
        match = re.fullmatch(r"([A-Z]+)(\d+)", claim_id)
        if match:
            series.setdefault(match.group(1), set()).add(int(match.group(2)))
    for letters, numbers in sorted(series.items()):
        lost = sorted(set(range(1, max(numbers) + 1)) - numbers)
        if lost:
            yield Fault(
                expected=f"claims {letters}001 to {letters}{max(numbers):03d} without a gap",
                found="none with the id " + ", ".join(f"{letters}{n:03d}" for n in lost),
                mend="declare the claim in the file of its reform",
                file="data/reforms",
            )


def _twice(study: Study, held: Loaded) -> Iterator[Fault]:
    if held.fact_ids is None:
        return
    known = held.fact_ids | {claim.id for one in held.studies for claim in one.claims}
    for position, one in enumerate(study.twice, start=1):
        yield from _within(study, f"twice[{position}]", one.figures, known, "a fact or claim")


def _arithmetic(study: Study, held: Loaded) -> Iterator[Fault]:
    if study.arithmetic is None:
        return
    own = [claim.id for claim in study.claims]
    yield from _within(study, "arithmetic.claim", [study.arithmetic.claim], own, "a claim")
    if held.parameter_ids is not None:
        used = [study.arithmetic.value_of_a_day, *study.arithmetic.elasticities]
        yield from _within(study, "arithmetic", used, held.parameter_ids, "a parameter")


def _truth(study: Study, held: Loaded) -> Iterator[Fault]:
    truth = study.truth
    if truth is None:
        return
    for key, name, used in (
        ("rows", truth.rows, truth.names()),
        ("starts", truth.starts, truth.start_names()),
    ):
        yield from _within(study, f"truth.{key}", [name], held.sources, "a source")
        source = held.sources.get(name)
        if source is not None:
            yield from _within(study, "truth.columns", used, source.columns, f"a column of {name}")


def _designs(study: Study, held: Loaded) -> Iterator[Fault]:
    for outcome in study.outcomes:
        source = held.sources.get(outcome.source)
        place = f"outcomes[{outcome.id}]"
        yield from _within(study, f"{place}.source", [outcome.source], held.sources, "a source")
        if source is not None:
            yield from _within(
                study,
                f"{place}.column",
                outcome.columns(),
                source.columns,
                f"a column of {source.id}",
            )
    for design in study.designs:
        yield from _design(study, design, held)


def _design(study: Study, design: Design, held: Loaded) -> Iterator[Fault]:
    place = f"designs[{design.id}]"
    if importlib.util.find_spec(f"analysis.methods.{design.estimator}") is None:
        yield _fault(
            study,
            f"{place}.estimator",
            "an estimator of analysis.methods",
            repr(design.estimator),
            "correct the name",
        )
    yield from _cohorts(study, design, held)
    outcome = study.outcome(design)
    table = held.tables.get(outcome.source)
    if table is None or not {outcome.unit_column, outcome.time_column} <= set(table.columns):
        return
    yield from _window(study, design, outcome, table)
    units = set(table[outcome.unit_column])
    named = {"exclude": design.left_out, "donors": design.donors.units if design.donors else ()}
    if isinstance(design.cohorts, dict):
        named["cohorts"] = tuple(design.cohorts)
    for key, used in named.items():
        yield from _within(study, f"{place}.{key}", used, units, f"a unit of {outcome.source}")


def _cohorts(study: Study, design: Design, held: Loaded) -> Iterator[Fault]:
    read = design.cohorts
    if not isinstance(read, CohortsFrom):
        return
    place = f"designs[{design.id}].cohorts"
    yield from _within(study, f"{place}.source", [read.source], held.sources, "a source")
    source = held.sources.get(read.source)
    if source is not None:
        used = [read.unit_column, read.column]
        yield from _within(
            study, f"{place}.column", used, source.columns, f"a column of {source.id}"
        )


def _window(study: Study, design: Design, outcome: Outcome, table: pd.DataFrame) -> Iterator[Fault]:
    times = Counter(table[outcome.time_column])
    for end in (design.window.first, design.window.last):
        if end not in times:
            yield _fault(
                study,
                f"designs[{design.id}].window",
                f"times held by {outcome.source}: {min(times)} to {max(times)}",
                str(end),
                "choose a time that is in the data",
            )
