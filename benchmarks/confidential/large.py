"""Fifty million supplied rows: checked, evaluated, cleared and reported, with memory watched."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.confidential import office

ZONES, TIMES, FIRMS_A_ZONE = 40, 12, 400
#: Seconds between two looks at the memory of all processes of a run.
LOOK = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: seconds, most memory of all its processes together, lines that told of progress."""

    seconds: float
    peak_gib: float
    lines: tuple[str, ...]
    said: str
    code: int


def supply(rows: int, folder: Path) -> None:
    """Write declarations of zones with the engine; nothing is held in memory."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / office.ROWS.replace(".csv", ".parquet")
    query = f"""
        SELECT 'D' || lpad(i::VARCHAR, 9, '0') AS declaration,
               'Zone ' || lpad((zone + 1)::VARCHAR, 2, '0') AS zone, month,
               'F' || lpad((zone * 1000 + firm)::VARCHAR, 6, '0') AS firm,
               round(exp(3.2 + zone / 100.0 + month / 200.0
                     + CASE WHEN zone % 3 = 0 AND month > {TIMES // 2} THEN -0.1 ELSE 0 END
                     + ((draw >> 8) % 10001) / 10000.0 - 0.5), 2) AS hours
        FROM (SELECT i, draw, ((draw >> 20) % {ZONES})::INTEGER AS zone,
                     (1 + (draw >> 30) % {TIMES})::INTEGER AS month,
                     (power(((draw >> 40) % 100003) / 100003.0, 2)
                      * {FIRMS_A_ZONE})::INTEGER AS firm
              FROM (SELECT i, hash(i) AS draw FROM range({rows}) r(i)))
    """
    if not path.exists():
        part = folder.parent / "part"
        connection = duckdb.connect(config={"memory_limit": "2GB"})
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"COPY ({query}) TO '{part}' (FORMAT parquet, ROW_GROUP_SIZE 1000000)")
        connection.close()
        part.rename(path)
    zones = pd.DataFrame({"zone": [f"Zone {n:02d}" for n in range(1, ZONES + 1)], "month": TIMES})
    office.starts_of(zones).to_csv(folder / office.STARTS, index=False, lineterminator="\n")


def measure(project: Path, words: list[str]) -> Measured:
    """Run a command of the project and watch the memory of all its processes."""
    root = str(Path(__file__).resolve().parents[2])
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis", *words],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"},
    )
    most = [0]
    watch = threading.Thread(target=_watch, args=(process, most), daemon=True)
    watch.start()
    said = process.communicate()[0]
    watch.join()
    told = tuple(line for line in said.splitlines() if line.startswith(("  ", "1", "2", "3", "4")))
    return Measured(
        seconds=round(time.monotonic() - begun, 1),
        peak_gib=round(most[0] / 2**30, 2),
        lines=told,
        said=said,
        code=process.returncode,
    )


def _watch(process: subprocess.Popen[str], most: list[int]) -> None:
    while process.poll() is None:
        most[0] = max(most[0], sum(_memory(pid) for pid in _family(process.pid)))
        time.sleep(LOOK)


def _family(pid: int) -> list[int]:
    """Give a process and all that it started."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(place.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _memory(pid: int) -> int:
    """Memory of one process that no other shares, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
