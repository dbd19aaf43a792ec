"""The rules of judgement, by cases worked out by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from analysis.claims import STATUSES, Evidence, compare, judge
from analysis.declarations import Claim, Fact


@dataclass(frozen=True)
class Effect:
    """An interval, and what could have been detected."""

    conf_low: float
    conf_high: float
    minimum_detectable_effect: float = 0.3


def make_claim(kind: str = "effect", **changed: object) -> Claim:
    content: dict[str, object] = {
        "id": "S001",
        "statement": "Said.",
        "kind": kind,
        "area": "trade",
        "value": -25.0,
        "unit": "percent",
        "period": "2023",
        "actor": "Customs",
        "source": "article",
        "grade": {"scale": 0, "reason": "None."},
        "would_settle": "Time stamps.",
    }
    if kind == "effect":
        content["test"] = {
            "study": "parts",
            "outcome": "release-time",
            "level": "declaration",
            "scale": "log_points",
        }
    return Claim.model_validate(content | changed)


def make_fact(number: float | None, bound: str | None = "exact", **changed: object) -> Fact:
    content: dict[str, object] = {
        "id": "E001",
        "quantity": "Trips",
        "value": str(number),
        "number": number,
        "bound": bound,
        "unit": "trips",
        "period": "2023",
        "actor": "Railway",
        "says": "Counted.",
        "status": "read",
        "source_title": "Page",
        "source_address": "https://example.org/a",
    }
    return Fact.model_validate(content | changed)


def on(low: float, high: float, **changed: object) -> Evidence:
    values: dict[str, object] = {
        "effect": Effect(low, high),
        "study": "parts",
        "outcome": "release-time",
        "level": "declaration",
        "kind": "published",
    }
    return Evidence(**(values | changed))  # type: ignore[arg-type]


# the claim of -25 percent is log(0.75) = -0.288 in log points


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (-0.40, -0.10, "supported"),
        (-0.40, 0.10, "undecided"),
        (-0.20, -0.05, "contradicted"),
        (-0.20, 0.20, "contradicted"),
        (0.05, 0.30, "contradicted"),
        (-0.90, -0.30, "contradicted"),
        (math.nan, math.nan, "undecided"),
        (-math.inf, math.inf, "undecided"),
    ],
)
def test_an_effect_is_judged_by_its_interval(low: float, high: float, status: str) -> None:
    verdict = judge(make_claim(), evidence=[on(low, high)])
    assert verdict.status == status
    assert verdict.effect_used is not None


def test_the_ends_of_the_interval_belong_to_it() -> None:
    end = math.log(0.75)
    assert judge(make_claim(), evidence=[on(end, -0.1)]).status == "supported"
    assert judge(make_claim(), evidence=[on(-0.4, 0.0)]).status == "undecided"


def test_an_undecided_effect_says_what_could_have_been_detected() -> None:
    sentence = judge(make_claim(), evidence=[on(-0.40, 0.10)]).sentence
    # exp(-0.3) - 1 = -25.9 percent; exp(-0.4) - 1 = -33.0; exp(0.1) - 1 = 10.5
    assert "minimum detectable effect is -25.9 percent" in sentence
    assert "from -33 percent to +10.5 percent" in sentence


def test_without_an_estimate_an_effect_is_untested_and_says_what_is_needed() -> None:
    verdict = judge(make_claim())
    assert verdict.status == "untested"
    assert verdict.needed == "Time stamps."
    assert verdict.sentence == "No data on release time by declaration are public."


@pytest.mark.parametrize(
    "other", [{"level": "province"}, {"outcome": "trade"}, {"study": "elsewhere"}]
)
def test_an_estimate_of_something_else_does_not_count(other: dict[str, object]) -> None:
    verdict = judge(make_claim(), evidence=[on(-0.4, -0.1, **other)])
    assert verdict.status == "untested"
    assert verdict.effect_used is None


@pytest.mark.parametrize(("low", "high"), [(-0.4, -0.1), (-0.2, -0.1), (-0.4, 0.1)])
def test_simulated_data_never_decide_a_claim(low: float, high: float) -> None:
    verdict = judge(make_claim(), evidence=[on(low, high, kind="simulated")])
    assert verdict.status == "untested"
    assert verdict.effect_used is None
    assert "simulated" in verdict.sentence


def test_simulated_data_do_not_outvote_real_ones() -> None:
    evidence = [on(-0.2, -0.1, kind="simulated"), on(-0.4, -0.1, kind="real")]
    assert judge(make_claim(), evidence=evidence).status == "supported"


def test_estimates_that_disagree_leave_a_claim_undecided() -> None:
    verdict = judge(make_claim(), evidence=[on(-0.4, -0.1), on(-0.1, 0.1)])
    assert verdict.status == "undecided"
    assert "supported, contradicted" in verdict.sentence


@pytest.mark.parametrize(
    ("claimed", "claim_bound", "found", "fact_bound", "word"),
    [
        (5000, "over", 5300, "exact", "agrees"),
        (5000, "over", 5000, "exact", "agrees"),
        (5000, "over", 4344, "exact", "disagrees"),
        (5000, "over", 5300, "over", "agrees"),
        (5000, "over", 4000, "over", "cannot tell"),
        (5000, "over", 4900, "under", "disagrees"),
        (5000, "over", 6000, "under", "cannot tell"),
        (5000, "over", 5300, "about", "agrees"),
        (5000, "over", 5100, "about", "cannot tell"),
        (17, "about", 17.8, "exact", "agrees"),
        (17, "about", 17.9, "exact", "disagrees"),
        (17, "about", 17.2, "about", "agrees"),
        (17, "about", 19, "over", "disagrees"),
        (8, "exact", 8, "exact", "agrees"),
        (8, "exact", 14, "exact", "disagrees"),
        (8, "exact", 5, "over", "cannot tell"),
        (8, "exact", None, None, "cannot tell"),
    ],
)
def test_figures_are_compared_with_their_bounds(
    claimed: float, claim_bound: str, found: float | None, fact_bound: str | None, word: str
) -> None:
    claim = make_claim("output", value=float(claimed), bound=claim_bound, unit="trips")
    number = None if found is None else float(found)
    assert compare(claim, make_fact(number, fact_bound)) == word


def test_figures_in_other_units_are_not_compared() -> None:
    claim = make_claim("output", value=5000.0, unit="trips")
    assert compare(claim, make_fact(5000.0, unit="TEU")) == "cannot tell"


COMPARABLE = {"independent": True, "same_period": True, "same_definition": True}


def output(*uses: dict[str, object]) -> Claim:
    return make_claim("output", value=5000.0, bound="over", unit="trips", facts=uses)


def test_an_output_is_decided_by_an_independent_comparable_figure() -> None:
    claim = output({"id": "E001", "stance": "agrees", **COMPARABLE})
    assert judge(claim, facts=[make_fact(5300.0)]).status == "supported"
    assert judge(claim, facts=[make_fact(4344.0)]).status == "contradicted"
    assert judge(claim, facts=[make_fact(4000.0, "over")]).status == "untested"
    assert judge(claim, facts=[]).status == "untested"


@pytest.mark.parametrize("lacking", sorted(COMPARABLE))
def test_a_figure_that_lacks_one_thing_decides_nothing(lacking: str) -> None:
    claim = output({"id": "E001", "stance": "agrees", **(COMPARABLE | {lacking: False})})
    verdict = judge(claim, facts=[make_fact(5300.0)])
    assert verdict.status == "untested"
    assert "E001 agrees but is not" in verdict.sentence
    assert verdict.agreeing == ("E001",)


def test_independent_figures_that_conflict_leave_an_output_undecided() -> None:
    claim = output(
        {"id": "E001", "stance": "agrees", **COMPARABLE},
        {"id": "E002", "stance": "conflicts", **COMPARABLE},
    )
    facts = [make_fact(5300.0), make_fact(4344.0, id="E002")]
    verdict = judge(claim, facts=facts)
    assert verdict.status == "undecided"
    assert verdict.conflicting == ("E002",)


def test_an_output_without_a_figure_is_untested() -> None:
    verdict = judge(make_claim("output", value=None, unit="rank"))
    assert verdict.status == "untested"
    assert "no figure" in verdict.sentence


@pytest.mark.parametrize("kind", ["milestone", "forecast"])
def test_milestones_and_forecasts_are_not_testable(kind: str) -> None:
    facts = ({"id": "E001", "stance": "agrees", **COMPARABLE}, {"id": "E002", "stance": "dates"})
    claim = make_claim(kind, facts=facts)
    assert judge(claim).status == "not testable"
    assert "no second source" in judge(claim).sentence
    one = judge(claim, facts=[make_fact(1.0)])
    assert "one further source, independent of the author" in one.sentence
    same_page = judge(claim, facts=[make_fact(1.0), make_fact(1.0, id="E002")])
    assert "one further source" in same_page.sentence
    other = make_fact(1.0, id="E002", source_address="https://example.org/b")
    assert "2 further sources" in judge(claim, facts=[make_fact(1.0), other]).sentence


def test_the_words_of_a_verdict_are_closed() -> None:
    assert STATUSES == ("supported", "contradicted", "undecided", "untested", "not testable")
