"""Two groups, two periods, covariates: regression, weighting and doubly robust estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.errors import IdentificationError

Adjustment = Literal["regression", "weighting", "doubly_robust"]

#: A control whose odds of treatment reach this propensity is left out (as in DRDID 1.2).
TRIM = 0.995
#: Steps, and change of the coefficients at which the logit has converged.
LOGIT_STEPS = 50
LOGIT_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """ATT of one comparison and the contributions to its error.

    Attributes
    ----------
    estimate : numpy.ndarray
        One for every column of changes, (m,).
    influence : numpy.ndarray
        Of the first column, shape (n,); the sum of squares is the variance.
    """

    estimate: np.ndarray
    influence: np.ndarray


def compare(
    change: np.ndarray,
    treated: np.ndarray,
    *,
    weights: np.ndarray,
    covariates: np.ndarray,
    adjustment: Adjustment,
) -> Pair:
    r"""Compare the change of treated units with that of controls alike in covariates.

    Parameters
    ----------
    change : numpy.ndarray
        Outcome less outcome at the base period, shape (n, m).
    treated : numpy.ndarray
        Whether a unit is treated, else control; shape (n,).
    weights : numpy.ndarray
        Of the units, shape (n,).
    covariates : numpy.ndarray
        Shape (n, p), the constant among them.
    adjustment : {"regression", "weighting", "doubly_robust"}
        Outcome regression among controls; propensity weights by a logit, normalised (Hajek);
        or both.

    Returns
    -------
    Pair

    Raises
    ------
    IdentificationError
        If covariates are collinear among the controls or separate treated from controls.

    Notes
    -----
    With :math:`r = \Delta Y - X'\hat\beta` (the change itself when only weighting) and
    :math:`w_1 = wD`, :math:`w_0 = w \hat p (1-D)/(1-\hat p)` (:math:`w_0 = w D` on fitted values
    when only regressing),

    .. math:: \widehat{ATT} = E_n[w_1 r]/E_n[w_1] - E_n[w_0 r]/E_n[w_0].

    The influence function carries the estimation of the regression and of the propensity.

    References
    ----------
    Sant'Anna and Zhao (2020), doi:10.1016/j.jeconom.2020.06.003.
    """
    d = treated.astype(float)
    total = weights.sum()
    w = weights / total
    regress = adjustment in ("regression", "doubly_robust")
    weigh = adjustment in ("weighting", "doubly_robust")
    X = covariates
    if regress:
        beta, ols = _least_squares(change, X, w * (1 - d))
        r = change - X @ beta
    else:
        r = change
    w1 = w * d
    odds = _odds(X, d, w) if weigh else None
    w0 = np.zeros_like(w) if odds is None else w * (1 - d) * odds.odds
    eta1 = w1 @ r / w1.sum()
    eta0 = w0 @ r / w0.sum() if weigh else np.zeros_like(eta1)
    first = r[:, 0]
    lean = w1 * (first - eta1[0]) / w1.sum()
    if regress:  # the regression is estimated
        gap = w1 @ X / w1.sum() - (w0 @ X / w0.sum() if weigh else 0.0)
        lean -= ((w * (1 - d) * first)[:, None] * X) @ (ols @ gap)
    if odds is not None:  # controls are a sample, and the propensity is estimated
        off = w0 * (first - eta0[0]) / w0.sum()
        lean -= off + ((w * (d - odds.propensity))[:, None] * X) @ (odds.bread @ (off @ X))
    return Pair(estimate=eta1 - eta0, influence=lean)


def _least_squares(change: np.ndarray, X: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, ...]:
    gram = (X * w[:, None]).T @ X
    scale = np.sqrt(np.diag(gram))
    if not (scale > 0).all() or np.linalg.cond(gram / np.outer(scale, scale)) > 1e14:
        raise IdentificationError.of(
            expected="covariates that vary apart from each other among the control units",
            found=f"collinear ones among {int((w > 0).sum())} control units",
            mend="leave out a covariate or widen the control group",
        )
    bread = np.linalg.inv(gram)
    return bread @ (X * w[:, None]).T @ change, bread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Odds:
    propensity: np.ndarray  # (n,)
    odds: np.ndarray  # (n,), zero where trimmed
    bread: np.ndarray  # (p, p), inverse of the Hessian


def _odds(X: np.ndarray, d: np.ndarray, w: np.ndarray) -> _Odds:
    """Fit a weighted logit by Newton steps."""
    gamma = np.zeros(X.shape[1])
    for _ in range(LOGIT_STEPS):
        p = 1 / (1 + np.exp(-np.clip(X @ gamma, -35, 35)))
        hessian = (X * (w * p * (1 - p))[:, None]).T @ X
        if np.linalg.cond(hessian) > 1e16:
            break
        step = np.linalg.solve(hessian, X.T @ (w * (d - p)))
        gamma += step
        if np.abs(step).max() < LOGIT_TOLERANCE * (1 + np.abs(gamma).max()):
            p = 1 / (1 + np.exp(-(X @ gamma)))
            bread = np.linalg.inv((X * (w * p * (1 - p))[:, None]).T @ X)
            kept = (d == 1) | (p < TRIM)
            safe = np.minimum(p, 1 - 1e-6)
            return _Odds(propensity=safe, odds=np.where(kept, safe / (1 - safe), 0.0), bread=bread)
    raise IdentificationError.of(
        expected="treated and control units that overlap in their covariates",
        found="covariates that tell them apart, so the propensity does not converge",
        mend="leave out a covariate, coarsen it, or use adjustment='regression'",
    )
