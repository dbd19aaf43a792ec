"""Logistics: a single bill of lading and a dry port, from days and documents to money."""

from __future__ import annotations

from analysis.scenarios.steps import COSTS, ELASTICITY, TAKE_UP, TIME_VALUE, VOLUME, YEARLY, Step

SINGLE_BILL: tuple[Step, ...] = (
    TAKE_UP,
    VOLUME,
    ELASTICITY,
    Step(
        id="value_per_bill",
        label="Value of the goods under one bill",
        formula="bill_value * thousand / bills",
        unit="m MONEY / bill",
        role="memo",
    ),
    Step(
        id="bills_now",
        label="Single bills issued this year",
        formula="bills / bill_years * volume_index * take_up / hundred",
        unit="bill / year",
    ),
    Step(
        id="affected",
        label="Goods under single bills this year",
        formula="bill_value / bill_years * volume_index * take_up / hundred",
        unit="bn MONEY / year",
    ),
    *TIME_VALUE,
    Step(
        id="documents",
        label="Document cost saved",
        formula="bills_now * document_cost * exchange_rate * document_cut / hundred / million",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    *COSTS,
)
DRY_PORT: tuple[Step, ...] = (
    TAKE_UP,
    VOLUME,
    ELASTICITY,
    Step(
        id="users",
        label="Containers that use the dry port",
        formula="containers * volume_index * take_up / hundred",
        unit="TEU / year",
    ),
    Step(
        id="value_per_teu",
        label="Value of the goods in one container unit",
        formula="corridor_value * thousand / corridor_teu",
        unit="m MONEY / TEU",
    ),
    Step(
        id="affected",
        label="Goods that use the dry port",
        formula="users * value_per_teu / thousand",
        unit="bn MONEY / year",
    ),
    *TIME_VALUE,
    Step(
        id="shifted",
        label="Containers drawn to the river",
        formula="users * turnover_gain / hundred",
        unit="TEU / year",
    ),
    Step(
        id="freight_saving",
        label="Freight saved on these containers",
        formula="shifted * road_freight * water_discount / hundred / million",
        unit=YEARLY,
        role="benefit",
        who="traders",
    ),
    *COSTS,
)
