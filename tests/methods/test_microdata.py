"""Simulated microdata have the truth they declare."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.methods.microdata import (
    LEAST_FIRMS,
    DrawnUnits,
    draw_ends,
    draw_firms,
    draw_population,
    draw_surface,
    path_at,
)


def population(**changed: object) -> DrawnUnits:
    options: dict[str, object] = {"n_units": 40, "n_times": 20, "cohorts": [8, 12, 12]}
    return draw_population(np.random.default_rng(3), **(options | changed))  # type: ignore[arg-type]


def surface(units: DrawnUnits, **options: object) -> np.ndarray:
    return draw_surface(np.random.default_rng(9), units, **options)  # type: ignore[arg-type]


def test_path_by_hand() -> None:
    since = np.array([np.nan, -2.0, 0.0, 1.0, 9.0])
    assert path_at([-0.1, -0.3], since).tolist() == [0.0, 0.0, -0.1, -0.3, -0.3]


def test_cohorts_are_those_declared_and_neighbours_are_untreated() -> None:
    units = population(neighbours=5)
    assert sorted(units.cohort[np.isfinite(units.cohort)]) == [8, 12, 12]
    beside = np.isfinite(units.exposed)
    assert beside.sum() == 5
    assert not np.isfinite(units.cohort[beside]).any()
    assert set(units.exposed[beside]) <= {8, 12}


def test_units_enter_and_leave_but_the_treated_are_seen_on_both_sides() -> None:
    units = population(n_units=200, cohorts=[8] * 50, moving=1.0)
    first = np.argmax(units.seen, axis=1) + 1
    last = 20 - np.argmax(units.seen[:, ::-1], axis=1)
    assert (first > 1).mean() > 0.4
    assert (last < 20).mean() > 0.4
    treated = np.isfinite(units.cohort)
    assert (first[treated] <= 5).all()
    assert (last[treated] >= 14).all()
    inside = (units.times >= first[:, None]) & (units.times <= last[:, None])
    assert (units.seen == inside).all(), "without missing cells there is no hole"


def test_missing_cells_and_unequal_sizes_are_as_declared() -> None:
    units = population(n_units=400, missing=0.3, unequal=0.7)
    assert units.seen.mean() == pytest.approx(0.7, abs=0.02)
    assert units.sizes.mean() == pytest.approx(1.0)
    assert np.log(units.sizes).std() == pytest.approx(0.7, abs=0.06)


def test_the_effect_is_the_only_difference_and_only_on_affected_rows() -> None:
    units = population(neighbours=4)
    options = {"noise": 0.3, "ar1": 0.5, "skew": 1.0, "season": 0.1, "factor": 0.2}
    plain = surface(units, effect=[0.0], **options)
    moved = surface(units, effect=[-0.1, -0.3], spillover=0.5, **options)
    gap = moved - plain
    since = units.times - units.cohort[:, None]
    beside = units.times - units.exposed[:, None]
    expected = np.select([since == 0, since > 0], [-0.1, -0.3], 0.0)
    expected += 0.5 * np.select([beside == 0, beside > 0], [-0.1, -0.3], 0.0)
    np.testing.assert_allclose(gap[:, :, 0], expected, atol=1e-12)
    np.testing.assert_allclose(gap[:, :, 1], 0.0, atol=1e-12)


def test_effects_that_vary_between_units_have_the_declared_mean() -> None:
    units = population(n_units=90, cohorts=[10] * 60)
    gap = surface(units, effect=[0.2], varies=0.05) - surface(units, effect=[0.0])
    after = gap[np.isfinite(units.cohort)][:, 9:, 0]
    assert after.mean() == pytest.approx(0.2, abs=1e-12)
    assert after[:, 0].std() == pytest.approx(0.05, abs=0.012)
    np.testing.assert_allclose(after, np.repeat(after[:, :1], 11, axis=1))


def test_shared_shocks_hit_all_rows_and_small_units_have_larger_ones() -> None:
    units = population(n_units=300, unequal=0.8)
    both = surface(units, effect=[0.0], noise=0.2, shared=1.0)
    np.testing.assert_allclose(both[:, :, 0], both[:, :, 1])
    own = surface(units, effect=[0.0], noise=0.2)
    assert not np.allclose(own[:, :, 0], own[:, :, 1])
    deviation = own[:, :, 0].std(axis=1)
    small = units.sizes < np.quantile(units.sizes, 0.3)
    assert deviation[small].mean() > 1.3 * deviation[~small].mean()


def test_firms_share_the_business_of_their_unit() -> None:
    shares = draw_firms(np.random.default_rng(1), np.array([0.01, 1.0, 2.0]), firms=50)
    assert len(shares[0]) == LEAST_FIRMS
    assert len(shares[1]) == pytest.approx(50, abs=25)
    for one in shares:
        assert one.sum() == pytest.approx(1.0)
        assert (one > 0).all()


def test_lengths_by_hand() -> None:
    """A hazard that is certain in the third time ends all spells there; none is seen to before."""
    hazard = np.array([-np.inf, -np.inf, 20.0, -np.inf])
    length, ended = draw_ends(
        np.random.default_rng(0), start=np.array([1, 2, 3, 4]), log_hazard=hazard
    )
    assert length.tolist() == [3, 2, 1, 1]
    assert ended.tolist() == [True, True, True, False]


def test_lengths_follow_the_hazard() -> None:
    """With hazard h the share that ends in the first time is 1 - exp(-h), then of those left."""
    hazard = np.log(np.array([0.2, 0.2, 0.5, 0.5]))
    start = np.ones(40_000, dtype=int)
    length, ended = draw_ends(np.random.default_rng(2), start=start, log_hazard=hazard)
    shares = [np.mean(ended & (length == time)) for time in (1, 2, 3, 4)]
    left = np.exp(-np.array([0.0, 0.2, 0.4, 0.9, 1.4]))
    np.testing.assert_allclose(shares, left[:-1] - left[1:], atol=0.006)
    assert np.mean(~ended) == pytest.approx(left[-1], abs=0.006)
    assert (length[~ended] == 4).all()
