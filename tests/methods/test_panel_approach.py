"""Panel data approach: a published table, subsets by the slow way, intervals by hand."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.errors import IdentificationError
from analysis.methods import Panel, panel_approach
from analysis.methods.counterfactual import AUGMENTED
from analysis.methods.donor_choice import choose_donors
from analysis.methods.effects import EffectTable
from tests.contract import check_contract
from tests.methods.synthetic_cases import DEGENERATE, frame, hong_kong, noise, panel


def coefficients(table: object, unit: str) -> dict[str, float]:
    cells = table.augment()  # type: ignore[attr-defined]
    donors = cells[(cells["unit"] != unit) & (cells["weight"] != 0)]
    return donors.groupby("unit")["weight"].first().to_dict()


# (a) by hand ------------------------------------------------------------------------------------


def test_by_hand() -> None:
    # y = 1 + 2 x before without error; after the gap is 10 and 20.
    x = np.array([1.0, 3, 2, 5, 4, 6, 3, 8])
    y = 1 + 2 * x
    y[6:] += [10.0, 20.0]
    other = np.array([4.0, 4, 1, 0, 2, 2, 9, 9])
    table = panel_approach(
        panel(np.array([y, x, other]), cohorts={0: 6}), criterion="BIC", inference="none"
    )
    check_contract(table)
    assert coefficients(table, "u00") == pytest.approx({"u01": 2.0})
    rows = table.tidy().set_index("term")["estimate"]
    assert rows["event time 0"] == pytest.approx(10.0)
    assert rows["event time 1"] == pytest.approx(20.0)
    assert table.overall.estimate == pytest.approx(15.0)
    assert tuple(table.augment().columns) == AUGMENTED


def test_prediction_interval_by_hand() -> None:
    """The textbook forecast variance of a regression with one donor."""
    values = noise(4, units=3, times=16)
    values[1] = values[0] + 0.1 * np.random.default_rng(1).standard_normal(16)
    table = panel_approach(
        panel(values, cohorts={0: 14}), most_donors=1, inference="prediction", errors="independent"
    )
    check_contract(table)
    x, y = values[1, :14], values[0, :14]
    slope = np.cov(x, y)[0, 1] / x.var(ddof=1)
    residual = y - y.mean() - slope * (x - x.mean())
    s2 = residual @ residual / 12
    around = values[1, 14:] - x.mean()
    spread = ((x - x.mean()) ** 2).sum()
    single = np.sqrt(s2 * (1 + 1 / 14 + around**2 / spread))
    rows = table.tidy().set_index("term")
    np.testing.assert_allclose(
        rows.loc[["event time 0", "event time 1"], "std_error"], single, rtol=1e-8
    )
    mean = np.sqrt(s2 * (1 / 2 + 1 / 14 + around.mean() ** 2 / spread))
    assert table.overall.std_error == pytest.approx(mean, rel=1e-8)
    half = stats.t.ppf(0.975, 12) * mean
    assert table.overall.conf_high - table.overall.estimate == pytest.approx(half, rel=1e-8)


# (b) outside oracle -----------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["AICc", "BIC", "LASSO"])
def test_hong_kong(criterion: str) -> None:
    """Hsiao, Ching and Wan (2012), political integration, AICc: doi:10.1002/jae.1230."""
    table = panel_approach(hong_kong(), criterion=criterion, inference="prediction")
    check_contract(table)
    assert coefficients(table, "HongKong") == pytest.approx(
        {"Japan": -0.6760, "Korea": -0.4323, "Taiwan": 0.7926, "UnitedStates": 0.4860}, abs=5e-5
    )
    assert "constant 0.0263" in table.notes[0]
    assert "R2 before the reform 0.931" in table.notes[0]
    assert table.overall.estimate == pytest.approx(-0.0396, abs=5e-5)


# (c) simulation ---------------------------------------------------------------------------------


def test_recovers_the_effect() -> None:
    found = []
    for seed in range(40):
        values = noise(500 + seed, units=8, times=30, rho=0.0, scale=0.3)
        values[0, 24:] += 5.0
        found.append(
            panel_approach(panel(values, cohorts={0: 24}), inference="none").overall.estimate
        )
    assert abs(np.mean(found) - 5.0) < 4 * np.std(found) / np.sqrt(len(found))


# (d) slow version -------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["AICc", "BIC"])
@pytest.mark.parametrize("seed", range(3))
def test_all_subsets_by_the_slow_way(criterion: str, seed: int) -> None:
    values = noise(seed, units=8, times=20)
    y, donors = values[0], values[1:].T

    def value(subset: tuple[int, ...]) -> float:
        design = np.column_stack([np.ones(20), donors[:, list(subset)]])
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        q = len(subset) + 2
        price = q * np.log(20) if criterion == "BIC" else 2 * q + 2 * q * (q + 1) / (20 - q - 1)
        return float(20 * np.log(residual @ residual / 20) + price)

    every = [s for k in range(6) for s in combinations(range(7), k)]
    best = min(every, key=value)
    found = choose_donors(donors, y, criterion=criterion, search="exact", most=5)
    assert tuple(found) == best
    forward = choose_donors(donors, y, criterion=criterion, search="forward", most=5)
    assert value(tuple(forward)) >= value(best) - 1e-9


def test_lasso_beats_no_donor_and_keeps_to_the_limit() -> None:
    values = noise(5, units=15, times=24)
    found = choose_donors(values[1:].T, values[0], criterion="LASSO", search="recommended", most=4)
    assert 1 <= len(found) <= 4


def test_two_units_share_their_errors() -> None:
    """The variance of the mean of two equal units is that of one of them."""
    values = noise(6, units=8, times=26)
    values[1] = values[0]
    options = {"inference": "prediction", "errors": "independent"}
    both = panel_approach(panel(values, cohorts={0: 22, 1: 22}), **options)
    check_contract(both)
    one = panel_approach(panel(np.delete(values, 1, 0), cohorts={0: 22}), **options)
    assert both.overall.std_error == pytest.approx(one.overall.std_error, rel=1e-9)
    assert list(both.tidy()["term"][-2:]) == ["u00", "u01"]


def test_autocorrelated_errors_widen_averages() -> None:
    values = noise(7, units=3, times=60, rho=0.9)
    values[1:] = np.random.default_rng(0).standard_normal((2, 60))
    wide = panel_approach(
        panel(values, cohorts={0: 50}), inference="prediction", errors="ar1"
    ).overall
    narrow = panel_approach(
        panel(values, cohorts={0: 50}), inference="prediction", errors="independent"
    ).overall
    assert wide.std_error > 1.5 * narrow.std_error


def over_fit(table: EffectTable, *, first: int) -> float:
    """ATT overall over the root mean squared residual before the reform."""
    cells = table.augment()
    before = cells[cells["counterfactual"].notna() & (cells["time"] < first)]["gap"]
    return table.overall.estimate / float(np.sqrt((before**2).mean()))


def test_placebo_ranks_by_the_slow_way() -> None:
    """Every donor in the place of the treated unit, its donors chosen anew."""
    values = noise(8)
    ratios = []
    for j in range(1, 21):
        order = [j, *(i for i in range(1, 21) if i != j)]
        other = panel_approach(panel(values[order], cohorts={0: 12}), inference="none")
        ratios.append(abs(over_fit(other, first=12)))
    table = panel_approach(panel(values, cohorts={0: 12}))
    check_contract(table)
    assert table.overall.inference == (
        "placebo in space over 20 donors, ranks standardised by pre-period fit"
    )
    own = over_fit(table, first=12)
    higher = sum(one >= abs(own) * (1 - 1e-9) for one in ratios)
    assert table.overall.p_value == pytest.approx((1 + higher) / 21)
    reach = max(ratios) * abs(table.overall.estimate / own)
    assert table.overall.conf_low == pytest.approx(table.overall.estimate - reach, rel=1e-7)


def test_prediction_intervals_are_never_recommended(root: Path) -> None:
    stored = pd.read_csv(root / "benchmarks" / "results" / "synthetic_coverage.csv")
    size = stored.set_index(["method", "design"])["size_percent"]
    assert len(size["pda_placebo"]) >= 5
    assert (size["pda_placebo"] <= 10).all()
    low, high = f"{size['pda_ar1'].min():.0f}%", f"{size['pda_ar1'].max():.0f}%"
    assert size["pda_ar1"].min() > 20
    few = panel_approach(panel(noise(3, units=12, times=12), cohorts={0: 8}))
    check_contract(few)
    assert np.isnan(few.overall.p_value)
    assert np.isnan(few.overall.conf_low)
    assert few.overall.inference == (
        f"no interval: only 11 placebo groups, and prediction intervals reject in {low} to {high} "
        "of simulated panels without an effect"
    )


def test_shuffled_shifted_scaled() -> None:
    values = noise(9)
    rows = frame(values, cohorts={0: 12})
    names = {"unit": "unit", "time": "time", "outcome": "y", "cohort": "first"}
    base = panel_approach(Panel.from_frame(rows, **names)).overall
    mixed = Panel.from_frame(rows.sample(frac=1, random_state=1), **names)
    assert panel_approach(mixed).overall.estimate == pytest.approx(base.estimate, abs=1e-8)
    levels = 10 * np.random.default_rng(1).standard_normal((21, 1))
    moved = panel_approach(panel(values + levels, cohorts={0: 12})).overall
    assert moved.estimate == pytest.approx(base.estimate, abs=1e-7)
    larger = panel_approach(panel(1e3 * values, cohorts={0: 12})).overall
    assert larger.estimate == pytest.approx(1e3 * base.estimate, rel=1e-7)
    assert larger.p_value == base.p_value


# degenerate inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate(case: str) -> None:
    values, cohorts, said = DEGENERATE[case]
    with pytest.raises(IdentificationError, match=said):
        panel_approach(panel(values, cohorts=cohorts))


def test_constant_outcome_uses_no_donor() -> None:
    table = panel_approach(panel(np.ones((25, 12)), cohorts={0: 8}))
    check_contract(table)
    assert table.overall.estimate == pytest.approx(0.0, abs=1e-12)
    assert "none" in table.notes[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"criterion": "AIC"}, "criterion AICc"),
        ({"search": "leaps"}, "search recommended"),
        ({"errors": "hac"}, "errors independent"),
        ({"inference": "jackknife"}, "inference recommended"),
        ({"search": "exact", "most_donors": 20}, "subsets for the exact search"),
    ],
)
def test_unknown_options(options: dict[str, object], said: str) -> None:
    with pytest.raises(IdentificationError, match=said):
        panel_approach(panel(noise(3, units=40, times=40), cohorts={0: 30}), **options)


def test_no_placebo_error_where_controls_are_too_few() -> None:
    base = panel(noise(3, units=5, times=12), cohorts={0: 8, 1: 8, 2: 8})
    table = panel_approach(base, inference="placebo")
    check_contract(table)
    assert "2 donors for 3 treated" in table.overall.inference
    said = panel_approach(base).overall.inference
    assert said.startswith("no interval: 2 donors for 3 treated")
    asked = panel_approach(base, inference="prediction").overall
    assert asked.inference.startswith("prediction interval")
