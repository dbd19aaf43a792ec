"""What simulated data are drawn from: a truth that is declared, so that it can be recovered.

A truth is put together from four small records: the population (units, dates of treatment, gaps),
the outcomes (each with its planted effect and its shocks), the names of columns, and the kind of
rows that hold them.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from analysis.declarations.base import Identifier, Number, Record, Text, Whole

Size = Annotated[float, Strict(), Field(gt=0)]
Extent = Annotated[float, Strict(), Field(ge=0)]
Share = Annotated[float, Strict(), Field(ge=0, lt=1)]
Path = Annotated[tuple[Number, ...], Field(min_length=1)]


class Population(Record):
    """Units over times, which count from 1: who is treated when, who is seen when.

    Attributes
    ----------
    unit_name : str
        What units are called; a number follows.
    units, times : int
        Number of units and of times.
    cohorts : tuple of int
        First treated time of each treated unit; the other units are never treated.
    neighbours : int
        Number of untreated units that lie beside treated ones and feel their effect in part.
    unequal : float
        Standard deviation of the log sizes of units.
    missing : float
        Share of unit x time cells left out.
    moving : float
        Share of units that enter late, and share that leave early; treated units are seen for
        half of their times before the reform and half of those after it at least.
    firms : int
        Mean number of firms behind a unit; 0 = rows carry no firm.
    """

    unit_name: Text
    units: Whole
    times: Whole
    cohorts: Annotated[tuple[Whole, ...], Field(min_length=1)]
    neighbours: Annotated[int, Strict(), Field(ge=0)] = 0
    unequal: Extent = 0.0
    missing: Share = 0.0
    moving: Share = 0.0
    firms: Annotated[int, Strict(), Field(ge=0)] = 0

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = []
        if not len(self.cohorts) + self.neighbours < self.units:
            faults.append("more units than cohorts and neighbours, so that some are never touched")
        if not all(1 < first <= self.times for first in self.cohorts):
            faults.append("cohorts after the first time and inside the window")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class Planted(Record):
    """One outcome: its level, the effect planted in it, and all else that moves it.

    Attributes
    ----------
    column : str or None
        Where it is written; None = the number of rows in a cell.
    measure : str
        amount (log-normal), or count (Poisson around a log-normal mean).
    effect : tuple of float
        Change of the log mean at event time 0, 1, ...; the last value goes on. For spells: of the
        log hazard.
    varies : float
        Standard deviation of the effect between treated units, whose mean is `effect`.
    spillover : float
        Share of the effect that neighbours feel.
    spread_effect : float
        Change of the log of `within` from the reform on.
    level : float
        Median of a row, mean count of a cell, or hazard of one time, without the reform.
    within : float
        Standard deviation of log amounts within a cell.
    noise, ar1, skew, shared : float
        Shocks of unit and time: standard deviation at mean size, autocorrelation, skewness, and
        share of the variance that hits affected and other rows alike.
    season, cycle : float, int
        Half the distance of the best and the worst time, log points, and times in a cycle.
    factor : float
        Standard deviation of the loadings of units on a common random walk.
    digits : int
        Digits after the point.
    """

    column: Identifier | None = None
    measure: Literal["amount", "count"] = "amount"
    effect: Path
    varies: Extent = 0.0
    spillover: Number = 0.0
    spread_effect: Number = 0.0
    level: Size
    within: Extent = 0.0
    noise: Extent = 0.0
    ar1: Share = 0.0
    skew: Extent = 0.0
    shared: Share = 0.0
    season: Number = 0.0
    cycle: Whole = 12
    factor: Extent = 0.0
    digits: Annotated[int, Strict(), Field(ge=0, le=4)] = 2


class Names(Record):
    """Names of columns; those that are None are not written.

    `row` numbers the rows, `group` says whether the reform can bite (see `Truth.groups`), `place`
    is adopter, neighbour or far, `exposed` is the first time a neighbour feels the effect, and
    `ended` is 1 where the end of a spell was seen, 0 where the window closed before.
    """

    row: Identifier | None = None
    unit: Identifier
    time: Identifier
    start: Identifier
    firm: Identifier | None = None
    group: Identifier | None = None
    place: Identifier | None = None
    exposed: Identifier | None = None
    ended: Identifier | None = None


class Truth(Record):
    """Rows whose true effect is planted.

    Attributes
    ----------
    kind : str
        What a row is. records: one of many in a unit and time (a declaration, a shipment, a new
        firm); periods: the one of its unit and time; spells: one that begins in its unit and time
        and lasts.
    rows, starts : str
        Sources the drawn tables are written to: rows, and first treated times by unit.
    seed : int
        Of all draws.
    volume : float
        Mean number of rows that begin in a unit of mean size and a time, in each group.
    groups : tuple of str
        Names of the affected rows and of the others; empty = all rows are affected.
    columns : Names
    population : Population
    outcomes : tuple of Planted
    why : str
        Why this truth and no other.
    """

    kind: Literal["records", "periods", "spells"]
    rows: Identifier
    starts: Identifier
    seed: Annotated[int, Strict(), Field(ge=0)]
    volume: Size = 1.0
    groups: tuple[Text, ...] = ()
    columns: Names
    population: Population
    outcomes: Annotated[tuple[Planted, ...], Field(min_length=1)]
    why: Text

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = []
        counts = sum(one.column is None for one in self.outcomes)
        if len({one.column for one in self.outcomes}) < len(self.outcomes):
            faults.append("each column once")
        if counts and self.kind != "records":
            faults.append("a column for every outcome, as only records are counted by rows")
        if self.kind == "spells" and (len(self.outcomes) > 1 or self.columns.ended is None):
            faults.append("one outcome, the length of the spell, and a column `ended`")
        if len(self.groups) not in (0, 2) or bool(self.groups) != bool(self.columns.group):
            faults.append("two groups and a column `group`, or neither")
        if bool(self.population.firms) != bool(self.columns.firm):
            faults.append("both a number of firms and a column `firm`, or neither")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def names(self) -> tuple[str, ...]:
        """Return the columns of the drawn rows, in their order."""
        held = self.columns
        values = [one.column for one in self.outcomes]
        listed = [held.row, held.unit, held.time, held.firm, held.group, held.place]
        return tuple(name for name in (*listed, *values, held.ended) if name)

    def start_names(self) -> tuple[str, ...]:
        """Return the columns of the drawn first times, in their order."""
        held = self.columns
        return tuple(name for name in (held.unit, held.start, held.exposed) if name)
