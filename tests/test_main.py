"""The command line is thin: it parses, calls, and turns faults into one line each."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analysis import catalog
from analysis.__main__ import main
from analysis.errors import DataError, Fault


def test_every_fault_is_one_line_and_the_exit_code_is_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(root: Path) -> None:
        raise DataError(
            Fault(file="a.csv", row=3, column="x", expected="1", found="2", mend="write 1"),
            Fault(file="b.csv", expected="a file", found="none", mend="make one"),
        )

    monkeypatch.setattr(catalog, "find_root", lambda _: tmp_path)
    monkeypatch.setattr(catalog, "check_project", fail)
    assert main(["check"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: a.csv, row 3, column x: expected 1; found 2. To mend: write 1",
        "error: b.csv: expected a file; found none. To mend: make one",
    ]


def test_check_of_a_sound_project_says_so(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    assert main(["check"]) == 0
    assert "no faults" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["unknown"], ["run"], ["report", "--dat", "x", "y"]])
def test_words_that_make_no_command_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


def test_interrupt_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(start: Path | None = None) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "find_root", interrupt)
    assert main(["check"]) == 130
    assert "as it was" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("ignored", "sent", "ends"),
    [("", "SIGTERM", True), ("SIGINT", "SIGTERM", True), ("SIGHUP", "SIGHUP", False)],
)
def test_a_request_to_end_is_an_interruption(ignored: str, sent: str, *, ends: bool) -> None:
    """Behind ``&`` the keys are passed over, under ``nohup`` a closed terminal is."""
    lines = [
        "import os, signal",
        f"signal.signal(signal.{ignored}, signal.SIG_IGN)" if ignored else "",
        "from analysis.__main__ import _end_as_interrupted",
        "_end_as_interrupted()",
        "try:",
        f"    os.kill(os.getpid(), signal.{sent})",
        "    print('goes on')",
        "except KeyboardInterrupt:",
        "    print('interrupted')",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ("interrupted" if ends else "goes on")


def test_run_prints_a_summary_and_writes_tables(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = tomllib.loads(
        (root / "data" / "reforms" / "collaboration-era.toml").read_text(encoding="utf-8")
    )
    assert main(["run", "collaboration-era", "--out", str(tmp_path)]) == 0
    assert declared["reform"]["title"] in capsys.readouterr().out
    assert {"effects.csv", "checks.csv"} <= {path.name for path in tmp_path.iterdir()}


def test_run_of_an_unknown_study_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "no-such-study"]) == 2
    assert "no-such-study" in capsys.readouterr().err
