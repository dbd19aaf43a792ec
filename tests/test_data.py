"""The data and declarations this project ships: complete, consistent, honest about what is not."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from analysis import catalog
from analysis.claims import judge
from analysis.declarations import Claim, Study

NEVER = {
    "Gansu",
    "Guizhou",
    "Inner Mongolia",
    "Jiangxi",
    "Jilin",
    "Ningxia",
    "Qinghai",
    "Shanxi",
    "Tibet",
}


@pytest.fixture(scope="module")
def claims(root: Path) -> tuple[Claim, ...]:
    """The claims of the article; other documents have other letters."""
    return tuple(claim for claim in catalog.list_claims(root) if claim.id.startswith("S"))


@pytest.fixture(scope="module")
def declared(root: Path) -> tuple[Study, ...]:
    return tuple(catalog.load_study(root, one) for one in catalog.list_reforms(root))


def test_the_whole_project_holds_together(root: Path) -> None:
    inventory = catalog.check_project(root)
    assert inventory.claims >= 43
    assert inventory.facts >= 111
    assert inventory.studies >= 2
    assert inventory.reforms >= 22


def test_all_43_claims_stand_exactly_once(claims: tuple[Claim, ...]) -> None:
    assert [claim.id for claim in claims] == [f"S{number:03d}" for number in range(1, 44)]
    kinds = Counter(claim.kind for claim in claims)
    assert kinds == {"milestone": 27, "output": 13, "effect": 2, "forecast": 1}


def test_every_claim_says_what_a_reader_needs(claims: tuple[Claim, ...]) -> None:
    for claim in claims:
        assert claim.statement.endswith("."), claim.id
        assert len(claim.would_settle) > 40, claim.id
        assert claim.missing or claim.id == "S043", claim.id
        assert claim.grade.reason, claim.id


def test_no_claim_reaches_the_level_of_a_comparison(claims: tuple[Claim, ...]) -> None:
    for claim in claims:
        if claim.kind == "effect":
            assert claim.grade.scale in (0, 1), claim.id
        else:
            assert claim.grade.scale == "not scoreable", claim.id


def test_the_two_effects_name_what_they_lack(claims: tuple[Claim, ...]) -> None:
    for claim in claims:
        if claim.kind == "effect":
            lacking = {"baseline", "date", "sample", "comparison", "uncertainty"}
            assert lacking <= set(claim.missing)


def test_verdicts_on_what_is_public(root: Path, claims: tuple[Claim, ...]) -> None:
    facts = catalog.load_facts(root)
    told = Counter(judge(claim, facts=facts).status for claim in claims)
    assert told == {"not testable": 28, "untested": 15}


def test_every_reform_of_the_five_areas_has_its_file(declared: tuple[Study, ...]) -> None:
    areas = Counter(study.reform.area for study in declared)
    assert set(areas) >= {"plan", "trade", "logistics", "industry", "platforms", "business"}


def test_the_evaluated_studies_name_estimand_threats_and_dates(
    declared: tuple[Study, ...],
) -> None:
    evaluated = [study for study in declared if study.id in ("collaboration-era", "pilot-zones")]
    assert len(evaluated) == 2
    for study in evaluated:
        assert study.reform.in_force is not None
        assert len(study.reform.concurrent) >= 5
        for event in study.reform.concurrent:
            assert event.facts or event.address
        assert all("ATT" in design.estimand for design in study.designs)
        headlines = {design.outcome for design in study.designs if design.headline}
        assert headlines == {"trade", "grp"}


def test_the_panels_are_complete_and_their_gaps_stay_gaps(root: Path) -> None:
    trade = catalog.read_table(root, "trade")
    years = {2005, *range(2007, 2015), *range(2016, 2025)}
    assert set(trade["year"]) == years
    assert set(catalog.load_source(root, "trade").gaps) == set(range(2005, 2025)) - years
    assert (trade.groupby("year").size() == 31).all()
    grp = catalog.read_table(root, "grp")
    assert set(grp["year"]) == set(range(2006, 2025))
    assert (grp.groupby("year").size() == 31).all()


@pytest.mark.parametrize(
    ("region", "year", "value"),
    [
        ("Chongqing", 2016, 62753.6),
        ("Chongqing", 2021, 122270.0),
        ("Sichuan", 2016, 49306.3),
        ("Sichuan", 2024, 146871.2),
        ("Anhui", 2005, 9119.4),
    ],
)
def test_trade_figures_agree_with_the_series_as_published(
    root: Path, region: str, year: int, value: float
) -> None:
    trade = catalog.read_table(root, "trade").set_index(["region", "year"])["trade_musd"]
    assert trade[region, year] == value


def test_trade_of_the_tables_agrees_with_the_facts(root: Path) -> None:
    facts = {fact.id: fact for fact in catalog.load_facts(root)}
    trade = catalog.read_table(root, "trade").set_index(["region", "year"])["trade_musd"]
    for fact_id, region in (("E088", "Chongqing"), ("E089", "Sichuan")):
        first, last = (float(one) for one in re.findall(r"[\d.]+", facts[fact_id].value))
        assert trade[region, 2016] / 1000 == pytest.approx(first, abs=0.006)
        assert trade[region, 2024] / 1000 == pytest.approx(last, abs=0.006)


def test_years_of_treatment_follow_from_the_dates(root: Path) -> None:
    dates = catalog.read_table(root, "launch-dates")
    for row in dates.itertuples():
        day = row.release_date if row.opening_date != row.opening_date else row.opening_date
        year, month = int(str(day)[:4]), int(str(day)[5:7])
        assert row.launch_year == year
        assert row.first_full_year == year + 1
        assert row.treatment_year == (year if month <= 6 else year + 1)
    provinces = set(catalog.read_table(root, "trade")["region"])
    assert provinces - set(dates["region"]) == NEVER


def test_clearance_times_agree_with_their_own_percentages(root: Path) -> None:
    times = catalog.read_table(root, "clearance-times").set_index("period")
    base = times.loc["2017"]
    for period, row in times.drop("2017").iterrows():
        implied = 100 * (row["import_hours"] / base["import_hours"] - 1)
        assert implied == pytest.approx(row["import_change_vs_2017_pct"], abs=0.15), period


def test_numbers_of_facts_are_what_their_text_says(root: Path) -> None:
    for fact in catalog.load_facts(root):
        plain = re.fullmatch(r"[+-]?\d+(\.\d+)?", fact.value)
        assert (fact.number is not None) == bool(plain), fact.id
        if plain:
            assert fact.number == float(fact.value), fact.id
            assert fact.bound is not None, fact.id


def test_every_fact_is_used_by_a_reform(root: Path, declared: tuple[Study, ...]) -> None:
    used = {fact for study in declared for fact in study.fact_ids()}
    assert {fact.id for fact in catalog.load_facts(root)} == used


def test_every_row_of_the_context_has_an_address_or_says_why_not(root: Path) -> None:
    for fact in catalog.load_facts(root):
        assert fact.source_address or "no address recorded" in (fact.note or ""), fact.id


def test_every_file_has_its_licence_and_units(root: Path) -> None:
    for source in catalog.load_sources(root):
        folder = ("published/", "replications/")
        assert (source.kind == "published") == source.file.startswith(folder)
        assert source.licence
        assert all(
            column.unit != "none"
            for column in source.columns.values()
            if column.type in ("whole", "number") and column.minimum != 1
        ), source.id
