"""The synthesis names every claim once, with what backs it, and never more than there is."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from analysis import audit, catalog, run
from analysis.claims import STATUSES, Evidence, judge
from analysis.declarations import Claim
from analysis.pages import synthesis, synthesis_plots
from analysis.pages.synthesis import BACKINGS, Synthesis, backing
from tests.studies import lean_project


@pytest.fixture(scope="module")
def held(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    lean = lean_project(root, tmp_path_factory.mktemp("synthesis") / "p", designs=["trade-main"])
    return synthesis.synthesis(audit(run("collaboration-era", root=lean), root=root), root=root)


def rows(held: Synthesis) -> dict[str, dict[str, str]]:
    soup = BeautifulSoup(synthesis.claims(held).html, "html.parser")
    heads = [th.get_text() for th in soup.select("thead th")]
    made = [
        dict(zip(heads, [td.get_text() for td in row.find_all("td", recursive=False)], strict=True))
        for row in soup.select("tbody tr")
    ]
    return {row["Claim"]: row for row in made}


def test_every_claim_has_its_row_and_every_row_its_words(root: Path, held: Synthesis) -> None:
    found, declared = rows(held), catalog.list_claims(root)
    assert len(declared) == 43
    assert list(found) == [claim.id for claim in declared]
    for claim in declared:
        row = found[claim.id]
        assert row["Verdict"] in STATUSES
        assert row["Evidence grade"] == str(claim.grade.scale)
        assert row["What would settle it"] == claim.would_settle
        assert row["Backed by"] in BACKINGS
        assert row["Estimate, or smallest effect that would be found"]


def test_smallest_effects_are_marked_and_come_from_the_design_of_the_claim(
    held: Synthesis,
) -> None:
    found = rows(held)
    measured = held.measured.set_index(["study", "design"])["detectable"]
    for claim_id, design in (("S007", "main"), ("S008", "cost")):
        seen = found[claim_id]["Estimate, or smallest effect that would be found"]
        assert seen.endswith("[Simulated data]")
        size = measured[("spare-parts", design)]
        low = 100 * (math.exp(-size) - 1)
        shown = float(seen.split("%")[0].replace("\N{MINUS SIGN}", "-"))
        assert shown == pytest.approx(low, rel=0.01)
    assert found["S035"]["Estimate, or smallest effect that would be found"].startswith("no design")


def test_backing_by_hand(held: Synthesis) -> None:
    verdicts = {verdict.claim.id: verdict for verdict in held.audit.verdicts}
    assert backing(verdicts["S035"]) == "the article alone"
    assert backing(verdicts["S007"]) == "context only"
    assert backing(verdicts["S003"]) == "a further source of the same hands"
    assert backing(verdicts["S026"]) == "an independent figure that compares"
    assert backing(verdicts["S011"]) == "an independent figure that does not"


def test_an_estimate_on_simulated_data_backs_nothing(root: Path, held: Synthesis) -> None:
    found = run("spare-parts", designs=["main"], root=root)
    claim: Claim = next(c for c in found.study.claims if c.id == "S007")
    simulated = judge(claim, evidence=found.evidence)
    assert backing(simulated) == "context only"
    real = [replace(one, kind="real") for one in found.evidence]
    assert isinstance(real[0], Evidence)
    assert backing(judge(claim, evidence=real)) == "an estimate"


def test_counts_add_up_and_the_picture_says_so(held: Synthesis) -> None:
    table = synthesis.counts(held)
    assert int(table.to_numpy().sum()) == 43
    assert list(table.columns) == list(BACKINGS)
    told = synthesis_plots.describe_backings(held)
    for kind in BACKINGS:
        assert f"{kind}: {int(table[kind].sum())}" in told
    numbers = synthesis_plots.tabulate_backings(held)
    assert numbers.drop(columns="area").to_numpy().sum() == 43
    ax = synthesis_plots.backings(held)
    shown = [text.get_text() for text in ax.texts]
    assert sorted(shown) == sorted(str(n) for n in table.to_numpy().ravel() if n)


def test_figures_published_twice_name_both_with_their_source(root: Path, held: Synthesis) -> None:
    soup = BeautifulSoup(synthesis.twice(held).html, "html.parser")
    text = soup.get_text(" ")
    facts = {fact.id: fact for fact in catalog.load_facts(root)}
    declared = [one for study in held.studies for one in study.twice]
    assert len(declared) >= 8
    for one in declared:
        for name in one.figures:
            assert name in text
            if name in facts:
                assert facts[name].value in text
