"""Dose response: effects of a reform that reaches units in different degree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.errors import Fault, IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.guards import refuse_degenerate
from analysis.methods.linear import bare
from analysis.methods.panel import Panel
from analysis.methods.regression import codes
from analysis.methods.uncertainty import Estimates, Inference, attach

#: Quantiles of the exposure of treated units at which ATT(d) is shown, if none are named.
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def dose_response(
    panel: Panel,
    *,
    exposure: str,
    degree: int = 1,
    at: Sequence[float] | None = None,
    anticipation: int = 0,
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate ATT(d), the effect at exposure d, its average slope, and the ATT overall.

    Parameters
    ----------
    panel : Panel
        One cohort, every unit seen at the base period.
    exposure : str
        Covariate of the panel, constant within units and above zero for treated units.
    degree : int
        Of the polynomial that ATT(d) follows; 1 is a straight line (with an intercept: the
        effect need not vanish as the exposure does).
    at : sequence of float, optional
        Exposures at which ATT(d) is shown; without it, quantiles among treated units.
    anticipation : int
        Times before the cohort in which treated units may already react.
    inference : str
        See `analysis.methods.uncertainty.Inference`. Randomisation deals the exposures along with
        the treatment: the first unit drawn gets that of the first treated unit, and so on. CR2,
        CR3 and the wild bootstrap are not offered: they belong to one regression on all units.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row an exposure, then ``ACRT overall``, the mean slope of ATT(d) over treated units
        per unit of exposure, then ``ATT overall``.

    Raises
    ------
    IdentificationError
        If there are several cohorts, no untreated units, exposures that are missing, not above
        zero among the treated or vary within a unit, or fewer distinct ones than coefficients.

    Notes
    -----
    With :math:`\Delta Y_i` the mean outcome from the reform on less that at the base period,
    :math:`m_0` its mean among untreated units and :math:`\psi(d) = (1, d, ..., d^p)`,

    .. math:: \hat\beta = \arg\min \sum_{D_i=1} w_i (\Delta Y_i - m_0 - \psi(d_i)'\beta)^2,\quad
       ATT(d) = \psi(d)'\hat\beta,\quad ACRT = E[\psi'(d_i) \mid D=1]'\hat\beta.

    ATT(d) needs parallel trends of untreated outcomes. Reading its slope as what more exposure
    would do needs *strong* parallel trends: units with little exposure would have gained, at more
    exposure, what units with that exposure gained. A two-way regression on exposure instead
    mixes these with weights of its own. Errors: influence functions with the untreated mean, the
    polynomial and the distribution of exposures estimated; no small-sample factor.

    *Edge cases.* Units without a cell at the base period or after the reform are left out, with a
    note. Cohorts at or before the first time have no base period and are refused.

    References
    ----------
    Callaway, Goodman-Bacon and Sant'Anna (2024), doi:10.3386/w32117.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": [1, 1, 2, 2, 3, 3, 4, 4], "time": [1, 2] * 4,
    ...     "hours": [9.0, 7.0, 8.0, 4.0, 7.0, 8.0, 5.0, 6.0],
    ...     "first": 4 * [2] + 4 * [None], "share": [0.2] * 2 + [0.6] * 2 + [0.0] * 4})
    >>> panel = Panel.from_frame(frame, unit="unit", time="time", outcome="hours",
    ...     cohort="first", covariates=["share"])
    >>> table = dose_response(panel, exposure="share", at=[0.4], inference="none")
    >>> table.tidy()[["term", "estimate"]].round(9)
                    term  estimate
    0       exposure 0.4      -4.0
    1  slope in exposure      -5.0
    2            overall      -4.0
    """
    refuse_degenerate(panel)
    data = _data(panel, exposure, anticipation)
    _refuse_few(data, degree)
    asked = np.quantile(data.dose[data.treated], QUANTILES) if at is None else np.asarray(at)
    places = np.asarray(asked, dtype=float)
    loadings = _loadings(data, degree, places)
    estimate = loadings.T @ data.change
    cluster = codes(panel.cells["cluster"])
    influence = np.zeros((int(cluster.max()) + 1, len(estimate)))
    np.add.at(influence, data.cluster, _influence(data, degree, places))
    estimates = Estimates(
        labels=_labels(places, data),
        estimate=estimate,
        headline=len(estimate) - 1,
        influence=influence,
        refit=partial(_refit, data, degree, places),
        exposure=_exposure(panel, exposure, len(places)),
        lacks="the estimate is a curve through treated units less the mean of the others, not one "
        "regression whose residuals could be adjusted",
        notes=data.notes,
    )
    return attach(
        bare(panel),
        estimates,
        estimator="dose_response",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """Units seen at the base period and after the reform; n of them."""

    change: np.ndarray  # (n,)
    dose: np.ndarray
    treated: np.ndarray
    weights: np.ndarray
    cluster: np.ndarray
    mover: sparse.csr_array  # (n, N): change = mover @ outcomes of the cells
    seen: np.ndarray  # which units of the panel these are
    notes: tuple[str, ...]


def _data(panel: Panel, exposure: str, anticipation: int) -> _Data:
    if exposure not in panel.covariates:
        raise IdentificationError.of(
            column=exposure,
            expected=f"a covariate of the panel: {', '.join(panel.covariates) or 'none'}",
            found=exposure,
            mend="name the exposure as a covariate when the panel is made",
        )
    times, wide = panel.times, panel.wide()
    first = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.inf)
    first = np.where(first > times[-1], np.inf, first)
    cohorts = np.unique(first[np.isfinite(first)])
    before = times[times + anticipation < cohorts[0]]
    dose = panel.wide(exposure).to_numpy()
    low, high = np.nanmin(dose, axis=1), np.nanmax(dose, axis=1)
    treated = np.isfinite(first)
    IdentificationError.raise_if(
        Fault(column=exposure, expected=expected, found=found, mend=mend)
        for broken, expected, found, mend in (
            (
                len(cohorts) > 1 or not len(before),
                "one cohort, with a time before it",
                f"cohorts {', '.join(f'{g:.0f}' for g in cohorts)}",
                "estimate one cohort at a time, with keep_units",
            ),
            (
                treated.all(),
                "units that are not treated",
                f"all {len(treated)} units treated",
                "add units the reform did not reach; otherwise no trend can be taken out",
            ),
            (
                bool((high - low > 1e-12 * np.abs(high).max()).any()),
                "an exposure that is constant within units",
                f"{int((high > low).sum())} units whose exposure changes",
                "use the exposure before the reform",
            ),
            (
                bool((low[treated] <= 0).any()),
                "exposures above zero in all treated units",
                f"{int((low[treated] <= 0).sum())} at or below zero",
                "leave the cohort of these units empty, or leave them out",
            ),
        )
        if broken
    )
    base = wide[before[-1]].to_numpy()
    after = wide.loc[:, times >= cohorts[0]].to_numpy()
    seen = np.isfinite(base) & np.isfinite(after).any(axis=1)
    mover = _mover(panel, int(before[-1]), int(cohorts[0]))[np.flatnonzero(seen)]
    change = mover @ panel.cells["outcome"].to_numpy(dtype=float)
    unit, cluster = codes(panel.cells["unit"]), codes(panel.cells["cluster"])
    of_unit = np.zeros(panel.n_units, dtype=int)
    of_unit[unit] = cluster
    weights = panel.wide("weight").loc[:, times < cohorts[0]].mean(axis=1).to_numpy()
    note = f"{int((~seen).sum())} units without a cell at the base period or after: left out."
    return _Data(
        change=change,
        dose=low[seen],
        treated=treated[seen],
        weights=weights[seen],
        cluster=of_unit[seen],
        mover=mover,
        seen=seen,
        notes=(note,) if not seen.all() else (),
    )


def _mover(panel: Panel, base: int, first: int) -> sparse.csr_array:
    """Mean of the cells from `first` on less the one at `base`, of every unit, (n_units, N)."""
    unit, time = codes(panel.cells["unit"]), panel.cells["time"].to_numpy()
    after = time >= first
    counts = np.maximum(np.bincount(unit, after, panel.n_units), 1)
    values = after / counts[unit] - (time == base)
    shape = (panel.n_units, len(unit))
    return sparse.csr_array((values, (unit, np.arange(len(unit)))), shape=shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basis:
    """Powers of the exposure, centred and scaled so that they stay apart."""

    centre: float
    unit: float
    powers: np.ndarray

    @classmethod
    def of(cls, data: _Data, degree: int) -> _Basis:
        w1 = data.weights * data.treated / data.weights[data.treated].sum()
        centre = float(w1 @ data.dose)
        unit = float(np.sqrt(w1 @ (data.dose - centre) ** 2)) or 1.0
        return cls(centre=centre, unit=unit, powers=np.arange(degree + 1))

    def at(self, dose: np.ndarray) -> np.ndarray:
        return np.asarray(((dose - self.centre) / self.unit)[:, None] ** self.powers)

    def slope(self, dose: np.ndarray) -> np.ndarray:
        scaled = (dose - self.centre) / self.unit
        lower = scaled[:, None] ** np.maximum(self.powers - 1, 0)
        return np.asarray(self.powers * lower / self.unit)


def _shares(data: _Data) -> np.ndarray:
    """Weights of the means of untreated and of treated units, (2, n)."""
    d, w = data.treated, data.weights
    return np.array([w * ~d / w[~d].sum(), w * d / w[d].sum()])


def _loadings(data: _Data, degree: int, places: np.ndarray) -> np.ndarray:
    """Weights of the changes in ATT(d) at every place, the mean slope, and the ATT, (n, k)."""
    w0, w1 = _shares(data)
    basis = _Basis.of(data, degree)
    psi = basis.at(data.dose) * w1[:, None]
    of_beta = psi @ np.linalg.inv(psi.T @ basis.at(data.dose))
    return np.column_stack(
        [
            of_beta @ basis.at(places).T - w0[:, None],
            of_beta @ (w1 @ basis.slope(data.dose)),
            w1 - w0,
        ]
    )


def _influence(data: _Data, degree: int, places: np.ndarray) -> np.ndarray:
    """Contribution of every unit, the mean, the curve and the exposures estimated, (n, k)."""
    w0, w1 = _shares(data)
    basis = _Basis.of(data, degree)
    psi, m0 = basis.at(data.dose), w0 @ data.change
    bread = np.linalg.inv((psi * w1[:, None]).T @ psi)
    beta = bread @ (psi * w1[:, None]).T @ (data.change - m0)
    error = data.change - m0 - psi @ beta
    untreated = w0 * (data.change - m0)
    of_beta = (psi * (w1 * error)[:, None]) @ bread
    of_beta[:, 0] -= untreated
    steep = basis.slope(data.dose) @ beta
    response, overall = w1 @ steep, w1 @ (data.change - m0)
    return np.column_stack(
        [
            of_beta @ basis.at(places).T,
            of_beta @ (w1 @ basis.slope(data.dose)) + w1 * (steep - response),
            w1 * (data.change - m0 - overall) - untreated,
        ]
    )


def _refit(
    data: _Data, degree: int, places: np.ndarray, panel: Panel, outcomes: np.ndarray
) -> np.ndarray:
    """Estimates of every outcome (N, m) with the exposures dealt in the order of the treated."""
    treated = np.isin(panel.units, panel.treated)[data.seen]
    dose = np.zeros(len(treated))
    dealt = data.dose[data.treated]
    if treated.sum() != len(dealt):  # a unit without a change was drawn
        return np.full((outcomes.shape[1], len(places) + 2), np.nan)
    dose[treated] = dealt
    other = replace(data, treated=treated, dose=dose)
    return np.asarray((data.mover @ outcomes).T @ _loadings(other, degree, places))


def _exposure(panel: Panel, exposure: str, count: int) -> np.ndarray:
    """Treatment behind every estimate: one for effects, the exposure itself for the slope."""
    on = (panel.cell_event_time >= 0).astype(float)
    dose = on * panel.cells[exposure].to_numpy(dtype=float)
    return np.column_stack([*[on] * count, dose, on])


def _labels(places: np.ndarray, data: _Data) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimand": [*(f"ATT(d = {d:.3g})" for d in places), "ACRT overall", "ATT overall"],
            "term": [*(f"exposure {d:.3g}" for d in places), "slope in exposure", "overall"],
            "n_treated": int(data.treated.sum()),
            "n_control": int((~data.treated).sum()),
        }
    )


def _refuse_few(data: _Data, degree: int) -> None:
    distinct = len(np.unique(data.dose[data.treated]))
    if degree < 0 or distinct < degree + 1 or data.treated.all() or not data.treated.any():
        raise IdentificationError.of(
            expected=f"at least {degree + 1} distinct exposures among treated units, and controls",
            found=f"{distinct}, with {int((~data.treated).sum())} untreated units",
            mend="lower the degree, or add units",
        )
