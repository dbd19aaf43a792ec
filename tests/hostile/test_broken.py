"""No broken input changes a number silently or shows a traceback; the stored table is true."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.hostile.broken import MAKERS
from tests.hostile.outcomes import RESULTS, listed, told, try_one
from tests.hostile.project import Clean, make_clean, make_project

#: Slow to make; tried by the command that writes the table, which tries all.
HEAVY = {"zip-bomb", "wide-sheet", "million-columns", "parquet-row-bomb"}
FAULTS = {fault.id: fault for fault in listed()}
#: What is tried in every run: every third of the list, and whatever could run or leave the folder.
TRIED = {*sorted(set(FAULTS) - HEAVY)[::3], "pickle", "link-out", "zip-traversal", "xml-entities"}


@pytest.fixture(scope="module")
def clean() -> Clean:
    return make_clean(seed=8)


@pytest.fixture(scope="module")
def stored() -> dict[str, dict[str, str]]:
    with RESULTS.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: row for row in csv.DictReader(lines)}


def test_every_listed_input_has_a_maker_and_a_stored_outcome(
    stored: dict[str, dict[str, str]],
) -> None:
    assert set(MAKERS) == set(FAULTS) == set(stored)
    assert len(FAULTS) >= 60


def test_of_all_that_was_tried_hardly_anything_was_missed(
    stored: dict[str, dict[str, str]],
) -> None:
    silent = [name for name, row in stored.items() if row["silently_changed"] == "yes"]
    missed = [name for name, row in stored.items() if row["as_wanted"] == "no"]
    assert silent == []
    assert [name for name, row in stored.items() if row["traceback"] == "yes"] == []
    assert len(missed) <= 0.05 * len(stored), missed


@pytest.mark.parametrize("name", sorted(TRIED))
def test_broken_input(
    name: str, clean: Clean, stored: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    found = try_one(make_project(tmp_path / "project"), tmp_path / "mine", FAULTS[name], clean)
    assert not found.silent
    assert not found.traceback
    assert found.happened == stored[name]["happened"]


@pytest.mark.parametrize("name", ["extra-field", "minutes", "pickle", "gb18030", "script-header"])
def test_the_command_line_tells_it_in_plain_words(name: str, clean: Clean, tmp_path: Path) -> None:
    project, folder = make_project(tmp_path / "project"), tmp_path / "mine"
    try_one(project, folder, FAULTS[name], clean)
    said = told(project, folder)
    assert "Traceback" not in said
    ready = FAULTS[name].wanted in ("mend", "keep")
    assert ("ready for a report" in said) == ready
    assert (folder / "decisions.proposed.toml").exists() == (FAULTS[name].wanted == "ask")
