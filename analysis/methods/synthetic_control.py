"""Synthetic control: a weighted mean of untreated units that follows the treated one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from analysis.errors import IdentificationError
from analysis.methods import placebo
from analysis.methods.conformal import conformal
from analysis.methods.counterfactual import (
    Fitted,
    Rows,
    Uncertainty,
    effects_of,
    gaps,
    no_uncertainty,
    rows_of,
)
from analysis.methods.donor_pool import Pool, pools
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.predictor_weights import predictor_weights
from analysis.methods.simplex import penalised_weights, simplex_weights

SyntheticInference = Literal["recommended", "none", "placebo", "conformal"]

#: A mean squared gap before the reform below this share of the outcome's variance is exact.
_EXACT = 1e-16


def synthetic_control(
    panel: Panel,
    *,
    covariates: Sequence[str] = (),
    lags: Sequence[int] = (),
    starts: int = 5,
    penalty: float = 0.0,
    pooling: Literal["separate", "pooled"] = "separate",
    inference: SyntheticInference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT at every time, and over all, against a weighted mean of donors.

    Parameters
    ----------
    panel : Panel
        One or several treated units. Donors are the units never treated inside the window and
        seen at all times of the treated unit.
    covariates : sequence of str
        Covariates of the panel to match, each as its mean over the times before the reform.
    lags : sequence of int
        Times before the reform whose outcomes are matched. Without `covariates` and `lags` all
        outcomes before the reform are matched with equal importance, which is stable.
    starts : int
        Starts of the search for the importance of `covariates` and `lags`.
    penalty : float
        Price on donors that differ from the treated unit one by one (outcomes only).
    pooling : {"separate", "pooled"}
        Several treated units: one synthetic control each, then the mean; or one synthetic control
        of the mean of every cohort.
    inference : {"recommended", "none", "placebo", "conformal"}
        ``"placebo"`` ranks the treated among placebos in space; ``"conformal"`` permutes residuals
        over time. Recommended: placebo from 19 placebo groups on, else conformal.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        ATT(e) for every event time (before the reform: what the fit leaves), ``ATT overall``, the
        mean over the treated units and times after, and one ``ATT`` a treated unit if there are
        several. ``augment()`` has observed, counterfactual and gap of the treated, then the donors
        with their weights. ``draws`` holds the placebo estimates, the observed ones first.

    Raises
    ------
    IdentificationError
        If nobody is treated, fewer than two times before or two donors are left, or predictors
        are not known.

    Notes
    -----
    .. math:: \hat\tau_t = Y_{1t} - \sum_j \hat w_j Y_{jt}, \quad
       \hat w = \arg\min_{w \ge 0,\, 1'w = 1} \sum_{t < g} (Y_{1t} - \sum_j w_j Y_{jt})^2

    Weights are found exactly as non-negative least squares (`scipy.optimize.nnls`); with a
    penalty by Clarabel. The importance of predictors is not a convex problem; the spread over
    the starts stands in the notes. Assumes that no donor is touched by the reform, that nothing
    else happened to the treated unit at the reform, and a good fit before: the note gives its
    root mean squared gap and the ratio after to before. Under selection on factors that the
    times before do not show, the estimate is biased and its intervals cover less than they say.

    References
    ----------
    Abadie and Gardeazabal (2003), doi:10.1257/000282803321455188. Abadie, Diamond and Hainmueller
    (2010), doi:10.1198/jasa.2009.ap08746. Abadie and L'Hour (2021),
    doi:10.1080/01621459.2021.1971535. Chernozhukov, Wuthrich and Zhu (2021),
    doi:10.1080/01621459.2021.1920957.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "unit": list("aaaabbbbcccc"), "time": [1, 2, 3, 4] * 3,
    ...     "hours": [3.0, 4.0, 5.0, 9.0, 2.0, 4.0, 4.0, 6.0, 4.0, 4.0, 6.0, 8.0],
    ...     "first": [4] * 4 + [None] * 8})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> round(synthetic_control(panel, inference="none").overall.estimate, 9)
    2.0
    """
    group: Literal["unit", "cohort"] = "unit" if pooling == "separate" else "cohort"
    made = pools(panel, group=group, covariates=covariates, lags=lags)
    _refuse_mixed(made, penalty)

    def fit(pool: Pool) -> Fitted:
        return _fit(pool, penalty=penalty, starts=starts, seed=seed)

    fits = [fit(pool) for pool in made]
    rows = rows_of(made)
    uncertainty = _uncertainty(
        made,
        rows,
        fits,
        fit,
        penalty=penalty,
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )
    return effects_of(
        panel,
        made,
        fits,
        rows,
        uncertainty,
        estimator="synthetic_control",
        conf_level=conf_level,
        notes=_left_out(panel, made),
    )


def _fit(pool: Pool, *, penalty: float, starts: int, seed: int) -> Fitted:
    before = pool.series[: pool.n_before]
    notes: tuple[str, ...] = ()
    if pool.predictors.size:
        found = predictor_weights(pool.predictors, before, starts=starts, seed=seed)
        weights = found.weights
        after = pool.series[pool.n_before :]
        effects = after[:, 0].mean() - after[:, 1:].mean(axis=0) @ found.others.T
        notes = (
            f"{pool.name}: importance of predictors from {starts} starts; pre-period mean squared "
            f"gap {found.losses[0]:.4g} to {found.losses[-1]:.4g}, ATT {effects.min():.4g} to "
            f"{effects.max():.4g}.",
        )
    elif penalty > 0:
        weights = penalised_weights(before[:, 1:], before[:, 0], penalty=penalty)
    else:
        weights = simplex_weights(before[:, 1:], before[:, 0])
    return Fitted(
        counterfactual=pool.series[:, 1:] @ weights,
        weights=weights,
        time_weights=after_weights(pool),
        notes=(_quality(pool, weights), *notes),
    )


def after_weights(pool: Pool) -> np.ndarray:
    """Equal weights of the times after the reform, zero before; shape (T,)."""
    after = pool.event_times >= 0
    return np.asarray(after / after.sum())


def _quality(pool: Pool, weights: np.ndarray) -> str:
    gap = pool.series[:, 0] - pool.series[:, 1:] @ weights
    before = float(np.mean(gap[: pool.n_before] ** 2))
    after = float(np.mean(gap[pool.n_before :] ** 2))
    said = f"{pool.name}: root mean squared gap {np.sqrt(before):.4g} before and "
    said += f"{np.sqrt(after):.4g} after the reform"
    if before <= _EXACT * float(np.var(pool.series)):
        return said + "; the fit before is exact, so donor weights need not be unique."
    return said + f", ratio {np.sqrt(after / before):.3g}; {int((weights > 0).sum())} donors."


def _uncertainty(
    made: list[Pool],
    rows: Rows,
    fits: list[Fitted],
    fit: placebo.Fit,
    *,
    penalty: float,
    inference: SyntheticInference,
    conf_level: float,
    seed: int,
) -> Uncertainty:
    if inference not in ("recommended", "none", "placebo", "conformal"):
        raise IdentificationError.of(
            expected="inference recommended, none, placebo or conformal",
            found=str(inference),
            mend="choose one of these",
        )
    if inference == "none":
        return no_uncertainty(len(rows.labels), "none asked for", note=False)
    observed = gaps(made, fits)
    reason = placebo.too_few(made)
    if inference == "placebo" or (inference == "recommended" and reason is None):
        if reason is not None:
            return no_uncertainty(len(rows.labels), reason)
        drawn = placebo.placebo_gaps(made, fit, seed=seed)
        ranked = placebo.by_rank(made, rows, observed, drawn, conf_level=conf_level)
        return _with_ratio(made, observed, drawn, ranked)
    if made[0].predictors.size:
        why = "no interval: conformal inference is for synthetic controls on outcomes only"
        return no_uncertainty(len(rows.labels), why)

    def residuals(series: np.ndarray) -> np.ndarray:
        if penalty > 0:
            weights = penalised_weights(series[:, 1:], series[:, 0], penalty=penalty)
        else:
            weights = simplex_weights(series[:, 1:], series[:, 0])
        return np.asarray(series[:, 0] - series[:, 1:] @ weights)

    return conformal(made, rows, observed, residuals, conf_level=conf_level)


def _with_ratio(
    made: list[Pool], observed: np.ndarray, drawn: np.ndarray, ranked: Uncertainty
) -> Uncertainty:
    """Add the classical test: rank of the ratio of root mean squared gaps after to before."""
    ratio = fit_ratios(made, np.vstack([observed, drawn]))
    rank = int((ratio >= ratio[0] * (1 - 1e-9)).sum())
    note = (
        f"Ratio of root mean squared gaps after to before: {ratio[0]:.3g}, rank {rank} of "
        f"{len(ratio)} (p = {rank / len(ratio):.3f})."
    )
    return Uncertainty(
        name=ranked.name,
        intervals=ranked.intervals,
        covariance=ranked.covariance,
        draws=ranked.draws,
        notes=(note,),
    )


def fit_ratios(made: list[Pool], stacked: np.ndarray) -> np.ndarray:
    """Root mean squared gap after the reform over that before, of every row of gaps."""
    before = np.concatenate([pool.event_times < 0 for pool in made])
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = stacked**2
        return np.asarray(
            np.sqrt(squares[:, ~before].mean(axis=1) / squares[:, before].mean(axis=1))
        )


def _refuse_mixed(made: list[Pool], penalty: float) -> None:
    if penalty < 0 or (penalty > 0 and made[0].predictors.size):
        raise IdentificationError.of(
            expected="a penalty of zero or more, above zero only without covariates and lags",
            found=f"penalty {penalty}",
            mend="match outcomes only, or leave the penalty out",
        )


def _left_out(panel: Panel, made: list[Pool]) -> list[str]:
    used = {unit for pool in made for unit in (*pool.members, *pool.donors)}
    gone = [str(unit) for unit in panel.units if unit not in used]
    if not gone:
        return []
    return [f"Left out because not seen at all times of the treated unit: {', '.join(gone)}."]
