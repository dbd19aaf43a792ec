"""Measure: ``python -m benchmarks.engine`` (add ``--billion`` for 10^9 rows).

Every round runs all tools one after another, each in its own process. Sizes that are not asked
for keep what an earlier run stored. `book/performance.ipynb` shows the stored table and draws
it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import pandas as pd

from benchmarks.engine.cases import CASES
from benchmarks.engine.data import make

RESULTS = Path(__file__).resolve().parents[1] / "results"
PACKAGES = (
    "duckdb",
    "ibis-framework",
    "pandas",
    "numpy",
    "statsmodels",
    "pyfixest",
    "linearmodels",
    "duckreg",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e7, 1e8])
    parser.add_argument("--billion", action="store_true", help="also 10^9 rows (2.7 GB on disk)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=list(CASES), metavar="CASE")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "engine")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--timeout", type=float, default=1_200.0, help="seconds a run may take")
    return parser.parse_args()


def run_one(name: str, path: Path, timeout: float) -> dict[str, object]:
    """Run a case in its own process; a run that fails or is stopped says so."""
    command = [sys.executable, "-m", "benchmarks.engine.one", name, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"stopped after {timeout:.0f} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]
        return {"failed": last[:200]}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def measure(options: argparse.Namespace) -> pd.DataFrame:
    """Run all cases in turn, round after round, so that noise falls on all alike."""
    sizes = [int(rows) for rows in options.rows] + ([10**9] if options.billion else [])
    runs = []
    for rows in sizes:
        path = make(rows, options.folder)
        names = [name for name in options.only if rows <= CASES[name].most_rows]
        for repeat in range(options.repeats):
            for name in list(names):
                row = run_one(name, path, options.timeout)
                print(f"{rows:>13,} {name:36} {row}", flush=True)
                runs.append({"rows": rows, "case": name, "repeat": repeat, **row})
                if "failed" in row:
                    names.remove(name)
    return pd.DataFrame(runs)


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """Medians over the rounds, and the ratio of work to the bare group-by of the same round."""
    numbers = ["import_seconds", "work_seconds", "cpu_seconds", "peak_mib", "estimate", "std_error"]
    floor = runs[runs["case"] == "bare group-by"].set_index(["rows", "repeat"])["work_seconds"]
    paired = floor.reindex(pd.MultiIndex.from_frame(runs[["rows", "repeat"]])).to_numpy()
    runs = runs.assign(to_group_by=runs["work_seconds"] / paired)
    by = runs.groupby(["rows", "case"], sort=False)
    table = by[[*numbers, "to_group_by"]].median()
    table["runs"] = by["work_seconds"].count()
    return table.reset_index()


def _kept(path: Path, runs: pd.DataFrame) -> pd.DataFrame:
    """Keep the runs of sizes that were not asked for this time."""
    if not path.exists():
        return runs
    before = pd.read_csv(path)
    kept = before[~before["rows"].isin(runs["rows"])]
    return pd.concat([kept, runs], ignore_index=True).sort_values("rows", kind="stable")


def machine() -> pd.DataFrame:
    """Versions and machine, one row a fact."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
        "memory_gib": f"{memory:.0f}",
    }
    for name in PACKAGES:
        try:
            facts[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            facts[name] = "not installed"
    return pd.DataFrame({"fact": facts.keys(), "value": facts.values()})


def main() -> None:
    options = arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    runs = _kept(options.out / "engine_runs.csv", measure(options))
    runs.to_csv(options.out / "engine_runs.csv", index=False)
    table = summary(runs)
    table.to_csv(options.out / "engine.csv", index=False, float_format="%.6g")
    machine().to_csv(options.out / "engine_machine.csv", index=False)
    print(table.to_string())


if __name__ == "__main__":
    main()
