"""Tables of how far an estimate leans on what no data can show: trends, power, many looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.markup import Table, show
from analysis.methods.effects import number, p_text, percent
from analysis.methods.sensitivity import Restriction, Sensitivity, honest_bounds, pre_trend_power
from analysis.methods.specifications import SpecificationCurve
from analysis.study import Findings, Result
from analysis.tables import marked, say

#: How much larger than the largest before a later step of the trend gap may be.
MAGNITUDES = (0.0, 0.25, 0.5, 1.0, 2.0)
#: How far the slope of the trend gap may bend, as shares of its standard error a step.
BENDS = (0.0, 0.5, 1.0)
#: Probabilities with which a slope would be seen in the leads.
POWERS = (0.5, 0.8)

_SAID: dict[Restriction, str] = {
    "relative_magnitudes": "steps up to {} times the largest before",
    "smoothness": "bends up to {} a year",
}


def bounds(findings: Findings, design: str) -> Table:
    """Show the interval of an event study's headline under ever larger violations of trends.

    Parameters
    ----------
    findings : Findings
    design : str
        Id of a design with effects by event time.

    Returns
    -------
    Table
    """
    result = findings.result(design)
    effects = result.effects
    error = float(effects.overall.std_error)
    tries: dict[Restriction, Sequence[float]] = {
        "relative_magnitudes": MAGNITUDES,
        "smoothness": [share * error for share in BENDS],
    }
    rows = []
    for restriction, sizes in tries.items():
        made = honest_bounds(effects, restriction=restriction, bounds=sizes)
        rows += list(_rows(made, _SAID[restriction], scale=effects.overall.scale))
    return show(pd.DataFrame(rows), caption=_caption(result, "if trends were not parallel"))


def _rows(made: Sensitivity, said: str, *, scale: str) -> Iterator[dict[str, str]]:
    shown = made.frame[["bound", "conf_low", "conf_high"]].to_numpy(dtype=float).tolist()
    for bound, low, high in shown:
        yield {
            "Trend gap after the reform": said.format(number(bound, signed=False)),
            "95% interval": f"{_told(low, scale)} to {_told(high, scale)}",
            "Holds zero": "yes" if low <= 0 <= high else "no",
        }


def _told(value: float, scale: str) -> str:
    return percent(100 * float(np.expm1(value))) if scale == "log" else number(value)


def unseen_trends(findings: Findings, design: str) -> Table:
    """Show which straight trend gaps the leads would show, and what they would do to the estimate.

    Parameters
    ----------
    findings : Findings
    design : str
        Id of a design with effects by event time.

    Returns
    -------
    Table
    """
    result = findings.result(design)
    effects = result.effects
    rows = []
    for power in POWERS:
        made = pre_trend_power(effects, power=power)
        rows.append(
            {
                "Seen in the leads with probability": f"{power:.0%}",
                "Slope a time": number(made.slope, signed=False),
                "Moves the estimate by": number(made.bias, signed=False),
                "The same where all leads pass": number(made.bias_if_passed, signed=False),
                "In standard errors": number(made.bias / effects.overall.std_error, signed=False),
            }
        )
    return show(pd.DataFrame(rows), caption=_caption(result, "trends the leads can miss"))


def glue_curve(name: str, curve: SpecificationCurve) -> None:
    """Hand a specification curve to prose.

    Keys: ``name-count``, ``name-positive``, ``name-low``, ``name-median``, ``name-high``,
    ``name-smallest`` (smallest p-value), ``name-joint`` (p-value of the one test over all).
    """
    estimate = curve.frame["estimate"]
    say(f"{name}-count", str(len(estimate)))
    say(f"{name}-positive", str(int((estimate > 0).sum())))
    for key, value in (
        ("low", estimate.min()),
        ("median", estimate.median()),
        ("high", estimate.max()),
    ):
        say(f"{name}-{key}", _told(float(value), curve.scale))
    say(f"{name}-smallest", p_text(curve.joint.smallest))
    say(f"{name}-joint", p_text(curve.joint.p_value))


def _caption(result: Result, what: str) -> str:
    return marked(f"{result.outcome.label}: {what}", result)
