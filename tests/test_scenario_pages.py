"""Figures, tables and sentences of scenarios: all numbers come from the results."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from analysis import catalog, projections
from analysis.errors import DeclarationError
from analysis.pages import scenario_plots, scenario_tables
from analysis.scenarios import ScenarioResult, project

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def every() -> tuple[ScenarioResult, ...]:
    return tuple(project(one, draws=500) for one in catalog.load_scenarios(ROOT))


def test_run_scenario_gives_the_declared_one() -> None:
    assert projections.run_scenario("dry-port", root=ROOT).scenario.id == "dry-port"


def test_pick_names_the_known_ones(every: tuple[ScenarioResult, ...]) -> None:
    assert projections.pick(every, "dry-port").scenario.id == "dry-port"
    with pytest.raises(DeclarationError, match="spare-parts"):
        projections.pick(every, "nothing")


def test_tornado_bars_are_the_drivers(every: tuple[ScenarioResult, ...]) -> None:
    for result in every:
        ax = scenario_plots.tornado(result, ax=Figure().subplots(), count=6)
        bars = list(ax.patches)
        wanted = result.drivers.head(6)
        spans = [sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in bars]
        ends = wanted[["net_at_low", "net_at_high"]].apply(sorted, axis=1).tolist()
        assert spans == [pytest.approx(end) for end in ends]
        low, high = ax.get_xlim()
        assert low < min(map(min, spans)) < max(map(max, spans)) < high
        assert result.drivers["label"].iloc[0] in scenario_plots.describe_tornado(result)


def test_fan_ends_at_the_headline(every: tuple[ScenarioResult, ...]) -> None:
    result = projections.pick(every, "spare-parts")
    ax = scenario_plots.fan(result, ax=Figure().subplots())
    central = ax.lines[-1].get_ydata()
    assert central[-1] == pytest.approx(result.net["central"])
    assert len(ax.collections) == 2
    assert "95%" in scenario_plots.describe_fan(result)


def test_comparison_has_one_row_a_scenario(every: tuple[ScenarioResult, ...]) -> None:
    ax = scenario_plots.comparison(every, ax=Figure().subplots())
    assert len(ax.get_yticks()) == len(every)
    said = scenario_plots.describe_comparison(every)
    assert all(result.scenario.title in said for result in every)


def test_figures_are_drawn_without_axes_given(every: tuple[ScenarioResult, ...]) -> None:
    assert scenario_plots.fan(every[0]).figure is not None


@pytest.mark.parametrize(
    "show", ["headline", "reckoning", "years", "inputs", "break_even", "shares", "stretched"]
)
def test_tables_are_made_for_every_scenario(show: str, every: tuple[ScenarioResult, ...]) -> None:
    for result in every:
        made = getattr(scenario_tables, show)(result)
        assert result.scenario.title in made.plain.splitlines()[0]
        assert not re.search(r"\bnan\b", made.plain)


def test_the_table_of_years_shows_its_sum(every: tuple[ScenarioResult, ...]) -> None:
    result = projections.pick(every, "spare-parts")
    last = scenario_tables.years(result).plain.splitlines()[-1]
    assert last.startswith("sum")
    assert last.endswith(scenario_tables.digits(float(result.net["central"])))


@pytest.mark.parametrize(
    ("value", "text"),
    [(20000, "20,000"), (615200, "615,200"), (0.2001249, "0.20012"), (-3.37324, "\u22123.3732")],
)
def test_digits_for_a_calculator(value: float, text: str) -> None:
    assert scenario_tables.digits(value) == text


def test_captions_name_draws_and_seed(every: tuple[ScenarioResult, ...]) -> None:
    said = scenario_tables.caption(every[0], "what moves it")
    assert "500 draws" in said
    assert str(every[0].scenario.seed) in said
