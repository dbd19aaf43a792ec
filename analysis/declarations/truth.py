"""What simulated data are drawn from: a truth that is declared, so that it can be recovered."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from analysis.declarations.base import Identifier, Number, Record, Text, Whole

Size = Annotated[float, Strict(), Field(gt=0)]
Statistic = Literal[
    "records", "other_records", "mean", "other_mean", "median", "p90", "spread", "against_other"
]
Share = Annotated[float, Strict(), Field(ge=0, lt=1)]


class Truth(Record):
    """Records of units over time whose true effect is planted; times count from 1.

    Attributes
    ----------
    cells, starts : str
        Sources the drawn tables are written to: unit x time cells, and first treated times.
    unit_name, unit_column, time_column, start_column : str
        What units are called, and names of columns.
    columns : dict
        Which statistics of a cell are written, under which names. Means are geometric; "spread"
        is p90 over median, "against_other" the mean over that of unaffected records.
    seed : int
        Of all draws.
    units, times : int
        Number of units and of times.
    cohorts : tuple of int
        First treated time of each treated unit; the other units are never treated.
    effect : tuple of float
        Change of the mean log outcome by event time 0, 1, ...; the last value goes on.
    spread_effect : float
        Change of the standard deviation of the log outcome within a cell, in log points.
    level : float
        Median outcome of a record without the reform, in the unit of the outcome.
    within : float
        Standard deviation of the log outcome within a cell.
    noise, ar1, skew, shared : float
        Shocks of unit and time: standard deviation at mean size, autocorrelation, skewness, and
        share of the variance that hits affected and other records alike.
    season : float
        Half the distance of the best and the worst time of a cycle of twelve, log points.
    volume, unequal : float
        Mean number of affected records in a cell, and standard deviation of log sizes of units.
    missing : float
        Share of cells left out.
    why : str
        Why this truth and no other.
    """

    cells: Identifier
    starts: Identifier
    unit_name: Text
    unit_column: Identifier
    time_column: Identifier
    start_column: Identifier
    columns: Annotated[dict[Statistic, Identifier], Field(min_length=1)]
    seed: Annotated[int, Strict(), Field(ge=0)]
    units: Whole
    times: Whole
    cohorts: Annotated[tuple[Whole, ...], Field(min_length=1)]
    effect: Annotated[tuple[Number, ...], Field(min_length=1)]
    spread_effect: Number = 0.0
    level: Size
    within: Size
    noise: Size
    ar1: Share = 0.0
    skew: Annotated[float, Strict(), Field(ge=0)] = 0.0
    shared: Share = 0.0
    season: Number = 0.0
    volume: Annotated[float, Strict(), Field(ge=20)]
    unequal: Annotated[float, Strict(), Field(ge=0)] = 0.0
    missing: Share = 0.0
    why: Text

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        faults = []
        if not len(self.cohorts) < self.units:
            faults.append("more units than cohorts, so that some are never treated")
        if not all(1 < first <= self.times for first in self.cohorts):
            faults.append("cohorts after the first time and inside the window")
        if faults:
            raise ValueError("; ".join(faults))
        return self
