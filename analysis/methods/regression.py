"""Weighted least squares on cells with effects absorbed: what regression methods share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.absorption import Absorption
from analysis.methods.covariances import Convention, Kind, Spread, TwoWay, covariance
from analysis.methods.factors import Factor, Factors
from analysis.methods.few_clusters import LeastSquares
from analysis.methods.panel import SQUARED_WEIGHTS, Panel
from analysis.methods.within import Within

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
        Terms with all else taken out (N, k); residuals (N,); weights (N,).
    bread : numpy.ndarray
        ``(X'WX)^-1`` of those terms, (k, k).
    clusters : numpy.ndarray
        Cluster code of every cell, (N,).
    n_obs : int
        Rows behind the cells.
    rank : int
        Terms, covariates and absorbed effects together.
    names : tuple of str
        Of the terms.
    inner : Within or None
        What continuous covariates add inside the cells, with terms as columns.
    spread : Spread or None
        Sums over the rows of a cell for iid and heteroskedasticity-robust errors.
    factors : Factors or None
        The absorbed effects.
    n_columns : int
        Terms and covariates.
    absorption : Absorption or None
        What took the effects out.
    controls : numpy.ndarray or None
        Covariates with the effects taken out, cells and inner rows, (N + R, p).
    notes : tuple of str
        What the reader must know: singletons.
    """

    coefficients: np.ndarray
    design: np.ndarray
    residuals: np.ndarray
    weights: np.ndarray
    bread: np.ndarray
    clusters: np.ndarray
    n_obs: int
    rank: int
    names: tuple[str, ...] = ()
    inner: Within | None = None
    spread: Spread | None = None
    factors: Factors | None = None
    n_columns: int = 0
    absorption: Absorption | None = field(default=None, repr=False)
    controls: np.ndarray | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

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
    def scores(self) -> np.ndarray:
        """Sum of terms times weighted residuals of every cluster, (G, k)."""
        return self.scores_by(self.clusters)

    def scores_by(self, clusters: np.ndarray) -> np.ndarray:
        """Return the same for other clusters, codes 0, 1, ... of every cell."""
        rows = self.design * (self.weights * self.residuals)[:, None]
        if self.inner is not None:
            rows, clusters = self.inner.append(rows, clusters)
        return np.column_stack([np.bincount(clusters, column) for column in rows.T])

    @property
    def influence(self) -> np.ndarray:
        """Contribution of every cluster to the error of every coefficient, (G, k)."""
        return np.asarray(self.scores @ self.bread)

    @property
    def grams(self) -> np.ndarray:
        """``X_g' W X_g`` of every cluster, (G, k, k); they add up to the inverse of `bread`."""
        fitted = self.least_squares
        sums = np.zeros((self.n_clusters, *self.bread.shape))
        np.add.at(sums, fitted.clusters, fitted.design[:, :, None] * fitted.design[:, None, :])
        return sums

    @property
    def least_squares(self) -> LeastSquares:
        """Rows with the root of their weights multiplied in, for CR2, CR3 and bootstraps.

        Raises
        ------
        IdentificationError
            If the regression was not made by `fit`.
        """
        if self.absorption is None:
            raise IdentificationError.of(
                expected="a regression of cells",
                found="one that came from somewhere else",
                mend="use the inference of the method that made it",
            )
        root = np.sqrt(self.weights)
        design, residuals = self.design * root[:, None], self.residuals * root
        clusters, absorption, controls = self.clusters, self.absorption, self.controls
        if self.inner is not None:
            design = np.vstack([design, self.inner.design])
            residuals = np.concatenate([residuals, self.inner.residuals])
            clusters = np.concatenate([clusters, clusters[self.inner.cell]])

        def absorb(columns: np.ndarray) -> np.ndarray:
            cells = absorption.residuals(columns[: len(root)] / root[:, None]) * root[:, None]
            left = np.vstack([cells, columns[len(root) :]])
            if controls is None or not controls.size:
                return left
            return np.asarray(left - controls @ np.linalg.lstsq(controls, left, rcond=None)[0])

        return LeastSquares(
            design=design,
            residuals=residuals,
            bread=self.bread,
            clusters=clusters,
            absorb=absorb,
        )

    def covariance(
        self,
        kind: Kind = "CR1",
        *,
        convention: Convention = "statsmodels",
        second: np.ndarray | None = None,
        two_way: TwoWay = "each",
    ) -> np.ndarray:
        """Covariance of the coefficients, equal to that of the rows, (k, k).

        Parameters
        ----------
        kind : {"iid", "HC0", "HC1", "CR0", "CR1", "CR3"}
        convention : {"statsmodels", "fixest"}
            How coefficients are counted: ``"statsmodels"`` counts every dummy; ``"fixest"``
            leaves out effects nested in a cluster.
        second : numpy.ndarray, optional
            Labels of a second clustering, one a cell.
        two_way : {"each", "min"}
            With `second`: G / (G - 1) from each clustering's own count, or from the smallest.

        Raises
        ------
        IdentificationError
            If `kind` cannot be had from cells.
        """
        return covariance(self, kind, convention=convention, second=second, two_way=two_way)


def fit(
    panel: Panel,
    terms: np.ndarray,
    *,
    names: tuple[str, ...],
    outcome: np.ndarray | None = None,
    effects: Sequence[Factor] | None = None,
    with_covariates: bool = False,
) -> Regression:
    """Regress the cell means on `terms`, with effects and the covariates of the panel taken out.

    Parameters
    ----------
    panel : Panel
    terms : numpy.ndarray
        Shape (n_cells, k).
    names : tuple of str
        Name of every term, for messages.
    outcome : numpy.ndarray, optional
        Shape (n_cells,); without it the outcome of the panel.
    effects : sequence of str or tuple of str, optional
        Columns of cells whose levels are absorbed; without it unit, time and the categories.
    with_covariates : bool
        Whether the covariates are terms of the answer, after the others, or only taken out.

    Returns
    -------
    Regression

    Raises
    ------
    IdentificationError
        If a term or covariate is collinear with the effects or with other terms.

    Notes
    -----
    Equal to the regression of the rows: the weights of a cell and its mean carry all that terms
    constant inside cells need; covariates add a few rows a cell with weight one, no effects and
    the cross-products about the cell means (Wong et al. 2021, arXiv:2102.11297).
    """
    from statsmodels.regression.linear_model import WLS

    factors = Factors.of(panel, effects or ("unit", "time", *panel.categories))
    weights = panel.cells["weight"].to_numpy(dtype=float)
    absorption = Absorption.of(factors, weights)
    values = panel.cells["outcome"].to_numpy(dtype=float) if outcome is None else outcome
    controls = panel.cells[list(panel.covariates)].to_numpy(dtype=float)
    raw = np.column_stack([values, terms, controls])
    absorbed = absorption.residuals(raw - raw.mean(axis=0), refine=True)
    inside = Within.of(panel, n_terms=terms.shape[1])
    root = np.sqrt(weights)[:, None]
    stacked = np.vstack([absorbed * root, inside.columns]) if inside else absorbed * root
    # The triangle of (terms, outcome) is the same least squares, small.
    upper = np.asarray(np.linalg.qr(np.roll(stacked, -1, axis=1), mode="r"))
    before = _lengths(raw[:, 1:], root, inside)
    _refuse_collinear(before, np.diag(upper)[:-1], names=(*names, *panel.covariates))
    fitted = WLS(upper[:, -1], upper[:, :-1], hasconst=False).fit(method="qr")
    k = stacked.shape[1] - 1 if with_covariates else terms.shape[1]
    taken = stacked[:, 1 + k :]
    design = stacked[:, 1 : 1 + k]
    if taken.shape[1]:
        design = design - taken @ np.linalg.lstsq(taken, design, rcond=None)[0]
    residuals = stacked[:, 0] - stacked[:, 1:] @ np.asarray(fitted.params)
    size = len(weights)
    return Regression(
        coefficients=np.asarray(fitted.params)[:k],
        design=design[:size] / root,
        residuals=residuals[:size] / root[:, 0],
        weights=weights,
        bread=np.asarray(fitted.normalized_cov_params)[:k, :k],
        clusters=codes(panel.cells["cluster"]),
        n_obs=panel.n_obs,
        rank=stacked.shape[1] - 1 + factors.rank,
        names=(*names, *panel.covariates)[:k],
        inner=inside.fitted(design[size:], residuals[size:]) if inside else None,
        spread=_spread(panel),
        factors=factors,
        n_columns=stacked.shape[1] - 1,
        absorption=absorption,
        controls=taken,
        notes=_singletons(panel, effects or ("unit", "time", *panel.categories)),
    )


def coefficients(
    absorber: Absorber | Absorption, terms: np.ndarray, outcomes: np.ndarray
) -> np.ndarray:
    """Coefficients of the same regression for many outcomes at once, without inference.

    Parameters
    ----------
    absorber : Absorber or Absorption
        Of the panel; an absorption has no covariates.
    terms : numpy.ndarray
        Shape (n_cells, k).
    outcomes : numpy.ndarray
        Shape (n_cells, m). A column equal to the outcome of the panel brings its covariances with
        covariates inside cells; other columns are taken as constant inside cells.

    Returns
    -------
    numpy.ndarray
        Shape (m, k); nan where a term cannot be identified.
    """
    design = absorber.residuals(terms)
    weighted = design * absorber.weights[:, None]
    gram = terms.T @ weighted
    gram = (gram + gram.T) / 2
    if np.linalg.matrix_rank(gram, hermitian=True) < len(gram):
        return np.full((outcomes.shape[1], terms.shape[1]), np.nan)
    right = weighted.T @ outcomes
    if isinstance(absorber, Absorber) and absorber.slopes.size:
        same = (outcomes == absorber.outcome[:, None]).all(axis=0)
        right = right - np.outer((absorber.slopes @ terms).T @ absorber.inside, same)
    return np.asarray(np.linalg.solve(gram, right).T)


def codes(labels: pd.Series) -> np.ndarray:
    """Give every label its position among the sorted distinct labels; shape of `labels`."""
    return np.unique(labels.to_numpy(), return_inverse=True)[1]


def effects_rank(unit: np.ndarray, time: np.ndarray) -> int:
    """Rank of unit and time dummies: levels minus connected components (plus none lost)."""
    both = sorted((unit, time), key=lambda code: -int(code.max()))
    return Factors(codes=tuple(both), sizes=tuple(int(code.max()) + 1 for code in both)).rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorber:
    """Takes unit and time effects, categories and covariates out of columns, many times.

    Attributes
    ----------
    absorption : Absorption
        Of the effects.
    weights : numpy.ndarray
        Shape (n_cells,).
    controls : numpy.ndarray
        Covariates with the effects taken out; shape (n_cells, p).
    slopes : numpy.ndarray
        Slopes of a column on them are ``slopes @ column``; shape (p, n_cells).
    inside : numpy.ndarray
        Sums of products of covariates and outcome inside cells; shape (p,).
    outcome : numpy.ndarray
        Shape (n_cells,).
    """

    absorption: Absorption
    weights: np.ndarray
    controls: np.ndarray
    slopes: np.ndarray
    inside: np.ndarray
    outcome: np.ndarray

    @classmethod
    def of(cls, panel: Panel, *, effects: Sequence[Factor] | None = None) -> Absorber:
        """Prepare the solve for the cells of `panel`."""
        factors = Factors.of(panel, effects or ("unit", "time", *panel.categories))
        weights = panel.cells["weight"].to_numpy(dtype=float)
        absorption = Absorption.of(factors, weights)
        raw = panel.cells[list(panel.covariates)].to_numpy(dtype=float)
        controls = absorption.residuals(raw - raw.mean(axis=0), refine=True)
        weighted = controls.T * weights
        within = Within.of(panel, n_terms=0)
        moments = within.columns.T @ within.columns if within else np.zeros(2 * (raw.shape[1] + 1,))
        return cls(
            absorption=absorption,
            weights=weights,
            controls=controls,
            slopes=np.linalg.solve(weighted @ controls + moments[1:, 1:], weighted),
            inside=moments[1:, 0],
            outcome=panel.cells["outcome"].to_numpy(dtype=float),
        )

    def residuals(self, columns: np.ndarray) -> np.ndarray:
        """Return `columns` (n_cells, c) less all that is absorbed, same shape."""
        left = self.absorption.residuals(columns)
        return left - self.controls @ (self.slopes @ columns) if self.slopes.size else left


def _spread(panel: Panel) -> Spread:
    cells = panel.cells
    names = ("n", *SQUARED_WEIGHTS, "weight", "ss")
    have = {name: cells[name].to_numpy(dtype=float) for name in names if name in cells}
    if SQUARED_WEIGHTS[0] in have:
        squared = [have[name] for name in SQUARED_WEIGHTS]
        return Spread(ss=have["ss"], w2=squared[0], w2e=squared[1], w2ee=squared[2])
    if (have["n"] == have["weight"]).all():
        return Spread(ss=have["ss"], w2=have["n"], w2e=None, w2ee=have["ss"])
    squared_weight = have["weight"] ** 2 if (have["n"] == 1).all() else None
    return Spread(ss=have["ss"], w2=squared_weight, w2e=None, w2ee=None)


def _singletons(panel: Panel, effects: Sequence[Factor]) -> tuple[str, ...]:
    notes = []
    for name in effects:
        rows = panel.cells.groupby(name if isinstance(name, str) else list(name))["n"].sum()
        alone = int((rows == 1).sum())
        if alone:
            label = name if isinstance(name, str) else " x ".join(name)
            notes.append(f"{alone} of {len(rows)} levels of {label} have a single row.")
    return tuple(notes)


def _lengths(columns: np.ndarray, root: np.ndarray, inside: Within | None) -> np.ndarray:
    squares = ((columns * root) ** 2).sum(axis=0)
    if inside is not None:
        squares = squares + (inside.columns[:, 1:] ** 2).sum(axis=0)
    return np.asarray(np.sqrt(squares))


def _refuse_collinear(before: np.ndarray, left: np.ndarray, *, names: tuple[str, ...]) -> None:
    kept = np.abs(left) > COLLINEAR * np.maximum(before, np.finfo(float).tiny)
    if len(kept) == len(names) and kept.all():
        return
    lost = [name for name, fine in zip(names, kept, strict=False) if not fine]
    raise IdentificationError.of(
        expected="terms that vary beyond unit and time effects",
        found=f"collinear: {', '.join(lost or names)}",
        mend="check that some units are treated inside the window, some before and some never",
    )
