"""What continuous covariates add inside cells, as a few rows that any least squares takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.methods.panel import Panel, product


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Rows whose cross-products are those of the rows inside every cell, about its means.

    Attributes
    ----------
    cell : numpy.ndarray
        Position of the cell that a row belongs to, (R,).
    columns : numpy.ndarray
        Outcome, terms (zero) and covariates, (R, 1 + k + p).
    design, residuals : numpy.ndarray
        Of a fitted regression, (R, k) and (R,); empty before.
    """

    cell: np.ndarray
    columns: np.ndarray
    design: np.ndarray
    residuals: np.ndarray

    @classmethod
    def of(cls, panel: Panel, *, n_terms: int) -> Within | None:
        """Take the roots of the cross-products of `panel`; None where there are none.

        Cells of the same cluster, unit, time and categories are one: rows stay with their cell,
        so that they can be clustered like it.
        """
        names = ["outcome", *panel.covariates]
        if len(names) == 1 or product(names[1]) not in panel.cells:
            return None
        cells, p = panel.cells, len(panel.covariates)
        moments = np.empty((len(cells), p + 1, p + 1))
        moments[:, 0, 0] = cells["ss"]
        for i in range(p):
            moments[:, 0, i + 1] = moments[:, i + 1, 0] = cells[product(names[i + 1])]
            for j in range(i, p):
                value = cells[product(names[i + 1], names[j + 1])]
                moments[:, i + 1, j + 1] = moments[:, j + 1, i + 1] = value
        rows = _roots(moments)
        cell = np.repeat(np.arange(len(cells)), p + 1)
        live = rows.any(axis=1)
        terms = np.zeros((int(live.sum()), n_terms))
        rows, cell = rows[live], cell[live]
        return cls(
            cell=cell,
            columns=np.hstack([rows[:, :1], terms, rows[:, 1:]]),
            design=np.empty((0, 0)),
            residuals=np.empty(0),
        )

    def fitted(self, design: np.ndarray, residuals: np.ndarray) -> Within:
        """Return the rows with the design and residuals of a regression."""
        return replace(self, design=design, residuals=residuals)

    def append(self, rows: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Append the scores of these rows to those of the cells, and their clusters."""
        own = self.design * self.residuals[:, None]
        return np.vstack([rows, own]), np.concatenate([clusters, clusters[self.cell]])


def _roots(moments: np.ndarray) -> np.ndarray:
    """Rows R of every matrix with R'R equal to it, stacked."""
    scale = np.sqrt(np.clip(np.einsum("cii->ci", moments), 0, None))
    safe = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(moments / safe[:, :, None] / safe[:, None, :])
    root = np.sqrt(np.clip(values, 0, None))[:, :, None] * vectors.transpose(0, 2, 1)
    return np.asarray((root * scale[:, None, :]).reshape(-1, moments.shape[1]))
