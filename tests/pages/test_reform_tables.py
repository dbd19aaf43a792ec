"""The tables of any reform: they count right, and say so where there is nothing to show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import myst_nb
import pytest

from analysis.claims import Status
from analysis.pages import reform_tables
from analysis.study import Findings, run


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    """A reform without designs."""
    made = run("rules-benchmarking", root=root)
    assert made.results == ()
    return made


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is handed over to prose."""
    kept: dict[str, str] = {}
    monkeypatch.setattr(myst_nb, "glue", lambda key, text, **_: kept.update({key: str(text)}))
    return kept


def _with(findings: Findings, *statuses: Status) -> Findings:
    verdicts = [replace(findings.verdicts[0], status=status) for status in statuses]
    return replace(findings, verdicts=tuple(verdicts))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((), "No statement with a verdict is declared for this reform."),
        (("untested",), "The one statement on this reform is untested."),
        (("untested", "untested"), "All 2 statements on this reform are untested."),
        (
            ("untested", "supported", "untested"),
            "Of the 3 statements on this reform, 1 is supported and 2 are untested.",
        ),
        (
            ("not testable", "untested", "supported", "untested"),
            "Of the 4 statements on this reform, 1 is supported, 2 are untested and "
            "1 is not testable.",
        ),
    ],
)
def test_the_finding_counts_verdicts(
    findings: Findings, said: dict[str, str], statuses: tuple[Status, ...], expected: str
) -> None:
    reform_tables.finding(_with(findings, *statuses))
    assert said["finding"] == expected
    assert said["statements"] == str(len(statuses))


def test_without_designs_the_page_says_that_nothing_is_estimated(
    findings: Findings, said: dict[str, str]
) -> None:
    reform_tables.finding(findings)
    assert said["estimates"].startswith("Nothing is estimated here")
    assert said["rests"] == "Nothing is estimated."
    for table in (reform_tables.designs, reform_tables.estimates, reform_tables.checks):
        assert "Nothing to show" in table(findings).plain


def test_what_is_missing_and_what_would_settle_it_stand_beside_every_claim(
    findings: Findings,
) -> None:
    for verdict in findings.verdicts:
        claim = verdict.claim
        assert claim.would_settle in reform_tables.needed(findings).plain
        gaps = next(
            line
            for line in reform_tables.gaps(findings).plain.splitlines()
            if line.startswith(claim.id)
        )
        assert all(one.replace("_", " ").split()[0] in gaps for one in claim.missing)
        assert claim.statement in reform_tables.statements(findings).plain


def test_an_exact_figure_keeps_its_sign_and_a_bound_its_word(root: Path) -> None:
    shown = reform_tables.statements(run("spare-parts", designs=[], root=root)).plain
    assert "\N{MINUS SIGN}25 percent" in shown
    assert "\N{MINUS SIGN}30 percent" in shown
    assert "S006" in shown
    shown = reform_tables.statements(run("corridor-financing", designs=[], root=root)).plain
    assert "over " in shown
