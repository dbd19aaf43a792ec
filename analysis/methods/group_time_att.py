"""Group-time ATTs: the effect on every cohort at every time, and their means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Literal

import numpy as np

from analysis.errors import IdentificationError
from analysis.methods.aggregation import Aggregation, estimated_weights, means
from analysis.methods.effects import EffectTable
from analysis.methods.group_time import (
    BasePeriod,
    ControlGroup,
    GroupTime,
    Options,
    Pairs,
    Wide,
    choose_pairs,
    estimate,
    mean_loadings,
)
from analysis.methods.guards import refuse_degenerate, window_notes
from analysis.methods.panel import Panel
from analysis.methods.two_by_two import Adjustment
from analysis.methods.uncertainty import Estimates, Inference, attach

#: Above so many numbers the table keeps no exposures for randomisation, nor, above the second
#: number, influence functions.
DENSE, DENSE_INFLUENCE = 2_000_000, 200_000


def group_time_att(
    panel: Panel,
    *,
    control_group: ControlGroup = "not_yet_treated",
    anticipation: int = 0,
    base_period: BasePeriod = "varying",
    covariates: Sequence[str] = (),
    adjustment: Adjustment = "doubly_robust",
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate ATT(g,t), the effect on cohort g at time t, for every cohort and time.

    Parameters
    ----------
    panel : Panel
    control_group : {"not_yet_treated", "never_treated"}
        Who stands for the treated: units not treated by the later of the two times (plus
        `anticipation`), or only units untreated throughout the window.
    anticipation : int
        Times before the cohort in which treated units may already react.
    base_period : {"varying", "universal"}
        ``"varying"`` (the default of R ``did``) compares a time before the reform with the time
        just before it; ``"universal"`` compares every time with the last one before
        ``g - anticipation``. Times from g on are the same under both.
    covariates : sequence of str
        Covariates of the panel that make treated and control units alike; their value at the
        base period of the comparison is used.
    adjustment : {"doubly_robust", "regression", "weighting"}
        How, if there are covariates.
    inference : str
        See `analysis.methods.uncertainty.Inference`; ``"multiplier"`` is the bootstrap of the
        paper, whose bands are simultaneous.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row a cohort and time, with the units on both sides of the comparison in
        ``n_treated`` and ``n_control``, then ``ATT overall``, the simple mean.
        ``.aggregate("simple" | "cohort" | "calendar" | "dynamic")`` gives other means.

    Raises
    ------
    IdentificationError
        If a cohort and time has no treated or no control units (every such cell is named with
        its counts); if nobody is treated inside the window; if covariates are collinear or
        separate treated from control units.

    Notes
    -----
    With base period b, and controls C(g,t),

    .. math:: ATT(g,t) = E[Y_t - Y_b \mid G = g] - E[Y_t - Y_b \mid C(g,t)],

    conditional on X at the base period where covariates are given (regression, normalised
    inverse propensity weights, or both: Sant'Anna and Zhao 2020). Assumptions: parallel trends
    between the cohort and its controls (given X), no anticipation beyond `anticipation`, no
    spillovers, and with covariates overlap.

    *Standard errors* come from influence functions, summed within the clusters of the panel;
    their plain sum of squares is the variance, without a small-sample factor, as in R ``did``.
    Means of ATT(g,t) carry the estimation of the cohort shares.

    *Edge cases.* Cohorts at or before the first time (plus anticipation) have no base period and
    are left out, with a note; cohorts after the last time serve as untreated. Without untreated
    units, not-yet-treated controls end one period before the last cohort. Gaps between times are
    allowed: "just before" is the time observed before. An absent cell leaves its unit out of the
    comparisons that need it and no others (``n_treated`` and ``n_control`` say how many are
    left). Units weigh as their cells do, on average before the first reform, so a reform that
    moves volumes does not move the weights. In the times ``g - anticipation <= t < g`` the
    varying base is the time just before, as in R ``did``.

    References
    ----------
    Callaway and Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001.
    Sant'Anna and Zhao (2020), doi:10.1016/j.jeconom.2020.06.003.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"unit": list("aaabbbccc"), "time": [1, 2, 3] * 3,
    ...     "hours": [9.0, 6.0, 5.0, 8.0, 8.0, 9.0, 7.0, 8.0, 9.0],
    ...     "first": 3 * [2] + 6 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> table = group_time_att(panel, inference="none")
    >>> table.tidy()[["estimand", "estimate", "n_treated", "n_control"]]
          estimand  estimate  n_treated  n_control
    0     ATT(2,2)      -3.5          1          2
    1     ATT(2,3)      -5.5          1          2
    2  ATT overall      -4.5          1          2
    >>> table.aggregate("dynamic").overall.estimate
    -4.5
    """
    refuse_degenerate(panel)
    options = Options(
        control_group=control_group,
        anticipation=anticipation,
        base_period=base_period,
        adjustment=adjustment,
        covariates=_known(panel, covariates),
    )
    wide = Wide.of(panel, covariates=options.covariates)
    pairs = choose_pairs(wide, options)
    told = _Told(inference=inference, conf_level=conf_level, seed=seed)
    found = estimate(wide, pairs, options, with_influence=True)
    fitted = _Fitted(
        panel=panel,
        options=options,
        wide=wide,
        pairs=pairs,
        found=found,
        told=told,
        notes=_notes(panel, wide, pairs, options),
    )
    return replace(_table(fitted, "none"), regroup=partial(_table, fitted))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    inference: Inference
    conf_level: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    panel: Panel
    options: Options
    wide: Wide
    pairs: Pairs
    found: GroupTime
    told: _Told
    notes: tuple[str, ...]


def _table(fitted: _Fitted, kind: Aggregation | Literal["none"]) -> EffectTable:
    wide, pairs, told = fitted.wide, fitted.pairs, fitted.told
    rows = means(wide, pairs, kind)
    each = fitted.found.estimate[0]
    assert fitted.found.influence is not None
    influence = fitted.found.influence.combine(
        rows.weights, constant=estimated_weights(wide, pairs, rows, each)
    )
    small = influence.n_clusters * influence.n_estimates <= DENSE_INFLUENCE
    estimates = Estimates(
        labels=rows.labels.assign(**_counts(fitted, rows.weights)),
        estimate=each @ rows.weights,
        headline=rows.weights.shape[1] - 1,
        influence=influence.dense() if small else None,
        product=influence,
        refit=partial(_refit, fitted, kind, cache(partial(_fixed_loadings, fitted, rows.weights))),
        exposure=_exposure(fitted, rows.weights),
        lacks="every ATT(g,t) is a comparison of its own, not a term of one regression",
        notes=fitted.notes,
    )
    table = attach(
        fitted.panel,
        estimates,
        estimator="group_time_att",
        inference=told.inference,
        conf_level=told.conf_level,
        seed=told.seed,
    )
    return _blank(table, ~((rows.weights != 0) & ~pairs.is_base[:, None]).any(axis=0))


def _fixed_loadings(fitted: _Fitted, weights: np.ndarray) -> np.ndarray | None:
    """Weights of class means in the estimates where no reassignment can change them, (C T, r)."""
    wide = fitted.wide
    if not wide.balanced or fitted.options.covariates or np.ptp(wide.weights) > 0:
        return None
    loadings = mean_loadings(fitted.pairs, wide.class_weights, len(wide.times))
    return np.asarray(loadings @ weights)


def _refit(
    fitted: _Fitted,
    kind: Aggregation | Literal["none"],
    fixed: Callable[[], np.ndarray | None],
    panel: Panel,
    outcomes: np.ndarray,
) -> np.ndarray:
    """Estimates of every outcome (N, m) under the cohorts of `panel`, (m, r)."""
    wide, loadings = fitted.wide.dealt(panel, outcomes), fixed()
    if loadings is not None:
        return np.asarray(wide.class_means().reshape(len(loadings), -1).T @ loadings)
    made = estimate(wide, fitted.pairs, fitted.options, with_influence=False)
    return np.asarray(made.estimate @ means(wide, fitted.pairs, kind).weights)


def _exposure(fitted: _Fitted, weights: np.ndarray) -> np.ndarray | None:
    """Cells whose treatment every estimate is about, (N, r); None where that is too large."""
    wide, pairs, cells = fitted.wide, fitted.pairs, fitted.panel.cells
    if len(cells) * weights.shape[1] > DENSE:
        return None
    cohort = fitted.panel.cell_cohort
    member = np.searchsorted(wide.firsts, np.where(np.isnan(cohort), np.inf, cohort))
    time = np.searchsorted(wide.times, cells["time"].to_numpy())
    shown = np.zeros((len(wide.firsts) + 1, len(wide.times), weights.shape[1]))
    np.maximum.at(shown, (pairs.cohort, pairs.time), (weights != 0).astype(float))
    return np.asarray(shown[member, time])


def _counts(fitted: _Fitted, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Units on both sides: of one comparison, or of a mean (controls never counted as treated)."""
    pairs, found = fitted.pairs, fitted.found
    used = (weights != 0).T  # (r, K)
    size = np.bincount(fitted.wide.members, minlength=len(fitted.wide.firsts))
    treated = np.zeros((len(used), len(size)), dtype=bool)
    row, pair = np.nonzero(used)
    treated[row, pairs.cohort[pair]] = True
    control = (used.astype(float) @ pairs.controls > 0) & ~treated
    counts = np.column_stack([treated @ size, control @ size])
    single = np.flatnonzero(used.sum(axis=1) == 1)
    which = used[single].argmax(axis=1)
    counts[single] = np.column_stack([found.n_treated[which], found.n_control[which]])
    return {"n_treated": counts[:, 0], "n_control": counts[:, 1]}


def _notes(panel: Panel, wide: Wide, pairs: Pairs, options: Options) -> tuple[str, ...]:
    notes = list(window_notes(panel, anticipation=options.anticipation))
    if not np.isinf(wide.firsts).any():
        last = wide.times[pairs.time].max()
        notes.append(f"No unit is untreated throughout: times after {last} have no controls.")
    if not wide.balanced:
        notes.append("Cells are absent: every comparison uses the units seen at both its times.")
    return tuple(notes)


def _blank(table: EffectTable, is_base: np.ndarray) -> EffectTable:
    """Show base periods as exact zeros without uncertainty."""
    if not is_base.any():
        return table
    frame = table.tidy()
    blank = ["std_error", "statistic", "p_value", "conf_low", "conf_high", "band_low", "band_high"]
    frame.loc[is_base, blank] = np.nan
    frame.loc[is_base, "inference"] = "base period"
    return replace(table, frame=frame)


def _known(panel: Panel, covariates: Sequence[str]) -> tuple[str, ...]:
    absent = [name for name in covariates if name not in panel.covariates]
    if absent:
        raise IdentificationError.of(
            expected=f"covariates of the panel: {', '.join(panel.covariates) or 'none'}",
            found=", ".join(absent),
            mend="name the columns as covariates when the panel is made",
        )
    return tuple(covariates)
