"""Influence functions kept as a product, so that many effects of many units stay small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy import sparse

Weights = Literal["rademacher", "mammen"]

#: Multiplier weights drawn at a time, so that they stay near the processor; numbers of 4 bytes.
CHUNK = 500_000
#: The two points of every kind of weights: the first, and how much the second lies above it.
_GOLDEN = (1 + 5**0.5) / 2
POINTS: dict[Weights, tuple[float, float]] = {
    "rademacher": (-1.0, 2.0),
    "mammen": (_GOLDEN, 1 - 2 * _GOLDEN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """What every unit adds to the error of every estimate, as a product by class of units.

    The contribution of unit i of class c to estimate j is ``factors[i] @ loadings_c[:, j]``.
    Sums over units of the outer products give the covariance. n units, C classes, m factors,
    k estimates.

    Attributes
    ----------
    factors : numpy.ndarray
        Shape (n, m), rows sorted by class.
    starts : numpy.ndarray
        First row of every class, and n; shape (C + 1,).
    order : numpy.ndarray
        Row of the panel's units that stands at every row of `factors`; shape (n,).
    loadings : scipy.sparse.csr_array
        Shape (C m, k): the loadings of all classes, one under the other.
    clusters : numpy.ndarray or None
        Cluster code of every row of `factors`, (n,); None where every unit is its own.
    memory : dict
        What combinations of the same factors share: their squares, and their drawn sums.
    """

    factors: np.ndarray
    starts: np.ndarray
    order: np.ndarray
    loadings: sparse.csr_array
    clusters: np.ndarray | None = None
    memory: dict[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    @property
    def n_estimates(self) -> int:
        """Number of estimates k."""
        return int(self.loadings.shape[1])

    @property
    def n_clusters(self) -> int:
        """Number of clusters G."""
        return len(self.factors) if self.clusters is None else int(self.clusters.max()) + 1

    def combine(self, weights: np.ndarray, *, constant: np.ndarray | None = None) -> Influence:
        """Influence of the estimates times `weights`, plus a constant part of every class.

        Parameters
        ----------
        weights : numpy.ndarray
            Shape (k, r).
        constant : numpy.ndarray, optional
            Shape (C, r): what to add to the loading of the last factor.
        """
        loadings = np.asarray(self.loadings @ weights)
        if constant is not None:
            last = self.factors.shape[1] - 1
            loadings[last :: self.factors.shape[1]] += constant
        return replace(self, loadings=sparse.csr_array(loadings))

    def dense(self) -> np.ndarray:
        """Return the contributions as a table of clusters x estimates, in the panel's order."""
        rows = np.empty((len(self.factors), self.n_estimates))
        for part, loading in self._classes():
            rows[part] = self.factors[part] @ loading
        if self.clusters is not None:
            summed = np.zeros((self.n_clusters, rows.shape[1]))
            np.add.at(summed, self.clusters, rows)
            return summed
        placed = np.empty_like(rows)
        placed[self.order] = rows
        return placed

    def covariance(self) -> np.ndarray:
        """Return the sum over clusters of the outer products, (k, k)."""
        if self.clusters is not None:
            rows = self.dense()
            return np.asarray(rows.T @ rows)
        if "squares" not in self.memory:
            squares = [self.factors[rows].T @ self.factors[rows] for rows, _ in self._parts()]
            self.memory["squares"] = np.array(squares)
        inner = self.memory["squares"]
        return np.asarray(
            sum(load.T @ inner[c] @ load for c, (_, load) in enumerate(self._classes()))
        )

    def multiply(self, *, n_draws: int, seed: int, weights: Weights = "rademacher") -> np.ndarray:
        """Draw the errors of all estimates by a multiplier bootstrap.

        Parameters
        ----------
        n_draws : int
            Number of draws B.
        seed : int
            Of the weights.
        weights : {"rademacher", "mammen"}
            -1 or 1 with equal chance; or Mammen's two points, which keep the skewness.

        Returns
        -------
        numpy.ndarray
            Shape (B, k): sums over clusters of contributions times weights.
        """
        key = f"{n_draws} {seed} {weights}"
        if key not in self.memory:
            self.memory[key] = self._drawn_factors(n_draws, seed, weights)
        loadings = self.loadings.T.tocsr().astype(np.float32)
        return np.asarray(loadings @ self.memory[key], dtype=float).T

    def _drawn_factors(self, n_draws: int, seed: int, weights: Weights) -> np.ndarray:
        """Sum the factors of every class times the weights, (C m, B)."""
        rng = np.random.default_rng(seed)
        m, size = self.factors.shape[1], max(1, CHUNK // n_draws)
        sums = np.zeros(((len(self.starts) - 1) * m, n_draws), dtype=np.float32)
        drawn = None
        if self.clusters is not None:
            drawn = _second(rng, self.n_clusters, n_draws, weights)[self.clusters]
        low, step = POINTS[weights]
        for rows, block in self._parts():
            for first in range(rows.start, rows.stop, size):
                part = slice(first, min(first + size, rows.stop))
                factors = self.factors[part].astype(np.float32)
                v = _second(rng, len(factors), n_draws, weights) if drawn is None else drawn[part]
                sums[block] += factors.T @ v
            sums[block] *= step
            sums[block] += low * self.factors[rows].sum(axis=0)[:, None]
        return sums

    def _parts(self) -> Iterator[tuple[slice, slice]]:
        m = self.factors.shape[1]
        for number in range(len(self.starts) - 1):
            rows = slice(int(self.starts[number]), int(self.starts[number + 1]))
            yield rows, slice(number * m, (number + 1) * m)

    def _classes(self) -> Iterator[tuple[slice, np.ndarray]]:
        dense = np.asarray(self.loadings.todense())
        for rows, block in self._parts():
            yield rows, dense[block]


@dataclass(frozen=True, slots=True)
class Plain:
    """Contributions laid out as a table of clusters x estimates; serves as an `Influence`."""

    rows: np.ndarray

    @property
    def n_clusters(self) -> int:
        """Number of clusters G."""
        return len(self.rows)

    def covariance(self) -> np.ndarray:
        """Return the sum over clusters of the outer products, (k, k)."""
        return np.asarray(self.rows.T @ self.rows)

    def multiply(self, *, n_draws: int, seed: int, weights: Weights = "rademacher") -> np.ndarray:
        """Draw the errors of all estimates, (n_draws, k); see `Influence.multiply`."""
        low, step = POINTS[weights]
        drawn = _second(np.random.default_rng(seed), len(self.rows), n_draws, weights)
        return np.asarray(step * (drawn.T.astype(float) @ self.rows) + low * self.rows.sum(axis=0))


def _second(rng: np.random.Generator, width: int, n_draws: int, weights: Weights) -> np.ndarray:
    """Draw which weights of `width` clusters are at their second point, 0 or 1, (width, n_draws).

    Everything else about the weights is two numbers, so the sums are scaled and not the draws.
    """
    if weights == "mammen":
        share = 1 - _GOLDEN / 5**0.5
        return (rng.random((width, n_draws), dtype=np.float32) >= share).astype(np.float32)
    n_bytes = -(-n_draws * width // 8)  # a sign needs one bit
    bits = np.unpackbits(np.frombuffer(rng.bytes(n_bytes), dtype=np.uint8), count=n_draws * width)
    return bits.astype(np.float32).reshape(width, n_draws)
