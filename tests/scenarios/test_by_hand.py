"""One case of each kind, worked by hand."""

from collections.abc import Callable

import pytest

from analysis.declarations import Scenario
from analysis.scenarios import ScenarioResult, project

Table = dict[str, tuple[float, str]]


def value(result: ScenarioResult, label: str) -> float:
    return float(result.reckoning.set_index("quantity").loc[label, "value"])


def test_customs(make: Callable[..., Scenario], customs: Table) -> None:
    made = project(make("customs", customs))
    # 100 bn x 1.1 x 50% x 20% = 11 bn; 25% of 48 h = 12 h = half a day; at 2% a day = 1%
    assert value(made, "Trade cleared under the reform") == pytest.approx(11)
    assert value(made, "Hours saved for each consignment") == pytest.approx(12)
    assert value(made, "The same in days") == pytest.approx(0.5)
    assert value(made, "Saving as a share of the value of the goods") == pytest.approx(1)
    assert value(made, "Value of the time saved") == pytest.approx(110)  # 1% of 11 bn
    # Year 2 has the long-run elasticity of 4: 4% = 440 m more trade, half of 1% of it gained
    assert value(made, "Additional trade (a turnover, not a gain)") == pytest.approx(440)
    assert value(made, "Gain on the additional trade") == pytest.approx(2.2)
    # Half a day of 11 bn a year is 11,000 x 0.5 / 365 = 15.0685 m; 4% of it = 0.60274
    capital = "Capital no longer tied up in goods under way"
    assert value(made, capital) == pytest.approx(15.068493)
    assert value(made, "Interest on that capital (a part of the value of the time, not added)") == (
        pytest.approx(0.60273973)
    )
    # 12 h less spread: the same stock again, held at 20%: 3.0136986
    assert value(made, "Value of more predictable clearance") == pytest.approx(3.0136986)
    # 1% of 11 bn = 110 m; 30% of it = 33 m; half of that is not the time again
    assert value(made, "Clearance cost saved beyond the time") == pytest.approx(16.5)
    # 10% of 440 m taxed at 13% = 5.72 m, a transfer
    assert value(made, "Import tax on the additional trade (a transfer)") == pytest.approx(5.72)
    gross = 110 + 2.2 + 3.0136986 + 16.5
    assert value(made, "Gross benefit of this year") == pytest.approx(gross)
    # Year 1 has the short-run elasticity of 2: the gain on trade is 1.1 instead of 2.2
    by_hand = -40 + (gross - 1.1 - 8) / 1.1 + (gross - 8) / 1.21
    assert made.net["central"] == pytest.approx(by_hand, rel=1e-7)
    who = made.shares.set_index("group")["yearly"]
    assert who["traders"] == pytest.approx(gross - 3 - 5.72)
    assert who["government"] == pytest.approx(5.72 - 5)


FINANCING: Table = {
    "take_up_full": (100, "percent"),
    "take_up_years": (1, "year"),
    "exchange_rate": (7, "RMB_2023 / USD_2023"),
    "exchange_drift": (-10, "percent"),
    "interest_rate": (4, "percent / year"),
    "interest_drift": (-0.5, "percent / year^2"),
    "amount_served": (3, "bn USD_2023"),
    "served_years": (3, "year"),
    "covered_share": (50, "percent"),
    "tenor": (6, "month"),
    "additionality": (20, "percent"),
    "exports_per_credit": (4, "1 / year"),
    "credit_elasticity": (0.25, "1"),
    "margin": (10, "percent"),
    "handling_saving": (0.1, "percent"),
    "default_rate": (2, "percent / year"),
    "loss_given_default": (50, "percent"),
    "rate_relief": (0.4, "percent / year"),
    "guaranteed_share": (50, "percent"),
    "guarantee_fee": (0.5, "percent / year"),
    "amount_per_firm": (5, "m USD_2023 / firm"),
    "survival_gain": (1, "percent"),
    "running_cost": (5, "m RMB_2023 / year"),
    "private_cost": (3, "m RMB_2023 / year"),
    "setup_cost": (40, "m RMB_2023"),
}


def test_financing(make: Callable[..., Scenario]) -> None:
    made = project(make("financing", FINANCING))
    # Year 2: 1 bn dollars a year, half of it, at 7 x 0.81 = 5.67 yuan = 2,835 m yuan
    assert value(made, "Exchange rate this year") == pytest.approx(5.67)
    assert value(made, "Interest rate this year") == pytest.approx(3)
    served = "Amount served in this year through the scheme"
    assert value(made, served) == pytest.approx(2835)
    assert value(made, "Credit outstanding at any time") == pytest.approx(1417.5)  # half a year
    additional = "Credit that would not have been given otherwise"
    assert value(made, additional) == pytest.approx(283.5)  # a fifth
    # Users' exports are 4 times their credit; one percent more credit, 0.25 percent more exports
    assert value(made, "Additional exports (a turnover, not a gain)") == pytest.approx(283.5)
    assert value(made, "Profit on the additional exports") == pytest.approx(28.35)
    assert value(made, "Handling saved for firms and banks") == pytest.approx(2.835)
    assert value(made, "Expected loss on the additional credit") == pytest.approx(2.835)  # 2% x 50%
    # 1,417.5 x 50% x (1% - 0.5%) = 3.54375
    guarantee = "Expected guarantee payments less fees (a transfer)"
    assert value(made, guarantee) == pytest.approx(3.54375)
    assert value(made, "Firms served in a year, at the national amount per firm") == (
        pytest.approx(100)
    )
    assert value(made, "Exporters that survive because of it") == pytest.approx(1)
    # Year 1 is the same at 6.3 yuan for a dollar: every amount is 10/9 of year 2
    net_2 = 28.35 + 2.835 - 2.835 - 8
    net_1 = 28.35 / 0.9 - 8
    assert made.net["central"] == pytest.approx(-40 + net_1 / 1.1 + net_2 / 1.21, rel=1e-9)
    who = made.shares.set_index("group")["yearly"]
    relief = 1417.5 * 0.004
    assert who["banks"] == pytest.approx(-2.835 - relief + 3.54375)
    assert who[["traders", "government", "banks"]].sum() == pytest.approx(net_2)


def test_a_falling_interest_rate_stops_at_zero(make: Callable[..., Scenario]) -> None:
    made = project(make("financing", FINANCING | {"interest_drift": (-3, "percent / year^2")}))
    assert list(made.years["interest_now"].iloc[1:]) == pytest.approx([1.0, 0.0])


TIME: Table = {
    "volume_growth": (10, "percent"),
    "take_up_full": (50, "percent"),
    "take_up_years": (2, "year"),
    "elasticity_short": (1, "1"),
    "elasticity_long": (2, "1"),
    "elasticity_years": (2, "year"),
    "value_of_day": (0.5, "percent / day"),
    "interest_rate": (3.65, "percent / year"),
    "running_cost": (1, "m RMB_2023 / year"),
    "private_cost": (1, "m RMB_2023 / year"),
    "setup_cost": (10, "m RMB_2023"),
}


def test_single_bill(make: Callable[..., Scenario]) -> None:
    bills: Table = {
        "bill_value": (17, "bn RMB_2023"),
        "bills": (4500, "bill"),
        "bill_years": (2, "year"),
        "days_saved": (2, "day"),
        "document_cost": (100, "USD_2023 / bill"),
        "exchange_rate": (7, "RMB_2023 / USD_2023"),
        "document_cut": (40, "percent"),
    }
    made = project(make("single_bill", TIME | bills))
    # 17 bn over 4,500 bills: 3.78 m a bill
    assert value(made, "Value of the goods under one bill") == pytest.approx(3.7777778)
    # Year 2: 2,250 bills x 1.21 x 50% = 1,361.25; 8.5 bn x 0.605 = 5.1425 bn
    assert value(made, "Single bills issued this year") == pytest.approx(1361.25)
    assert value(made, "Goods under single bills this year") == pytest.approx(5.1425)
    # Two days at half a percent: 1% = 51.425 m; two days of it tied up: 28.178 m
    assert value(made, "Value of the time saved") == pytest.approx(51.425)
    capital = "Capital no longer tied up in goods under way"
    assert value(made, capital) == pytest.approx(5142.5 * 2 / 365)
    # 1,361.25 x 100 dollars x 7 x 40% = 381,150 yuan
    assert value(made, "Document cost saved") == pytest.approx(0.38115)
    # Half of 2% more trade at 1%: 0.51425. Year 1: 55% of 50% take-up, elasticity 1
    year_2 = 51.425 + 0.51425 + 0.38115 - 2
    year_1 = 8500 * 1.1 * 0.25 * (0.01 + 0.5 * 0.01**2) + 2250 * 1.1 * 0.25 * 280 / 1e6 - 2
    assert made.net["central"] == pytest.approx(-10 + year_1 / 1.1 + year_2 / 1.21, rel=1e-9)


def test_dry_port(make: Callable[..., Scenario]) -> None:
    port: Table = {
        "containers": (10000, "TEU / year"),
        "corridor_value": (60, "bn RMB_2023"),
        "corridor_teu": (600000, "TEU"),
        "days_saved": (8, "day"),
        "turnover_gain": (40, "percent"),
        "road_freight": (5000, "RMB_2023 / TEU"),
        "water_discount": (20, "percent"),
    }
    made = project(make("dry_port", TIME | port))
    # Year 2: 10,000 x 1.21 x 50% = 6,050 TEU at 0.1 m = 0.605 bn
    assert value(made, "Containers that use the dry port") == pytest.approx(6050)
    assert value(made, "Goods that use the dry port") == pytest.approx(0.605)
    # Eight days at half a percent: 4% of 605 m = 24.2 m
    assert value(made, "Value of the time saved") == pytest.approx(24.2)
    assert value(made, "Gain on the additional trade") == pytest.approx(0.5 * 605 * 0.08 * 0.04)
    # 40% of 6,050 = 2,420 TEU save 1,000 yuan each
    assert value(made, "Freight saved on these containers") == pytest.approx(2.42)
