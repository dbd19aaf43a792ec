"""Bias-reduced (CR2) and jackknife (CR3) cluster covariances of weighted least squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Eigenvalues of a cluster's residual maker below this count as zero.
SINGULAR = 1e-9
#: An estimate that hangs on one cluster has at least this share of its loadings there, over the
#: number of terms; clusters with less are not looked at.
HANGS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LeastSquares:
    """A fitted regression, rows multiplied by the root of their weights; N rows, p terms.

    Attributes
    ----------
    design : numpy.ndarray
        Terms with all other effects taken out, (N, p).
    residuals : numpy.ndarray
        Shape (N,).
    bread : numpy.ndarray
        Inverse of ``design' design``, (p, p).
    clusters : numpy.ndarray
        Codes 0 .. G - 1, (N,).
    absorb : callable
        Takes the other effects out of columns (N, c).
    """

    design: np.ndarray
    residuals: np.ndarray
    bread: np.ndarray
    clusters: np.ndarray
    absorb: Callable[[np.ndarray], np.ndarray]

    @property
    def n_clusters(self) -> int:
        """Number of clusters G."""
        return int(self.clusters.max()) + 1

    def residual_maker(self, columns: np.ndarray) -> np.ndarray:
        """Take terms and other effects out of `columns` (N, c)."""
        without = self.absorb(columns)
        return np.asarray(without - self.design @ (self.bread @ (self.design.T @ columns)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCovariance:
    """Covariance of m combinations of coefficients.

    Attributes
    ----------
    covariance : numpy.ndarray
        Shape (m, m).
    dof : numpy.ndarray
        Degrees of freedom of the t distribution, (m,).
    lost : numpy.ndarray
        Clusters without which a combination cannot be estimated (codes); where there is one, the
        covariance misses its part and no test holds.
    """

    covariance: np.ndarray
    dof: np.ndarray
    lost: np.ndarray


def bias_reduced(fitted: LeastSquares, rows: np.ndarray) -> ClusterCovariance:
    r"""CR2 covariance with Satterthwaite degrees of freedom.

    Parameters
    ----------
    fitted : LeastSquares
    rows : numpy.ndarray
        Combinations, (m, p).

    Returns
    -------
    ClusterCovariance

    Notes
    -----
    Every cluster's residuals are multiplied by :math:`(I - H)_{gg}^{+1/2}`, H the projection on
    *all* columns, absorbed effects included. With weights that count rows and terms constant
    within cells this equals the row-level CR2 whose working model is independent, equal errors.
    The degrees of freedom are :math:`(\sum_g p_g'p_g)^2 / \sum_{g,h} (p_g'p_h)^2`.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28(2), 169-181; Pustejovsky and Tipton (2018),
    doi:10.1080/07350015.2016.1247004.
    """
    adjusted, lost = adjusted_loadings(fitted, rows, power=-0.5)
    scores = _by_cluster(fitted, adjusted * fitted.residuals[:, None])
    dof = [_satterthwaite(fitted, column) for column in adjusted.T]
    return ClusterCovariance(covariance=scores.T @ scores, dof=np.array(dof), lost=lost)


def jackknife(fitted: LeastSquares, rows: np.ndarray) -> ClusterCovariance:
    r"""CR3 covariance: every cluster left out in turn.

    Parameters
    ----------
    fitted : LeastSquares
    rows : numpy.ndarray
        Combinations, (m, p).

    Returns
    -------
    ClusterCovariance
        With G - 1 degrees of freedom.

    Notes
    -----
    :math:`\frac{G - 1}{G} \sum_g (b_{(g)} - b)(b_{(g)} - b)'`, about the estimate from all
    clusters; :math:`b - b_{(g)} = (X'X)^{-1} X_g' (I - H)_{gg}^{+} e_g`.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), doi:10.1016/j.jeconom.2022.04.001.
    """
    adjusted, lost = adjusted_loadings(fitted, rows, power=-1.0)
    moves = _by_cluster(fitted, adjusted * fitted.residuals[:, None])
    n_clusters = fitted.n_clusters
    return ClusterCovariance(
        covariance=(n_clusters - 1) / n_clusters * moves.T @ moves,
        dof=np.full(len(rows), n_clusters - 1.0),
        lost=lost,
    )


def lost_clusters(fitted: LeastSquares, rows: np.ndarray) -> np.ndarray:
    """Find the clusters without which a combination cannot be estimated (codes).

    Parameters
    ----------
    fitted : LeastSquares
    rows : numpy.ndarray
        Combinations, (m, p).
    """
    loadings = fitted.design @ fitted.bread @ rows.T
    share = _by_cluster(fitted, loadings**2) / np.maximum((loadings**2).sum(axis=0), 1e-300)
    doubtful = np.flatnonzero((share > HANGS / fitted.design.shape[1]).any(axis=1))
    return adjusted_loadings(fitted, rows, power=-0.5, clusters=doubtful)[1]


def adjusted_loadings(
    fitted: LeastSquares, rows: np.ndarray, *, power: float, clusters: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Give the loadings of adjusted residuals (N, m) and the clusters that cannot go.

    Only those of `clusters`, if they are named.
    """
    loadings = fitted.design @ fitted.bread @ rows.T
    adjusted = np.zeros_like(loadings)
    length = np.sqrt((loadings**2).sum(axis=0))
    lost = []
    for cluster in range(fitted.n_clusters) if clusters is None else clusters.tolist():
        inside = np.flatnonzero(fitted.clusters == cluster)
        block = np.zeros((len(loadings), len(inside)))
        block[inside, np.arange(len(inside))] = 1.0
        maker = fitted.residual_maker(block)[inside]
        values, vectors = np.linalg.eigh((maker + maker.T) / 2)
        live = values > SINGULAR
        gone = np.abs(vectors[:, ~live].T @ loadings[inside])
        if (gone > 1e-6 * length).any():
            lost.append(cluster)
        root = vectors[:, live] * values[live] ** power
        adjusted[inside] = root @ (vectors[:, live].T @ loadings[inside])
    return adjusted, np.array(lost, dtype=int)


def _by_cluster(fitted: LeastSquares, columns: np.ndarray) -> np.ndarray:
    sums = np.zeros((fitted.n_clusters, columns.shape[1]))
    np.add.at(sums, fitted.clusters, columns)
    return sums


def _satterthwaite(fitted: LeastSquares, adjusted: np.ndarray) -> float:
    spread = np.zeros((len(adjusted), fitted.n_clusters))
    spread[np.arange(len(adjusted)), fitted.clusters] = adjusted
    errors = fitted.residual_maker(spread)
    gram = errors.T @ errors
    size = float((gram**2).sum())
    return float(np.trace(gram) ** 2 / size) if size > 0 else float("nan")
