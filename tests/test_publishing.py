"""Publishing in one move: killed at any moment, an old or a new report stands there, whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis import publishing
from analysis.errors import BuildError

FILES = 60
# Publishes two reports in turn, as fast as it can, until it is killed.
_PUBLISHER = """
import sys, shutil
from pathlib import Path
from analysis import publishing
place = Path(sys.argv[1])
exchange = publishing._exchange
if sys.argv[2] == "renaming":
    publishing._exchange = lambda one, other: False
number = 0
while True:
    number += 1
    built = place / "built"
    shutil.rmtree(built, ignore_errors=True)
    built.mkdir()
    for file in range(FILES):
        (built / f"{file}.html").write_text(f"{number} " * 50)
    with publishing.alone(place / "out", doing="publishing"):
        publishing.publish(built, out=place / "out")
"""


def state(folder: Path) -> set[str]:
    return {path.read_text(encoding="utf-8").split()[0] for path in folder.iterdir()}


def make(folder: Path, text: str) -> Path:
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.html").write_text(f"{text} " * 50, encoding="utf-8")
    return folder


@pytest.mark.parametrize("way", ["exchanging", "renaming"])
def test_killed_at_twenty_moments_a_whole_report_stands_there(tmp_path: Path, way: str) -> None:
    out = tmp_path / "out"
    publishing.publish(make(tmp_path / "first", "0"), out=out)
    missing = 0
    for moment in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", _PUBLISHER.replace("FILES", str(FILES)), str(tmp_path), way]
        )
        time.sleep(0.25 + 0.0137 * moment)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        missing += not out.is_dir()
        with publishing.alone(out, doing="looking"):
            publishing.recover(out)
        assert len(list(out.iterdir())) == FILES
        assert len(state(out)) == 1, "files of one and the same report"
        assert not list(tmp_path.glob(".out-publishing-*"))
    if way == "exchanging" and sys.platform == "linux":
        assert missing == 0, "not for a moment without a report"


def test_publishing_replaces_a_report_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for text in ("first", "second"):
        publishing.publish(make(tmp_path / text, text), out=out)
        assert state(out) == {text}
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_publishing_that_fails_brings_the_old_report_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = make(tmp_path / "out", "old")
    rename = Path.rename

    def fail_for_the_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr(publishing, "_exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises(OSError, match="disk full"):
        publishing.publish(make(tmp_path / "built", "new"), out=out)
    assert state(out) == {"old"}


def test_two_at_once_are_told_apart(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with publishing.alone(out, doing="building this report"):
        assert publishing.is_held(out)
        with (
            pytest.raises(BuildError, match="another one that is still at work"),
            publishing.alone(out, doing="building this report"),
        ):
            pass
        with publishing.alone(tmp_path / "other", doing="building this report"):
            pass
    assert not publishing.is_held(out)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from analysis import publishing\n"
        "with publishing.alone(Path(sys.argv[1]), doing='x'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(out)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert publishing.is_held(out)
    process.kill()
    process.communicate()
    assert not publishing.is_held(out)
    with publishing.alone(out, doing="x"):
        pass


def test_other_folders_beside_the_report_are_left_alone(tmp_path: Path) -> None:
    beside = make(tmp_path / ".out-backup", "precious")
    publishing.publish(make(tmp_path / "built", "new"), out=tmp_path / "out")
    publishing.publish(make(tmp_path / "built", "newer"), out=tmp_path / "out")
    assert state(beside) == {"precious"}
