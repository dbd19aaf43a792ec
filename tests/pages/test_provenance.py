"""The map from outputs to code and files is that of the pages; the stamp names what went in."""

from __future__ import annotations

import json
import re
import subprocess
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import pytest

from analysis import call_graph, stamps
from analysis.catalog import pages
from analysis.pages import provenance
from analysis.pages.provenance import Output


@pytest.fixture(scope="module")
def found(root: Path) -> tuple[Output, ...]:
    return provenance.outputs(root=root)


def test_every_figure_of_the_pages_is_on_the_map_once(
    root: Path, found: tuple[Output, ...]
) -> None:
    named = sorted(cell.figure for cell in pages.code_cells(root) if cell.figure)
    assert len(named) > 20
    assert sorted(one.name for one in found if one.name) == named


def test_every_function_on_the_map_exists(found: tuple[Output, ...]) -> None:
    for one in found:
        module, _, name = one.function.rpartition(".")
        assert callable(getattr(import_module(module), name)), one


def test_every_file_on_the_map_exists(root: Path, found: tuple[Output, ...]) -> None:
    for one in found:
        for file in one.files:
            assert (root / file).is_file(), one


def test_outputs_name_the_files_they_rest_on(found: tuple[Output, ...]) -> None:
    """Worked out by hand for some outputs of three kinds of page."""
    by_name = {one.name: one for one in found if one.name}
    event_study = by_name["fig-collaboration-event-study"]
    assert event_study.function == "analysis.plots.event_study"
    assert {
        "data/reforms/collaboration-era.toml",
        "data/published/provincial_trade.csv",
        "data/published/provincial_grp.csv",
    } <= set(event_study.files)
    assert "data/simulated/spare_parts_declarations.parquet" not in event_study.files
    sizes = [one for one in found if one.function == "analysis.pages.method_tables.sizes"]
    assert sizes
    assert "benchmarks/results/truth_must_show.csv" in sizes[0].files
    times = by_name["fig-performance-time"]
    assert times.function == "analysis.pages.performance_plots.by_rows"
    assert times.files == ("benchmarks/results/engine.csv",)
    curve = by_name["fig-collaboration-curve"]
    assert set(event_study.files) == set(curve.files), "stored by the second name of a line"
    frozen = next(one for one in found if one.function == "analysis.freezing.holdings")
    assert "data/frozen/pilot-zones.csv" in frozen.files
    wages = [one for one in found if one.page == "trust/minimum-wage"]
    assert len(wages) == 3
    assert all("data/replications/minimum_wage.csv" in one.files for one in wages)


def test_every_evaluation_rests_on_files(found: tuple[Output, ...]) -> None:
    empty = {one.page for one in provenance.unmapped(found)}
    assert not [page for page in empty if page.startswith(("reforms/", "scenarios", "claims"))]


def test_results_are_rested_on_by_those_who_read_them(found: tuple[Output, ...]) -> None:
    """A method that knows the word "wild" does not rest on the times of the wild bootstrap."""
    drawn = [one for one in found if one.function == "analysis.pages.method_tables.example"]
    assert drawn
    assert {one.files for one in drawn} == {()}


def test_many_files_of_a_folder_are_shown_as_the_folder() -> None:
    few = ("data/a/1.csv", "benchmarks/results/x.csv")
    assert provenance._shown(few) == ["a/1.csv", "benchmarks/results/x.csv"]
    many = tuple(f"data/a/{n}.csv" for n in range(7))
    assert provenance._shown((*many, "requirements.txt")) == ["a/ (7 files)", "requirements.txt"]


def test_words_come_from_a_function_and_from_what_it_calls() -> None:
    mine = call_graph.words("analysis.pages.truth_tables.placebo")
    assert "truth_placebo" in mine
    assert "truth_held_out" not in mine
    assert "benchmarks/results" in mine, "said by the function that reads, two calls away"
    assert call_graph.words("analysis.no_such_room.thing") == frozenset()


def test_names_are_followed_to_where_they_are_defined() -> None:
    assert call_graph.home("analysis.run") == "analysis.study.run"
    assert call_graph.home("analysis.catalog.read_table") == "analysis.catalog.tables.read_table"
    assert call_graph.resolve("analysis.pages.truth_tables", "pd.concat") == ""


# ---------------------------------------------------------------- the stamp


def test_the_stamp_names_commit_data_and_code(root: Path, tmp_path: Path) -> None:
    page = tmp_path / stamps.PAGE
    page.parent.mkdir(parents=True)
    page.write_text('<p><span id="commit">see provenance.json</span></p>', encoding="utf-8")
    path = stamps.write_stamp(tmp_path, root=root, staging=root)
    stamp = json.loads(path.read_text(encoding="utf-8"))
    assert re.match(r"[0-9a-f]{40}|not under version control", stamp["commit"])
    assert page.read_text(encoding="utf-8") == f'<p><span id="commit">{stamp["commit"]}</span></p>'
    assert "analysis/study.py" in stamp["code"]
    assert "requirements.txt" in stamp["files"]
    assert set(map(len, stamp["data"].values())) == {64}
    assert str(root) not in path.read_text(encoding="utf-8")


def test_a_clean_commit_a_change_and_no_repository_are_told_apart(tmp_path: Path) -> None:
    assert stamps._commit(tmp_path) == "not under version control"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=n@example.org"]
    (tmp_path / "a").write_text("1", encoding="utf-8")
    for words in (["init", "-q"], ["add", "a"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    assert re.fullmatch(r"[0-9a-f]{40}", stamps._commit(tmp_path))
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert stamps._commit(tmp_path).endswith(", with changes that are not committed")


def test_the_map_names_every_output_once_beside_its_files(root: Path) -> None:
    found = (
        Output(page="a", name="path", function="analysis.plots.path", files=("data/x.csv",)),
        Output(page="a", name="", function="analysis.listings.facts", files=("data/x.csv",)),
        Output(page="a", name="", function="analysis.listings.audit", files=()),
        Output(page="b", name="", function="analysis.listings.facts", files=("data/x.csv",)),
    )
    with patch.object(provenance, "outputs", return_value=found):
        plain = provenance.output_map().plain
    rows = [line.split(" | ") for line in plain.splitlines()[-3:]]
    assert rows == [
        ["a", "path:plots.path", "listings.facts", "x.csv"],
        ["a", "none", "listings.audit", "none"],
        ["b", "none", "listings.facts", "x.csv"],
    ]
