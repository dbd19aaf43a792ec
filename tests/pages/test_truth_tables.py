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
    from benchmarks.truth import methods, placebo

    held = stored("methods")
    assert {"one", "two", "four", "six", "skew", "missing", *placebo.SCENES} <= set(held["scene"])
    assert set(held["scene"]) <= set(methods.NAMES)
    for scene, rows in held.groupby("scene"):
        assert {*methods.LINEAR} <= {*rows["estimator"]}, scene
    measured = held[held["draws"] > 0]
    weighted = held["estimator"].isin(methods.LINEAR)
    assert (held.loc[weighted & ~held["scene"].str.startswith("provinces"), "draws"] >= 400).all()
    assert (measured["draws"] >= 100).all()
    assert measured["coverage"].dropna().between(0, 1).all()
    assert measured[["bias_error", "rmse"]].notna().all(axis=None)


def test_real_placebos_are_all_pairs_and_the_recommended_test_keeps_its_level() -> None:
    held = stored("placebo")
    mine = held[held["inference"] == "recommended"]
    assert mine.loc[mine["n_treated"] == 1, "draws"].unique().tolist() == [29]
    assert mine.loc[mine["n_treated"] == 2, "draws"].unique().tolist() == [29 * 28 // 2]
    assert (mine["size"] <= truth_tables.PROMISED).all()
    few = held[(held["inference"] == "CR1") & (held["n_treated"] <= 2)]
    assert (few["size"] > 0.2).all(), "what must not be used is shown failing"


def test_placebo_draws_are_real_provinces_with_the_treated_rows_first() -> None:
    from benchmarks.truth import placebo

    held, years = placebo.outcomes()
    assert len(held) == 29, "all provinces but the two of the real reform"
    assert years.max() == placebo.LAST
    pairs, n_before = placebo.draw(2013, 2, n_draws=2_000, seed=1)
    assert n_before == (years < 2013).sum()
    assert len({frozenset(map(tuple, one[:2])) for one in pairs.tolist()}) == len(pairs) == 406
    assert all(sorted(one) == sorted(held.tolist()) for one in pairs[:5].tolist())
    sets, _ = placebo.draw(2013, 4, n_draws=50, seed=1)
    assert len(sets) == 50


def test_designs_beside_the_promise_hold_or_are_said_not_to() -> None:
    held = stored("harder").query("inference == 'recommended'")
    assert held["name"].is_unique
    assert (held["draws"] >= 2_000).all()
    said = [truth_tables._holds(*one) for one in zip(held["size"], held["mc_error"], strict=True)]
    assert set(said) <= {"yes", "no", "nothing printed"}
    assert said.count("yes") > len(said) / 2


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
    flags = mine[["variance_flag", "shared_flag", "pre_trend_flag"]].max(axis=1)
    assert (mine["any_flag"] >= flags - 1e-9).all()
    assert (mine["any_flag"] > 0.1).all()
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
        ({"no_interval": 0.4}, "holds where it speaks"),
        ({"no_interval": 0.4, "coverage": 0.9}, "covers too little"),
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
