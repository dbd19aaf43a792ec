"""Disclosure control as a page shows it: rules, a worked example, and what was withheld here."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from analysis import catalog, disclosure
from analysis.disclosure import RULES, Protected
from analysis.errors import DataError
from analysis.markup import Table, show
from analysis.methods.contributions import Contributions
from analysis.methods.effects import number
from analysis.tables import say

#: The worked example: zones of unequal firms over four years, drawn with this seed.
EXAMPLE_SEED = 4


def rules() -> Table:
    """Show the rules that a number has to pass."""
    rows = [
        ("Firms behind a number", f"at least {RULES.firms}, counted each once"),
        ("Largest firm", f"cannot be told to {RULES.p:g} percent by the second largest"),
        ("Largest firms", f"the {RULES.n} largest hold at most {RULES.k:g} percent"),
        ("Leverage of one firm in a regression term", f"below {RULES.leverage:g}"),
        ("Two numbers on the same records", f"differ by no firm, or by at least {RULES.firms}"),
        ("Least and largest value", "never shown"),
        ("Counts of records", f"rounded to multiples of {RULES.base}"),
        ("Estimates and what belongs to them", f"rounded to {RULES.digits} digits that count"),
    ]
    frame = pd.DataFrame(rows, columns=["What", "Rule"])
    return show(frame, caption="What a number on supplied data has to pass")


# ---------------------------------------------------------------- the worked example


def example() -> Table:
    """Show a table of records by zone and year after protection."""
    return _shown(_example(), "Records by zone and year after protection [Simulated data]")


def example_audit() -> Table:
    """Show what a reader can work out about every withheld cell of the example."""
    made = _example()
    names = made.shown.drop(index="All", columns="All")
    rows = []
    for i, j in np.argwhere(made.hidden):
        low, high = made.ranges.low[i, j], made.ranges.high[i, j]
        rows.append(
            {
                "Cell": f"{names.index[i]}, {names.columns[j]}",
                "Withheld": "too few firms or one too large" if made.first[i, j] else "as cover",
                "Least it can be": number(float(low), signed=False),
                "Most it can be": number(float(high), signed=False),
                "Needed on either side": number(float(made.need[i, j]), signed=False),
            }
        )
    caption = (
        "What the margins tell about each withheld cell, by linear programmes [Simulated data]"
    )
    return show(pd.DataFrame(rows), caption=caption)


def glue_example() -> None:
    """Hand the counts of the example to the prose.

    Keys: ``primary``, ``secondary`` (cells withheld), ``exposed`` (cells that the margins tell
    too closely without cover), ``exposed-after`` (with cover).
    """
    made = _example()
    say("primary", str(int(made.first.sum())))
    say("secondary", str(int(made.second.sum())))
    say("exposed", str(_exposed(made, made.first)))
    say("exposed-after", str(_exposed(made, made.hidden)))


def _exposed(made: Protected, hidden: np.ndarray) -> int:
    values = _example_values()
    ranges = disclosure.reachable(values, hidden, wanted=made.first)
    return int(ranges.too_narrow(values, need=made.need).sum())


@cache
def _example() -> Protected:
    found = _drawn()
    return disclosure.protect(
        found,
        rows=found.cells["unit"].to_numpy(),
        columns=found.cells["time"].to_numpy(),
        rules=RULES,
    )


def _example_values() -> np.ndarray:
    cells = _drawn().cells
    wide = cells.pivot_table(index="unit", columns="time", values="n", fill_value=0)
    return wide.to_numpy(dtype=float)


@cache
def _drawn() -> Contributions:
    rng = np.random.default_rng(EXAMPLE_SEED)
    rows = []
    for zone, firms in enumerate((14, 18, 30, 45, 60, 22)):
        for year in range(2019, 2023):
            there = rng.choice(firms, size=int(firms * rng.uniform(0.45, 1)), replace=False)
            sizes = np.round(rng.lognormal(2, 0.9, len(there))) + 1
            rows += [
                (f"Zone {zone + 1}", year, f"{zone}-{firm}", n, n)
                for firm, n in zip(there, sizes, strict=True)
            ]
    frame = pd.DataFrame(rows, columns=["unit", "time", "firm", "n", "total"])
    return Contributions.from_pairs(frame)


def _shown(made: Protected, caption: str) -> Table:
    shown = made.shown.astype(object).where(made.shown.notna(), "withheld")
    for name in shown.columns:
        shown[name] = [cell if isinstance(cell, str) else f"{cell:,.0f}" for cell in shown[name]]
    return show(shown.rename_axis("").reset_index().rename(columns={"": "Unit"}), caption=caption)


# ---------------------------------------------------------------- this report


def withheld() -> Table:
    """Show what disclosure control let nobody see in this report."""
    held = catalog.read_released(catalog.find_root(), "withheld")
    caption = "Withheld from this report"
    if held is None or held.empty:
        said = "No file under disclosure control is behind this report."
        if held is not None:
            said = "Every number on the supplied files passed all rules."
        return show(pd.DataFrame({"Nothing to show": [said]}), caption=caption)
    shown = held.rename(columns=lambda name: str(name).capitalize())
    return show(shown, caption=caption, interactive=True)


def supplied() -> Table:
    """Show how many records the supplied files hold, by unit and block of times, protected."""
    held = catalog.read_released(catalog.find_root(), "records")
    caption = "Records of the supplied files, by unit and time"
    if held is None:
        said = "No file under disclosure control is behind this report."
        return show(pd.DataFrame({"Nothing to show": [said]}), caption=caption)
    shown = held.rename(columns={"unit": "Unit", "source": "Source"})
    return show(shown, caption=caption)


def must_show() -> Table:
    """Show what was tried against the report, by the stored measurements."""
    caption = "Tried against the report, and what was found"
    try:
        rows = catalog.read_results(catalog.find_root(), "confidential")
    except DataError:
        said = "Not measured yet: python -m benchmarks.confidential all"
        return show(pd.DataFrame({"Nothing to show": [said]}), caption=caption)
    shown = rows.rename(columns=lambda name: str(name).replace("_", " ").capitalize())
    return show(shown, caption=caption)


def kills() -> Table:
    """Show every run that was killed: when, and which report stood there afterwards."""
    rows = catalog.read_results(catalog.find_root(), "confidential_kills")
    shown = pd.DataFrame(
        {
            "Killed": rows["moment"],
            "What was killed": rows["killed"],
            "Report that stood there": rows["stands"]
            .map({"old": "the one before, whole", "new": "the new one, whole"})
            .fillna("none that was whole"),
            "Finished pages kept for the next run": rows["taken_over"],
        }
    )
    return show(shown, caption="Runs that were killed, by moment", interactive=True)
