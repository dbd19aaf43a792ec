"""Extended two-way fixed effects: one coefficient for every cohort and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.aggregation import Aggregation, means
from analysis.methods.effects import EffectTable
from analysis.methods.group_time import ControlGroup, Pairs, Wide
from analysis.methods.guards import refuse_degenerate, window_notes
from analysis.methods.linear import DENSE, Linear, bare, dummies, linear_estimates
from analysis.methods.panel import Panel
from analysis.methods.regression import codes
from analysis.methods.saturated_poisson import saturated_effects, saturated_poisson
from analysis.methods.uncertainty import Estimates, Inference, attach

Family = Literal["linear", "poisson"]


def extended_twfe(
    panel: Panel,
    *,
    family: Family = "linear",
    control_group: ControlGroup = "not_yet_treated",
    anticipation: int = 0,
    covariates: Sequence[str] = (),
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate ATT(g,t) by a regression with a dummy for every treated cohort and time.

    Parameters
    ----------
    panel : Panel
    family : {"linear", "poisson"}
        ``"poisson"`` for counts and other outcomes that are not negative: parallel trends in the
        logarithm of the mean; effects are in units of the outcome.
    control_group : {"not_yet_treated", "never_treated"}
        ``"never_treated"`` adds dummies for times before the reform (the last before it is the
        base), so that only units untreated throughout the window are controls.
    anticipation : int
        Times before the cohort that count as treated already; they get dummies of their own.
    covariates : sequence of str
        Covariates of the panel, constant over time (linear only): interacted with times and, less
        the mean of the cohort, with the dummies.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row a cohort and time, then ``ATT overall``, the mean over treated cells (event time 0
        or more) by the sizes of cohorts. ``.aggregate(...)`` as for `group_time_att`.

    Raises
    ------
    IdentificationError
        If nobody is treated inside the window or nobody is untreated at some needed time, if a
        covariate varies over time, or for ``"poisson"`` if outcomes are negative or logs.

    Notes
    -----
    .. math:: y_{it} = \alpha_i + \lambda_t + \sum_{g,t} \tau_{g,t} 1[g_i = g] 1[t] + u_{it}

    Linear with not-yet-treated controls equals `imputation` in a balanced panel; with
    never-treated controls it equals `group_time_att` with a universal base. Shares of cohorts are
    taken as known. Poisson: pooled quasi-likelihood with cohort (not unit) and time effects,

    .. math:: E[y_{it}] = \exp(\alpha_{g_i} + \lambda_t + \tau_{g,t}), \quad
       ATT(g,t) = e^{\alpha_g + \lambda_t + \tau_{g,t}} - e^{\alpha_g + \lambda_t},

    with errors by the delta method, no small-sample factor, clusters of the panel. Randomisation
    gives a p-value and no interval, as adding a constant is no change of a ratio; scaled t, CR2,
    CR3 and the wild bootstrap need estimates that are linear in the outcome and are refused.

    *Edge cases.* Units treated at or before the first time (plus `anticipation`) are left out,
    with a note. Without untreated units, times from the last cohort on are left out.

    References
    ----------
    Wooldridge (2025), doi:10.1007/s00181-025-02807-z.
    Wooldridge (2023), doi:10.1093/ectj/utad016.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": list("aaabbbccc"), "time": [1, 2, 3] * 3,
    ...     "hours": [9.0, 6.0, 5.0, 8.0, 8.0, 9.0, 7.0, 8.0, 9.0],
    ...     "first": 3 * [2] + 6 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> extended_twfe(panel, inference="none").tidy()[["term", "estimate"]].round(9)
                   term  estimate
    0  cohort 2, time 2      -3.5
    1  cohort 2, time 3      -5.5
    2           overall      -4.5
    """
    refuse_degenerate(panel)
    notes = window_notes(panel, anticipation=anticipation)
    _refuse_options(panel, family, covariates)
    panel = _usable(panel, anticipation)
    wide = Wide.of(panel)
    pairs = _pairs(wide, control_group, anticipation)
    fitted = _Fitted(
        panel=panel,
        family=family,
        wide=wide,
        pairs=pairs,
        x=panel.cells[list(covariates)].to_numpy(dtype=float),
        inference=inference,
        conf_level=conf_level,
        seed=seed,
        notes=notes,
    )
    return replace(_table(fitted, "none"), regroup=partial(_table, fitted))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    panel: Panel
    family: Family
    wide: Wide
    pairs: Pairs
    x: np.ndarray  # (N, p)
    inference: Inference
    conf_level: float
    seed: int
    notes: tuple[str, ...]


def _table(fitted: _Fitted, kind: Aggregation | Literal["none"]) -> EffectTable:
    make = _linear if fitted.family == "linear" else _poisson
    return attach(
        fitted.panel,
        make(fitted, kind),
        estimator=f"extended_twfe, {fitted.family}",
        inference=fitted.inference,
        conf_level=fitted.conf_level,
        seed=fitted.seed,
    )


def _linear(fitted: _Fitted, kind: Aggregation | Literal["none"]) -> Estimates:
    wide, pairs, x = fitted.wide, fitted.pairs, fitted.x
    cohort, time = wide.firsts[pairs.cohort], wide.times[pairs.time]
    mean = means(wide, pairs, kind)
    cells = bare(fitted.panel)

    def terms(panel: Panel) -> np.ndarray:
        treated = dummies(panel, cohort, time)
        if not x.shape[1]:
            return treated
        away = x - _cohort_means(panel, x)
        when = panel.cells["time"].to_numpy()[:, None] == panel.times[1:]
        columns = [treated]
        for covariate, centred in zip(x.T, away.T, strict=True):
            columns += [treated * centred[:, None], when * covariate[:, None]]
        return np.column_stack(columns)

    width = terms(cells).shape[1]
    names = [f"cohort {g:.0f}, time {t}" for g, t in zip(cohort, time, strict=True)]
    names += [f"covariate term {number}" for number in range(width - len(names))]

    def rows(panel: Panel) -> np.ndarray:
        at = wide.dealt(panel, panel.cells[["outcome"]].to_numpy(dtype=float))
        weights = means(at, pairs, kind).weights
        return np.hstack([weights.T, np.zeros((weights.shape[1], width - len(weights)))])

    exposure = dummies(cells, cohort, time) @ (mean.weights != 0)
    linear = Linear(
        terms=terms,
        names=tuple(names),
        rows=rows,
        labels=_labels(fitted, mean.labels, mean.weights),
        exposure=np.minimum(exposure, 1.0) if exposure.size < DENSE else None,
        notes=fitted.notes,
    )
    return linear_estimates(cells, linear)


def _poisson(fitted: _Fitted, kind: Aggregation | Literal["none"]) -> Estimates:
    mean = means(fitted.wide, fitted.pairs, kind)
    made = saturated_poisson(fitted.wide, fitted.pairs)
    influence = made.influence @ mean.weights
    if fitted.wide.clusters is not None:
        summed = np.zeros((int(fitted.wide.clusters.max()) + 1, influence.shape[1]))
        np.add.at(summed, fitted.wide.clusters, influence)
        influence = summed
    return Estimates(
        labels=_labels(fitted, mean.labels, mean.weights),
        estimate=made.estimate @ mean.weights,
        headline=mean.weights.shape[1] - 1,
        influence=influence,
        refit=partial(_refit_poisson, fitted, kind),
        linear=False,
        lacks="the estimate is not linear in the outcome",
        notes=fitted.notes,
    )


def _refit_poisson(
    fitted: _Fitted, kind: Aggregation | Literal["none"], panel: Panel, outcomes: np.ndarray
) -> np.ndarray:
    """Estimates under the cohorts of `panel`; nan where an effect has no finite value."""
    wide = fitted.wide.dealt(panel, panel.cells[["outcome"]].to_numpy(dtype=float))
    weights = means(wide, fitted.pairs, kind).weights
    try:
        made = saturated_effects(wide, fitted.pairs) @ weights
    except IdentificationError:
        made = np.full(weights.shape[1], np.nan)
    return np.tile(made, (outcomes.shape[1], 1))


def _labels(fitted: _Fitted, labels: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    counts = np.bincount(fitted.wide.members, minlength=len(fitted.wide.firsts))
    inside = np.zeros((len(counts), weights.shape[1]), dtype=bool)
    np.logical_or.at(inside, fitted.pairs.cohort, weights != 0)
    return labels.assign(n_treated=counts @ inside)


def _pairs(wide: Wide, control_group: ControlGroup, anticipation: int) -> Pairs:
    if control_group == "never_treated" and not np.isinf(wide.firsts).any():
        raise IdentificationError.of(
            expected="units untreated throughout the window",
            found="none",
            mend="use control_group='not_yet_treated'",
        )
    rows = []
    for number, first in enumerate(wide.firsts):
        if np.isinf(first):
            continue
        own = int(np.flatnonzero(wide.times + anticipation < first)[-1])
        for now in range(len(wide.times)):
            late = wide.times[now] + anticipation >= first
            if late or (control_group == "never_treated" and now != own):
                rows.append((number, now, own))
    cohort, time, base = np.array(rows, dtype=int).reshape(-1, 3).T
    controls = np.zeros((len(cohort), len(wide.firsts)), dtype=bool)
    return Pairs(cohort=cohort, time=time, base=base, controls=controls)


def _usable(panel: Panel, anticipation: int) -> Panel:
    """Leave out units without a base period, and times without untreated units."""
    panel = panel.keep(~(panel.cell_cohort <= panel.times[0] + anticipation))
    cohort = panel.cell_cohort
    if np.isnan(cohort).any() or cohort.max() > panel.times[-1]:
        return panel
    end = int(cohort.max()) - anticipation - 1
    kept = panel.keep_times(int(panel.times[0]), end)
    refuse_degenerate(kept)
    return kept


def _cohort_means(panel: Panel, x: np.ndarray) -> np.ndarray:
    group = codes(pd.Series(np.nan_to_num(panel.cell_cohort, nan=np.inf)))
    weight = panel.cells["weight"].to_numpy(dtype=float)
    sums = np.column_stack([np.bincount(group, weight * column) for column in x.T])
    return np.asarray((sums / np.bincount(group, weight)[:, None])[group])


def _refuse_options(panel: Panel, family: Family, covariates: Sequence[str]) -> None:
    if family not in ("linear", "poisson"):
        raise IdentificationError.of(
            expected="family 'linear' or 'poisson'", found=str(family), mend="choose one of these"
        )
    absent = [name for name in covariates if name not in panel.covariates]
    values = panel.cells.groupby("unit", sort=False)[[c for c in covariates if c not in absent]]
    spread = values.max() - values.min()
    varying = [name for name in spread if (spread[name] > 0).any()]
    if absent or varying or (covariates and family == "poisson"):
        raise IdentificationError.of(
            expected="covariates of the panel that are constant over time, with family='linear'",
            found=f"{', '.join(map(str, [*absent, *varying])) or ', '.join(covariates)}",
            mend="use the value before the reform, or another method",
        )
    if family == "poisson" and (panel.scale == "log" or panel.cells["outcome"].min() < 0):
        raise IdentificationError.of(
            column=panel.outcome,
            expected="an outcome in levels that is not negative",
            found=f"scale {panel.scale}, smallest value {panel.cells['outcome'].min():g}",
            mend="use family='linear'",
        )
