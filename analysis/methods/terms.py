"""Treatment terms of a panel: one switch, or one dummy an event time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel

#: One effect for all times after the reform, or one for every time since.
Effects = Literal["overall", "event_time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of a design (k) and the effects made from them (r rows).

    Attributes
    ----------
    event_times : numpy.ndarray or None
        Event time of every term, (k,); None for one switch.
    seen : numpy.ndarray
        Event times with a row of their own, base included; empty for one switch.
    rows : numpy.ndarray
        Shape (r, k): effects = rows @ coefficients of the terms.
    labels : pandas.DataFrame
        Estimand, term and event time of every row; the last row is the headline.
    base_row : int or None
        Row of the base period.
    """

    event_times: np.ndarray | None
    seen: np.ndarray
    rows: np.ndarray
    labels: pd.DataFrame
    base_row: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every term, for messages."""
        if self.event_times is None:
            return ("treatment",)
        return tuple(f"event time {event_time}" for event_time in self.event_times)

    def columns(self, panel: Panel) -> np.ndarray:
        """Value of every term in every cell, (n_cells, k)."""
        event_time = panel.cell_event_time[:, None]
        if self.event_times is None:
            return (event_time >= 0).astype(float)
        return np.asarray((event_time == self.event_times[None, :]).astype(float))

    def exposure(self, panel: Panel) -> np.ndarray:
        """Which cells the effect of every row bears on, (n_cells, r)."""
        event_time = panel.cell_event_time[:, None]
        after = (event_time >= 0).astype(float)
        return np.hstack([(event_time == self.seen[None, :]).astype(float), after])

    def blank_base(self, table: EffectTable) -> EffectTable:
        """Return `table` with no uncertainty in the base period, which is zero by definition."""
        if self.base_row is None:
            return table
        frame = table.tidy()
        shown = [name for name in frame.columns if name.startswith(("conf_l", "conf_h", "band_"))]
        shown = [name for name in shown if name != "conf_level"]
        frame.loc[self.base_row, [*shown, "std_error", "statistic", "p_value"]] = np.nan
        frame.loc[self.base_row, "inference"] = "base period"
        return replace(table, frame=frame)


def terms_of(panel: Panel, *, effects: Effects, anticipation: int) -> Terms:
    """Make the terms of `panel`.

    Raises
    ------
    IdentificationError
        If nobody is treated inside the window, nobody is untreated, or the base period is not
        observed.
    """
    if effects == "overall":
        _refuse_no_switch(panel)
        labels = pd.DataFrame([{"estimand": "ATT overall", "term": "treatment"}])
        return Terms(
            event_times=None, seen=np.zeros(0), rows=np.eye(1), labels=labels, base_row=None
        )
    if effects == "event_time":
        return _by_event_time(panel, base=-1 - anticipation)
    raise IdentificationError.of(
        expected="effects 'overall' or 'event_time'",
        found=str(effects),
        mend="choose one of these",
    )


def without_anticipation(panel: Panel, *, effects: Effects, anticipation: int) -> Panel:
    """Leave out the cells in which treated units may already react; event studies keep them."""
    if anticipation < 0:
        raise IdentificationError.of(
            expected="anticipation of zero or more times",
            found=str(anticipation),
            mend="give the number of times before the reform in which units may react",
        )
    if effects == "event_time" or anticipation == 0:
        return panel
    event_time = panel.cell_event_time
    return panel.keep(~((event_time < 0) & (event_time >= -anticipation)))


def _by_event_time(panel: Panel, *, base: int) -> Terms:
    observed = panel.cell_event_time
    seen, counts = np.unique(observed[~np.isnan(observed)], return_counts=True)
    every = seen.astype(int)
    _refuse_no_base(panel, every, base)
    event_times = every[every != base]
    after = np.where(event_times >= 0, counts[every != base], 0.0)
    pick = (every[:, None] == event_times[None, :]).astype(float)
    labels = pd.DataFrame(
        {
            "estimand": [*(f"ATT({e})" for e in every), "ATT overall"],
            "term": [*(f"event time {e}" for e in every), "overall"],
            "event_time": pd.array([*every, pd.NA], dtype="Int64"),
        }
    )
    return Terms(
        event_times=event_times,
        seen=every,
        rows=np.vstack([pick, after / after.sum()]),
        labels=labels,
        base_row=int(np.flatnonzero(every == base)[0]),
    )


def _refuse_no_switch(panel: Panel) -> None:
    after = panel.cell_event_time >= 0
    units = panel.cells["unit"]
    if panel.n_treated == 0 or not units[after].isin(units[~after]).any():
        raise IdentificationError.of(
            expected="units treated inside the window, seen before and after",
            found=f"{panel.n_treated} treated units, none of them seen both before and after",
            mend="widen the window or check the cohorts",
        )
    if panel.n_treated == panel.n_units and len(panel.cohorts.unique()) == 1:
        raise IdentificationError.of(
            expected="units that are not treated, or treated later",
            found=f"all {panel.n_units} units treated at the same time",
            mend="add comparison units",
        )


def _refuse_no_base(panel: Panel, seen: np.ndarray, base: int) -> None:
    if panel.n_treated == 0 or not (seen >= 0).any():
        raise IdentificationError.of(
            expected="units treated inside the window",
            found=f"cohorts {sorted(panel.cohorts.dropna().unique())}",
            mend="widen the window or check the cohorts",
        )
    if base not in seen:
        raise IdentificationError.of(
            expected=f"treated units observed at the base period, event time {base}",
            found=f"event times {', '.join(map(str, seen))}",
            mend="widen the window, or choose anticipation so that the base period is observed",
        )
    if not panel.cohorts.isna().any():
        raise IdentificationError.of(
            expected="units that are never treated",
            found=f"all {panel.n_units} units treated",
            mend="add comparison units",
        )
