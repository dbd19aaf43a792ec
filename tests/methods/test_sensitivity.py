"""HonestDiD bounds, pre-trend power and confounding: by hand and against slow versions."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import linprog

from analysis.errors import IdentificationError
from analysis.methods.event_study import event_study
from analysis.methods.honest import (
    EventPath,
    _corners,
    _steps,
    folded_quantile,
    relative_magnitudes,
    smoothness,
)
from analysis.methods.sensitivity import confounding, event_path, honest_bounds, pre_trend_power
from analysis.methods.simulate import simulate_panel


def _path(n_before: int, n_after: int, *, seed: int = 0, weights: np.ndarray | None = None):
    rng = np.random.default_rng(seed)
    size = n_before + n_after
    root = rng.standard_normal((size, size)) * 0.3 + np.eye(size)
    estimate = 0.1 * rng.standard_normal(size) - 0.6 * (np.arange(size) >= n_before)
    return EventPath(
        before=estimate[:n_before],
        after=estimate[n_before:],
        covariance=0.01 * root @ root.T,
        weights=np.full(n_after, 1 / n_after) if weights is None else weights,
    )


@pytest.mark.parametrize("weights", [None, np.array([0.6, -0.2, 0.6])])
def test_corners_solve_the_linear_programme(weights: np.ndarray | None) -> None:
    """Slow version: minimise eta over the nuisance effects with a solver, for many effects."""
    path = _path(3, 3, weights=weights)
    estimate = np.concatenate([path.before, path.after])
    for number in range(3):
        for sign in (1.0, -1.0):
            step = _steps(path).rows[number] * sign
            corners = _corners(path, step, 1.3)
            moves = np.zeros((3, 6))
            moves[[0, 1, 2], [3, 4, 5]] = 1.0
            moves[[1, 2], [3, 4]] = -1.0
            rows = np.vstack([moves, -moves]) - 1.3 * step
            sd = np.sqrt(np.diag(rows @ path.covariance @ rows.T))
            for theta in np.linspace(-2, 1, 9):
                # delta after = beta after - tau with weights @ tau = theta.
                solved = linprog(
                    np.r_[1.0, 0, 0, 0],
                    A_ub=np.column_stack([-sd, -rows[:, 3:]]),
                    b_ub=-rows @ estimate,
                    A_eq=np.r_[0.0, path.weights][None],
                    b_eq=[theta],
                    bounds=[(None, None)] * 4,
                )
                target = float(path.weights @ path.after)
                mine = (corners.level + corners.slope * (target - theta)).max()
                assert mine == pytest.approx(solved.fun, abs=1e-8)


def test_a_bound_of_zero_is_nearly_the_usual_interval() -> None:
    path = _path(4, 3)
    row = np.r_[np.zeros(4), path.weights]
    error = np.sqrt(row @ path.covariance @ row)
    centre = path.weights @ path.after
    got = relative_magnitudes(path, 0.0)
    assert (got.high - got.low) / 2 == pytest.approx(1.96 * error, rel=0.06)
    assert (got.high + got.low) / 2 == pytest.approx(centre, abs=0.05 * error)


def test_intervals_grow_with_the_bound_and_are_closed() -> None:
    path = _path(5, 4)
    made = [relative_magnitudes(path, bound) for bound in (0.0, 0.5, 1.0, 2.0)]
    assert all(a.low >= b.low and a.high <= b.high for a, b in pairwise(made))
    assert not any(one.open_low or one.open_high for one in made)


def test_relative_magnitudes_cover_at_the_edge_of_the_set() -> None:
    """The trend gap that moves the target most, as far as the largest step before allows."""
    rng = np.random.default_rng(1)
    gap = np.array([0.0, 1.0, 1.0, 2.0, 3.0])  # steps before: 1, 0, -1; after 1, 1
    covariance = 0.04 * np.eye(5)
    missed = 0
    for _ in range(150):
        drawn = gap + rng.multivariate_normal(np.zeros(5), covariance)
        drawn = drawn - 0.0
        path = EventPath(
            before=drawn[:3] - 1.0,
            after=drawn[3:] - 1.0,
            covariance=covariance,
            weights=np.array([0.5, 0.5]),
        )
        got = relative_magnitudes(path, 1.0)
        missed += not got.low <= 0.0 <= got.high
    assert missed / 150 <= 0.09  # 5 % and two Monte Carlo errors


def test_windows_of_120_by_120_work() -> None:
    path = _path(119, 121)
    got = relative_magnitudes(path, 0.5, points=401)
    assert np.isfinite(got.low)
    assert got.low < got.high


def test_smoothness_zero_takes_out_the_straight_line() -> None:
    """With M = 0 it is generalised least squares with a linear trend gap."""
    path = _path(4, 2)
    times = np.array([-4.0, -3, -2, -1, 1, 2])
    design = np.column_stack([times, np.r_[0, 0, 0, 0, 1, 0], np.r_[0, 0, 0, 0, 0, 1]])
    inverse = np.linalg.inv(path.covariance)
    bread = np.linalg.inv(design.T @ inverse @ design)
    fitted = bread @ design.T @ inverse @ np.concatenate([path.before, path.after])
    row = np.array([0, 0.5, 0.5])
    error = np.sqrt(row @ bread @ row)
    got = smoothness(path, 0.0)
    assert (got.low + got.high) / 2 == pytest.approx(row @ fitted, abs=1e-3 * error)
    assert (got.high - got.low) / 2 == pytest.approx(1.96 * error, rel=1e-3)


def test_smoothness_widens() -> None:
    path = _path(4, 2)
    width = [np.ptp([one.low, one.high]) for one in (smoothness(path, m) for m in (0.0, 0.05, 0.5))]
    assert width[0] < width[1] < width[2]


def test_folded_quantile_by_hand() -> None:
    assert folded_quantile(0.95, 0.0) == pytest.approx(stats.norm.ppf(0.975))
    value = folded_quantile(0.95, 1.0)
    assert stats.norm.cdf(value - 1) - stats.norm.cdf(-value - 1) == pytest.approx(0.95)
    assert folded_quantile(0.95, 9.0) == pytest.approx(9 + stats.norm.ppf(0.95))


@pytest.fixture(scope="module")
def table():
    panel = simulate_panel(n_units=40, n_times=10, n_treated=20, ar1=0.2, effect=-2.0, seed=1).panel
    return event_study(panel, inference="CR1")


def test_the_default_target_is_the_headline(table) -> None:
    path = event_path(table)
    assert float(path.weights @ path.after) == pytest.approx(table.overall.estimate)
    made = honest_bounds(table, bounds=[0.0, 5.0])
    assert made.target == "ATT overall"
    assert made.breakdown == 5.0
    assert made.frame["conf_high"].iloc[0] < 0
    assert isinstance(made.frame, pd.DataFrame)


def test_no_covariance_is_refused(table) -> None:
    panel = simulate_panel(n_units=12, n_times=6, n_treated=4, seed=1).panel
    with pytest.raises(IdentificationError, match="with a covariance"):
        honest_bounds(event_study(panel, inference="none"))
    with pytest.raises(IdentificationError, match="zero or more"):
        honest_bounds(table, bounds=[-1.0])
    with pytest.raises(IdentificationError, match="weights"):
        honest_bounds(table, weights=[1.0])


def test_pre_trend_power(table) -> None:
    at_half = pre_trend_power(table, power=0.5)
    assert at_half.power == pytest.approx(0.5, abs=0.01)
    again = pre_trend_power(table, slope=at_half.slope)
    assert again.power == pytest.approx(at_half.power)
    path = event_path(table)
    after = np.arange(1, len(path.after) + 1)
    assert at_half.bias == pytest.approx(at_half.slope * after.mean())
    assert pre_trend_power(table, slope=0.0).bias == 0.0


def test_confounding_by_hand() -> None:
    """Darfur example of Cinelli and Hazlett: t = 4.18, 783 degrees of freedom, RV 13.9 %, 7.6 %."""
    said = confounding(4.18445, dof=783)
    assert said.robustness == pytest.approx(0.1388, abs=5e-4)
    assert said.robustness_of_interval == pytest.approx(0.0763, abs=5e-4)
    assert said.partial_r2 == pytest.approx(0.0219, abs=1e-4)
    assert confounding(1.0, dof=50).robustness_of_interval == 0.0
    with pytest.raises(IdentificationError):
        confounding(np.nan, dof=50)


def _stored(name: str) -> dict:
    folder = Path(__file__).resolve().parents[1] / "oracles" / "inference"
    return json.loads((folder / name).read_text(encoding="utf-8"))


def _stored_path() -> EventPath:
    case = _stored("honest.json")["cases"]["short"]
    estimate, cut = np.array(case["estimate"]), case["n_before"]
    return EventPath(
        before=estimate[:cut],
        after=estimate[cut:],
        covariance=np.array(case["covariance"]),
        weights=np.full(2, 0.5),
    )


def test_relative_magnitudes_agree_with_statspai() -> None:
    """To its grid step and the draws of its critical value; moderndid 0.2 is narrower."""
    for bound, (low, high) in _stored("honest_statspai.json")["rm"].items():
        got = relative_magnitudes(_stored_path(), float(bound))
        assert got.low == pytest.approx(low, abs=0.01)
        assert got.high == pytest.approx(high, abs=0.01)


def test_smoothness_agrees_with_moderndid() -> None:
    for bound, (low, high) in _stored("honest.json")["cases"]["short"]["sd"].items():
        got = smoothness(_stored_path(), float(bound))
        assert got.low == pytest.approx(low, abs=5e-4)
        assert got.high == pytest.approx(high, abs=5e-4)
