"""The rules: when a number says too much about a firm, and how numbers are rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: A firm whose part of a sum is below this share of the largest part is taken for absent.
NOTHING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a number needs before it may be shown.

    Attributes
    ----------
    firms : int
        Least number of distinct firms behind a number, or between two numbers.
    p : float
        A sum is withheld when the second largest firm could tell the largest to p percent.
    n, k : int, float
        A sum is withheld when its n largest firms hold more than k percent of it.
    leverage : float
        A regression term is withheld when one firm has this share of its leverage, or more.
    base : int
        Counts are rounded to multiples of this number.
    digits : int
        Digits that count in an estimate and all that belongs to it.
    """

    firms: int = 10
    p: float = 10.0
    n: int = 2
    k: float = 85.0
    leverage: float = 0.5
    base: int = 10
    digits: int = 4

    def why_not(self, brought: np.ndarray) -> str | None:
        """Say why a sum of what firms bring may not be shown; None if it may.

        Parameters
        ----------
        brought : numpy.ndarray
            What every firm brings, not negative; (n_firms,).
        """
        parts = np.sort(brought)[::-1]
        parts = parts[parts > NOTHING * parts[:1].sum()]
        if len(parts) < self.firms:
            return f"fewer than {self.firms} firms"
        return self.dominated(parts)

    def dominated(self, brought: np.ndarray) -> str | None:
        """Say whether few firms dominate a sum, as `why_not` does, however many there are."""
        parts = np.sort(brought)[::-1]
        if parts.sum() <= 0:
            return None
        rest = parts[2:].sum()
        if rest < self.p / 100 * parts[0]:
            return f"the largest firm could be told to {self.p:g} percent"
        if parts[: self.n].sum() > self.k / 100 * parts.sum():
            return f"{self.n} firms hold more than {self.k:g} percent"
        return None

    def leans(self, squares: np.ndarray) -> str | None:
        """Say whether a regression term leans on one firm.

        Parameters
        ----------
        squares : numpy.ndarray
            Squared weight of every firm in the term, (n_firms,).
        """
        if squares.max(initial=0.0) >= self.leverage * squares.sum() > 0:
            return f"one firm has a leverage of {self.leverage:g} or more"
        return None

    def count(self, value: float) -> int:
        """Round a count to a multiple of the base, halves up."""
        return int(np.floor(value / self.base + 0.5)) * self.base

    def amount(self, values: np.ndarray) -> np.ndarray:
        """Round numbers to the digits that may be shown; what is not finite stays."""
        given = np.asarray(values, dtype=float)
        rounded = [float(f"{value:.{self.digits}g}") for value in given.ravel()]
        return np.array(rounded, dtype=float).reshape(given.shape)


RULES = Rules()
"""The rules of this report."""
