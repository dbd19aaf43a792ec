"""run(study) -> Findings: the one stair from declarations to estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis import catalog, claims, disclosure, methods
from analysis.declarations import (
    CheckSpec,
    Design,
    Fact,
    Outcome,
    Source,
    SourceKind,
    Study,
)
from analysis.errors import DeclarationError
from analysis.gates import Gates
from analysis.methods import checks, threats, trend_checks
from analysis.methods.checks import Check
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.panels import panel_of

T = TypeVar("T")
Estimator = Callable[..., EffectTable]
#: Roles of designs that are shown beside each other unless others are asked for.
SHOWN = ("headline", "variant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one design gave: its panel, its effects and its checks, and what they rest on."""

    design: Design
    outcome: Outcome
    panel: Panel
    effects: EffectTable
    checks: tuple[Check, ...]
    kind: SourceKind

    def check(self, name: str) -> Check:
        """Return the check of this name.

        Raises
        ------
        DeclarationError
            If the design does not declare it.
        """
        made = ((check.name, check) for check in self.checks)
        return _named(made, name, what=f"a check of design {self.design.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that `run` found out about one reform.

    Attributes
    ----------
    study : Study
        What was declared.
    results : tuple of Result
        One a design, in the order of the declaration.
    evidence : tuple of Evidence
        The headline effects, with outcome, level and kind of data.
    verdicts : tuple of Verdict
        One a claim of the reform.
    facts : tuple of Fact
        Published figures that the claims refer to.
    sources : tuple of Source
        Every file that was read; `kind` is simulated as soon as one of them is.
    withheld : tuple of Withheld
        What disclosure control let nobody see; empty unless a supplied file was read.
    """

    study: Study
    results: tuple[Result, ...]
    evidence: tuple[claims.Evidence, ...]
    verdicts: tuple[claims.Verdict, ...]
    facts: tuple[Fact, ...]
    sources: tuple[Source, ...]
    withheld: tuple[disclosure.Withheld, ...] = ()

    @property
    def kind(self) -> SourceKind | None:
        """What the estimates rest on; None without any."""
        return kind_of(self.sources) if self.sources else None

    @property
    def headline(self) -> Result:
        """The result of the headline design."""
        return next(result for result in self.results if result.design.headline)

    def result(self, design: str) -> Result:
        """Return the result of the design of this id.

        Raises
        ------
        DeclarationError
            If the study has no such design.
        """
        made = ((result.design.id, result) for result in self.results)
        return _named(made, design, what=f"a design of {self.study.id}")

    def of(self, outcome: str, *, roles: Iterable[str] = SHOWN) -> tuple[Result, ...]:
        """Return the results on one outcome whose designs have one of the roles.

        Raises
        ------
        DeclarationError
            If there are none.
        """
        wanted = set(roles)
        found = tuple(
            result
            for result in self.results
            if result.outcome.id == outcome and result.design.role in wanted
        )
        if not found:
            raise DeclarationError.of(
                expected=f"an outcome with designs in study {self.study.id}",
                found=f"{outcome!r}, {', '.join(sorted(wanted))}",
                mend="correct the name, or declare a design",
            )
        return found

    def overview_of(self, outcome: str, *, roles: Iterable[str] = SHOWN) -> pd.DataFrame:
        """Return one row a design on this outcome: its overall effect, label and role.

        Columns are those of `EffectTable`, then ``design``, ``label``, ``role`` and
        ``minimum_detectable_effect``.
        """
        rows = [
            result.effects.tidy()
            .iloc[[result.effects.headline]]
            .assign(
                design=result.design.id,
                label=result.design.label,
                role=result.design.role,
                minimum_detectable_effect=result.effects.overall.minimum_detectable_effect,
            )
            for result in self.of(outcome, roles=roles)
        ]
        return pd.concat(rows, ignore_index=True)


def run(
    study: str,
    *,
    designs: Iterable[str] | None = None,
    checks: bool = True,
    root: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Findings:
    """Evaluate one declared reform.

    Parameters
    ----------
    study : str
        Name of a file in ``data/reforms``, without ``.toml``.
    designs : iterable of str, optional
        Ids of the designs to evaluate; without it all of them.
    checks : bool
        Whether the declared checks are run too.
    root : pathlib.Path, optional
        Folder that holds ``data/``; without it the nearest one above the working folder.
    progress : callable, optional
        Receives a line before every step that can take long on large tables.

    Returns
    -------
    Findings

    Raises
    ------
    AnalysisError
        With every fault of the declarations, the data or a design.
    """
    say = progress or _say_nothing
    place = catalog.find_root(root)
    declared = catalog.load_study(place, study)
    chosen = _chosen(declared, designs)
    if not checks:
        chosen = tuple(design.model_copy(update={"checks": ()}) for design in chosen)
    read = {name for design in chosen for name in declared.read_by(design)}
    say(f"reading {', '.join(sorted(read)) or 'no table'}")
    shelf = catalog.load_shelf(place, sorted(read))
    made: list[Result] = []
    for number, design in enumerate(chosen, start=1):
        say(f"design {number} of {len(chosen)}: {design.label}")
        made.append(_result(shelf, declared, design))
    results, withheld = _cleared(place, declared, shelf, made, say=say)
    facts = tuple(fact for fact in catalog.load_facts(place) if fact.id in declared.fact_ids())
    evidence = tuple(_evidence(declared, results))
    return Findings(
        study=declared,
        results=results,
        evidence=evidence,
        verdicts=tuple(
            claims.judge(claim, evidence=evidence, facts=facts) for claim in declared.claims
        ),
        facts=facts,
        sources=shelf.sources,
        withheld=withheld,
    )


def _say_nothing(said: str, /) -> None:
    """Let a line of progress pass unheard."""


def _cleared(
    root: Path,
    study: Study,
    shelf: catalog.Shelf,
    results: Sequence[Result],
    *,
    say: Callable[[str], None],
) -> tuple[tuple[Result, ...], tuple[disclosure.Withheld, ...]]:
    """Let pass what may be shown of results on supplied data; all other data pass as they are."""
    controlled = {source.id: source for source in shelf.sources if source.controlled}
    if not controlled:
        return tuple(results), ()
    gates = Gates(root=root, sources=controlled, tables=shelf.tables)
    shown: list[Result] = []
    withheld: list[disclosure.Withheld] = []
    for number, result in enumerate(results, start=1):
        if result.outcome.source not in controlled:
            shown.append(result)
            continue
        say(f"disclosure control of design {number} of {len(results)}: {result.design.label}")
        made = gates.clear(
            study,
            result.design,
            effects=result.effects,
            checks=result.checks,
            panel=result.panel,
        )
        shown.append(replace(result, panel=made.panel, effects=made.effects, checks=made.checks))
        withheld += [
            disclosure.Withheld(study=study.id, design=result.design.id, what=what, rule=rule)
            for what, rule in made.withheld
        ]
    return tuple(shown), tuple(withheld)


def _chosen(study: Study, names: Iterable[str] | None) -> tuple[Design, ...]:
    if names is None:
        return study.designs
    held = [(design.id, design) for design in study.designs]
    return tuple(_named(held, name, what=f"a design of {study.id}") for name in names)


def kind_of(sources: Iterable[Source]) -> SourceKind:
    """Say what numbers rest on: simulated as soon as one source is, else the weakest kind."""
    kinds = {source.kind for source in sources}
    return "simulated" if "simulated" in kinds else "real" if kinds == {"real"} else "published"


def _evidence(study: Study, results: tuple[Result, ...]) -> list[claims.Evidence]:
    """Return the headline effects, each with the outcome and level it speaks of."""
    return [
        claims.Evidence(
            effect=result.effects.overall,
            study=study.id,
            outcome=result.outcome.id,
            level=study.reform.level,
            kind=result.kind,
        )
        for result in results
        if result.design.headline
    ]


def reestimated(result: Result, *, inference: str) -> EffectTable:
    """Estimate a design again with another inference, for comparison beside the declared one.

    Parameters
    ----------
    result : Result
    inference : str
        As the estimator of the design takes it.

    Returns
    -------
    EffectTable
    """
    return _labelled(configured(result.design, inference=inference)(result.panel), result.outcome)


def _labelled(effects: EffectTable, outcome: Outcome) -> EffectTable:
    scale = effects.overall.scale  # log where a method takes levels and gives log ratios
    return effects.labelled(outcome=outcome.label, unit_of_measure=outcome.unit, scale=scale)


def _result(shelf: catalog.Shelf, study: Study, design: Design) -> Result:
    outcome = study.outcome(design)
    panel = panel_of(
        shelf.tables[outcome.source],
        design=design,
        outcome=outcome,
        cohorts=catalog.cohorts_of(design, tables=shelf.tables),
    )
    effects = _labelled(configured(design)(panel), outcome)
    made = tuple(_check(panel, design, spec) for spec in design.checks)
    read = study.read_by(design)
    return Result(
        design=design,
        outcome=outcome,
        panel=panel,
        effects=effects,
        checks=made,
        kind=kind_of(source for source in shelf.sources if source.id in read),
    )


def configured(design: Design, **changed: object) -> partial[EffectTable]:
    """Return the estimator of the design with every option it takes filled in."""
    estimator: Estimator = getattr(methods, changed.pop("estimator", design.estimator))  # type: ignore[call-overload]
    takes = signature(estimator).parameters
    declared: dict[str, object] = {
        "control_group": design.control_group,
        "base_period": design.base_period,
        "anticipation": design.anticipation,
        "inference": design.inference,
        "seed": design.seed,
        **design.options,
    }
    chosen = declared | changed
    return partial(estimator, **{name: value for name, value in chosen.items() if name in takes})


def _check(panel: Panel, design: Design, spec: CheckSpec) -> Check:
    estimator = configured(design)
    match spec.name:
        case "pre_trends" | "trend_power" | "trend_bounds":
            return _run_check(spec, panel, _path_of(design))
        case "own_trends":
            detrended = configured(design, own_trends="prior")
            return checks.own_trends(panel, estimator, detrended=detrended)
        case "leave_one_out" | "placebo_in_space":
            points = configured(design, inference="none")
            return _run_check(spec, panel, points)
        case _:
            return _run_check(spec, panel, estimator)


def _run_check(spec: CheckSpec, panel: Panel, estimator: checks.Estimator) -> Check:
    rooms = (checks, threats, trend_checks)
    verb: Callable[..., Check] = next(
        getattr(room, spec.name) for room in rooms if hasattr(room, spec.name)
    )
    return verb(panel, estimator, **dict(spec.options))


def _path_of(design: Design) -> checks.Estimator:
    """Return the estimator of effects by event time that belongs to the design's estimator."""
    if design.estimator != "group_time_att":
        return configured(design, estimator="event_study")
    by_group = configured(design, base_period="universal")
    return lambda panel: by_group(panel).aggregate("dynamic")


def _named(items: Iterable[tuple[str, T]], name: str, *, what: str) -> T:
    held = dict(items)
    if name not in held:
        raise DeclarationError.of(
            expected=f"{what}: {', '.join(held) or 'none declared'}",
            found=repr(name),
            mend="correct the name, or declare it in the file of the reform",
        )
    return held[name]
