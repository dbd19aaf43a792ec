"""Checks of what can spoil a comparison: neighbours, early reactions, absent cells, the mix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from analysis.errors import PanelError
from analysis.methods.checks import PLACEBO_LEVEL, Check, Estimator, not_run, row, tried
from analysis.methods.composition import fixed_mix, pooled
from analysis.methods.effects import EffectTable, number, p_said
from analysis.methods.panel import Panel

#: How every check of this room words what an estimate must not do.
STAYS = "the estimate moves by less than one standard error (the larger of the two)"


def spillover(panel: Panel, estimator: Estimator, *, near: Sequence[object] | str) -> Check:
    """Ask whether the reform reached units that serve as controls.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Called with all units; without the neighbours; and with the neighbours as if treated from
        the first cohort on, the treated units left out: a ring of exposure of their own.
    near : sequence, or str with commas between
        Untreated units close enough to be reached.

    Returns
    -------
    Check
        Fails when leaving the neighbours out moves the estimate by a standard error or more, or
        when the neighbours have an effect of their own with p < 0.10.
    """
    ask = {
        "name": "spillover",
        "question": "Did the reform reach neighbours that serve as controls?",
        "required": f"{STAYS} without the neighbours, and theirs has p of at least 0.10",
    }
    ring = set(near.split(", ")) if isinstance(near, str) else set(near)
    unknown = ring - (set(panel.units) - set(panel.treated))
    if unknown or not ring:
        return not_run(ask, f"not among the untreated units: {_listed(unknown) or 'none named'}")
    far = [unit for unit in panel.units if unit not in ring]
    untreated = panel.keep_units([unit for unit in panel.units if unit not in set(panel.treated)])
    exposed = untreated.with_cohorts(dict.fromkeys(ring, int(panel.cohorts.min())))
    made = _each(
        estimator,
        {
            "all controls": panel,
            "neighbours left out": panel.keep_units(far),
            "neighbours as if treated": exposed,
        },
    )
    return _judged(ask, made, "neighbours left out", "neighbours as if treated", "neighbours")


def anticipation(panel: Panel, estimator: Estimator, *, periods: int = 1) -> Check:
    """Ask whether treated units reacted before the reform.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Called with all times; without the last times before each cohort; and on the times before
        the reform only, as if it had come `periods` earlier.
    periods : int
        Times before the reform in which units may have reacted.

    Returns
    -------
    Check
        Fails when leaving these times out moves the estimate by a standard error or more, or when
        the leads have an effect with p < 0.10.
    """
    ask = {
        "name": "anticipation",
        "question": "Did treated units react before the reform?",
        "required": f"{STAYS} without the last {periods} before the reform, and the effect in "
        "them has p of at least 0.10",
    }
    if periods < 1:
        return not_run(ask, f"{periods} times before the reform named; at least one is needed")
    event_time = panel.cell_event_time
    early = (event_time >= -periods) & (event_time < 0)
    before = panel.keep(~(event_time >= 0))
    made = _each(
        estimator,
        {
            "all times": panel,
            f"last {periods} before left out": panel.keep(~early),
            f"last {periods} before as if treated": before.with_cohorts(panel.cohorts - periods),
        },
    )
    _, changed, placebo = made
    return _judged(ask, made, changed, placebo, "leads")


def missing_cells(panel: Panel, estimator: Estimator) -> Check:
    """Ask whether cells are absent, whether the reform made them so, and whether it matters.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Called with the panel; with the share of absent cells, in percent, as the outcome; and
        with a balanced panel: the times at which all units are seen or, where these do not lie on
        both sides of the reform, the units seen at all times.

    Returns
    -------
    Check
        Fails when the reform has an effect on absence with p < 0.10, or when balancing moves the
        estimate by a standard error or more. Its detail begins with how many cells are absent.
    """
    ask = {
        "name": "missing_cells",
        "question": "Are cells absent, and does it matter which?",
        "required": f"no effect on absence (p of at least 0.10), and {STAYS} in a balanced panel",
    }
    absent = tried(_absence, panel)
    if isinstance(absent, str):
        return not_run(ask, absent)
    count, cells = int((absent.cells["outcome"] > 0).sum()), len(absent.cells)
    gaps = sorted(set(range(int(panel.times[0]), int(panel.times[-1]))) - set(panel.times))
    nowhere = f"; no unit is seen at {_listed(gaps)}" if gaps else ""
    if not count:
        table = tried(estimator, panel)
        if isinstance(table, str):
            return not_run(ask, table)
        detail = pd.DataFrame([row(table.overall, what="all cells", absent=0)])
        return Check(
            **ask, seen=f"none of {cells:,} is absent{nowhere}", status="passed", detail=detail
        )
    told = f"{count:,} of {cells:,} absent ({_sides(absent)}){nowhere}; "
    balanced = tried(_balanced, panel)
    if isinstance(balanced, str):
        return _only_absence(ask, tried(estimator, absent), f"{told}no balanced panel: {balanced}")
    made = _each(
        estimator, {"all cells": panel, "balanced panel": balanced, "share absent": absent}
    )
    return _judged(ask, made, "balanced panel", "share absent", "absence", told=told)


def _only_absence(ask: dict[str, str], table: EffectTable | str, told: str) -> Check:
    """Fail if the reform made cells absent; without a balanced panel nothing can be passed."""
    if isinstance(table, str) or not table.overall.p_value < PLACEBO_LEVEL:
        return not_run(ask, told)
    own = table.overall
    seen = f"{told}; absence {number(own.estimate)}, {p_said(own.p_value)}"
    detail = pd.DataFrame([row(own, what="share absent")])
    return Check(**ask, seen=seen, status="failed", detail=detail)


def composition(panel: Panel, estimator: Estimator) -> Check:
    """Ask whether the outcome moved because the mix of what is measured did.

    Parameters
    ----------
    panel : Panel
        With cells split by categories, as `compress` makes them.
    estimator : callable
        Called with the cells pooled as they came, and with every unit's mix held as it was before
        the first reform (see `analysis.methods.composition.fixed_mix`).

    Returns
    -------
    Check
        Fails when holding the mix fixed moves the estimate by a standard error or more.
    """
    ask = {
        "name": "composition",
        "question": "Did the outcome move because the mix did?",
        "required": f"{STAYS} with every unit's mix held as it was before the reform",
    }
    if not panel.categories:
        return not_run(ask, "cells without categories: the mix inside them cannot be seen")
    still = tried(fixed_mix, panel)
    if isinstance(still, str):
        return not_run(ask, still)
    made = _each(estimator, {"mix as it came": pooled(panel), "mix held fixed": still})
    return _judged(ask, made, "mix held fixed", None, "")


def placebo_outcome(panel: Panel, estimator: Estimator, *, other: Panel) -> Check:
    """Ask whether an effect is found on an outcome that the reform cannot have moved.

    Parameters
    ----------
    panel : Panel
        Read for its cohorts only.
    estimator : callable
        Called with the other outcome under the cohorts of `panel`.
    other : Panel
        The outcome that cannot have moved.

    Returns
    -------
    Check
        Fails when the effect on it has p < 0.10.
    """
    ask = {
        "name": "placebo_outcome",
        "question": "Is an effect found on an outcome that the reform cannot have moved?",
        "required": "p of at least 0.10",
    }
    table = tried(estimator, other.with_cohorts(panel.cohorts))
    if isinstance(table, str):
        return not_run(ask, table)
    overall = table.overall
    if not np.isfinite(overall.p_value):
        return not_run(ask, overall.inference)
    passed = overall.p_value >= PLACEBO_LEVEL
    seen = f"{other.outcome}: {number(overall.estimate)}, {p_said(overall.p_value)}"
    detail = pd.DataFrame([row(overall, what=other.outcome)])
    return Check(**ask, seen=seen, status="passed" if passed else "failed", detail=detail)


def _each(estimator: Estimator, panels: dict[str, Panel]) -> dict[str, EffectTable | str]:
    return {name: tried(estimator, one) for name, one in panels.items()}


def _judged(
    ask: dict[str, str],
    made: dict[str, EffectTable | str],
    changed: str,
    placebo: str | None,
    what: str,
    *,
    told: str = "",
) -> Check:
    """Hold the first estimate against the changed one, and ask for no effect in the placebo."""
    tables = {name: one for name, one in made.items() if isinstance(one, EffectTable)}
    first = next(iter(made))
    refused = [f"{name}: {one}" for name, one in made.items() if isinstance(one, str)]
    if first not in tables or changed not in tables:
        return not_run(ask, f"{told}{'; '.join(refused)}")
    main, other = tables[first].overall, tables[changed].overall
    if not np.isfinite(main.std_error):
        return not_run(ask, f"{told}no standard error: {main.inference}")
    error = np.nanmax([main.std_error, other.std_error])  # a part of the data is less precise
    moved = abs(other.estimate - main.estimate) / error
    seen = (
        f"{told}{number(main.estimate)} becomes {number(other.estimate)}, {changed} "
        f"({number(moved, signed=False)} standard errors)"
    )
    failed = moved >= 1
    if placebo is not None:
        own = tables[placebo].overall if placebo in tables else None
        if own is None or not np.isfinite(own.p_value):
            reason = refused[-1] if own is None else own.inference
            seen += f"; no p-value for the {what}: {reason}"
        else:
            seen += f"; {what} {number(own.estimate)}, {p_said(own.p_value)}"
            failed = failed or own.p_value < PLACEBO_LEVEL
    detail = pd.DataFrame([row(table.overall, what=name) for name, table in tables.items()])
    return Check(**ask, seen=seen, status="failed" if failed else "passed", detail=detail)


def _absence(panel: Panel) -> Panel:
    """Make the share of absent cells, 0 or 100, the outcome of a balanced panel."""
    wide = panel.wide()
    gone = wide.isna().to_numpy()
    n_units, n_times = gone.shape
    frame = pd.DataFrame(
        {
            "unit": np.repeat(wide.index.to_numpy(), n_times),
            "time": np.tile(wide.columns.to_numpy(), n_units),
            "absent": 100.0 * gone.ravel(),
            "cohort": panel.cohorts.repeat(n_times).array,
        }
    )
    return Panel.from_frame(
        frame,
        unit="unit",
        time="time",
        outcome="absent",
        cohort="cohort",
        unit_of_measure="percentage points",
    )


def _balanced(panel: Panel) -> Panel:
    seen = panel.wide().notna()
    times = panel.times[seen.all(axis=0).to_numpy()]
    first, last = int(panel.cohorts.min()), int(panel.cohorts.max())
    if (times < first).any() and (times >= last).any():
        return panel.keep(panel.cells["time"].isin(times).to_numpy())
    units = seen.index[seen.all(axis=1)]
    kept = set(units)
    if not kept & set(panel.treated) or not kept - set(panel.treated):
        raise PanelError.of(
            expected="a balanced part with treated and control units",
            found=f"{len(times)} times seen by all units, {len(units)} units seen at all times",
            mend="look at which cells are absent",
        )
    return panel.keep_units(list(units))


def _sides(absent: Panel) -> str:
    """Say the share of absent cells among treated and controls, before and after."""
    after = absent.cells["time"].to_numpy() >= int(absent.cohorts.min())
    treated = absent.cells["unit"].isin(absent.treated).to_numpy()
    share = absent.cells["outcome"].to_numpy()
    said = []
    for name, side in (("treated", treated), ("controls", ~treated)):
        before, since = share[side & ~after].mean(), share[side & after].mean()
        said.append(f"{name} {before:.0f}% before, {since:.0f}% after")
    return "; ".join(said)


def _listed(things: Iterable[object]) -> str:
    return ", ".join(sorted(map(str, things)))
