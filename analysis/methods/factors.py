"""Any list of discrete effects, and the weighted normal equations that take them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.linalg.lapack import dposv
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from analysis.errors import IdentificationError
from analysis.methods.panel import Panel

#: A factor is a column of the cells, or several whose combinations are the levels.
Factor = str | tuple[str, ...]

#: Multiplications up to which the smaller factors are solved densely, and table cells for it.
DENSE_WORK = 4e9
DENSE_TABLE = 3e7
#: Added to the unit diagonal of the scaled system: makes redundant levels harmless.
RIDGE = 1e-11
#: Relative residual at which the conjugate gradients stop, and how many steps they may take.
CG_TOLERANCE = 1e-6
CG_STEPS = 2_000
#: Rounding of sums relative to the sums of absolute values: no step can get below it.
ROUNDING = 10 * float(np.finfo(float).eps)
#: Up to this number of levels beside the largest factor the rank is computed exactly.
EXACT_RANK = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Discrete effects of N cells; the factor with most levels stands first.

    Attributes
    ----------
    codes : tuple of numpy.ndarray
        Level 0, 1, ... of every cell, one array (N,) a factor.
    sizes : tuple of int
        Levels of every factor.
    by_first : numpy.ndarray or None
        Cells in the order of the first factor, shape (N,); found when two large factors are solved.
    """

    codes: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]
    by_first: np.ndarray | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, panel: Panel, names: Sequence[Factor]) -> Factors:
        """Code the named columns of the cells of `panel`.

        Parameters
        ----------
        panel : Panel
        names : sequence of str or tuple of str
            ``"unit"``, ``"time"``, categories; a tuple means every combination of its columns.

        Raises
        ------
        IdentificationError
            If a column is not there.
        """
        wanted = [(name,) if isinstance(name, str) else tuple(name) for name in names]
        absent = {part for parts in wanted for part in parts if part not in panel.cells}
        if absent:
            raise IdentificationError.of(
                expected=f"effects among {', '.join(map(str, panel.cells.columns))}",
                found=", ".join(sorted(absent)),
                mend="name columns of the cells: unit, time, or categories of the panel",
            )
        coded = [_codes(panel.cells, parts) for parts in wanted]
        if not coded:
            coded = [np.zeros(len(panel.cells), dtype=np.intp)]
        coded.sort(key=lambda code: -int(code.max()))
        return cls(codes=tuple(coded), sizes=tuple(int(code.max()) + 1 for code in coded))

    def keep(self, mask: np.ndarray) -> Factors:
        """Return the effects of the cells where `mask` (N,) is true, levels coded anew."""
        codes = tuple(pd.factorize(code[mask])[0] for code in self.codes)
        return Factors(codes=codes, sizes=tuple(int(code.max()) + 1 for code in codes))

    @property
    def starts(self) -> np.ndarray:
        """First position of every factor among all levels; shape (n_factors + 1,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    @property
    def rank(self) -> int:
        """Rank of all dummies together.

        Exact for one or two factors (levels minus connected components) and, with more, while
        the factors beside the largest have at most `EXACT_RANK` levels; beyond, the
        upper bound that counts one redundant level for every factor after the second.
        """
        if len(self.sizes) == 1:
            return self.sizes[0]
        if len(self.sizes) > 2 and sum(self.sizes[1:]) <= EXACT_RANK:
            ones = np.ones(len(self.codes[0]))
            schur = self._schur(ones, self._table(ones))
            scale = np.sqrt(np.diag(self._others(ones)))
            values = np.linalg.eigvalsh(schur / np.outer(scale, scale))
            return self.sizes[0] + int((values > 1e-9).sum())
        first, second = self.codes[:2]
        size = self.sizes[0] + self.sizes[1]
        graph = coo_array(
            (np.ones(len(first)), (first, self.sizes[0] + second)), shape=(size, size)
        )
        parts = int(connected_components(graph, directed=False, return_labels=False))
        return sum(self.sizes) - parts - (len(self.sizes) - 2)

    def sums(self, columns: np.ndarray) -> np.ndarray:
        """Sum `columns` (c, N) within every level of every factor; shape (levels, c)."""
        return np.column_stack(
            [
                np.concatenate(
                    [
                        np.bincount(code, column, size)
                        for code, size in zip(self.codes, self.sizes, strict=True)
                    ]
                )
                for column in columns
            ]
        )

    def spread(self, effects: np.ndarray) -> np.ndarray:
        """Sum of the effects (levels,) that every cell has; shape (N,)."""
        starts = self.starts
        total = effects[: starts[1]][self.codes[0]]
        for code, first, last in zip(self.codes[1:], starts[1:], starts[2:], strict=False):
            total += effects[first:last][code]
        return np.asarray(total)

    @property
    def dense(self) -> bool:
        """Whether the factors beside the largest are few enough for a dense solve."""
        rest = sum(self.sizes[1:])
        return self.sizes[0] * rest <= DENSE_TABLE and self.sizes[0] * rest**2 <= DENSE_WORK

    def solve(
        self,
        weights: np.ndarray,
        sums: np.ndarray,
        *,
        start: np.ndarray | None = None,
        sizes: np.ndarray | None = None,
    ) -> np.ndarray:
        """Effects of the weighted least-squares fit of c columns on all dummies.

        Parameters
        ----------
        weights : numpy.ndarray
            Shape (N,).
        sums : numpy.ndarray
            `sums` of the weighted columns, shape (levels, c).
        start : numpy.ndarray, optional
            A guess, shape (levels, c); used where the solve iterates.
        sizes : numpy.ndarray, optional
            `sums` of the absolute values of the weighted columns, shape (levels, c): says what of
            `sums` is rounding, where these are small because the columns are nearly solved.

        Returns
        -------
        numpy.ndarray
            Shape (levels, c); redundant levels take any value that fits.

        Notes
        -----
        The largest factor is eliminated in closed form; the Schur complement of the others is
        solved by Cholesky, or by preconditioned conjugate gradients where it would be too large.
        """
        size = self.sizes[0]
        row = np.bincount(self.codes[0], weights, size)
        if len(self.sizes) == 1:
            return np.asarray(sums / row[:, None])
        if self.dense:
            table = self._table(weights)
            right = sums[size:] - table.T @ (sums[:size] / row[:, None])
            others = _solve_scaled(self._schur(weights, table), right, self._scale(weights))
            first = (sums[:size] - table @ others) / row[:, None]
            return np.vstack([first, others])
        noise = ROUNDING * np.abs(sums if sizes is None else sizes)[size:]
        return self._iterate(weights, sums, row, start, noise)

    def residuals(self, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return `columns` (c, N) less their weighted fit on all effects, refined once."""
        left = columns
        for _ in range(2):
            sizes = None if self.dense else self.sums(np.abs(left) * weights)
            effects = self.solve(weights, self.sums(left * weights), sizes=sizes)
            left = left - np.array([self.spread(column) for column in effects.T])
        return left

    def _scale(self, weights: np.ndarray) -> np.ndarray:
        sizes, codes = self.sizes[1:], self.codes[1:]
        parts = [np.bincount(code, weights, size) for code, size in zip(codes, sizes, strict=True)]
        return np.sqrt(np.concatenate(parts))

    def _table(self, weights: np.ndarray) -> np.ndarray:
        """Weights by level of the largest factor and level of the others."""
        first, size = self.codes[0], self.sizes[0]
        return np.hstack(
            [
                np.bincount(first * other + code, weights, size * other).reshape(size, other)
                for code, other in zip(self.codes[1:], self.sizes[1:], strict=True)
            ]
        )

    def _others(self, weights: np.ndarray) -> np.ndarray:
        sizes, codes = self.sizes[1:], self.codes[1:]
        rows = []
        for code, size in zip(codes, sizes, strict=True):
            rows.append(
                np.hstack(
                    [
                        np.bincount(code * wide + other, weights, size * wide).reshape(size, wide)
                        for other, wide in zip(codes, sizes, strict=True)
                    ]
                )
            )
        return np.vstack(rows)

    def _schur(self, weights: np.ndarray, table: np.ndarray) -> np.ndarray:
        block = np.diag(table.sum(axis=0)) if len(self.sizes) == 2 else self._others(weights)
        row = np.bincount(self.codes[0], weights, self.sizes[0])
        return np.asarray(block - table.T @ (table / row[:, None]))

    def _iterate(
        self,
        weights: np.ndarray,
        sums: np.ndarray,
        row: np.ndarray,
        start: np.ndarray | None,
        noise: np.ndarray,
    ) -> np.ndarray:
        size = self.sizes[0]
        guess = np.zeros_like(sums) if start is None else start
        system = _System(factors=self, weights=weights, row=row, table=self._sparse(weights))
        columns = []
        for total, first, least in zip(sums.T, guess.T, noise.T, strict=True):
            right = total[size:] - system.down(total[:size] / row)
            others = system.conjugate(right, first[size:], least)
            columns.append(np.concatenate([(total[:size] - system.up(others)) / row, others]))
        return np.column_stack(columns)

    def _sparse(self, weights: np.ndarray) -> csr_array | None:
        """Weights by level of the first factor and of the second, if there are two."""
        if len(self.sizes) != 2:
            return None
        first, second = self.codes
        if self.by_first is None:
            object.__setattr__(self, "by_first", np.argsort(first, kind="stable"))
        ends = np.concatenate([[0], np.cumsum(np.bincount(first, minlength=self.sizes[0]))])
        return csr_array((weights[self.by_first], second[self.by_first], ends), shape=self.sizes)

    def _sums_beside(self, column: np.ndarray) -> np.ndarray:
        sizes, codes = self.sizes[1:], self.codes[1:]
        return np.concatenate(
            [np.bincount(code, column, size) for code, size in zip(codes, sizes, strict=True)]
        )

    def _spread_beside(self, others: np.ndarray) -> np.ndarray:
        starts = self.starts[1:] - self.sizes[0]
        total = np.zeros(len(self.codes[0]))
        for code, first, last in zip(self.codes[1:], starts[:-1], starts[1:], strict=True):
            total += others[first:last][code]
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class _System:
    """Normal equations of all factors beside the largest, which is eliminated.

    Attributes
    ----------
    factors : Factors
    weights, row : numpy.ndarray
        Of every cell, and their sums by level of the largest factor.
    table : scipy.sparse.csr_array or None
        Of two factors: a step over their pairs takes a fraction of one over the cells.
    """

    factors: Factors
    weights: np.ndarray
    row: np.ndarray
    table: csr_array | None

    def up(self, others: np.ndarray) -> np.ndarray:
        """Sum the weighted effects by level of the largest factor."""
        if self.table is not None:
            return np.asarray(self.table @ others)
        cells = self.weights * self.factors._spread_beside(others)
        return np.bincount(self.factors.codes[0], cells, len(self.row))

    def down(self, first: np.ndarray) -> np.ndarray:
        """Sum the weighted effects of the largest factor by level of the others."""
        if self.table is not None:
            return np.asarray(self.table.T @ first)
        return self.factors._sums_beside(self.weights * first[self.factors.codes[0]])

    def image(self, others: np.ndarray, diagonal: np.ndarray) -> np.ndarray:
        """Multiply by the matrix of the system."""
        mean = self.up(others) / self.row
        if self.table is not None:
            return np.asarray(diagonal * others - self.down(mean))
        left = self.factors._spread_beside(others) - mean[self.factors.codes[0]]
        return self.factors._sums_beside(self.weights * left)

    def conjugate(self, right: np.ndarray, start: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Solve by conjugate gradients with the diagonal as preconditioner."""
        diagonal = self.factors._scale(self.weights) ** 2
        inverse = 1 / diagonal
        guess = start.copy()
        left = right - self.image(guess, diagonal)
        turned = inverse * left
        way, size = turned.copy(), float(left @ turned)
        goal = CG_TOLERANCE**2 * float(right @ (inverse * right)) + float(noise @ (inverse * noise))
        for _ in range(CG_STEPS):
            if size <= goal:
                break
            image = self.image(way, diagonal)
            step = size / float(way @ image)
            guess += step * way
            left -= step * image
            turned = inverse * left
            size, before = float(left @ turned), size
            way = turned + (size / before) * way
        return guess


def _codes(cells: pd.DataFrame, parts: tuple[str, ...]) -> np.ndarray:
    code = pd.factorize(cells[parts[0]])[0]
    for part in parts[1:]:
        other = pd.factorize(cells[part])[0]
        code = pd.factorize(code * (int(other.max()) + 1) + other)[0]
    return np.asarray(code, dtype=np.intp)


def _solve_scaled(matrix: np.ndarray, right: np.ndarray, scale: np.ndarray) -> np.ndarray:
    scaled = matrix / np.outer(scale, scale)
    scaled[np.diag_indices_from(scaled)] += RIDGE
    solved = dposv(scaled, right / scale[:, None])[1]
    return np.asarray(solved / scale[:, None])
