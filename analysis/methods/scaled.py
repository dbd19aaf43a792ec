"""Variance of a linear estimate when few units of unequal size are treated; numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Least share of a unit's own pre-period variance in its scale, in logarithms; the rest is the
#: model's.
LEAST_OWN_SHARE = 0.5
#: No unit has less than this share of the mean variance.
FLOOR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledVariance:
    """Covariance of k linear estimates in R draws of the outcome.

    Attributes
    ----------
    covariance : numpy.ndarray
        Shape (R, k, k).
    dof : numpy.ndarray
        Degrees of freedom of every estimate, (R, k).
    scale : numpy.ndarray
        Relative variance of every unit, (R, n_units).
    """

    covariance: np.ndarray
    dof: np.ndarray
    scale: np.ndarray


def scaled_variance(
    outcomes: np.ndarray,
    loadings: np.ndarray,
    *,
    sizes: np.ndarray,
    before: np.ndarray,
    control: np.ndarray,
    seen: np.ndarray,
) -> ScaledVariance:
    r"""Covariance of ``sum(loadings * outcomes)`` from the controls, scaled by unit size.

    Parameters
    ----------
    outcomes : numpy.ndarray
        Shape (R, n_units, n_times); what is not seen is not read.
    loadings : numpy.ndarray
        Weight of every cell in every estimate, (k, n_units, n_times); zero where not seen.
    sizes : numpy.ndarray
        Size of every unit, (n_units,).
    before : numpy.ndarray
        Times before anybody is treated, boolean (n_times,).
    control : numpy.ndarray
        Units never treated, boolean (n_units,).
    seen : numpy.ndarray
        Cells that exist, boolean (n_units, n_times).

    Returns
    -------
    ScaledVariance

    Notes
    -----
    With :math:`w_i` the loadings of unit i, the error is :math:`\sum_i w_i'\varepsilon_i`,
    independent over units. Its variance is :math:`\sum_i h_i s_i^2`, where :math:`h_i` is the
    relative variance of unit i and :math:`s_i^2 = \sum_j (w_i' e_j)^2 / h_j / (C - 1)` is what
    the C controls would have contributed with the loadings of i, :math:`e_j` being their residuals
    from unit and time effects weighted by :math:`1 / h`. The scale is
    :math:`\log h_i = s \log v_i + (1 - s) \log m_i`, where :math:`v_i` is the pre-period variance
    and :math:`m_i` its fit on :math:`1 / size` over all units by non-negative least squares. The
    share s is a half, or more where the :math:`v_i` differ from the fit by more than chance
    (:math:`2 / \nu`): then size does not tell the variance. Equal serial dependence in all units
    is assumed, not its form.

    The degrees of freedom are :math:`1 / \{1 / (C - 1) + \sum_i \pi_i^2 s^2 / \nu\}`:
    :math:`\pi_i` is the share of treated unit i in the variance and :math:`\nu / s^2` what its
    scale is worth, :math:`\nu = T_0 / \sum_h \rho_h^2` being the independent observations in
    the :math:`T_0` times before.

    References
    ----------
    Ferman and Pinto (2019), doi:10.1162/rest_a_00759.
    """
    pre = _pre_period(outcomes[:, :, before], seen=seen[:, before])
    blend = _unit_scale(pre, sizes)
    scale = blend.variance
    weights = np.where(seen[control], 1 / scale[:, control, None], 0.0)
    residuals = two_way_residuals(outcomes[:, control], weights)
    crossed = np.einsum("kit,rjt->rkij", loadings, residuals, optimize=True)
    crossed *= np.sqrt(scale[:, None, :, None] / scale[:, None, None, control])
    n_free = int(control.sum()) - 1
    flat = crossed.reshape(*crossed.shape[:2], -1)
    covariance = flat @ flat.transpose(0, 2, 1) / n_free
    parts = (crossed[:, :, ~control] ** 2).sum(axis=3) / n_free
    total = np.einsum("rkk->rk", covariance)[:, :, None]
    share = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
    known = (blend.own_share**2 / pre.effective)[:, None]
    return ScaledVariance(
        covariance=covariance,
        dof=1 / (1 / n_free + known * (share**2).sum(axis=2)),
        scale=scale,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    variance: np.ndarray  # (R, n_units) relative
    own_share: np.ndarray  # (R,)


def _unit_scale(pre: _Before, sizes: np.ndarray) -> _Scale:
    """Blend of own variance and its fit on 1 / size, in logarithms."""
    own = pre.variance
    model = _non_negative_fit(own, np.mean(sizes) / sizes)
    floor = FLOOR * own.mean(axis=1, keepdims=True) + np.finfo(float).tiny
    own, model = np.log(np.maximum(own, floor)), np.log(np.maximum(model, floor))
    spread = np.maximum((own - model).var(axis=1, ddof=1), np.finfo(float).tiny)
    share = np.clip(1 - 2 / pre.effective / spread, LEAST_OWN_SHARE, 1.0)
    blend = share[:, None] * own + (1 - share[:, None]) * model
    return _Scale(variance=np.exp(blend), own_share=share)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    variance: np.ndarray  # (R, n_units)
    effective: np.ndarray  # (R,) independent observations a unit


def _pre_period(outcomes: np.ndarray, *, seen: np.ndarray) -> _Before:
    """Variance of every unit before the reform, freed of what time effects mix in."""
    residuals = two_way_residuals(outcomes, np.broadcast_to(seen.astype(float), outcomes.shape))
    raw = (residuals**2).sum(axis=2) / np.maximum(seen.sum(axis=1) - 1, 1)
    n_units = raw.shape[1]
    mean = raw.mean(axis=1, keepdims=True)
    clean = (raw - mean / (n_units - 1)) / (1 - 2 / n_units) if n_units > 2 else raw
    variance = np.maximum(clean, raw / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(raw[:, :, None] > 0, residuals / np.sqrt(raw)[:, :, None], 0.0)
    n_times = z.shape[2]
    lags = np.array(
        [(z[:, :, lag:] * z[:, :, : n_times - lag]).sum((1, 2)) for lag in range(n_times)]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = np.where(lags[0] > 0, lags / lags[0], 0.0)
    effective = n_times / (1 + 2 * (rho[1:] ** 2).sum(axis=0))
    return _Before(variance=variance, effective=np.maximum(effective, 1.0))


def two_way_residuals(outcomes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Outcomes (R, n, T) less weighted unit and time effects; zero where the weight is zero.

    Unit effects are eliminated in closed form, then the times are solved at once.
    """
    if np.all(weights > 0) and np.all(weights == weights[:, :, :1]):
        centred = outcomes - outcomes.mean(axis=2, keepdims=True)
        share = weights[:, :, :1] / weights[:, :, :1].sum(axis=1, keepdims=True)
        return np.asarray(centred - (share * centred).sum(axis=1, keepdims=True))
    values = np.where(weights > 0, outcomes, 0.0)
    by_unit = weights.sum(axis=2, keepdims=True)
    share = weights / np.where(by_unit > 0, by_unit, 1.0)
    centred = np.where(weights > 0, values - (share * values).sum(axis=2, keepdims=True), 0.0)
    right = (weights * centred).sum(axis=1)
    block = -np.einsum("rnt,rns->rts", weights, share, optimize=True)
    diagonal = np.arange(block.shape[1])
    block[:, diagonal, diagonal] += weights.sum(axis=1)
    ridge = block[:, diagonal, diagonal].mean(axis=1)[:, None, None] / block.shape[1]
    effects = np.linalg.solve(block + ridge, right[:, :, None])[:, :, 0]
    without = centred - effects[:, None, :]
    residuals = without - (share * without).sum(axis=2, keepdims=True)
    return np.asarray(np.where(weights > 0, residuals, 0.0))


def _non_negative_fit(values: np.ndarray, inverse_size: np.ndarray) -> np.ndarray:
    """Fit ``a + b / size`` with a, b >= 0 to every row of `values` (R, n); fitted values."""
    level = values.mean(axis=1, keepdims=True)
    away = inverse_size - inverse_size.mean()
    spread = float(away @ away)
    if spread <= 1e-12 * float(inverse_size @ inverse_size):
        return np.asarray(np.broadcast_to(level, values.shape))
    slope = (values @ away)[:, None] / spread
    ray = (values @ inverse_size)[:, None] / float(inverse_size @ inverse_size)
    free = level + slope * away
    through_origin = ray * inverse_size
    start = level - slope * inverse_size.mean()
    return np.asarray(np.where(slope < 0, level, np.where(start < 0, through_origin, free)))
