"""The page of any one reform: its finding in a sentence, and tables that hold for every reform.

A reform with designs and one without share a page: where there is nothing to show, the table
says so and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis import tables
from analysis.claims import STATUSES
from analysis.listings import missing_of, table_or_none
from analysis.markup import Table
from analysis.tables import say

if TYPE_CHECKING:
    from analysis.auditing import Audit
    from analysis.claims import Verdict
    from analysis.declarations import Claim, Design
    from analysis.study import Findings


def finding(findings: Findings) -> None:
    """Hand what was found on a reform to the prose of its page.

    Keys: ``finding`` (one sentence), ``estimates`` (what the estimates say, or why there are
    none), ``statements`` (their number), ``verdicts`` (how many of each), ``use`` (what has to
    be seen before any effect), ``rests`` (what kind of data the estimates rest on).
    """
    say("finding", _finding(findings))
    say("estimates", _estimates(findings))
    say("statements", str(len(findings.verdicts)))
    say("verdicts", _told(findings.verdicts) or "none")
    say("use", findings.study.reform.implementation)
    say("rests", _rests(findings))


def _finding(findings: Findings) -> str:
    held = len(findings.verdicts)
    if not held:
        return "No statement with a verdict is declared for this reform."
    what = "The one statement" if held == 1 else f"Of the {held} statements"
    if held == 1:
        return f"{what} on this reform is {findings.verdicts[0].status}."
    if len({verdict.status for verdict in findings.verdicts}) == 1:
        return f"All {held} statements on this reform are {findings.verdicts[0].status}."
    return f"{what} on this reform, {_told(findings.verdicts, verbs=True)}."


def _told(held: Sequence[Verdict], *, verbs: bool = False) -> str:
    counts = Counter(verdict.status for verdict in held)
    told = [(counts[status], status) for status in STATUSES if counts[status]]
    parts = [
        f"{count} {'is' if count == 1 else 'are'} {status}" if verbs else f"{count} {status}"
        for count, status in told
    ]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _estimates(findings: Findings) -> str:
    if not findings.results:
        return (
            "Nothing is estimated here: no data at the level where the reform bites are public, "
            "so whether it changed anything is open."
        )
    real = [result for result in findings.results if result.kind != "simulated"]
    if not real:
        return (
            "The estimates below come from simulated data: they show what the design would find, "
            "and whether the reform changed anything is open."
        )
    return tables.reading(next((result for result in real if result.design.headline), real[0]))


def _rests(findings: Findings) -> str:
    kinds = {result.kind for result in findings.results}
    match findings.kind:
        case "simulated" if len(kinds) > 1:
            return (
                "Estimates that bear the mark rest on records that do not exist, drawn from a "
                "truth that is written down below; the others rest on published or supplied data."
            )
        case "simulated":
            return (
                "The estimates rest on records that do not exist, drawn from a truth that is "
                "written down below, because none are public."
            )
        case "real":
            return "The estimates rest on the data supplied for this run."
        case "published":
            return "The estimates rest on published figures."
        case _:
            return "Nothing is estimated."


def statements(findings: Findings) -> Table:
    """Show what is claimed about a reform: the figure, for when, and by whom."""
    rows = [
        {
            "Claim": claim.id,
            "Statement": claim.statement,
            "Kind": claim.kind,
            "Figure": _figure(claim),
            "Period": claim.period,
            "Who is said to have acted": claim.actor,
        }
        for claim in _claims(findings)
    ]
    return table_or_none(
        rows, caption="What is claimed", none="No claim is declared for this reform"
    )


def _figure(claim: Claim) -> str:
    if claim.value is None:
        return "none"
    bound = "" if claim.bound == "exact" else f"{claim.bound} "
    figure = f"{claim.value:,.15g}".replace("-", "\N{MINUS SIGN}")  # as claimed, not rounded
    return f"{bound}{figure} {claim.unit}"


def needed(findings: Findings) -> Table:
    """Show what would settle each claim: data, level and design."""
    rows = [
        {
            "Claim": claim.id,
            "What would settle it": claim.would_settle,
            "Outcome": claim.test.outcome.replace("-", " ") if claim.test else "none declared",
            "Level": claim.test.level if claim.test else findings.study.reform.level,
        }
        for claim in _claims(findings)
    ]
    return table_or_none(rows, caption="What would settle it", none="No claim is declared")


def gaps(findings: Findings) -> Table:
    """Show what each claim lacks, and its evidence grade with the reason."""
    rows = [
        {
            "Claim": verdict.claim.id,
            "Not given": missing_of(verdict) or "nothing of what was looked for",
            "Evidence grade": str(verdict.claim.grade.scale),
            "Why this grade": verdict.claim.grade.reason,
        }
        for verdict in findings.verdicts
    ]
    return table_or_none(rows, caption="What each claim lacks", none="No claim is declared")


def designs(findings: Findings) -> Table:
    """Show how the reform is looked at: estimand, window, comparison, estimator, inference."""
    rows = [_design(design) for design in findings.study.designs]
    none = "No design is declared, as no data could carry one; the table above says what would"
    return table_or_none(rows, caption="Declared designs", none=none)


def _design(design: Design) -> dict[str, object]:
    return {
        "Design": design.label,
        "Role": design.role,
        "Estimand": design.estimand,
        "Window": f"{design.window.first} to {design.window.last}",
        "Estimator": design.estimator.replace("_", " "),
        "Inference": design.inference,
    }


def estimates(findings: Findings) -> Table:
    """Show the overall effect of every design in a sentence, or that there is none."""
    rows = [
        {
            "Design": result.design.label,
            "Outcome": result.outcome.label,
            "Role": result.design.role,
            "Data": result.kind,
            "What it gives": result.effects.overall.sentence(),
        }
        for result in findings.results
    ]
    none = "No design is declared, so nothing is estimated"
    caption = tables.marked("Estimates, by design", *findings.results)
    return table_or_none(rows, caption=caption, none=none)


def checks(findings: Findings) -> Table:
    """Show the checks of all designs, or that there are none."""
    rows = [
        {
            "Design": result.design.label,
            "Question": check.question,
            "Would have to be seen": check.required,
            "Seen": check.seen,
            "Result": check.status,
        }
        for result in findings.results
        for check in result.checks
    ]
    caption = tables.marked("Checks, by design", *findings.results)
    return table_or_none(
        rows, caption=caption, none="Nothing is estimated, so nothing can be checked"
    )


def _claims(findings: Findings) -> tuple[Claim, ...]:
    return tuple(verdict.claim for verdict in findings.verdicts)


def glue_areas(audit: Audit) -> None:
    """Hand the counts of verdicts by area to prose.

    Keys, for every area ``a``: ``a`` (its statements and verdicts), ``a-effects`` (how many of
    them speak of an effect); and ``effects`` (how many do in all), ``decided``.
    """
    for area in _areas(audit):
        held = [verdict for verdict in audit.verdicts if verdict.claim.area == area]
        word = "statement" if len(held) == 1 else "statements"
        say(area, f"{len(held)} {word}: {_told(held)}")
        say(f"{area}-effects", _effects(held))
    say("effects", str(sum(verdict.claim.kind == "effect" for verdict in audit.verdicts)))
    decided = sum(verdict.status in ("supported", "contradicted") for verdict in audit.verdicts)
    say("decided", str(decided))
    say("statements", str(len(audit.verdicts)))
    say("reforms", str(len(audit.reforms)))


def _effects(held: Sequence[Verdict]) -> str:
    found = [verdict.claim.id for verdict in held if verdict.claim.kind == "effect"]
    if not found:
        return "None of them gives the size of an effect."
    return f"Those that give the size of an effect: {', '.join(found)}."


def by_area(audit: Audit) -> Table:
    """Show how many statements of each area have which verdict."""
    rows = []
    for area in _areas(audit):
        counts = Counter(v.status for v in audit.verdicts if v.claim.area == area)
        told = {status.capitalize(): counts[status] for status in STATUSES}
        rows.append({"Area": area, "Statements": counts.total(), **told})
    return table_or_none(
        rows, caption="Statements by area and verdict", none="No claim is declared"
    )


def by_reform(audit: Audit) -> Table:
    """Show every reform with its area, the level where it bites, its start and its use."""
    rows = [
        {
            "Reform": reform.title,
            "Area": reform.area,
            "Level where it bites": reform.level,
            "Since": reform.in_force.date if reform.in_force else "no date found",
            "To be seen before any effect": reform.implementation,
        }
        for reform in audit.reforms
    ]
    caption = "Every reform: where it would have to be looked at, and what comes before any effect"
    return table_or_none(rows, caption=caption, none="No reform is declared", interactive=True)


def _areas(audit: Audit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verdict.claim.area for verdict in audit.verdicts))
