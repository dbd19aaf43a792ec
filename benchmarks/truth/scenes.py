"""Scenes in which every estimator is measured: what is drawn, what is true, what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd

from analysis.methods.panel import Panel
from analysis.methods.simulate import draw_errors, unit_spread

#: Months, months before the first cohort, standard deviation of errors in logs.
TIMES, FIRST, NOISE = 36, 24, 0.2
STEADY = (-0.2,)
GROWING = (-0.05, -0.1, -0.15, -0.2, -0.25, -0.3)
WAVES = (12, 16, 20, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Draws of one scene; R draws, n units, T times.

    Attributes
    ----------
    name, what : str
    first : numpy.ndarray
        First treated time of every unit, nan = never, (n,).
    sizes : numpy.ndarray
        Weight of every unit, (n,).
    seen : numpy.ndarray
        Cells that exist, boolean (n, T).
    errors : numpy.ndarray
        Outcomes without the reform, (R, n, T).
    effect : numpy.ndarray
        True effect in treated cells, (n, T).
    path : numpy.ndarray
        True effect by event time 0, 1, ...
    wrong : numpy.ndarray
        What else the reform brings into outcomes: effects on others, effects too early, another
        mix of cargo; (n, T) or (R, n, T).
    options : dict
        Options every estimator that takes them is given.
    """

    name: str
    what: str
    first: np.ndarray
    sizes: np.ndarray
    seen: np.ndarray
    errors: np.ndarray
    effect: np.ndarray
    path: np.ndarray
    wrong: np.ndarray
    options: dict[str, object]

    def panel(self, outcome: np.ndarray) -> Panel:
        """Make outcomes (n, T) a panel, as a user would."""
        unit, time = np.nonzero(self.seen)
        frame = pd.DataFrame(
            {
                "unit": unit,
                "time": time,
                "y": outcome[self.seen],
                "first": self.first[unit],
                "size": self.sizes[unit],
            }
        )
        return Panel.from_frame(
            frame, unit="unit", time="time", outcome="y", cohort="first", weights="size"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    what: str
    cohorts: tuple[int, ...]
    n_units: int = 30
    path: tuple[float, ...] = STEADY
    ar1: float = 0.8
    tails: float = np.inf
    skew: float = 0.0
    unequal: bool = False
    missing: float = 0.0
    spill: float = 0.0
    left_out: bool = False
    early: int = 0
    mixed: bool = False
    held: bool = False
    selection: float = 0.0
    regional: float = 0.0
    variance: float = 1.0
    options: tuple[tuple[str, object], ...] = ()


#: Controls that the spillover reaches.
NEIGHBOURS = 6
#: Quick cargo takes this much less time (log), has this share, and that share after the reform.
QUICKER, SHARE, SHARE_AFTER = 1.0, 0.3, 0.5
_FOUR = (FIRST,) * 4
_PLANS: dict[str, _Plan] = {
    "one": _Plan(what="1 of 30 treated", cohorts=(FIRST,)),
    "two": _Plan(what="2 of 30 treated at once", cohorts=(FIRST,) * 2),
    "four": _Plan(what="4 of 30 treated at once", cohorts=_FOUR),
    "six": _Plan(what="6 of 30 treated at once", cohorts=(FIRST,) * 6),
    "four cohorts": _Plan(what="4 of 30 treated, each in a wave of its own", cohorts=WAVES),
    "growing waves": _Plan(
        what="24 of 30 treated in four waves, effects grow",
        cohorts=tuple(np.repeat(WAVES, 6).tolist()),
        path=GROWING,
    ),
    "unequal": _Plan(what="4 of 30 treated, sizes differ", cohorts=_FOUR, unequal=True),
    "long memory": _Plan(what="4 of 30 treated, AR(1) 0.95", cohorts=_FOUR, ar1=0.95),
    "heavy tails": _Plan(what="4 of 30 treated, Student t with 3", cohorts=_FOUR, tails=3.0),
    "skew": _Plan(what="4 of 30 treated, skewness 2", cohorts=_FOUR, skew=2.0),
    "spillover": _Plan(what="40% of the effect reaches 6 controls", cohorts=_FOUR, spill=0.4),
    "spillover, left out": _Plan(
        what="the same, those 6 left out", cohorts=_FOUR, spill=0.4, left_out=True
    ),
    "anticipation": _Plan(what="the effect starts two months early", cohorts=_FOUR, early=2),
    "anticipation, declared": _Plan(
        what="the same, two months declared",
        cohorts=_FOUR,
        early=2,
        options=(("anticipation", 2),),
    ),
    "mix": _Plan(what="treated zones turn to quick cargo", cohorts=_FOUR, mixed=True),
    "mix, held": _Plan(
        what="the same, shares of cargo held as before", cohorts=_FOUR, mixed=True, held=True
    ),
    "selection": _Plan(what="treated chosen for a common factor", cohorts=_FOUR, selection=1.5),
    "regional shock": _Plan(what="treated share 30% of their errors", cohorts=_FOUR, regional=0.3),
    "variance": _Plan(what="the reform doubles the variance", cohorts=_FOUR, variance=2.0),
    "missing": _Plan(
        what="2 of 30 treated, one month in ten missing", cohorts=(FIRST,) * 2, missing=0.1
    ),
    "twelve": _Plan(what="12 of 30 treated at once", cohorts=(FIRST,) * 12),
    "growing waves, ten never": _Plan(
        what="20 of 30 treated in four waves, effects grow",
        cohorts=tuple(np.repeat(WAVES, 5).tolist()),
        path=GROWING,
    ),
}
NAMES = tuple(_PLANS)


def scene(name: str, *, n_draws: int, seed: int) -> Scene:
    """Draw a scene; the same name, draws and seed give the same numbers."""
    plan = _PLANS[name]
    rng = np.random.default_rng(crc32(f"{seed} {name}".encode()))
    first = np.full(plan.n_units, np.nan)
    first[: len(plan.cohorts)] = plan.cohorts
    sizes = np.exp(rng.normal(0, 1, plan.n_units)) if plan.unequal else np.ones(plan.n_units)
    seen = rng.random((plan.n_units, TIMES)) >= plan.missing
    since = np.arange(TIMES) - first[:, None]
    errors = _errors(rng, plan, n_draws, first, sizes)
    effect = np.where(since >= 0, _at(plan.path, since), 0.0)
    wrong = np.where((since >= -plan.early) & (since < 0), plan.path[0], 0.0)
    if plan.mixed:
        errors, moved = _two_cargoes(rng, plan, errors)
        wrong = wrong + (0.0 if plan.held else np.where(since >= 0, moved, 0.0))
    untreated = np.flatnonzero(np.isnan(first))[:NEIGHBOURS]
    after = np.arange(TIMES) >= min(plan.cohorts)
    wrong[..., untreated, :] += plan.spill * plan.path[0] * after
    kept = np.ones(plan.n_units, dtype=bool)
    kept[untreated] = not plan.left_out
    return Scene(
        name=name,
        what=plan.what,
        first=first[kept],
        sizes=sizes[kept],
        seen=seen[kept],
        errors=errors[:, kept],
        effect=effect[kept],
        path=np.asarray(plan.path),
        wrong=wrong[..., kept, :],
        options=dict(plan.options),
    )


def _two_cargoes(
    rng: np.random.Generator, plan: _Plan, slow: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of slow and quick cargo before, and what the other shares add to it."""
    quick = NOISE * draw_errors(rng, slow.shape, ar1=plan.ar1) - QUICKER
    gap = quick - slow
    return slow + SHARE * gap, (SHARE_AFTER - SHARE) * gap


def _at(path: tuple[float, ...], since: np.ndarray) -> np.ndarray:
    step = np.clip(np.nan_to_num(since, nan=0.0), 0, len(path) - 1).astype(int)
    return np.asarray(path)[step]


def _errors(
    rng: np.random.Generator, plan: _Plan, n_draws: int, first: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    treated = np.isfinite(first)
    shape = (n_draws, plan.n_units, TIMES)
    errors = draw_errors(rng, shape, ar1=plan.ar1, tails=plan.tails, skew=plan.skew)
    if plan.regional:
        common = draw_errors(rng, (n_draws, 1, TIMES), ar1=plan.ar1)
        shared = np.sqrt(1 - plan.regional) * errors + np.sqrt(plan.regional) * common
        errors = np.where(treated[:, None], shared, errors)
    errors *= NOISE * unit_spread(sizes)[:, None]
    after = treated[:, None] & (np.arange(TIMES) >= np.nan_to_num(first, nan=np.inf)[:, None])
    errors = np.where(after, np.sqrt(plan.variance) * errors, errors)
    if plan.selection:
        walk = rng.standard_normal((n_draws, TIMES)).cumsum(axis=1) / np.sqrt(TIMES)
        loads = rng.standard_normal(plan.n_units) * 0.5 + plan.selection * treated
        errors = errors + NOISE * loads[:, None] * walk[:, None, :]
    levels = 0.3 * rng.standard_normal((plan.n_units, 1)) + 0.05 * rng.standard_normal(TIMES)
    return np.asarray(errors + levels)
