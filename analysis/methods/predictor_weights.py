"""Weights of predictors for a synthetic control: several starts, the best fit, the spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from analysis.methods.simplex import simplex_weights

_MOST_STEPS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorFit:
    """Donor weights under the best predictor weights.

    Attributes
    ----------
    weights : numpy.ndarray
        Of the donors; shape (J,).
    importance : numpy.ndarray
        Of the predictors, summing to one; shape (m,).
    losses : numpy.ndarray
        Pre-period mean squared gap each start ended with, best first; shape (n_starts,).
    others : numpy.ndarray
        Donor weights of every start, in the order of `losses`; shape (n_starts, J).
    """

    weights: np.ndarray
    importance: np.ndarray
    losses: np.ndarray
    others: np.ndarray


def predictor_weights(
    predictors: np.ndarray, before: np.ndarray, *, starts: int, seed: int
) -> PredictorFit:
    r"""Choose predictor weights V that let the donor weights W(V) fit the times before best.

    Parameters
    ----------
    predictors : numpy.ndarray
        Column 0 treated; shape (m, 1 + J).
    before : numpy.ndarray
        Outcomes before the reform; shape (T0, 1 + J).
    starts : int
        Equal weights, weights from a regression of outcomes on predictors, then draws from the
        simplex.
    seed : int
        Of those draws.

    Returns
    -------
    PredictorFit

    Notes
    -----
    .. math:: W(V) = \arg\min_{w} \sum_h v_h (X_{1h} - X_{0h}' w)^2, \quad
       \min_V \frac{1}{T_0} \|Z_1 - Z_0 W(V)\|^2

    Predictors are divided by their standard deviation over all units. The outer problem is not
    convex: Nelder-Mead on the absolute values of v from every start.
    """
    spread = predictors.std(axis=1, ddof=1)
    scaled = predictors / np.where(spread > 0, spread, 1.0)[:, None]
    inner = scaled[:, 1:], scaled[:, 0]

    def donors_of(v: np.ndarray) -> np.ndarray:
        share = np.abs(v) / (np.abs(v).sum() or 1.0)
        root = np.sqrt(share)
        return simplex_weights(root[:, None] * inner[0], root * inner[1])

    def loss(v: np.ndarray) -> float:
        return float(np.mean((before[:, 0] - before[:, 1:] @ donors_of(v)) ** 2))

    ends = [
        minimize(loss, start, method="Nelder-Mead", options={"maxiter": _MOST_STEPS}).x
        for start in _starts(scaled, before, starts, seed)
    ]
    losses = np.array([loss(end) for end in ends])
    order = np.argsort(losses, kind="stable")
    best = np.abs(ends[order[0]])
    return PredictorFit(
        weights=donors_of(best),
        importance=best / best.sum(),
        losses=losses[order],
        others=np.array([donors_of(ends[i]) for i in order]),
    )


def _starts(scaled: np.ndarray, before: np.ndarray, starts: int, seed: int) -> list[np.ndarray]:
    count = len(scaled)
    made = [np.full(count, 1 / count)]
    if starts > 1:
        design = np.column_stack([np.ones(scaled.shape[1]), scaled.T])
        slopes = np.linalg.lstsq(design, before.T, rcond=None)[0][1:]
        size = np.sum(slopes**2, axis=1)
        made.append(size / size.sum() if size.sum() > 0 else made[0])
    rng = np.random.default_rng(seed)
    made.extend(rng.dirichlet(np.ones(count)) for _ in range(starts - 2))
    return made
