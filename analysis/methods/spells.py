"""Spells with a beginning, a length and an end that may not be seen: microdata of durations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import Fault, PanelError
from analysis.methods.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Spells:
    """Spells of units, one row each, with the first treated time of every unit.

    Attributes
    ----------
    rows : pandas.DataFrame
        Columns ``unit``, ``cluster``, ``start`` (calendar time at the beginning, in times),
        ``duration`` (above zero), ``event`` (1 = ended, 0 = censored) and the covariates.
    cohorts : pandas.Series
        Index unit, dtype ``Int64``: first treated time; missing = never treated.
    outcome : str
        Name of what ends the spell.
    per_time : float or None
        How many units of duration pass in one calendar time; None = the calendar stands still
        within a spell (hours of release within a month).
    covariates : tuple of str
        Numeric columns of `rows`.
    """

    rows: pd.DataFrame
    cohorts: pd.Series
    outcome: str
    per_time: float | None = None
    covariates: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        unit: str,
        start: str,
        duration: str,
        event: str,
        cohort: str,
        per_time: float | None = None,
        covariates: Sequence[str] = (),
        cluster: str | None = None,
    ) -> Spells:
        """Check a table with one row a spell.

        Parameters
        ----------
        frame : pandas.DataFrame
        unit, start, duration, event, cohort : str
            Names of columns. ``start`` is calendar time in the units of ``cohort`` (fractions
            allowed); ``event`` is 1 where the end was seen and 0 where the spell was censored.
        per_time : float, optional
            Units of duration in one calendar time, e.g. 1 for cases counted in months, 30.4 for
            days and months. Without it the calendar stands still within a spell.
        covariates : sequence of str
            Numeric columns that do not change within a spell.
        cluster : str, optional
            Without it the unit is the cluster.

        Returns
        -------
        Spells

        Raises
        ------
        PanelError
            With every fault: absent columns, missing values, durations that are not above zero,
            events other than 0 and 1, cohorts that vary within a unit.
        """
        covariates = tuple(covariates)
        needed = [unit, start, duration, event, *covariates, *filter(None, (cluster,))]
        PanelError.raise_if(_absent(frame, [*needed, cohort]))
        if frame.empty:
            raise PanelError.of(
                expected="at least one spell",
                found="an empty table",
                mend="check the file or the selection",
            )
        PanelError.raise_if(
            [
                *_missing(frame, needed),
                *_wrong(frame, duration, frame[duration] > 0, "a duration above zero"),
                *_wrong(frame, event, frame[event].isin([0, 1]), "0 (censored) or 1 (ended)"),
                *_varying(frame, unit, cohort),
            ]
        )
        rows = pd.DataFrame(
            {
                "unit": frame[unit].to_numpy(),
                "cluster": frame[cluster if cluster else unit].to_numpy(),
                "start": frame[start].to_numpy(dtype=float),
                "duration": frame[duration].to_numpy(dtype=float),
                "event": frame[event].to_numpy(dtype=float),
                **{name: frame[name].to_numpy(dtype=float) for name in covariates},
            }
        )
        first = pd.Series(frame[cohort].array, index=frame[unit].to_numpy())
        first = first[~first.index.duplicated()].sort_index().astype("Float64").astype("Int64")
        return cls(
            rows=rows, cohorts=first, outcome=event, per_time=per_time, covariates=covariates
        )

    def with_cohorts(self, cohorts: Mapping[object, int] | pd.Series) -> Spells:
        """Return the same spells under other cohorts; units not named become never treated."""
        given = pd.Series(cohorts, dtype="Int64").reindex(self.cohorts.index)
        return replace(self, cohorts=given)

    @property
    def switch(self) -> np.ndarray:
        """Duration at which treatment switches on in every spell; inf = never, <= 0 = from start.

        Shape (n_spells,).
        """
        positions = self.cohorts.index.get_indexer(pd.Index(self.rows["unit"]))
        table = self.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.inf)
        ahead = table[positions] - self.rows["start"].to_numpy()
        if self.per_time is None:
            return np.where(np.floor(self.rows["start"]) >= table[positions], -np.inf, np.inf)
        return np.asarray(ahead * self.per_time)


def spells_to_panel(spells: Spells, *, edges: Sequence[float]) -> Panel:
    """Count who is at risk and whose spell ends: one cell a unit, time and bin of duration.

    Parameters
    ----------
    spells : Spells
    edges : sequence of float
        Ends of the duration bins, increasing; bin b holds durations in ``(edges[b-1], edges[b]]``,
        the first begins at zero. Spells longer than the last edge are censored there.

    Returns
    -------
    Panel
        Category ``duration`` (1, 2, ...); ``n`` = spells at risk, ``outcome`` = share that end in
        the bin. The time is the calendar time at which the spell enters the bin.

    Raises
    ------
    PanelError
        If the edges do not increase from above zero, or no spell is at risk.

    Notes
    -----
    A spell censored inside a bin is not at risk in that bin: it was not watched through it. These
    counts are sums, so microdata of any size give the same panel in one pass.

    Examples
    --------
    Two spells end in the first hour, one in the second, one is censored after the first:

    >>> frame = pd.DataFrame({"office": list("aaaa"), "month": [1, 1, 1, 1],
    ...     "hours": [0.5, 1.0, 1.5, 1.0], "released": [1, 1, 1, 0], "first": [None] * 4})
    >>> spells = Spells.from_frame(frame, unit="office", start="month", duration="hours",
    ...     event="released", cohort="first")
    >>> spells_to_panel(spells, edges=[1, 2]).cells[["duration", "n", "outcome"]].values.tolist()
    [[1.0, 4.0, 0.5], [2.0, 1.0, 1.0]]
    """
    ends = np.asarray(edges, dtype=float)
    if len(ends) == 0 or ends[0] <= 0 or (np.diff(ends) <= 0).any():
        raise PanelError.of(
            expected="ends of duration bins that increase from above zero",
            found=str(list(edges)),
            mend="give for instance edges=[24, 48, 72]",
        )
    rows = spells.rows
    begins = np.concatenate([[0.0], ends[:-1]])
    parts = []
    for position, (begin, end) in enumerate(zip(begins, ends, strict=True), start=1):
        ended = (rows["duration"] <= end) & (rows["event"] == 1)
        risk = (rows["duration"] > begin) & (ended | (rows["duration"] >= end))
        moved = 0.0 if spells.per_time is None else begin / spells.per_time
        parts.append(
            pd.DataFrame(
                {
                    "unit": rows["unit"],
                    "time": np.floor(rows["start"] + moved).astype("int64"),
                    "duration": position,
                    "cluster": rows["cluster"],
                    "ended": ended.astype(float),
                }
            )[risk]
        )
    keys = ["unit", "time", "duration", "cluster"]
    counts = pd.concat(parts).groupby(keys, observed=True)["ended"].agg(["size", "sum"])
    if counts.empty:
        raise PanelError.of(
            expected="spells watched through at least one bin",
            found="none",
            mend="choose shorter bins",
        )
    return _panel(spells, counts.reset_index().sort_values(["unit", "time"], kind="stable"))


def _panel(spells: Spells, counts: pd.DataFrame) -> Panel:
    n = counts["size"].to_numpy(dtype=float)
    share = counts["sum"].to_numpy() / n
    cells = pd.DataFrame(
        {
            "unit": counts["unit"].to_numpy(),
            "time": counts["time"].to_numpy(),
            "cluster": counts["cluster"].to_numpy(),
            "n": n,
            "weight": n,
            "outcome": share,
            "ss": n * share * (1 - share),
            "duration": counts["duration"].to_numpy(),
        }
    )
    return Panel(
        cells=cells,
        cohorts=spells.cohorts[spells.cohorts.index.isin(cells["unit"])],
        outcome=spells.outcome,
        categories=("duration",),
        unit_of_measure="share of spells that end",
    )


def _absent(frame: pd.DataFrame, names: Sequence[str]) -> list[Fault]:
    return [
        Fault(
            column=name,
            expected="a column of this name",
            found=f"columns {', '.join(map(str, frame.columns))}",
            mend="rename the column or name another one",
        )
        for name in dict.fromkeys(names)
        if name not in frame.columns
    ]


def _missing(frame: pd.DataFrame, names: Sequence[str]) -> list[Fault]:
    return [
        Fault(
            column=name,
            expected="a value in every row",
            found=f"{int(frame[name].isna().sum())} missing",
            mend="fill in the value or leave the row out",
        )
        for name in names
        if frame[name].isna().any()
    ]


def _wrong(frame: pd.DataFrame, name: str, right: pd.Series, expected: str) -> list[Fault]:
    bad = np.flatnonzero(~right.to_numpy(dtype=bool))
    return [
        Fault(
            column=name,
            row=int(position) + 1,
            expected=expected,
            found=str(frame[name].iloc[position]),
            mend="correct the value or leave the row out",
        )
        for position in bad[:20]
    ]


def _varying(frame: pd.DataFrame, unit: str, cohort: str) -> list[Fault]:
    distinct = frame.groupby(unit, observed=True)[cohort].nunique(dropna=False)
    return [
        Fault(
            column=cohort,
            expected="one first treated time for a unit",
            found=f"{count} different ones for {name}",
            mend="give the first treated time in every row of the unit, or leave it empty",
        )
        for name, count in distinct[distinct > 1].items()
    ]
