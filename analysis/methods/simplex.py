"""Weights on the simplex: the quadratic programmes behind synthetic controls."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import nnls

#: Weights below this share are rounding of the solver and are set to zero.
ZERO = 1e-10


def simplex_weights(
    donors: np.ndarray, target: np.ndarray, *, ridge: float = 0.0, intercept: bool = False
) -> np.ndarray:
    r"""Weights of donors, not negative and summing to one, that come nearest to a target.

    Parameters
    ----------
    donors : numpy.ndarray
        One column a donor; shape (m, J).
    target : numpy.ndarray
        Shape (m,).
    ridge : float
        Factor of the sum of squared weights.
    intercept : bool
        Whether a free constant may be added to the weighted mean.

    Returns
    -------
    numpy.ndarray
        Shape (J,).

    Notes
    -----
    .. math:: \min_{w \ge 0,\, 1'w = 1} \|D w\|^2 + \zeta \|w\|^2, \quad D = A - b 1'

    On the simplex ``A w - b`` equals ``D w``, so the problem is homogeneous and
    :math:`w = u / 1'u` with :math:`u = \arg\min_{u \ge 0} \|D u\|^2 + \zeta \|u\|^2 +
    (c\, 1'u - c)^2`, exactly and for every c > 0: for :math:`u = s w` the minimum over s is
    increasing in the objective at w. The second problem is non-negative least squares, solved
    by the active-set method of Lawson and Hanson (1974) in `scipy.optimize.nnls`. c is set to
    the size of D, which keeps the problem well conditioned.
    """
    gap = donors - target[:, None]
    if intercept:
        gap = gap - gap.mean(axis=0)
    if ridge > 0:
        gap = np.vstack([gap, np.sqrt(ridge) * np.eye(gap.shape[1])])
    size = float(np.sqrt(np.mean(np.einsum("ij,ij->j", gap, gap))))
    if size == 0.0:
        return np.full(gap.shape[1], 1.0 / gap.shape[1])
    system = np.vstack([gap / size, np.ones(gap.shape[1])])
    goal = np.zeros(len(system))
    goal[-1] = 1.0
    solution, _ = nnls(system, goal, maxiter=50 * gap.shape[1])
    return _on_simplex(solution)


def penalised_weights(donors: np.ndarray, target: np.ndarray, *, penalty: float) -> np.ndarray:
    r"""Weights on the simplex with a price on donors that are far from the target one by one.

    Parameters
    ----------
    donors, target : numpy.ndarray
        Shapes (m, J) and (m,).
    penalty : float
        Above zero; large values give the nearest neighbour.

    Returns
    -------
    numpy.ndarray
        Shape (J,).

    Notes
    -----
    .. math:: \min_{w \ge 0,\, 1'w = 1} \|b - A w\|^2 + \lambda \sum_j w_j \|b - A_j\|^2

    The linear price makes the problem inhomogeneous; it goes to the interior-point solver
    Clarabel. For every penalty above zero the solution is unique and sparse.

    References
    ----------
    Abadie and L'Hour (2021), doi:10.1080/01621459.2021.1971535.
    """
    import clarabel  # type: ignore[import-untyped]

    gap = donors - target[:, None]
    distance = np.einsum("ij,ij->j", gap, gap)
    size = float(distance.mean()) or 1.0
    count = gap.shape[1]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(2 * gap.T @ gap / size)),
        penalty * distance / size,
        sparse.csc_matrix(np.vstack([np.ones((1, count)), -np.eye(count)])),
        np.concatenate([[1.0], np.zeros(count)]),
        [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(count)],
        settings,
    )
    return _on_simplex(np.clip(np.asarray(solver.solve().x), 0.0, None), zero=1e-7)


def _on_simplex(values: np.ndarray, *, zero: float = ZERO) -> np.ndarray:
    share = values / values.sum()
    share = np.where(share < zero, 0.0, share)
    return np.asarray(share / share.sum())
