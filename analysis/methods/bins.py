"""Bins of a positive outcome with equal ratios: fixed before the data are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.errors import PanelError


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBins:
    """Edges spaced evenly in logarithms from `low` to `high`.

    Bin 0 holds what is below `low`, bin i the values from edge i - 1 to edge i, and the last bin,
    number `count` + 1, what is at or above `high`.

    Attributes
    ----------
    low, high : float
        First and last edge, in units of the outcome.
    per_decade : int
        Edges in a factor of ten: 50 make bins 4.7 % wide.

    Examples
    --------
    >>> LogBins(low=1, high=100, per_decade=2).edges.round(3).tolist()
    [1.0, 3.162, 10.0, 31.623, 100.0]
    """

    low: float = 0.1
    high: float = 10_000.0
    per_decade: int = 50

    def __post_init__(self) -> None:
        """Refuse bins that are empty or not positive."""
        if not (0 < self.low < self.high < np.inf and self.per_decade >= 1):
            raise PanelError.of(
                expected="bins with 0 < low < high and at least one edge in a factor of ten",
                found=f"low {self.low}, high {self.high}, per_decade {self.per_decade}",
                mend="give the bins in units of the outcome before any logarithm",
            )

    @property
    def count(self) -> int:
        """Number of bins between `low` and `high`."""
        return max(1, round(float(np.log10(self.high / self.low)) * self.per_decade))

    @property
    def step(self) -> float:
        """Width of a bin in natural logarithms."""
        return float(np.log(self.high / self.low)) / self.count

    @property
    def width(self) -> float:
        """Width of a bin as a share of its lower edge."""
        return float(np.expm1(self.step))

    @property
    def edges(self) -> np.ndarray:
        """Edges, rising; shape (count + 1,)."""
        return np.asarray(np.exp(np.log(self.low) + self.step * np.arange(self.count + 1)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a table of cells, one a bin."""
        return tuple(f"bin {position}" for position in range(self.count + 2))
