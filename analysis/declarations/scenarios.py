"""Declaration of a scenario: inputs with range, unit, status and source; what is extrapolated."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, Strict, StringConstraints, model_validator

from analysis.declarations.base import Identifier, Number, Record, Reference, Text, Whole
from analysis.declarations.units import Unit

Distribution = Literal["fixed", "uniform", "triangular", "normal", "lognormal"]
Status = Literal["read", "derived", "claim", "choice"]
Kind = Literal["customs", "financing", "single_bill", "dry_port"]


def _unit(text: str) -> str:
    Unit.of(text)
    return text


Name = Annotated[str, Strict(), StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
UnitText = Annotated[str, Strict(), AfterValidator(_unit)]
Percent = Annotated[float, Strict(), Field(ge=0, le=100)]


class Input(Record):
    """One number a scenario rests on.

    Attributes
    ----------
    value, low, high : float
        Central case and range, in `unit`. Of a normal and a lognormal input, `low` and `high` are
        the 2.5th and 97.5th percentile; of the others the ends.
    status : str
        read: on a page, at `address` or in the row `fact` or `parameter`. derived: computed from
        figures read. claim: what a document claims, not confirmed. choice: set by hand, a
        statement about nothing; `why` says how the range was chosen.
    widened : str or None
        Why the range reaches beyond what the source gives.
    """

    id: Name
    label: Text
    value: Number
    low: Number
    high: Number
    unit: UnitText
    distribution: Distribution
    status: Status
    source: Text | None = None
    address: Text | None = None
    fact: Reference | None = None
    parameter: Reference | None = None
    claim: Reference | None = None
    why: Text | None = None
    widened: Text | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        faults = [*self._range_faults(), *self._source_faults()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _range_faults(self) -> list[str]:
        if not self.low <= self.value <= self.high:
            return ["low <= value <= high"]
        if self.distribution == "fixed":
            return [] if self.low == self.high else ["low and high equal to a fixed value"]
        if self.low == self.high:
            return ["a range, or distribution = 'fixed'"]
        if self.distribution == "normal":
            middle, width = (self.low + self.high) / 2, self.high - self.low
            if abs(self.value - middle) > 0.01 * width:
                return ["the middle of the range as value of a normal input"]
        if self.distribution == "lognormal":
            if self.low <= 0:
                return ["a range above zero for a lognormal input"]
            if abs(math.log(self.value / math.sqrt(self.low * self.high))) > 0.02:
                return ["the geometric mean of low and high as value of a lognormal input"]
        return []

    def _source_faults(self) -> list[str]:
        faults = []
        if self.status in ("read", "derived") and not (self.address or self.fact or self.parameter):
            faults.append("an address, a fact or a parameter for what was read")
        if self.status == "claim" and self.claim is None:
            faults.append("the id of the claim")
        if self.status == "choice" and self.why is None:
            faults.append("`why` for a number set by hand")
        if self.address is not None and self.source is None:
            faults.append("the name of the source beside its address")
        return faults


class Correlation(Record):
    """Rank-type dependence of two inputs: correlation of their normal scores."""

    first: Name
    second: Name
    value: Annotated[float, Strict(), Field(gt=-1, lt=1)]
    why: Text


class Share(Record):
    """Part of the benefit that goes to one group; the shares of a dimension add to 100."""

    dimension: Literal["firm size", "area"]
    group: Text
    percent: Percent
    status: Status
    source: Text
    address: Text | None = None


class Extrapolation(Record):
    """Something known about one thing that is used for another."""

    what: Text
    known_for: Text
    used_for: Text


class Rate(Record):
    """A discount rate shown, and where it comes from."""

    percent: Annotated[float, Strict(), Field(ge=0, le=30)]
    status: Literal["read", "choice"]
    source: Text
    address: Text | None = None


class Scenario(Record):
    """A declared alternative: what it asks, what it rests on, and how far it can be trusted.

    `kind` names the chain of steps. `horizon` is the number of years after the set-up year,
    `money` the currency and base year of all results, `headline_rate` the rate of the headline.
    """

    id: Identifier
    title: Text
    reform: Identifier
    kind: Kind
    question: Text
    horizon: Annotated[int, Strict(), Field(ge=1, le=50)]
    first_year: Whole
    money: Annotated[str, Strict(), StringConstraints(pattern=r"^RMB_20\d\d$")]
    headline_rate: Number
    rates: Annotated[tuple[Rate, ...], Field(min_length=1)]
    draws: Annotated[int, Strict(), Field(ge=100, le=1_000_000)]
    seed: Annotated[int, Strict(), Field(ge=0)]
    break_even: tuple[Name, ...]
    inputs: Annotated[tuple[Input, ...], Field(min_length=1)]
    correlations: tuple[Correlation, ...] = ()
    shares: tuple[Share, ...] = ()
    extrapolations: Annotated[tuple[Extrapolation, ...], Field(min_length=1)]
    unknown: Annotated[tuple[Text, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [one.id for one in self.inputs]
        faults = [
            f"each input once ({name})" for name in sorted(set(names)) if names.count(name) > 1
        ]
        used = [*self.break_even, *(n for c in self.correlations for n in (c.first, c.second))]
        faults += [f"an input of this scenario, not {n!r}" for n in used if n not in names]
        if self.headline_rate not in [rate.percent for rate in self.rates]:
            faults.append("headline_rate among the rates")
        for dimension in sorted({share.dimension for share in self.shares}):
            total = sum(s.percent for s in self.shares if s.dimension == dimension)
            if abs(total - 100) > 0.05:
                faults.append(f"shares of {dimension} that add to 100, not {total:g}")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids of the claims that are taken as true, sorted."""
        return tuple(sorted({one.claim for one in self.inputs if one.claim is not None}))

    def input(self, name: str) -> Input:
        """Return one input."""
        return next(one for one in self.inputs if one.id == name)
