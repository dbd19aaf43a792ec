"""Group-time ATTs with 999 multiplier draws and simultaneous bands: this project and its peers.

    python benchmarks/group_time/run.py --peers PATH/TO/PYTHON [--sizes 1000 10000 100000]

Each run is a process of its own; peers run under the interpreter where requirements.txt beside
this file is installed. Times are from data frame to event-study means with bands, medians of
`--repeats`; memory is the peak of the process. Writes benchmarks/results/group_time.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = {"diff_diff": "diff-diff", "csdid": "csdid", "moderndid": "moderndid"}
PEERS |= {"differences": "differences"}
COLUMNS = ("tool", "version", "units", "times", "draws", "repeats", "median_seconds")
COLUMNS += ("median_cpu_seconds", "peak_mb", "overall", "python", "numpy", "machine", "note")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, default=300, help="seconds a run may take")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/group_time.csv")
    asked = parser.parse_args()
    rows = []
    for size in asked.sizes:
        for tool in ("ours", *PEERS):
            python = sys.executable if tool == "ours" else asked.peers
            rows.append(measure(python, tool, size, asked.repeats, asked.limit))
            print({name: rows[-1][name] for name in COLUMNS[:9]}, flush=True)
            write(asked.out, rows)


def measure(python: str, tool: str, size: int, repeats: int, limit: int) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(COLUMNS, "")
    row |= {"tool": tool, "units": size, "times": 40, "draws": 999, "machine": machine()}
    row |= versions(python, tool)
    runs, note = [], ""
    for seed in range(repeats):
        try:
            done = subprocess.run(
                [python, str(HERE / "one.py"), tool, str(size), str(seed)],
                capture_output=True,
                text=True,
                timeout=limit,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            note = f"stopped after {limit} s"
            break
        if done.returncode:
            note = (done.stderr.strip().splitlines() or ["failed"])[-1][:120]
            break
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    row |= {"repeats": len(runs), "note": note}
    if runs:
        row |= {
            "median_seconds": round(statistics.median(run["seconds"] for run in runs), 3),
            "median_cpu_seconds": round(statistics.median(run["cpu"] for run in runs), 3),
            "peak_mb": round(max(run["mb"] for run in runs)),
            "overall": round(runs[0]["overall"], 8),
        }
    return row


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores"


def versions(python: str, tool: str) -> dict[str, str]:
    name = PEERS.get(tool, "numpy")
    code = (
        "import json, platform\nfrom importlib.metadata import version\n"
        f"print(json.dumps([version('{name}'), platform.python_version(), version('numpy')]))"
    )
    shown = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    own, interpreter, numpy = json.loads(shown.stdout)
    return {"version": "" if tool == "ours" else own, "python": interpreter, "numpy": numpy}


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
