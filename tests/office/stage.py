"""Put the office-shaped tables into a copy of the project: ``python -m tests.office.stage FOLDER``.

`make office` then runs the pages that read these tables there, and compares what holds on any data.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from analysis import catalog
from tests.office.make import FOLDER

ROOT = Path(__file__).resolve().parents[2]
#: Pages that read the supplied tables.
PAGES = ("data-quality", "disclosure", "reforms/spare-parts")


def stage(folder: Path, *, pages: tuple[str, ...] = PAGES) -> tuple[str, ...]:
    """Stage data and pages below `folder`; return the sources that the tables stand for."""
    folder.mkdir(parents=True)
    replaced = catalog.stage_data(ROOT, folder, FOLDER)
    shutil.copytree(ROOT / "benchmarks" / "results", folder / "benchmarks" / "results")
    for page in pages:
        place = folder / "book" / f"{page}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "book" / place.relative_to(folder / "book"), place)
    return replaced


if __name__ == "__main__":
    chosen = Path(sys.argv[1])
    shutil.rmtree(chosen, ignore_errors=True)
    print("staged:", *stage(chosen))
