"""Pictures of a whole distribution that shifts: what is done within which time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import methods
from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable, number
from analysis.pages import method_examples
from analysis.pictures import CONTROL, RULE, TREATED, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Percentiles that make a smooth line.
PERCENTILES = tuple(float(p) for p in np.round(np.arange(0.05, 0.96, 0.05), 2))


def simulated() -> EffectTable:
    """Estimate the shift of release times in simulated declarations, with many percentiles."""
    panel = methods.compress(
        method_examples.records(),
        unit="zone",
        time="month",
        outcome="hours",
        cohort="first",
        bins=methods.LogBins(low=1, high=1_000),
    )
    table = methods.distribution(panel, probabilities=PERCENTILES)
    return table.labelled(outcome="Release time", unit_of_measure="hours", scale="level")


def shift(effects: EffectTable, *, ax: Axes | None = None) -> Axes:
    """Draw the share released within each time, as observed and as it would have been.

    Parameters
    ----------
    effects : EffectTable
        Of `distribution`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows = tabulate_shift(effects)
    ax.fill_betweenx(
        rows["percent"], rows["conf_low"], rows["conf_high"], color=TREATED, alpha=0.15, linewidth=0
    )
    ax.plot(rows["without"], rows["percent"], color=TREATED, linestyle="--", label="without")
    ax.plot(rows["observed"], rows["percent"], color=TREATED, label="observed")
    for share in (50, 90):
        at = rows[rows["percent"] == share]
        if len(at):
            low, high = sorted((float(at["observed"].iloc[0]), float(at["without"].iloc[0])))
            ax.hlines(share, low, high, color=RULE, linewidth=1.0)
            ax.annotate(
                number(float(at["effect"].iloc[0])),
                (high, share),
                xytext=(5, -3),
                textcoords="offset points",
                color=CONTROL,
                va="top",
                fontsize=8.5,
            )
    overall = effects.overall
    ax.set_xlabel(f"{overall.outcome} ({overall.unit_of_measure})")
    ax.set_ylabel("Released within that time (percent)")
    ax.set_ylim(0, 100)
    ax.set_xlim(left=0)
    ax.legend(loc="lower right")
    return ax


def describe_shift(effects: EffectTable) -> str:
    """Say what `shift` shows."""
    rows = tabulate_shift(effects)
    unit = effects.overall.unit_of_measure
    parts = []
    for share in (50, 90):
        at = rows[rows["percent"] == share]
        if len(at):
            seen, without = (
                number(float(at[name].iloc[0]), signed=False) for name in ("observed", "without")
            )
            parts.append(
                f"{share} percent are released within {seen} {unit}, and would have been within "
                f"{without}"
            )
    return f"Two rising curves, observed and dashed without the reform: {'; '.join(parts)}."


def tabulate_shift(effects: EffectTable) -> pd.DataFrame:
    """Give the percentiles observed and without the reform, with the interval of the latter."""
    frame = effects.tidy().assign(kind=lambda rows: rows["estimand"].str.split().str[0])
    percentile = frame["estimand"].str.extract(r" p([\d.]+)$")[0]
    frame = frame.assign(percent=percentile.astype(float)).dropna(subset="percent")
    if not {"observed", "counterfactual", "effect"} <= set(frame["kind"]):
        raise IdentificationError.of(
            expected="effects of `distribution`",
            found=effects.overall.estimator,
            mend="estimate with distribution(panel, probabilities=...)",
        )
    wide = frame.pivot_table(index="percent", columns="kind", values="estimate")
    without = frame[frame["kind"] == "counterfactual"].set_index("percent")
    made = wide.rename(columns={"counterfactual": "without"})[["observed", "without", "effect"]]
    return made.join(without[["conf_low", "conf_high"]]).reset_index()
