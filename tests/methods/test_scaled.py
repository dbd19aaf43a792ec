"""The size-scaled t: by hand, and size under no effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.scaled import scaled_variance, two_way_residuals
from analysis.methods.simulate import draw_errors, simulate_panel, unit_spread


def test_two_way_residuals_equal_a_dummy_regression() -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal((2, 4, 5))
    weights = np.broadcast_to(rng.uniform(0.5, 2, (4, 1)), (4, 5)).copy()
    weights[1, 2] = weights[3, 0] = 0.0
    got = two_way_residuals(y, np.broadcast_to(weights, y.shape))
    unit, time = np.nonzero(weights)
    design = np.column_stack([pd.get_dummies(unit, dtype=float), pd.get_dummies(time, dtype=float)])
    root = np.sqrt(weights[unit, time])
    for draw in range(2):
        outcome = y[draw, unit, time]
        fitted = design @ np.linalg.lstsq(design * root[:, None], outcome * root, rcond=None)[0]
        np.testing.assert_allclose(got[draw, unit, time], outcome - fitted, atol=1e-10)
    assert (got[:, 1, 2] == 0).all()


def test_with_equal_scales_it_is_the_pooled_t_of_the_changes() -> None:
    """Where every unit has the same pre-period variance, the variance is the textbook one."""
    before = np.array([[1.0, -1, 1, -1], [-1, 1, -1, 1], [1, -1, -1, 1], [-1, 1, 1, -1]])
    y = np.zeros((1, 8, 6))
    y[0, :4, :4], y[0, 4:, :4] = before, -before
    change = np.array([0.3, -0.2, 0.9, 1.1, -0.4, 0.2, 0.0, 0.5])
    y[0, :, 4:] = change[:, None]
    treated = np.array([True, True] + 6 * [False])
    share = np.where(treated, 1 / 2, -1 / 6)
    loadings = share[:, None] * np.array([-0.25] * 4 + [0.5] * 2)
    made = scaled_variance(
        y,
        loadings[None],
        sizes=np.ones(8),
        before=np.arange(6) < 4,
        control=~treated,
        seen=np.ones((8, 6), dtype=bool),
    )
    np.testing.assert_allclose(made.scale[0], made.scale[0, 0])
    expected = change[2:].var(ddof=1) * (1 / 2 + 1 / 6)
    assert made.covariance[0, 0, 0] == pytest.approx(expected)
    assert 1 < made.dof[0, 0] < 5


def test_scale_follows_size_and_own_variance() -> None:
    rng = np.random.default_rng(5)
    sizes = np.repeat([0.25, 4.0], 10)
    spread = unit_spread(sizes)
    y = draw_errors(rng, (50, 20, 40)) * spread[:, None]
    control = np.ones(20, dtype=bool)
    control[0] = False
    made = scaled_variance(
        y,
        np.zeros((1, 20, 40)),
        sizes=sizes,
        before=np.arange(40) < 30,
        control=control,
        seen=np.ones((20, 40), dtype=bool),
    )
    ratio = np.median(made.scale[:, :10].mean(1) / made.scale[:, 10:].mean(1))
    assert ratio == pytest.approx((spread[0] / spread[-1]) ** 2, rel=0.1)


@pytest.mark.parametrize("n_treated", [2, 4, 6])
def test_size_is_near_five_percent_with_the_smallest_units_treated(n_treated: int) -> None:
    rng = np.random.default_rng(n_treated)
    sizes = np.sort(np.exp(rng.standard_normal(30)))
    y = draw_errors(rng, (1500, 30, 36), ar1=0.8) * unit_spread(sizes)[:, None]
    treated = np.arange(30) < n_treated
    share = np.where(treated, sizes / sizes[treated].sum(), -sizes / sizes[~treated].sum())
    loadings = share[:, None] * np.repeat([-1 / 24, 1 / 12], [24, 12])
    made = scaled_variance(
        y,
        loadings[None],
        sizes=sizes,
        before=np.arange(36) < 24,
        control=~treated,
        seen=np.ones((30, 36), dtype=bool),
    )
    statistic = np.einsum("rit,it->r", y, loadings) / np.sqrt(made.covariance[:, 0, 0])
    size = (2 * stats.t.sf(np.abs(statistic), made.dof[:, 0]) <= 0.05).mean()
    assert 0.02 <= size <= 0.07  # 5 % with three Monte Carlo errors of 0.6 points either side


def test_missing_cells_leave_it_defined() -> None:
    drawn = simulate_panel(sizes="unequal", missing=0.1, effect=-1.0, seed=2)
    said = difference_in_differences(drawn.panel, inference="scaled_t").overall
    assert said.conf_low < drawn.truth < said.conf_high
    assert "size-scaled t" in said.inference
    assert said.std_error > 0


def test_scaling_the_outcome_scales_the_interval() -> None:
    panel = simulate_panel(sizes="unequal", seed=4).panel
    one = difference_in_differences(panel, inference="scaled_t").overall
    outcome = panel.cells["outcome"].to_numpy()
    ten = difference_in_differences(panel.with_outcome(10 * outcome + 3), inference="scaled_t")
    assert ten.overall.std_error == pytest.approx(10 * one.std_error, rel=1e-9)
    assert ten.overall.p_value == pytest.approx(one.p_value, rel=1e-9)
