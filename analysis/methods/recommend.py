"""Which inference holds for a design, measured in the truth suite; or why none does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from analysis.methods.estimates import Estimates
from analysis.methods.inference import count_assignments
from analysis.methods.layout import Layout, lay_out
from analysis.methods.panel import Panel

#: With fewer treated or control clusters than this, cluster-robust t-tests reject far too often.
FEW_CLUSTERS = 10
#: With fewer effective treated or control clusters than this, CR1 still rejects too often.
MANY_CLUSTERS = 40
#: CR2 takes one solve a cluster: with more clusters, or cells, it is not chosen by default.
MAX_ADJUSTED, MAX_ADJUSTED_CELLS = 200, 20_000
#: Fewer clusters than this support no test at all.
LEAST_CLUSTERS = 4
#: Largest over smallest unit size up to which units count as equal.
EQUAL_SIZES = 1.5
#: Treated over control pre-period variance up to which units count as exchangeable (quieter
#: treated units make randomisation careful, not wrong); with one treated unit the ratio is too
#: noisy for so tight a limit.
EQUAL_VARIANCE, EQUAL_VARIANCE_ONE = 1.5, 3.0
#: With fewer assignments than this no test at 5 % can reject, so no p-value is printed.
LEAST_ASSIGNMENTS = 20
#: Controls and times before the reform that scaled_t needs.
LEAST_CONTROLS, LEAST_BEFORE = 5, 4
#: More units than this are too many to lay out for scaled_t.
MAX_SCALED_UNITS = 500
#: Share of the largest variance below which a variance is zero.
NO_VARIANCE = 1e-30
#: A variance that rose with a p-value below this is flagged.
VARIANCE_LEVEL = 0.01

Choice = Literal["none", "CR1", "CR2", "CR3", "randomisation", "scaled_t"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The inference for a design.

    Attributes
    ----------
    name : str
        ``"none"`` where nothing holds.
    reason : str
        Why, in one sentence.
    """

    name: Choice
    reason: str


def recommended(panel: Panel, estimates: Estimates) -> Recommendation:
    r"""Choose the inference that holds for a design, or none, and say why.

    Parameters
    ----------
    panel : Panel
    estimates : Estimates
        What the method can give decides among the kinds of inference that hold.

    Returns
    -------
    Recommendation

    Notes
    -----
    In this order: nothing with fewer than four clusters, with all treated units in one region
    that holds several of them; CR1 from forty *effective* treated and control clusters on
    (:math:`(\sum_g W_g)^2 / \sum_g W_g^2` by weight); CR2 from ten of each on, where a regression
    lies behind the estimate and clusters are not too many to adjust; below, nothing after a
    reform that raised the variance of the treated units; randomisation where units are
    exchangeable; the size-scaled t where they are not; otherwise nothing. Sizes of these tests
    are measured by ``python -m benchmarks.truth``: with ten to thirty unequal clusters on a side
    CR1 was seen to reject 5 to 14 % of true nulls at 5 %, CR2 4 to 6 %.
    """
    layout = lay_out(panel)
    refusal = _refused(layout)
    if refusal:
        return Recommendation(name="none", reason=refusal)
    enough = _by_clusters(panel, estimates, layout)
    if enough is not None:
        return enough
    p_value = float(variance_change(layout.outcome[None], layout)[0])
    if p_value < VARIANCE_LEVEL:
        reason = f"the variance of the treated units rose with the reform (p = {p_value:.2g})"
        return Recommendation(name="none", reason=reason)
    unequal = _not_exchangeable(layout)
    if unequal and layout.treated_groups == 1:
        return Recommendation(name="none", reason=f"one treated unit, and {unequal}")
    if not unequal and _can_permute(panel, estimates, layout):
        reason = f"{layout.treated_groups} treated units among exchangeable controls"
        return Recommendation(name="randomisation", reason=reason)
    if _can_scale(estimates, layout):
        return Recommendation(name="scaled_t", reason=unequal or "too few ways to reassign")
    reason = unequal or f"{layout.treated_groups} treated and {layout.control_groups} control units"
    return Recommendation(name="none", reason=f"{reason}, and no test is known to hold")


def _by_clusters(panel: Panel, estimates: Estimates, layout: Layout) -> Recommendation | None:
    """Choose a cluster-robust t-test where there are clusters enough for it."""
    treated, control = layout.treated_groups, layout.control_groups
    if min(treated, control) < FEW_CLUSTERS:
        return None
    reason = f"{treated} treated and {control} control clusters"
    given = estimates.influence is not None or estimates.product is not None
    if given and min(layout.effective_groups) >= MANY_CLUSTERS:
        return Recommendation(name="CR1", reason=reason)
    regressed = estimates.regression is not None and estimates.rows is not None
    small = treated + control <= MAX_ADJUSTED and len(panel.cells) <= MAX_ADJUSTED_CELLS
    return Recommendation(name="CR2", reason=reason) if regressed and small else None


def variance_change(outcomes: np.ndarray, layout: Layout) -> np.ndarray:
    """One-sided p-values that the reform raised the variance of treated units.

    Parameters
    ----------
    outcomes : numpy.ndarray
        Shape (R, n_units, n_times).
    layout : Layout

    Returns
    -------
    numpy.ndarray
        Shape (R,), nan where it cannot be tested.

    Notes
    -----
    Changes from one time to the next, less the mean change of the controls, have a variance
    before the first and after the last cohort. The mean log ratio of the treated is compared with
    that of the controls by a pooled t-test: log variances are nearly normal and their spread does
    not hang on size. Changes are used because a slow effect leaves them alone.
    """
    both = layout.seen[:, 1:] & layout.seen[:, :-1]
    change = np.diff(outcomes, axis=2)
    counts = np.maximum((both & layout.control[:, None]).sum(axis=0), 1)
    mean = (change * (both & layout.control[:, None])).sum(axis=1) / counts
    away = np.where(both, change - mean[:, None, :], 0.0)
    spans = [layout.before[1:], layout.after[:-1]]
    if min(both[:, span].sum(axis=1, dtype=float).min(initial=np.inf) for span in spans) < 3:
        return np.full(len(outcomes), np.nan)
    sizes = [(away[:, :, span] ** 2).sum(axis=2) / both[:, span].sum(axis=1) for span in spans]
    # A unit that never moves has the same variance, none, before and after.
    least = NO_VARIANCE * np.maximum(sizes[0], sizes[1]).max(axis=1, keepdims=True)
    logs = [np.log(np.maximum(size, np.where(least > 0, least, 1.0))) for size in sizes]
    ratio = logs[1] - logs[0]
    treated, control = ratio[:, ~layout.control], ratio[:, layout.control]
    n_t, n_c = treated.shape[1], control.shape[1]
    if n_t == 0 or n_c < LEAST_CONTROLS:
        return np.full(len(outcomes), np.nan)
    error = control.std(axis=1, ddof=1) * np.sqrt(1 / n_t + 1 / n_c)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (treated.mean(axis=1) - control.mean(axis=1)) / error
    return np.asarray(stats.t.sf(statistic, n_c - 1))


def variance_ratio(outcomes: np.ndarray, layout: Layout) -> np.ndarray:
    """Mean variance of changes before the reform, treated over control, (R,)."""
    both = (layout.seen[:, 1:] & layout.seen[:, :-1])[:, layout.before[1:]]
    change = np.diff(outcomes, axis=2)[:, :, layout.before[1:]]
    counts = np.maximum(both.sum(axis=0), 1)
    away = np.where(both, change - (change * both).sum(axis=1)[:, None, :] / counts, 0.0)
    own = (away**2).sum(axis=2) / np.maximum(both.sum(axis=1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            own[:, ~layout.control].mean(axis=1) / own[:, layout.control].mean(axis=1)
        )


def _refused(layout: Layout) -> str:
    groups = len(np.unique(layout.cluster)) if layout.cluster.min() >= 0 else len(layout.cluster)
    n_treated = int((~layout.control).sum())
    if groups < LEAST_CLUSTERS:
        return f"{groups} clusters are too few for any test"
    if n_treated == 0 or not (layout.control.any() or layout.before.any()):
        return "no comparison between treated and untreated cells"
    if layout.coarse and layout.treated_groups == 1:
        return (
            f"all {n_treated} treated units lie in one region, so that a shock to the region looks "
            "like the reform; compare within the region"
        )
    return ""


def _not_exchangeable(layout: Layout) -> str:
    spread = float(layout.sizes.max() / layout.sizes.min())
    if spread > EQUAL_SIZES:
        return f"units differ in size by a factor of {spread:.3g}"
    if layout.before.sum() >= LEAST_BEFORE and layout.control.any():
        ratio = float(variance_ratio(layout.outcome[None], layout)[0])
        limit = EQUAL_VARIANCE_ONE if layout.treated_groups == 1 else EQUAL_VARIANCE
        if ratio > limit:
            return (
                f"the variance of treated units before the reform is {ratio:.2g} times that of "
                "controls"
            )
    return ""


def _can_permute(panel: Panel, estimates: Estimates, layout: Layout) -> bool:
    if estimates.refit is None:
        return False
    labels = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    if layout.coarse:
        firsts = np.unique(layout.cluster, return_index=True)[1]
        return count_assignments(labels[firsts]) >= LEAST_ASSIGNMENTS
    return count_assignments(labels) >= LEAST_ASSIGNMENTS


def _can_scale(estimates: Estimates, layout: Layout) -> bool:
    made = estimates.refit is not None or estimates.regression is not None
    linear = made and estimates.linear
    return (
        linear
        and not layout.coarse
        and layout.control.sum() >= LEAST_CONTROLS
        and layout.before.sum() >= LEAST_BEFORE
        and len(layout.sizes) <= MAX_SCALED_UNITS
    )
