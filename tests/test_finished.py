"""Pages of an interrupted run: taken over only if nothing has changed, never stale, never cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from analysis import finished
from analysis.finished import Finished


def staged(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "book").mkdir()
    (folder / "data" / "a.csv").write_text("x\n1\n", encoding="utf-8")
    (folder / "requirements.txt").write_text("numpy==2.3.0\n", encoding="utf-8")
    write(folder / "book" / "page.ipynb", "1 + 1", output=None)
    write(folder / "book" / "other.ipynb", "2 + 2", output=None)
    return folder


def write(path: Path, source: str, *, output: str | None) -> None:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [output]}
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


def interrupted(build: Path, staging: Path) -> None:
    """Finish one page, and die before the report is published."""
    with suppress(KeyboardInterrupt), finished.finished(build, staging=staging) as store:
        page = staging / "book" / "page.ipynb"
        write(page, "1 + 1", output="2")
        store.keep(page)
        raise KeyboardInterrupt


def taken_over(build: Path, staging: Path) -> list[str]:
    with finished.finished(build, staging=staging) as store:
        pages = sorted((staging / "book").glob("*.ipynb"))
        return [page.name for page in pages if store.restore(page)]


def test_a_finished_page_is_taken_over_and_the_store_goes_in_the_end(tmp_path: Path) -> None:
    build = tmp_path / "build"
    interrupted(build, staged(tmp_path / "one"))
    again = staged(tmp_path / "two")
    assert taken_over(build, again) == ["page.ipynb"]
    assert json.loads((again / "book" / "page.ipynb").read_text())["cells"][0]["outputs"] == ["2"]
    assert not (build / "finished").exists()
    assert taken_over(build, staged(tmp_path / "three")) == []


def change_data(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "data" / "a.csv").write_text("x\n2\n", encoding="utf-8")


def change_lock(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "requirements.txt").write_text("numpy==2.3.1\n", encoding="utf-8")


def change_the_page(folder: Path, _: pytest.MonkeyPatch) -> None:
    write(folder / "book" / "page.ipynb", "1 + 2", output=None)


def change_another_page(folder: Path, _: pytest.MonkeyPatch) -> None:
    write(folder / "book" / "other.ipynb", "2 + 3", output=None)


def add_a_file(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "data" / "b.csv").write_text("", encoding="utf-8")


def change_the_package(folder: Path, patch: pytest.MonkeyPatch) -> None:
    del folder
    real = finished._hash

    def other(path: Path) -> str:
        return "changed" if path.name == "study.py" else real(path)

    patch.setattr(finished, "_hash", other)


def change_a_version(folder: Path, patch: pytest.MonkeyPatch) -> None:
    del folder
    patch.setattr(finished, "distributions", lambda: [])


@pytest.mark.parametrize(
    "change",
    [
        change_data,
        change_lock,
        change_the_page,
        change_another_page,
        add_a_file,
        change_the_package,
        change_a_version,
    ],
)
def test_after_any_change_nothing_is_taken_over(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    build = tmp_path / "build"
    interrupted(build, staged(tmp_path / "one"))
    again = staged(tmp_path / "two")
    change(again, monkeypatch)
    assert taken_over(build, again) == []


def test_stored_outputs_of_the_source_do_not_count(tmp_path: Path) -> None:
    build = tmp_path / "build"
    interrupted(build, staged(tmp_path / "one"))
    again = staged(tmp_path / "two")
    write(again / "book" / "other.ipynb", "2 + 2", output="an old output")
    assert taken_over(build, again) == ["page.ipynb"]


def test_half_a_page_is_not_taken_over(tmp_path: Path) -> None:
    build = tmp_path / "build"
    interrupted(build, staged(tmp_path / "one"))
    (kept,) = (build / "finished").glob("*/*.ipynb")
    kept.write_bytes(kept.read_bytes()[:20])
    assert taken_over(build, staged(tmp_path / "two")) == []


def test_a_full_disk_costs_only_the_pages_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = staged(tmp_path / "one")
    folder = tmp_path / "store"
    folder.mkdir()
    store = Finished(folder=folder, pages=staging / "book")

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    store.keep(staging / "book" / "page.ipynb")
    assert list(folder.iterdir()) == []


def test_the_second_of_two_equal_runs_goes_without_a_store(tmp_path: Path) -> None:
    build = tmp_path / "build"
    one, two = staged(tmp_path / "one"), staged(tmp_path / "two")
    with (
        finished.finished(build, staging=one) as first,
        finished.finished(build, staging=two) as second,
    ):
        assert first.folder is not None
        assert second.folder is None
        second.keep(two / "book" / "page.ipynb")
        assert not second.restore(two / "book" / "page.ipynb")
