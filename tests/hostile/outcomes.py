"""What happens to each broken input: through the command line, and cell by cell.

``python -m tests.hostile.outcomes`` tries all of them and writes `benchmarks/results/
broken_inputs.csv`; ``python -m tests.hostile.outcomes --clean 1000`` counts false alarms.
"""

from __future__ import annotations

import argparse
import csv
import fcntl
import io
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.__main__ import main
from analysis.catalog.intake.take import taken_in
from analysis.errors import AnalysisError
from tests.hostile.broken import Case, make
from tests.hostile.project import ROOT, Clean, make_clean, make_project

FAULTS = ROOT / "tests" / "hostile" / "faults.toml"
RESULTS = ROOT / "benchmarks" / "results" / "broken_inputs.csv"
CLEAN_RESULTS = ROOT / "benchmarks" / "results" / "clean_inputs.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One broken input of the list, and what ought to happen to it."""

    group: str
    id: str
    what: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What did happen.

    `silent` says that a report would have been built on other numbers than the file gives (where
    the file itself is wrong, but whole, reading it as it stands is right, and not asking a miss);
    `traceback` that something else than a fault in plain words came out.
    """

    happened: str
    said: str
    silent: bool
    traceback: bool


def listed() -> tuple[Fault, ...]:
    """Return all broken inputs, in the order of the list."""
    held = tomllib.loads(FAULTS.read_text(encoding="utf-8"))["fault"]
    return tuple(Fault(group=group["group"], **one) for group in held for one in group["faults"])


def try_one(project: Path, folder: Path, fault: Fault, clean: Clean) -> Outcome:
    """Break clean tables in one way and see what comes of it."""
    folder.mkdir()
    case = Case(folder=folder, clean=clean)
    make(fault.id, case)
    return outcome(project, case.path or folder, rows=case.expected, starts=case.starts)


def outcome(project: Path, folder: Path, *, rows: pd.DataFrame, starts: pd.DataFrame) -> Outcome:
    """Check a folder, and where it is found ready compare every cell with what is right."""
    try:
        with taken_in(project, folder) as handover:
            intake = handover.intake
            if intake.faults:
                return _stopped(str(intake.faults[0]))
            if intake.doubts:
                asked = intake.doubts[0]
                said = f"{asked.rule}: {asked.seen}"
                return Outcome(happened="ask", said=said, silent=False, traceback=False)
            handover.write("stamped", project / "rows.parquet")
            handover.write("zone-starts", project / "starts.parquet")
            said = "; ".join(dict.fromkeys(mend.what for mend in intake.mends))
    except AnalysisError as error:
        return _stopped(str(error.faults[0]))
    found = pd.read_parquet(project / "starts.parquet").sort_values("zone", ignore_index=True)
    right = same(pd.read_parquet(project / "rows.parquet"), rows) and same(
        found, starts.sort_values("zone")
    )
    happened = "mend" if said else "keep"
    return Outcome(happened=happened, said=said, silent=not right, traceback=False)


def _stopped(said: str) -> Outcome:
    plain = "Traceback" not in said and "found" in said
    return Outcome(happened="stop", said=said, silent=False, traceback=not plain)


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> bool:
    """Whether two tables hold the same rows; numbers of records count up in the report."""
    names = [name for name in wanted.columns if name != "declaration"]
    if len(found) != len(wanted) or not set(names) <= set(found.columns):
        return False
    for name in names:
        one, other = found[name].reset_index(drop=True), wanted[name].reset_index(drop=True)
        if name in ("hours", "items", "month", "first_month"):
            far = (one.astype(float) - other.astype(float)).abs() > 5.1e-5
            if far.any() or (one.isna() != other.isna()).any():
                return False
        elif one.tolist() != other.tolist():
            return False
    return True


def as_wanted(wanted: str, found: Outcome) -> bool:
    """Whether an outcome is the wanted one: to stop is stricter than to ask, to mend than to keep.

    A row that was kept without a repair where one was expected (or the other way round) is right
    as long as every cell is.
    """
    if wanted in ("mend", "keep"):
        return found.happened in ("mend", "keep") and not found.silent
    return found.happened in ("stop", wanted)


def told(project: Path, folder: Path) -> str:
    """Return what the command line says about a folder; an exception here is a traceback."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        import os

        before = Path.cwd()
        os.chdir(project)
        try:
            main(["check", str(folder)])
        finally:
            os.chdir(before)
    return out.getvalue() + err.getvalue()


def _all(clean: Clean) -> Iterator[list[object]]:
    for fault in listed():
        with tempfile.TemporaryDirectory() as name:
            project = make_project(Path(name) / "project")
            found = try_one(project, Path(name) / "mine", fault, clean)
            good = as_wanted(fault.wanted, found)
            shown = found.traceback or "Traceback" in told(project, Path(name) / "mine")
            yield [
                fault.group,
                fault.id,
                fault.what,
                fault.wanted,
                found.happened,
                "yes" if good else "no",
                "yes" if found.silent else "no",
                "yes" if shown else "no",
                _short(found.said, Path(name)),
            ]


def _short(said: str, folder: Path) -> str:
    plain = " ".join(said.replace(str(folder), "").split())
    plain = "".join(sign if sign.isprintable() else "?" for sign in plain)
    return plain if len(plain) <= 240 else plain[:237] + "..."


HEADER = ["group", "id", "what", "wanted", "happened", "as_wanted", "silently_changed"]
HEADER += ["traceback", "said"]


def run() -> None:
    """Try all broken inputs and write the table."""
    clean = make_clean(seed=8)
    with RESULTS.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        for row in _all(clean):
            writer.writerow(row)
            print(*row[1:2], *row[3:8], row[8][:150], sep=" | ", flush=True)


BLOCK = 50


def count_alarms(number: int) -> None:
    """Check clean variants and store how many raised an alarm, a line for every block of seeds.

    Blocks that are stored are not done again; delete the file to begin anew. Several of these
    may run at once.
    """
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name) / "project")
        for first in range(0, number, BLOCK):
            claim = CLEAN_RESULTS.with_suffix(f".{first}")
            if first in _stored() or not _claimed(claim):
                continue
            try:
                _store(first, list(_alarms(project, Path(name), range(first, first + BLOCK))))
            finally:
                claim.unlink()


def _alarms(project: Path, folder: Path, seeds: range) -> Iterator[tuple[int, Outcome]]:
    from tests.hostile.variants import try_variant

    for seed in seeds:
        found = try_variant(project, folder / f"v{seed}", seed=seed)
        if found.happened in ("stop", "ask") or found.silent:
            print(seed, found, flush=True)
            yield seed, found


def _claimed(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _stored() -> dict[int, list[str]]:
    if not CLEAN_RESULTS.is_file():
        return {}
    with CLEAN_RESULTS.open(encoding="utf-8", newline="") as stream:
        return {int(row[0]): row for row in list(csv.reader(stream))[1:]}


def _store(first: int, alarms: list[tuple[int, Outcome]]) -> None:
    silent = sum(found.silent for _, found in alarms)
    line = ["first_seed", "variants", "alarms", "silently_changed"]
    with (CLEAN_RESULTS.parent / "clean_inputs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = _stored() | {first: [str(n) for n in (first, BLOCK, len(alarms), silent)]}
        with CLEAN_RESULTS.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([line, *map(held.get, sorted(held))])
    Path(lock.name).unlink(missing_ok=True)
    print(f"{sum(int(row[1]) for row in held.values())} variants", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=int, help="check so many clean variants")
    parser.add_argument("--only", help="try one broken input")
    options = parser.parse_args()
    if options.clean:
        count_alarms(options.clean)
    elif options.only:
        chosen = next(one for one in listed() if one.id == options.only)
        with tempfile.TemporaryDirectory() as place:
            where = make_project(Path(place) / "project")
            print(try_one(where, Path(place) / "mine", chosen, make_clean(seed=8)))
            print(told(where, Path(place) / "mine"))
    else:
        run()
    sys.exit(0)
