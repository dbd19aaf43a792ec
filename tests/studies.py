"""The two studies the slow, obvious way, and lean copies of the project to run them on.

Nothing here imports `analysis`: these are the expected values of its tests.
"""

from __future__ import annotations

import csv
import itertools
import re
import shutil
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STUDIES = ("collaboration-era", "pilot-zones")
LINEAR = ("difference_in_differences", "event_study")
FILES = {
    "trade": ("provincial_trade.csv", "trade_musd"),
    "grp": ("provincial_grp.csv", "grp_100m_cny"),
}


def lean_project(
    root: Path, folder: Path, *, designs: Collection[str], checked: Collection[str] = ()
) -> Path:
    """Copy the data of a project and leave out designs and checks that a test does not need.

    Parameters
    ----------
    root : pathlib.Path
        The project.
    folder : pathlib.Path
        Where the copy goes; made.
    designs : collection of str
        Ids of the designs that stay; all others go.
    checked : collection of str
        Ids of the designs that keep their checks.
    """
    shutil.copytree(root / "data", folder / "data")
    for study in STUDIES:
        path = folder / "data" / "reforms" / f"{study}.toml"
        path.write_text(_thinned(path.read_text(encoding="utf-8"), designs, checked), "utf-8")
    return folder


def _thinned(text: str, designs: Collection[str], checked: Collection[str]) -> str:
    kept = []
    for block in re.split(r"^(?=\[\[designs\]\])", text, flags=re.MULTILINE):
        named = re.match(r'\[\[designs\]\]\nid = "([^"]+)"', block)
        if named is None:
            kept.append(block)
        elif named[1] in designs:
            unchecked = re.sub(r"^checks = \[\n.*?^\]\n", "", block, flags=re.MULTILINE | re.DOTALL)
            kept.append(block if named[1] in checked else unchecked)
    return "".join(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Logs of one outcome, missing = nan, and the first treated year of every unit or nan."""

    units: tuple[str, ...]
    years: tuple[int, ...]
    y: np.ndarray
    first: np.ndarray
    anticipation: int

    @property
    def event_time(self) -> np.ndarray:
        return np.array(self.years) - self.first[:, None]

    @property
    def once(self) -> bool:
        """Whether all treated units start in one year and no cell is missing."""
        return len(set(self.first[~np.isnan(self.first)])) == 1 and not np.isnan(self.y).any()


def declared(root: Path, study: str) -> dict[str, dict]:
    text = (root / "data" / "reforms" / f"{study}.toml").read_text(encoding="utf-8")
    return {one["id"]: one for one in tomllib.loads(text)["designs"]}


def linear(root: Path, study: str) -> list[str]:
    return [n for n, one in declared(root, study).items() if one["estimator"] in LINEAR]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def load(root: Path, design: dict) -> Table:
    file, column = FILES[design["outcome"]]
    rows = read(root / "data" / "published" / file)
    cohorts = design["cohorts"]
    if "source" in cohorts:
        dates = read(root / "data" / "published" / "ftz_launch_dates.csv")
        last = design["window"]["last"]
        cohorts = {d["region"]: int(d[cohorts["column"]]) for d in dates}
        cohorts = {unit: year for unit, year in cohorts.items() if year <= last}
    out = {unit for group in design.get("exclude", []) for unit in group["units"]}
    kept = {row["region"] for row in rows} - out
    if "donors" in design:
        kept &= set(design["donors"]["units"]) | set(cohorts)
    first, last = design["window"]["first"], design["window"]["last"]
    value = {
        (row["region"], int(row["year"])): np.log(float(row[column]))
        for row in rows
        if row[column] and row["region"] in kept and first <= int(row["year"]) <= last
    }
    units = tuple(sorted({unit for unit, _ in value}))
    years = tuple(sorted({year for _, year in value}))
    y = np.array([[value.get((unit, year), np.nan) for year in years] for unit in units])
    starts = np.array([cohorts.get(unit, np.nan) for unit in units], dtype=float)
    if design.get("options", {}).get("own_trends") == "prior":
        y = without_lines(y, np.array(years), before=np.nanmin(starts))
    return Table(
        units=units, years=years, y=y, first=starts, anticipation=design.get("anticipation", 0)
    )


def without_lines(y: np.ndarray, years: np.ndarray, *, before: float) -> np.ndarray:
    left = np.empty_like(y)
    for position, row in enumerate(y):
        seen = (years < before) & ~np.isnan(row)
        slope, level = np.polyfit(years[seen] - before, row[seen], 1)
        left[position] = row - level - slope * (years - before)
    return left


def by_dummies(table: Table, estimator: str) -> dict[str, float]:
    """Least squares on one dummy a unit, one a year, and the treatment or the event times."""
    event_time = table.event_time
    kept = ~np.isnan(table.y)
    if estimator == "difference_in_differences":
        kept &= ~((event_time < 0) & (event_time >= -table.anticipation))
        terms = {"treatment": event_time >= 0}
    else:
        base = -1 - table.anticipation
        seen = np.unique(event_time[kept & ~np.isnan(event_time)])
        terms = {f"event time {int(e)}": event_time == e for e in seen if e != base}
    unit, year = np.nonzero(kept)
    columns = [*(mask[kept].astype(float) for mask in terms.values())]
    columns += [(unit == one).astype(float) for one in range(len(table.units))]
    columns += [(year == one).astype(float) for one in range(1, len(table.years))]
    found = np.linalg.lstsq(np.column_stack(columns), table.y[kept], rcond=None)[0]
    effects = dict(zip(terms, found[: len(terms)].tolist(), strict=True))
    if estimator == "event_study":
        after = [name for name in terms if int(name.split()[-1]) >= 0]
        counts = [terms[name][kept].sum() for name in after]
        effects["overall"] = float(np.average([effects[name] for name in after], weights=counts))
    return effects


def by_means(table: Table, treated: list[int], y: np.ndarray, *, base: str) -> dict[str, float]:
    """Two groups and two spans of years: four means, added and taken away."""
    years = np.array(table.years)
    g = np.nanmin(table.first)
    inside = np.zeros(len(table.units), dtype=bool)
    inside[treated] = True

    def change(after: np.ndarray, before: np.ndarray) -> float:
        own = y[inside][:, after].mean() - y[inside][:, before].mean()
        other = y[~inside][:, after].mean() - y[~inside][:, before].mean()
        return float(own - other)

    if base == "difference_in_differences":
        return {"treatment": change(years >= g, years < g - table.anticipation)}
    zero = years == g - 1 - table.anticipation
    effects = {f"event time {int(t - g)}": change(years == t, zero) for t in years}
    after = [effects[f"event time {int(t - g)}"] for t in years if t >= g]
    return {**effects, "overall": float(np.mean(after))}


def assignments(table: Table) -> Iterator[list[int]]:
    """Give the units that were treated, then every other set of as many."""
    happened = list(np.flatnonzero(~np.isnan(table.first)))
    yield happened
    for chosen in itertools.combinations(range(len(table.units)), len(happened)):
        if list(chosen) != happened:
            yield list(chosen)


def share_as_large(values: list[float]) -> float:
    """Two-sided p-value of the first value; ties count."""
    return float(np.mean([abs(value) >= abs(values[0]) - 1e-11 for value in values]))
