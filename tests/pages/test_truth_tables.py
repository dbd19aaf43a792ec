"""Stored results of the truth suite: whole, honest about errors, and told as they stand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.pages import truth_plots, truth_tables

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"


def stored(name: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / f"truth_{name}.csv")


def test_at_least_360_designs_were_held_out_with_5000_draws_each() -> None:
    held = truth_tables.held_out()
    assert held["name"].nunique() == len(held) >= 360
    assert (held["draws"] >= 5_000).all()
    assert held["n_treated"].between(2, 6).all()
    assert held["n_units"].between(12, 31).all()
    assert held["ar1"].between(0.5, 0.95).all()
    assert set(held["sizes"]) == {"equal", "unequal"}
    assert held["seed"].nunique() == len(held)


def test_the_recommended_inference_keeps_its_promise_in_every_held_out_design() -> None:
    held = truth_tables.held_out()
    beyond = held[held["size"].round(6) > truth_tables.PROMISED]
    assert beyond[["name", "size"]].to_numpy().tolist() == []


def test_coverage_is_what_size_leaves_and_errors_are_binomial() -> None:
    held = truth_tables.held_out()
    assert held["coverage"].to_numpy() == pytest.approx(1 - held["size"].to_numpy(), abs=1e-5)
    printed = held["draws"] * (1 - held["no_p_value"])
    binomial = (held["size"] * (1 - held["size"]) / printed) ** 0.5
    assert held["mc_error"].to_numpy() == pytest.approx(binomial.to_numpy(), rel=1e-3)


def test_every_weighted_estimator_was_measured_in_every_stored_scene() -> None:
    from benchmarks.truth import methods, scenes

    held = stored("methods")
    assert {"two", "four", "four cohorts", "growing waves", "spillover"} <= set(held["scene"])
    assert set(held["scene"]) <= set(scenes.NAMES)
    for scene, rows in held.groupby("scene"):
        assert {*methods.LINEAR} <= {*rows["estimator"]}, scene
    measured = held[held["draws"] > 0]
    assert (measured["draws"] >= 60).all()
    assert measured["coverage"].between(0, 1).all()


def test_growing_effects_bias_the_two_way_coefficient_and_no_other() -> None:
    held = stored("methods").query("scene == 'growing waves'").set_index("estimator")
    said = held.apply(truth_tables.verdict, axis=1)
    assert "biased" in said.pop("difference_in_differences")
    assert set(said) == {"holds"}


def test_what_fails_is_shown_failing_and_flagged() -> None:
    held = stored("failing")
    mine = held[held["inference"] == "recommended"].set_index("name")
    assert mine.loc["regional shock 0.5 4", "size"] > 0.1
    assert mine.loc["selection 1.5 4", "size"] > 0.1
    assert mine.loc["variance x4 4", "variance_flag"] > 0.9
    assert mine.loc["regional shock 0.5 4", "shared_flag"] > 0.5
    local = held[held["inference"] == "scaled_t within region"]
    assert (local["region_flag"] == 1).all()
    assert (local["size"] <= 0.065).all()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "holds"),
        ({"bias": 0.2}, "biased"),
        ({"bias": 0.2, "bias_error": 0.15}, "holds"),
        ({"coverage": 0.9}, "covers too little"),
        ({"coverage": 0.9, "coverage_error": 0.02}, "holds"),
        ({"bias": -0.3, "coverage": 0.5}, "biased and covers too little"),
        ({"no_interval": 1.0, "coverage": float("nan")}, "says nothing"),
    ],
)
def test_verdicts_follow_from_the_measures(changed: dict[str, float], said: str) -> None:
    plain = {
        "bias": 0.01,
        "bias_error": 0.001,
        "sd": 1.0,
        "coverage": 0.95,
        "coverage_error": 0.005,
        "no_interval": 0.0,
    }
    assert truth_tables.verdict(SimpleNamespace(**plain | changed)) == said


def test_the_figure_says_what_it_shows() -> None:
    held = pd.DataFrame({"size": [0.04, 0.07], "mc_error": 0.003, "sizes": ["equal", "unequal"]})
    said = truth_plots.describe_sizes(held)
    assert "from 4.0% to 7.0%" in said
    assert "1 lie above the line at 6%" in said
    ax = truth_plots.sizes(held)
    assert ax.get_ylabel() == "Rejections of a true null (%)"
    assert truth_plots.tabulate_sizes(held)["size"].tolist() == [0.04, 0.07]
