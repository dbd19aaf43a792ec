"""Bias, error, coverage, size and power of every estimator with its recommended inference.

Estimators that are linear in the outcome are measured by what they weigh every cell with, which
the package itself hands to its inference; the first draws of every scene are estimated by the
public verb as well, and the two must agree. The others are called draw by draw.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy import stats

from analysis import methods
from analysis.errors import AnalysisError
from analysis.methods import inference as numeric
from analysis.methods.effects import EffectTable
from analysis.methods.estimates import Estimates
from analysis.methods.layout import Layout, lay_out, loadings
from analysis.methods.panel import Panel
from analysis.methods.randomisation import MAX_ASSIGNMENTS, RANDOM_ASSIGNMENTS
from analysis.methods.recommend import recommended
from analysis.methods.scaled import scaled_variance
from benchmarks.truth import placebo, scenes
from benchmarks.truth.scenes import Scene

LEVEL = 0.05
#: Draws of every scene that the public verb must estimate alike.
AUDITED = 1
BLOCK = 100
#: Options by which estimators of a path are asked for one window.
WINDOW: dict[str, dict[str, object]] = {"stacked": {"before": 6, "after": 5}}
LINEAR = (
    "difference_in_differences",
    "event_study",
    "group_time_att",
    "imputation",
    "extended_twfe",
    "stacked",
)
NAMES = (*scenes.NAMES, *placebo.SCENES)
#: Estimators that are no weighted sums, and the scenes they are drawn in.
OTHERS = {
    "synthetic_did": ("two", "four", "selection", "provinces, two"),
    "synthetic_control": ("two", "four", "selection", "provinces, two"),
}
#: Draws of those, and draws with and without a reform that cluster-robust tests take one by one.
FEWER_DRAWS, ONE_BY_ONE = 400, 100
_CHOSEN: dict[tuple[object, ...], np.ndarray] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an estimator says in R draws; nan where it prints nothing or was not `asked`."""

    estimate: np.ndarray
    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    kind: np.ndarray
    asked: np.ndarray


def run(path: Path, *, n_draws: int, seed: int, linear: bool) -> None:
    """Measure estimators, linear or others, in every scene that is not in the file yet."""
    have = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["scene", "estimator"])
    done = set(zip(have["scene"], have["estimator"], strict=True))
    for name in NAMES:
        wanted = LINEAR if linear else [k for k, held in OTHERS.items() if name in held]
        asked = [one for one in wanted if (name, one) not in done]
        if not asked:
            continue
        drawn = (placebo if name in placebo.SCENES else scenes).scene(
            name, n_draws=n_draws, seed=seed
        )
        for estimator in asked:
            start = time.process_time()
            row = _row(drawn, estimator) | {"seed": str(seed), **_versions()}
            have = pd.concat([have, pd.DataFrame([row])], ignore_index=True)
            have.to_csv(path, index=False, float_format="%.6g")
            took = time.process_time() - start
            print(f"{name}, {estimator}: {took:.1f} s", file=sys.stderr, flush=True)


def _row(drawn: Scene, estimator: str) -> dict[str, object]:
    verb = getattr(methods, estimator)
    takes = signature(verb).parameters
    options = {k: v for k, v in drawn.options.items() if k in takes} | WINDOW.get(estimator, {})
    facts: dict[str, object] = {"scene": drawn.name, "what": drawn.what, "estimator": estimator}
    try:
        if estimator in LINEAR:
            null, found = _linear(drawn, verb, options)
        else:
            found = _each(drawn, verb, options)
            # What a synthetic comparison says of one effect for all moves with the effect.
            null = replace(found, p_value=_at(found, scenes.STEADY[0]))
    except AnalysisError as error:
        return facts | {"draws": 0, "refused": str(error)}
    return facts | summary(null, found, truth(drawn, estimator)) | {"refused": ""}


def truth(drawn: Scene, estimator: str) -> float:
    """Mean true effect over treated cells, or over the window of event times."""
    if estimator == "stacked":
        after = int(WINDOW["stacked"]["after"])  # type: ignore[call-overload]
        step = np.minimum(np.arange(after + 1), len(drawn.path) - 1)
        return float(drawn.path[step].mean())
    since = np.arange(drawn.effect.shape[1]) - drawn.first[:, None]
    cells = (since >= 0) & drawn.seen
    weight = np.broadcast_to(drawn.sizes[:, None], cells.shape)
    return float(np.average(drawn.effect[cells], weights=weight[cells]))


def summary(null: Said | None, found: Said, true: float) -> dict[str, object]:
    """Give the measures of one estimator with their Monte Carlo errors."""
    error = found.estimate - true
    n, shown = len(error), np.isfinite(found.low)
    inside = ((found.low <= true) & (found.high >= true))[shown]
    under = null.p_value if null is not None else np.full(n, np.nan)
    size = _share(under <= LEVEL, np.isfinite(under))
    power = _share(found.p_value <= LEVEL, np.isfinite(found.p_value))
    oracle = 2 * stats.norm.ppf(0.975) * float(error.std())
    length = (found.high - found.low)[shown]
    kinds, counts = np.unique(found.kind, return_counts=True)
    return {
        "draws": n,
        "truth": true,
        "bias": float(error.mean()),
        "bias_error": float(error.std() / np.sqrt(n)),
        "sd": float(error.std()),
        "rmse": float(np.sqrt((error**2).mean())),
        "coverage": float(inside.mean()) if len(inside) else np.nan,
        "coverage_error": _binomial(inside),
        "size": size[0],
        "size_error": size[1],
        "power": power[0],
        "power_error": power[1],
        "length_to_oracle": float(np.median(length)) / oracle if len(length) else np.nan,
        "no_interval": float(1 - shown[found.asked].mean()),
        "inference": str(kinds[np.argmax(counts)]),
    }


def _share(hit: np.ndarray, among: np.ndarray) -> tuple[float, float]:
    return (float(hit[among].mean()), _binomial(hit[among])) if among.any() else (np.nan, np.nan)


def _binomial(hit: np.ndarray) -> float:
    share = hit.mean() if len(hit) else np.nan
    return float(np.sqrt(share * (1 - share) / max(len(hit), 1)))


def captured(
    verb: Callable[..., EffectTable], panel: Panel, options: dict[str, object]
) -> tuple[Panel, Estimates]:
    """Return what a method hands over before inference, and the panel it uses."""
    room = import_module(verb.__module__)
    kept: list[tuple[Panel, Estimates]] = []
    attach = room.attach

    def record(panel: Panel, estimates: Estimates, **rest: object) -> EffectTable:
        kept.append((panel, estimates))
        return attach(panel, estimates, **rest)  # type: ignore[no-any-return]

    with patch.object(room, "attach", record):
        verb(panel, inference="none", **options)
    return kept[-1]


def _linear(
    drawn: Scene, verb: Callable[..., EffectTable], options: dict[str, object]
) -> tuple[Said, Said]:
    reform = drawn.errors + drawn.effect + drawn.wrong
    panel, estimates = captured(verb, drawn.panel(reform[0]), options)
    layout = lay_out(panel)
    table = loadings(panel, estimates, layout)
    if table is None or layout.seen.shape != drawn.seen.shape or (layout.seen > drawn.seen).any():
        raise AssertionError(f"{verb.__name__} is not a weighted sum of all cells")
    weight = table[estimates.headline]
    said = [
        _said(drawn, verb, options, panel, estimates, layout, weight, outcomes)
        for outcomes in (drawn.errors, reform)
    ]
    for number in range(AUDITED):
        _audit(verb(drawn.panel(reform[number]), **options), said[1], number)
    return said[0], said[1]


def _said(
    drawn: Scene,
    verb: Callable[..., EffectTable],
    options: dict[str, object],
    panel: Panel,
    estimates: Estimates,
    layout: Layout,
    weight: np.ndarray,
    outcomes: np.ndarray,
) -> Said:
    estimate = np.einsum("rit,it->r", np.where(layout.seen, outcomes, 0.0), weight)
    kind = _kinds(drawn, panel, estimates, layout, outcomes)
    columns = np.full((3, len(outcomes)), np.nan)
    asked = np.ones(len(outcomes), dtype=bool)
    for name in set(kind) - {"none"}:
        chosen = kind == name
        if name == "randomisation":
            made = _randomised(panel, estimates, layout, weight, outcomes[chosen])
        elif name == "scaled_t":
            made = _scaled(layout, weight, outcomes[chosen], estimate[chosen])
        else:
            few = outcomes[chosen][:ONE_BY_ONE]
            held = [verb(drawn.panel(y), inference=name, **options).overall for y in few]
            asked[np.flatnonzero(chosen)[len(few) :]] = False
            made = np.full((3, int(chosen.sum())), np.nan)
            made[:, : len(few)] = np.array([(e.p_value, e.conf_low, e.conf_high) for e in held]).T
        columns[:, chosen] = made
    return Said(
        estimate=estimate,
        p_value=columns[0],
        low=columns[1],
        high=columns[2],
        kind=kind,
        asked=asked,
    )


def _kinds(
    drawn: Scene, panel: Panel, estimates: Estimates, layout: Layout, outcomes: np.ndarray
) -> np.ndarray:
    """Choice of inference in every draw; the same for estimators that hand over the same things."""
    given = (
        estimates.refit is None,
        estimates.influence is None and estimates.product is None,
        estimates.regression is None or estimates.rows is None,
    )
    key = (drawn.name, float(outcomes.sum()), int(layout.seen.sum()), *given)
    if key not in _CHOSEN:
        every = [recommended(_with(panel, y, layout.seen), estimates).name for y in outcomes]
        _CHOSEN[key] = np.array(every)
    return _CHOSEN[key]


def _with(panel: Panel, outcome: np.ndarray, seen: np.ndarray) -> Panel:
    return replace(panel, cells=panel.cells.assign(outcome=outcome[seen]))


def _scaled(
    layout: Layout, weight: np.ndarray, outcomes: np.ndarray, estimate: np.ndarray
) -> np.ndarray:
    error, dof = [], []
    for start in range(0, len(outcomes), BLOCK):
        made = scaled_variance(
            np.where(layout.seen, outcomes[start : start + BLOCK], 0.0),
            weight[None],
            sizes=layout.sizes,
            before=layout.before,
            control=layout.control,
            seen=layout.seen,
        )
        error.append(np.sqrt(made.covariance[:, 0, 0]))
        dof.append(made.dof[:, 0])
    spread, free = np.concatenate(error), np.concatenate(dof)
    reach = stats.t.ppf(1 - LEVEL / 2, free) * spread
    p_value = 2 * stats.t.sf(np.abs(estimate) / spread, free)
    return np.array([p_value, estimate - reach, estimate + reach])


def _randomised(
    panel: Panel,
    estimates: Estimates,
    layout: Layout,
    weight: np.ndarray,
    outcomes: np.ndarray,
) -> np.ndarray:
    """Randomisation of every draw: reassigned estimates are weighted sums too."""
    labels = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    ways = numeric.assignments(
        labels, max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=0
    ).order
    if estimates.refit is None or estimates.exposure is None:
        raise AssertionError("randomisation needs a refit and an exposure")
    exposure = estimates.exposure[:, estimates.headline]
    if layout.seen.all():
        dealt = np.zeros((*layout.seen.shape, 1))
        dealt[layout.unit, layout.time, 0] = exposure
        columns = np.concatenate([outcomes, dealt.transpose(2, 0, 1)]).reshape(
            len(outcomes) + 1, -1
        )
        made = columns @ weight[ways].reshape(len(ways), -1).T
    else:
        cells = np.column_stack([outcomes[:, layout.seen].T, exposure])
        every = [estimates.refit(_dealt(panel, row), cells) for row in ways]
        # As the package does: a reassignment under which any row is not defined is left out.
        made = np.array(
            [one[:, estimates.headline] for one in every if np.isfinite(one[0]).all()]
        ).T
    slopes, draws = made[-1], made[:-1]
    ends = [numeric.randomisation_interval(d, slopes, conf_level=1 - LEVEL) for d in draws]
    p_value = numeric.randomisation_p_value(draws.T)
    return np.vstack([p_value, np.array(ends).T])


def _dealt(panel: Panel, row: np.ndarray) -> Panel:
    cohorts = pd.Series(panel.cohorts.array[row], index=panel.cohorts.index)
    return replace(panel, cohorts=cohorts)


def _each(drawn: Scene, verb: Callable[..., EffectTable], options: dict[str, object]) -> Said:
    reform = drawn.errors + drawn.effect + drawn.wrong
    return said_by([verb(drawn.panel(y), **options) for y in reform[:FEWER_DRAWS]])


def _at(found: Said, true: float) -> np.ndarray:
    """Zero where the interval leaves out the truth, one where it holds it, nan without one."""
    outside = (found.low > true) | (found.high < true)
    return np.where(np.isnan(found.low), np.nan, np.where(outside, 0.0, 1.0))


def said_by(tables: list[EffectTable]) -> Said:
    """Collect what tables of effects say of their headline."""
    held = [table.overall for table in tables]
    return Said(
        estimate=np.array([e.estimate for e in held]),
        p_value=np.array([e.p_value for e in held]),
        low=np.array([e.conf_low for e in held]),
        high=np.array([e.conf_high for e in held]),
        kind=np.array([e.inference.split(" over")[0].split(" with ")[0] for e in held]),
        asked=np.ones(len(held), dtype=bool),
    )


def _audit(table: EffectTable, said: Said, number: int) -> None:
    """Stop if the public verb does not say the same as the vectorised code."""
    one = table.overall
    mine = [getattr(said, k)[number] for k in ("estimate", "p_value", "low", "high")]
    theirs = [one.estimate, one.p_value, one.conf_low, one.conf_high]
    if not np.allclose(mine, theirs, rtol=1e-6, atol=1e-9, equal_nan=True):
        raise AssertionError(f"{one.estimator}, draw {number}: {mine} {theirs}")


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("numpy", "scipy", "pandas", "statsmodels")}
