"""The scenarios that are shipped: reproducible with a pocket calculator, sourced, conditional."""

import math
import re
import shutil
from pathlib import Path

import pytest

from analysis import catalog
from analysis.declarations import Scenario
from analysis.errors import AnalysisError, DeclarationError
from analysis.scenarios import ScenarioResult, compare, project

ROOT = Path(__file__).resolve().parents[2]
IDS = catalog.list_scenarios(ROOT)


@pytest.fixture(scope="module")
def results() -> dict[str, ScenarioResult]:
    return {one.id: project(one, draws=2000) for one in catalog.load_scenarios(ROOT)}


def pressed(text: str, display: dict[str, float]) -> float:
    """Do what a reader does: put the numbers of the table into a calculator."""
    for sign, python in (("×", "*"), ("÷", "/"), ("−", "-"), ("^", "**"), ("smaller of", "min"),
                         ("larger of", "max")):  # fmt: skip
        text = text.replace(sign, python)
    return float(eval(text, {"__builtins__": {}, "min": min, "max": max}, display))


@pytest.mark.parametrize("name", IDS)
def test_a_reader_can_reproduce_every_line(name: str, results: dict[str, ScenarioResult]) -> None:
    display: dict[str, float] = {}
    for row in results[name].reckoning.to_dict("records"):
        if row["reckoning"] and row["reckoning"] != "estimated":
            assert pressed(row["reckoning"], display) == pytest.approx(row["value"], rel=2e-4), row
        # Five digits, as on a page.
        display[row["line"]] = float(f"{row['value']:.5g}")


@pytest.mark.parametrize("name", IDS)
def test_a_reader_can_reproduce_the_headline(name: str, results: dict[str, ScenarioResult]) -> None:
    made = results[name]
    total = 0.0
    for row in made.years.to_dict("records"):
        after = row["year"] - made.scenario.first_year
        net = round(row["benefit"], 3) - round(row["cost"], 3)
        total += net / (1 + made.scenario.headline_rate / 100) ** after
    assert total == pytest.approx(made.net["central"], abs=0.01)
    last = made.reckoning.set_index("line")["value"]
    assert last["BENEFIT"] == pytest.approx(made.years["benefit"].iloc[-1])
    assert last["COST"] == pytest.approx(made.years["cost"].iloc[-1])


@pytest.mark.parametrize("name", IDS)
def test_every_input_says_where_it_comes_from(
    name: str, results: dict[str, ScenarioResult]
) -> None:
    scenario = results[name].scenario
    for one in scenario.inputs:
        match one.status:
            case "read" | "derived":
                assert re.match(r"https?://", one.address or ""), one.id
            case "claim":
                assert one.claim, one.id
            case "choice":
                assert one.why, one.id
                assert one.low < one.high, f"{one.id} is set by hand and needs a range"
    assert scenario.extrapolations
    assert scenario.unknown


def test_numbers_set_by_hand_are_said_in_the_condition(results: dict[str, ScenarioResult]) -> None:
    for made in results.values():
        assert "set by hand" in made.condition
        assert made.chosen
        for claim in made.scenario.claims:
            assert claim in made.condition


def test_the_same_figure_is_the_same_in_all_scenarios(results: dict[str, ScenarioResult]) -> None:
    shared = ("value_of_day", "interest_rate", "exchange_rate", "elasticity_long", "margin",
              "credit_elasticity", "elasticity_short")  # fmt: skip
    for name in shared:
        held = {
            (one.value, one.low, one.high, one.unit, one.address)
            for made in results.values()
            for one in made.scenario.inputs
            if one.id == name
        }
        assert len(held) == 1, name


def test_all_are_on_one_scale(results: dict[str, ScenarioResult]) -> None:
    frame = compare(list(results.values()))
    assert sorted(frame["scenario"]) == sorted(IDS)
    assert (frame["range_low"] < frame["range_high"]).all()


def test_spare_parts_by_pocket_calculator(results: dict[str, ScenarioResult]) -> None:
    # 32.02 h x 25% / 24 = 0.33354 days; x 0.6 = 0.200125%
    # 590.55 bn x 1.002 x 38.3% x 5% x 60% = 6.79899 bn; x 0.200125% = 13.6065 m a year
    held = results["spare-parts"].reckoning.set_index("quantity")["value"]
    assert held["Value of the time saved"] == pytest.approx(13.6065, abs=1e-3)


def changed(scenario: Scenario, name: str, **values: object) -> str:
    """Write a scenario file back with one input changed."""
    text = (ROOT / "data" / "scenarios" / f"{scenario.id}.toml").read_text(encoding="utf-8")
    head, tail = text.split(f'id = "{name}"\n', 1)
    for key, value in values.items():
        tail = re.sub(rf"^{key} = .*$", f"{key} = {value}", tail, count=1, flags=re.M)
    return f'{head}id = "{name}"\n{tail}'


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("flow", {"value": 600, "low": 600, "high": 600}, "the figure of E082"),
        ("time_change", {"value": -20, "low": -20, "high": -20}, "what S007 says"),
        ("value_of_day", {"high": 3.0, "widened": '""'}, "widened"),
        ("flow", {"fact": '"E999"'}, "a fact, not E999"),
        ("hours_before", {"unit": '"day"'}, "hour"),
        ("time_change", {"status": '"choice"'}, "why"),
        ("import_tax", {"high": 14}, "fixed"),
        ("flow", {"unit": '"bn RMB / year"'}, "base year"),
    ],
)
def test_a_changed_figure_is_found(
    tmp_path: Path,
    results: dict[str, ScenarioResult],
    name: str,
    values: dict[str, object],
    said: str,
) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    text = changed(results["spare-parts"].scenario, name, **values)
    (tmp_path / "data" / "scenarios" / "spare-parts.toml").write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match=said):
        catalog.load_scenario(tmp_path, "spare-parts")


def test_a_check_of_the_project_finds_it(
    tmp_path: Path, results: dict[str, ScenarioResult]
) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    text = changed(results["dry-port"].scenario, "corridor_teu", value=1, low=1, high=1)
    (tmp_path / "data" / "scenarios" / "dry-port.toml").write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match="the figure of E055"):
        catalog.check_project(tmp_path)


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(DeclarationError, match="dry-port"):
        catalog.load_scenario(ROOT, "nothing")


def test_values_are_finite(results: dict[str, ScenarioResult]) -> None:
    for made in results.values():
        assert all(math.isfinite(value) for value in made.headline["mean"])
        assert not made.draws.isna().to_numpy().any()
