"""Regression-based difference-in-differences against outside programs and each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.dose_response import dose_response
from analysis.methods.event_study import event_study
from analysis.methods.extended_twfe import extended_twfe
from analysis.methods.group_time_att import group_time_att
from analysis.methods.imputation import imputation
from analysis.methods.linear import bare
from analysis.methods.panel import Panel
from analysis.methods.regression import fit
from analysis.methods.stacked import stacked
from analysis.methods.triple_difference import triple_difference
from tests.contract import check_contract
from tests.methods.did_cases import CLOSE, ORACLES, as_panel, mpdta_frame, outside, staggered


def fixest(n_obs: int, n_clusters: int, n_terms: int) -> float:
    """Root of the small-sample factor of fixest: effects nested in clusters are not counted."""
    return np.sqrt(n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - n_terms))


def both(effect) -> list[float]:
    return [effect.estimate, effect.std_error]


def test_two_way() -> None:
    """CR1 here counts every dummy: 0.0148316, as statsmodels.

    pyfixest counts the years or not, by its hash seed: 0.0132652 (here) or 0.0132545.
    """
    one = difference_in_differences(as_panel(mpdta_frame()), inference="CR1")
    check_contract(one)
    assert round(one.overall.estimate, 7) == -0.0365489
    assert round(one.overall.std_error, 7) == 0.0148316
    plain = difference_in_differences(as_panel(mpdta_frame()), inference="CR0").overall
    assert round(plain.std_error * fixest(2500, 500, 2), 7) == 0.0132545
    wanted = [plain.estimate, plain.std_error * fixest(2500, 500, 6)]
    np.testing.assert_allclose(wanted, outside()["twfe"], rtol=1e-7)
    assert plain.estimate == pytest.approx(outside()["twfe"][0], abs=1e-10)


def test_interaction_weighted() -> None:
    table = event_study(as_panel(mpdta_frame()), method="interaction_weighted", inference="CR0")
    check_contract(table)
    theirs = outside()
    factor = fixest(2500, 500, 12 + 5)
    one = np.array(both(table.overall)) * [1, factor]
    np.testing.assert_allclose(one, theirs["interaction_weighted"], rtol=1e-6)
    rows = table.tidy().iloc[:-1].query("event_time != -1")
    wanted = np.array(theirs["interaction_weighted rows"])
    np.testing.assert_allclose(rows["estimate"], wanted[:, 1], **CLOSE)
    np.testing.assert_allclose(rows["std_error"] * factor, wanted[:, 2], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "terms"), [("linear", 7 + 5), ("covariate", None), ("poisson", None)]
)
def test_extended(name: str, terms: int | None) -> None:
    frame = mpdta_frame()
    frame["employment"] = np.exp(frame["lemp"])
    panel = as_panel(frame, "employment" if name == "poisson" else "lemp", covariates=["lpop"])
    table = extended_twfe(
        panel,
        family="poisson" if name == "poisson" else "linear",
        covariates=["lpop"] if name == "covariate" else [],
        inference="CR0",
    )
    check_contract(table)
    theirs = outside()
    wanted = np.array(theirs[f"extended_twfe {name} rows"])
    rows = table.tidy().iloc[:-1]
    np.testing.assert_allclose(rows["estimate"], wanted[:, 2], rtol=1e-6)
    assert table.overall.estimate == pytest.approx(theirs[f"extended_twfe {name}"][0], rel=1e-6)
    ratio = wanted[:, 3] / rows["std_error"].to_numpy()
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)  # one small-sample factor for all
    if terms is not None:
        assert ratio[0] == pytest.approx(fixest(2500, 500, terms), rel=1e-5)


def test_equalities_between_methods() -> None:
    """Never treated: group-time, extended, interaction-weighted; else extended, imputation."""
    panel = as_panel(mpdta_frame())
    never = group_time_att(panel, control_group="never_treated", inference="none")
    wide = extended_twfe(panel, control_group="never_treated", inference="none")
    sun = event_study(panel, method="interaction_weighted", inference="none")
    assert wide.overall.estimate == pytest.approx(never.overall.estimate, abs=1e-12)
    assert sun.overall.estimate == pytest.approx(never.overall.estimate, abs=1e-12)
    one = extended_twfe(panel, inference="none").overall.estimate
    assert one == pytest.approx(imputation(panel, inference="none").overall.estimate, abs=1e-12)


def test_stacked() -> None:
    table = stacked(as_panel(mpdta_frame()), before=1, after=1, inference="CR0")
    check_contract(table)
    theirs = np.array(outside()["stacked rows"])[1:]
    rows = table.tidy().iloc[1:-1]
    np.testing.assert_allclose(rows["estimate"], theirs[:, 1], **CLOSE)
    ratio = theirs[:, 2] / rows["std_error"].to_numpy()
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    assert 1.0 < ratio[0] < 1.003
    assert table.overall.estimate == pytest.approx(outside()["stacked"][0], abs=1e-10)


def test_triple_difference_is_a_difference_of_two() -> None:
    frame = mpdta_frame()
    frame["big"] = (frame["lpop"] > 3.5).astype(int)
    two = frame[frame["first_treat"].isin([0, 2007]) & (frame["year"] >= 2006)]
    panel = as_panel(two, covariates=["big"])
    table = triple_difference(panel, partition="big", affected=1, inference="CR0")
    check_contract(table)
    theirs = outside()["triple"]
    assert table.overall.estimate == pytest.approx(theirs[0], abs=1e-10)
    assert table.overall.std_error * np.sqrt(440 / 439) == pytest.approx(theirs[1], rel=1e-6)
    parts = [
        difference_in_differences(as_panel(two[two["big"] == b]), inference="none").overall.estimate
        for b in (1, 0)
    ]
    assert table.overall.estimate == pytest.approx(parts[0] - parts[1], abs=1e-12)


def test_triple_difference_within_units_equals_dummy_regression() -> None:
    """Goods within units: the same as dummies for unit x good, good x time and unit x time."""
    rng = np.random.default_rng(0)
    unit, time, good = (a.ravel() for a in np.meshgrid(range(12), range(1, 6), [0, 1]))
    y, treated = rng.normal(size=120), (unit < 4) & (time >= 4) & (good == 1)
    cells = pd.DataFrame({"unit": unit, "time": time, "cluster": unit, "n": 1.0, "weight": 1.0})
    cells = cells.assign(outcome=y, ss=0.0, good=np.where(good == 1, "food", "steel"))
    cells = cells.sort_values(["unit", "time", "good"], ignore_index=True)
    starts = pd.Series(4 * [4] + 8 * [pd.NA], dtype="Int64")
    panel = Panel(cells=cells, cohorts=starts, outcome="y", categories=("good",))
    table = triple_difference(panel, partition="good", affected="food", inference="CR1")
    check_contract(table)
    keys = [unit * 2 + good, good * 10 + time, unit * 10 + time]
    dummies = np.column_stack([treated, *(k[:, None] == np.unique(k) for k in keys)]).astype(float)
    slow = np.linalg.lstsq(dummies, y, rcond=None)[0][0]
    assert table.overall.estimate == pytest.approx(slow, abs=1e-10)


@pytest.mark.parametrize("degree", [1, 3])
def test_dose(degree: int) -> None:
    frame = mpdta_frame()
    one = frame[frame["first_treat"].isin([0, 2007])].copy()
    one["dose"] = np.where(one["first_treat"] > 0, one["lpop"] - one["lpop"].min() + 0.5, 0.0)
    table = dose_response(
        as_panel(one, covariates=["dose"]),
        exposure="dose",
        degree=degree,
        at=[2.0, 3.0, 4.0],
        inference="CR0",
    )
    check_contract(table)
    theirs, rows = outside()[f"dose {degree}"], table.tidy()
    np.testing.assert_allclose(rows["estimate"][:3], theirs["curve"][0], rtol=1e-7)
    np.testing.assert_allclose(rows["std_error"][:3], theirs["curve"][1], rtol=1e-7)
    np.testing.assert_allclose(rows.iloc[4][["estimate", "std_error"]].astype(float), theirs["att"])
    assert rows["estimate"][3] == pytest.approx(theirs["acrt"][0], rel=1e-7)
    if degree == 1:  # a constant slope has no spread over exposures
        assert rows["std_error"][3] == pytest.approx(theirs["acrt"][1], rel=1e-7)
    else:
        assert theirs["acrt"][1] < rows["std_error"][3] < 1.05 * theirs["acrt"][1]


def test_enterprise_zones() -> None:
    """First differences of log claims on zones and years: -0.182 (0.078), Wooldridge, ex. 13.8."""
    frame = pd.read_csv(ORACLES / "ezunem.csv")
    frame["change"] = np.log(frame["uclms"]).groupby(frame["city"]).diff()
    frame["opened"] = frame["ez"].groupby(frame["city"]).diff()
    frame = frame[frame["year"] > 1980].assign(first=np.nan)
    panel = Panel.from_frame(frame, unit="city", time="year", outcome="change", cohort="first")
    made = fit(panel, frame[["opened"]].to_numpy(float), names=("zone",), effects=["time"])
    error = np.sqrt(made.covariance("iid")[0, 0])
    assert (round(made.coefficients[0], 3), round(error, 3)) == (-0.182, 0.078)


def test_recovery_where_effects_differ() -> None:
    """Effects grow by one a time; the two-way coefficient is biased, these are not."""
    truth = np.mean([1, 2, 3, 4, 5, 1, 2, 3])
    found = {"extended": [], "interaction": [], "two-way": []}
    for seed in range(60):
        panel = bare(staggered(seed))
        found["extended"].append(extended_twfe(panel, inference="none").overall.estimate)
        found["interaction"].append(
            event_study(panel, method="interaction_weighted", inference="none").overall.estimate
        )
        found["two-way"].append(difference_in_differences(panel, inference="none").overall.estimate)
    for name in ("extended", "interaction"):
        assert abs(np.mean(found[name]) - truth) < 4 * np.std(found[name]) / np.sqrt(60), name
    assert np.mean(found["two-way"]) < truth - 0.1
