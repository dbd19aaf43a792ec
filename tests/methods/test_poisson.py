"""Poisson pseudo-likelihood: by hand, against pyfixest and statsmodels, simulated, degenerate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.errors import IdentificationError, PanelError
from analysis.methods.compress import compress
from analysis.methods.panel import Panel
from analysis.methods.poisson import poisson
from tests.contract import check_contract
from tests.methods.counts import as_panel, count_frame, independent

ORACLE = Path(__file__).parents[1] / "oracles" / "poisson"


def dummies(frame: pd.DataFrame) -> np.ndarray:
    treated = (frame["time"] >= frame["first"]).astype(float).to_numpy()[:, None]
    unit = pd.get_dummies(frame["unit"], dtype=float).to_numpy()
    time = pd.get_dummies(frame["time"], dtype=float).to_numpy()[:, 1:]
    return np.hstack([treated, unit, time])


def test_two_by_two_by_hand():
    # ln((5 / 10) / (12 / 8)) = ln(1 / 3)
    frame = pd.DataFrame(
        {
            "unit": list("aabb"),
            "time": [1, 2, 1, 2],
            "count": [10, 5, 8, 12],
            "first": [2, 2, None, None],
        }
    )
    effect = poisson(as_panel(frame), inference="none").overall
    assert effect.estimate == pytest.approx(-np.log(3), abs=1e-12)
    assert effect.to_percent().estimate == pytest.approx(-200 / 3, abs=1e-9)


def test_zeros_stay_in_and_count():
    # Controls 8 + 0 -> 8 + 8: their sum doubles; the treated 10 -> 10 lag by a half.
    frame = pd.DataFrame(
        {
            "unit": list("aabbcc"),
            "time": [1, 2] * 3,
            "count": [10, 10, 8, 8, 0, 8],
            "first": [2, 2] + 4 * [None],
        }
    )
    table = poisson(as_panel(frame), inference="none")
    # Solved by hand: control units share time factors 8 : 16, so the ratio is 1 / 2.
    assert table.overall.estimate == pytest.approx(np.log(0.5), abs=1e-10)


def test_equals_glm_with_every_dummy_to_1e9():
    frame = count_frame(seed=3)
    glm = sm.GLM(frame["count"], dummies(frame), family=sm.families.Poisson()).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": frame["unit"]}
    )
    effect = poisson(as_panel(frame), inference="CR1").overall
    assert effect.estimate == pytest.approx(glm.params.iloc[0], abs=1e-9)
    assert effect.std_error == pytest.approx(glm.bse.iloc[0], rel=1e-8)


def test_overall_equals_pyfixest():
    oracle = json.loads((ORACLE / "fepois.json").read_text())["overall"]
    table = poisson(as_panel(pd.read_csv(ORACLE / "counts.csv")), inference="CR1")
    assert table.overall.estimate == pytest.approx(oracle["estimate"], abs=1e-9)
    assert table.overall.std_error == pytest.approx(oracle["std_error"], rel=1e-6)
    assert table.overall.n_obs == oracle["n"]
    assert "12 of 168 cells left out" in table.notes[0]


def test_event_study_equals_pyfixest():
    oracle = json.loads((ORACLE / "fepois.json").read_text())["event_time"]
    panel = as_panel(pd.read_csv(ORACLE / "counts.csv"))
    table = poisson(panel, effects="event_time", inference="CR1")
    check_contract(table)
    rows = table.tidy().set_index("term")
    for event_time, (estimate, std_error) in oracle.items():
        row = rows.loc[f"event time {event_time}"]
        assert row["estimate"] == pytest.approx(estimate, abs=1e-8)
        assert row["std_error"] == pytest.approx(std_error, rel=1e-5)
    assert rows.loc["event time -1", "estimate"] == 0


def test_slow_version_alternating_means_gives_the_same():
    frame = count_frame(seed=5)
    y = frame["count"].to_numpy(float)
    treated = (frame["time"] >= frame["first"]).to_numpy(float)
    factor = {"unit": np.ones(len(y)), "time": np.ones(len(y)), "treated": np.ones(len(y))}
    for _ in range(5_000):  # scale every group until its fitted sum is its observed sum
        for name in ("unit", "time"):
            code = frame[name].to_numpy()
            mean = np.prod(list(factor.values()), axis=0)
            factor[name] = factor[name] * (np.bincount(code, y) / np.bincount(code, mean))[code]
        mean = np.prod(list(factor.values()), axis=0)
        ratio = (y @ treated) / (mean @ treated)
        factor["treated"] = np.where(treated == 1, factor["treated"] * ratio, 1.0)
        if abs(ratio - 1) < 1e-13:
            break
    effect = poisson(as_panel(frame), inference="none").overall
    assert effect.estimate == pytest.approx(np.log(factor["treated"].min()), abs=1e-9)


def test_cells_give_the_estimates_and_errors_of_the_rows():
    rng = np.random.default_rng(8)
    unit, time = rng.integers(0, 14, 4_000), rng.integers(0, 8, 4_000)
    first = np.where(unit < 6, 5.0, np.nan)
    y = rng.poisson(np.exp(0.1 * unit - 0.05 * time - 0.5 * (time >= first)))
    rows = pd.DataFrame({"unit": unit, "time": time, "count": y, "first": first})
    table = poisson(
        compress(rows, unit="unit", time="time", outcome="count", cohort="first"), inference="CR1"
    )
    glm = sm.GLM(y, dummies(rows), family=sm.families.Poisson()).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": unit}
    )
    assert table.overall.estimate == pytest.approx(glm.params[0], abs=1e-9)
    assert table.overall.std_error == pytest.approx(glm.bse[0], rel=1e-8)
    assert table.overall.n_obs == 4_000


def test_three_factors_equal_the_dummies():
    frame = count_frame(n_units=12, seed=6)
    region = frame["unit"] % 3
    panel = as_panel(frame)
    panel = replace(
        panel, cells=panel.cells.assign(region=region.to_numpy()), categories=("region",)
    )
    table = poisson(panel, absorb=("unit", ("region", "time")), inference="CR1")
    beside = pd.get_dummies(region * 100 + frame["time"], dtype=float).to_numpy()
    X = independent(np.hstack([dummies(frame)[:, :13], beside]))
    glm = sm.GLM(frame["count"], X, family=sm.families.Poisson()).fit(tol=1e-14)
    assert table.overall.estimate == pytest.approx(np.asarray(glm.params)[0], abs=1e-9)


@pytest.mark.parametrize(
    "inference",
    ["CR1", "CR2", "CR3", "wild_bootstrap", "randomisation", "scaled_t", "recommended", "none"],
)
def test_every_inference_keeps_the_contract(inference):
    table = poisson(as_panel(count_frame(n_units=9, n_treated=2)), inference=inference)
    check_contract(table)
    assert table.overall.scale == "log"


def test_augment_takes_the_effect_out():
    table = poisson(as_panel(count_frame()), inference="none")
    made = table.augment()
    treated = (made["unit"] < 4) & (made["time"] >= 6)
    observed, without = made.loc[treated, ["observed", "counterfactual"]].sum()
    assert observed / without == pytest.approx(np.exp(table.overall.estimate), rel=1e-9)
    assert made.loc[~treated, "gap"].sum() == pytest.approx(0, abs=1e-6)


def test_known_effect_is_recovered():
    estimates = [
        poisson(
            as_panel(count_frame(n_units=30, n_treated=12, seed=s)), inference="none"
        ).overall.estimate
        for s in range(40)
    ]
    # Forty draws whose spread is measured: the mean lies within four of its errors.
    assert abs(np.mean(estimates) + 0.3) < 4 * np.std(estimates) / np.sqrt(40)


def test_randomisation_interval_holds_the_estimate_and_inverts_the_test():
    panel = as_panel(count_frame(n_units=25, n_treated=1, effect=0.8, seed=2))
    effect = poisson(panel, inference="randomisation").overall
    assert effect.conf_low < effect.estimate < effect.conf_high
    assert (effect.p_value <= 0.05) == (not effect.conf_low < 0 < effect.conf_high)


# Metamorphic


def test_order_and_names_do_not_matter():
    frame = count_frame(seed=4)
    base = poisson(as_panel(frame), inference="CR1").overall
    mixed = frame.sample(frac=1, random_state=1)
    mixed["unit"] = mixed["unit"].map(lambda u: f"office {(u * 7) % 12:02d}")
    other = poisson(as_panel(mixed), inference="CR1").overall
    assert other.estimate == pytest.approx(base.estimate, abs=1e-12)
    assert other.std_error == pytest.approx(base.std_error, rel=1e-9)


def test_scaling_the_outcome_leaves_the_ratio():
    frame = count_frame(seed=4)
    base = poisson(as_panel(frame), inference="CR1").overall
    for factor in (1e9, 1e-6):
        other = poisson(as_panel(frame.assign(count=frame["count"] * factor)), inference="CR1")
        assert other.overall.estimate == pytest.approx(base.estimate, abs=1e-10)
        assert other.overall.std_error == pytest.approx(base.std_error, rel=1e-8)


def test_an_exact_ratio_is_found_exactly():
    frame = count_frame(seed=4)
    treated = frame["time"] >= frame["first"]
    mean = np.exp(0.1 * frame["unit"] - 0.2 * frame["time"]) * np.where(treated, 3.0, 1.0)
    effect = poisson(as_panel(frame.assign(count=mean)), inference="none").overall
    assert effect.estimate == pytest.approx(np.log(3), abs=1e-10)


# Degenerate input: refused with the reason, never a number.


def broken(name: str) -> pd.DataFrame:
    frame = count_frame()
    treated = frame["time"] >= frame["first"]
    changes = {
        "nobody treated": frame.assign(first=np.nan),
        "treated after the window": frame.assign(first=frame["first"] + 100),
        "treated before the window": frame.assign(first=frame["first"] - 100),
        "everybody treated at once": frame.assign(first=6.0),
        "one unit": frame[frame["unit"] == 0],
        "one time": frame[frame["time"] == 7],
        "only zeros": frame.assign(count=0),
        "treated cells only zeros": frame.assign(count=frame["count"].where(~treated, 0)),
        "treated units zero before": frame.assign(
            count=frame["count"].where(treated | frame["first"].isna(), 0)
        ),
    }
    return changes[name]


@pytest.mark.parametrize(
    "name",
    [
        "nobody treated",
        "treated after the window",
        "treated before the window",
        "everybody treated at once",
        "one unit",
        "one time",
        "only zeros",
        "treated cells only zeros",
        "treated units zero before",
    ],
)
@pytest.mark.parametrize("effects", ["overall", "event_time"])
def test_degenerate_panels_are_refused(name, effects):
    with pytest.raises(IdentificationError):
        poisson(as_panel(broken(name)), effects=effects, inference="none")


def test_negative_outcomes_are_refused():
    frame = count_frame()
    with pytest.raises(PanelError, match="below zero"):
        poisson(as_panel(frame.assign(count=frame["count"] - 100)))


def test_logs_are_refused():
    with pytest.raises(IdentificationError, match="logarithms"):
        poisson(as_panel(count_frame(), scale="log"))


def test_an_unknown_effect_or_absorbed_column_is_refused():
    panel: Panel = as_panel(count_frame())
    with pytest.raises(IdentificationError, match="effects among"):
        poisson(panel, absorb=("unit", "port"))
    with pytest.raises(IdentificationError, match="event_time"):
        poisson(panel, effects="dynamic")


def test_separated_cells_are_named_and_change_nothing():
    frame = count_frame(seed=9)
    base = poisson(as_panel(frame), inference="CR1").overall
    empty = pd.DataFrame({"unit": 99, "time": range(10), "count": 0, "first": np.nan})
    table = poisson(as_panel(pd.concat([frame, empty])), inference="CR1")
    assert table.overall.estimate == pytest.approx(base.estimate, abs=1e-11)
    assert table.overall.std_error == pytest.approx(base.std_error, rel=1e-9)
    assert table.overall.n_units == 12
    assert "10 of 130 cells" in table.notes[0]
