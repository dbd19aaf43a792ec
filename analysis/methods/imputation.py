"""Imputation: untreated cells give the counterfactual of every treated cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.guards import refuse_degenerate
from analysis.methods.panel import Panel
from analysis.methods.regression import codes
from analysis.methods.uncertainty import Estimates, Inference, attach

Variant = Literal["imputation", "two_stage"]

#: Exposures for randomisation are handed over up to so many numbers.
DENSE = 20_000_000


def imputation(
    panel: Panel,
    *,
    anticipation: int = 0,
    covariates: Sequence[str] = (),
    variant: Variant = "imputation",
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT overall and ATT(e) by imputing what treated cells would have been.

    Parameters
    ----------
    panel : Panel
    anticipation : int
        Times before the cohort that count as treated already.
    covariates : sequence of str
        Covariates of the panel, time-varying, with one slope each fitted on untreated cells.
    variant : {"imputation", "two_stage"}
        Same estimates, other standard errors: the conservative ones of Borusyak, Jaravel and
        Spiess, or those of Gardner's two-stage regression.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row an event time from ``-anticipation`` on, then ``ATT overall``, the mean over all
        treated cells with event time 0 or more; both weighted by the cells' weights. `augment`
        gives the counterfactual of every cell.

    Raises
    ------
    IdentificationError
        If nobody is treated inside the window, no treated cell can be imputed, or a covariate is
        collinear with unit and time effects among untreated cells.

    Notes
    -----
    Fit :math:`Y_{it} = \alpha_i + \lambda_t + X_{it}'\delta + e_{it}` on untreated cells by
    weighted least squares; then :math:`\hat\tau_{it} = Y_{it} - \hat Y_{it}(0)` for treated cells,
    and means of these. Every estimate is linear, :math:`\hat\tau = \sum v_{it} Y_{it}`. Needs
    parallel trends in all periods, no anticipation beyond `anticipation`, no spillovers.

    *Standard errors.* :math:`\sum_c (\sum_{it \in c} v_{it}\tilde e_{it})^2` over clusters, no
    small-sample factor, with residuals on untreated cells. On treated cells the imputation
    variant takes :math:`\hat\tau_{it}` less the mean of its cohort and event time, weighted by
    :math:`(\sum v)^2` within units (Borusyak, Jaravel and Spiess, eq. 8), so errors are
    conservative and zero deviations arise where a cohort has one unit; two-stage takes
    :math:`\hat\tau_{it}` less the estimate itself, which is the generalised-method-of-moments
    error of Gardner (2022).

    *Edge cases.* Treated cells of units never seen untreated, or at times when nobody is
    untreated, cannot be imputed and are left out, with a note. Units seen untreated only once
    stay in: they carry their own counterfactual.

    References
    ----------
    Borusyak, Jaravel and Spiess (2024), doi:10.1093/restud/rdae007.
    Gardner (2022), arXiv:2207.05943.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": list("aaabbbccc"), "time": [1, 2, 3] * 3,
    ...     "hours": [9.0, 6.0, 5.0, 8.0, 8.0, 9.0, 7.0, 8.0, 9.0],
    ...     "first": 3 * [2] + 6 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> imputation(panel, inference="none").tidy()[["term", "estimate"]]
               term  estimate
    0  event time 0      -3.5
    1  event time 1      -5.5
    2       overall      -4.5
    """
    refuse_degenerate(panel)
    if variant not in ("imputation", "two_stage"):
        raise IdentificationError.of(
            expected="variant 'imputation' or 'two_stage'",
            found=str(variant),
            mend="choose one of these",
        )
    setting = _Setting(anticipation=anticipation, covariates=_columns(panel, covariates))
    targets = _Targets.of(panel, setting)
    labels = targets.labels(panel)
    fitted = _fit(panel, targets, setting)
    influence = _influence(panel, targets, fitted, variant)
    estimates = Estimates(
        labels=labels,
        estimate=fitted.loadings.T @ panel.cells["outcome"].to_numpy(dtype=float),
        headline=len(labels) - 1,
        influence=influence,
        refit=partial(_refit, setting, targets.event_times),
        exposure=(targets.weights != 0).astype(float) if targets.weights.size < DENSE else None,
        augmented=fitted.cells,
        lacks="effects are imputed from untreated cells: no one regression holds all cells",
        notes=targets.notes,
    )
    return attach(
        panel,
        estimates,
        estimator="imputation" if variant == "imputation" else "imputation, two-stage",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    anticipation: int
    covariates: np.ndarray  # (N, p)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targets:
    """Means wanted over treated cells: weights (N, k), each summing to one."""

    treated: np.ndarray  # (N,), anticipating cells included
    event_times: np.ndarray
    picked: np.ndarray  # (N, k), cells with a weight
    weights: np.ndarray
    lost: int

    @classmethod
    def of(cls, panel: Panel, setting: _Setting, event_times: np.ndarray | None = None) -> _Targets:
        event = panel.cell_event_time
        treated = event >= -setting.anticipation
        usable = treated & _imputable(panel, treated)
        if not (usable & (event >= 0)).any():
            raise IdentificationError.of(
                expected="treated cells whose unit and time are also seen untreated",
                found=f"{int((treated & (event >= 0)).sum())} treated cells, none of them so",
                mend="widen the window backwards, or add comparison units",
            )
        if event_times is None:
            event_times = np.unique(event[usable])
        picked = np.column_stack(
            [*(usable & (event == e) for e in event_times), usable & (event >= 0)]
        )
        weights = picked * panel.cells["weight"].to_numpy(dtype=float)[:, None]
        with np.errstate(invalid="ignore"):
            shares = weights / weights.sum(axis=0)
        return cls(
            treated=treated,
            event_times=event_times,
            picked=picked,
            weights=shares,
            lost=int((treated & ~usable).sum()),
        )

    def labels(self, panel: Panel) -> pd.DataFrame:
        """Name every mean, and count the units in it."""
        whole = self.event_times.astype(int)
        units = _unit(panel)
        return pd.DataFrame(
            {
                "estimand": [*(f"ATT({e})" for e in whole), "ATT overall"],
                "term": [*(f"event time {e}" for e in whole), "overall"],
                "event_time": pd.array([*whole, pd.NA], dtype="Int64"),
                "n_treated": [len(np.unique(units[column])) for column in self.picked.T],
            }
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said about cells that were left out."""
        told = "treated cells cannot be imputed (unit or time never untreated): left out."
        return (f"{self.lost} {told}",) if self.lost else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Imputed:
    loadings: np.ndarray  # (N, k): estimate = loadings.T @ outcome
    gap: np.ndarray  # (N,): outcome less its fitted or imputed value
    cells: pd.DataFrame


def _fit(panel: Panel, targets: _Targets, setting: _Setting) -> _Imputed:
    outcome = panel.cells["outcome"].to_numpy(dtype=float)
    effects = _Effects.of(panel, ~targets.treated)
    gap = outcome - effects.predict(outcome[:, None], setting.covariates)[:, 0]
    cells = pd.DataFrame(
        {
            "unit": panel.cells["unit"],
            "time": panel.cells["time"],
            "observed": outcome,
            "counterfactual": outcome - gap,
            "gap": gap,
            "weight": targets.weights[:, -1],
        }
    )
    return _Imputed(
        loadings=effects.adjoint(targets.weights, setting.covariates), gap=gap, cells=cells
    )


def _refit(
    setting: _Setting, event_times: np.ndarray, panel: Panel, outcomes: np.ndarray
) -> np.ndarray:
    try:
        targets = _Targets.of(panel, setting, event_times)
        effects = _Effects.of(panel, ~targets.treated)
        loadings = effects.adjoint(targets.weights, setting.covariates)
    except IdentificationError:
        return np.full((outcomes.shape[1], len(event_times) + 1), np.nan)
    return np.asarray(outcomes.T @ loadings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effects:
    """Least squares of untreated cells on unit and time effects, and its adjoint."""

    unit: np.ndarray
    time: np.ndarray
    weights: np.ndarray  # (N,), zero on treated cells
    unit_weight: np.ndarray
    shares: np.ndarray  # (n_units, n_times)
    by_time: np.ndarray

    @classmethod
    def of(cls, panel: Panel, untreated: np.ndarray) -> _Effects:
        unit, time = _unit(panel), _time(panel)
        weights = panel.cells["weight"].to_numpy(dtype=float) * untreated
        shares = np.zeros((panel.n_units, len(panel.times)))
        np.add.at(shares, (unit, time), weights)
        total = shares.sum(axis=1)
        unit_weight = np.where(total > 0, total, 1.0)
        block = np.diag(shares.sum(axis=0)) - shares.T @ (shares / unit_weight[:, None])
        return cls(
            unit=unit,
            time=time,
            weights=weights,
            unit_weight=unit_weight,
            shares=shares,
            by_time=np.linalg.pinv(block, rcond=1e-12, hermitian=True),
        )

    def _solve(self, by_unit: np.ndarray, by_time: np.ndarray) -> np.ndarray:
        """Effects of every cell that solve the normal equations of given sums, (N, c)."""
        at = self.by_time @ (by_time - self.shares.T @ (by_unit / self.unit_weight[:, None]))
        of = (by_unit - self.shares @ at) / self.unit_weight[:, None]
        return np.asarray(of[self.unit] + at[self.time])

    def _sums(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n_units, n_times = self.shares.shape
        by_unit = np.column_stack([np.bincount(self.unit, c, n_units) for c in columns.T])
        by_time = np.column_stack([np.bincount(self.time, c, n_times) for c in columns.T])
        return by_unit, by_time

    def _fitted(self, columns: np.ndarray) -> np.ndarray:
        """Return unit and time effects of `columns` fitted on untreated cells, at every cell."""
        return self._solve(*self._sums(columns * self.weights[:, None]))

    def _slopes(self, covariates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return covariates less their effects, and the inverse of their squares."""
        rest = covariates - self._fitted(covariates)
        gram = (rest * self.weights[:, None]).T @ rest
        scale = ((covariates * self.weights[:, None]) * covariates).sum(axis=0)
        if (np.diag(gram) < 1e-10 * scale).any() or np.linalg.cond(gram) > 1e14:
            raise IdentificationError.of(
                expected="covariates that vary beyond unit and time effects in untreated cells",
                found="collinear ones",
                mend="leave out covariates that are constant over time or common to all units",
            )
        return rest, np.linalg.inv(gram)

    def predict(self, columns: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """Fitted values on untreated, imputed values on treated cells, (N, c)."""
        if not covariates.shape[1]:
            return self._fitted(columns)
        rest, inverse = self._slopes(covariates)
        slopes = inverse @ ((rest * self.weights[:, None]).T @ columns)
        return np.asarray(self._fitted(columns - covariates @ slopes) + covariates @ slopes)

    def adjoint(self, targets: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """Return loadings v of the outcome in ``targets.T @ (outcome - predicted)``, (N, k)."""
        back = self._solve(*self._sums(targets)) * self.weights[:, None]
        if covariates.shape[1]:
            rest, inverse = self._slopes(covariates)
            left = covariates.T @ (targets - back)
            back = back + rest * self.weights[:, None] @ (inverse @ left)
        return np.asarray(targets - back)


def _influence(panel: Panel, targets: _Targets, fitted: _Imputed, variant: Variant) -> np.ndarray:
    cluster = codes(panel.cells["cluster"])
    size, v = int(cluster.max()) + 1, fitted.loadings
    residual = np.repeat(fitted.gap[:, None], v.shape[1], axis=1)
    treated = targets.treated
    if variant == "two_stage":
        residual[treated] -= targets.weights.T @ fitted.gap
    else:
        residual[treated] -= _cell_means(panel, targets, fitted)[treated]
    summed = np.zeros((size, v.shape[1]))
    np.add.at(summed, cluster, v * residual)
    return summed


def _cell_means(panel: Panel, targets: _Targets, fitted: _Imputed) -> np.ndarray:
    """Mean effect of the cohort and event time of every cell, weighted by squared loadings."""
    keys = pd.MultiIndex.from_arrays([panel.cell_cohort, panel.cell_event_time])
    group = np.where(targets.treated, keys.factorize()[0], -1) + 1
    means = np.zeros_like(fitted.loadings)
    for column in range(means.shape[1]):
        square = fitted.loadings[:, column] ** 2 * targets.treated
        total = np.bincount(group, square)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.bincount(group, square * fitted.gap) / total
        means[:, column] = np.nan_to_num(mean)[group]
    return means


def _imputable(panel: Panel, treated: np.ndarray) -> np.ndarray:
    """Whether unit and time of a cell are tied together by untreated cells, (N,)."""
    unit, time = _unit(panel), _time(panel)
    n_units, n_times = panel.n_units, len(panel.times)
    seen = np.zeros((n_units, n_times), dtype=bool)
    seen[unit[~treated], time[~treated]] = True
    if seen.all(axis=1).any():  # one unit ties all times together
        return np.asarray(np.take(seen.any(axis=1), unit))
    size = n_units + n_times
    ties = (np.ones(int((~treated).sum())), (unit[~treated], n_units + time[~treated]))
    part = connected_components(coo_array(ties, shape=(size, size)), directed=False)[1]
    return np.asarray(part[unit] == part[n_units + time])


def _unit(panel: Panel) -> np.ndarray:
    """Position of the unit of every cell, (N,)."""
    return np.asarray(panel.positions)


def _time(panel: Panel) -> np.ndarray:
    """Position of the time of every cell, (N,)."""
    return np.searchsorted(panel.times, panel.cells["time"].to_numpy())


def _columns(panel: Panel, covariates: Sequence[str]) -> np.ndarray:
    absent = [name for name in covariates if name not in panel.covariates]
    if absent:
        raise IdentificationError.of(
            expected=f"covariates of the panel: {', '.join(panel.covariates) or 'none'}",
            found=", ".join(absent),
            mend="name the columns as covariates when the panel is made",
        )
    return panel.cells[list(covariates)].to_numpy(dtype=float)
