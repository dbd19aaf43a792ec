"""Customs time: hours saved to days, to a share of value, to savings, trade and revenue."""

from __future__ import annotations

from analysis.scenarios.steps import COSTS, ELASTICITY, TAKE_UP, TIME_VALUE, VOLUME, YEARLY, Step

STEPS: tuple[Step, ...] = (
    TAKE_UP,
    VOLUME,
    ELASTICITY,
    Step(
        id="flow_now",
        label="Trade of the zones at the prices of the base year",
        formula="flow * price_level * volume_index",
        unit="bn MONEY / year",
    ),
    Step(
        id="affected",
        label="Trade cleared under the reform",
        formula="flow_now * direction_share / hundred * covered_share / hundred"
        " * take_up / hundred",
        unit="bn MONEY / year",
    ),
    Step(
        id="hours_saved",
        label="Hours saved for each consignment",
        formula="-time_change / hundred * hours_before",
        unit="hour",
    ),
    Step(
        id="days_saved", label="The same in days", formula="hours_saved / hours_a_day", unit="day"
    ),
    *TIME_VALUE,
    Step(
        id="buffer_freed",
        label="Buffer stock no longer held against late goods",
        formula="affected * thousand * spread_cut / hours_a_day / days_a_year",
        unit="m MONEY",
        role="memo",
    ),
    Step(
        id="predictability",
        label="Value of more predictable clearance",
        formula="buffer_freed * holding_cost / hundred",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    Step(
        id="cost_saving",
        label="Clearance cost saved beyond the time",
        formula="affected * thousand * clearance_cost / hundred * -cost_change / hundred"
        " * distinct_share / hundred",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    Step(
        id="revenue",
        label="Import tax on the additional trade (a transfer)",
        formula="trade_gain * taxed_share / hundred * import_tax / hundred",
        unit=YEARLY,
        role="transfer",
        who="government",
        payer="traders",
    ),
    *COSTS,
)
