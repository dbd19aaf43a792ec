"""Kill runs at twenty moments, the writing among them; look whether a report still stands."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: What a run says when it begins to publish, and how long after that it is killed, in seconds.
WRITING = "4/4"
AFTER = (0.0, 0.001, 0.002, 0.004, 0.008, 0.016)


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What was found after a run was killed.

    Attributes
    ----------
    moment : str
        When it was killed: seconds from its begin, or from the begin of publishing.
    stage : str
        The last line it said.
    intact : bool
        Whether the report before, or the new one as a whole, stands there.
    taken_over : int
        Finished pages that the next run did not have to run again.
    """

    moment: str
    stage: str
    intact: bool
    taken_over: int


def kill_runs(project: Path, *, moments: int) -> Iterator[Killed]:
    """Build a report, change the data, and kill the runs that build it anew."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": root}
    command = [sys.executable, "-m", "analysis", "report"]
    out = project / "_build" / "html"
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    before = digest(out)
    change(project)
    begun = time.monotonic()
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    takes = time.monotonic() - begun
    wanted = {before, digest(out)}
    restore = digest(out)
    assert restore != before, "the change of the data shows in the report"
    plan = [(None, takes * (n + 0.5) / (moments - len(AFTER))) for n in range(moments - len(AFTER))]
    plan += [(WRITING, wait) for wait in AFTER]
    for marker, wait in plan:
        stage = _killed(command, project, environment, marker=marker, wait=wait)
        yield Killed(
            moment=f"{wait:.3f} s after {'publishing began' if marker else 'the start'}",
            stage=stage,
            intact=out.is_dir() and digest(out) in wanted,
            taken_over=len(list((project / "_build").glob("finished/*/*.ipynb"))),
        )


def _killed(
    command: list[str],
    project: Path,
    environment: dict[str, str],
    *,
    marker: str | None,
    wait: float,
) -> str:
    """Start a run, kill it with all it started, and give the last line it said."""
    process = subprocess.Popen(
        command,
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ["nothing yet"]
    if marker is None:
        time.sleep(wait)
    else:
        for line in process.stdout:
            said.append(line.strip())
            if line.startswith(marker):
                break
        time.sleep(wait)
    os.killpg(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    said += [line.strip() for line in rest.splitlines() if line.strip()]
    return said[-1]


def change(project: Path) -> None:
    """Change what the page says, so that the old report and the new one differ."""
    page = project / "book" / "intro.md"
    page.write_text("# Intro\n\nOther words.\n", encoding="utf-8")


def digest(folder: Path) -> str:
    """Hash names and contents of all files below a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
