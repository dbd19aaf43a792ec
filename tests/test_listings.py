"""Listings show every claim, figure, source and step, each with where it comes from."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import myst_nb
import pytest
from bs4 import BeautifulSoup, Tag

from analysis import audit, listings, run
from analysis.auditing import Audit
from analysis.catalog import load_facts, load_parameters, load_sources
from analysis.markup import Table
from analysis.pages import synthesis
from analysis.study import Findings
from tests.studies import lean_project

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def findings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Findings with the smallest headline there is."""
    lean = lean_project(
        root, tmp_path_factory.mktemp("listings") / "project", designs=["trade-main"]
    )
    return run("collaboration-era", root=lean)


@pytest.fixture(scope="module")
def audited(root: Path, findings: Findings) -> Audit:
    return audit(findings, root=root)


@pytest.fixture(scope="module")
def held(root: Path, audited: Audit) -> synthesis.Synthesis:
    return synthesis.synthesis(audited, root=root)


@pytest.fixture(scope="module")
def parts_reform(root: Path) -> Findings:
    """A reform with claims and no data that could test them."""
    return run("spare-parts", root=root)


def rows(table: Table) -> list[Tag]:
    return BeautifulSoup(table.html, "html.parser").select("tbody tr")


def texts(table: Table) -> list[list[str]]:
    return [[td.get_text() for td in row.find_all("td", recursive=False)] for row in rows(table)]


def columns(table: Table) -> list[str]:
    soup = BeautifulSoup(table.html, "html.parser")
    return [th.get_text() for th in soup.select("thead th")]


def records(root: Path, name: str) -> dict[str, dict]:
    """Read the declared claims of one reform without the package."""
    text = (root / "data" / "reforms" / f"{name}.toml").read_text(encoding="utf-8")
    return {claim["id"]: claim for claim in tomllib.loads(text).get("claims", [])}


# ---------------------------------------------------------------- the audit


def test_every_declared_claim_stands_once_and_opens(root: Path, held: synthesis.Synthesis) -> None:
    declared = {}
    for path in sorted((root / "data" / "reforms").glob("*.toml")):
        declared |= records(root, path.stem)
    table = synthesis.claims(held)
    shown = {cells[0]: cells for cells in texts(table)}
    assert set(shown) == set(declared)
    assert len(texts(table)) == len(declared) == 43
    for row in rows(table):
        (details,) = row.find_all("details")
        key = str(details["id"])
        summary = details.find("summary")
        assert isinstance(summary, Tag)
        assert summary.get_text() == declared[key.upper()]["statement"]
        headings = [strong.get_text() for strong in details.find_all("strong")]
        assert headings[:3] == ["Why this verdict", "What would settle it", "Evidence grade"]
    soup = BeautifulSoup(table.html, "html.parser")
    assert soup.table is not None
    assert "interactive" in soup.table["class"]


def test_every_figure_of_a_claim_stands_under_it_with_its_page(
    root: Path, audited: Audit, held: synthesis.Synthesis
) -> None:
    known = {fact.id: fact for fact in load_facts(root)}
    seen = 0
    for row in rows(synthesis.claims(held)):
        (verdict,) = [v for v in audited.verdicts if v.claim.id == row.td.get_text()]  # type: ignore[union-attr]
        text = row.get_text()
        addresses = [str(a["href"]) for a in row.find_all("a")]
        for use in verdict.claim.facts:
            seen += 1
            assert use.id in text
            if known[use.id].source_address:
                assert known[use.id].source_address in addresses
    assert seen > 20


def test_verdict_kind_grade_and_gaps_stand_beside_each_claim(
    audited: Audit, held: synthesis.Synthesis
) -> None:
    table = synthesis.claims(held)
    names = columns(table)
    for cells, verdict in zip(texts(table), audited.verdicts, strict=True):
        row = dict(zip(names, cells, strict=True))
        assert row["Verdict"] == verdict.status
        assert row["Kind"] == verdict.claim.kind
        assert row["Evidence grade"] == str(verdict.claim.grade.scale)
        assert len(row["Missing"].split(", ")) == max(1, len(verdict.claim.missing))
        assert "_" not in row["Missing"]


def test_hostile_words_in_claims_and_figures_stay_text(
    audited: Audit, held: synthesis.Synthesis
) -> None:
    verdict = audited.verdicts[0]
    claim = verdict.claim.model_copy(update={"statement": HOSTILE, "would_settle": HOSTILE})
    bad = replace(verdict, claim=claim, sentence=HOSTILE)
    fact = audited.facts[0].model_copy(
        update={"says": HOSTILE, "source_address": "javascript:alert(1)//x"}
    )
    tables = [
        synthesis.claims(replace(held, audit=replace(audited, verdicts=(bad,)))),
        listings.fact_table([fact], caption=HOSTILE),
    ]
    for table in tables:
        soup = BeautifulSoup(table.html, "html.parser")
        assert soup.find_all("img") == []
        assert not [a for a in soup.find_all("a") if not str(a["href"]).startswith("http")]
        assert HOSTILE in soup.get_text()


def test_the_arithmetic_shows_each_step_with_its_source(audited: Audit) -> None:
    table = listings.arithmetic(audited)
    steps = audited.arithmetic.steps
    assert len(texts(table)) == len(steps) >= 5
    for cells, step in zip(texts(table), steps, strict=True):
        assert cells[0] == step.quantity
        assert cells[3:] == [step.unit, step.source]
        assert float(cells[1].replace(",", "").replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            step.low, rel=0.006
        )


def test_counts_and_ends_are_handed_to_prose(
    monkeypatch: pytest.MonkeyPatch, audited: Audit
) -> None:
    kept: dict[str, str] = {}

    def record(key: str, text: object, *, display: bool) -> None:
        assert not display
        kept[key] = repr(text)

    monkeypatch.setattr(myst_nb, "glue", record)
    listings.glue_audit(audited)
    statuses = ("supported", "contradicted", "undecided", "untested", "not-testable")
    ends = {"gain-low", "gain-high", "affected-gain-high", "detectable"}
    assert set(kept) == {"claims", *(f"claims-{status}" for status in statuses), *ends}
    assert sum(int(kept[f"claims-{status}"]) for status in statuses) == int(kept["claims"]) == 43
    for key in ends:
        assert kept[key].endswith("%")
        assert float(kept[key][:-1]) > 0
    assert float(kept["gain-high"][:-1]) < float(kept["detectable"][:-1])


# ---------------------------------------------------------------- one reform


def test_the_claims_of_a_reform_are_those_declared(root: Path, parts_reform: Findings) -> None:
    declared = records(root, "spare-parts")
    shown = {cells[0]: cells for cells in texts(listings.verdicts(parts_reform))}
    assert set(shown) == set(declared) != set()
    for key, cells in shown.items():
        assert cells[1] == declared[key]["statement"]
        assert cells[3] in {"untested", "not testable", "undecided", "supported", "contradicted"}
        assert cells[4]


def test_a_reform_says_what_where_since_when_and_at_what_level(findings: Findings) -> None:
    shown = dict(texts(listings.reform(findings)))
    declared = findings.study.reform
    assert shown["Where"] == declared.place
    assert shown["Since"].startswith("2021-01-01: ")
    assert shown["Level where it bites"] == declared.level
    assert shown["Announced"] == "2023-07-20"


def test_a_reform_without_a_date_says_why(findings: Findings) -> None:
    reform = findings.study.reform.model_copy(
        update={"in_force": None, "announced": None, "undated": "no date was published"}
    )
    study = findings.study.model_copy(update={"reform": reform})
    shown = dict(texts(listings.reform(replace(findings, study=study))))
    assert shown["Since"] == "no date was published"
    assert "Announced" not in shown


def test_threats_stand_by_date(findings: Findings) -> None:
    dates = [cells[0] for cells in texts(listings.threats(findings))]
    assert dates == sorted(dates)
    assert len(dates) == len(findings.study.reform.concurrent) > 3


def test_figures_of_a_reform_link_to_their_page(findings: Findings) -> None:
    table = listings.facts(findings)
    assert [cells[0] for cells in texts(table)] == [fact.id for fact in findings.facts]
    for row, fact in zip(rows(table), findings.facts, strict=True):
        links = [str(a["href"]) for a in row.find_all("a")]
        assert links == ([fact.source_address] if fact.source_address else [])


def test_readings_say_what_they_teach(findings: Findings) -> None:
    shown = texts(listings.readings(findings))
    assert len(shown) == len(findings.study.reform.references) > 0
    assert all(len(cells[1]) > 10 for cells in shown)


# ---------------------------------------------------------------- files and parameters


def test_every_file_is_listed_with_producer_licence_and_checksum(root: Path) -> None:
    held = load_sources(root)
    table = listings.sources(held)
    text = (root / "data" / "sources.toml").read_text(encoding="utf-8")
    declared = {record["file"]: record for record in tomllib.loads(text)["source"]}
    assert {cells[0] for cells in texts(table)} == set(declared)
    for cells in texts(table):
        row = dict(zip(columns(table), cells, strict=True))
        record = declared[row["File"]]
        assert row["Producer"] == record["producer"]
        assert row["Licence"] == record["licence"]
        assert row["Kind"] == record["kind"]
        assert record["sha256"].startswith(row["SHA-256"])


def test_gaps_and_breaks_are_all_listed(root: Path) -> None:
    held = load_sources(root)
    shown = texts(listings.breaks(held))
    assert len(shown) == sum(len(source.gaps) + len(source.breaks) for source in held) > 0
    assert ["published/provincial_trade.csv", "No data for 2015"] in shown


def test_parameters_have_range_unit_and_source(root: Path) -> None:
    held = load_parameters(root)
    table = listings.parameters(held)
    assert len(texts(table)) == len(held) > 0
    for row, one in zip(rows(table), held, strict=True):
        assert one.unit in row.get_text()
        assert [str(a["href"]) for a in row.find_all("a")] == [one.source_address]
