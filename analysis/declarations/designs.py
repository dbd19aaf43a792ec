"""Declarations of how we look: outcomes, designs, and the study that holds them together."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Strict, Tag, model_validator

from analysis.declarations.base import CheckName, Identifier, Number, Option, Record, Text, Whole
from analysis.declarations.reforms import Claim, ClearanceInputs, Reform, Twice
from analysis.declarations.truth import Truth


class Cells(Record):
    """How the many rows of a unit and time become one cell.

    Attributes
    ----------
    statistic : str
        mean, median, p90 (90th percentile), spread (90th percentile less median; with logs their
        ratio) or count (number of rows, zero where there are none).
    against : dict
        The same statistic of the rows that hold these values is taken off: with logs a ratio.
    """

    statistic: Literal["mean", "median", "p90", "spread", "count"] = "mean"
    against: dict[Identifier, Text] = Field(default_factory=dict)


class Lasting(Record):
    """Rows are spells: `ended` is 1 where the end was seen, `edges` end the bins of duration.

    `per_time` says how many units of duration pass in one time; None = the calendar stands still
    within a spell.
    """

    ended: Identifier
    edges: Annotated[tuple[Number, ...], Field(min_length=1)]
    per_time: Number | None = None


class Outcome(Record):
    """What is measured: a column of a source, its unit of measure and its transform.

    Where a table holds many rows a unit and time, `cells` says how they become one; where it
    holds spells, `spells` says when they end. `keep` names columns and the one value that rows
    must hold there, `drop` the one that they must not.
    """

    id: Identifier
    source: Identifier
    column: Identifier
    unit_column: Identifier
    time_column: Identifier
    label: Text
    unit: Text
    transform: Literal["none", "log"] = "none"
    cells: Cells | None = None
    spells: Lasting | None = None
    keep: dict[Identifier, Text] = Field(default_factory=dict)
    drop: dict[Identifier, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.cells is not None and self.spells is not None:
            raise ValueError("either `cells` or `spells`, not both")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return all columns of the source that it reads, each once."""
        used = [self.column, self.unit_column, self.time_column, *self.keep, *self.drop]
        if self.cells:
            used += self.cells.against
        if self.spells:
            used.append(self.spells.ended)
        return tuple(dict.fromkeys(used))


class Window(Record):
    """First and last time used, both included."""

    first: Whole
    last: Whole

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first >= self.last:
            raise ValueError("first before last")
        return self


class CohortsFrom(Record):
    """Cohorts read from a source: one row a unit, `column` holds the first treated time."""

    source: Identifier
    column: Identifier
    unit_column: Identifier


CohortTable = Annotated[dict[Text, Whole], Field(min_length=1)]


def _kind_of_cohorts(value: Any) -> str:
    if isinstance(value, CohortsFrom) or (isinstance(value, dict) and "source" in value):
        return "read"
    return "table"


class UnitList(Record):
    """Units kept or left out, and why."""

    units: Annotated[tuple[Text, ...], Field(min_length=1)]
    reason: Text
    address: Text | None = None


class CheckSpec(Record):
    """A diagnostic to run, with its options and where their values come from."""

    name: CheckName
    options: dict[Identifier, Option] = Field(default_factory=dict)
    reason: Text | None = None


class Design(Record):
    """How we look: estimand, window, cohorts, comparison, estimator, inference and checks.

    `cohorts` is either a table unit -> first treated time, or where to read it. `donors` keeps
    only the named untreated units; `exclude` leaves units out. `estimator` names a function of
    `analysis.methods`, `options` are passed to it; `control_group` and `base_period` are declared
    only where the estimator takes them. A design of role contrast is declared to show how it
    fails.
    """

    id: Identifier
    title: Text
    label: Text
    role: Literal["headline", "variant", "single", "contrast"]
    estimand: Text
    outcome: Identifier
    window: Window
    cohorts: Annotated[
        Annotated[CohortsFrom, Tag("read")] | Annotated[CohortTable, Tag("table")],
        Discriminator(_kind_of_cohorts),
    ]
    estimator: Identifier
    options: dict[Identifier, Option] = Field(default_factory=dict)
    control_group: Literal["never_treated", "not_yet_treated", "donor_pool"] | None = None
    donors: UnitList | None = None
    exclude: tuple[UnitList, ...] = ()
    anticipation: Annotated[int, Strict(), Field(ge=0)] = 0
    base_period: Literal["universal", "varying"] | None = None
    inference: Identifier = "randomisation"
    cluster: Identifier | None = None
    seed: Annotated[int, Strict(), Field(ge=0)]
    checks: tuple[CheckSpec, ...] = ()
    note: Text | None = None

    @property
    def headline(self) -> bool:
        """Whether this design is the one the answer rests on (fixed before estimates are seen)."""
        return self.role == "headline"

    @property
    def left_out(self) -> tuple[str, ...]:
        """All units this design leaves out by name, sorted."""
        return tuple(sorted({unit for group in self.exclude for unit in group.units}))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = []
        if isinstance(self.cohorts, dict):
            for unit, time in sorted(self.cohorts.items()):
                if not self.window.first < time <= self.window.last:
                    faults.append(f"cohort of {unit} inside the window, after its first time")
            both = sorted(set(self.cohorts) & set(self.left_out))
            if both:
                faults.append(f"treated units that are not left out ({', '.join(both)})")
        if self.donors is not None and set(self.donors.units) & set(self.left_out):
            faults.append("donors that are not left out")
        if len({check.name for check in self.checks}) < len(self.checks):
            faults.append("each check once")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class Study(Record):
    """All that is declared for one reform: one file of data/reforms."""

    reform: Reform
    outcomes: tuple[Outcome, ...] = ()
    claims: tuple[Claim, ...] = ()
    designs: tuple[Design, ...] = ()
    arithmetic: ClearanceInputs | None = None
    truth: Truth | None = None
    twice: tuple[Twice, ...] = ()

    @property
    def id(self) -> str:
        """Id of the reform, which is also the name of the file."""
        return self.reform.id

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = []
        for name, ids in (
            ("outcome", [outcome.id for outcome in self.outcomes]),
            ("design", [design.id for design in self.designs]),
            ("claim", [claim.id for claim in self.claims]),
        ):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            faults += [f"each {name} once ({one} stands twice)" for one in twice]
        known = {outcome.id for outcome in self.outcomes}
        faults += [
            f"an outcome of this file for design {design.id}, not {design.outcome!r}"
            for design in self.designs
            if design.outcome not in known
        ]
        if self.designs and not any(design.headline for design in self.designs):
            faults.append("at least one design with role headline")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def outcome(self, design: Design) -> Outcome:
        """Return the outcome that `design` looks at."""
        return next(outcome for outcome in self.outcomes if outcome.id == design.outcome)

    def read_by(self, design: Design) -> frozenset[str]:
        """Return the ids of the sources that `design` reads."""
        cohorts = getattr(design.cohorts, "source", None)
        return frozenset({self.outcome(design).source, *filter(None, (cohorts,))})

    def fact_ids(self) -> tuple[str, ...]:
        """Return the ids of all facts this file uses, sorted, each once."""
        reform = self.reform
        events = [e for e in (reform.announced, reform.in_force) if e] + list(reform.concurrent)
        used = set(reform.facts)
        used.update(fact for event in events for fact in event.facts)
        used.update(use.id for claim in self.claims for use in claim.facts)
        if self.arithmetic:
            used.update(self.arithmetic.facts)
        return tuple(sorted(used))
