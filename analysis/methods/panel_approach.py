"""Panel data approach: the treated unit's path from a regression on chosen untreated units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods import placebo
from analysis.methods.counterfactual import (
    Fitted,
    Rows,
    Uncertainty,
    effects_of,
    gaps,
    no_uncertainty,
    rows_of,
)
from analysis.methods.donor_choice import Criterion, Search, choose_donors
from analysis.methods.donor_pool import Pool, pools
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel

PanelApproachInference = Literal["recommended", "none", "prediction", "placebo"]
Errors = Literal["independent", "ar1"]

_CHOICES = ("recommended", "none", "prediction", "placebo")
#: Why prediction intervals are never recommended; benchmarks/results/synthetic_coverage.csv.
_TOO_SHORT = "prediction intervals reject in 28% to 59% of simulated panels without an effect"


def panel_approach(
    panel: Panel,
    *,
    criterion: Criterion = "AICc",
    search: Search = "recommended",
    most_donors: int | None = None,
    errors: Errors = "ar1",
    inference: PanelApproachInference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT at every time, and over all, from a regression on donors fitted before.

    Parameters
    ----------
    panel : Panel
        One or several treated units, one regression each. Donors are the units never treated
        inside the window and seen at all times of the treated unit.
    criterion : {"AICc", "BIC", "LASSO"}
        How donors are chosen; LASSO chooses by AICc among the subsets its path visits, refitted
        by least squares.
    search : {"recommended", "exact", "forward"}
        Of subsets: all (exact), or forward with dropping. Recommended: exact up to 65,536 subsets.
    most_donors : int, optional
        Largest number of donors in the regression; a quarter of the times before without it.
    errors : {"independent", "ar1"}
        What prediction intervals assume of the regression errors; with ``"ar1"`` the
        autocorrelation comes from the residuals.
    inference : {"recommended", "none", "prediction", "placebo"}
        ``"prediction"``: t intervals for the gap of a time and for averages; ``"placebo"``: ranks
        among placebos in space, the donors chosen anew in each and each estimate over the root
        mean squared residual before. Recommended: placebo from 19 placebo groups on, else none.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        ATT(e) for every event time (before: the residuals), ``ATT overall``, and one ``ATT`` a
        treated unit if there are several. ``augment()``: observed, counterfactual and gap, then
        donors with their coefficients; the constant stands in the notes.

    Raises
    ------
    IdentificationError
        If nobody is treated, or fewer than six times before or two donors are left.

    Notes
    -----
    .. math:: \hat Y_{1t}(0) = \hat a + \sum_{j \in S} \hat b_j Y_{jt}, \quad t \ge g

    with a, b by least squares over the times before and S by `criterion`. Coefficients may be
    negative and need not sum to one. Assumes that common factors drive all units with loadings
    that stay what they were, and that donors are untouched. With H the least-squares smoother
    the error of a gap is :math:`u_t - \sum_s H_{ts} u_s`; the variance of any average of gaps
    follows from the autocovariance of u, across units from the covariance of their residuals.
    Degrees of freedom: times before - donors - 1. Choosing the donors is not counted in the
    interval, so prediction intervals are too short; the placebo ranks count it.

    References
    ----------
    Hsiao, Ching and Wan (2012), doi:10.1002/jae.1230. Li and Bell (2017),
    doi:10.1016/j.jeconom.2016.01.011.

    Examples
    --------
    >>> import pandas as pd
    >>> b = [2.0, 4.0, 3.0, 5.0, 4.0, 6.0, 5.0, 7.0]
    >>> c = [1.0, 1.5, 1.2, 0.8, 1.1, 0.7, 1.3, 0.9]
    >>> noise = [0.1, -0.1, -0.1, 0.1, -0.1, 0.1, 0.0, 0.0]
    >>> frame = pd.DataFrame({
    ...     "unit": ["a"] * 8 + ["b"] * 8 + ["c"] * 8, "time": list(range(8)) * 3,
    ...     "growth": [1 + 2 * x + u for x, u in zip(b, noise)] + b + c,
    ...     "first": [6] * 8 + [None] * 16})
    >>> frame.loc[6:7, "growth"] += 10
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="growth", cohort="first")
    >>> table = panel_approach(panel, criterion="BIC", inference="none")
    >>> round(table.overall.estimate, 1)
    10.0
    """
    _refuse_unknown(criterion, search, errors, inference)
    made = pools(panel, least_before=6)

    def fit(pool: Pool) -> Fitted:
        return _fit(pool, criterion=criterion, search=search, most=most_donors)

    fits = [fit(pool) for pool in made]
    rows = rows_of(made)
    reason = placebo.too_few(made)
    if inference == "none":
        uncertainty = no_uncertainty(len(rows.labels), "none asked for", note=False)
    elif inference == "prediction":
        uncertainty = _prediction(made, fits, rows, errors=errors, conf_level=conf_level)
    elif reason is not None:
        instead = f"{reason}, and {_TOO_SHORT}" if inference == "recommended" else reason
        uncertainty = no_uncertainty(len(rows.labels), instead)
    else:
        drawn = placebo.placebo_gaps(made, fit, seed=seed)
        uncertainty = placebo.by_rank(made, rows, gaps(made, fits), drawn, conf_level=conf_level)
    return effects_of(
        panel, made, fits, rows, uncertainty, estimator="panel_approach", conf_level=conf_level
    )


def _fit(pool: Pool, *, criterion: Criterion, search: Search, most: int | None) -> Fitted:
    before = pool.series[: pool.n_before]
    limit = max(1, pool.n_before // 4) if most is None else most
    chosen = choose_donors(
        before[:, 1:], before[:, 0], criterion=criterion, search=search, most=limit
    )
    design = _design(pool, chosen)
    solution = np.linalg.lstsq(design[: pool.n_before], before[:, 0], rcond=None)[0]
    weights = np.zeros(len(pool.donors))
    weights[chosen] = solution[1:]
    after = pool.event_times >= 0
    residual = before[:, 0] - design[: pool.n_before] @ solution
    fit = 1 - residual.var() / (before[:, 0].var() or 1.0)
    names = ", ".join(map(str, pool.donors[chosen])) or "none"
    return Fitted(
        counterfactual=design @ solution,
        weights=weights,
        time_weights=after / after.sum(),
        notes=(
            f"{pool.name}: donors by {criterion}: {names}; constant {solution[0]:.4g}, "
            f"R2 before the reform {fit:.3f}.",
        ),
    )


def _design(pool: Pool, chosen: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(pool.times)), pool.series[:, 1 + chosen]])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errors:
    """Errors of one regression: what they do to gaps, and what they look like.

    Attributes
    ----------
    loads : numpy.ndarray
        Shape (T, T): errors of gaps = loads @ regression errors.
    residual : numpy.ndarray
        Before the reform, scaled so that its mean square is the unbiased variance; shape (T0,).
    dof : int
        Times before - donors - 1.
    correlation : float
        First autocorrelation of the residuals.
    """

    loads: np.ndarray
    residual: np.ndarray
    dof: int
    correlation: float


def _errors(pool: Pool, fit: Fitted) -> _Errors:
    before = pool.n_before
    design = _design(pool, np.flatnonzero(fit.weights))
    smoother = design @ np.linalg.pinv(design[:before])
    loads = np.eye(len(pool.times))
    loads[:, :before] -= smoother
    residual = (pool.series[:, 0] - fit.counterfactual)[:before]
    dof = before - design.shape[1]
    size = float(residual @ residual)
    correlation = float(residual[1:] @ residual[:-1]) / size if size > 0 else 0.0
    return _Errors(
        loads=loads,
        residual=residual * np.sqrt(before / dof),
        dof=dof,
        correlation=float(np.clip(correlation, 0.0, 0.95)),
    )


def _prediction(
    made: Sequence[Pool], fits: Sequence[Fitted], rows: Rows, *, errors: Errors, conf_level: float
) -> Uncertainty:
    found = [_errors(pool, fit) for pool, fit in zip(made, fits, strict=True)]
    loads = [rows.matrix[:, rows.pool == i] @ one.loads for i, one in enumerate(found)]
    k = len(rows.labels)
    cov = np.zeros((k, k))
    for i, first in enumerate(found):
        for j, second in enumerate(found):
            kernel = _kernel(made[i], made[j], first, second, errors=errors)
            cov += loads[i] @ kernel @ loads[j].T
    estimate = rows.matrix @ gaps(made, fits)
    dof = min(one.dof for one in found)
    made_of = numeric.t_intervals(
        estimate, (cov + cov.T) / 2, dof=dof, conf_level=conf_level, seed=0
    )
    words = "independent errors" if errors == "independent" else "AR(1) errors"
    return Uncertainty(
        name=f"prediction interval, t with {dof} degrees of freedom, {words}",
        intervals=made_of,
        covariance=cov,
        notes=(
            "Prediction intervals do not count the choice of donors: with 30 donors and no effect "
            "they reject in 28% to 59% of simulated panels at 5%; use inference='placebo'.",
        ),
    )


def _kernel(
    pool: Pool, other: Pool, first: _Errors, second: _Errors, *, errors: Errors
) -> np.ndarray:
    """Covariance of the regression errors of two units at all pairs of their times."""
    both = min(pool.n_before, other.n_before)
    covariance = float(first.residual[-both:] @ second.residual[-both:]) / both
    distance = np.abs(pool.times[:, None] - other.times[None, :])
    if errors == "independent":
        return np.asarray(covariance * (distance == 0))
    rho = (first.correlation + second.correlation) / 2
    return np.asarray(covariance * rho**distance)


def _refuse_unknown(criterion: str, search: str, errors: str, inference: str) -> None:
    for name, value, known in (
        ("criterion", criterion, ("AICc", "BIC", "LASSO")),
        ("search", search, ("recommended", "exact", "forward")),
        ("errors", errors, ("independent", "ar1")),
        ("inference", inference, _CHOICES),
    ):
        if value not in known:
            raise IdentificationError.of(
                expected=f"{name} {', '.join(known)}", found=str(value), mend="choose one of these"
            )
