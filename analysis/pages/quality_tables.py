"""Tables on supplied data: what was repaired and decided; every broken input that was tried."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis import catalog
from analysis.markup import Quoted, Table, show
from analysis.study import Findings
from analysis.tables import Said

NONE = "No file was supplied: this report rests on the files that come with it."
_BROKEN, _CLEAN = "broken_inputs", "clean_inputs"
_HAPPENED = {
    "stop": "stopped, with place and mend",
    "ask": "stopped until decided",
    "mend": "repaired and listed",
    "keep": "kept as it is",
}


def supplied(root: Path | None = None) -> Table | Said:
    """Show the supplied tables in numbers, or say that there are none."""
    held = catalog.load_quality(catalog.find_root(root)).tables
    if not held:
        return Said(NONE)
    rows = [
        {
            "Table": one.source,
            "Rows supplied": one.rows_supplied,
            "Rows used": one.rows_used,
            "Units": one.units,
            "Times": one.times,
            "Cells": one.cells,
            "Cells without rows": one.cells_without_rows,
            "SHA-256 of the file": one.sha256[:16],
        }
        for one in held
    ]
    return show(pd.DataFrame(rows), caption="Supplied tables")


def treatment(root: Path | None = None) -> Table | Said:
    """Show what was repaired and what was decided, with counts."""
    held = catalog.load_quality(catalog.find_root(root)).lines
    if not held:
        return Said("Nothing was repaired, and nothing had to be decided.")
    rows = [
        {
            "Table": one.source,
            "Column": one.column,
            "What": one.what,
            "Decision": one.answer,
            "Times": one.times,
        }
        for one in held
    ]
    return show(pd.DataFrame(rows), caption="What was repaired and decided", interactive=True)


def truths(findings: Findings) -> Said:
    """Say what has to hold on any data, one line each, with no number in it."""
    effects = [result.effects.overall for result in findings.results]
    bounded = [one for one in effects if pd.notna(one.conf_low) and pd.notna(one.conf_high)]
    panels = [result.panel for result in findings.results]
    lines = {
        "estimates inside their intervals": all(
            one.conf_low <= one.estimate <= one.conf_high for one in bounded
        ),
        "every estimate is finite": all(abs(one.estimate) < float("inf") for one in effects),
        "treated and untreated units in every design": all(
            one.n_treated > 0 and one.n_control > 0 for one in effects
        ),
        "times without gaps": all(
            set(panel.times) == set(range(min(panel.times), max(panel.times) + 1))
            for panel in panels
        ),
        "every claim has a verdict": len(findings.verdicts) == len(findings.study.claims),
    }
    return Said("\n".join(f"{what}: {holds}" for what, holds in lines.items()))


def _results(name: str, root: Path | None) -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(root), name)


def broken_inputs(root: Path | None = None) -> Table:
    """Show every broken input that was tried and what happened."""
    held = _results(_BROKEN, root)
    rows = pd.DataFrame(
        {
            "Kind": held["group"],
            "Broken input": held["what"],
            "What happened": held["happened"].map(_HAPPENED),
            "As it should": held["as_wanted"],
            "What was said": [Quoted(text=said) for said in held["said"].fillna("")],
        }
    )
    return show(rows, caption="Every broken input that was tried", interactive=True)


def broken_counts(root: Path | None = None) -> Table:
    """Count broken inputs by what happened."""
    held = _results(_BROKEN, root)
    clean = _results(_CLEAN, root).sum()
    rows = [
        ("Broken inputs tried", len(held)),
        ("treated as they should be", int((held["as_wanted"] == "yes").sum())),
        (
            "reports built on silently changed numbers",
            int((held["silently_changed"] == "yes").sum()),
        ),
        ("tracebacks shown", int((held["traceback"] == "yes").sum())),
        ("Clean variants tried", int(clean["variants"])),
        ("false alarms among them", int(clean["alarms"])),
        ("silently changed numbers among them", int(clean["silently_changed"])),
    ]
    return show(pd.DataFrame(rows, columns=["Count", "Number"]), caption="In numbers")


def misses(root: Path | None = None) -> Table | Said:
    """Show the broken inputs that were not treated as they should be."""
    held = _results(_BROKEN, root)
    missed = held[held["as_wanted"] == "no"]
    if missed.empty:
        return Said("None.")
    rows = pd.DataFrame(
        {
            "Broken input": missed["what"],
            "What should happen": missed["wanted"].map(_HAPPENED),
            "What happened": missed["happened"].map(_HAPPENED),
            "Read as the file says": missed["silently_changed"].map({"no": "yes", "yes": "no"}),
        }
    )
    return show(rows, caption="Misses")
