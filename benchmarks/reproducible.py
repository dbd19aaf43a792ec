"""Build the report twice and compare every file: ``python -m benchmarks.reproducible``.

The second build is made from a clone in another folder, later, in another time zone and locale,
and with ``--python`` by another interpreter that holds the locked packages. What is not committed
is not built: commit first. Writes ``benchmarks/results/reproducible.csv`` and ends with 1 if a
page differs. ``--kept A B --what TEXT`` compares two folders that were built before.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "reproducible.csv"
#: Files that name what they were built by, and so may differ between two Pythons.
STAMP = "provenance.json"
COLUMNS = ("what", "files", "pages", "different", "names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two published folders, file by file."""

    files: int
    pages: int
    different: tuple[str, ...]


def compare(one: Path, two: Path) -> Compared:
    """Compare two folders; a file that only one has differs."""
    sums = [_sums(one), _sums(two)]
    names = sorted({*sums[0], *sums[1]})
    return Compared(
        files=len(names),
        pages=sum(name.endswith(".html") for name in names),
        different=tuple(name for name in names if sums[0].get(name) != sums[1].get(name)),
    )


def _sums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def build(checkout: Path, out: Path, *, python: str, zone: str, language: str) -> None:
    """Build the report of a checkout."""
    changed = {
        "TZ": zone,
        "LANG": language,
        "LC_ALL": language,
        "PYTHONPATH": str(checkout),
        "PYTHONHASHSEED": "random",
    }
    subprocess.run(
        [python, "-m", "analysis", "report", "--out", str(out)],
        cwd=checkout,
        env={**os.environ, **changed},
        check=True,
    )


def clone(folder: Path) -> Path:
    """Clone what is committed into `folder`."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def record(what: str, found: Compared) -> None:
    """Write what was found, in place of an earlier comparison of the same kind."""
    rows = []
    if RESULT.is_file():
        with RESULT.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["what"] != what]
    names = " ".join(found.different)
    new = dict(
        zip(COLUMNS, (what, found.files, found.pages, len(found.different), names), strict=True)
    )
    with RESULT.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, new])


def main() -> int:
    """Build, compare and record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reproducible")
    parser.add_argument("--python", default=sys.executable, help="interpreter of the second build")
    parser.add_argument("--what", default="folder, time, time zone and locale")
    parser.add_argument("--kept", nargs=2, type=Path, help="two folders built before")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if asked.kept:
            one, two = asked.kept
        else:
            place = Path(made)
            one, two = place / "first", place / "second"
            here = clone(place / "a")
            build(here, one, python=sys.executable, zone="UTC", language="C.UTF-8")
            there = clone(place / "another folder" / "b")
            build(there, two, python=asked.python, zone="Asia/Shanghai", language="C")
        found = compare(one, two)
    record(asked.what, found)
    print(f"{found.files} files, {found.pages} pages, different: {found.different or 'none'}")
    return 1 if any(Path(name).name != STAMP for name in found.different) else 0


if __name__ == "__main__":
    raise SystemExit(main())
