"""Estimates that are rows times the coefficients of one regression on the cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.methods.effects import EffectTable
from analysis.methods.factors import Factor
from analysis.methods.panel import Panel
from analysis.methods.regression import Absorber, coefficients, fit
from analysis.methods.uncertainty import Estimates

#: Exposures for randomisation are handed over up to so many numbers.
DENSE = 20_000_000

Terms = Callable[[Panel], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A regression and the rows wanted from it.

    Attributes
    ----------
    terms : callable
        Gives the terms (N, k) of a panel with any cohorts.
    names : tuple of str
        Of the terms.
    rows : callable
        Gives the weights of the coefficients in the estimates, (r, k).
    labels : pandas.DataFrame
        See `Estimates`.
    exposure : numpy.ndarray
        See `Estimates`.
    effects : sequence or None
        Effects absorbed; None = unit and time.
    notes : tuple of str
        See `Estimates`.
    """

    terms: Terms
    names: tuple[str, ...]
    rows: Terms
    labels: pd.DataFrame
    exposure: np.ndarray | None
    effects: Sequence[Factor] | None = None
    notes: tuple[str, ...] = ()


def linear_estimates(
    panel: Panel, linear: Linear, *, prepared: Callable[[np.ndarray], np.ndarray] | None = None
) -> Estimates:
    """Fit and hand over; the last row is the headline.

    Parameters
    ----------
    panel : Panel
        Its covariates are taken out.
    linear : Linear
    prepared : callable, optional
        Changes columns of outcomes (N, m) before they are regressed.
    """

    def ready(columns: np.ndarray) -> np.ndarray:
        return columns if prepared is None else prepared(columns)

    outcome = ready(panel.cells[["outcome"]].to_numpy(dtype=float))[:, 0]
    fitted = fit(
        panel, linear.terms(panel), names=linear.names, outcome=outcome, effects=linear.effects
    )
    simple = bool(linear.effects) or not panel.covariates
    absorber = fitted.absorption if simple else Absorber.of(panel)
    controls = panel.cells[list(panel.covariates)].to_numpy(dtype=float)

    def refit(other: Panel, outcomes: np.ndarray) -> np.ndarray:
        terms = linear.terms(other)
        both = np.column_stack([terms, controls])
        found = coefficients(absorber, both, ready(outcomes))[:, : terms.shape[1]]  # type: ignore[arg-type]
        return np.asarray(found @ linear.rows(other).T)

    rows = linear.rows(panel)
    return Estimates(
        labels=linear.labels,
        estimate=rows @ fitted.coefficients,
        headline=len(rows) - 1,
        influence=fitted.influence @ rows.T,
        factor=fitted.factor,
        refit=refit,
        regression=fitted,
        rows=rows,
        exposure=linear.exposure,
        notes=linear.notes,
    )


def bare(panel: Panel) -> Panel:
    """Return the panel without its covariates."""
    return replace(panel, cells=panel.cells.drop(columns=list(panel.covariates)), covariates=())


def dummies(panel: Panel, cohort: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Columns that are 1 in the cells of one cohort at one time, (N, k)."""
    cells, when = panel.cell_cohort, panel.cells["time"].to_numpy()
    return np.asarray(((cells[:, None] == cohort) & (when[:, None] == time)).astype(float))


def blank_base(table: EffectTable, is_base: np.ndarray) -> EffectTable:
    """Show base periods as exact zeros without uncertainty."""
    if not is_base.any():
        return table
    frame = table.tidy()
    blank = ["std_error", "statistic", "p_value", "conf_low", "conf_high", "band_low", "band_high"]
    frame.loc[is_base, blank] = np.nan
    frame.loc[is_base, "inference"] = "base period"
    return replace(table, frame=frame)
