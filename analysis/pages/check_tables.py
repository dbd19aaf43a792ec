"""Worked checks: one design in which nothing is wrong, and one for each thing that can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis import methods
from analysis.markup import Table, show
from analysis.methods import checks, threats, trend_checks
from analysis.methods.checks import Check
from analysis.methods.composition import mix_shares
from analysis.methods.effects import number
from analysis.methods.panel import Panel
from analysis.methods.power import simulated_power
from analysis.methods.simulate import simulate_panel
from analysis.pages.method_examples import SEED

#: What every caption of simulated data ends with.
MARK = "[Simulated data]"
EFFECT = -0.2
#: Treated zones, and zones beside them that serve as controls.
TREATED, NEIGHBOURS = 12, 6
#: First time under the reform, of twenty-four.
FIRST = 17

randomised = partial(methods.difference_in_differences, inference="randomisation", seed=1)
scaled = partial(methods.difference_in_differences, inference="scaled_t")
leads = partial(methods.event_study, inference="CR1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Something wrong with a design, and the check that should find it."""

    what: str
    panel: Callable[[bool], Panel]
    check: Callable[[Panel], Check]


def _frame() -> pd.DataFrame:
    """Draw thirty zones over twenty-four months; the first twelve become faster by a fifth."""
    drawn = simulate_panel(
        n_units=30, n_times=24, n_treated=TREATED, effect=EFFECT, ar1=0.5, noise=0.1, seed=SEED
    ).panel
    cells = drawn.cells[["unit", "time", "outcome"]].copy()
    number_ = cells["unit"].str[1:].astype(int)
    return cells.assign(number=number_, cohort=cells["unit"].map(drawn.cohorts))


def _panel(frame: pd.DataFrame) -> Panel:
    return Panel.from_frame(frame, unit="unit", time="time", outcome="outcome", cohort="cohort")


def _shifted(where: Callable[[pd.DataFrame], pd.Series], size: float, wrong: bool) -> Panel:
    frame = _frame()
    frame["outcome"] += size * wrong * where(frame).astype(float)
    return _panel(frame)


def _absent(wrong: bool) -> Panel:
    """Leave out one cell in ten at random; if wrong, the slow months of treated zones instead."""
    frame = _frame()
    gone = np.random.default_rng(SEED).random(len(frame)) < 0.1
    if wrong:
        treated = (frame["number"] < TREATED) & (frame["time"] >= FIRST)
        slow = frame["outcome"].where(treated).groupby(frame["unit"]).rank(pct=True) > 0.5
        gone = slow.to_numpy(dtype=bool)
    return _panel(frame[~gone])


def mixed(wrong: bool) -> Panel:
    """Draw declarations of quick and slow cargo; if wrong, treated zones turn to quick cargo."""
    rng = np.random.default_rng(SEED)
    frame = _frame()
    turned = wrong & (frame["number"] < TREATED) & (frame["time"] >= FIRST)
    quick = rng.binomial(40, np.where(turned, 0.7, 0.5))
    rows = frame.loc[frame.index.repeat(40)].reset_index(drop=True)
    kind = np.tile(np.arange(40), len(frame)) < np.repeat(quick, 40)
    rows["cargo"] = np.where(kind, "quick", "slow")
    rows["outcome"] += np.where(kind, -0.5, 0.5) + rng.normal(0, 0.3, len(rows))
    return methods.compress(
        rows, unit="unit", time="time", outcome="outcome", cohort="cohort", categories=["cargo"]
    )


def _after(first: int, until: int = 24) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: (f["number"] < TREATED) & f["time"].between(first, until)


def _near(frame: pd.DataFrame) -> pd.Series:
    beside = frame["number"].between(TREATED, TREATED + NEIGHBOURS - 1)
    return beside & (frame["time"] >= FIRST)


def _other(panel: Panel, *, wrong: bool) -> Check:
    """Hold an outcome without effect under the same cohorts; if wrong, a shock hits it as well."""
    frame = simulate_panel(n_units=30, n_times=24, n_treated=TREATED, ar1=0.5, noise=0.1, seed=2)
    cells = frame.panel.cells
    shock = EFFECT * wrong * ((frame.panel.cell_event_time >= 0).astype(float))
    other = frame.panel.with_outcome(cells["outcome"].to_numpy() + shock)
    return threats.placebo_outcome(panel, randomised, other=other)


_NEAR = tuple(f"u{number:04d}" for number in range(TREATED, TREATED + NEIGHBOURS))
_FOUND: tuple[Planted, ...] = (
    Planted(
        what="Six neighbours feel the whole effect",
        panel=lambda wrong: _shifted(_near, EFFECT, wrong),
        check=lambda panel: threats.spillover(panel, randomised, near=_NEAR),
    ),
    Planted(
        what="Treated zones react two months early",
        panel=lambda wrong: _shifted(_after(FIRST - 2, FIRST - 1), EFFECT, wrong),
        check=lambda panel: threats.anticipation(panel, randomised, periods=2),
    ),
    Planted(
        what="The slow months of treated zones are not reported",
        panel=_absent,
        check=lambda panel: threats.missing_cells(panel, randomised),
    ),
    Planted(
        what="Treated zones turn to quick cargo",
        panel=mixed,
        check=lambda panel: threats.composition(panel, scaled),
    ),
    Planted(
        what="Treated zones were becoming faster before",
        panel=lambda wrong: _drifting(wrong),
        check=lambda panel: checks.pre_trends(
            panel, partial(methods.event_study, inference="randomisation", seed=1)
        ),
    ),
    Planted(
        what="Treated zones had an earlier reform",
        panel=lambda wrong: _shifted(_after(9), 2 * EFFECT, wrong),
        check=lambda panel: checks.placebo_in_time(panel, randomised, time=9),
    ),
    Planted(
        what="One control collapses",
        panel=lambda wrong: _shifted(
            lambda f: (f["number"] == 29) & (f["time"] >= FIRST), -30.0, wrong
        ),
        check=lambda panel: checks.leave_one_out(panel, scaled),
    ),
)


def _drifting(wrong: bool) -> Panel:
    frame = _frame()
    frame["outcome"] -= 0.02 * wrong * frame["time"] * (frame["number"] < TREATED)
    return _panel(frame)


def planted() -> Table:
    """Show what every check says where nothing is wrong, and where its target was planted."""
    rows = []
    for one in _FOUND:
        sound, wrong = one.check(one.panel(False)), one.check(one.panel(True))
        rows.append(_row(one.what, sound, wrong))
    panel = _panel(_frame())
    rows.append(
        _row(
            "A shock hits another outcome too",
            _other(panel, wrong=False),
            _other(panel, wrong=True),
        )
    )
    return show(pd.DataFrame(rows), caption=f"What is planted, and what the checks say {MARK}")


def _row(what: str, sound: Check, wrong: Check) -> dict[str, str]:
    return {
        "Planted": what,
        "Check": sound.name,
        "Without it": sound.status,
        "With it": wrong.status,
        "Seen with it": wrong.seen,
    }


def untestable() -> Table:
    """Show how far one sound design leans on trends and on nothing unobserved."""
    panel = _panel(_frame())
    made = [
        trend_checks.trend_power(panel, leads),
        trend_checks.trend_bounds(panel, leads, bound=1.0),
        trend_checks.unobserved(panel, partial(methods.difference_in_differences, inference="CR1")),
    ]
    rows = [
        {"Check": c.name, "Would have to be seen": c.required, "Seen": c.seen, "Result": c.status}
        for c in made
    ]
    return show(pd.DataFrame(rows), caption=f"What no data can show, bounded {MARK}")


def power() -> Table:
    """Show how often effects of several sizes would be found, by simulation on the controls."""
    sizes = (0.0, -0.05, -0.1, -0.15)
    drawn = simulate_panel(n_units=26, n_times=16, n_treated=6, ar1=0.5, noise=0.1, seed=SEED)
    made = simulated_power(drawn.panel, scaled, effects=sizes, n_draws=100, seed=SEED)
    rows = [
        {
            "Planted effect": number(effect),
            "Found, %": f"{100 * share:.0f}",
            "Error, points": f"{100 * error:.1f}",
        }
        for effect, share, error in made.frame.to_numpy(dtype=float).tolist()
    ]
    return show(
        pd.DataFrame(rows), caption=f"Power of six treated zones among controls, 100 draws {MARK}"
    )


def mix() -> Table:
    """Show the shares behind the check of the mix."""
    shares = mix_shares(mixed(True)).reset_index()
    heads = {name: name.replace("_", ", ") for name in shares.columns[1:]}
    for name in heads:
        shares[name] = shares[name].map(lambda value: f"{value:.0f}%")
    told = shares.rename(columns={"cargo": "Cargo", **heads})
    return show(told, caption=f"Shares of cargo {MARK}")
