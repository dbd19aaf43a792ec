"""A step of a scenario, and the steps that several kinds share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["step", "benefit", "cost", "setup", "transfer", "memo"]
Who = Literal["traders", "government", "banks", "nobody"]

#: Unit of yearly results; MONEY stands for the currency and base year of the scenario.
YEARLY = "m MONEY / year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the calculation.

    Attributes
    ----------
    id, label, formula, unit : str
        `unit` is what the formula must give; ``MONEY`` stands for the scenario's money.
    role : str
        benefit and cost enter the net benefit of society, setup once and before the first year; a
        transfer moves money between groups and does not enter; a memo is shown only.
    who, payer : str
        Who gains, bears or receives; of a transfer, also who pays it.
    """

    id: str
    label: str
    formula: str
    unit: str
    role: Role = "step"
    who: Who = "nobody"
    payer: Who = "nobody"


TAKE_UP = Step(
    id="take_up",
    label="Take-up this year",
    formula="take_up_full * min(1, year / take_up_years)",
    unit="percent",
)
VOLUME = Step(
    id="volume_index",
    label="Volume against the base year",
    formula="(1 + volume_growth / hundred) ** (year / one_year)",
    unit="1",
)
ELASTICITY = Step(
    id="elasticity",
    label="Trade elasticity this year",
    formula="elasticity_short + (elasticity_long - elasticity_short)"
    " * min(1, (year - one_year) / (elasticity_years - one_year))",
    unit="1",
)
COSTS = (
    Step(
        id="running",
        label="Public running cost",
        formula="running_cost",
        unit=YEARLY,
        role="cost",
        who="government",
    ),
    Step(
        id="private",
        label="Cost of taking part",
        formula="private_cost",
        unit=YEARLY,
        role="cost",
        who="traders",
    ),
    Step(
        id="setup",
        label="Set-up cost, paid once",
        formula="setup_cost",
        unit="m MONEY",
        role="setup",
        who="government",
    ),
)
#: From `affected` (bn a year) and `days_saved` to what the time is worth.
TIME_VALUE = (
    Step(
        id="saving_rate",
        label="Saving as a share of the value of the goods",
        formula="days_saved * value_of_day",
        unit="percent",
    ),
    Step(
        id="time_saving",
        label="Value of the time saved",
        formula="affected * thousand * saving_rate / hundred",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    Step(
        id="trade_change",
        label="Change of the affected trade",
        formula="elasticity * saving_rate",
        unit="percent",
        role="memo",
    ),
    Step(
        id="trade_gain",
        label="Additional trade (a turnover, not a gain)",
        formula="affected * thousand * trade_change / hundred",
        unit=YEARLY,
        role="memo",
    ),
    Step(
        id="triangle",
        label="Gain on the additional trade",
        formula="0.5 * trade_gain * saving_rate / hundred",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    Step(
        id="capital_freed",
        label="Capital no longer tied up in goods under way",
        formula="affected * thousand * days_saved / days_a_year",
        unit="m MONEY",
        role="memo",
    ),
    Step(
        id="interest_saved",
        label="Interest on that capital (a part of the value of the time, not added)",
        formula="capital_freed * interest_rate / hundred",
        unit=YEARLY,
        role="memo",
    ),
)
