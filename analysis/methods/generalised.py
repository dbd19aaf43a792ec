"""Generalised linear models of the cells with effects absorbed: what counts and hazards share."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.factors import Factors
from analysis.methods.links import Model, State, bounds_reached, dispersion, first_eta, state_of
from analysis.methods.separation import by_levels, by_programme

#: The steps stop after one that moved the fit by less than this many standard errors. They
#: converge quadratically, so the next would be of the order of its square.
TOLERANCE = 1e-5
MAX_STEPS = 100
#: A fitted mean this much closer to its bound than usual calls for the linear programme.
NEAR_BOUND = 1e-6
#: A term whose length after absorbing is below this share of its length before is collinear.
COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What a model is fitted to; N cells.

    Attributes
    ----------
    outcome, weights : numpy.ndarray
        Cell means (N,) and their weights (N,).
    terms : numpy.ndarray
        Shape (N, k).
    names : tuple of str
        Of the terms, for messages.
    factors : Factors
        Effects to absorb.
    """

    outcome: np.ndarray
    weights: np.ndarray
    terms: np.ndarray
    names: tuple[str, ...]
    factors: Factors

    def keep(self, mask: np.ndarray) -> Data:
        """Return the cells where `mask` (N,) is true."""
        return Data(
            outcome=self.outcome[mask],
            weights=self.weights[mask],
            terms=self.terms[mask],
            names=self.names,
            factors=self.factors.keep(mask),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fitted model; N cells kept, k terms.

    Attributes
    ----------
    kept : numpy.ndarray
        Which of the cells handed in are not separated; shape (cells handed in,).
    coefficients : numpy.ndarray
        Shape (k,).
    eta, mean : numpy.ndarray
        Linear predictor and fitted mean of the cells kept, (N,).
    design : numpy.ndarray
        Terms with all effects absorbed at the fitted weights, (N, k).
    weights, scores : numpy.ndarray
        Expected information and derivative of the log-likelihood by the linear predictor, (N,).
    bread : numpy.ndarray
        Inverse information of the terms, (k, k).
    rank : int
        Terms and absorbed effects together.
    """

    kept: np.ndarray
    coefficients: np.ndarray
    eta: np.ndarray
    mean: np.ndarray
    design: np.ndarray
    weights: np.ndarray
    scores: np.ndarray
    bread: np.ndarray
    rank: int

    def influence(self, clusters: pd.Series) -> np.ndarray:
        """Contribution of every cluster to the error of every coefficient, (G, k)."""
        code = pd.factorize(clusters, sort=True)[0]
        columns = (self.design * self.scores[:, None]).T
        sums = np.column_stack([np.bincount(code, column) for column in columns])
        return np.asarray(sums @ self.bread)

    def factor(self, *, n_obs: int, n_clusters: int) -> float:
        """Small-sample factor of CR1, every dummy counted; 1 where it is not defined."""
        if n_clusters < 2 or n_obs <= self.rank:
            return 1.0
        return n_clusters / (n_clusters - 1) * (n_obs - 1) / (n_obs - self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Where the iterations ended: coefficients (k,) and linear predictor (N,)."""

    coefficients: np.ndarray
    eta: np.ndarray


def fit(data: Data, *, model: Model) -> Fitted:
    """Fit the model to the cells that are not separated.

    Parameters
    ----------
    data : Data
    model : {"poisson", "logit", "cloglog"}

    Returns
    -------
    Fitted

    Raises
    ------
    IdentificationError
        If no cell is left, a term is collinear with the effects or other terms, or the fit does
        not converge.

    Notes
    -----
    Newton steps (Fisher scoring) on terms and effects together, effects eliminated exactly; the
    last step is a statsmodels GLM on the absorbed terms with the effects as offset, which has
    the same coefficients and information as the GLM with every dummy.

    Cells that no finite effect can fit are found first by the exact graph test on pairs of
    factors and then, only if a fit of the rest comes close to a bound, by the linear programme
    over terms and effects together: a fit that stays away from the bounds proves that nothing
    is separated.
    """
    if data.outcome.any() and np.ptp(data.outcome) == 0:
        raise IdentificationError.of(
            expected="an outcome that varies",
            found=f"{data.outcome[0]:g} in every cell",
            mend="check the column: nothing can be learnt from a constant",
        )
    side = bounds_reached(data.outcome, model=model)
    gone = by_levels(side, data.factors)
    kept, path = _attempt(data, gone, model, strict=False)
    if _near_bound(kept, path.eta, model):
        left = np.flatnonzero(~gone)
        gone[left] = by_programme(side[left], kept.terms, kept.factors)
        _refuse_infinite(data, gone, left)
        kept, path = _attempt(data, gone, model, strict=True)
    state = _state(kept, path.eta, model)
    design = kept.factors.residuals(kept.terms.T, state.weights).T
    final = _statsmodels(kept, path, design, model)
    eta = path.eta + design @ (final.coefficients - path.coefficients)
    state = _state(kept, eta, model)
    return Fitted(
        kept=~gone,
        coefficients=final.coefficients,
        eta=eta,
        mean=state.mean,
        design=design,
        weights=state.weights,
        scores=state.scores,
        bread=final.bread,
        rank=kept.terms.shape[1] + kept.factors.rank,
    )


def _attempt(data: Data, gone: np.ndarray, model: Model, *, strict: bool) -> tuple[Data, Path]:
    if gone.all():
        raise IdentificationError.of(
            expected="outcomes that vary within the effects",
            found="every cell fitted perfectly (all zero, or all at a bound)",
            mend="check the outcome, or absorb fewer effects",
        )
    kept = data.keep(~gone) if gone.any() else data
    refuse_collinear(kept)
    return kept, iterate(kept, model=model, strict=strict)


def iterate(
    data: Data,
    *,
    model: Model,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    strict: bool = True,
) -> Path:
    """Maximise the likelihood by Newton steps.

    Parameters
    ----------
    data : Data
    model : {"poisson", "logit", "cloglog"}
    start : numpy.ndarray, optional
        Linear predictor (N,) to begin with.
    tolerance : float
        The steps stop after one of so many standard errors.
    strict : bool
        Whether to refuse a fit that did not converge.

    Raises
    ------
    IdentificationError
        If `strict` and the steps do not converge.
    """
    X, factors = data.terms, data.factors
    beta = np.zeros(X.shape[1])
    eta = first_eta(data.outcome, data.weights, model=model) if start is None else start
    state = _state(data, eta, model)
    guess = None
    for step in range(MAX_STEPS):
        fresh = step == 0
        pull = state.scores + state.weights * eta if fresh else state.scores
        move = _newton(X, factors, state.weights, pull, guess)
        guess = move.effects
        effects = move.effects[:, 0] - move.effects[:, 1:] @ move.beta
        change = X @ move.beta + factors.spread(effects)
        if fresh:
            beta, eta = move.beta, change
            state = _state(data, eta, model)
            continue
        gain = float(state.scores @ change)
        rounding = 1e-26 * float(state.weights.sum())
        size, after = _halved(data, eta, change, state, gain, model)
        beta, eta, state = beta + size * move.beta, eta + size * change, after
        if (
            gain
            <= tolerance**2 * dispersion(data.outcome, data.weights, state, model=model) + rounding
        ):
            return Path(coefficients=beta, eta=eta)
    if strict:
        raise IdentificationError.of(
            expected=f"a fit that converges in {MAX_STEPS} steps",
            found="one that still moves",
            mend="look for cells with huge outcomes, or leave out effects with few cells",
        )
    return Path(coefficients=beta, eta=eta)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    beta: np.ndarray
    effects: np.ndarray  # (levels, 1 + k): of the pull, then of every term


def _newton(
    X: np.ndarray, factors: Factors, W: np.ndarray, pull: np.ndarray, guess: np.ndarray | None
) -> _Move:
    weighted = X * W[:, None]
    sums = factors.sums(np.vstack([pull, weighted.T]))
    effects = factors.solve(W, sums, start=guess)
    left = X.T @ np.column_stack([pull, weighted]) - sums[:, 1:].T @ effects
    beta = np.linalg.lstsq(left[:, 1:], left[:, 0], rcond=1e-13)[0]
    return _Move(beta=beta, effects=effects)


def _halved(
    data: Data, eta: np.ndarray, change: np.ndarray, state: State, gain: float, model: Model
) -> tuple[float, State]:
    """Halve the step until the likelihood does not fall."""
    size = 1.0
    slack = 1e-12 * (abs(state.likelihood) + 1.0)
    while True:
        after = _state(data, eta + size * change, model)
        if after.likelihood >= state.likelihood - slack or gain <= slack or size < 1e-6:
            return size, after
        size /= 2


def _state(data: Data, eta: np.ndarray, model: Model) -> State:
    return state_of(data.outcome, data.weights, eta, model=model)


def _near_bound(data: Data, eta: np.ndarray, model: Model) -> bool:
    mean = _state(data, eta, model).mean
    low = data.outcome == 0
    usual = float(np.average(data.outcome, weights=data.weights))
    if (mean[low] < NEAR_BOUND * usual).any():
        return True
    high = data.outcome == 1
    return model != "poisson" and bool((1 - mean[high] < NEAR_BOUND * (1 - usual)).any())


def _refuse_infinite(data: Data, gone: np.ndarray, before: np.ndarray) -> None:
    """Raise if a term no longer varies because its cells are separated."""
    flat = np.ptp(data.terms[~gone], axis=0) == 0
    varied = np.ptp(data.terms[before], axis=0) > 0
    lost = [name for name, yes in zip(data.names, flat & varied, strict=True) if yes]
    if lost:
        raise IdentificationError.of(
            expected="outcomes away from their bounds where a term is on, and where it is off",
            found=f"only zeros (or only cells at a bound) for {', '.join(lost)}: "
            "the estimate would be infinite",
            mend="use longer times or larger units, or one overall effect",
        )


def refuse_collinear(data: Data) -> None:
    """Raise if a term does not vary beyond the effects and the other terms."""
    root = np.sqrt(data.weights)[:, None]
    absorbed = data.factors.residuals(data.terms.T, data.weights).T * root
    before = np.linalg.norm(data.terms * root, axis=0)
    upper = np.linalg.qr(absorbed, mode="r")
    kept = np.zeros(len(before), dtype=bool)
    kept[: len(upper)] = np.abs(np.diag(upper)) > COLLINEAR * np.maximum(
        before[: len(upper)], np.finfo(float).tiny
    )
    if kept.all():
        return
    lost = [name for name, fine in zip(data.names, kept, strict=True) if not fine]
    raise IdentificationError.of(
        expected="terms that vary beyond the absorbed effects",
        found=f"not identified: {', '.join(lost)}",
        mend="check that some units are treated inside the window, some before and some never, "
        "and that no absorbed effect holds the term constant",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Final:
    coefficients: np.ndarray
    bread: np.ndarray


def _statsmodels(data: Data, path: Path, design: np.ndarray, model: Model) -> _Final:
    """One GLM of statsmodels on the absorbed terms, everything else as offset."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    family = {
        "poisson": sm.families.Poisson,
        "logit": sm.families.Binomial,
        "cloglog": lambda: sm.families.Binomial(link=sm.families.links.CLogLog()),
    }[model]()
    glm = sm.GLM(
        data.outcome,
        design,
        family=family,
        offset=path.eta - design @ path.coefficients,
        var_weights=data.weights,
    )
    with warnings.catch_warnings():  # separation was settled before
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fitted = glm.fit(start_params=path.coefficients, tol=1e-8, rtol=1e-8, scale=1.0)
    return _Final(
        coefficients=np.asarray(fitted.params), bread=np.asarray(fitted.normalized_cov_params)
    )
