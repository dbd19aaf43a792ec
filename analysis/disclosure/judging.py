"""Judging sums of cells: enough firms, none too large, none with too much leverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.disclosure.rules import Rules
from analysis.methods.contributions import Contributions
from analysis.methods.panel import Panel

#: Share of the largest weight below which a cell is taken for unused.
UNUSED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The cells of a panel and who stands behind each.

    Attributes
    ----------
    panel : Panel
    behind : tuple of Contributions
    at : tuple of numpy.ndarray
        Position of every cell of the panel among the cells of each of `behind`; -1 if absent.
    rules : Rules
    refused : str or None
        Why nothing of the design may be shown.
    """

    panel: Panel
    behind: tuple[Contributions, ...]
    at: tuple[np.ndarray, ...]
    rules: Rules
    refused: str | None

    def why_not(self, kept: np.ndarray) -> str | None:
        """Say why what rests on these cells of the panel may not be shown."""
        for one, at in zip(self.behind, self.at, strict=True):
            cells = np.zeros(len(one.cells), dtype=bool)
            cells[at[kept & (at >= 0)]] = True
            if (at[kept] < 0).any():
                return "cells whose firms are not known"
            reason = self.rules.why_not(one.brought(cells))
            reason = reason or self.rules.dominated(one.brought(cells, of="total"))
            if reason is not None:
                return reason
        return None

    def leans(self, weights: np.ndarray) -> str | None:
        """Say why a weighted sum of cell means may not be shown."""
        used = np.abs(weights) > UNUSED * np.abs(weights).max(initial=0.0)
        for sign in (1, -1):
            side = used & (np.sign(weights) == sign)
            if side.any():
                reason = self.why_not(side)
                if reason is not None:
                    return reason
        for one, at in zip(self.behind, self.at, strict=True):
            placed = np.zeros(len(one.cells))
            np.add.at(placed, at[at >= 0], weights[at >= 0])
            reason = self.rules.leans(one.squares(placed))
            if reason is not None:
                return reason
        return None


def safe_groups(
    behind: Contributions, group: np.ndarray, *, count: int, rules: Rules
) -> np.ndarray:
    """Say which groups of cells pass the rules, (count,); cells of group -1 are in none."""
    own = group[behind.cell]
    inside = own >= 0
    n_firms = int(behind.firm.max(initial=0)) + 1
    pair, position = np.unique(own[inside] * n_firms + behind.firm[inside], return_inverse=True)
    n = np.bincount(position, weights=behind.n[inside], minlength=len(pair))
    total = np.bincount(position, weights=behind.total[inside], minlength=len(pair))
    ends = np.searchsorted(pair // n_firms, np.arange(1, count))
    parts = zip(np.split(n, ends), np.split(total, ends), strict=True)
    return np.array(
        [rules.why_not(a) is None and rules.dominated(b) is None for a, b in parts], dtype=bool
    )
