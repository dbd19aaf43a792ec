"""Drivers, break-even, conditions, and what a scenario refuses."""

from collections.abc import Callable

import numpy as np
import pytest

from analysis.declarations import Scenario
from analysis.errors import DeclarationError
from analysis.methods.effects import EffectTable
from analysis.scenarios import Carried, compare, project, summary

Table = dict[str, tuple[float, str]]
Make = Callable[..., Scenario]
RANGES = {
    "value_of_day": {"low": 1, "high": 3, "distribution": "uniform"},
    "setup_cost": {"low": 30, "high": 50, "distribution": "triangular"},
}


def test_drivers_are_the_ends_of_each_range_widest_first(make: Make, customs: Table) -> None:
    scenario = make("customs", customs, changed=RANGES)
    made = project(scenario)
    assert list(made.drivers["input"]) == ["value_of_day", "setup_cost"]
    row = made.drivers.iloc[1]
    assert row["net_at_low"] - row["net_at_high"] == pytest.approx(20)
    low = project(make("customs", customs | {"value_of_day": (1, "percent / day")}))
    assert made.drivers["net_at_low"].iloc[0] == pytest.approx(low.net["central"])


def test_at_the_break_even_nothing_is_gained(make: Make, customs: Table) -> None:
    made = project(make("customs", customs, break_even=["covered_share", "time_change"]))
    for row in made.break_even.iloc[1:].to_dict("records"):
        unit = customs[row["input"]][1]
        there = project(make("customs", customs | {row["input"]: (row["break_even"], unit)}))
        assert there.net["central"] == pytest.approx(0, abs=1e-6)
    bearable = made.break_even.iloc[0]
    assert bearable["break_even"] - bearable["central"] == pytest.approx(made.net["central"])


def test_years_add_to_the_headline(make: Make, customs: Table) -> None:
    made = project(make("customs", customs, horizon=9))
    assert made.years["present_value"].sum() == pytest.approx(made.net["central"])
    assert len(made.years) == 10


def test_the_fan_ends_at_the_range_of_the_headline(make: Make, customs: Table) -> None:
    made = project(make("customs", customs, changed=RANGES))
    last = made.fan.iloc[-1]
    assert last["total_q025"] == pytest.approx(made.net["range_low"])
    assert last["total_q975"] == pytest.approx(made.net["range_high"])
    assert last["total_q500"] == pytest.approx(made.net["median"])
    assert made.fan["net_q500"].iloc[0] == pytest.approx(-40, abs=1)


def test_a_claim_is_a_condition(make: Make, customs: Table) -> None:
    claimed = {"time_change": {"status": "claim", "claim": "S007"}}
    scenario = make("customs", customs, changed=claimed)
    assert project(scenario).sentence().startswith("If claim S007 was true, and if the numbers set")


def test_an_estimate_lifts_the_condition(
    make: Make, customs: Table, effects: Callable[..., EffectTable]
) -> None:
    scenario = make(
        "customs", customs, changed={"time_change": {"status": "claim", "claim": "S007"}}
    )
    table = effects([-25.0], np.eye(1))
    carried = Carried(inputs=("time_change",), table=table, rows=(0,), simulated=True)
    made = project(scenario, carried=[carried])
    assert "S007" not in made.condition
    assert made.simulated
    assert "simulated data: this decides nothing" in summary(made)
    assert "time_change" in list(made.drivers["input"])


def test_summary_says_what_is_stretched(make: Make, customs: Table) -> None:
    said = summary(project(make("customs", customs, changed=RANGES)))
    assert "a: known for b, used for c" in said
    assert "value_of_day (choice)" in said


def test_a_step_can_be_given_by_hand(make: Make, customs: Table) -> None:
    table = {k: v for k, v in customs.items() if k not in ("time_change", "hours_before")}
    made = project(make("customs", table | {"hours_saved": (12, "hour")}))
    assert made.net["central"] == pytest.approx(project(make("customs", customs)).net["central"])


def test_missing_and_unused_inputs_are_all_named(make: Make, customs: Table) -> None:
    table = {k: v for k, v in customs.items() if k not in ("flow", "setup_cost")}
    with pytest.raises(DeclarationError) as caught:
        project(make("customs", table | {"toll": (1, "1")}))
    said = str(caught.value)
    assert "`flow`" in said
    assert "`setup_cost`" in said
    assert "`toll`, which none uses" in said


def test_a_wrong_unit_stops_the_calculation(make: Make, customs: Table) -> None:
    for name, unit in (
        ("hours_before", "day"),
        ("flow", "bn RMB_2021 / year"),
        ("setup_cost", "m USD_2023"),
    ):
        with pytest.raises(DeclarationError, match="To mend"):
            project(make("customs", customs | {name: (customs[name][0], unit)}))


def test_an_estimate_for_nothing_is_refused(
    make: Make, customs: Table, effects: Callable[..., EffectTable]
) -> None:
    carried = Carried(inputs=("toll",), table=effects([1.0], np.eye(1)), rows=(0,))
    with pytest.raises(DeclarationError, match="estimates for inputs or steps"):
        project(make("customs", customs), carried=[carried])


def test_scale_of_money(make: Make, customs: Table) -> None:
    # Twice the trade at twice the cost is worth twice as much.
    twice = {
        n: (2 * customs[n][0], customs[n][1])
        for n in ("flow", "running_cost", "private_cost", "setup_cost")
    }
    one, two = project(make("customs", customs)), project(make("customs", customs | twice))
    assert two.net["central"] == pytest.approx(2 * one.net["central"])


def test_scenarios_are_compared_only_on_one_scale(make: Make, customs: Table) -> None:
    one = project(make("customs", customs))
    two = project(make("customs", customs | {"setup_cost": (400, "m RMB_2023")}, id="dear"))
    assert list(compare([two, one])["scenario"]) == ["test", "dear"]
    longer = project(make("customs", customs, horizon=3))
    with pytest.raises(DeclarationError, match="one horizon"):
        compare([one, longer])
