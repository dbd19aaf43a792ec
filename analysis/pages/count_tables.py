"""Tables of published counts: both counting rules side by side, and what may be concluded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import catalog, methods
from analysis.errors import AnalysisError
from analysis.markup import Table, show
from analysis.methods.effects import number
from analysis.short_series import (
    Bound,
    Count,
    Counterfactual,
    counterfactuals,
    ratio_bound,
    series,
    whole_years,
    yearly_growth,
)
from analysis.study import Findings
from analysis.tables import say

#: Years before and after at least, for a permutation of years to reject at five in a hundred.
LEAST_YEARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Published counts of one reform.

    Attributes
    ----------
    held : tuple of Count
        Of whole years.
    since : int
        First year of the reform.
    whole : str
        Region of which the others are parts.
    unit : str
        Of the counts.
    """

    held: tuple[Count, ...]
    since: int
    whole: str
    unit: str


def counts(findings: Findings, *, source: str, column: str, whole: str) -> Counts:
    """Read the counts of a reform.

    Parameters
    ----------
    findings : Findings
        Of the reform; its first date in force parts before from after.
    source : str
        Id of a table with counts by region, counter and year.
    column : str
        What is counted.
    whole : str
        Region of which the others are parts.
    """
    in_force = findings.study.reform.in_force
    table = catalog.read_table(catalog.find_root(), source)
    return Counts(
        held=whole_years(table, column=column),
        since=int(str(in_force.date)[:4]) if in_force else 0,
        whole=whole,
        unit=column,
    )


def side_by_side(made: Counts) -> Table:
    """Show every whole year, with one column for every region and rule."""
    columns = list(dict.fromkeys((c.region, c.counter) for c in made.held))
    cells = {(c.region, c.counter, c.year): _said(c.value, c.bound) for c in made.held}
    years = sorted({c.year for c in made.held})
    rows = [
        {"Year": str(year)}
        | {f"{r}, {k}": cells.get((r, k, year), "not published") for r, k in columns}
        for year in years
    ]
    return show(pd.DataFrame(rows), caption=f"{made.unit.capitalize()} a year, by who counts")


def shares(made: Counts) -> Table:
    """Show shares of the whole, with the rule of each part."""
    rows = [
        {
            "Year": str(one.year),
            "Region": one.region,
            "Counted by": one.counter,
            "The whole counted by": of.counter,
            "Share": _said(100 * one.value / of.value, ratio_bound(one.bound, of.bound), "%"),
        }
        for one, of in _parts(made)
    ]
    return show(pd.DataFrame(rows), caption=f"Share of all {made.unit}, by who counts")


def growth(made: Counts) -> Table:
    """Show growth a year before and after, where one rule counted at least two whole years."""
    rows = []
    for region, counter in dict.fromkeys((c.region, c.counter) for c in made.held):
        one = series(made.held, region=region, counter=counter)
        row: dict[str, object] = {"Region": region, "Counted by": counter}
        for name, part in (("Before", _before(one, made)), ("After", _after(one, made))):
            row[f"Years counted {name.lower()}"] = ", ".join(str(c.year) for c in part) or "none"
            row[f"{name}, a year"] = _grown(part)
        rows.append(row)
    caption = f"Growth of {made.unit} a year before and after {made.since}"
    return show(pd.DataFrame(rows), caption=caption)


def ways(made: Counts) -> Table:
    """Show what every way to go on from the counts before makes of the last count after."""
    rows = [
        {
            "Region": last.region,
            "Counts before": f"{len(before)}, by {before[0].counter}",
            "Year": str(last.year),
            "Had": way.way,
            "Would have been": _whole_number(way.value),
            "95% interval": _interval(way),
            "Counted": f"{_said(last.value, last.bound)}, by {last.counter}",
            "Difference": f"{number(100 * (last.value / way.value - 1))}%",
        }
        for before, last in _pairs(made)
        for way in counterfactuals(before, _beside(made, last.region), year=last.year)
    ]
    return show(pd.DataFrame(rows), caption=f"What {made.unit} would have been, way by way")


def refusals(made: Counts) -> Table:
    """Show what an interrupted series says to every region that was counted before and after."""
    rows = [
        {
            "Region": last.region,
            "Years counted before": len(before),
            "Years counted after": len([c for c in _of(made, last.region) if c.year >= made.since]),
            "An interrupted series says": _interrupted(before, made),
        }
        for before, last in _pairs(made)
    ]
    return show(pd.DataFrame(rows), caption="What a method of this report makes of these counts")


def _interrupted(before: Sequence[Count], made: Counts) -> str:
    """Estimate, or give the words of the refusal."""
    after = {c.year: c for c in _of(made, before[0].region) if c.year >= made.since}
    frame = pd.DataFrame(
        {
            "region": before[0].region,
            "year": [c.year for c in (*before, *after.values())],
            "count": [c.value for c in (*before, *after.values())],
            "first": made.since,
        }
    )
    try:
        panel = methods.Panel.from_frame(
            frame, unit="region", time="year", outcome="count", cohort="first"
        )
        return methods.interrupted_time_series(panel).overall.sentence()
    except AnalysisError as error:
        fault = error.faults[0]
        return f"refused: expected {fault.expected}, found {fault.found}"


def glue_counts(made: Counts) -> None:
    """Hand over to prose what the tables come to.

    Keys: ``points`` (whole years of one part before by one rule, at most), ``needed``,
    ``lowest-p`` (of any permutation of its years), ``same-rule`` (parts that one rule counts
    before and after), ``lowest`` and ``highest`` (differences over all ways), ``width`` (highest
    over lowest end of the narrowest interval), ``share-first`` and ``share-last`` (of the whole,
    by the first and the last rule after the reform), and ``ratio`` (first rule over last).
    """
    parts = [c for c in made.held if c.region != made.whole]
    names = list(dict.fromkeys((c.region, c.counter) for c in parts))
    runs = [series(parts, region=r, counter=k) for r, k in names]
    points = max((len(_before(one, made)) for one in runs), default=0)
    say("points", str(points))
    say("needed", str(LEAST_YEARS))
    say("lowest-p", number(1 / (points + 1), signed=False))
    both = [one[0].region for one in runs if _before(one, made) and _after(one, made)]
    say("same-rule", ", ".join(both) or "none")
    made_ways = [
        (last.value / way.value - 1, way)
        for before, last in _pairs(made)
        if last.region != made.whole
        for way in counterfactuals(before, _beside(made, last.region), year=last.year)
    ]
    if made_ways:
        say("lowest", f"{number(100 * min(gap for gap, _ in made_ways))}%")
        say("highest", f"{number(100 * max(gap for gap, _ in made_ways))}%")
        spans = [way.high / way.low for _, way in made_ways if way.low > 0]
        say("width", number(min(spans), signed=False) if spans else "none")
    after = [(one, of) for one, of in _parts(made) if one.year >= made.since]
    joint = [(one, of) for one, of in after if " and " in one.region]
    if len({one.counter for one, _ in joint}) > 1:
        (first, of_first), (last, of_last) = joint[0], joint[-1]
        for key, one, of in (("share-first", first, of_first), ("share-last", last, of_last)):
            say(key, _said(100 * one.value / of.value, ratio_bound(one.bound, of.bound), "%"))
        latest = series(made.held, region=first.region, counter=first.counter)[-1]
        times = ratio_bound(latest.bound, last.bound)
        shown = number(latest.value / last.value, signed=False)
        say("ratio", shown if times == "exact" else f"{times} {shown}")


def _parts(made: Counts) -> list[tuple[Count, Count]]:
    """Pair every part with the count of the whole in the same year, in order of years."""
    of = {c.year: c for c in made.held if c.region == made.whole}
    held = [(c, of[c.year]) for c in made.held if c.region != made.whole and c.year in of]
    return sorted(held, key=lambda pair: (pair[0].year, pair[0].region))


def _of(made: Counts, region: str) -> tuple[Count, ...]:
    return tuple(c for c in made.held if c.region == region)


def _beside(made: Counts, region: str) -> tuple[Count, ...]:
    """Give the whole of which a region is a part; nothing for the whole itself."""
    return () if region == made.whole else _of(made, made.whole)


def _before(one: Sequence[Count], made: Counts) -> list[Count]:
    return [c for c in one if c.year < made.since]


def _after(one: Sequence[Count], made: Counts) -> list[Count]:
    return [c for c in one if c.year >= made.since]


def _pairs(made: Counts) -> list[tuple[list[Count], Count]]:
    """Every series before, with the last count of the same region after, by any rule."""
    found = []
    for region, counter in dict.fromkeys((c.region, c.counter) for c in made.held):
        before = _before(series(made.held, region=region, counter=counter), made)
        after = sorted(_after(_of(made, region), made), key=lambda c: c.year)
        if before and after:
            found.append((before, after[-1]))
    return found


def _grown(part: Sequence[Count]) -> str:
    if len(part) < 2:
        return "too few counts"
    bound = ratio_bound(part[-1].bound, part[0].bound)
    return _said(100 * yearly_growth(part), bound, "%", signed=True)


def _said(value: float, bound: Bound, unit: str = "", *, signed: bool = False) -> str:
    shown = number(value, signed=signed) if unit else _whole_number(value)
    return f"{shown}{unit}" if bound == "exact" else f"{bound} {shown}{unit}"


def _whole_number(value: float) -> str:
    return f"{value:,.0f}"


def _interval(way: Counterfactual) -> str:
    if not np.isfinite(way.high):
        return "none"
    return f"{_whole_number(way.low)} to {_whole_number(way.high)}"
