"""What a projected scenario gives: the records that figures, tables and sentences read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.declarations.scenarios import Scenario
from analysis.methods.effects import number

#: Columns of the frames of a `ScenarioResult`.
HEADLINE = ("quantity", "central", "median", "mean", "range_low", "range_high", "unit")
RECKONING = ("line", "quantity", "reckoning", "value", "unit", "status", "source", "role")
DRIVERS = ("input", "label", "low", "high", "unit", "net_at_low", "net_at_high", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """A scenario carried to money, with its uncertainty.

    Attributes
    ----------
    scenario : Scenario
    condition : str
        What has to be true for the numbers to hold; stands before every sentence.
    headline : pandas.DataFrame
        Columns `HEADLINE`: central case, and median, mean and 95 % range over the draws.
    reckoning : pandas.DataFrame
        Columns `RECKONING`: every number of the central case in its last year, lettered, with the
        arithmetic that gives it; enough for a pocket calculator.
    years : pandas.DataFrame
        One row a year from the set-up on, central case: year, what changes over the years (such
        as take_up, elasticity, trade_gain), benefit, cost, net, discount_factor, present_value;
        the last column adds to the headline.
    fan : pandas.DataFrame
        One row a year: year, and quantiles q025, q250, q500, q750, q975 of the net benefit
        (columns net_*) and of the present value so far (columns total_*).
    drivers : pandas.DataFrame
        Columns `DRIVERS`: net present value with one input at an end of its range and the others
        central, widest first.
    break_even : pandas.DataFrame
        input, label, central, break_even, unit: where the net present value is zero; nan if
        nowhere. The first row is the largest total cost the benefits would bear.
    shares : pandas.DataFrame
        dimension, group, yearly, unit, status, source: who gains, by last year.
    inputs : pandas.DataFrame
        Every input: id, label, value, low, high, unit, distribution, status, source, address, why.
    draws : pandas.DataFrame
        One row a draw: net_<rate> for each rate and `yearly`.
    simulated : bool
        Whether an estimate on simulated data was carried.
    """

    scenario: Scenario
    condition: str
    headline: pd.DataFrame
    reckoning: pd.DataFrame
    years: pd.DataFrame
    fan: pd.DataFrame
    drivers: pd.DataFrame
    break_even: pd.DataFrame
    shares: pd.DataFrame
    inputs: pd.DataFrame
    draws: pd.DataFrame
    simulated: bool = False

    @property
    def net(self) -> pd.Series:
        """Row of `headline` with the net present value at the headline rate."""
        wanted = self.headline["quantity"] == net_label(self.scenario.headline_rate)
        return self.headline.loc[wanted].iloc[0]

    @property
    def chosen(self) -> tuple[str, ...]:
        """Labels of the inputs set by hand, the widest drivers first."""
        ranked = self.drivers.loc[self.drivers["status"] == "choice", "label"]
        return tuple(str(label) for label in ranked)

    def sentence(self) -> str:
        """Say the headline with its condition, its range and what it rests on."""
        row, money = self.net, self.scenario.money
        return (
            f"{self.condition} the net present value over {self.scenario.horizon} years at "
            f"{self.scenario.headline_rate:g}% is {number(row['central'])} million "
            f"{money[:3]} at {money[4:]} prices (median of the draws "
            f"{number(row['median'])}, 95% of them between {number(row['range_low'])} and "
            f"{number(row['range_high'])} million)."
        )


def net_label(rate: float) -> str:
    """Name of the net present value at a rate in the headline table."""
    return f"Net present value at {rate:g}%"


def summary(result: ScenarioResult) -> str:
    """Write a result as plain text: headline, drivers, break-even, and what is stretched."""
    scenario = result.scenario
    lines = [scenario.title, "=" * len(scenario.title), scenario.question, "", result.sentence()]
    if result.simulated:
        lines.append("An input is an estimate on simulated data: this decides nothing.")
    lines += ["", "Headline (central case; 95% of draws)"]
    for row in result.headline.to_dict("records"):
        ends = (number(row[end], signed=False) for end in ("range_low", "range_high"))
        value = number(row["central"], signed=False)
        lines.append(f"  {row['quantity']}: {value} ({' to '.join(ends)}) {row['unit']}")
    lines += ["", "What moves it most (net present value at the ends of the range)"]
    for row in result.drivers.head(6).to_dict("records"):
        ends = (number(row[end]) for end in ("net_at_low", "net_at_high"))
        lines.append(f"  {row['label']} ({row['status']}): {' to '.join(ends)}")
    lines += ["", "Break-even"]
    for row in result.break_even.to_dict("records"):
        found, central = (number(row[one], signed=False) for one in ("break_even", "central"))
        lines.append(f"  {row['label']}: {found} {row['unit']} (central {central})")
    lines += ["", "Stretched beyond what is known"]
    lines += [
        f"  {one.what}: known for {one.known_for}, used for {one.used_for}"
        for one in scenario.extrapolations
    ]
    lines += ["", "Not known", *(f"  {text}" for text in scenario.unknown)]
    return "\n".join(lines)
