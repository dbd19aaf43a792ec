"""Kill runs at twenty moments, the writing among them; look whether a report still stands."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.confidential import office

#: Where a run is killed: the line it says first, and the seconds after it. The line is looked for
#: at the beginning; an empty one is the start itself.
BEGINNING = (("", 0.4), ("", 1.0), ("1/4", 0.2), ("  your own files", 0.3))
EVALUATING = (("  evaluating", 0.0), ("  evaluating", 0.8))
RUNNING = (("2/4", 0.5), ("2/4", 3.0), ("  [1/", 0.0), ("  [2/", 0.5))
BUILDING = (("3/4", 0.3), ("3/4", 1.5), ("3/4", 3.0))
WRITING = tuple(("4/4", after) for after in (0.0, 0.001, 0.002, 0.004, 0.008, 0.012, 0.016))
MOMENTS = (*BEGINNING, *EVALUATING, *RUNNING, *BUILDING, *WRITING)

_NAMES = {"": "the start", "1/4": "checking began", "  your own files": "files were taken in"}
_NAMES |= {"  evaluating": "evaluating began", "2/4": "notebooks began to run"}
_NAMES |= {"  [1/": "a page was finished", "  [2/": "two pages were finished"}
_NAMES |= {"3/4": "building pages began", "4/4": "publishing began"}
_OUT = Path("_build", "data-report")
_VERSIONS = ("# Intro\n\nWords.\n", "# Intro\n\nOther words.\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What was found after a run was killed.

    Attributes
    ----------
    moment : str
        When it was killed.
    killed : str
        The process alone, or with all that it had started.
    stage : str
        The last line it said.
    at_work : bool
        Whether it was still at work then.
    stands : str
        Which report stood there afterwards: the old one, the new one, or neither as a whole.
    intact : bool
        Whether the old or the new one stood there as a whole.
    taken_over : int
        Finished pages that the next run did not have to run again.
    """

    moment: str
    killed: str
    stage: str
    at_work: bool
    stands: str
    intact: bool
    taken_over: int


def make_project(root: Path, project: Path) -> Path:
    """Make a project of four pages, each a whole evaluation, with the files of an office."""
    office.make_project(root, project, pages=4)
    size = office.Size(zones=15, times=12, firms=40, records=30)
    office.supply(project / "mine", count=100, size=size, seed=8)
    return project


def kill_runs(project: Path) -> Iterator[Killed]:
    """Build the two versions of a report, then kill runs that build one while the other stands.

    After the last one a run is left alone: it has to end well and to leave nothing behind.
    """
    whole = [_whole(project, version) for version in (1, 0)][::-1]
    assert whole[0] != whole[1], "the change shows in the report"
    stands = 0
    for number, (line, after) in enumerate(MOMENTS):
        if line not in ("3/4", "4/4"):  # the later ones go on where the one before was killed
            shutil.rmtree(project / "_build" / "finished", ignore_errors=True)
        alone = number % 2 == 0
        stage, at_work = _killed(project, 1 - stands, line=line, after=after, alone=alone)
        found = digest(project / _OUT)
        yield Killed(
            moment=f"{after:.3f} s after {_NAMES[line]}",
            killed="the process" if alone else "with all it had started",
            stage=stage,
            at_work=at_work,
            stands={whole[stands]: "old", whole[1 - stands]: "new"}.get(found, "neither"),
            intact=found in whole,
            taken_over=len(list((project / "_build").glob("finished/*/*.ipynb"))),
        )
        stands = whole.index(found) if found in whole else stands
    assert _whole(project, 1 - stands) == whole[1 - stands], "the last run is left alone"
    assert not list((project / "_build").glob("staging-*")), "what killed runs left is gone"


def _whole(project: Path, version: int) -> str:
    with _run(project, version) as process:
        process.communicate()
    assert process.returncode == 0, "a run that is left alone ends well"
    return digest(project / _OUT)


def _run(project: Path, version: int) -> subprocess.Popen[str]:
    """Start a run that builds one version of the report."""
    (project / "book" / "intro.md").write_text(_VERSIONS[version], encoding="utf-8")
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.Popen(
        [sys.executable, "-m", "analysis", "report", "--data", "mine"],
        cwd=project,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _killed(
    project: Path, version: int, *, line: str, after: float, alone: bool
) -> tuple[str, bool]:
    """Start a run and kill it; give the last line it said, and whether it was at work."""
    process = _run(project, version)
    assert process.stdout is not None
    said = ["nothing yet"]
    if line:
        for told in process.stdout:
            said.append(told.strip())
            if told.startswith(line):
                break
    time.sleep(after)
    (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
    at_work = process.wait() == -signal.SIGKILL
    if alone:
        time.sleep(1)  # what it had started goes on for a while
        _end_group(process.pid)
    rest, _ = process.communicate()
    said += [told.strip() for told in rest.splitlines() if told.strip()]
    return said[-1], at_work


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def digest(folder: Path) -> str:
    """Hash names and contents of all files below a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
