"""Declarations refuse what is wrong, name every fault at once, and say where it stands."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from analysis.declarations import (
    Claim,
    Design,
    Reform,
    Study,
    Window,
    check_when,
    declare,
    parse_toml,
)
from analysis.declarations.data import Column, Parameter, Source
from analysis.errors import DeclarationError, Fault

REFORM = """\
[reform]
id = "single-window"
title = "Single window"
area = "trade"
level = "declaration"
place = "Port"
summary = "One form for all offices."
implementation = "Share of forms filed once."

[reform.in_force]
date = "2021-09"
what = "Opened"
facts = ["E001"]
"""

OUTCOME = """
[[outcomes]]
id = "trade"
source = "trade"
column = "trade_musd"
unit_column = "region"
time_column = "year"
label = "Trade"
unit = "million USD"
transform = "log"
"""

DESIGN = """
[[designs]]
id = "main"
title = "Main"
label = "All others"
role = "headline"
estimand = "ATT overall"
outcome = "trade"
window = { first = 2016, last = 2024 }
cohorts = { Sichuan = 2021 }
estimator = "difference_in_differences"
seed = 1
"""

CLAIM = """
[[claims]]
id = "S001"
statement = "Clearance is a quarter faster."
kind = "effect"
area = "trade"
value = -25
unit = "percent"
period = "2023"
actor = "Customs"
source = "article"
missing = ["baseline"]
would_settle = "Time stamps."

[claims.grade]
scale = 0
reason = "No comparison."

[claims.test]
study = "single-window"
outcome = "release-time"
level = "declaration"
scale = "log_points"
"""


def read(text: str) -> Study:
    return declare(Study, parse_toml(text, file="x.toml"), file="x.toml", text=text)


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(DeclarationError) as caught:
        read(text)
    return caught.value.faults


def test_a_whole_file_becomes_a_study() -> None:
    study = read(REFORM + OUTCOME + DESIGN + CLAIM)
    assert study.id == "single-window"
    assert study.designs[0].headline
    assert study.outcome(study.designs[0]).transform == "log"
    assert study.fact_ids() == ("E001",)
    assert study.claims[0].expected == pytest.approx(math.log(0.75))


def test_records_are_frozen() -> None:
    study = read(REFORM)
    with pytest.raises(ValidationError):
        study.reform.title = "Other"  # type: ignore[misc]


def test_all_faults_of_a_file_are_named_at_once_with_line_and_key() -> None:
    text = (REFORM + OUTCOME + DESIGN + CLAIM).replace('kind = "effect"', 'kind = "efect"')
    text = text.replace("scale = 0", "scale = 9").replace('title = "Single window"', "titel = 'x'")
    found = {fault.column: fault for fault in faults(text)}
    assert set(found) == {
        "claims[S001].kind",
        "claims[S001].grade.scale",
        "reform.title",
        "reform.titel",
    }
    lines = text.splitlines()
    kind = found["claims[S001].kind"]
    assert kind.row is not None
    assert lines[kind.row - 1] == 'kind = "efect"'
    assert "'milestone'" in kind.expected
    scale = found["claims[S001].grade.scale"]
    assert scale.row is not None
    assert lines[scale.row - 1] == "scale = 9"
    assert "did you mean `title`?" in found["reform.titel"].mend
    assert all(fault.file == "x.toml" for fault in found.values())


def test_a_key_that_stands_twice_is_a_fault_with_its_line() -> None:
    (fault,) = faults(REFORM.replace('area = "trade"', 'area = "trade"\narea = "x"'))
    assert (fault.file, fault.row) == ("x.toml", 5)
    assert "every key stands once" in fault.expected


@pytest.mark.parametrize(
    ("old", "new", "column", "expected"),
    [
        ('id = "main"', 'id = "Main design"', "designs[Main design].id", "pattern"),
        ("seed = 1", "seed = true", "designs[main].seed", "integer"),
        ("seed = 1", "seed = '1'", "designs[main].seed", "integer"),
        ("first = 2016", "first = 2024", "designs[main].window", "first before last"),
        ("Sichuan = 2021", "Sichuan = 2016", "designs[main]", "inside the window"),
        ("Sichuan = 2021", "Sichuan = 2025", "designs[main]", "inside the window"),
        ('outcome = "trade"', 'outcome = "grp"', None, "an outcome of this file"),
        ('role = "headline"', 'role = "variant"', None, "role headline"),
        ('label = "All others"', 'label = "All others "', "designs[main].label", "spaces"),
        ('label = "All others"', 'label = ""', "designs[main].label", "at least 1 character"),
        ('date = "2021-09"', 'date = "2021-13"', "reform.in_force.date", "month"),
        ('facts = ["E001"]', "", "reform.in_force", "a source"),
        ("value = -25", "value = inf", "claims[S001].value", "finite"),
        ("value = -25", "value = true", "claims[S001].value", "number"),
        ("value = -25", "", "claims[S001]", "a value"),
        ('missing = ["baseline"]', 'missing = ["base"]', "claims[S001].missing[1]", "baseline"),
        ("scale = 0", "scale = 2.5", "claims[S001].grade.scale", "not scoreable"),
    ],
)
def test_each_wrong_thing_is_one_fault(
    old: str, new: str, column: str | None, expected: str
) -> None:
    text = REFORM + OUTCOME + DESIGN + CLAIM
    assert old in text
    (fault,) = faults(text.replace(old, new))
    assert fault.column == column
    assert expected in fault.expected
    assert fault.mend


def test_a_milestone_has_no_test_and_an_effect_has_one() -> None:
    (fault,) = faults(REFORM + CLAIM.replace('"effect"', '"milestone"'))
    assert "a milestone is not an effect" in fault.expected
    (fault,) = faults(REFORM + CLAIM.split("[claims.test]")[0])
    assert "could settle an effect" in fault.expected


def test_a_reform_is_dated_or_says_that_it_is_not() -> None:
    undated = REFORM.split("[reform.in_force]")[0]
    (fault,) = faults(undated)
    assert fault.column == "reform"
    assert "undated" in fault.expected
    told = undated.replace('place = "Port"', 'place = "Port"\nundated = "No date was found"')
    assert read(told).reform.in_force is None


def test_claims_designs_and_outcomes_stand_once() -> None:
    (fault,) = faults(REFORM + OUTCOME + DESIGN + DESIGN + CLAIM + CLAIM)
    assert "design once (main stands twice)" in fault.expected
    assert "claim once (S001 stands twice)" in fault.expected


def test_units_left_out_can_be_neither_treated_nor_donors() -> None:
    left_out = '\n[[designs.exclude]]\nunits = ["Sichuan"]\nreason = "Neighbour"\n'
    (fault,) = faults(REFORM + OUTCOME + DESIGN + left_out)
    assert "treated units that are not left out (Sichuan)" in fault.expected


def test_cohorts_may_be_read_from_a_source() -> None:
    read_from = 'cohorts = { source = "dates", unit_column = "region", column = "year" }'
    study = read(REFORM + OUTCOME + DESIGN.replace("cohorts = { Sichuan = 2021 }", read_from))
    assert not isinstance(study.designs[0].cohorts, dict)
    typo = read_from.replace("unit_column", "unitcolumn")
    columns = {
        f.column
        for f in faults(REFORM + OUTCOME + DESIGN.replace("cohorts = { Sichuan = 2021 }", typo))
    }
    assert columns == {"designs[main].cohorts.unit_column", "designs[main].cohorts.unitcolumn"}


@pytest.mark.parametrize("text", ["2021", "2021-09", "2021-09-30", "2024-02-29"])
def test_dates_may_be_years_months_or_days(text: str) -> None:
    assert check_when(text) == text


@pytest.mark.parametrize("text", ["21", "2021-9", "2021-02-29", "2021-00", "2021/01/01", ""])
def test_dates_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_when(text)


def test_windows_of_one_time_are_refused() -> None:
    with pytest.raises(ValidationError, match="first before last"):
        Window(first=2020, last=2020)


@pytest.mark.parametrize("model", [Reform, Claim, Design])
def test_an_empty_table_names_every_missing_key(model: type) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(model, {}, file="x.toml")
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert {fault.column for fault in caught.value.faults} == required


COLUMN = {"type": "number", "unit": "hours", "description": "Release time"}
SOURCE = {
    "id": "times",
    "file": "published/times.csv",
    "title": "Times",
    "producer": "Customs",
    "address": "https://example.org",
    "licence": "none stated",
    "accessed": "2026",
    "sha256": 64 * "0",
    "kind": "published",
    "key": ["zone"],
    "columns": {"zone": {"type": "text", "unit": "none", "description": "Zone"}},
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"minimum": 2.0, "maximum": 1.0}, "minimum not above maximum"),
        ({"allowed": ["a"], "vocabulary": "zones"}, "not both"),
        ({"type": "hours"}, "'text', 'whole', 'number', 'date' or 'moment'"),
    ],
)
def test_column_contracts_are_coherent(changed: dict[str, object], expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(Column, COLUMN | changed, file="x.toml")
    assert expected in caught.value.faults[0].expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"key": ["port"]}, "a key made of declared columns, not port"),
        ({"key": []}, "at least 1 item"),
        ({"columns": {"zone": {**COLUMN, "missing": True}}}, "never empty"),
        ({"sha256": "0"}, "pattern"),
        ({"file": "/etc/passwd"}, "pattern"),
        ({"file": "https://example.org/x.csv"}, "pattern"),
        ({"kind": "guess"}, "'real', 'published' or 'simulated'"),
    ],
)
def test_source_records_are_coherent(changed: dict[str, object], expected: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declare(Source, SOURCE | changed, file="x.toml")
    assert expected in caught.value.faults[0].expected


def test_a_range_runs_from_low_to_high() -> None:
    content = {
        "id": "P001",
        "quantity": "Elasticity",
        "low": 5.0,
        "high": 4.0,
        "unit": "percent",
        "status": "read",
        "source_title": "Article",
        "source_address": "https://example.org",
    }
    with pytest.raises(DeclarationError, match="low not above high"):
        declare(Parameter, content, file="x.csv", row=2)


def test_donors_and_checks_stand_once() -> None:
    more = (
        'checks = [{ name = "pre_trends" }, { name = "pre_trends" }]\n'
        '\n[designs.donors]\nunits = ["Gansu"]\nreason = "Inland"\n'
        '\n[[designs.exclude]]\nunits = ["Gansu"]\nreason = "Neighbour"\n'
    )
    (fault,) = faults(REFORM + OUTCOME + DESIGN + more)
    assert "donors that are not left out" in fault.expected
    assert "each check once" in fault.expected


def test_facts_and_missing_items_stand_once() -> None:
    use = '[[claims.facts]]\nid = "E001"\nstance = "agrees"\n'
    text = REFORM + CLAIM.replace('["baseline"]', '["baseline", "baseline"]') + use + use
    (fault,) = faults(text)
    assert "each fact once" in fault.expected
    assert "each missing item once" in fault.expected


def test_a_claim_without_value_or_test_expects_nothing() -> None:
    (claim,) = read(REFORM + CLAIM.replace('scale = "log_points"', 'scale = "level"')).claims
    assert claim.expected == -25
    with pytest.raises(ValueError, match="names no value or no test"):
        _ = claim.model_copy(update={"test": None}).expected
