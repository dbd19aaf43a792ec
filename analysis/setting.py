"""Where and when: the regions with their zones and corridors, and the dates of all reforms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import catalog
from analysis.declarations import Reform

#: Columns of `Chronology.events`.
EVENTS = ("date", "kind", "name", "what")


@dataclass(frozen=True, slots=True, kw_only=True)
class Geography:
    """What a map of the regions shows.

    Attributes
    ----------
    outlines : pandas.DataFrame
        region, ring, point, longitude, latitude.
    places : pandas.DataFrame
        place, longitude, latitude, role, label.
    corridors : pandas.DataFrame
        corridor, branch, step, place, longitude, latitude.
    regions : tuple of str
        The regions the report is about.
    """

    outlines: pd.DataFrame
    places: pd.DataFrame
    corridors: pd.DataFrame
    regions: tuple[str, ...]


def geography(*regions: str, root: Path | None = None) -> Geography:
    """Read what a map of `regions` shows."""
    place = catalog.find_root(root)
    places = catalog.read_table(place, "places")
    steps = catalog.read_table(place, "corridors")
    return Geography(
        outlines=catalog.read_table(place, "outlines"),
        places=places,
        corridors=steps.merge(places[["place", "longitude", "latitude"]], on="place", how="left"),
        regions=regions,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronology:
    """Reforms and other policies by date.

    Attributes
    ----------
    events : pandas.DataFrame
        Columns `EVENTS`: the date as declared (a year, a month or a day), whether it is a reform
        or something else, its name, and what happened on that date.
    undated : tuple of str
        Reforms for which no date is published.
    """

    events: pd.DataFrame
    undated: tuple[str, ...]


def chronology(*, root: Path | None = None) -> Chronology:
    """Collect every dated reform and every policy or shock of the same time, each once."""
    place = catalog.find_root(root)
    reforms = [catalog.load_reform(place, one) for one in catalog.list_reforms(place)]
    rows = sorted({row for reform in reforms for row in _dated(reform)})
    dates = {date for date, kind, *_ in rows if kind == "reform"}
    # What is a reform of its own stands beside others as a policy of the same day: leave it out.
    kept = [row for row in rows if row[1] == "reform" or row[0] not in dates]
    return Chronology(
        events=pd.DataFrame(kept, columns=list(EVENTS)),
        undated=tuple(reform.title for reform in reforms if reform.in_force is None),
    )


def _dated(reform: Reform) -> Iterator[tuple[str, str, str, str]]:
    if reform.in_force is not None:
        yield str(reform.in_force.date), "reform", reform.title, reform.in_force.what
    for other in reform.concurrent:
        yield str(other.date), "other", other.what, other.what


def years(dates: pd.Series) -> pd.Series:
    """Turn dates as declared (2021, 2021-11, 2021-09-08) into years with a fraction."""
    parts = dates.str.split("-", expand=True).reindex(columns=range(3))
    year = parts[0].astype(float)
    month = parts[1].astype(float).fillna(1.0)
    day = parts[2].astype(float).fillna(1.0)
    return year + (month - 1) / 12 + (day - 1) / 365.25
