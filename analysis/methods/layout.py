"""Panels as dense arrays of units x times: what inference with few treated units looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.estimates import Estimates
from analysis.methods.panel import Panel
from analysis.methods.regression import codes

#: Largest relative gap between an estimate and its loadings times the outcome.
LINEAR = 1e-6
#: More cells than this are not laid out cell by cell.
MAX_CELLS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Cells of a panel as arrays; n units, T times.

    Attributes
    ----------
    outcome : numpy.ndarray
        Weighted mean of the cells of a unit and time, zero where there is none; (n, T).
    seen : numpy.ndarray
        Boolean (n, T).
    unit, time : numpy.ndarray
        Codes of every cell, (n_cells,).
    sizes : numpy.ndarray
        Mean weight of a time in every unit, (n,).
    before, after : numpy.ndarray
        Times before the first cohort; times from the last cohort on; boolean (T,).
    control : numpy.ndarray
        Units not treated by the last time, boolean (n,).
    cluster : numpy.ndarray
        Cluster code of every unit, (n,); -1 everywhere if units spread over clusters.
    """

    outcome: np.ndarray
    seen: np.ndarray
    unit: np.ndarray
    time: np.ndarray
    sizes: np.ndarray
    before: np.ndarray
    after: np.ndarray
    control: np.ndarray
    cluster: np.ndarray

    @property
    def coarse(self) -> bool:
        """Whether clusters hold several units."""
        return bool(self.cluster.min() >= 0 and self.cluster.max() + 1 < len(self.cluster))

    @property
    def treated_groups(self) -> int:
        """Clusters with a treated unit, or treated units where units spread over clusters."""
        spread = np.arange(len(self.cluster)) if self.cluster.min() < 0 else self.cluster
        return len(np.unique(spread[~self.control]))

    @property
    def effective_groups(self) -> tuple[float, float]:
        """Effective number of treated and of control clusters: squared sum over sum of squares."""
        spread = np.arange(len(self.cluster)) if self.cluster.min() < 0 else self.cluster
        sizes = [np.bincount(spread, self.sizes * side) for side in (~self.control, self.control)]
        treated, control = (float(one.sum() ** 2 / max((one**2).sum(), 1e-300)) for one in sizes)
        return treated, control

    @property
    def control_groups(self) -> int:
        """Clusters with a control unit, or control units where units spread over clusters."""
        spread = np.arange(len(self.cluster)) if self.cluster.min() < 0 else self.cluster
        return len(np.unique(spread[self.control]))


def lay_out(panel: Panel) -> Layout:
    """Lay the cells of `panel` out as units x times."""
    cells = panel.cells
    unit = panel.cohorts.index.get_indexer(pd.Index(cells["unit"]))
    times = panel.times
    time = np.searchsorted(times, cells["time"].to_numpy())
    shape = (panel.n_units, len(times))
    weight = cells["weight"].to_numpy(dtype=float)
    total, sums = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (unit, time), weight)
    np.add.at(sums, (unit, time), weight * cells["outcome"].to_numpy(dtype=float))
    seen = total > 0
    cohort = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    control = ~(cohort <= times[-1])
    inside = cohort[~control]
    return Layout(
        outcome=np.divide(sums, total, out=np.zeros(shape), where=seen),
        seen=seen,
        unit=unit,
        time=time,
        sizes=total.sum(axis=1) / np.maximum(seen.sum(axis=1), 1),
        before=times < inside.min(initial=np.inf),
        after=times >= inside.max(initial=-np.inf),
        control=control,
        cluster=_unit_clusters(panel, unit),
    )


def _unit_clusters(panel: Panel, unit: np.ndarray) -> np.ndarray:
    cluster = codes(panel.cells["cluster"])
    found = np.full(panel.n_units, -1)
    found[unit] = cluster
    if (found[unit] != cluster).any():
        return np.full(panel.n_units, -1)
    return found


def loadings(panel: Panel, estimates: Estimates, layout: Layout) -> np.ndarray | None:
    """Weights (k, n, T) that every estimate puts on the outcomes; None if it is not linear."""
    n_cells = len(panel.cells)
    if not estimates.linear:
        return None
    if estimates.refit is not None and n_cells <= MAX_CELLS:
        blocks = [
            estimates.refit(panel, _unit_columns(n_cells, start, min(start + 512, n_cells)))
            for start in range(0, n_cells, 512)
        ]
        by_cell = np.vstack(blocks)
    elif estimates.regression is not None and estimates.rows is not None:
        fitted = estimates.regression
        by_cell = (fitted.design * fitted.weights[:, None]) @ fitted.bread @ estimates.rows.T
        if estimates.source is not None:
            placed = np.zeros((n_cells, by_cell.shape[1]))
            np.add.at(placed, estimates.source, by_cell)
            by_cell = placed
    else:
        return None
    outcome = panel.cells["outcome"].to_numpy(dtype=float)
    gap = np.abs(by_cell.T @ outcome - estimates.estimate)
    size = np.abs(by_cell.T) @ np.abs(outcome) + np.finfo(float).tiny
    if not (gap <= LINEAR * size).all():
        return None
    table = np.zeros((by_cell.shape[1], *layout.seen.shape))
    for row, column in zip(table, by_cell.T, strict=True):
        np.add.at(row, (layout.unit, layout.time), column)
    return table


def _unit_columns(size: int, start: int, stop: int) -> np.ndarray:
    columns = np.zeros((size, stop - start))
    columns[np.arange(start, stop), np.arange(stop - start)] = 1.0
    return columns
