"""Poisson quasi-likelihood with cohort and time effects and a dummy for every treated cell."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from analysis.errors import IdentificationError
from analysis.methods.group_time import Pairs, Wide


@dataclass(frozen=True, slots=True, kw_only=True)
class PoissonEffects:
    """Effects in units of the outcome.

    Attributes
    ----------
    estimate : numpy.ndarray
        Shape (K,).
    influence : numpy.ndarray
        Contribution of every unit, shape (n, K).
    """

    estimate: np.ndarray
    influence: np.ndarray


def saturated_poisson(wide: Wide, pairs: Pairs) -> PoissonEffects:
    """Fit cohort, time and treated-cell effects to class means; effects by the delta method.

    Parameters
    ----------
    wide : Wide
    pairs : Pairs

    Raises
    ------
    IdentificationError
        If the likelihood has no maximum: a treated cohort and time, or all cells of a cohort or
        time, whose outcomes are all zero.
    """
    size, n_times = len(wide.firsts), len(wide.times)
    outcome = wide.outcome[:, :, 0]
    w = wide.weights[:, None] * ~np.isnan(outcome)
    weight, total = _class_sums(wide)
    design = _design(size, n_times, pairs)
    at = pairs.cohort * n_times + pairs.time
    untreated = _untreated(wide, pairs, weight, total)
    plain = design[:, : len(untreated)]
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0).ravel()
    params = np.append(untreated, np.log(mean[at]) - plain[at] @ untreated)
    eta = design @ params
    mu = np.exp(eta)
    hessian = (design * (weight.ravel() * mu)[:, None]).T @ design
    residual = w * (np.nan_to_num(outcome) - mu.reshape(size, n_times)[wide.members])
    blocks = design.reshape(size, n_times, -1)
    scores = np.stack([residual[i] @ blocks[c] for i, c in enumerate(wide.members)])
    without = design[at].copy()
    without[:, len(untreated) :] = 0.0
    mu0 = np.exp(without @ params)
    gradient = mu[at][:, None] * design[at] - mu0[:, None] * without
    return PoissonEffects(
        estimate=mu[at] - mu0, influence=scores @ np.linalg.solve(hessian, gradient.T)
    )


def saturated_effects(wide: Wide, pairs: Pairs) -> np.ndarray:
    """Effects alone, (K,): treated cells are fitted exactly, so only the others need a model.

    Parameters
    ----------
    wide : Wide
    pairs : Pairs

    Raises
    ------
    IdentificationError
        As `saturated_poisson`.
    """
    weight, total = _class_sums(wide)
    untreated = _untreated(wide, pairs, weight, total)
    plain = _design(len(wide.firsts), len(wide.times), pairs)[:, : len(untreated)]
    at = pairs.cohort * len(wide.times) + pairs.time
    mean = total.ravel()[at] / weight.ravel()[at]
    return np.asarray(mean - np.exp(plain[at] @ untreated))


def _untreated(wide: Wide, pairs: Pairs, weight: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Cohort and time effects from untreated cells alone: treated ones are fitted exactly."""
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    _refuse_zeros(wide, pairs, total)
    used = weight.ravel() > 0
    used[pairs.cohort * len(wide.times) + pairs.time] = False
    design = _design(len(wide.firsts), len(wide.times), pairs)[:, : sum(weight.shape) - 1]
    mean = total.ravel()[used] / weight.ravel()[used]
    glm = GLM(mean, design[used], family=Poisson(), var_weights=weight.ravel()[used])
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # as many effects as cells
        return np.asarray(glm.fit(tol=1e-13, maxiter=200).params)


def _class_sums(wide: Wide) -> tuple[np.ndarray, np.ndarray]:
    """Weight and weighted sum of the outcomes of every class and time, each (C, T)."""
    outcome = wide.outcome[:, :, 0]
    w = wide.weights[:, None] * ~np.isnan(outcome)
    weight = np.zeros((len(wide.firsts), len(wide.times)))
    total = np.zeros_like(weight)
    np.add.at(weight, wide.members, w)
    np.add.at(total, wide.members, w * np.nan_to_num(outcome))
    return weight, total


def _design(size: int, n_times: int, pairs: Pairs) -> np.ndarray:
    """Cohort, time (first left out) and treated-cell dummies of every class and time."""
    cohort = np.repeat(np.eye(size), n_times, axis=0)
    time = np.tile(np.eye(n_times)[:, 1:], (size, 1))
    treated = np.zeros((size * n_times, len(pairs.cohort)))
    treated[pairs.cohort * n_times + pairs.time, np.arange(len(pairs.cohort))] = 1.0
    return np.hstack([cohort, time, treated])


def _refuse_zeros(wide: Wide, pairs: Pairs, total: np.ndarray) -> None:
    zero = total[pairs.cohort, pairs.time] == 0
    untreated = total.copy()
    untreated[pairs.cohort, pairs.time] = 0.0
    if zero.any() or (untreated.sum(axis=1) == 0).any() or (untreated.sum(axis=0) == 0).any():
        cells = [
            f"cohort {wide.firsts[g]:.0f} at time {wide.times[t]}"
            for g, t in zip(pairs.cohort[zero], pairs.time[zero], strict=True)
        ]
        raise IdentificationError.of(
            expected="outcomes above zero in every treated cohort and time, and untreated cells",
            found=f"only zeros: {', '.join(cells) or 'a whole cohort or time untreated'}",
            mend="join times or cohorts, or use family='linear'",
        )
