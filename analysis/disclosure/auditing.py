"""What a reader can work out about suppressed cells from all that is published beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from analysis.errors import BuildError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Least and largest value that every cell of a table can have.

    Attributes
    ----------
    low, high : numpy.ndarray
        Shape of the table; both equal the value where the cell is published.
    """

    low: np.ndarray
    high: np.ndarray

    def too_narrow(self, values: np.ndarray, *, need: np.ndarray) -> np.ndarray:
        """Cells, boolean, that can be told more closely than `need` on either side."""
        slack = 1e-7 * (1 + np.abs(values))
        above, below = self.high - values, values - self.low
        return np.asarray((need > 0) & ((above + slack < need) | (below + slack < need)))


def reachable(
    values: np.ndarray,
    hidden: np.ndarray,
    *,
    wanted: np.ndarray | None = None,
    known: Iterable[tuple[int, int]] = (),
) -> Ranges:
    r"""Solve the linear bounds of every hidden cell of a table whose margins are published.

    Parameters
    ----------
    values : numpy.ndarray
        Not negative, shape (r, c). All row sums, column sums and the total are published.
    hidden : numpy.ndarray
        Boolean (r, c): cells that are not published.
    wanted : numpy.ndarray, optional
        Boolean (r, c): hidden cells whose bounds are solved; without it all.
    known : iterable of pairs
        Hidden cells that the reader knows all the same, being the only firm in them.

    Returns
    -------
    Ranges

    Notes
    -----
    For a hidden cell the two linear programmes min and max :math:`x_{ij}` subject to
    :math:`\sum_j x_{ij} = r_i`, :math:`\sum_i x_{ij} = c_j`, :math:`x \ge 0`, where
    :math:`r_i` and :math:`c_j` are the published sums less the published cells.
    """
    low, high = values.astype(float), values.astype(float)
    free = hidden.copy()
    for place in known:
        free[place] = False
    rows, columns = np.nonzero(free)
    if len(rows) == 0:
        return Ranges(low=low, high=high)
    asked = free if wanted is None else free & wanted
    matrix = _margins(rows, columns, values.shape)
    sums = matrix @ values[rows, columns].astype(float)
    scale = max(float(np.abs(sums).max()), 1.0)
    for position in np.flatnonzero(asked[rows, columns]):
        place = rows[position], columns[position]
        low[place] = scale * _solve(int(position), 1.0, matrix, sums / scale)
        high[place] = scale * -_solve(int(position), -1.0, matrix, sums / scale)
    return Ranges(low=low, high=high)


def _margins(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, ...]) -> sparse.csr_matrix:
    at = np.arange(len(rows))
    ones = np.ones(len(rows))
    by_row = sparse.csr_matrix((ones, (rows, at)), shape=(shape[0], len(rows)))
    by_column = sparse.csr_matrix((ones, (columns, at)), shape=(shape[1], len(rows)))
    return sparse.vstack([by_row, by_column], format="csr")


def _solve(position: int, sign: float, matrix: sparse.csr_matrix, sums: np.ndarray) -> float:
    goal = np.zeros(matrix.shape[1])
    goal[position] = sign
    found = linprog(goal, A_eq=matrix, b_eq=sums, bounds=(0, None), method="highs")
    if found.status != 0:
        raise BuildError.of(
            expected="bounds of every suppressed cell",
            found=str(found.message),
            mend="report this: without the bounds no table is published",
        )
    return float(found.fun)
