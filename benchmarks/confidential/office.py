"""A small project with one reform on declarations, and the files of an office."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

from benchmarks.confidential.scan import Secret
from benchmarks.confidential.secrets import plant

ROWS, STARTS = "express_declarations.csv", "express_zones.csv"
_HERE = Path(__file__).parent
#: Cells of the page: everything that can carry a number or a label of the data.
CELLS = (
    "# Express lane\n\nThe estimate: {glue:text}`page.ipynb::main:s` "
    "Checks: {glue:text}`page.ipynb::main-leave_one_out:s`",
    "from analysis import listings, plots, run, tables\n"
    "from analysis.pages import reform_tables\n"
    'findings = run("express-lane")\n'
    'tables.glue(findings, "main", "path")\n'
    "reform_tables.finding(findings)\n"
    "tables.banner(findings)",
    "reform_tables.estimates(findings)",
    "reform_tables.checks(findings)",
    'tables.by_event_time(findings, "path")',
    'tables.effects(findings, outcome="hours")',
    "reform_tables.designs(findings)",
    "listings.verdicts(findings)",
    "listings.sources(findings.sources)",
    'plots.picture(plots.event_study, findings.result("path").effects,\n'
    "    alt=plots.describe_event_study,\n"
    '    caption=tables.caption(findings, "path"))',
)
#: What the office decided about values far out, which are among the secrets.
DECISIONS = """
[[decision]]
doubt = "express-declarations/outlier/hours"
answer = "keep"
rows = {rows}
reason = "Seen and kept"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a table of declarations is drawn."""

    zones: int = 20
    times: int = 12
    firms: int = 24
    records: int = 40


def make_project(
    root: Path,
    project: Path,
    *,
    cells: tuple[str, ...] = CELLS,
    ending: str = ".csv",
    pages: int = 1,
) -> Path:
    """Make a project of one reform, one page of words and pages of evaluation, as `root` sets it.

    Its table of declarations is a file of the given ending, CSV or Parquet. Further pages hold the
    same evaluation without its words.
    """
    shutil.copytree(root / "data" / "published", project / "data" / "published")
    shutil.copy(root / "data" / "vocabulary.toml", project / "data")
    (project / "data" / "simulated").mkdir()
    (project / "data" / "reforms").mkdir()
    for name in ("_ext", "_static", "_templates"):
        if (root / "book" / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / "book" / name, project / "book" / name, ignore=ignored)
    (project / "book").mkdir(exist_ok=True)
    shutil.copy(root / "book" / "references.bib", project / "book")
    shutil.copy(root / "_config.yml", project)
    toc = "format: jb-book\nroot: book/intro\nchapters:\n  - file: book/page\n"
    (project / "book" / "intro.md").write_text("# Intro\n\nWords.\n", encoding="utf-8")
    _write_page(project / "book" / "page.ipynb", cells)
    for number in range(2, pages + 1):
        toc += f"  - file: book/page-{number}\n"
        _write_page(project / "book" / f"page-{number}.ipynb", (f"# Page {number}", *cells[1:]))
    (project / "_toc.yml").write_text(toc, encoding="utf-8")
    for name in ("office.toml", "vocabulary.toml"):
        if (root / "data" / name).is_file():
            shutil.copy(root / "data" / name, project / "data")
    shutil.copy(_HERE / "express-lane.toml", project / "data" / "reforms")
    rows = draw(Size(zones=14, times=12, firms=15, records=20), seed=1)
    held = (project / "data" / "simulated" / ROWS).with_suffix(ending)
    if ending == ".parquet":
        rows.to_parquet(held, index=False)
    else:
        rows.to_csv(held, index=False, lineterminator="\n")
    starts = starts_of(rows)
    starts.to_csv(project / "data" / "simulated" / STARTS, index=False, lineterminator="\n")
    _write_sources(root, project, ending)
    return project


def _write_page(path: Path, cells: tuple[str, ...]) -> None:
    notebook = nbformat.v4.new_notebook()
    for number, cell in enumerate(cells):
        text = cell.startswith("# ")
        make = nbformat.v4.new_markdown_cell if text else nbformat.v4.new_code_cell
        made = make(cell, id=f"cell-{number}")
        if "picture(" in cell:
            made.metadata["mystnb"] = {"figure": {"name": f"fig-{path.stem}-{number}"}}
        notebook.cells.append(made)
    nbformat.write(notebook, path)


def _write_sources(root: Path, project: Path, ending: str) -> None:
    text = (root / "data" / "sources.toml").read_text(encoding="utf-8")
    head, *records = re.split(r"(?m)^(?=\[\[source\]\]$)", text)
    published = [one for one in records if '\nfile = "published/' in one]
    own = (_HERE / "express-sources.toml").read_text(encoding="utf-8")
    for name in (ROWS, STARTS):
        path = project / "data" / "simulated" / name
        raw = (path if path.is_file() else path.with_suffix(ending)).read_bytes()
        own = own.replace(f"SHA256 OF {name}", hashlib.sha256(raw).hexdigest())
    own = own.replace(f'file = "simulated/{ROWS}"', f'file = "simulated/{Path(ROWS).stem}{ending}"')
    whole = "".join([head, *published, own])
    (project / "data" / "sources.toml").write_text(whole, encoding="utf-8")


def draw(size: Size, *, seed: int) -> pd.DataFrame:
    """Draw declarations: zones of unequal firms, hours in logs, an effect where treated."""
    rng = np.random.default_rng(seed)
    tables = []
    for zone in range(size.zones):
        firms = int(rng.integers(size.firms // 2 + 3, 2 * size.firms))
        count = size.times * size.records
        time = np.repeat(np.arange(1, size.times + 1), size.records)
        late = zone % 3 == 0
        change = np.where(late & (time > size.times // 2), -0.15, 0.0)
        log = 3 + 0.2 * np.sin(zone) + 0.02 * time + change + rng.normal(0, 0.4, count)
        tables.append(
            pd.DataFrame(
                {
                    "zone": f"Zone {zone + 1:02d}",
                    "month": time,
                    "firm": [f"F{zone:03d}{k:05d}" for k in rng.integers(0, firms, count)],
                    "hours": np.round(np.exp(log), 2),
                }
            )
        )
    rows = pd.concat(tables, ignore_index=True)
    rows.insert(0, "declaration", [f"D{number:09d}" for number in range(1, len(rows) + 1)])
    return rows


def starts_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Give the first treated month of every zone: that of every third one, from the middle on."""
    zones = sorted(rows["zone"].astype(str).unique())
    first = int(rows["month"].max()) // 2 + 1
    late = [re.fullmatch(r"Zone \d+", zone) and int(zone[5:]) % 3 == 1 for zone in zones]
    starts = pd.Series([first if one else None for one in late], dtype="Int64")
    return pd.DataFrame({"zone": zones, "first_month": starts})


def supply(folder: Path, *, count: int, size: Size, seed: int) -> tuple[Secret, ...]:
    """Write the files of an office with `count` secrets in them; give the secrets."""
    rows = draw(size, seed=seed)
    planted, secrets = plant(
        rows,
        firm="firm",
        record="declaration",
        unit="zone",
        value="hours",
        count=count,
        seed=seed,
    )
    folder.mkdir(parents=True, exist_ok=True)
    planted.to_csv(folder / ROWS, index=False, lineterminator="\n")
    starts_of(planted).to_csv(folder / STARTS, index=False, lineterminator="\n")
    far = sum(secret.kind == "value" for secret in secrets)
    (folder / "decisions.toml").write_text(DECISIONS.format(rows=far), encoding="utf-8")
    return secrets
