"""Size, coverage, length and power of every inference in one design, all draws at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.methods.comovement import LEVEL as SHARED_LEVEL
from analysis.methods.comovement import shared_movement
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.few_clusters import LeastSquares, adjusted_loadings, bias_reduced
from analysis.methods.inference import TIE, assignments
from analysis.methods.layout import Layout
from analysis.methods.panel import Panel
from analysis.methods.randomisation import MAX_ASSIGNMENTS, RANDOM_ASSIGNMENTS
from analysis.methods.recommend import (
    EQUAL_SIZES,
    EQUAL_VARIANCE,
    EQUAL_VARIANCE_ONE,
    FEW_CLUSTERS,
    MANY_CLUSTERS,
    VARIANCE_LEVEL,
    variance_change,
    variance_ratio,
)
from analysis.methods.regression import Absorber, fit
from analysis.methods.scaled import scaled_variance
from benchmarks.truth.designs import Design, Drawn, draw

LEVEL = 0.05
#: Effects at which power is measured, in true standard deviations of the estimate.
POWER_AT = 2.8
#: A differential trend before the reform with a p-value below this is flagged.
PRE_TREND = 0.1
#: Draws of every design on which the package itself must say the same.
AUDITED = 2
#: Draws of every design whose randomisation intervals are computed, for their length.
INTERVALS = 250
#: Draws worked on at a time.
BLOCK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one inference says in R draws; nan where it prints nothing.

    Attributes
    ----------
    p_value, low, high : numpy.ndarray
        Shape (R,).
    found : numpy.ndarray
        Whether an effect of `POWER_AT` standard deviations is found, 0 or 1 or nan, (R,).
    """

    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    found: np.ndarray


def measure(design: Design, n_draws: int, *, drawn: Drawn | None = None) -> list[dict[str, object]]:
    """Give one row an inference; `drawn` are outcomes that come from elsewhere."""
    drawn = draw(design, n_draws) if drawn is None else drawn
    weights = _profile(design, drawn)
    estimate = np.einsum("rit,it->r", drawn.outcomes, weights)
    effect = POWER_AT * float(estimate.std())
    layout = _layout(design, drawn)
    made: dict[str, Outcome] = {
        "scaled_t": _scaled(drawn, layout, weights, estimate, effect),
    }
    compare = design.group != "held_out"
    if compare or drawn.sizes.max() <= EQUAL_SIZES * drawn.sizes.min():
        made["randomisation"] = _randomised(design, drawn, effect)
    if compare:
        made |= _clustered(design, drawn, estimate, effect)
    raised = _by_block(variance_change, drawn.outcomes, layout) < VARIANCE_LEVEL
    made["recommended"], used = _recommended(layout, drawn, made, raised)
    _audit(design, drawn, made["recommended"], used)
    asked = design.group in ("failing", "placebo")
    pre = _pre_trend(design, drawn, layout) if asked else np.full(len(raised), np.nan)
    shared = _by_block(shared_movement, drawn.outcomes, layout)
    told = np.where(np.isnan(shared), np.nan, shared < SHARED_LEVEL)
    rows = []
    for name, outcome in made.items():
        printed = np.isfinite(outcome.p_value)
        size = float((outcome.p_value[printed] <= LEVEL).mean()) if printed.any() else np.nan
        shown = np.isfinite(outcome.low)
        covered = ((outcome.low <= 0) & (outcome.high >= 0))[shown]
        length = (outcome.high - outcome.low)[shown]
        oracle = 2 * stats.norm.ppf(0.975) * float(estimate.std())
        rows.append(
            {
                "inference": name,
                "size": size,
                "mc_error": float(np.sqrt(size * (1 - size) / max(printed.sum(), 1))),
                "coverage": float(1 - size),
                "covered_by_interval": float(covered.mean()) if shown.any() else np.nan,
                "length_to_oracle": float(np.median(length)) / oracle if shown.any() else np.nan,
                "power": float(np.nanmean(outcome.found)) if printed.any() else np.nan,
                "no_p_value": float(1 - printed.mean()),
                "by_randomisation": float(np.mean(used == "randomisation")),
                "by_scaled_t": float(np.mean(used == "scaled_t")),
                "bias": float(estimate.mean()),
                "sd": float(estimate.std()),
                "pre_trend_flag": float(np.where(np.isnan(pre), np.nan, pre < PRE_TREND).mean()),
                "variance_flag": float(raised.mean()),
                "shared_flag": float(told.mean()),
                "any_flag": float((raised | (told == 1) | (pre < PRE_TREND)).mean()),
            }
        )
    return rows


def _profile(design: Design, drawn: Drawn) -> np.ndarray:
    n_after = design.n_times - design.n_before
    over_time = np.repeat([-1 / design.n_before, 1 / n_after], [design.n_before, n_after])
    size, treated = drawn.sizes, drawn.treated
    share = np.where(treated, size / size[treated].sum(), -size / size[~treated].sum())
    return np.asarray(share[:, None] * over_time)


def _layout(design: Design, drawn: Drawn) -> Layout:
    times = np.arange(design.n_times)
    n = design.n_units
    return Layout(
        outcome=drawn.outcomes[0],
        seen=np.ones((n, design.n_times), dtype=bool),
        unit=np.repeat(np.arange(n), design.n_times),
        time=np.tile(times, n),
        sizes=drawn.sizes,
        before=times < design.n_before,
        after=times >= design.n_before,
        control=~drawn.treated,
        cluster=np.arange(n),
    )


def _t(estimate: np.ndarray, error: np.ndarray, dof: np.ndarray, effect: float) -> Outcome:
    critical = stats.t.ppf(1 - LEVEL / 2, dof)
    return Outcome(
        p_value=2 * stats.t.sf(np.abs(estimate) / error, dof),
        low=estimate - critical * error,
        high=estimate + critical * error,
        found=np.where(error > 0, np.abs(estimate + effect) > critical * error, np.nan),
    )


def _scaled(
    drawn: Drawn, layout: Layout, weights: np.ndarray, estimate: np.ndarray, effect: float
) -> Outcome:
    made = _scaled_blocks(drawn.outcomes, layout, weights)
    return _t(estimate, np.sqrt(made[0]), made[1], effect)


def _scaled_blocks(outcomes: np.ndarray, layout: Layout, weights: np.ndarray) -> np.ndarray:
    """Variance and degrees of freedom of every draw, (2, R); blocks keep memory near."""
    made = [
        scaled_variance(
            outcomes[start : start + BLOCK],
            weights[None],
            sizes=layout.sizes,
            before=layout.before,
            control=layout.control,
            seen=layout.seen,
        )
        for start in range(0, len(outcomes), BLOCK)
    ]
    variance = np.concatenate([one.covariance[:, 0, 0] for one in made])
    return np.array([variance, np.concatenate([one.dof[:, 0] for one in made])])


def _by_block(
    test: Callable[[np.ndarray, Layout], np.ndarray], outcomes: np.ndarray, layout: Layout
) -> np.ndarray:
    starts = range(0, len(outcomes), BLOCK)
    return np.concatenate([test(outcomes[start : start + BLOCK], layout) for start in starts])


def _randomised(design: Design, drawn: Drawn, effect: float) -> Outcome:
    """Randomisation of the difference of weighted mean changes, which is what WLS gives."""
    labels = np.where(drawn.treated, 1.0, np.nan)
    order = assignments(labels, max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=0).order
    given = drawn.treated[order].astype(float) * drawn.sizes
    rest = drawn.sizes - given
    change = given / given.sum(1)[:, None] - rest / rest.sum(1)[:, None]
    n_after = design.n_times - design.n_before
    over_time = np.repeat([-1 / design.n_before, 1 / n_after], [design.n_before, n_after])
    moved = drawn.outcomes @ over_time
    slopes = change @ drawn.treated.astype(float)
    rank = int(np.floor((1 - 0.95) * len(order) * (1 + TIE)))
    p_value, low, high, found = [], [], [], []
    for start in range(0, len(moved), INTERVALS):
        draws = moved[start : start + INTERVALS] @ change.T
        p_value.append(_share_beyond(draws))
        found.append(_share_beyond(draws + effect * slopes) <= LEVEL)
        blank = np.full((2, len(draws)), np.nan)
        ends = blank if start else _ends(draws, slopes, rank)
        low.append(ends[0])
        high.append(ends[1])
    return Outcome(
        p_value=np.concatenate(p_value),
        low=np.concatenate(low),
        high=np.concatenate(high),
        found=np.concatenate(found).astype(float),
    )


def _share_beyond(draws: np.ndarray) -> np.ndarray:
    return np.asarray((np.abs(draws) >= np.abs(draws[:, :1]) * (1 - TIE)).mean(axis=1))


def _ends(draws: np.ndarray, slopes: np.ndarray, rank: int) -> np.ndarray:
    first, last, slope = draws[:, :1], draws[:, 1:], slopes[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (first - last) / (1 - slope), (first + last) / (1 + slope)
    one, two = (np.where(np.isfinite(root), root, np.nan) for root in (one, two))
    low = np.fmin(np.where(one <= first, one, np.nan), np.where(two <= first, two, np.nan))
    high = np.fmax(np.where(one >= first, one, np.nan), np.where(two >= first, two, np.nan))
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    low, high = (
        np.column_stack([edge, np.full(len(draws), far)])
        for edge, far in ((low, -np.inf), (high, np.inf))
    )
    return np.array([np.sort(low, axis=1)[:, rank], np.sort(high, axis=1)[:, -1 - rank]])


def panel_of(design: Design, drawn: Drawn, number: int, *, clusters: bool = False) -> Panel:
    """Make draw `number` a panel, as a user would."""
    n = design.n_units
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(n), design.n_times),
            "time": np.tile(np.arange(design.n_times), n),
            "y": drawn.outcomes[number].ravel(),
            "first": np.repeat(np.where(drawn.treated, design.n_before, np.nan), design.n_times),
            "size": np.repeat(drawn.sizes, design.n_times),
            "region": np.repeat(drawn.region, design.n_times),
        }
    )
    return Panel.from_frame(
        frame,
        unit="unit",
        time="time",
        outcome="y",
        cohort="first",
        weights="size",
        cluster="region" if clusters else None,
    )


def _clustered(
    design: Design, drawn: Drawn, estimate: np.ndarray, effect: float
) -> dict[str, Outcome]:
    """CR1, CR2 and CR3 of all draws: the adjusted residuals are linear in the outcome."""
    panel = panel_of(design, drawn, 0)
    treatment = (panel.cell_event_time >= 0).astype(float)[:, None]
    regression = fit(panel, treatment, names=("treatment",))
    root = np.sqrt(regression.weights)[:, None]
    take_out = Absorber.of(panel).residuals
    fitted = LeastSquares(
        design=regression.design * root,
        residuals=regression.residuals * root[:, 0],
        bread=regression.bread,
        clusters=regression.clusters,
        absorb=lambda columns: take_out(columns / root) * root,
    )
    rows = np.eye(1)
    cells = drawn.outcomes.reshape(len(estimate), -1) * root[:, 0]
    n = design.n_units
    plain = fitted.design @ fitted.bread
    made = {}
    kinds = {
        "CR1": (plain, regression.factor, n - 1.0),
        "CR2": (adjusted_loadings(fitted, rows, power=-0.5)[0], 1.0, None),
        "CR3": (adjusted_loadings(fitted, rows, power=-1.0)[0], (n - 1) / n, n - 1.0),
    }
    lost = bias_reduced(fitted, rows).lost
    for name, (loading, factor, dof) in kinds.items():
        spread = np.zeros((len(loading), n))
        spread[np.arange(len(loading)), fitted.clusters] = loading[:, 0]
        moves = cells @ fitted.residual_maker(spread)
        error = np.sqrt(factor * (moves**2).sum(axis=1))
        free = float(bias_reduced(fitted, rows).dof[0]) if dof is None else dof
        if len(lost) and name != "CR1":
            error, free = np.full(len(error), np.nan), np.nan
        made[name] = _t(estimate, error, np.full(len(error), free), effect)
    return made


def _recommended(
    layout: Layout, drawn: Drawn, made: dict[str, Outcome], raised: np.ndarray
) -> tuple[Outcome, np.ndarray]:
    """Choose draw by draw as `recommended` does."""
    n_treated = int((~layout.control).sum())
    n_draws = len(drawn.outcomes)
    if min(n_treated, int(layout.control.sum())) >= FEW_CLUSTERS:
        kind = "CR1" if min(layout.effective_groups) >= MANY_CLUSTERS else "CR2"
        return made[kind], np.full(n_draws, kind, dtype=object)
    ratio = _by_block(variance_ratio, drawn.outcomes, layout)
    limit = EQUAL_VARIANCE_ONE if n_treated == 1 else EQUAL_VARIANCE
    unequal = (layout.sizes.max() / layout.sizes.min() > EQUAL_SIZES) | (ratio > limit)
    used = np.where(unequal, "none" if n_treated == 1 else "scaled_t", "randomisation")
    used = np.where(raised, "none", used)
    columns = {}
    for name in ("p_value", "low", "high", "found"):
        column = np.full(n_draws, np.nan)
        for kind in set(made) & set(used):
            column = np.where(used == kind, getattr(made[kind], name), column)
        columns[name] = column
    return Outcome(**columns), used


def _audit(design: Design, drawn: Drawn, outcome: Outcome, used: np.ndarray) -> None:
    """Stop if the package does not say the same as the vectorised code."""
    for number in range(min(AUDITED, len(drawn.outcomes))):
        if used[number] == "randomisation" and design.n_treated > 2:
            continue  # thousands of refits; the same code path is audited with two treated units
        said = difference_in_differences(panel_of(design, drawn, number)).overall
        mine = np.array([outcome.p_value[number], outcome.low[number], outcome.high[number]])
        theirs = np.array([said.p_value, said.conf_low, said.conf_high])
        if not np.allclose(mine, theirs, rtol=1e-6, atol=1e-9, equal_nan=True):
            raise AssertionError(f"{design.name}, draw {number} ({used[number]}): {mine} {theirs}")


def _pre_trend(design: Design, drawn: Drawn, layout: Layout) -> np.ndarray:
    """p-values of a straight differential trend before the reform, by the scaled t."""
    time = np.arange(design.n_times) - (design.n_before - 1) / 2
    line = np.where(layout.before, time, 0.0)
    line = line / (line @ line)
    share = np.where(drawn.treated, 1.0, 0.0) * drawn.sizes
    share = (
        share / share.sum()
        - np.where(drawn.treated, 0, drawn.sizes) / drawn.sizes[~drawn.treated].sum()
    )
    weights = share[:, None] * line
    made = _scaled_blocks(drawn.outcomes, layout, weights)
    slope = np.einsum("rit,it->r", drawn.outcomes, weights)
    return np.asarray(2 * stats.t.sf(np.abs(slope) / np.sqrt(made[0]), made[1]))


def within_region(design: Design, n_draws: int) -> list[dict[str, object]]:
    """Measure a design again with the controls of the treated region only, region declared."""
    drawn = draw(design, n_draws)
    keep = drawn.region == drawn.region[drawn.treated][0]
    inside = replace(design, n_units=int(keep.sum()))
    local = Drawn(
        outcomes=drawn.outcomes[:, keep],
        sizes=drawn.sizes[keep],
        treated=drawn.treated[keep],
        region=drawn.region[keep],
    )
    weights = _profile(inside, local)
    estimate = np.einsum("rit,it->r", local.outcomes, weights)
    effect = POWER_AT * float(estimate.std())
    layout = _layout(inside, local)
    refused = difference_in_differences(panel_of(design, drawn, 0, clusters=True)).overall
    rows = []
    for name, outcome in {
        "scaled_t within region": _scaled(local, layout, weights, estimate, effect)
    }.items():
        size = float((outcome.p_value <= LEVEL).mean())
        rows.append(
            {
                "inference": name,
                "size": size,
                "mc_error": float(np.sqrt(size * (1 - size) / n_draws)),
                "coverage": 1 - size,
                "no_p_value": 0.0,
                "region_flag": float(np.isnan(refused.p_value)),
            }
        )
    return rows
