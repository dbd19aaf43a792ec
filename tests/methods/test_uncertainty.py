"""Every inference on ordinary and degenerate panels: an interval, a reason, or an error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.event_study import event_study
from analysis.methods.simulate import simulate_panel
from analysis.methods.spatial import great_circle_km, spatial_covariance
from analysis.methods.uncertainty import Conley, Multiplier
from tests.contract import check_contract

KINDS = [
    "recommended",
    "none",
    "CR0",
    "CR1",
    "CR2",
    "CR3",
    "wild_bootstrap",
    "randomisation",
    "scaled_t",
    "multiplier",
]


def _places(units: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "latitude": rng.uniform(25, 35, len(units)),
            "longitude": rng.uniform(100, 115, len(units)),
        },
        index=units,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("estimator", [difference_in_differences, event_study])
def test_every_kind_keeps_the_contract(kind: str, estimator) -> None:
    panel = simulate_panel(n_units=14, n_times=10, n_treated=3, seed=2).panel
    check_contract(estimator(panel, inference=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_three_units_never_give_a_p_value(kind: str) -> None:
    panel = simulate_panel(n_units=3, n_times=8, n_treated=1, seed=1).panel
    said = difference_in_differences(panel, inference=kind).overall
    assert np.isfinite(said.estimate)
    assert np.isnan(said.p_value)
    assert np.isnan(said.conf_low)
    assert said.inference


@pytest.mark.parametrize("kind", KINDS)
def test_an_outcome_without_noise_never_gives_a_p_value(kind: str) -> None:
    panel = simulate_panel(n_units=12, n_times=10, n_treated=2, seed=1).panel
    unit = np.unique(panel.cells["unit"], return_inverse=True)[1]
    exact = panel.with_outcome(1.0 + unit + 0.5 * panel.cells["time"].to_numpy())
    said = difference_in_differences(exact, inference=kind).overall
    assert said.estimate == pytest.approx(0, abs=1e-9)
    assert np.isnan(said.p_value)


def test_a_constant_outcome_is_refused() -> None:
    panel = simulate_panel(n_units=12, n_times=10, n_treated=2, seed=1).panel
    with pytest.raises(IdentificationError, match="an outcome that varies"):
        difference_in_differences(panel.with_outcome(np.full(len(panel.cells), 3.0)))


def test_same_seed_same_bytes() -> None:
    panel = simulate_panel(n_units=20, n_times=10, n_treated=4, seed=2).panel
    for kind in ("multiplier", "wild_bootstrap", "CR1"):
        one, two = (event_study(panel, inference=kind, seed=5).tidy() for _ in range(2))
        pd.testing.assert_frame_equal(one, two)


def test_an_unknown_inference_lists_the_known() -> None:
    panel = simulate_panel(n_units=6, n_times=6, n_treated=2, seed=1).panel
    with pytest.raises(IdentificationError, match="scaled_t"):
        difference_in_differences(panel, inference="bootstrap")  # type: ignore[arg-type]
    with pytest.raises(IdentificationError, match="coordinates"):
        difference_in_differences(panel, inference="conley")
    with pytest.raises(IdentificationError, match="between 0 and 1"):
        difference_in_differences(panel, conf_level=95)


def test_conley_with_far_places_is_clustering_by_unit() -> None:
    panel = simulate_panel(n_units=12, n_times=8, n_treated=4, seed=3).panel
    far = Conley(coordinates=_places(panel.units), cutoff_km=1e-3)
    one = difference_in_differences(panel, inference=far).overall
    two = difference_in_differences(panel, inference="CR1").overall
    assert one.std_error == pytest.approx(two.std_error, rel=1e-10)


def test_conley_by_hand() -> None:
    influence = np.array([[1.0], [2.0], [-1.0]])
    distance = np.array([[0.0, 50, 500], [50, 0, 80], [500, 80, 0]])
    made = spatial_covariance(influence, distance, cutoff=100, kernel="bartlett")
    assert made[0, 0] == pytest.approx(1 + 4 + 1 + 2 * 0.5 * 2 - 2 * 0.2 * 2)


def test_conley_names_units_without_coordinates() -> None:
    panel = simulate_panel(n_units=6, n_times=6, n_treated=2, seed=1).panel
    places = _places(panel.units).iloc[1:]
    with pytest.raises(IdentificationError, match="u0000"):
        difference_in_differences(panel, inference=Conley(coordinates=places, cutoff_km=9))


def test_great_circle_from_beijing_to_shanghai() -> None:
    distance = great_circle_km(np.array([39.9042, 31.2304]), np.array([116.4074, 121.4737]))
    assert distance[0, 1] == pytest.approx(1067, abs=3)  # 1,067 km in atlases
    assert distance[0, 0] == 0


def test_multiplier_band_is_wider_than_pointwise_and_near_cr0() -> None:
    panel = simulate_panel(n_units=60, n_times=10, n_treated=30, seed=1).panel
    table = event_study(panel, inference=Multiplier(draws=4_999))
    plain = event_study(panel, inference="CR1")
    row = table.tidy().iloc[0]
    assert row["band_low"] < row["conf_low"]
    assert row["std_error"] == pytest.approx(plain.tidy().iloc[0]["std_error"], rel=0.06)


def test_randomisation_interval_by_hand() -> None:
    """Four assignments at 50 %: an effect is kept while more than half of them count against."""
    draws = np.array([3.0, 1.0, -1.0, 0.5])
    slopes = np.array([1.0, 0.0, 0.0, 0.0])
    low, high = numeric.randomisation_interval(draws, slopes, conf_level=0.5)
    # |draw| >= |3 - t|: stretches [2, 4], [2, 4], [2.5, 3.5] and everywhere.
    assert (low, high) == (2.0, 4.0)
    low, high = numeric.randomisation_interval(draws, slopes, conf_level=0.25)
    assert (low, high) == (2.5, 3.5)
    low, high = numeric.randomisation_interval(draws, slopes, conf_level=0.8)
    assert (low, high) == (-np.inf, np.inf)


def test_randomisation_p_values_and_intervals_agree() -> None:
    panel = simulate_panel(n_units=12, n_times=8, n_treated=2, ar1=0.1, seed=9).panel
    said = difference_in_differences(panel, inference="randomisation").overall
    after = (panel.cell_event_time >= 0).astype(float)
    outcome = panel.cells["outcome"].to_numpy()
    for end, outward in ((said.conf_low, -1), (said.conf_high, 1)):
        for step, kept in ((-1e-6, True), (1e-6, False)):
            moved = panel.with_outcome(outcome - (end + outward * step) * after)
            p_value = difference_in_differences(moved, inference="randomisation").overall.p_value
            assert (p_value > 0.05) is kept
