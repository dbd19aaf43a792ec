"""The report is built whole and fresh, published in one move, or not at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis import publishing, report
from analysis.errors import AnalysisError, BuildError
from analysis.report import (
    _build_failure,
    _check_target,
    _staging,
    _switch_execution_off,
    build_report,
)

Make = Callable[..., Path]

# Shows what a page would show: one value of a published file, read where the page is run.
SHOWS_A_VALUE = (
    "from analysis import catalog\n"
    "rows = (catalog.find_root() / 'data/published/provincial_trade.csv').read_text()\n"
    "print(rows.splitlines()[1])"
)


def _silent(line: str) -> None:
    del line


def _build(project: Path, *, supplied: Path | None = None) -> str:
    out = project / "_build" / "html"
    build_report(project, supplied=supplied, out=out, say=_silent)
    return (out / "book" / "page.html").read_text(encoding="utf-8")


def _main(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analysis", *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


def _change_a_cell(csv: Path) -> str:
    """Raise the last number of the first data row by one; give the new row."""
    lines = csv.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    cells = lines[1].split(",")
    where = next(n for n in reversed(range(len(header))) if cells[n].replace(".", "").isdigit())
    cells[where] = str(float(cells[where]) + 1)
    lines[1] = ",".join(cells)
    csv.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lines[1]


def test_command_builds_says_where_and_leaves_nothing_behind(small_project: Make) -> None:
    project = small_project("# Page", "print(6 * 7)")
    done = _main(project, "report")
    assert done.returncode == 0, done.stderr
    page = project / "_build" / "html" / "index.html"
    assert page.is_file()
    assert str(page) in done.stdout
    assert page.as_uri() in done.stdout
    assert sorted(p.name for p in (project / "_build").iterdir()) == ["html", "report.log"]
    html = project / "_build" / "html"
    assert "42" in (html / "book" / "page.html").read_text(encoding="utf-8")
    assert not (html / "reports").exists()
    assert not (html / "_sources").exists()


def test_failing_cell_fails_the_build_and_keeps_the_last_report(small_project: Make) -> None:
    project = small_project("# Page", "print('kept words')")
    assert _main(project, "report").returncode == 0
    page = project / "book" / "page.ipynb"
    page.write_text(
        page.read_text(encoding="utf-8").replace("print('kept words')", "1 / 0"), encoding="utf-8"
    )
    done = _main(project, "report")
    assert done.returncode == 2
    assert "page.ipynb" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    kept = (project / "_build" / "html" / "book" / "page.html").read_text(encoding="utf-8")
    assert "kept words" in kept
    assert not list((project / "_build").glob("staging-*"))


def test_warning_of_the_builder_fails_the_build_with_its_place(small_project: Make) -> None:
    project = small_project("# Page", "1 + 1")
    (project / "book" / "intro.md").write_text("# Intro\n\n{term}`nothing`\n", encoding="utf-8")
    with pytest.raises(BuildError) as caught:
        _build(project)
    (fault,) = caught.value.faults
    assert fault.file == "book/intro.md"
    assert fault.row == 3
    assert "nothing" in fault.found
    assert not (project / "_build" / "html").exists()


def test_changed_data_without_a_new_checksum_stop_the_build(small_project: Make) -> None:
    project = small_project("# Page", SHOWS_A_VALUE)
    _change_a_cell(project / "data" / "published" / "provincial_trade.csv")
    done = _main(project, "report")
    assert done.returncode == 2
    assert "provincial_trade.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "_build" / "html").exists()


def test_supplied_file_changes_the_page_and_nothing_else(small_project: Make) -> None:
    project = small_project("# Page", SHOWS_A_VALUE)
    published = project / "data" / "published" / "provincial_trade.csv"
    before = published.read_bytes()
    mine = project / "mine"
    mine.mkdir()
    shutil.copy(published, mine)
    changed = _change_a_cell(mine / "provincial_trade.csv")
    done = _main(project, "report", "--data", "mine")
    assert done.returncode == 2, "shown row by row, but nobody says that it may be"
    assert 'open = ["trade"]' in done.stderr
    (mine / "decisions.toml").write_text('open = ["trade"]\n', encoding="utf-8")
    done = _main(project, "report")
    assert done.returncode == 0, done.stderr
    default = (project / "_build" / "html" / "book" / "page.html").read_text(encoding="utf-8")
    done = _main(project, "report", "--data", "mine")
    assert done.returncode == 0, done.stderr
    folder = project / "_build" / "data-report"
    other = folder / "report" / "book" / "page.html"
    assert str(other.parent.parent / "index.html") in done.stdout
    assert {path.name for path in folder.iterdir()} >= {
        "report",
        "effects.csv",
        "effects.parquet",
        "withheld.csv",
        "provenance.json",
    }
    assert changed not in default
    assert changed in other.read_text(encoding="utf-8")
    assert published.read_bytes() == before
    kept = (project / "_build" / "html" / "book" / "page.html").read_text(encoding="utf-8")
    assert kept == default


def test_supplied_file_of_an_unknown_name_is_refused_with_the_known_names(
    small_project: Make,
) -> None:
    project = small_project("# Page", "1 + 1")
    mine = project / "mine"
    mine.mkdir()
    (mine / "provincial_trad.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(AnalysisError) as caught:
        _build(project, supplied=mine)
    assert "provincial_trad.csv" in str(caught.value)
    assert "provincial_trade.csv" in str(caught.value)


def test_missing_part_of_the_project_is_named(small_project: Make) -> None:
    project = small_project("# Page", "1 + 1")
    (project / "_toc.yml").unlink()
    with pytest.raises(BuildError, match=r"_toc\.yml"):
        _build(project)


def test_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(BuildError, match="other files"):
        _check_target(precious)
    with pytest.raises(BuildError, match="a file or a link"):
        _check_target(precious / "thesis.txt")
    _check_target(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    _check_target(tmp_path / "empty")


def test_full_disk_is_said_in_one_line_and_the_last_report_stays(
    small_project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = small_project("# Page", "1 + 1")
    out = project / "_build" / "html"
    out.mkdir(parents=True)
    for name in ("index.html", ".buildinfo"):
        (out / name).write_text("old", encoding="utf-8")

    def full(root: Path, *, staging: Path) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr(report, "_stage_book", full)
    with pytest.raises(BuildError, match="No space left on device") as caught:
        build_report(project, supplied=None, out=out, say=_silent)
    assert len(str(caught.value).splitlines()) == 1
    assert (out / "index.html").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in (project / "_build").iterdir()) == ["html"]


def test_a_second_run_for_the_same_folder_says_so(small_project: Make) -> None:
    project = small_project("# Page", "1 + 1")
    out = project / "_build" / "html"
    with (
        publishing.alone(out, doing="building this report"),
        pytest.raises(BuildError, match="still at work"),
    ):
        build_report(project, supplied=None, out=out, say=_silent)


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "_build" / "staging-1-dead"
    left.mkdir(parents=True)
    (left / "declarations.csv").write_text("secret", encoding="utf-8")
    with _staging(tmp_path) as staging:
        assert not left.exists()
        assert staging.stat().st_mode & 0o077 == 0, "nobody else may read it"
        with _staging(tmp_path) as beside:
            assert staging.is_dir()
            assert beside != staging
    assert list((tmp_path / "_build").iterdir()) == []


def test_what_the_builder_said_becomes_faults_with_page_cell_and_line(tmp_path: Path) -> None:
    said = (
        "reading sources...\n"
        "book/page.ipynb:30002: WARNING: term not in glossary: 'x' [ref.term]\n"
        "book/page.ipynb:30002: WARNING: term not in glossary: 'x' [ref.term]\n"
        "book/a.md:7: ERROR: Unknown directive\n"
        "book/b.ipynb:: WARNING: toctree contains reference to nonexisting document\n"
        "WARNING: while setting up extension x\n"
        "build finished with problems, 2 warnings.\n"
    )
    error = _build_failure(said, log=tmp_path / "log")
    first, second, third, fourth = error.faults
    assert (first.file, first.row) == ("book/page.ipynb", None)
    assert "cell 3, line 2" in first.expected
    assert (second.file, second.row, second.found) == ("book/a.md", 7, "Unknown directive")
    assert (third.file, third.row) == ("book/b.ipynb", None)
    assert (fourth.file, fourth.found) == (None, "while setting up extension x")
    assert str(tmp_path / "log") in first.mend


def test_a_full_disk_is_not_blamed_on_a_page(tmp_path: Path) -> None:
    said = "book/a.ipynb:10002: WARNING: x\nOSError: [Errno 28] No space left on device: 'y'\n"
    (fault,) = _build_failure(said, log=tmp_path / "log").faults
    assert fault.found == "No space left on device"
    assert "free some disk space" in fault.mend


def test_builder_that_dies_without_complaint_is_reported_by_its_last_line(tmp_path: Path) -> None:
    error = _build_failure("starting\nKilled\n\n", log=tmp_path / "log")
    assert [fault.found for fault in error.faults] == ["Killed"]


def test_builder_that_dies_of_an_exception_is_reported_by_it(tmp_path: Path) -> None:
    said = "Traceback\n  File x\nzoo.KeyError: 'a'\n\nRuntimeError: \n\nThere was an error\n"
    error = _build_failure(said, log=tmp_path / "log")
    assert [fault.found for fault in error.faults] == ["zoo.KeyError: 'a'"]


@pytest.mark.parametrize("text", ["title: [", "just words", "- a list"])
def test_settings_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "_config.yml").write_text(text, encoding="utf-8")
    with pytest.raises(BuildError, match=r"_config\.yml"):
        _switch_execution_off(tmp_path)
