"""Group-time ATTs: outside programs, by hand, a slow version, simulation, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import IdentificationError
from analysis.methods.estimates import Multiplier
from analysis.methods.group_time_att import group_time_att
from analysis.methods.panel import Panel
from tests.contract import check_contract
from tests.methods.did_cases import CLOSE, as_panel, by_hand, mpdta_frame, outside, staggered

CONTROL = {"nevertreated": "never_treated", "notyettreated": "not_yet_treated"}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return as_panel(mpdta_frame(), covariates=["lpop"])


@pytest.fixture(scope="module")
def theirs() -> dict:
    return outside()


@pytest.mark.parametrize("control", CONTROL)
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_equals_outside_programs(panel: Panel, theirs: dict, control: str, base: str) -> None:
    table = group_time_att(panel, control_group=CONTROL[control], base_period=base, inference="CR0")
    check_contract(table)
    rows = table.tidy().iloc[:-1]
    wanted = np.array(theirs[f"group_time {control} {base}"])
    np.testing.assert_array_equal(rows[["cohort", "time"]].astype(float), wanted[:, :2])
    np.testing.assert_allclose(rows["estimate"], wanted[:, 2], **CLOSE)
    np.testing.assert_allclose(rows["std_error"], wanted[:, 3], **CLOSE)
    for ours, kind in (("cohort", "group"), ("calendar", "calendar"), ("dynamic", "dynamic")):
        mean = table.aggregate(ours)
        check_contract(mean)
        one = [mean.overall.estimate, mean.overall.std_error]
        np.testing.assert_allclose(one, theirs[f"group_time {control} {base} {kind}"], **CLOSE)
        each = np.array(theirs[f"group_time {control} {base} {kind} rows"])
        got = mean.tidy().iloc[:-1][["estimate", "std_error"]]
        np.testing.assert_allclose(got, each[:, 1:], **CLOSE)
    one = table.aggregate("simple").overall
    wanted = theirs[f"group_time {control} {base} simple"]
    np.testing.assert_allclose([one.estimate, one.std_error], wanted, **CLOSE)
    assert one.estimate == pytest.approx(table.overall.estimate, abs=1e-15)


def test_published_values(panel: Panel) -> None:
    """Callaway and Sant'Anna's package, as printed."""
    table = group_time_att(panel, control_group="never_treated", inference="CR0")
    simple = table.aggregate("simple").overall
    assert (round(simple.estimate, 4), round(simple.std_error, 4)) == (-0.0400, 0.0120)


@pytest.mark.parametrize(
    ("ours", "method"),
    [("doubly_robust", "dr"), ("regression", "reg"), ("weighting", "ipw")],
)
def test_covariates_equal_outside(panel: Panel, theirs: dict, ours: str, method: str) -> None:
    table = group_time_att(
        panel,
        control_group="never_treated",
        covariates=["lpop"],
        adjustment=ours,
        inference="CR0",
    )
    each = table.tidy()["estimate"].iloc[:-1]
    np.testing.assert_allclose(each, theirs[f"covariate {method} csdid"], rtol=1e-6, atol=1e-9)
    one = [table.overall.estimate, table.overall.std_error]
    np.testing.assert_allclose(one, theirs[f"covariate {method} moderndid"], rtol=1e-6)
    # diff-diff stops its propensity model earlier
    np.testing.assert_allclose(one, theirs[f"covariate {method} diff-diff"], rtol=2e-5)


def test_by_hand() -> None:
    """ATT(2,2) against b and c: -3 - (0 + 1)/2; ATT(2,3) against b: -4 - 1; ATT(3,3): -2 - 1.

    ATT(3,2), before the reform of c, against b alone (a is treated by 2): 1 - 0.
    """
    table = group_time_att(by_hand(), inference="none").tidy().set_index("term")
    assert table["estimate"]["cohort 2, time 2"] == pytest.approx(-3.5)
    assert table["estimate"]["cohort 2, time 3"] == pytest.approx(-5.0)
    assert table["estimate"]["cohort 3, time 2"] == pytest.approx(1.0)
    assert table["estimate"]["cohort 3, time 3"] == pytest.approx(-3.0)
    assert table["estimate"]["overall"] == pytest.approx((-3.5 - 5.0 - 3.0) / 3)
    assert list(table["n_control"].iloc[:4]) == [2, 1, 1, 1]


def test_slow_obvious_version() -> None:
    panel = staggered(3)
    wide, first = panel.wide(), panel.cohorts.astype("Float64")
    table = group_time_att(panel, inference="none", base_period="universal").tidy().iloc[:-1]
    assert len(table) == 16
    for _, row in table.iterrows():
        g, t = row["cohort"], row["time"]
        change = wide[t] - wide[g - 1]
        control = first.isna() | ((first > max(t, g - 1)) & (first != g))
        slow = change[(first == g).fillna(False)].mean() - change[control.fillna(True)].mean()
        assert row["estimate"] == pytest.approx(slow, abs=1e-12)


def test_absent_cells_leave_pairs_only() -> None:
    panel = staggered(1)
    rng = np.random.default_rng(0)
    thin = panel.keep(rng.random(len(panel.cells)) > 0.1)
    wide, first = thin.wide(), thin.cohorts.astype("Float64")
    table = group_time_att(thin, control_group="never_treated", inference="CR0")
    check_contract(table)
    row = table.tidy().iloc[5]
    change = wide[row["time"]] - wide[3]
    own, never = change[(first == 4).fillna(False)].dropna(), change[first.isna()].dropna()
    assert row["estimate"] == pytest.approx(own.mean() - never.mean())
    assert (row["n_treated"], row["n_control"]) == (len(own), len(never))
    slow = np.sqrt(own.var(ddof=0) / len(own) + never.var(ddof=0) / len(never))
    assert row["std_error"] == pytest.approx(slow)


def test_product_equals_one_by_one() -> None:
    """The fast path (class means) and the general path (regression on a constant) agree."""
    panel = staggered(2)
    fast = group_time_att(panel, inference="CR0").aggregate("dynamic")
    constant = replace(panel, cells=panel.cells.assign(size=panel.cells["time"] * 0.0))
    with pytest.raises(IdentificationError, match="collinear"):
        group_time_att(constant, covariates=["size"], inference="none")
    thin = panel.keep(np.arange(len(panel.cells)) != 0)
    slow = group_time_att(thin, inference="CR0").aggregate("dynamic")
    late = slice(4, None)  # the first cell serves only the earliest comparison
    np.testing.assert_allclose(
        fast.tidy()["estimate"][late], slow.tidy()["estimate"][late], rtol=1e-9
    )
    np.testing.assert_allclose(
        fast.tidy()["std_error"][late], slow.tidy()["std_error"][late], rtol=1e-9
    )


def test_recovers_and_bands_are_simultaneous() -> None:
    """Effects 1, 2, 3, ... are recovered without bias; 95 % bands hold all of them at once."""
    truth = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    estimates, held = [], []
    for seed in range(60):
        table = group_time_att(
            staggered(seed, n_units=120), control_group="never_treated", inference="multiplier"
        ).aggregate("dynamic")
        rows = table.tidy().iloc[:-1]
        after = rows[rows["event_time"] >= 0]
        estimates.append(after["estimate"].to_numpy())
        aim = np.concatenate([np.zeros(len(rows) - 5), truth])
        held.append(((rows["band_low"] <= aim) & (aim <= rows["band_high"])).all())
    bias = np.mean(estimates, axis=0) - truth
    assert (np.abs(bias) < 4 * np.std(estimates, axis=0) / np.sqrt(len(estimates))).all()
    assert 0.85 <= np.mean(held) <= 1.0


def test_multiplier_draws_have_the_covariance() -> None:
    panel = staggered(0, n_units=400)
    table = group_time_att(panel, inference=Multiplier(draws=4_000))
    again = group_time_att(panel, inference=Multiplier(draws=4_000))
    np.testing.assert_array_equal(table.tidy()["band_low"], again.tidy()["band_low"])
    plain = group_time_att(panel, inference="CR0").tidy()
    np.testing.assert_allclose(table.tidy()["std_error"], plain["std_error"], rtol=0.08)
    np.testing.assert_allclose(np.sqrt(np.diag(table.covariance)), plain["std_error"], rtol=1e-9)


def test_clusters_add_up() -> None:
    frame = mpdta_frame()
    frame["state"] = frame["countyreal"] // 1000
    table = group_time_att(as_panel(frame, cluster="state"), inference="CR0")
    units = group_time_att(as_panel(frame), inference="CR0")
    states = units.influence  # rows are units in the panel's order
    code = np.unique(units_state(frame), return_inverse=True)[1]
    summed = np.zeros((code.max() + 1, states.shape[1]))
    np.add.at(summed, code, states)
    np.testing.assert_allclose(
        table.tidy()["std_error"], np.sqrt((summed**2).sum(axis=0)), rtol=1e-9
    )


def units_state(frame) -> np.ndarray:
    return np.sort(frame["countyreal"].unique()) // 1000


def test_anticipation_moves_the_base() -> None:
    panel = staggered(5)
    table = group_time_att(panel, anticipation=1, control_group="never_treated", inference="none")
    row = table.tidy().set_index("term").loc["cohort 6, time 7"]
    wide, first = panel.wide(), panel.cohorts
    change = wide[7] - wide[4]
    own, never = change[(first == 6).fillna(False)].mean(), change[first.isna()].mean()
    assert row["estimate"] == pytest.approx(own - never)


def test_last_cohort_serves_when_none_is_untreated() -> None:
    panel = staggered(5)
    treated = panel.keep_units(list(panel.cohorts.index[panel.cohorts.notna()]))
    table = group_time_att(treated, inference="none")
    assert set(table.tidy()["cohort"].dropna()) == {4}
    assert table.tidy()["time"].max() == 5
    assert any("No unit is untreated" in note for note in table.notes)


def test_empty_cell_is_named() -> None:
    panel = staggered(5)
    unit = panel.cells["unit"].isin(panel.cohorts.index[panel.cohorts.isna()])
    gone = panel.keep(~(unit.to_numpy() & (panel.cells["time"] == 8).to_numpy()))
    with pytest.raises(IdentificationError, match=r"0 control units for cohort 4 at time 8"):
        group_time_att(gone)
    with pytest.raises(IdentificationError, match="control units"):
        group_time_att(by_hand().keep_units(["a", "c"]), control_group="never_treated")


def test_randomisation_gives_the_observed_first() -> None:
    panel = staggered(4, n_units=8)
    table = group_time_att(panel, inference="randomisation").aggregate("dynamic")
    check_contract(table)
    np.testing.assert_allclose(table.draws[0], table.tidy()["estimate"], rtol=1e-9)


def test_aggregate_refuses_the_unknown(panel: Panel) -> None:
    with pytest.raises(IdentificationError, match="simple"):
        group_time_att(panel, inference="none").aggregate("monthly")
