"""Declarations of reforms and of what is claimed about them."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from analysis.declarations.base import (
    Bound,
    ClaimKind,
    Flag,
    Identifier,
    Missing,
    Number,
    Record,
    Reference,
    Text,
    When,
)


class Event(Record):
    """Something dated: what happened, when, and the facts that say so."""

    date: When
    what: Text
    facts: tuple[Reference, ...] = ()
    address: Text | None = None

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if not self.facts and self.address is None:
            raise ValueError("a source: `facts` or `address`")
        return self


class Concurrent(Event):
    """Another policy or shock of the same time; `threat` says how it could be mistaken for us."""

    threat: Text


class Reading(Record):
    """A publication worth reading beside the reform, and what it teaches."""

    cite: Text
    address: Text
    lesson: Text


class Reform(Record):
    """What changed, where, since when, and what else happened at the same time."""

    id: Identifier
    title: Text
    area: Identifier
    summary: Text
    level: Text
    place: Text
    announced: Event | None = None
    in_force: Event | None = None
    undated: Text | None = None
    implementation: Text
    concurrent: tuple[Concurrent, ...] = ()
    facts: tuple[Reference, ...] = ()
    references: tuple[Reading, ...] = ()

    @model_validator(mode="after")
    def _dated_or_not(self) -> Self:
        if (self.in_force is None) == (self.undated is None):
            raise ValueError("either `in_force` or, where no date is known, `undated` saying so")
        return self


class FactUse(Record):
    """How one fact stands to a claim; only a comparable, independent figure can decide."""

    id: Reference
    stance: Literal["agrees", "conflicts", "dates", "context"]
    independent: Flag = False
    same_period: Flag = False
    same_definition: Flag = False
    note: Text | None = None

    @property
    def comparable(self) -> bool:
        """Independent, of the same period and of the same definition."""
        return self.independent and self.same_period and self.same_definition


class Grade(Record):
    """Evidence grade on the Maryland Scientific Methods Scale, and why."""

    scale: Literal[0, 1, 2, 3, 4, 5, "not scoreable"]
    reason: Text


class ClaimTest(Record):
    """The estimate that could settle a claim: study, outcome, level and the scale it comes on."""

    study: Identifier
    outcome: Identifier
    level: Text
    scale: Literal["log_points", "percent", "level"]


class Claim(Record):
    """One statement of a document: what is said to have moved, by how much, when, who says so.

    `value` and `unit` are the figure claimed (none for a milestone), `bound` says whether it is
    exact, approximate, a floor ("over") or a ceiling ("under").
    """

    id: Reference
    statement: Text
    kind: ClaimKind
    area: Identifier
    value: Number | None = None
    bound: Bound = "exact"
    unit: Text
    period: Text
    actor: Text
    source: Identifier
    missing: tuple[Missing, ...] = ()
    grade: Grade
    would_settle: Text
    facts: tuple[FactUse, ...] = ()
    test: ClaimTest | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = []
        if self.kind in ("effect", "forecast") and self.value is None:
            faults.append(f"a value, as an {self.kind} claims a figure")
        if self.kind == "effect" and self.test is None:
            faults.append("a `test` table: the outcome and level that could settle an effect")
        if self.kind == "milestone" and self.test is not None:
            faults.append("no `test`: a milestone is not an effect")
        if len({use.id for use in self.facts}) < len(self.facts):
            faults.append("each fact once")
        if len(set(self.missing)) < len(self.missing):
            faults.append("each missing item once")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def expected(self) -> float:
        """The claimed value on the scale of its test (a percent change becomes log points)."""
        if self.value is None or self.test is None:
            raise ValueError(f"claim {self.id} names no value or no test")
        if self.test.scale == "log_points":
            return math.log1p(self.value / 100.0)
        return self.value


class Twice(Record):
    """One quantity published twice with different numbers: ids of the facts and claims, and why."""

    what: Text
    figures: Annotated[tuple[Reference, ...], Field(min_length=2)]
    differ: Text
    reading: Text


class ClearanceInputs(Record):
    """Ids of the figures behind the clearance arithmetic: a claim, three facts, parameters."""

    claim: Reference
    mean_hours: Reference
    affected_trade: Reference
    all_trade: Reference
    value_of_a_day: Reference
    elasticities: Annotated[tuple[Reference, ...], Field(min_length=1)]

    @property
    def facts(self) -> tuple[str, ...]:
        """Ids of the three facts."""
        return self.mean_hours, self.affected_trade, self.all_trade
