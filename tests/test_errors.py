"""Errors name place, expectation, finding and mend; the command line prints them, and only them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import (
    AnalysisError,
    BuildError,
    DataError,
    DeclarationError,
    Fault,
    IdentificationError,
    PanelError,
)
from analysis.report import _MARK

KINDS = (DeclarationError, DataError, PanelError, IdentificationError, BuildError)
TRADE = "data/published/provincial_trade.csv"
REFORM = "data/reforms/pilot-zones.toml"


def fault(**place: object) -> Fault:
    return Fault(expected="1", found="2", mend="write 1", **place)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({}, "expected 1; found 2. To mend: write 1"),
        ({"file": "a.csv"}, "a.csv: expected 1; found 2. To mend: write 1"),
        ({"column": "x"}, "column x: expected 1; found 2. To mend: write 1"),
        (
            {"file": "a.csv", "row": 0, "column": "x"},
            "a.csv, row 0, column x: expected 1; found 2. To mend: write 1",
        ),
    ],
)
def test_a_fault_is_one_line(place: dict[str, object], said: str) -> None:
    assert str(fault(**place)) == said


@pytest.mark.parametrize("kind", KINDS)
def test_each_error_is_of_the_family_and_carries_its_faults(kind: type[AnalysisError]) -> None:
    error = kind(fault(row=1), fault(row=2))
    assert isinstance(error, AnalysisError)
    assert [one.row for one in error.faults] == [1, 2]
    assert str(error) == f"{fault(row=1)}\n{fault(row=2)}"
    made = kind.of(expected="1", found="2", mend="write 1", file="a.csv", row=3, column="x")
    assert type(made) is kind
    assert made.faults == (fault(file="a.csv", row=3, column="x"),)


def test_all_faults_are_raised_together_and_none_is_no_error() -> None:
    DataError.raise_if([])
    with pytest.raises(DataError) as caught:
        DataError.raise_if(fault(row=row) for row in (1, 2, 3))
    assert len(caught.value.faults) == 3


def test_an_error_without_a_fault_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one Fault"):
        AnalysisError()


# ---------------------------------------------------------------- from the command line


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """Give a project with its last good report, whose data may be broken."""
    made = tmp_path / "project"
    shutil.copytree(root / "data", made / "data")
    shutil.copytree(root / "book", made / "book", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(root / name, made)
    (made / "_build" / "html").mkdir(parents=True)
    (made / "_build" / "html" / "index.html").write_text("the last good report", "utf-8")
    (made / "_build" / "html" / _MARK).write_text("", "utf-8")
    return made


def command(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analysis", *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def replace_in(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        path = project / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def accept(file: str, change: Callable[[Path], None]) -> Callable[[Path], None]:
    """Change a file and record its new checksum, so that its contract alone can complain."""

    def changed(project: Path) -> None:
        import hashlib

        path = project / file
        old = hashlib.sha256(path.read_bytes()).hexdigest()
        change(project)
        new = hashlib.sha256(path.read_bytes()).hexdigest()
        replace_in("data/sources.toml", old, new)(project)

    return changed


def append(file: str, line: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        with (project / file).open("a", encoding="utf-8") as lines:
            lines.write(line)

    return change


BREAKS = {
    "broken declaration": (
        replace_in(REFORM, "window = { first = 2007, last = 2023 }", "window = { first = 2007 }"),
        (REFORM, "row ", "column designs", "last", "To mend: "),
    ),
    "declaration that is no TOML": (
        replace_in(REFORM, "[reform]", "[reform"),
        (REFORM, "row ", "To mend: "),
    ),
    "missing source": (
        lambda project: (project / TRADE).unlink(),
        (TRADE, "found nothing", "To mend: "),
    ),
    "wrong checksum": (
        replace_in(TRADE, "Anhui,2005,9119.4", "Anhui,2005,9119.5"),
        (TRADE, "column sha256", "the file was changed", "To mend: restore the file"),
    ),
    "duplicate region and year": (
        accept(TRADE, append(TRADE, "Anhui,2005,1.0\n")),
        (TRADE, "row 560", "column region, year", "To mend: "),
    ),
    "text for a number": (
        accept(TRADE, replace_in(TRADE, "Anhui,2005,9119.4", "Anhui,2005,many")),
        (TRADE, "row 2", "column trade_musd", "'many'", "To mend: "),
    ),
}


@pytest.mark.parametrize("broken", list(BREAKS))
def test_each_break_is_one_clear_error_and_the_last_report_stays(
    project: Path, broken: str
) -> None:
    change, parts = BREAKS[broken]
    change(project)
    done = command(project, "report")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    for part in parts:
        assert part in line
    assert "Traceback" not in done.stderr + done.stdout
    kept = project / "_build" / "html" / "index.html"
    assert kept.read_text(encoding="utf-8") == "the last good report"
    assert not list((project / "_build").glob("staging-*"))


def test_faults_of_several_files_are_named_at_once(project: Path) -> None:
    for broken in ("broken declaration", "duplicate region and year"):
        BREAKS[broken][0](project)
    lines = command(project, "check").stderr.splitlines()
    assert len(lines) == 2
    assert {TRADE in line for line in lines} == {True, False}
