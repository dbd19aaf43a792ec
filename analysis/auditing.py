"""All claims judged at once, and what the report rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import catalog, claims
from analysis.arithmetic import ClearanceArithmetic, clearance_arithmetic
from analysis.declarations import Fact, Parameter, Reform, Source
from analysis.study import Findings, run


def studies(*, root: Path | None = None) -> tuple[str, ...]:
    """Return the ids of all declared reforms that carry designs and so can be evaluated."""
    return catalog.studies(catalog.find_root(root))


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Every claim with its verdict.

    Attributes
    ----------
    verdicts : tuple of Verdict
        One a claim, in the order of their ids.
    reforms : tuple of Reform
        All declared reforms.
    facts : tuple of Fact
        All published figures.
    arithmetic : ClearanceArithmetic
        What the claimed cut of clearance time could do to provincial trade, against what province
        data can detect.
    """

    verdicts: tuple[claims.Verdict, ...]
    reforms: tuple[Reform, ...]
    facts: tuple[Fact, ...]
    arithmetic: ClearanceArithmetic

    def counts(self) -> pd.Series:
        """Return the number of claims by verdict, every status named."""
        found = pd.Series([verdict.status for verdict in self.verdicts])
        counts = found.value_counts().reindex(list(claims.STATUSES), fill_value=0)
        return counts.rename("Number of claims")


def audit(detectable_by: Findings, *, root: Path | None = None) -> Audit:
    """Judge every declared claim by all that is known, on supplied files too.

    Parameters
    ----------
    detectable_by : Findings
        Whose headline gives the smallest effect that province data can detect.
    root : pathlib.Path, optional
        As in `run`.

    Returns
    -------
    Audit
    """
    place = catalog.find_root(root)
    facts = catalog.load_facts(place)
    size = detectable_by.headline.effects.overall.minimum_detectable_effect
    figures = catalog.clearance_figures(place)
    evidence = (*detectable_by.evidence, *_supplied(place, but=detectable_by.study.id))
    return Audit(
        verdicts=tuple(
            claims.judge(claim, evidence=evidence, facts=facts)
            for claim in catalog.list_claims(place)
        ),
        reforms=tuple(catalog.load_reform(place, one) for one in catalog.list_reforms(place)),
        facts=facts,
        arithmetic=clearance_arithmetic(figures, minimum_detectable_effect=size),
    )


def _supplied(root: Path, *, but: str) -> Iterator[claims.Evidence]:
    """Yield the headline estimates of all studies that rest on files supplied for this run.

    Only these can decide a claim: other designs and checks are left to the page of the reform.
    """
    supplied = {source.id for source in catalog.load_sources(root) if source.kind == "real"}
    for name in catalog.studies(root) if supplied else ():
        declared = catalog.load_study(root, name)
        read = {source for design in declared.designs for source in declared.read_by(design)}
        if name != but and read & supplied:
            headline = [design.id for design in declared.designs if design.headline]
            yield from run(name, designs=headline, checks=False, root=root).evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What the report rests on: every data file and every published parameter."""

    sources: tuple[Source, ...]
    parameters: tuple[Parameter, ...]


def holdings(*, root: Path | None = None) -> Holdings:
    """Return every data file with its record, and the published parameters."""
    place = catalog.find_root(root)
    return Holdings(sources=catalog.load_sources(place), parameters=catalog.load_parameters(place))
