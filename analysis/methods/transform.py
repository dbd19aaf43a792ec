"""Transformations of a panel before estimation."""

from __future__ import annotations

import numpy as np

from analysis.errors import IdentificationError
from analysis.methods.panel import Panel


def remove_prior_trends(panel: Panel, columns: np.ndarray, *, first: int) -> np.ndarray:
    """Take from every unit the straight line fitted to its times before `first`.

    Parameters
    ----------
    panel : Panel
    columns : numpy.ndarray
        Values of every cell; shape (n_cells, m).
    first : int
        First time of the reform; the lines see only earlier times.

    Returns
    -------
    numpy.ndarray
        Shape (n_cells, m): each column minus the line of its unit, continued to all times.

    Raises
    ------
    IdentificationError
        If a unit has fewer than three cells before `first`.

    Notes
    -----
    Weighted least squares of a column on a constant and time, unit by unit. Subtracting
    trends fitted before the reform restores coverage under differing trends at the price of a
    larger spread.
    """
    cells = panel.cells
    unit = np.unique(cells["unit"].to_numpy(), return_inverse=True)[1]
    time = cells["time"].to_numpy(dtype=float) - first
    weight = np.where(time < 0, cells["weight"].to_numpy(dtype=float), 0.0)
    size = int(unit.max()) + 1
    counts = np.bincount(unit, weight > 0, size)
    if (counts < 3).any():
        names = panel.units[counts < 3]
        raise IdentificationError.of(
            expected="at least three times before the reform in every unit",
            found=f"fewer for {', '.join(map(str, names[:5]))}",
            mend="widen the window, leave these units out, or use own_trends='none'",
        )
    total = np.bincount(unit, weight, size)
    away = time - (np.bincount(unit, weight * time, size) / total)[unit]
    spread = np.bincount(unit, weight * away**2, size)
    lines = [_line(column, unit, weight, away, total, spread) for column in columns.T]
    return np.asarray(columns - np.column_stack(lines))


def _line(
    column: np.ndarray,
    unit: np.ndarray,
    weight: np.ndarray,
    away: np.ndarray,
    total: np.ndarray,
    spread: np.ndarray,
) -> np.ndarray:
    level = np.bincount(unit, weight * column, len(total)) / total
    slope = np.bincount(unit, weight * away * column, len(total)) / spread
    return np.asarray(level[unit] + slope[unit] * away)
