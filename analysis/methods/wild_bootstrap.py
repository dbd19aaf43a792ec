"""Wild cluster bootstrap of one coefficient from cluster sums: draws are matrix products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse
from scipy.optimize import brentq

from analysis.methods.few_clusters import LeastSquares

Weights = Literal["auto", "rademacher", "webb", "mammen"]
Null = Literal["imposed", "free"]

#: Relative slack with which two statistics count as tied.
TIE = 1e-9
#: Fewer clusters than this get Webb's six-point weights under "auto".
FEW = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class WildTest:
    """Bootstrap test of one combination of coefficients.

    Attributes
    ----------
    p_value : float
        Of no effect, symmetric.
    conf_low, conf_high : float
        Effects that are not rejected; infinite where the set is open.
    std_error : float
        CR1 standard error that studentises.
    n_draws : int
        Draws used, all distinct ones if `exact`.
    exact : bool
        Whether all sign patterns were enumerated.
    weights : str
        Distribution of the weights.
    """

    p_value: float
    conf_low: float
    conf_high: float
    std_error: float
    n_draws: int
    exact: bool
    weights: str


def draw_weights(
    n_clusters: int, *, kind: Weights, n_draws: int, seed: int
) -> tuple[np.ndarray, bool]:
    """Weights (n_draws, G) and whether they are all patterns; Rademacher is enumerated if small.

    Parameters
    ----------
    n_clusters, n_draws : int
    kind : {"auto", "rademacher", "webb", "mammen"}
        ``"auto"`` is Webb below 12 clusters, else Rademacher.
    seed : int
        Of the draws.
    """
    kind = auto_kind(n_clusters, kind)
    if kind == "rademacher" and 2**n_clusters <= n_draws + 1:
        patterns = np.arange(2**n_clusters)[:, None] >> np.arange(n_clusters)
        return 1.0 - 2.0 * (patterns & 1), True
    rng = np.random.default_rng(seed)
    shape = (n_draws, n_clusters)
    if kind == "rademacher":
        bits = rng.integers(0, 256, size=(n_draws, (n_clusters + 7) // 8), dtype=np.uint8)
        return 1.0 - 2.0 * np.unpackbits(bits, axis=1)[:, :n_clusters], False
    if kind == "webb":
        points = np.sqrt(np.array([0.5, 1.0, 1.5]))
        return rng.choice(np.concatenate([-points, points]), size=shape), False
    golden = (1 + np.sqrt(5)) / 2
    first = rng.random(shape) < golden / np.sqrt(5)
    return np.where(first, 1 - golden, golden), False


def auto_kind(n_clusters: int, kind: Weights) -> Literal["rademacher", "webb", "mammen"]:
    """Resolve ``"auto"``."""
    if kind == "auto":
        return "webb" if n_clusters < FEW else "rademacher"
    return kind


def wild_test(
    fitted: LeastSquares,
    row: np.ndarray,
    *,
    estimate: float,
    factor: float,
    weights: Weights = "auto",
    null: Null = "imposed",
    n_draws: int = 9_999,
    conf_level: float = 0.95,
    seed: int = 0,
) -> WildTest:
    r"""Test one combination of coefficients by the wild cluster bootstrap-t.

    Parameters
    ----------
    fitted : LeastSquares
    row : numpy.ndarray
        The combination, (p,).
    estimate : float
        Its estimate.
    factor : float
        Small-sample factor of CR1; it matters for the standard error only.
    weights, null : str
        Distribution of the weights; whether residuals obey the null.
    n_draws : int
        Draws, unless all Rademacher patterns are fewer.
    conf_level : float
    seed : int

    Returns
    -------
    WildTest

    Notes
    -----
    With :math:`c = X(X'X)^{-1}r` and M the residual maker of all columns, the draw with weights v
    has numerator :math:`\sum_g v_g c_g'u_g` and denominator
    :math:`\sum_g (\sum_h v_h c_g' M_{gh} u_h)^2`: two G x G tables suffice. Under the null b the
    residuals are :math:`u(b) = u + (\hat b - b) c / c'c`, so tables are linear in b and the
    interval is found by inverting the same test with the same draws. Ties count.

    References
    ----------
    Cameron, Gelbach and Miller (2008), doi:10.1162/rest.90.3.414; Roodman, Nielsen, MacKinnon and
    Webb (2019), doi:10.1177/1536867X19830877; Webb (2023), doi:10.1111/caje.12661.
    """
    draws, exact = draw_weights(fitted.n_clusters, kind=weights, n_draws=n_draws, seed=seed)
    tables = _tables(fitted, row, free=null == "free")
    spread = float(np.sqrt(tables.scores @ tables.scores))
    p_value = _p_function(draws, tables, exact=exact, estimate=estimate, spread=spread)
    alpha = 1 - conf_level
    return WildTest(
        p_value=p_value(0.0),
        conf_low=_edge(p_value, estimate, spread, alpha, side=-1),
        conf_high=_edge(p_value, estimate, spread, alpha, side=1),
        std_error=float(np.sqrt(factor)) * spread,
        n_draws=len(draws),
        exact=exact,
        weights=auto_kind(fitted.n_clusters, weights),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    scores: np.ndarray  # (G,) what every cluster adds to the estimate
    top: np.ndarray  # (2, G) numerators: residuals, and the move that the null adds
    below: np.ndarray  # (2, G, G) denominators [source h, cluster g]


def _tables(fitted: LeastSquares, row: np.ndarray, *, free: bool) -> _Tables:
    loading = fitted.design @ (fitted.bread @ row)
    move = np.zeros_like(loading) if free else loading / (loading @ loading)
    n_clusters, codes = fitted.n_clusters, fitted.clusters
    each = np.arange(len(loading))
    spread = np.zeros((len(loading), n_clusters))
    spread[each, codes] = loading
    made = fitted.residual_maker(spread)  # symmetric, so once for both sources
    top, below = [], []
    for source in (fitted.residuals, move):
        by_cluster = sparse.csr_array((source, (codes, each)), shape=spread.shape[::-1])
        below.append(np.asarray(by_cluster @ made))
        top.append(np.bincount(codes, loading * source, n_clusters))
    scores = np.bincount(codes, loading * fitted.residuals, n_clusters)
    return _Tables(scores=scores, top=np.array(top), below=np.array(below))


def _p_function(
    draws: np.ndarray, tables: _Tables, *, exact: bool, estimate: float, spread: float
) -> Callable[[float], float]:
    """p-value as a function of the effect under the null."""
    top = draws @ tables.top.T
    below = [draws @ table for table in tables.below]
    squares = [(below[0] ** 2).sum(1), 2 * (below[0] * below[1]).sum(1), (below[1] ** 2).sum(1)]

    def p_value(null: float) -> float:
        gap = estimate - null
        numerator = top[:, 0] + gap * top[:, 1]
        variance = np.clip(squares[0] + gap * squares[1] + gap**2 * squares[2], 0.0, None)
        observed = abs(gap) / spread if spread > 0 else np.inf
        count = int((np.abs(numerator) >= observed * np.sqrt(variance) * (1 - TIE)).sum())
        return count / len(draws) if exact else (1 + count) / (1 + len(draws))

    return p_value


def _edge(
    p_value: Callable[[float], float], estimate: float, spread: float, alpha: float, *, side: int
) -> float:
    """Farthest effect on one side that is not rejected."""
    if not spread > 0:
        return float("nan")

    def gap(step: float) -> float:
        return p_value(estimate + side * step * spread) - alpha

    inner, outer = 0.0, 1.0
    while gap(outer) > 0:
        inner, outer = outer, 2 * outer
        if outer > 1e4:
            return side * float("inf")
    return float(estimate + side * spread * brentq(gap, inner, outer, xtol=1e-6))
