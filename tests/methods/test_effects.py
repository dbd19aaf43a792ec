"""Effects and their tables: words, signs, percent and power, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Effect, EffectTable
from analysis.methods.effects import effect_frame, number, p_text
from tests.contract import COLUMNS, check_contract

MINUS = "\N{MINUS SIGN}"


def row(**changed: Any) -> dict[str, object]:
    return {
        "outcome": "release time",
        "estimand": "ATT overall",
        "estimator": "by_hand",
        "term": "treatment",
        "estimate": -0.25,
        "std_error": 0.1,
        "statistic": -2.5,
        "p_value": 0.02,
        "conf_low": -0.45,
        "conf_high": -0.05,
        "band_low": -0.5,
        "band_high": 0.0,
        "unit_of_measure": "log hours",
        "scale": "log",
        "conf_level": 0.95,
        "inference": "by hand",
        "n_obs": 12,
        "n_units": 4,
        "n_treated": 1,
        "n_control": 3,
        **changed,
    }


def table(*rows: dict[str, object], **fields: Any) -> EffectTable:
    return EffectTable(frame=effect_frame(list(rows or [row()])), **fields)


# ---------------------------------------------------------------- the contract and its checker


def test_a_table_by_hand_keeps_the_contract() -> None:
    check_contract(table())
    check_contract(table(row(scale="level", unit_of_measure="hours")))
    check_contract(
        table(
            row(term="event time 0", event_time=0, cohort=2021, time=2021),
            row(term="overall"),
            headline=1,
            covariance=np.eye(2),
            influence=np.zeros((3, 2)),
            draws=np.zeros((5, 2)),
            notes=("one cell was dropped",),
        )
    )


def test_absent_columns_are_filled_and_put_in_order() -> None:
    short = {"estimate": 1, "term": "t", "estimator": "m", "estimand": "ATT", "outcome": "y"}
    frame = effect_frame([short])
    assert tuple(frame.columns) == COLUMNS
    assert frame["estimate"].dtype == np.dtype("float64")
    assert np.isnan(frame["p_value"].iloc[0])
    assert frame["cohort"].iloc[0] is pd.NA
    assert frame["unit_of_measure"].iloc[0] == ""


@pytest.mark.parametrize(
    "broken",
    [
        {"p_value": 0.0},
        {"p_value": 1.2},
        {"std_error": -0.1},
        {"conf_low": -0.2},
        {"conf_high": -0.3},
        {"conf_low": np.nan},
        {"band_high": -0.3},
        {"estimate": np.nan},
        {"conf_level": 95.0},
        {"inference": " "},
        {"estimand": ""},
        {"n_treated": 3, "n_control": 3},
        {"n_obs": 0},
        {"n_control": pd.NA},
        {"statistic": 2.5},
        {"cohort": 2020, "time": 2021, "event_time": 0},
        {"inference": "CR1", "band_low": -0.4},
    ],
)
def test_the_checker_sees_what_is_broken(broken: dict[str, object]) -> None:
    with pytest.raises(AssertionError):
        check_contract(table(row(**broken)))


def test_the_checker_sees_wrong_shapes_and_repeated_effects() -> None:
    for wrong in (
        table(covariance=np.eye(2)),
        table(influence=np.zeros((4, 2))),
        table(draws=np.zeros(4)),
        table(headline=1),
        table(notes=("",)),
        table(row(), row()),
        replace(table(), frame=table().frame.drop(columns="time")),
        replace(table(), frame=table().frame.astype({"n_obs": "float64"})),
    ):
        with pytest.raises((AssertionError, IndexError)):
            check_contract(wrong)


def test_the_checker_sees_a_gap_that_is_none() -> None:
    cells = pd.DataFrame(
        {
            "unit": ["a"],
            "time": [1],
            "observed": [5.0],
            "counterfactual": [3.0],
            "gap": [2.0],
            "weight": [1.0],
        }
    )
    check_contract(table(augmented=cells))
    with pytest.raises(AssertionError):
        check_contract(table(augmented=cells.assign(gap=1.0)))


# ---------------------------------------------------------------- numbers as a reader sees them


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (0.25, "+0.250"),
        (-0.25, f"{MINUS}0.250"),
        (7.964, "+7.96"),
        (-22.44, f"{MINUS}22.4"),
        (123.4, "+123"),
        (12345.6, "+12,346"),
        (0.000123, "+0.000123"),
        (1e-9, "+0.000000"),
        (9.996, "+10.0"),
        (99.96, "+100"),
        (0.9999, "+1.00"),
        (np.nan, "not available"),
        (np.inf, "not available"),
        (-np.inf, "not available"),
    ],
)
def test_numbers_have_three_digits_and_a_true_minus(value: float, said: str) -> None:
    assert number(value) == said
    assert number(value, signed=False) == said.removeprefix("+")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "1.00"), (0.615, "0.61"), (0.0766, "0.077"), (0.001, "0.001"), (1e-5, "< 0.001")],
)
def test_p_values_are_never_zero(value: float, said: str) -> None:
    assert p_text(value) == said


def test_percent_of_a_log_effect_is_exact() -> None:
    percent = table().overall.to_percent()
    assert percent.estimate == pytest.approx(-22.119921692859513)  # 100 (e^-0.25 - 1)
    assert percent.conf_low == pytest.approx(-36.23718483782268)
    assert percent.conf_high == pytest.approx(-4.877057549928599)
    assert percent.band_high == 0
    assert percent.std_error == pytest.approx(7.7880078307)  # delta method: 100 e^-0.25 0.1
    assert (percent.scale, percent.unit_of_measure) == ("percent", "percent")
    assert percent.p_value == 0.02


def test_percent_of_a_level_is_refused() -> None:
    level = table(row(scale="level"))
    with pytest.raises(IdentificationError, match="log outcome"):
        level.to_percent()
    with pytest.raises(IdentificationError, match="log outcome"):
        level.overall.to_percent()
    with pytest.raises(IdentificationError, match="percent"):
        table().to_percent().to_percent()


def test_percent_tables_carry_no_covariance_of_logs() -> None:
    percent = table(covariance=np.eye(1), influence=np.zeros((2, 1))).to_percent()
    assert percent.covariance is None
    assert percent.influence is None


def test_the_smallest_effect_that_can_be_found_by_hand() -> None:
    # (1.96 + 0.8416) x 0.1 for a normal interval of half width 0.196
    effect = table(row(conf_low=-0.446, conf_high=-0.054)).overall
    assert effect.minimum_detectable_effect == pytest.approx(0.28016212, abs=1e-8)
    assert effect.detectable() == f"{MINUS}24.4% or +32.3%"


def test_without_an_interval_nothing_is_said_to_be_detectable() -> None:
    blank = dict.fromkeys(("conf_low", "conf_high", "std_error", "statistic", "p_value"), np.nan)
    effect = table(row(**blank, band_low=np.nan, band_high=np.nan, inference="none")).overall
    assert np.isnan(effect.minimum_detectable_effect)
    assert "no interval; none; 1 treated and 3 control units" in effect.sentence()
    assert "Smallest" not in effect.sentence()
    assert "p =" not in effect.sentence()


def test_a_sentence_says_all_that_a_reader_needs() -> None:
    assert table().overall.sentence() == (
        f"ATT overall on release time: {MINUS}22.1% (95% interval {MINUS}36.2% to {MINUS}4.88%; "
        "by hand, p = 0.020; 1 treated and 3 control units). "
        f"Smallest effect found with 80% power: {MINUS}24.7% or +32.9%."
    )


def test_a_sentence_of_levels_keeps_the_unit_and_the_level_of_confidence() -> None:
    effect = table(row(scale="level", unit_of_measure="hours", conf_level=0.9)).overall
    assert f"{MINUS}0.250 hours (90% interval {MINUS}0.450 hours to {MINUS}0.0500 hours;" in (
        effect.sentence()
    )
    assert effect.sentence().endswith("80% power: 0.284 hours.")


def test_a_small_p_value_is_said_to_be_below_a_bound() -> None:
    said = table(row(p_value=1e-7)).overall.sentence()
    assert "by hand, p < 0.001; 1 treated" in said


def test_a_null_is_said_like_a_finding() -> None:
    found = table(row(scale="level", unit_of_measure="h")).overall.sentence()
    null = table(
        row(
            scale="level",
            unit_of_measure="h",
            estimate=0.0,
            conf_low=-0.2,
            conf_high=0.2,
            p_value=1,
        )
    ).overall.sentence()
    shape = found.replace(f"{MINUS}0.250", "0", 1).split(" h ")[0]
    assert null.startswith(shape)
    assert "p = 1.00" in null
    assert "Smallest effect found with 80% power: 0.284 h." in null


# ---------------------------------------------------------------- tables


def test_the_overall_effect_is_the_headline_row() -> None:
    both = table(row(term="first", estimate=-0.3), row(term="second"), headline=1)
    assert both.overall.term == "second"
    assert both.effect(0).estimate == -0.3
    assert isinstance(both.overall, Effect)
    assert both.overall.cohort is None


def test_labels_change_words_and_nothing_else() -> None:
    plain = table()
    named = plain.labelled(outcome="hours at the border", unit_of_measure="hours", scale="log")
    assert named.overall.outcome == "hours at the border"
    assert named.overall.estimate == plain.overall.estimate
    assert plain.overall.outcome == "release time"
    check_contract(named)


def test_a_glance_is_one_row() -> None:
    (seen,) = table(notes=("first.", "second.")).glance().to_dict(orient="records")
    assert seen["notes"] == "first. second."
    assert seen["n_effects"] == 1
    assert seen["minimum_detectable_effect"] == pytest.approx(0.2 + 0.08416212336)


def test_only_group_time_tables_aggregate() -> None:
    with pytest.raises(IdentificationError, match="group-time ATTs"):
        table().aggregate("dynamic")
    marked = table()
    regrouped = table(regroup=lambda _: marked)
    assert regrouped.aggregate("simple") is marked
    with pytest.raises(IdentificationError, match="sideways"):
        regrouped.aggregate("sideways")


def test_a_frame_that_is_given_is_not_changed() -> None:
    given = pd.DataFrame([row()])
    before = given.copy()
    made = EffectTable(frame=effect_frame(given))
    changed = made.tidy()
    changed.loc[0, "estimate"] = 5.0
    made.labelled(outcome="other", unit_of_measure="", scale="log")
    pd.testing.assert_frame_equal(given, before)
