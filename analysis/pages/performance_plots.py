"""Figure of the engine's benchmark: time and memory against rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.pages.performance import FLOOR, OURS, PEER
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Ink, line and mark of every case that is drawn.
SHOWN = {
    OURS: (TREATED, "-", "o"),
    FLOOR: (RULE, "--", "s"),
    PEER: (SECOND, "-", "^"),
    "linearmodels, DiD": (CONTROL, "-", "v"),
    "duckreg, DiD (point estimate)": (CONTROL, ":", "D"),
    "statsmodels with dummies, DiD": (SECOND, ":", "x"),
}
LABELS = {"work_seconds": "Work after import (seconds)", "peak_mib": "Peak memory (MiB)"}


def by_rows(
    measured: pd.DataFrame, *, column: str = "work_seconds", ax: Axes | None = None
) -> Axes:
    """Draw one column of the benchmark against rows, both in powers of ten, one line a tool.

    Parameters
    ----------
    measured : pandas.DataFrame
        From `analysis.pages.performance.measured`.
    column : {"work_seconds", "peak_mib"}
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    for case, (ink, line, mark) in SHOWN.items():
        rows = measured[measured["case"] == case]
        ax.plot(rows["rows"], rows[column], line, marker=mark, color=ink, label=case)
    ax.set(xscale="log", yscale="log", xlabel="Rows", ylabel=LABELS[column])
    ax.legend(frameon=False, fontsize="small")
    return ax


def describe_by_rows(measured: pd.DataFrame, *, column: str = "work_seconds") -> str:
    """Say what `by_rows` shows."""
    told = []
    for case in SHOWN:
        rows = measured[measured["case"] == case].sort_values("rows")
        if len(rows):
            first, last = rows.iloc[0], rows.iloc[-1]
            told.append(
                f"{case}: {first[column]:.3g} at {int(first['rows']):,} rows, "
                f"{last[column]:.3g} at {int(last['rows']):,}"
            )
    return f"{LABELS[column]} against rows. {'; '.join(told)}."


def tabulate_by_rows(measured: pd.DataFrame, *, column: str = "work_seconds") -> pd.DataFrame:
    """Give the numbers that `by_rows` draws."""
    return measured.loc[measured["case"].isin(SHOWN), ["rows", "case", column]]
