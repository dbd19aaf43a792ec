"""The synthesis: every claim with its verdict and what backs it, and figures published twice.

What backs a claim is told apart from its verdict: a claim can be backed by a second source and
still be untested, because both speak for the same hands.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis import catalog
from analysis.claims import Verdict
from analysis.listings import missing_of, opened, table_or_none
from analysis.markup import Table, show
from analysis.methods.effects import percent
from analysis.tables import say

if TYPE_CHECKING:
    from analysis.auditing import Audit
    from analysis.declarations import Fact, Study

Backing = Literal[
    "an estimate",
    "an independent figure that compares",
    "an independent figure that does not",
    "a further source of the same hands",
    "context only",
    "the article alone",
]
#: From strong to weak.
BACKINGS: tuple[Backing, ...] = (
    "an estimate",
    "an independent figure that compares",
    "an independent figure that does not",
    "a further source of the same hands",
    "context only",
    "the article alone",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesis:
    """All claims judged, with what their reforms could show.

    Attributes
    ----------
    audit : Audit
    studies : tuple of Study
        All reforms.
    measured : pandas.DataFrame
        Coverage of simulated designs, with the smallest effect each of them finds.
    """

    audit: Audit
    studies: tuple[Study, ...]
    measured: pd.DataFrame

    def study_of(self, verdict: Verdict) -> Study:
        """Return the reform that a claim belongs to."""
        wanted = verdict.claim.id
        return next(s for s in self.studies if any(claim.id == wanted for claim in s.claims))


def synthesis(audit: Audit, *, root: Path | None = None) -> Synthesis:
    """Gather what the synthesis needs beside the audit."""
    place = catalog.find_root(root)
    return Synthesis(
        audit=audit,
        studies=tuple(catalog.load_study(place, one) for one in catalog.list_reforms(place)),
        measured=catalog.read_results(place, "simulated_coverage"),
    )


def backing(verdict: Verdict) -> Backing:
    """Say what backs a claim, the strongest first."""
    uses = verdict.claim.facts
    told = [use for use in uses if use.stance != "context"]
    if verdict.effect_used is not None:
        return "an estimate"
    if any(use.comparable for use in told):
        return "an independent figure that compares"
    if any(use.independent for use in told):
        return "an independent figure that does not"
    if told:
        return "a further source of the same hands"
    return "context only" if uses else "the article alone"


def claims(held: Synthesis) -> Table:
    """Show all claims: verdict, grade, backing, what could be seen, what would settle it."""
    known = {fact.id: fact for fact in held.audit.facts}
    rows = [
        {
            "Claim": verdict.claim.id,
            "Statement": opened(verdict, known=known),
            "Area": verdict.claim.area,
            "Kind": verdict.claim.kind,
            "Verdict": verdict.status,
            "Evidence grade": str(verdict.claim.grade.scale),
            "Backed by": backing(verdict),
            "Estimate, or smallest effect that would be found": _seen(held, verdict),
            "What would settle it": verdict.claim.would_settle,
            "Missing": missing_of(verdict),
        }
        for verdict in held.audit.verdicts
    ]
    caption = "All statements of the article, with verdict; open one for its reasons and sources"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def _seen(held: Synthesis, verdict: Verdict) -> str:
    if verdict.effect_used is not None:
        ends = (verdict.effect_used.conf_low, verdict.effect_used.conf_high)
        return " to ".join(percent(100 * math.expm1(end)) for end in ends)
    found = _detectable(held, verdict)
    if found is None:
        return "no design: a step, without an outcome that could be measured"
    low, high = (percent(100 * math.expm1(sign * found)) for sign in (-1, 1))
    return f"{low} or {high} [Simulated data]"


def _detectable(held: Synthesis, verdict: Verdict) -> float | None:
    """Give the smallest effect, in log points, that the design for a claim finds."""
    study = held.study_of(verdict)
    designs = [design for design in study.designs if design.headline]
    test = verdict.claim.test
    own = [d.id for d in designs if test is not None and d.outcome == test.outcome]
    wanted = own or [design.id for design in designs]
    rows = held.measured[held.measured["study"] == study.id]
    rows = rows[rows["design"].isin(wanted)]
    return float(rows["detectable"].iloc[0]) if len(rows) else None


def twice(held: Synthesis) -> Table:
    """Show what was published twice with different numbers, and how the two may be read."""
    facts = {fact.id: fact for fact in held.audit.facts}
    said = {v.claim.id: v for v in held.audit.verdicts}
    rows = [
        {
            "What": one.what,
            "Figures": "; ".join(_figure(name, facts, said) for name in one.figures),
            "How they differ": one.differ,
            "How to read them": one.reading,
        }
        for study in held.studies
        for one in study.twice
    ]
    caption = "Published twice, with different numbers"
    return table_or_none(rows, caption=caption, none="Nothing of the kind is declared")


def _figure(name: str, facts: Mapping[str, Fact], said: Mapping[str, Verdict]) -> str:
    if name in facts:
        fact = facts[name]
        bound = "" if fact.bound in (None, "exact") else f"{fact.bound} "
        return f"{bound}{fact.value} {fact.unit} ({fact.actor}, {fact.period}; {name})"
    claim = said[name].claim
    bound = "" if claim.bound == "exact" else f"{claim.bound} "
    value = "no figure" if claim.value is None else f"{bound}{claim.value:,.15g} {claim.unit}"
    return f"{value} (the article, {claim.period}; {name})"


def counts(held: Synthesis) -> pd.DataFrame:
    """Count the claims of every area by what backs them; areas as rows, in their order."""
    titles = dict.fromkeys(verdict.claim.area for verdict in held.audit.verdicts)
    tally = Counter((verdict.claim.area, backing(verdict)) for verdict in held.audit.verdicts)
    rows = [[tally[area, kind] for kind in BACKINGS] for area in titles]
    return pd.DataFrame(rows, index=list(titles), columns=list(BACKINGS))


def glue(held: Synthesis) -> None:
    """Hand counts to the prose: ``alone``, ``compares``, ``designed``, ``doubles``."""
    total = counts(held).sum()
    say("alone", str(int(total["the article alone"] + total["context only"])))
    say("compares", str(int(total["an independent figure that compares"])))
    designed = sum(_detectable(held, verdict) is not None for verdict in held.audit.verdicts)
    say("designed", str(designed))
    say("doubles", str(sum(len(study.twice) for study in held.studies)))
