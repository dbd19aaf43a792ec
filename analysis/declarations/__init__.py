"""What is declared: sources, reforms, claims, outcomes, designs, studies. Opens no file."""

from analysis.declarations.base import (
    Bound,
    CheckName,
    ClaimKind,
    Missing,
    Record,
    SourceKind,
    check_when,
)
from analysis.declarations.data import (
    Area,
    Column,
    Document,
    Fact,
    Parameter,
    Source,
    Vocabulary,
)
from analysis.declarations.designs import (
    CheckSpec,
    CohortsFrom,
    Design,
    Outcome,
    Study,
    UnitList,
    Window,
)
from analysis.declarations.parse import declare, parse_toml
from analysis.declarations.reforms import (
    Claim,
    ClaimTest,
    ClearanceInputs,
    Concurrent,
    Event,
    FactUse,
    Grade,
    Reading,
    Reform,
)
from analysis.declarations.scenarios import Input, Scenario
from analysis.declarations.truth import Truth

__all__ = [
    "Area",
    "Bound",
    "CheckName",
    "CheckSpec",
    "Claim",
    "ClaimKind",
    "ClaimTest",
    "ClearanceInputs",
    "CohortsFrom",
    "Column",
    "Concurrent",
    "Design",
    "Document",
    "Event",
    "Fact",
    "FactUse",
    "Grade",
    "Input",
    "Missing",
    "Outcome",
    "Parameter",
    "Reading",
    "Record",
    "Reform",
    "Scenario",
    "Source",
    "SourceKind",
    "Study",
    "Truth",
    "UnitList",
    "Vocabulary",
    "Window",
    "check_when",
    "declare",
    "parse_toml",
]
