"""Which donors a regression should use: best subsets by AICc or BIC, or the path of the LASSO."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice
from math import comb
from typing import Literal

import numpy as np

from analysis.errors import IdentificationError

Criterion = Literal["AICc", "BIC", "LASSO"]
Search = Literal["recommended", "exact", "forward"]

#: The recommended search lists all subsets up to this number and goes forward beyond.
LISTED = 2**16
#: The exact search is refused beyond this number.
MOST_LISTED = 2**21
_CHUNK = 20_000
#: Added to the diagonal of the correlation matrix while subsets are compared, against ties.
_JITTER = 1e-12
_PENALTIES = 60


def choose_donors(
    donors: np.ndarray,
    target: np.ndarray,
    *,
    criterion: Criterion,
    search: Search,
    most: int,
) -> np.ndarray:
    r"""Positions of the donors on which a regression with constant should rest.

    Parameters
    ----------
    donors : numpy.ndarray
        Shape (T0, J).
    target : numpy.ndarray
        Shape (T0,).
    criterion : {"AICc", "BIC", "LASSO"}
        LASSO: subsets that the LASSO path visits, the best of them by AICc.
    search : {"recommended", "exact", "forward"}
    most : int
        Largest number of donors.

    Returns
    -------
    numpy.ndarray
        Sorted; may be empty.

    Notes
    -----
    With q = donors + 2 parameters (constant and variance counted),
    :math:`AICc = T_0 \ln(RSS/T_0) + 2q + 2q(q+1)/(T_0-q-1)` and
    :math:`BIC = T_0 \ln(RSS/T_0) + q \ln T_0`. The exact search solves every subset; the forward
    search adds the best donor, drops donors that stopped helping, and stops when nothing helps.
    """
    spread = donors.std(axis=0)
    live = np.flatnonzero(spread > 1e-12 * (np.abs(donors).max() or 1.0))
    centred = (donors[:, live] - donors[:, live].mean(axis=0)) / spread[live]
    own = target - target.mean()
    most = min(most, len(live), max(len(target) - 4, 0))
    problem = _Problem(centred, own, "AICc" if criterion == "LASSO" else criterion)
    if criterion == "LASSO":
        chosen = _by_lasso(problem, most)
    else:
        chosen = _by_subsets(problem, most, search)
    return np.sort(live[list(chosen)]) if chosen else np.empty(0, dtype=int)


class _Problem:
    """Centred donors and target with their cross-products."""

    def __init__(self, donors: np.ndarray, target: np.ndarray, criterion: str) -> None:
        self.donors, self.target, self.criterion = donors, target, criterion
        self.gram = donors.T @ donors / len(target) + _JITTER * np.eye(donors.shape[1])
        self.cross = donors.T @ target / len(target)
        self.total = float(target @ target / len(target))

    def value(self, residual: np.ndarray | float, count: int) -> np.ndarray:
        """Criterion for mean squared residuals and a number of donors."""
        n, q = len(self.target), count + 2
        size = np.log(np.maximum(residual, 1e-14 * (self.total or 1.0)))
        price = q * np.log(n) if self.criterion == "BIC" else 2 * q + 2 * q * (q + 1) / (n - q - 1)
        return np.asarray(n * size + price)

    def residuals(self, subsets: np.ndarray) -> np.ndarray:
        """Mean squared residuals of many subsets of one size; shape (n_subsets,)."""
        cross = self.cross[subsets]
        gram = self.gram[subsets[:, :, None], subsets[:, None, :]]
        slopes = np.linalg.solve(gram, cross[:, :, None])[:, :, 0]
        return np.asarray(self.total - np.einsum("ij,ij->i", cross, slopes))

    def many(self, subsets: list[tuple[int, ...]]) -> np.ndarray:
        """Criterion of subsets of any size above zero; shape (n_subsets,)."""
        sizes = np.array([len(subset) for subset in subsets])
        values = np.empty(len(subsets))
        for size in np.unique(sizes):
            block = np.array([subset for subset in subsets if len(subset) == size])
            values[sizes == size] = self.value(self.residuals(block), int(size))
        return values

    def one(self, subset: tuple[int, ...]) -> float:
        """Criterion of one subset."""
        if not subset:
            return float(self.value(self.total, 0))
        return float(self.value(self.residuals(np.array([subset])), len(subset))[0])


def _by_subsets(problem: _Problem, most: int, search: Search) -> tuple[int, ...]:
    count = sum(comb(problem.donors.shape[1], size) for size in range(most + 1))
    if search == "exact" and count > MOST_LISTED:
        raise IdentificationError.of(
            expected=f"at most {MOST_LISTED:,} subsets for the exact search",
            found=f"{count:,} of up to {most} among {problem.donors.shape[1]} donors",
            mend="lower most_donors, leave donors out, or use search='forward'",
        )
    if search == "forward" or (search == "recommended" and count > LISTED):
        return _forward(problem, most)
    return _listed(problem, most)


def _listed(problem: _Problem, most: int) -> tuple[int, ...]:
    chosen: tuple[int, ...] = ()
    best = problem.one(chosen)
    for size in range(1, most + 1):
        for block in _blocks(problem.donors.shape[1], size):
            values = problem.value(problem.residuals(block), size)
            at = int(values.argmin())
            if values[at] < best:
                best, chosen = float(values[at]), tuple(int(j) for j in block[at])
    return chosen


def _blocks(donors: int, size: int) -> Iterator[np.ndarray]:
    every = combinations(range(donors), size)
    while block := list(islice(every, _CHUNK)):
        yield np.array(block)


def _forward(problem: _Problem, most: int) -> tuple[int, ...]:
    chosen: tuple[int, ...] = ()
    best = problem.one(chosen)
    while True:
        options: list[tuple[int, ...]] = []
        if len(chosen) < most:
            others = (j for j in range(problem.donors.shape[1]) if j not in chosen)
            options += [(*chosen, j) for j in others]
        options += [tuple(k for k in chosen if k != j) for j in chosen if len(chosen) > 1]
        if not options:
            return chosen
        values = problem.many(options)
        at = int(np.argmin(values))
        if values[at] >= best - 1e-10:
            return chosen
        best, chosen = float(values[at]), options[at]


def _by_lasso(problem: _Problem, most: int) -> tuple[int, ...]:
    from statsmodels.regression.linear_model import OLS

    if problem.donors.shape[1] == 0 or problem.total == 0:
        return ()
    largest = float(np.abs(problem.cross).max())
    model = OLS(problem.target, problem.donors)
    start = np.zeros(problem.donors.shape[1])
    seen: set[tuple[int, ...]] = {()}
    for penalty in largest * np.geomspace(1.0, 1e-3, _PENALTIES):
        fitted = model.fit_regularized(alpha=penalty, L1_wt=1.0, start_params=start)
        start = np.asarray(fitted.params)
        subset = tuple(int(j) for j in np.flatnonzero(np.abs(start) > 1e-10))
        if len(subset) <= most:
            seen.add(subset)
    return min(sorted(seen), key=problem.one)
