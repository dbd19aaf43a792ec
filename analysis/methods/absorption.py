"""Take discrete effects out of columns exactly: one factor in closed form, the rest solved once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpstrf
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsmr

from analysis.methods.factors import Factors

#: Levels beside the largest factor up to which the rest is solved densely.
DENSE = 4_000
#: Pivots of the scaled rest below this are redundant levels.
PIVOT = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorption:
    """Weighted projection off the dummies of some factors; N cells, L levels beside the largest.

    Attributes
    ----------
    factors : Factors
        The factor with most levels first.
    weights : numpy.ndarray
        Shape (N,).
    sums : tuple of scipy.sparse.csr_array
        Weighted sums by level: of the largest factor, and of all others; (levels, N) each.
    total : numpy.ndarray
        Weight of every level of the largest factor.
    shares : scipy.sparse.csr_array
        Weight of the other levels in every level of the largest, as shares; (largest, L).
    inverse : numpy.ndarray or None
        Of the Schur complement of the largest factor, zero at redundant levels, (L, L); None
        where L is beyond `DENSE`.
    """

    factors: Factors
    weights: np.ndarray
    sums: tuple[csr_array, csr_array]
    total: np.ndarray
    shares: csr_array
    inverse: np.ndarray | None

    @classmethod
    def of(cls, factors: Factors, weights: np.ndarray) -> Absorption:
        """Prepare the solve."""
        n_cells, largest = len(weights), factors.sizes[0]
        position = np.arange(n_cells)
        starts = factors.starts[1:-1] - largest
        others = [code + start for code, start in zip(factors.codes[1:], starts, strict=True)]
        count = sum(factors.sizes[1:])
        first = csr_array((weights, (factors.codes[0], position)), shape=(largest, n_cells))
        beside = csr_array(
            (
                np.tile(weights, len(others)),
                (np.concatenate([*others, np.empty(0, dtype=int)]), np.tile(position, len(others))),
            ),
            shape=(count, n_cells),
        )
        total = np.bincount(factors.codes[0], weights, largest)
        shares = csr_array(
            (
                (weights / total[factors.codes[0]])[np.tile(position, len(others))],
                (
                    np.tile(factors.codes[0], len(others)),
                    np.concatenate([*others, np.empty(0, dtype=int)]),
                ),
            ),
            shape=(largest, count),
        )
        prepared = cls(
            factors=factors,
            weights=weights,
            sums=(first, beside),
            total=total,
            shares=shares,
            inverse=None,
        )
        if count > DENSE:
            return prepared
        inverse = _inverse(prepared._schur(), redundant=sum(factors.sizes) - factors.rank)
        return cls(
            factors=factors,
            weights=weights,
            sums=(first, beside),
            total=total,
            shares=shares,
            inverse=inverse,
        )

    def residuals(self, columns: np.ndarray, *, refine: bool = False) -> np.ndarray:
        """Return `columns` (N, c) less their effects; `refine` does it once more, for rounding."""
        if self.inverse is None:
            return self._iterated(columns)
        first, beside = self.sums
        means = (first @ columns) / self.total[:, None]
        effects = self.inverse @ (beside @ columns - self.shares.T @ (first @ columns))
        means = means - self.shares @ effects
        left = columns - means[self.factors.codes[0]]
        starts = self.factors.starts[1:-1] - self.factors.sizes[0]
        for code, start in zip(self.factors.codes[1:], starts, strict=True):
            left = left - effects[code + start]
        return self.residuals(left) if refine else np.asarray(left)

    def _schur(self) -> np.ndarray:
        beside = self.sums[1]
        block = (beside @ (beside.T * (1 / self.weights)[:, None])).toarray()
        through = (self.shares.T @ (self.shares * self.total[:, None])).toarray()
        return np.asarray(block - through)

    def _iterated(self, columns: np.ndarray) -> np.ndarray:
        """Least squares on all dummies by LSMR to machine precision, twice."""
        root = np.sqrt(self.weights)
        both = [by.T * (1 / root)[:, None] for by in self.sums]
        dummies = csr_array(hstack(both))
        scale = 1 / np.sqrt(np.asarray(dummies.multiply(dummies).sum(axis=0)).ravel())
        dummies = csr_array(dummies * scale[None, :])
        left = columns * root[:, None]
        for _ in range(2):
            fitted = [
                dummies @ lsmr(dummies, column, atol=1e-14, btol=1e-14, conlim=0, maxiter=10_000)[0]
                for column in left.T
            ]
            left = left - np.column_stack(fitted)
        return np.asarray(left / root[:, None])


def _inverse(matrix: np.ndarray, *, redundant: int) -> np.ndarray:
    """Inverse on a largest set of independent levels, zero elsewhere."""
    size = len(matrix)
    inverse = np.zeros((size, size))
    if size == 0:
        return inverse
    scale = np.sqrt(np.clip(np.diag(matrix), np.finfo(float).tiny, None))
    scaled = matrix / np.outer(scale, scale)
    pivots = dpstrf(scaled, tol=PIVOT)[1] - 1
    kept = np.sort(pivots[: size - redundant])
    if len(kept) == 0:
        return inverse
    block = np.ix_(kept, kept)
    solved = cho_solve(cho_factor(scaled[block]), np.eye(len(kept)))
    inverse[block] = (solved + solved.T) / 2 / np.outer(scale[kept], scale[kept])
    return inverse
