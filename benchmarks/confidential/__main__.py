"""Measure what the report holds against: `python -m benchmarks.confidential NAME [--folder DIR]`.

NAME is one of secrets, scripts, kills, checked, reported (many rows; with the same --folder they
are drawn once), or all. Results go to
`benchmarks/results/confidential.csv`, one line a measurement; the others stay as they are.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.confidential import browsing, killing, large, office, payloads
from benchmarks.confidential.scan import scan

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
COLUMNS = ["tried", "number", "found", "how"]
SECRETS = 1_000
ROWS = 50_000_000


def main() -> None:
    """Run the measurements that were named and store their lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[*MEASUREMENTS, "all"])
    parser.add_argument("--folder", type=Path, help="where to work (default: a new folder)")
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    names = list(MEASUREMENTS) if options.name == "all" else [options.name]
    for name in names:
        folder = options.folder or Path(tempfile.mkdtemp(prefix="confidential-"))
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{name} in {folder}", flush=True)
        store(MEASUREMENTS[name](folder, options.rows))
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def store(lines: list[dict[str, object]]) -> None:
    """Put lines into the stored table, in the place of those of the same name."""
    path = RESULTS / "confidential.csv"
    held = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)
    new = pd.DataFrame(lines, columns=COLUMNS)
    kept = held[~held["tried"].isin(new["tried"])]
    both = pd.concat([kept, new]) if len(kept) else new
    both.sort_values("tried", kind="stable").to_csv(path, index=False, lineterminator="\n")
    print(new.to_string(index=False), flush=True)


def secrets(folder: Path, rows: int) -> list[dict[str, object]]:
    """Plant a thousand secrets and look for them in all that is published."""
    del rows
    project = office.make_project(ROOT, folder / "project")
    size = office.Size(zones=24, times=12, firms=40, records=60)
    planted = office.supply(project / "mine", count=SECRETS, size=size, seed=20240321)
    _report(project, "--data", "mine")
    leaks = scan(project / "_build" / "data-report", planted)
    teeth = scan(project / "mine", planted)
    kinds = sorted({one.kind for one in planted})
    return [
        {
            "tried": "secrets planted in supplied files",
            "number": len(planted),
            "found": len({leak.secret for leak in leaks}),
            "how": f"{', '.join(kinds)}; all files of the published folder, unpacked and decoded",
        },
        {
            "tried": "the same secrets in the supplied files themselves (the scanner sees)",
            "number": len(planted),
            "found": len({leak.secret for leak in teeth}),
            "how": "the same scanner on the folder of the office",
        },
    ]


def scripts(folder: Path, rows: int) -> list[dict[str, object]]:
    """Write scripts into labels, open all pages in Chromium, and count what ran."""
    del rows
    project = office.make_project(ROOT, folder / "project", cells=payloads.CHANNELS)
    payloads.poison_declaration(project / "data" / "reforms" / "express-lane.toml")
    drawn = office.draw(office.Size(zones=24, times=12, firms=40, records=40), seed=3)
    poisoned, names = payloads.poison(drawn, column="zone")
    mine = project / "mine"
    mine.mkdir()
    poisoned.to_csv(mine / office.ROWS, index=False)
    starts = office.starts_of(drawn)
    starts.assign(zone=starts["zone"].map(names)).to_csv(mine / office.STARTS, index=False)
    _report(project, "--data", "mine")
    seen = browsing.browse(
        project / "_build" / "data-report" / "report", searches=payloads.labels()[:5]
    )
    bare = folder / "bare"
    bare.mkdir()
    for number, label in enumerate(payloads.labels()):
        page = f"<!DOCTYPE html><html><body><article>{label}</article></body></html>"
        (bare / f"{number}.html").write_text(page, encoding="utf-8")
    unguarded = {name for one in browsing.browse(bare) for name in one.ran}
    return [
        {
            "tried": "script payloads in labels, opened in headless Chromium",
            "number": len(payloads.PAYLOADS),
            "found": len({name for one in seen for name in one.ran}),
            "how": f"{len(payloads.CHANNELS) - 1} kinds of output, {len(seen)} pages and drawings",
        },
        {
            "tried": "the same payloads on bare pages (the counter counts)",
            "number": len(payloads.PAYLOADS),
            "found": len(unguarded),
            "how": "one page a payload, no escaping, no policy",
        },
    ]


def kills(folder: Path, rows: int) -> list[dict[str, object]]:
    """Kill runs at twenty moments and look at the report each time."""
    del rows
    project = killing.make_project(ROOT, folder / "project")
    found = list(killing.kill_runs(project))
    table = pd.DataFrame([{n: getattr(one, n) for n in one.__slots__} for one in found])
    table.to_csv(RESULTS / "confidential_kills.csv", index=False, lineterminator="\n")
    writing = table[table["moment"].str.contains("publishing began")]
    return [
        {
            "tried": "kill -9 during a run",
            "number": int(table["at_work"].sum()),
            "found": int((~table["intact"]).sum()),
            "how": f"a small book of four evaluations on supplied files; {len(writing)} of them "
            f"while the report is written, {int((writing['stands'] == 'new').sum())} so late that "
            "the new one stood; found: reports that were not whole",
        }
    ]


def checked(folder: Path, rows: int) -> list[dict[str, object]]:
    """Check many supplied rows; measure time and memory."""
    return [_measured(folder, rows, ["check", "mine"], "checked")]


def reported(folder: Path, rows: int) -> list[dict[str, object]]:
    """Make a report from many supplied rows; measure time and memory."""
    return [_measured(folder, rows, ["report", "--data", "mine"], "reported")]


def _measured(folder: Path, rows: int, words: list[str], what: str) -> dict[str, object]:
    project = folder / "project"
    if not project.is_dir():
        office.make_project(ROOT, project, ending=".parquet")
    large.supply(rows, project / "mine")
    made = large.measure(project, words)
    print(made.said, flush=True)
    if made.code:
        raise SystemExit(made.code)
    return {
        "tried": f"supplied rows {what}",
        "number": rows,
        "found": made.peak_gib,
        "how": f"{made.seconds:.0f} s, {len(made.lines)} lines of progress; found: GiB of "
        "memory of all processes at the peak",
    }


def _report(project: Path, *words: str) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(ROOT), "report", *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-600:], done.stderr[-2000:], f"{time.monotonic() - begun:.0f} s", flush=True)
    done.check_returncode()


_RUN = (
    "import os, sys; sys.path.insert(0, sys.argv[1]); os.environ['PYTHONPATH'] = sys.argv[1]; "
    "from analysis.__main__ import main; sys.exit(main(sys.argv[2:]))"
)

MEASUREMENTS: dict[str, Callable[[Path, int], list[dict[str, object]]]] = {
    "secrets": secrets,
    "scripts": scripts,
    "kills": kills,
    "checked": checked,
    "reported": reported,
}


if __name__ == "__main__":
    main()
