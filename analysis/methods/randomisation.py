"""Randomisation inference: the same estimate under every way the treatment could have fallen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.estimates import Asked, Estimates, Made, Refit, cannot, nothing
from analysis.methods.layout import lay_out
from analysis.methods.panel import Panel
from analysis.methods.recommend import LEAST_ASSIGNMENTS

#: Randomisation lists all assignments up to this number.
MAX_ASSIGNMENTS = 4_999
#: Beyond, it draws so many: a p-value of 0.05 then has a standard error of half a point.
RANDOM_ASSIGNMENTS = 1_999
#: Numbers handed to one refit at most, so that memory stays bounded.
LARGEST_REFIT = 4_000_000


def randomisation(asked: Asked) -> Made:
    """Randomisation over the units, or over clusters where clusters hold several units."""
    estimates, panel = asked.estimates, asked.panel
    if estimates.refit is None:
        raise cannot("randomisation", why=estimates.lacks)
    ways = _assignments(asked)
    if len(ways.order) < LEAST_ASSIGNMENTS:
        reason = f"no interval: only {len(ways.order)} ways to assign the treatment"
        return nothing(asked.count, reason)
    outcomes = panel.cells[["outcome"]].to_numpy(dtype=float)
    if estimates.exposure is not None:
        outcomes = np.column_stack([outcomes, estimates.exposure])
    refitted = _refitted(panel, ways, estimates.refit, outcomes, linear=estimates.linear)
    made = np.isfinite(refitted[:, 0, :]).all(axis=1)
    if not made[0] or made.sum() < LEAST_ASSIGNMENTS:
        return nothing(asked.count, "no interval: the effect is not defined when reassigned")
    refitted = refitted[made]
    draws = refitted[:, 0, :]
    kind = "all" if ways.exact else "a draw of"
    lost = int((~made).sum())
    note = f"{lost} reassignments under which the effect is not defined were left out"
    return Made(
        name=f"randomisation over {kind} {len(draws):,} assignments",
        intervals=_randomisation_intervals(estimates, refitted, conf_level=asked.conf_level),
        draws=draws,
        covariance=np.cov(draws[1:], rowvar=False, ddof=1).reshape(2 * (draws.shape[1],)),
        notes=(note,) if lost else (),
    )


def _refitted(
    panel: Panel, ways: numeric.Assignments, refit: Refit, outcomes: np.ndarray, *, linear: bool
) -> np.ndarray:
    """Estimates of m outcomes under every assignment, (n_assignments, m, k).

    To give unit i the cohort of unit j is to give unit j the outcomes of unit i, where units
    differ in nothing else: then one refit with exchanged outcomes serves all assignments.
    """
    if linear and _exchangeable(panel):
        at_once = max(1, LARGEST_REFIT // outcomes.size)
        parts = np.split(ways.order, range(at_once, len(ways.order), at_once))
        return np.concatenate([_exchanged(panel, part, refit, outcomes) for part in parts])
    cohorts, index = panel.cohorts.array, panel.cohorts.index
    return np.array(
        [
            refit(replace(panel, cohorts=pd.Series(cohorts[row], index=index)), outcomes)
            for row in ways.order
        ]
    )


def _exchanged(panel: Panel, order: np.ndarray, refit: Refit, outcomes: np.ndarray) -> np.ndarray:
    shaped = outcomes.reshape(panel.n_units, -1, outcomes.shape[1])
    rows = shaped[np.argsort(order, axis=1)].reshape(len(order), *outcomes.shape)
    made = refit(panel, rows.transpose(1, 0, 2).reshape(len(outcomes), -1))
    return made.reshape(len(order), outcomes.shape[1], -1)


def _exchangeable(panel: Panel) -> bool:
    """Whether units differ in cohorts and outcomes only: same times and weights, nothing else."""
    cells = panel.cells
    if panel.categories or panel.covariates or len(cells) != panel.n_units * len(panel.times):
        return False
    return bool((cells["weight"] == cells["weight"].iloc[0]).all())


def _assignments(asked: Asked) -> numeric.Assignments:
    panel = asked.panel
    labels = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    layout = lay_out(panel)
    firsts = np.unique(layout.cluster, return_index=True)[1]
    if not layout.coarse:
        return numeric.assignments(
            labels, max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=asked.seed
        )
    by_cluster = np.nan_to_num(labels[firsts], nan=np.inf)
    if not np.array_equal(by_cluster[layout.cluster], np.nan_to_num(labels, nan=np.inf)):
        raise IdentificationError.of(
            expected="units of a cluster treated together, or clusters of one unit",
            found="clusters with units of several cohorts",
            mend="let the unit be the cluster, or compare within clusters",
        )
    ways = numeric.assignments(
        labels[firsts], max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=asked.seed
    )
    return replace(ways, order=firsts[ways.order][:, layout.cluster])


def _randomisation_intervals(
    estimates: Estimates, refitted: np.ndarray, *, conf_level: float
) -> numeric.Intervals:
    draws = refitted[:, 0, :]
    error = draws[1:].std(axis=0, ddof=1)
    low, high = np.full(len(error), np.nan), np.full(len(error), np.nan)
    if estimates.exposure is not None:
        for row in range(len(error)):
            low[row], high[row] = numeric.randomisation_interval(
                draws[:, row], refitted[:, 1 + row, row], conf_level=conf_level
            )
    band = numeric.draw_band(draws[1:], conf_level=conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimates.estimate / error, np.nan)
    return numeric.Intervals(
        std_error=error,
        statistic=statistic,
        p_value=numeric.randomisation_p_value(draws),
        conf_low=low,
        conf_high=high,
        band_low=estimates.estimate - band * error,
        band_high=estimates.estimate + band * error,
    )
