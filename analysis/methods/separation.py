"""Cells that no finite effect can fit: separation in count and share models."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from analysis.errors import IdentificationError
from analysis.methods.factors import Factors

#: Slack of the linear programme that counts as above zero.
SLACK = 1e-6


def by_levels(side: np.ndarray, factors: Factors) -> np.ndarray:
    """Find cells separated by one factor or by two factors together.

    Parameters
    ----------
    side : numpy.ndarray
        1 where the outcome is at its lower bound, -1 at its upper bound, 0 between; shape (N,).
    factors : Factors

    Returns
    -------
    numpy.ndarray
        True where a cell is separated; shape (N,).

    Notes
    -----
    Effects a, b of two factors separate when ``a_i + b_j`` is zero between the bounds and not
    negative times `side` at them. With potentials ``a`` and ``-b`` that is an order along the
    arrows of a graph on the levels (both ways between the bounds), and a cell can be pushed
    strictly exactly when its arrow lies on no directed circle: when its two levels are in
    different strongly connected components. Exact for two factors, without a tolerance. With
    more, every pair is tried until nothing changes, and `by_programme` finds the rest.

    References
    ----------
    Correia, Guimaraes and Zylkin (2021), arXiv:1903.01633.
    """
    gone = np.zeros(len(side), dtype=bool)
    codes = factors.codes if len(factors.codes) > 1 else (*factors.codes, np.zeros_like(side))
    codes = tuple(np.asarray(code, dtype=np.intp) for code in codes)
    while True:
        before = gone.sum()
        for position, first in enumerate(codes):
            for second in codes[position + 1 :]:
                left = np.flatnonzero(~gone)
                gone[left] |= _across(side[left], first[left], second[left])
        if gone.sum() == before or gone.all():
            return gone


def _across(side: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    if len(side) == 0:
        return np.zeros(0, dtype=bool)
    offset = int(first.max()) + 1
    size = offset + int(second.max()) + 1
    down, up = side >= 0, side <= 0
    tails = np.concatenate([first[down], second[up] + offset])
    heads = np.concatenate([second[down] + offset, first[up]])
    graph = coo_array((np.ones(len(tails)), (tails, heads)), shape=(size, size))
    label = connected_components(graph, directed=True, connection="strong")[1]
    return np.asarray(label[first] != label[second + offset])


def by_programme(side: np.ndarray, terms: np.ndarray, factors: Factors) -> np.ndarray:
    """Find every cell separated by terms and effects together, by one linear programme.

    Parameters
    ----------
    side : numpy.ndarray
        See `by_levels`.
    terms : numpy.ndarray
        Shape (N, k).
    factors : Factors

    Returns
    -------
    numpy.ndarray
        True where a cell is separated; shape (N,).

    Raises
    ------
    IdentificationError
        If the programme cannot be solved.

    Notes
    -----
    Maximise the sum of ``t`` over the cells at a bound, subject to ``0 <= t <= 1``,
    ``side z g >= t`` at the bounds and ``z g = 0`` between them, where ``z`` holds the terms and
    all dummies. Directions of separation add up, so the maximum marks every separated cell.
    """
    n, bound = len(side), side != 0
    columns = np.concatenate(
        [code + first for code, first in zip(factors.codes, factors.starts[:-1], strict=True)]
    )
    rows = np.tile(np.arange(n), len(factors.codes))
    dummies = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, int(factors.starts[-1])))
    size = np.maximum(np.abs(terms).max(axis=0), np.finfo(float).tiny) if n else 1.0
    design = csr_array(hstack([csr_array(terms / size), dummies]))
    at = csr_array(design[bound].multiply(-side[bound][:, None]))
    n_free, n_slack = design.shape[1], int(bound.sum())
    slack = csr_array((np.ones(n_slack), (np.arange(n_slack), np.arange(n_slack))))
    between = design[~bound]
    solved = linprog(
        np.concatenate([np.zeros(n_free), -np.ones(n_slack)]),
        A_ub=hstack([at, slack]),
        b_ub=np.zeros(n_slack),
        A_eq=hstack([between, csr_array((between.shape[0], n_slack))]),
        b_eq=np.zeros(between.shape[0]),
        bounds=[(None, None)] * n_free + [(0, 1)] * n_slack,
        method="highs",
    )
    if solved.status != 0:
        raise IdentificationError.of(
            expected="a linear programme that says which cells are separated",
            found=str(solved.message),
            mend="leave out effects with few cells that are not zero",
        )
    found = np.zeros(n, dtype=bool)
    found[bound] = solved.x[n_free:] > SLACK
    return found
