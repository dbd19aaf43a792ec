"""One region at a time: what several methods find for the same region, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.markup import Table, show
from analysis.methods.effects import Effect, number, percent
from analysis.study import Findings, Result

#: How a method is called at the head of a column.
NAMES = {
    "synthetic_control": "Synthetic control",
    "synthetic_did": "Synthetic DiD",
    "panel_approach": "Panel approach",
}


def by_region(findings: Findings, *, outcome: str) -> dict[str, list[Result]]:
    """Give the designs of single regions, by region.

    Parameters
    ----------
    findings : Findings
    outcome : str
        Id of the outcome in the declaration.
    """
    found: dict[str, list[Result]] = {}
    for result in findings.of(outcome, roles=["single"]):
        found.setdefault(" + ".join(map(str, result.panel.treated)), []).append(result)
    return found


def disagreement(findings: Findings, *, outcome: str) -> Table:
    """Show for every region the estimates of all methods, how far they lie apart, and the fit.

    Parameters
    ----------
    findings : Findings
    outcome : str
        Id of the outcome in the declaration.

    Returns
    -------
    Table
        The spread is the largest less the smallest estimate; beside it the shortest interval of
        the same region, and in how many of the methods it leaves out zero.
    """
    rows = []
    for region, results in by_region(findings, outcome=outcome).items():
        effects = [result.effects.overall for result in results]
        values = [_value(effect) for effect in effects]
        row: dict[str, object] = {"Region": region}
        for result, effect in zip(results, effects, strict=True):
            head = NAMES.get(result.design.estimator, result.design.estimator)
            row[head] = _said(effect, _value(effect))
        row["Largest less smallest"] = (
            f"{number(max(values) - min(values), signed=False)}{_unit(effects[0])}"
        )
        row["Signs"] = "agree" if len(set(np.sign(values))) == 1 else "differ"
        row["Shortest 95% interval"] = _shortest(effects)
        row["Intervals that leave out zero"] = f"{sum(map(_leaves_out, effects))} of {len(effects)}"
        rows.append(row)
    label = findings.of(outcome, roles=["single"])[0].outcome.label
    return show(pd.DataFrame(rows), caption=f"{label}: the same region, method by method")


def _value(effect: Effect) -> float:
    return effect.to_percent().estimate if effect.scale == "log" else effect.estimate


def _unit(effect: Effect) -> str:
    return " points" if effect.scale == "log" else ""


def _said(effect: Effect, value: float) -> str:
    return percent(value) if effect.scale == "log" else number(value)


def _shortest(effects: list[Effect]) -> str:
    closed = [e for e in effects if np.isfinite(e.conf_low) and np.isfinite(e.conf_high)]
    if not closed:
        return "none"
    best = min(closed, key=lambda e: e.conf_high - e.conf_low)
    shown = best.to_percent() if best.scale == "log" else best
    return f"{_said(best, shown.conf_low)} to {_said(best, shown.conf_high)}"


def _leaves_out(effect: Effect) -> bool:
    return bool(effect.conf_low > 0 or effect.conf_high < 0)
