"""The models of counts and of shares: their means, weights, scores and likelihoods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

Model = Literal["poisson", "logit", "cloglog"]

#: Range of the linear predictor in which every model is evaluated.
ETA_LOW, ETA_HIGH = -500.0, 500.0
CLOGLOG_HIGH = 6.0
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A model at one linear predictor; N cells.

    Attributes
    ----------
    mean, weights, scores : numpy.ndarray
        Mean; expected information and derivative of the log-likelihood by the linear predictor;
        each (N,).
    likelihood : float
        Log-likelihood but for constants.
    """

    mean: np.ndarray
    weights: np.ndarray
    scores: np.ndarray
    likelihood: float


def mean_of(eta: np.ndarray, *, model: Model) -> np.ndarray:
    """Mean of the outcome at the linear predictor `eta`; same shape."""
    if model == "poisson":
        return np.asarray(np.exp(np.clip(eta, ETA_LOW, ETA_HIGH)))
    if model == "logit":
        return np.asarray(expit(eta))
    return np.asarray(-np.expm1(-np.exp(np.clip(eta, ETA_LOW, CLOGLOG_HIGH))))


def state_of(outcome: np.ndarray, weights: np.ndarray, eta: np.ndarray, *, model: Model) -> State:
    """Evaluate the model at the linear predictor `eta` (N,)."""
    y, w = outcome, weights
    if model == "poisson":
        bounded = np.clip(eta, ETA_LOW, ETA_HIGH)
        mean = np.exp(bounded)
        W = w * mean
        likelihood = float(np.dot(w * y, bounded) - W.sum())
        return State(mean=mean, weights=W, scores=w * y - W, likelihood=likelihood)
    if model == "logit":
        mean = expit(eta)
        likelihood = float(np.dot(w, y * eta - np.logaddexp(0, eta)))
        W = np.maximum(w * mean * (1 - mean), TINY)
        return State(mean=mean, weights=W, scores=w * (y - mean), likelihood=likelihood)
    bounded = np.clip(eta, ETA_LOW, CLOGLOG_HIGH)
    e = np.exp(bounded)
    mean = -np.expm1(-e)
    likelihood = float(np.dot(w, y * np.log(mean) - (1 - y) * e))
    W = np.maximum(w * e**2 * np.exp(-e) / mean, TINY)
    return State(mean=mean, weights=W, scores=w * (y - mean) * e / mean, likelihood=likelihood)


def first_eta(outcome: np.ndarray, weights: np.ndarray, *, model: Model) -> np.ndarray:
    """Linear predictor to begin with, from the outcomes alone; (N,)."""
    if model == "poisson":
        return np.asarray(np.log((outcome + np.average(outcome, weights=weights)) / 2))
    mean = (outcome * weights + 0.5) / (weights + 1)
    if model == "logit":
        return np.asarray(np.log(mean / (1 - mean)))
    return np.asarray(np.log(-np.log1p(-mean)))


def dispersion(outcome: np.ndarray, weights: np.ndarray, state: State, *, model: Model) -> float:
    """Mean Pearson statistic of the cells: what one squared standard error is worth."""
    spread = state.mean if model == "poisson" else state.mean * (1 - state.mean)
    pearson = weights * (outcome - state.mean) ** 2 / np.maximum(spread, TINY)
    return float(np.minimum(pearson, 1e300).mean())


def bounds_reached(outcome: np.ndarray, *, model: Model) -> np.ndarray:
    """Give 1 where the outcome is at its lower bound, -1 at its upper bound, else 0; (N,)."""
    side = np.where(outcome == 0, 1, 0)
    if model != "poisson":
        side[outcome == 1] = -1
    return side
