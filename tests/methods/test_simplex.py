"""Weights on the simplex: by hand, against another solver, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from analysis.methods.simplex import penalised_weights, simplex_weights


def slow(objective: object, count: int) -> np.ndarray:
    """Minimise over the simplex by a general-purpose optimiser."""
    result = minimize(
        objective,
        np.full(count, 1 / count),
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 2_000},
    )
    return np.asarray(result.x)


def test_target_between_two_donors() -> None:
    # 0 and 4 with target 1: a quarter of the second.
    weights = simplex_weights(np.array([[0.0, 4.0], [0.0, 4.0]]), np.array([1.0, 1.0]))
    np.testing.assert_allclose(weights, [0.75, 0.25], atol=1e-12)


def test_target_outside_goes_to_the_nearest_donor() -> None:
    weights = simplex_weights(np.array([[1.0, 2.0, 3.0]]), np.array([10.0]))
    np.testing.assert_allclose(weights, [0, 0, 1], atol=1e-12)


def test_ridge_by_hand() -> None:
    # min (w1 - 1)^2 + (w2 - 0)^2 + z (w1^2 + w2^2), w1 + w2 = 1, z = 1: w1 = (1 + 1/2) / 2.
    weights = simplex_weights(np.eye(2), np.array([1.0, 0.0]), ridge=1.0)
    np.testing.assert_allclose(weights, [0.75, 0.25], atol=1e-12)


def test_intercept_forgives_a_level() -> None:
    donors = np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 9.0]])
    weights = simplex_weights(donors, donors[:, 0] + 100, intercept=True)
    np.testing.assert_allclose(weights, [1, 0], atol=1e-12)


def test_donors_equal_to_the_target_share() -> None:
    np.testing.assert_allclose(simplex_weights(np.ones((3, 4)), np.ones(3)), 0.25)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("ridge", "intercept"), [(0.0, False), (0.7, False), (0.7, True)])
def test_against_a_general_optimiser(seed: int, ridge: float, intercept: bool) -> None:
    rng = np.random.default_rng(seed)
    donors, target = rng.standard_normal((15, 6)), rng.standard_normal(15)

    def objective(w: np.ndarray) -> float:
        gap = donors @ w - target
        gap = gap - gap.mean() if intercept else gap
        return float(gap @ gap + ridge * w @ w)

    weights = simplex_weights(donors, target, ridge=ridge, intercept=intercept)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert (weights >= 0).all()
    best = slow(objective, 6)
    assert objective(weights) <= objective(best) + 1e-12
    np.testing.assert_allclose(weights, best, atol=1e-5)


@pytest.mark.parametrize("penalty", [0.01, 0.3, 2.0])
def test_penalised_against_a_general_optimiser(penalty: float) -> None:
    rng = np.random.default_rng(5)
    donors, target = rng.standard_normal((10, 5)), rng.standard_normal(10)
    distance = ((donors - target[:, None]) ** 2).sum(axis=0)

    def objective(w: np.ndarray) -> float:
        return float(((donors @ w - target) ** 2).sum() + penalty * distance @ w)

    weights = penalised_weights(donors, target, penalty=penalty)
    np.testing.assert_allclose(weights, slow(objective, 5), atol=1e-4)
    assert objective(weights) <= objective(slow(objective, 5)) + 1e-8


def test_high_penalty_gives_the_nearest_neighbour() -> None:
    donors = np.array([[0.0, 1.2, 5.0], [0.0, 1.0, 5.0]])
    weights = penalised_weights(donors, np.array([1.0, 1.0]), penalty=1e4)
    np.testing.assert_allclose(weights, [0, 1, 0], atol=1e-6)
