"""Synthetic control: by hand, against published tables and peers, by simulation, by algebra."""

from __future__ import annotations

from functools import partial

import cvxpy as cp
import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Panel, synthetic_control
from analysis.methods.checks import leave_one_out, placebo_in_time
from analysis.methods.conformal import p_value
from analysis.methods.counterfactual import AUGMENTED
from analysis.methods.donor_pool import pools
from analysis.methods.placebo import MAX_DRAWS, placebo_gaps
from analysis.methods.predictor_weights import predictor_weights
from analysis.methods.simplex import simplex_weights
from tests.contract import check_contract
from tests.methods.synthetic_cases import (
    DEGENERATE,
    frame,
    german_predictors,
    germany,
    noise,
    panel,
    peers,
    prop99,
)


def weights(table: object, unit: str) -> pd.Series:
    cells = table.augment()  # type: ignore[attr-defined]
    cells = cells[(cells["treated_unit"] == unit) & (cells["unit"] != unit)]
    return cells[cells["time"] == cells["time"].min()].set_index("unit")["weight"]


@pytest.fixture(scope="module")
def california() -> Panel:
    return prop99()


# (a) by hand ------------------------------------------------------------------------------------


def test_by_hand() -> None:
    # Treated 3, 4, 5 is the mean of 2, 4, 4 and 4, 4, 6; after: 9 against (6 + 8) / 2 and
    # 8 against (3 + 6) / 2.
    values = np.array([[3.0, 4, 5, 9, 8], [2, 4, 4, 6, 3], [4, 4, 6, 8, 6]])
    table = synthetic_control(panel(values, cohorts={0: 3}), inference="none")
    check_contract(table)
    rows = table.tidy().set_index("term")
    assert list(rows.index[:5]) == [f"event time {e}" for e in (-3, -2, -1, 0, 1)]
    np.testing.assert_allclose(rows["estimate"], [0, 0, 0, 2, 3.5, 2.75], atol=1e-9)
    assert list(rows["time"][:5]) == [0, 1, 2, 3, 4]
    assert table.overall.estimate == pytest.approx(2.75)
    np.testing.assert_allclose(weights(table, "u00"), [0.5, 0.5], atol=1e-9)
    assert "the fit before is exact" in table.notes[0]


def test_augment_has_one_shape() -> None:
    table = synthetic_control(panel(noise(3), cohorts={0: 12}))
    cells = table.augment()
    assert tuple(cells.columns) == AUGMENTED
    own = cells[cells["unit"] == "u00"]
    assert own["weight"].sum() == pytest.approx(1.0)
    assert (own.loc[own["time"] < 12, "weight"] == 0).all()
    assert cells.loc[cells["unit"] != "u00", "counterfactual"].isna().all()
    rows = table.tidy().iloc[: len(own)]
    np.testing.assert_allclose(own["gap"], rows["estimate"], atol=1e-12)
    np.testing.assert_allclose(
        own["counterfactual_low"], own["observed"].to_numpy() - rows["conf_high"], atol=1e-12
    )


def test_several_units_one_by_one_and_pooled() -> None:
    # Two treated units, each equal to one donor before; gaps after are 2 and 4, then 1 and 7.
    values = np.array(
        [[1.0, 2, 3, 6, 6], [9, 7, 8, 14, 16], [1, 2, 3, 4, 5], [9, 7, 8, 10, 9], [5, 5, 5, 5, 5]]
    )
    table = synthetic_control(panel(values, cohorts={0: 3, 1: 3}), inference="none")
    check_contract(table)
    rows = table.tidy()
    assert table.overall.estimate == pytest.approx((2 + 1 + 4 + 7) / 4)
    units = rows[rows["estimand"] == "ATT"].set_index("term")["estimate"]
    assert units.to_dict() == pytest.approx({"u00": 1.5, "u01": 5.5})
    assert list(rows["n_treated"]) == [2] * 6 + [1, 1]
    pooled = synthetic_control(
        panel(values, cohorts={0: 3, 1: 3}), pooling="pooled", inference="none"
    )
    # The mean of the treated is 5, 4.5, 5.5 before: donors one, two and three can make it.
    cells = pooled.augment()
    assert (cells["treated_unit"] == "u00 + u01").all()
    gap = cells[cells["unit"] == "u00 + u01"].set_index("time")["gap"]
    assert abs(gap.loc[:2]).max() < 1e-6


def test_different_cohorts_are_averaged_over_treated_cells() -> None:
    values = np.array([[1.0, 1, 1, 3, 3], [2, 2, 2, 2, 7], [1, 1, 1, 1, 1], [2, 2, 2, 2, 2]])
    table = synthetic_control(panel(values, cohorts={0: 3, 1: 4}), inference="none")
    check_contract(table)
    assert table.overall.estimate == pytest.approx((2 + 2 + 5) / 3)
    rows = table.tidy().set_index("term")
    assert rows.loc["event time 0", "estimate"] == pytest.approx(3.5)
    assert rows.loc["event time 1", "estimate"] == pytest.approx(2.0)
    assert rows.loc["event time 0", "time"] is pd.NA


def test_rank_p_value_and_interval_by_hand() -> None:
    """The effect kept at the end of the interval is tied with the placebo that sets it."""
    base = panel(noise(11), cohorts={0: 12})
    table = synthetic_control(base, inference="placebo")
    overall = table.overall
    pool = pools(base)[0]

    def ratio(gap: np.ndarray) -> float:
        return float(abs(gap[12:].mean()) / np.sqrt((gap[:12] ** 2).mean()))

    own = synthetic_control(base, inference="none").augment()
    own_gap = own[own["unit"] == "u00"]["gap"].to_numpy()
    ratios = []
    for donor in pool.donors:
        others = base.keep_units([unit for unit in base.units if unit != "u00"])
        placebo = synthetic_control(others.with_cohorts({donor: 12}), inference="none").augment()
        ratios.append(ratio(placebo[placebo["unit"] == donor]["gap"].to_numpy()))
    higher = sum(one >= ratio(own_gap) for one in ratios)
    assert overall.p_value == pytest.approx((1 + higher) / 21)
    reach = max(ratios) * np.sqrt((own_gap[:12] ** 2).mean())  # 5 % of 21: the largest
    assert overall.conf_high - overall.estimate == pytest.approx(reach, rel=1e-9)
    assert overall.inference.startswith("placebo in space over 20 donors")


def test_cyclic_shifts_by_hand() -> None:
    # Sums over two neighbours on the ring 3, 1, 2, 6: 4, 3, 8, 9; the last two give 8.
    assert p_value(np.array([3.0, -1.0, 2.0, -6.0]), 2) == pytest.approx(2 / 4)
    assert p_value(np.array([1.0, 1.0, 1.0, 1.0, 5.0]), 1) == pytest.approx(1 / 5)


# (b) outside oracles ----------------------------------------------------------------------------


def test_outcomes_only_against_pysyncon(california: Panel) -> None:
    table = synthetic_control(california, inference="placebo")
    check_contract(table)
    other = peers()["outcomes-only weight"]
    np.testing.assert_allclose(weights(table, "California"), other, atol=2e-4)
    away = peers()["outcomes-only ATT"]
    assert table.overall.estimate == pytest.approx(away["California"], abs=5e-4)
    placebos = dict(zip(pools(california)[0].donors, table.draws[1:], strict=True))
    loss = peers()["outcomes-only loss"]
    agreed = 0
    for state in loss.index:
        own = float((placebos[state][:19] ** 2).mean())
        assert own <= loss[state] * (1 + 1e-6), "no peer fits better than the exact weights"
        if own >= loss[state] * (1 - 1e-5):
            agreed += 1
            assert placebos[state][table.headline] == pytest.approx(away[state], abs=5e-3), state
    assert agreed >= 4, "pysyncon's SLSQP stops early for some states (Alabama), not for most"


def test_penalised_against_pysyncon(california: Panel) -> None:
    """One objective, two optimisers: pysyncon's SLSQP stops a little above the minimum."""
    table = synthetic_control(california, penalty=0.1, inference="none")
    series = pools(california)[0].series[:19]
    distance = ((series[:, 1:] - series[:, :1]) ** 2).sum(axis=0)

    def objective(w: np.ndarray) -> float:
        return float(((series[:, 1:] @ w - series[:, 0]) ** 2).sum() + 0.1 * distance @ w)

    other = peers()["penalised 0.1 weight"].to_numpy()
    own, theirs = objective(weights(table, "California").to_numpy()), objective(other / other.sum())
    assert own <= theirs * (1 + 1e-9)
    assert own == pytest.approx(theirs, rel=0.1)


def test_predictors_against_the_published_table(california: Panel) -> None:
    """Abadie, Diamond and Hainmueller (2010), Table 2, doi:10.1198/jasa.2009.ap08746."""
    table = synthetic_control(
        california,
        covariates=tuple(california.covariates),
        lags=(1975, 1980, 1988),
        starts=2,
        inference="none",
    )
    check_contract(table)
    found = weights(table, "California")
    published = {
        "Colorado": 0.164,
        "Connecticut": 0.069,
        "Montana": 0.199,
        "Nevada": 0.234,
        "Utah": 0.334,
    }
    assert set(found[found > 0.01].index) == set(published)
    # The importance of predictors is not unique; the published table used another optimiser.
    for state, weight in published.items():
        assert found[state] == pytest.approx(weight, abs=0.03), state
    assert table.overall.estimate == pytest.approx(-19.0, abs=0.5)
    assert any("from 2 starts" in note for note in table.notes)


def test_conformal_against_the_package_of_the_authors(california: Panel) -> None:
    """P-values of constant effects and an interval, as scinference prints them."""
    series = pools(california)[0].series
    told = peers()["conformal p-value"]
    for effect, expected in told.items():
        cleared = series[:, 0] - np.where(np.arange(31) >= 19, float(effect), 0.0)
        residual = cleared - series[:, 1:] @ simplex_weights(series[:, 1:], cleared)
        assert p_value(residual, 12) == pytest.approx(expected, abs=1e-9), effect
    assert told.nunique() > 2
    time = california.cells["time"]
    short = california.keep(((time < 1989) | (time == 2000)).to_numpy())
    table = synthetic_control(short, inference="conformal", conf_level=0.9)
    # scinference searches a grid of steps of 0.05 with a solver that stops at 1e-3.
    assert table.overall.conf_low == pytest.approx(peers()["conformal 90% low"]["2000"], abs=0.1)
    assert table.overall.conf_high == pytest.approx(peers()["conformal 90% high"]["2000"], abs=0.1)


def test_the_ratio_of_fits_by_hand(california: Panel) -> None:
    table = synthetic_control(california, inference="placebo")
    paths = table.draws[:, :31]
    ratio = [np.sqrt((one[19:] ** 2).mean() / (one[:19] ** 2).mean()) for one in paths]
    rank = sum(one >= ratio[0] for one in ratio)
    note = next(note for note in table.notes if note.startswith("Ratio of root"))
    assert f"before: {ratio[0]:.3g}, rank {rank} of 39 (p = {rank / 39:.3f})." in note


@pytest.mark.slow
def test_the_ratio_of_fits_against_the_published_rank(california: Panel) -> None:
    """Abadie, Diamond and Hainmueller (2010), section 3.4: with predictors California is first."""
    table = synthetic_control(
        california,
        covariates=tuple(california.covariates),
        lags=(1975, 1980, 1988),
        starts=1,
        inference="placebo",
    )
    note = next(note for note in table.notes if note.startswith("Ratio of root"))
    assert note.endswith("rank 1 of 39 (p = 0.026).")


def test_german_reunification_against_the_published_table() -> None:
    """Abadie, Diamond and Hainmueller (2015), table 1, doi:10.1111/ajps.12116.

    Importance of predictors is found on 1981-1990 with predictors of the decade before, the
    weights of countries then with predictors of 1981-1990.
    """
    table = germany()
    wide = table.pivot(index="year", columns="country", values="gdp")
    order = ["West Germany", *(name for name in wide.columns if name != "West Germany")]
    series = wide[order].to_numpy(dtype=float)
    early = german_predictors(table, first=1971, invest="invest70")[order].to_numpy()
    late = german_predictors(table, first=1981, invest="invest80")[order].to_numpy()
    found = predictor_weights(early, series[21:31], starts=2, seed=0)
    scaled = late / late.std(axis=1, ddof=1)[:, None] * np.sqrt(found.importance)[:, None]
    weight = dict(zip(order[1:], simplex_weights(scaled[:, 1:], scaled[:, 0]), strict=True))
    published = {
        "Austria": 0.42,
        "USA": 0.22,
        "Japan": 0.16,
        "Switzerland": 0.11,
        "Netherlands": 0.09,
    }
    assert {name for name, value in weight.items() if value > 0.02} == set(published)
    for country, value in published.items():
        assert weight[country] == pytest.approx(value, abs=0.025), country
        assert weight[country] == pytest.approx(peers()["Germany weight"][country], abs=0.01)
    # "About 1,600 USD per year on average over the 1990-2003 period".
    gap = series[:, 0] - series[:, 1:] @ np.array(list(weight.values()))
    assert gap[30:].mean() == pytest.approx(-1_600, abs=50)
    assert gap[30:].mean() == pytest.approx(peers()["Germany ATT"]["West Germany"], rel=0.02)


def test_german_reunification_on_outcomes_against_other_solvers() -> None:
    """An interior-point solver finds the same; pysyncon stops at more than twice the loss."""
    table = germany().assign(first=lambda f: np.where(f["country"] == "West Germany", 1990, np.nan))
    made = Panel.from_frame(table, unit="country", time="year", outcome="gdp", cohort="first")
    found = synthetic_control(made, inference="placebo")
    check_contract(found)
    gap = found.tidy().set_index("time")["estimate"]
    loss = float((gap.loc[:1989].dropna() ** 2).mean())
    assert loss < peers()["Germany outcomes-only loss"]["West Germany"] / 2
    wide = table.pivot(index="year", columns="country", values="gdp")
    own = wide.pop("West Germany").to_numpy(dtype=float) / 1e3
    others = wide.to_numpy(dtype=float) / 1e3
    free = cp.Variable(others.shape[1], nonneg=True)
    fit = cp.sum_squares(others[:30] @ free - own[:30])
    cp.Problem(cp.Minimize(fit), [cp.sum(free) == 1]).solve(solver="CLARABEL")
    away = (own - others @ free.value) * 1e3
    assert loss == pytest.approx(float((away[:30] ** 2).mean()), rel=1e-6)
    assert found.overall.estimate == pytest.approx(float(away[30:].mean()), rel=1e-6)
    left_out = leave_one_out(made, partial(synthetic_control, inference="none"))
    assert (left_out.detail["estimate"] < 0).all()


# (c) simulation ---------------------------------------------------------------------------------


def test_recovers_the_effect() -> None:
    found = []
    for seed in range(40):
        values = noise(100 + seed, scale=0.3)
        values[0, 12:] += 5.0
        found.append(
            synthetic_control(panel(values, cohorts={0: 12}), inference="none").overall.estimate
        )
    assert abs(np.mean(found) - 5.0) < 4 * np.std(found) / np.sqrt(len(found)) + 0.02


@pytest.mark.parametrize("inference", ["placebo", "conformal"])
def test_intervals_move_with_the_effect(inference: str) -> None:
    values = noise(21, units=21, times=26)
    values[:, :] = np.round(values, 6)
    plain = synthetic_control(panel(values, cohorts={0: 22}), inference=inference).overall
    values[0, 22:] += 3.0
    moved = synthetic_control(panel(values, cohorts={0: 22}), inference=inference).overall
    for name in ("estimate", "conf_low", "conf_high"):
        assert getattr(moved, name) - getattr(plain, name) == pytest.approx(3.0, abs=1e-3)


def test_conformal_holds_with_one_donor_pair() -> None:
    table = synthetic_control(panel(noise(4, units=3, times=30), cohorts={0: 26}))
    check_contract(table)
    assert table.overall.inference.startswith("conformal")
    assert np.isfinite(table.overall.p_value)
    before = table.tidy()["event_time"] < 0
    assert table.tidy().loc[before.fillna(False), "p_value"].isna().all()


# (d) slow version and metamorphic ---------------------------------------------------------------


def test_placebo_groups_of_two_by_the_slow_way() -> None:
    base = panel(noise(8, units=9, times=10), cohorts={0: 7, 1: 7})
    made = pools(base)
    table = synthetic_control(base, inference="none")
    drawn = placebo_gaps(made, lambda pool: _fit(pool), seed=1)
    names = list(made[0].donors)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    assert len(drawn) == len(pairs) == 21 < MAX_DRAWS
    for pair, gap in zip(pairs, drawn, strict=True):
        for position, unit in enumerate(pair):
            others = base.keep_units(names).with_cohorts({unit: 7})
            cells = synthetic_control(others, inference="none").augment()
            own = cells[cells["unit"] == unit]["gap"].to_numpy()
            np.testing.assert_allclose(gap[10 * position : 10 * position + 10], own, atol=1e-9)
    assert np.isnan(table.overall.p_value)


def _fit(pool: object) -> object:
    from importlib import import_module

    return import_module("analysis.methods.synthetic_control")._fit(
        pool, penalty=0.0, starts=1, seed=0
    )


def test_shuffled_relabelled_shifted_scaled() -> None:
    values = noise(9)
    rows = frame(values, cohorts={0: 12})
    names = {"unit": "unit", "time": "time", "outcome": "y", "cohort": "first"}
    base = synthetic_control(Panel.from_frame(rows, **names)).overall
    shuffled = synthetic_control(Panel.from_frame(rows.sample(frac=1, random_state=1), **names))
    assert shuffled.overall.estimate == pytest.approx(base.estimate, abs=1e-9)
    assert shuffled.overall.p_value == base.p_value
    order = np.random.default_rng(0).permutation(21)
    named = panel(values, cohorts={0: 12}, names=[f"x{i:02d}" for i in order])
    assert synthetic_control(named).overall.estimate == pytest.approx(base.estimate, abs=1e-9)
    moved = synthetic_control(panel(values + np.arange(16) ** 2, cohorts={0: 12})).overall
    assert moved.estimate == pytest.approx(base.estimate, abs=1e-8)
    larger = synthetic_control(panel(1e4 * values, cohorts={0: 12})).overall
    assert larger.estimate == pytest.approx(1e4 * base.estimate, rel=1e-7)
    assert larger.p_value == base.p_value


def test_same_seed_same_bytes() -> None:
    base = panel(noise(2, units=30), cohorts={0: 12, 1: 12, 2: 12})
    one, two = synthetic_control(base, seed=4), synthetic_control(base, seed=4)
    pd.testing.assert_frame_equal(one.tidy(), two.tidy())
    assert "1,999 groups of 3 donors" in one.overall.inference


# degenerate inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate(case: str) -> None:
    values, cohorts, said = DEGENERATE[case]
    with pytest.raises(IdentificationError, match=said):
        synthetic_control(panel(values, cohorts=cohorts))


def test_no_placebo_error_where_controls_are_too_few() -> None:
    base = panel(noise(3, units=5, times=12), cohorts={0: 8, 1: 8, 2: 8})
    table = synthetic_control(base, inference="placebo")
    check_contract(table)
    assert np.isnan(table.overall.std_error)
    assert table.overall.inference.startswith("no interval: 2 donors for 3 treated")


def test_few_donors_and_few_times_give_no_interval() -> None:
    table = synthetic_control(panel(noise(3, units=8, times=12), cohorts={0: 8}))
    check_contract(table)
    assert np.isnan(table.overall.p_value)
    assert "too few to permute" in table.overall.inference


def test_constant_outcome_has_no_effect() -> None:
    table = synthetic_control(panel(np.ones((25, 10)), cohorts={0: 8}))
    check_contract(table)
    assert table.overall.estimate == pytest.approx(0.0, abs=1e-12)
    assert table.overall.p_value == 1.0


def test_incomplete_donors_are_named() -> None:
    rows = frame(noise(3), cohorts={0: 12})
    rows.loc[(rows["unit"] == "u05") & (rows["time"] == 3), "y"] = np.nan
    base = Panel.from_frame(rows, unit="unit", time="time", outcome="y", cohort="first")
    table = synthetic_control(base, inference="none")
    assert any("not seen at all times" in note and "u05" in note for note in table.notes)
    assert table.overall.n_control == 19


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"inference": "bootstrap"}, "inference recommended"),
        ({"covariates": ("nobody",)}, "covariates of the panel"),
        ({"lags": (14,)}, "times before the reform"),
        ({"penalty": -1.0}, "penalty"),
        ({"penalty": 1.0, "lags": (3,)}, "penalty"),
    ],
)
def test_unknown_options(options: dict[str, object], said: str) -> None:
    with pytest.raises(IdentificationError, match=said):
        synthetic_control(panel(noise(3), cohorts={0: 12}), **options)


def test_conformal_is_refused_with_predictors_and_several_cohorts() -> None:
    base = panel(noise(3, times=30), cohorts={0: 24})
    with_lags = synthetic_control(base, lags=(3, 9), starts=2, inference="conformal")
    assert "outcomes only" in with_lags.overall.inference
    several = panel(noise(3, times=30), cohorts={0: 24, 1: 25})
    table = synthetic_control(several, inference="conformal")
    check_contract(table)
    assert "one cohort" in table.overall.inference


def test_the_checks_of_the_house_take_it(california: Panel) -> None:
    estimator = partial(synthetic_control, inference="none")
    found = leave_one_out(california, estimator)
    assert found.status == "passed"
    low, high = found.detail["estimate"].min(), found.detail["estimate"].max()
    assert -22 < low < -19.5 < high < -17
    dated = placebo_in_time(california, partial(synthetic_control), time=1981)
    assert dated.detail["estimate"].iloc[0] == pytest.approx(-3.306, abs=0.01)
