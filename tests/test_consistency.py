"""Declarations that contradict each other are found without any file."""

from __future__ import annotations

from analysis.consistency import Loaded, cross_check
from analysis.declarations import Claim, Reform, Study, Vocabulary
from analysis.declarations.data import Area, Document

VOCABULARY = Vocabulary(
    lists={},
    areas=(Area(id="trade", title="Trade", order=1),),
    documents=(
        Document(id="article", title="Article", producer="Office", date="2024", note="Read."),
    ),
)


def study(name: str, *claims: str) -> Study:
    return Study(
        reform=Reform(
            id=name,
            title="Single window",
            area="trade",
            level="declaration",
            place="Port",
            summary="One form.",
            implementation="Share of forms.",
            undated="No date was found",
        ),
        claims=tuple(
            Claim.model_validate(
                {
                    "id": claim,
                    "statement": "Said.",
                    "kind": "milestone",
                    "area": "trade",
                    "unit": "none",
                    "period": "2023",
                    "actor": "Office",
                    "source": "article",
                    "grade": {"scale": "not scoreable", "reason": "A step."},
                    "would_settle": "Dates.",
                }
            )
            for claim in claims
        ),
    )


def told(*studies: Study) -> list[str]:
    held = Loaded(
        vocabulary=VOCABULARY,
        sources={},
        tables={},
        studies=studies,
        fact_ids=None,
        parameter_ids=None,
    )
    return [fault.found for fault in cross_check(held)]


def test_claims_run_from_one_without_a_gap_in_each_series() -> None:
    assert told(study("a", "S001", "S003"), study("b", "S002")) == []
    assert told(study("a", "S001", "K001")) == []
    assert told(study("a", "S001"), study("b", "S004")) == ["none with the id S002, S003"]


def test_a_claim_belongs_to_one_reform() -> None:
    assert told(study("a", "S001"), study("b", "S001")) == ["S001 also in a"]


def test_areas_and_documents_are_known() -> None:
    strange = study("a", "S001")
    reform = strange.reform.model_copy(update={"area": "roads"})
    claim = strange.claims[0].model_copy(update={"source": "rumour"})
    found = told(strange.model_copy(update={"reform": reform, "claims": (claim,)}))
    assert found == ["'roads'", "'rumour'"]
