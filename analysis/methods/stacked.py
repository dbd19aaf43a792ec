"""Stacked difference-in-differences: one clean two-group window a cohort, stacked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.factors import Factor
from analysis.methods.guards import refuse_degenerate
from analysis.methods.linear import blank_base
from analysis.methods.panel import Panel
from analysis.methods.regression import codes, coefficients, fit
from analysis.methods.uncertainty import Estimates, Inference, attach

Weighting = Literal["cohort_shares", "variance"]


def stacked(
    panel: Panel,
    *,
    before: int,
    after: int,
    weighting: Weighting = "cohort_shares",
    anticipation: int = 0,
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate ATT(e) in a fixed window from cohorts stacked with their clean controls.

    Parameters
    ----------
    panel : Panel
    before, after : int
        Times before the base period's end and after the reform: event times ``-before`` to
        ``after`` are used; `before` is at least ``1 + anticipation``.
    weighting : {"cohort_shares", "variance"}
        ``"cohort_shares"`` weighs controls so that every event time gives the mean over the
        cohorts by their sizes; ``"variance"`` is the unweighted stack with stack by time effects,
        whose mean over cohorts hangs on the balance of treated and controls.
    anticipation : int
        Times before the cohort in which treated units may already react; the base period is
        ``-1 - anticipation``.
    inference : str
        See `analysis.methods.uncertainty.Inference`. A unit that stands in several stacks is one
        cluster in all of them.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row an event time, the base period as an exact zero, and ``ATT overall``, the plain
        mean over event times from 0.

    Raises
    ------
    IdentificationError
        If no cohort has its whole window inside the panel with controls untreated through it.

    Notes
    -----
    A stack holds the units of one cohort and the units not treated by the end of the window (plus
    `anticipation`), seen at all its times. On the stacks, weighted by :math:`q`,

    .. math:: y_{ais} = \alpha_{ai} + \lambda_{s} + \sum_{e \ne b} \tau_e D_{ai} 1[s=e] + u_{ais}

    with :math:`q = 1` for treated and :math:`q = (N^D_a/N^D) / (N^C_a/N^C)` for controls of
    stack a; with ``"variance"`` :math:`q = 1` and :math:`\lambda_{as}`. The estimand is
    trimmed: cohorts whose window leaves the panel do not count, so the mix of cohorts is the
    same at every event time. Assumptions: parallel trends, no anticipation beyond
    `anticipation`, no spillovers.
    Errors are clustered by the clusters of the panel, across stacks.

    References
    ----------
    Cengiz, Dube, Lindner and Zipperer (2019), doi:10.1093/qje/qjz014.
    Wing, Freedman and Hollingsworth (2024), doi:10.3386/w32054.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": list("aaabbbccc"), "time": [1, 2, 3] * 3,
    ...     "hours": [9.0, 6.0, 5.0, 8.0, 8.0, 9.0, 7.0, 8.0, 9.0],
    ...     "first": 3 * [2] + 6 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> stacked(panel, before=1, after=1, inference="none").tidy()[["term", "estimate"]].round(9)
                term  estimate
    0  event time -1       0.0
    1   event time 0      -3.5
    2   event time 1      -5.5
    3        overall      -4.5
    """
    refuse_degenerate(panel)
    if before < 1 + anticipation or after < 0 or weighting not in ("cohort_shares", "variance"):
        raise IdentificationError.of(
            expected=f"before >= {1 + anticipation}, after >= 0, a known weighting",
            found=f"before = {before}, after = {after}, weighting = {weighting}",
            mend="widen the window so that it holds the base period and the reform",
        )
    window = _Window(before=before, after=after, anticipation=anticipation, weighting=weighting)
    stack = _stack(panel, window)
    terms, rows = _terms(stack, window), _rows(window)
    fitted = fit(stack.panel, terms, names=tuple(map(str, window.terms)), effects=stack.effects)
    table = attach(
        panel,
        Estimates(
            labels=_labels(window, stack),
            estimate=rows @ fitted.coefficients,
            headline=len(rows) - 1,
            influence=_by_cluster(panel, stack, fitted.influence) @ rows.T,
            factor=fitted.factor,
            regression=fitted,
            rows=rows,
            source=stack.source,
            refit=partial(_refit, window),
            exposure=_exposure(panel, window),
            notes=stack.notes,
        ),
        estimator=f"stacked, weighted by {weighting.replace('_', ' ')}",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )
    return blank_base(table, np.append(window.events == window.base, False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    before: int
    after: int
    anticipation: int
    weighting: Weighting

    @property
    def base(self) -> int:
        return -1 - self.anticipation

    @property
    def events(self) -> np.ndarray:
        return np.arange(-self.before, self.after + 1)

    @property
    def terms(self) -> np.ndarray:
        return np.asarray(self.events[self.events != self.base])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stack:
    panel: Panel  # unit = unit within stack, time = event time
    source: np.ndarray  # row of the panel's cells behind every stacked cell
    treated: np.ndarray  # (S,)
    effects: tuple[Factor, ...]
    n_treated: int
    n_control: int
    notes: tuple[str, ...]


def _stack(panel: Panel, window: _Window) -> _Stack:
    times, cells = panel.times, panel.cells
    unit, time = codes(cells["unit"]), cells["time"].to_numpy()
    first = np.nan_to_num(panel.cell_cohort, nan=np.inf)
    cohorts = np.unique(first[np.isfinite(first) & (first <= times[-1])])
    pieces, lost = [], []
    for g in cohorts:
        wanted = g + window.events
        inside = np.isin(time, wanted)
        part = inside & ((first == g) | (first > wanted[-1] + window.anticipation))
        part &= np.bincount(unit, part, panel.n_units)[unit] == len(wanted)
        own = part & (first == g)
        if not np.isin(wanted, times).all() or not own.any() or not (part & ~own).any():
            lost.append(f"{g:.0f}")
            continue
        pieces.append((g, np.flatnonzero(part)))
    if not pieces:
        raise IdentificationError.of(
            expected="a cohort with its whole window in the panel, and controls through it",
            found=f"none among cohorts {', '.join(lost)}",
            mend="take a shorter window",
        )
    source = np.concatenate([rows for _, rows in pieces])
    number = np.repeat(np.arange(len(pieces)), [len(rows) for _, rows in pieces])
    cohort = np.array([g for g, _ in pieces])[number]
    treated = first[source] == cohort
    weight = cells["weight"].to_numpy(dtype=float)[source]
    if window.weighting == "cohort_shares":
        weight = weight * _shares(number, treated, weight)
    name = number * panel.n_units + unit[source]
    frame = cells.iloc[source].assign(
        unit=name, time=(time[source] - cohort).astype("int64"), stack=number, weight=weight
    )
    starts = pd.Series(pd.array([pd.NA] * len(np.unique(name)), dtype="Int64"), np.unique(name))
    note = (
        f"Cohorts {', '.join(lost)} have no clean window of {len(window.events)} times: left out."
    )
    by_stack: tuple[Factor, ...] = ("unit", ("stack", "time"))
    return _Stack(
        panel=replace(
            panel,
            cells=frame.reset_index(drop=True),
            cohorts=starts,
            positions=None,  # found anew, for other cells
        ),
        source=source,
        treated=treated,
        effects=("unit", "time") if window.weighting == "cohort_shares" else by_stack,
        n_treated=len(np.unique(unit[source][treated])),
        n_control=len(np.setdiff1d(unit[source][~treated], unit[source][treated])),
        notes=(note,) if lost else (),
    )


def _shares(number: np.ndarray, treated: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights of controls that give every stack its share of the treated."""
    of_treated = np.bincount(number, weight * treated)
    of_control = np.bincount(number, weight * ~treated)
    ratio = (of_treated / of_treated.sum()) / (of_control / of_control.sum())
    return np.where(treated, 1.0, ratio[number])


def _terms(stack: _Stack, window: _Window) -> np.ndarray:
    event = stack.panel.cells["time"].to_numpy()
    return np.asarray((stack.treated[:, None] & (event[:, None] == window.terms)).astype(float))


def _rows(window: _Window) -> np.ndarray:
    each = (window.events[:, None] == window.terms).astype(float)
    post = window.terms >= 0
    return np.vstack([each, post / post.sum()])


def _refit(window: _Window, panel: Panel, outcomes: np.ndarray) -> np.ndarray:
    rows = _rows(window)
    try:
        stack = _stack(panel, window)
    except IdentificationError:
        return np.full((outcomes.shape[1], len(rows)), np.nan)
    from analysis.methods.absorption import Absorption
    from analysis.methods.factors import Factors

    weights = stack.panel.cells["weight"].to_numpy(dtype=float)
    absorber = Absorption.of(Factors.of(stack.panel, stack.effects), weights)
    controls = stack.panel.cells[list(panel.covariates)].to_numpy(dtype=float)
    terms = np.column_stack([_terms(stack, window), controls])
    found = coefficients(absorber, terms, outcomes[stack.source])
    return np.asarray(found[:, : len(window.terms)] @ rows.T)


def _by_cluster(panel: Panel, stack: _Stack, influence: np.ndarray) -> np.ndarray:
    """Contributions in the rows of the panel's clusters; clusters in no stack add nothing."""
    code = codes(panel.cells["cluster"])
    placed = np.zeros((int(code.max()) + 1, influence.shape[1]))
    placed[np.unique(code[stack.source])] = influence
    return placed


def _exposure(panel: Panel, window: _Window) -> np.ndarray:
    event = panel.cell_event_time
    post = (event >= 0) & (event <= window.after)
    return np.column_stack([event[:, None] == window.events, post]).astype(float)


def _labels(window: _Window, stack: _Stack) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimand": [*(f"ATT({e})" for e in window.events), "ATT overall"],
            "term": [*(f"event time {e}" for e in window.events), "overall"],
            "event_time": pd.array([*window.events, pd.NA], dtype="Int64"),
            "n_treated": stack.n_treated,
            "n_control": stack.n_control,
        }
    )
