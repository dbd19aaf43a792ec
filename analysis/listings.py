"""What is declared and judged, as tables: claims, reforms, facts, sources, the arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from analysis.markup import Link, Table, Unfold, show
from analysis.methods.effects import number
from analysis.tables import say

if TYPE_CHECKING:
    from analysis.auditing import Audit
    from analysis.claims import Verdict
    from analysis.declarations import Fact, Parameter, Source
    from analysis.study import Findings

_MISSING = {
    "baseline": "baseline level",
    "date": "date",
    "sample": "number of cases",
    "comparison": "comparison",
    "definition": "definition",
    "uncertainty": "uncertainty",
    "figure": "figure",
    "independent_source": "independent source",
}


def missing_of(verdict: Verdict) -> str:
    """Name what a claim does not give: baseline, date, comparison ..."""
    return ", ".join(_MISSING.get(one, one.replace("_", " ")) for one in verdict.claim.missing)


def opened(verdict: Verdict, *, known: dict[str, Fact]) -> Unfold:
    """Give a statement that opens to its reasons, what would settle it, and its sources."""
    claim = verdict.claim
    return Unfold(
        anchor=claim.id.lower(),
        summary=claim.statement,
        parts=(
            ("Why this verdict", (verdict.sentence,)),
            ("What would settle it", (claim.would_settle,)),
            ("Evidence grade", (f"{claim.grade.scale}: {claim.grade.reason}",)),
            (
                "Figures that speak to it",
                tuple(
                    _fact_line(known[use.id], f"{use.stance}: {use.note or known[use.id].says}")
                    for use in claim.facts
                    if use.id in known
                ),
            ),
            ("Note", (claim.note,) if claim.note else ()),
        ),
    )


def _fact_line(fact: Fact, text: str) -> str | Link:
    said = f"{fact.id}, {text}"
    return Link(text=said, address=fact.source_address) if fact.source_address else said


def verdicts(findings: Findings) -> Table:
    """Show the claims of one reform with verdict and reason."""
    rows = [
        {
            "Claim": verdict.claim.id,
            "Statement": verdict.claim.statement,
            "Kind": verdict.claim.kind,
            "Verdict": verdict.status,
            "Why": verdict.sentence,
        }
        for verdict in findings.verdicts
    ]
    caption = "Claims on this reform"
    return table_or_none(rows, caption=caption, none="No claim is declared for this reform")


def table_or_none(
    rows: Sequence[Mapping[str, object]], *, caption: str, none: str, interactive: bool = False
) -> Table:
    """Show rows, or in their place one that says why there are none."""
    held = rows or [{"Nothing to show": f"{none}."}]
    return show(pd.DataFrame(held), caption=caption, interactive=interactive and bool(rows))


def reform(findings: Findings) -> Table:
    """Show what the reform is: what, where, since when, at what level, how far put to use."""
    declared = findings.study.reform
    began = declared.in_force
    since = f"{began.date}: {began.what}" if began else declared.undated
    rows = [
        ("What", declared.summary),
        ("Where", declared.place),
        ("Since", since),
        ("Announced", f"{declared.announced.date}" if declared.announced else None),
        ("Level where it bites", declared.level),
        ("To be seen before any effect", declared.implementation),
    ]
    frame = pd.DataFrame([row for row in rows if row[1]], columns=["", "Declared"])
    return show(frame.rename(columns={"": "Question"}), caption=declared.title)


def threats(findings: Findings) -> Table:
    """Show what else happened at the same time, by date."""
    events = sorted(findings.study.reform.concurrent, key=lambda event: str(event.date))
    rows = [
        {"Date": str(event.date), "What": event.what, "How it could be mistaken": event.threat}
        for event in events
    ]
    caption = "Policies and shocks of the same years"
    return table_or_none(rows, caption=caption, none="No policy of the same time is declared")


def facts(findings: Findings) -> Table:
    """Show the published figures that the reform and its claims refer to."""
    return fact_table(findings.facts, caption="Published figures on this reform")


def fact_table(facts: Iterable[Fact], *, caption: str, interactive: bool = False) -> Table:
    """Show published figures, each with the page it was read on."""
    rows = [
        {
            "Figure": fact.id,
            "What": fact.says,
            "Value": f"{fact.value} {fact.unit}".strip(),
            "Period": fact.period,
            "Status": fact.status,
            "Source": _source(fact),
        }
        for fact in facts
    ]
    none = "No published figure was found"
    return table_or_none(rows, caption=caption, none=none, interactive=interactive)


def _source(fact: Fact) -> str | Link:
    if not fact.source_address:
        return fact.source_title or ""
    return Link(text=fact.source_address.split("/")[2], address=fact.source_address)


def readings(findings: Findings) -> Table:
    """Show publications worth reading beside the reform."""
    rows = [
        {"Publication": Link(text=one.cite, address=one.address), "What it teaches": one.lesson}
        for one in findings.study.reform.references
    ]
    caption = "Read beside this reform"
    return table_or_none(rows, caption=caption, none="No publication is declared")


def arithmetic(audit: Audit) -> Table:
    """Show step by step what the claimed cut of clearance time could do to provincial trade."""
    rows = [
        {
            "Step": step.quantity,
            "Low": number(step.low, signed=False),
            "High": number(step.high, signed=False),
            "Unit": step.unit,
            "Source": step.source,
        }
        for step in audit.arithmetic.steps
    ]
    return show(pd.DataFrame(rows), caption="From hours saved to provincial trade")


def sources(listed: Iterable[Source]) -> Table:
    """Show every data file: producer, licence, kind, when it was read, checksum."""
    rows = [
        {
            "File": source.file,
            "What": source.title,
            "Producer": source.producer,
            "Kind": source.kind,
            "Licence": source.licence,
            "Accessed": str(source.accessed),
            "SHA-256": source.sha256[:12],
        }
        for source in listed
    ]
    return show(pd.DataFrame(rows), caption="Data files of this report", interactive=True)


def glue_audit(audit: Audit) -> None:
    """Hand the counts of verdicts and the ends of the arithmetic to the prose.

    Keys: ``claims``, ``claims-<status>`` with spaces as hyphens, ``gain-low``, ``gain-high``
    (percent of provincial trade), ``affected-gain-high`` and ``detectable`` (percent).
    """
    counts = audit.counts()
    say("claims", str(int(counts.sum())))
    for status, count in zip(counts.index, counts, strict=True):
        say(f"claims-{str(status).replace(' ', '-')}", str(int(count)))
    made = audit.arithmetic
    say("gain-low", f"{number(made.province_low, signed=False)}%")
    say("gain-high", f"{number(made.province_high, signed=False)}%")
    say("affected-gain-high", f"{number(made.trade_high, signed=False)}%")
    say("detectable", f"{number(made.detectable, signed=False)}%")


def breaks(listed: Iterable[Source]) -> Table:
    """Show the gaps and breaks of every series that has any."""
    rows = [
        {"File": source.file, "What": text}
        for source in listed
        for text in (*(f"No data for {year}" for year in source.gaps), *source.breaks)
    ]
    return show(pd.DataFrame(rows), caption="Gaps and breaks")


def parameters(listed: Iterable[Parameter]) -> Table:
    """Show the published parameters with range, unit and source."""
    rows = [
        {
            "Parameter": one.quantity,
            "Low": number(one.low, signed=False),
            "High": number(one.high, signed=False),
            "Unit": one.unit,
            "Source": Link(text=one.source_title, address=one.source_address),
        }
        for one in listed
    ]
    return show(pd.DataFrame(rows), caption="Published parameters")
