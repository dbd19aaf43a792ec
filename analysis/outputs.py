"""What a run with the user's own data leaves: report, effects, provenance, what was withheld."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import catalog, disclosure, study
from analysis.declarations import Outcome, Source
from analysis.methods.effects import COLUMNS

Say = Callable[[str], None]

#: Folder of the pages inside the folder of the run.
PAGES = "report"
EFFECTS, WITHHELD, RECORDS, PROVENANCE = "effects", "withheld", "records", "provenance.json"
#: Blocks of times that a supplied table is counted by, at most.
BLOCKS = 6
#: What a label must not begin with in a table that is opened as a sheet: a formula would run.
_FORMULA = re.compile(r"^[=+\-@\t\r]")
#: Packages whose versions move numbers.
_COMPUTE = ("duckdb", "ibis-framework", "numpy", "pandas", "pyarrow", "scipy", "statsmodels")
_WHERE = ("study", "design", "role")


def evaluate(staging: Path, *, say: Say) -> None:
    """Evaluate every study that rests on a supplied file, and put down what may be shown.

    Parameters
    ----------
    staging : Path
        Folder with the data that a report is built from. Effects, records and what was withheld
        go beside them, for the pages and for `gather`.
    say : callable
        Receives lines of progress.
    """
    supplied = {one.id for one in catalog.load_sources(staging) if one.kind == "real"}
    effects: list[pd.DataFrame] = []
    withheld: list[disclosure.Withheld] = []
    for name in catalog.studies(staging):
        if supplied & _reads(staging, name):
            say(f"  evaluating {name} ...")
            findings = study.run(name, root=staging, progress=lambda said: say(f"    {said} ..."))
            effects.append(_effects(findings))
            withheld += findings.withheld
    columns = [*_WHERE, *COLUMNS]
    table = pd.concat(effects, ignore_index=True) if effects else pd.DataFrame(columns=columns)
    path = catalog.write_released(staging, EFFECTS, table=_plain(table))
    table.to_parquet(path.with_suffix(".parquet"), index=False)
    catalog.write_released(staging, WITHHELD, table=_plain(disclosure.listed(withheld)))
    parts = [_records(staging, one) for one in catalog.load_sources(staging) if one.controlled]
    held = [part for part in parts if part is not None]
    if held:
        catalog.write_released(staging, RECORDS, table=_plain(pd.concat(held, ignore_index=True)))


def gather(html: Path, *, staging: Path) -> Path:
    """Put pages, effects, what was withheld and provenance into one folder.

    Parameters
    ----------
    html : Path
        Folder of the built pages; it is moved into the new folder.
    staging : Path
        Folder with the data that the report was built from, after `evaluate`.

    Returns
    -------
    Path
        A folder with ``report/``, ``effects.csv`` and ``effects.parquet`` (one row an effect of
        every design that rests on a supplied file), ``withheld.csv``, ``provenance.json``, and
        what was found about the quality of the supplied files.
    """
    folder = staging / "_published"
    folder.mkdir()
    html.rename(folder / PAGES)
    for path in sorted((staging / catalog.RELEASED).iterdir()):
        name = path.name if path.name.startswith(_OWN) else f"data-quality-{path.name}"
        path.rename(folder / name)
    stamp = json.dumps(_provenance(staging), indent=1, ensure_ascii=False)
    (folder / PROVENANCE).write_text(stamp + "\n", encoding="utf-8")
    return folder


_OWN = (EFFECTS, WITHHELD, RECORDS)


def _reads(root: Path, name: str) -> set[str]:
    declared = catalog.load_study(root, name)
    return {source for design in declared.designs for source in declared.read_by(design)}


def _effects(findings: study.Findings) -> pd.DataFrame:
    tables = [
        result.effects.tidy().assign(
            study=findings.study.id, design=result.design.id, role=result.design.role
        )
        for result in findings.results
    ]
    return pd.concat(tables, ignore_index=True)[[*_WHERE, *COLUMNS]]


def _records(root: Path, source: Source) -> pd.DataFrame | None:
    """Count the records of a supplied table by unit and blocks of times, protected."""
    outcome = _first_outcome(root, source)
    if outcome is None:
        return None
    table = catalog.load_shelf(root, [source.id]).tables[source.id]
    (found, *_) = disclosure.behind(table, source=source, outcome=outcome)
    times = found.cells["time"].to_numpy()
    first, last = int(times.min()), int(times.max())
    width = -(-(last - first + 1) // BLOCKS)
    begin = first + (times - first) // width * width
    digits = len(str(last))
    blocks = np.array(
        [f"{b:0{digits}d} to {min(b + width - 1, last):0{digits}d}" for b in begin], dtype=object
    )
    made = disclosure.protect(
        found, rows=found.cells["unit"].to_numpy(), columns=blocks, rules=disclosure.RULES
    )
    shown = made.shown.map(lambda n: disclosure.MARK if pd.isna(n) else f"{n:.0f}")
    shown.insert(0, "unit", shown.index.astype(str))
    shown.insert(0, "source", source.id)
    return shown.reset_index(drop=True)


def _first_outcome(root: Path, source: Source) -> Outcome | None:
    for name in catalog.list_reforms(root):
        for outcome in catalog.load_study(root, name).outcomes:
            if outcome.source == source.id:  # all its records, not those of one outcome
                return outcome.model_copy(update={"keep": {}, "drop": {}})
    return None


def _provenance(staging: Path) -> dict[str, object]:
    rules = disclosure.RULES
    names = [name for name in catalog.studies(staging) if _reads(staging, name)]
    return {
        "command": "python -m analysis report --data FOLDER --out FOLDER",
        "inputs": {
            one.file: {
                "sha256": one.sha256,
                "kind": one.kind,
                "disclosure control": one.controlled,
            }
            for one in catalog.load_sources(staging)
        },
        "seeds": {
            name: {one.id: one.seed for one in catalog.load_study(staging, name).designs}
            for name in names
        },
        "rules": {name: getattr(rules, name) for name in rules.__slots__},
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _COMPUTE},
        },
    }


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with no text that a sheet could run as a formula."""
    shown = table.copy()
    for name in shown.columns:
        if not pd.api.types.is_numeric_dtype(shown[name]):
            shown[name] = shown[name].map(_no_formula)
    return shown


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
