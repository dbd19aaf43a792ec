"""Check a built report in a browser and store what was found: `python -m benchmarks.browser`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from benchmarks.browser import lighthouse, views

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results"
TOOLS = HERE / "node_modules"


def main() -> int:
    """Look at all pages, score them with Lighthouse, store both tables, and fail on any fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--html", type=Path, default=Path("_build/html"), help="the built report")
    parser.add_argument("--pages", nargs="*", help="only these pages; nothing is stored then")
    parser.add_argument("--no-lighthouse", action="store_true", help="leave Lighthouse out")
    given = parser.parse_args()
    html = given.html.resolve()
    axe = TOOLS / "axe-core" / "axe.min.js"
    if not (html / "index.html").is_file() or not axe.is_file():
        print("Needed: a built report (make report) and npm ci --prefix benchmarks/browser")
        return 2
    seen = list(views.look_at(html, axe, pages=tuple(given.pages or views.pages_of(html))))
    table = views.table(seen)
    faults = _faults(table)
    if not given.pages:
        table.to_csv(RESULTS / "browser_pages.csv", index=False, lineterminator="\n")
    if not given.no_lighthouse:
        scores = lighthouse.run(html, HERE, pages=tuple(given.pages or views.pages_of(html)))
        faults += _low(scores)
        if not given.pages:
            scores.to_csv(RESULTS / "browser_lighthouse.csv", index=False, lineterminator="\n")
    print(table.to_string(index=False))
    print(f"{len(seen)} views of {len(table)} pages; faults: {len(faults)}")
    print(*faults, sep="\n")
    return 1 if faults else 0


def _faults(table: pd.DataFrame) -> list[str]:
    clean = ["axe_violations", "foreign_requests", "complaints", "overflow_px"]
    found = [
        f"{row['page']}: {name} {row[name]}"
        for row in table.to_dict("records")
        for name in clean
        if row[name] > 0
    ]
    heavy = table[table["compressed_kb"] >= views.HEAVIEST]
    return found + [
        f"{page}: {size} kB"
        for page, size in zip(heavy["page"], heavy["compressed_kb"], strict=True)
    ]


def _low(scores: pd.DataFrame) -> list[str]:
    return [
        f"{row['page']} {row['profile']}: {name} {row[name]}"
        for row in scores.to_dict("records")
        for name in lighthouse.short(row)
    ]


if __name__ == "__main__":
    sys.exit(main())
