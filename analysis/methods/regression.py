"""Weighted least squares on cells with effects absorbed: what regression methods share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.panel import Panel

#: A column whose length after absorbing is below this share of its length before is collinear.
COLLINEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A fitted regression of the cells; N cells, k terms, G clusters.

    Attributes
    ----------
    coefficients : numpy.ndarray
        Shape (k,).
    design, residuals, weights : numpy.ndarray
        Terms with all effects absorbed (N, k); residuals (N,); weights (N,).
    bread : numpy.ndarray
        ``(X'WX)^-1`` of the absorbed terms, (k, k).
    clusters : numpy.ndarray
        Cluster code of every cell, (N,).
    n_obs : int
        Rows behind the cells.
    rank : int
        Terms and absorbed effects together.
    """

    coefficients: np.ndarray
    design: np.ndarray
    residuals: np.ndarray
    weights: np.ndarray
    bread: np.ndarray
    clusters: np.ndarray
    n_obs: int
    rank: int

    @property
    def n_clusters(self) -> int:
        """Number of clusters G."""
        return int(self.clusters.max()) + 1

    @property
    def factor(self) -> float:
        """Small-sample factor of CR1, every dummy counted; 1 where it is not defined."""
        n, k, g = self.n_obs, self.rank, self.n_clusters
        return g / (g - 1) * (n - 1) / (n - k) if g > 1 and n > k else 1.0

    @property
    def influence(self) -> np.ndarray:
        """Contribution of every cluster to the error of every coefficient, (G, k)."""
        rows = self.design * (self.weights * self.residuals)[:, None]
        scores = np.zeros((self.n_clusters, rows.shape[1]))
        np.add.at(scores, self.clusters, rows)
        return np.asarray(scores @ self.bread)


def fit(
    panel: Panel,
    terms: np.ndarray,
    *,
    names: tuple[str, ...],
    outcome: np.ndarray | None = None,
) -> Regression:
    """Regress the cell means on `terms` with unit and time effects absorbed exactly.

    Parameters
    ----------
    panel : Panel
    terms : numpy.ndarray
        Shape (n_cells, k).
    names : tuple of str
        Name of every term, for messages.
    outcome : numpy.ndarray, optional
        Shape (n_cells,); without it the outcome of the panel.

    Returns
    -------
    Regression

    Raises
    ------
    IdentificationError
        If a term is collinear with the effects or with other terms.
    """
    from statsmodels.regression.linear_model import WLS

    absorber = Absorber.of(panel)
    values = panel.cells["outcome"].to_numpy(dtype=float) if outcome is None else outcome
    absorbed = absorber.residuals(np.column_stack([values, terms]))
    design = absorbed[:, 1:]
    _refuse_collinear(terms, design, weights=absorber.weights, names=names)
    fitted = WLS(absorbed[:, 0], design, weights=absorber.weights).fit()
    return Regression(
        coefficients=np.asarray(fitted.params),
        design=design,
        residuals=np.asarray(fitted.resid),
        weights=absorber.weights,
        bread=np.asarray(fitted.normalized_cov_params),
        clusters=codes(panel.cells["cluster"]),
        n_obs=panel.n_obs,
        rank=terms.shape[1] + effects_rank(absorber.unit, absorber.time),
    )


def coefficients(absorber: Absorber, terms: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """Coefficients of the same regression for many outcomes at once, without inference.

    Parameters
    ----------
    absorber : Absorber
        Of the panel.
    terms : numpy.ndarray
        Shape (n_cells, k).
    outcomes : numpy.ndarray
        Shape (n_cells, m).

    Returns
    -------
    numpy.ndarray
        Shape (m, k); nan where a term cannot be identified.
    """
    design = absorber.residuals(terms)
    weighted = design * absorber.weights[:, None]
    gram = design.T @ weighted
    if np.linalg.matrix_rank(gram, hermitian=True) < len(gram):
        return np.full((outcomes.shape[1], terms.shape[1]), np.nan)
    return np.asarray(np.linalg.solve(gram, weighted.T @ outcomes).T)


def codes(labels: pd.Series) -> np.ndarray:
    """Give every label its position among the sorted distinct labels; shape of `labels`."""
    return np.unique(labels.to_numpy(), return_inverse=True)[1]


def effects_rank(unit: np.ndarray, time: np.ndarray) -> int:
    """Rank of unit and time dummies: levels minus connected components (plus none lost)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_units, n_times = int(unit.max()) + 1, int(time.max()) + 1
    size = n_units + n_times
    graph = coo_array((np.ones(len(unit)), (unit, n_units + time)), shape=(size, size))
    return size - int(connected_components(graph, directed=False, return_labels=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorber:
    """Takes unit and time effects out of columns: units in closed form, times solved once.

    Attributes
    ----------
    unit, time : numpy.ndarray
        Codes 0, 1, ... of every cell; shape (n_cells,).
    weights : numpy.ndarray
        Shape (n_cells,).
    unit_weight : numpy.ndarray
        Sum of weights of every unit; shape (n_units,).
    by_time : numpy.ndarray
        Pseudo-inverse of the time block once units are out; shape (n_times, n_times).
    """

    unit: np.ndarray
    time: np.ndarray
    weights: np.ndarray
    unit_weight: np.ndarray
    by_time: np.ndarray

    @classmethod
    def of(cls, panel: Panel) -> Absorber:
        """Prepare the solve for the cells of `panel`."""
        unit, time = codes(panel.cells["unit"]), codes(panel.cells["time"])
        weights = panel.cells["weight"].to_numpy(dtype=float)
        shares = np.zeros((int(unit.max()) + 1, int(time.max()) + 1))
        np.add.at(shares, (unit, time), weights)
        unit_weight = shares.sum(axis=1)
        block = np.diag(shares.sum(axis=0)) - shares.T @ (shares / unit_weight[:, None])
        return cls(
            unit=unit,
            time=time,
            weights=weights,
            unit_weight=unit_weight,
            by_time=np.linalg.pinv(block, rcond=1e-12, hermitian=True),
        )

    def residuals(self, columns: np.ndarray) -> np.ndarray:
        """Return `columns` (n_cells, c) less their unit and time effects, same shape."""
        centred = columns - self._unit_means(columns)
        sums = _group_sums(centred * self.weights[:, None], self.time, len(self.by_time))
        without_time = columns - (self.by_time @ sums)[self.time]
        return np.asarray(without_time - self._unit_means(without_time))

    def _unit_means(self, columns: np.ndarray) -> np.ndarray:
        size = len(self.unit_weight)
        sums = _group_sums(columns * self.weights[:, None], self.unit, size)
        return np.asarray((sums / self.unit_weight[:, None])[self.unit])


def _group_sums(columns: np.ndarray, group: np.ndarray, size: int) -> np.ndarray:
    return np.column_stack([np.bincount(group, column, size) for column in columns.T])


def _refuse_collinear(
    terms: np.ndarray, design: np.ndarray, *, weights: np.ndarray, names: tuple[str, ...]
) -> None:
    root = np.sqrt(weights)[:, None]
    before = np.linalg.norm(terms * root, axis=0)
    upper = np.linalg.qr(design * root, mode="r") if design.size else np.zeros((0, 0))
    kept = np.abs(np.diag(upper)) > COLLINEAR * np.maximum(before, np.finfo(float).tiny)
    if kept.all():
        return
    lost = [name for name, fine in zip(names, kept, strict=True) if not fine]
    raise IdentificationError.of(
        expected="terms that vary beyond unit and time effects",
        found=f"collinear: {', '.join(lost)}",
        mend="check that some units are treated inside the window, some before and some never",
    )
