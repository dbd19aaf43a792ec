"""Figures of one region at a time: what was observed, and what each method puts in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.methods.effects import number
from analysis.pages.single_tables import NAMES, by_region
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes
from analysis.study import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Line and ink of every counterfactual, in the order of the designs.
LINES = ((SECOND, "--"), (CONTROL, "-."), (RULE, ":"))


def counterfactuals(
    findings: Findings, *, outcome: str, region: str, ax: Axes | None = None
) -> Axes:
    """Draw the observed path of a region and the counterfactual path of every method.

    Parameters
    ----------
    findings : Findings
    outcome : str
        Id of the outcome in the declaration.
    region : str
        One with designs of its own.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    frame = tabulate_counterfactuals(findings, outcome=outcome, region=region)
    drawn = [name for name in frame.columns if name not in ("time", "observed")]
    ax.plot(frame["time"], frame["observed"], color=TREATED, linewidth=2, label="observed")
    for name, (ink, line) in zip(drawn, LINES, strict=False):
        ax.plot(frame["time"], frame[name], color=ink, linestyle=line, label=name)
    result = by_region(findings, outcome=outcome)[region][0]
    ax.axvline(_since(findings, outcome, region) - 0.5, color=RULE, linewidth=0.8, linestyle=":")
    scale = "log of " if result.effects.overall.scale == "log" else ""
    ax.set_ylabel(f"{region}: {scale}{result.outcome.unit}")
    ax.set_xlabel("Year")
    ax.legend(frameon=False, fontsize="small")
    return ax


def describe_counterfactuals(findings: Findings, *, outcome: str, region: str) -> str:
    """Say what `counterfactuals` shows."""
    frame = tabulate_counterfactuals(findings, outcome=outcome, region=region)
    last = frame.iloc[-1]
    gaps = [
        f"{name} {number(last['observed'] - last[name])}"
        for name in frame.columns
        if name not in ("time", "observed")
    ]
    return (
        f"{region}, {int(frame['time'].iloc[0])} to {int(last['time'])}: the observed path and one "
        f"counterfactual a method, a dotted line before {_since(findings, outcome, region)}. Gap "
        f"in {int(last['time'])}: {', '.join(gaps)}."
    )


def tabulate_counterfactuals(findings: Findings, *, outcome: str, region: str) -> pd.DataFrame:
    """Give the numbers of `counterfactuals`, one row a year."""
    columns: dict[str, pd.Series] = {}
    for result in by_region(findings, outcome=outcome)[region]:
        cells = result.effects.augment()
        own = cells[cells["counterfactual"].notna()].set_index("time")
        columns.setdefault("observed", own["observed"])
        name = NAMES.get(result.design.estimator, result.design.estimator).lower()
        columns[name] = own["counterfactual"]
    return pd.DataFrame(columns).rename_axis("time").reset_index()


def _since(findings: Findings, outcome: str, region: str) -> int:
    panel = by_region(findings, outcome=outcome)[region][0].panel
    return int(panel.cohorts[panel.treated].min())
