"""A finding that moved is named, and is a fault until frozen file and changelog say so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from analysis import catalog, freezing
from analysis.catalog import frozen
from analysis.declarations import Source
from analysis.errors import BuildError, DataError


def table(**values: str) -> pd.DataFrame:
    rows = [(*name.split("__"), value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=list(frozen.COLUMNS))


# ---------------------------------------------------------------- findings as they were frozen


@pytest.fixture
def frozen_root(root: Path) -> Path:
    """The project, once its findings were frozen for the first time."""
    if not frozen.list_frozen(root):
        pytest.skip("nothing is frozen yet: python -m analysis freeze")
    return root


def test_every_reform_is_frozen_and_no_other(frozen_root: Path) -> None:
    root = frozen_root
    assert frozen.list_frozen(root) == catalog.list_reforms(root)


def moved_today(root: Path, reform: str, *, headlines: bool = False) -> str:
    """Evaluate a reform, or its headline designs alone, and name what is not as it was frozen."""
    before, designs = frozen.read_frozen(root, reform), None
    if headlines:
        declared = catalog.load_study(root, reform)
        designs = [design.id for design in declared.designs if design.headline]
        others = {design.id for design in declared.designs} - {*designs}
        before = before[~before["item"].isin(others)]
    today = freezing.findings(reform, designs=designs, root=root)
    return freezing.differences(freezing.compare(before, today).assign(reform=reform))


WHAT_TO_DO = 'numbers moved: see why, then `python -m analysis freeze --reason "..."`'


@pytest.mark.parametrize("reform", ["collaboration-era", "pilot-zones"])
def test_headlines_and_verdicts_are_as_they_were_frozen(frozen_root: Path, reform: str) -> None:
    """All other designs stand on the pages, whose stored outputs are compared one by one."""
    assert moved_today(frozen_root, reform, headlines=True) == "", WHAT_TO_DO


def test_verdicts_without_designs_are_as_they_were_frozen(frozen_root: Path) -> None:
    root = frozen_root
    evaluated = catalog.studies(root)
    for name in catalog.list_reforms(root):
        if name not in evaluated:
            assert moved_today(root, name) == "", WHAT_TO_DO


def test_every_evaluated_reform_is_compared_somewhere(root: Path) -> None:
    """Reforms on simulated data are compared by the pages; a new one needs a place here."""
    kinds = {name: {s.kind for s in _sources(root, name)} for name in catalog.studies(root)}
    real = {name for name, held in kinds.items() if "simulated" not in held}
    assert real == {"collaboration-era", "pilot-zones"}


def _sources(root: Path, name: str) -> list[Source]:
    study = catalog.load_study(root, name)
    read = {source for design in study.designs for source in study.read_by(design)}
    return [catalog.load_source(root, source) for source in read]


def test_every_move_has_its_reason_in_the_changelog(root: Path) -> None:
    text = (root / frozen.CHANGELOG).read_text(encoding="utf-8")
    for reason in frozen.read_moved(root)["reason"].unique():
        assert reason.strip()
        assert f"- {reason}" in text, reason


# ---------------------------------------------------------------- what counts as moved


def test_what_moved_is_named_with_both_values() -> None:
    before = table(a__estimate="0.1", a__p_value="0.20", gone__estimate="1")
    after = table(a__estimate="0.2", a__p_value="0.2", new__estimate="3")
    moved = freezing.compare(before, after).assign(reform="r")
    assert freezing.differences(moved).splitlines() == [
        "r, a, estimate: was 0.1, is 0.2",
        "r, gone, estimate: was 1, is absent",
        "r, new, estimate: was absent, is 3",
    ]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("0.123456", "0.123457", True),
        ("0.1234", "0.1235", False),
        ("-0.1", "0.1", False),
        ("0", "1e-9", False),
        ("none", "none", True),
        ("none", "0.1", False),
        ("undecided", "supported", False),
        ("CR1", "CR2", False),
    ],
)
def test_a_number_moved_if_a_reader_could_see_it(before: str, after: str, same: bool) -> None:
    moved = freezing.compare(table(a__x=before), table(a__x=after))
    assert moved.empty == same


# ---------------------------------------------------------------- the command


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one reform, whose finding is whatever the test says."""
    (tmp_path / "data").mkdir()
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## Unreleased\n\n{frozen.HEADING}\n\n{frozen.NOTHING}\n\n## 0.1\n\nold\n",
        encoding="utf-8",
    )
    shutil.copy(root / "pyproject.toml", tmp_path)
    monkeypatch.setattr(catalog, "list_reforms", lambda _: ("one",))
    return tmp_path


def finds(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setattr(freezing, "findings", lambda *_, **__: table(a__estimate=value))


def test_the_first_freeze_needs_no_reason(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, "1")
    freezing.freeze(project, reason=None, say=lambda _: None)
    assert frozen.list_frozen(project) == ("one",)
    assert frozen.read_moved(project).empty


def test_a_move_without_a_reason_is_refused_and_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, "1")
    freezing.freeze(project, reason=None, say=lambda _: None)
    finds(monkeypatch, "2")
    with pytest.raises(BuildError, match="one, a, estimate: was 1, is 2"):
        freezing.freeze(project, reason="  ", say=lambda _: None)
    assert frozen.read_frozen(project, "one")["value"].tolist() == ["1"]


def test_a_move_with_a_reason_is_written_down_everywhere(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value, reason in (("1", None), ("2", "A year was added."), ("3", "It was revised.")):
        finds(monkeypatch, value)
        freezing.freeze(project, reason=reason, say=lambda _: None)
    moved = frozen.read_moved(project)
    assert moved[["before", "after", "reason"]].to_numpy().tolist() == [
        ["1", "2", "A year was added."],
        ["2", "3", "It was revised."],
    ]
    text = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert frozen.NOTHING not in text
    assert text.index("- A year") < text.index("- It was") < text.index("## 0.1")
    assert text.endswith("## 0.1\n\nold\n")


def test_a_reform_that_is_gone_is_dropped(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(monkeypatch, "1")
    freezing.freeze(project, reason=None, say=lambda _: None)
    monkeypatch.setattr(catalog, "list_reforms", lambda _: ())
    freezing.freeze(project, reason="It was never a reform.", say=lambda _: None)
    assert frozen.list_frozen(project) == ()
    assert frozen.read_moved(project)["after"].tolist() == ["absent"]


def test_a_changelog_without_the_section_is_a_fault(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finds(monkeypatch, "1")
    freezing.freeze(project, reason=None, say=lambda _: None)
    (project / "CHANGELOG.md").write_text("# Changelog\n", encoding="utf-8")
    finds(monkeypatch, "2")
    with pytest.raises(DataError, match="Numbers that moved"):
        freezing.freeze(project, reason="Why not.", say=lambda _: None)
