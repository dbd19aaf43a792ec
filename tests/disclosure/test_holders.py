"""Who stands behind supplied tables: by records, by counts; which tables cannot be guarded."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis import catalog, disclosure, gates
from analysis.declarations import Design, Outcome, Source
from analysis.errors import AnalysisError, DataError
from benchmarks.confidential import office

TABLE = pd.DataFrame(
    {
        "zone": ["a", "a", "a", "b"],
        "month": [1, 1, 2, 1],
        "firm": ["x", "y", "x", "x"],
        "goods": ["parts", "other", "parts", "parts"],
        "hours": [1.0, 2.0, 3.0, 4.0],
    }
)


def outcome(**more: object) -> Outcome:
    given = {
        "id": "hours",
        "source": "rows",
        "column": "hours",
        "unit_column": "zone",
        "time_column": "month",
        "label": "Hours",
        "unit": "hours",
        **more,
    }
    return Outcome.model_validate(given)


def source(roles: dict[str, str], **more: object) -> Source:
    columns = {
        name: {"type": "text", "unit": "none", "description": name, "role": roles.get(name)}
        for name in ("zone", "month", "firm", "goods", "hours", "firms", "share", "records")
    }
    given = {
        "id": "rows",
        "file": "simulated/rows.csv",
        "title": "Rows",
        "producer": "p",
        "address": "a",
        "licence": "l",
        "accessed": "2026",
        "sha256": "0" * 64,
        "kind": "real",
        "key": ("zone",),
        "columns": columns,
        **more,
    }
    return Source.model_validate(given)


def test_real_files_are_controlled_unless_they_are_open() -> None:
    assert source({}).controlled
    assert not source({}, open=True).controlled
    assert not source({}, kind="published").controlled
    assert not source({}, kind="simulated").controlled


def test_records_of_an_outcome_are_counted_by_firm() -> None:
    (found,) = disclosure.behind(TABLE, source=source({"firm": "firm"}), outcome=outcome())
    assert found.firms.tolist() == [2, 1, 1]
    (kept,) = disclosure.behind(
        TABLE, source=source({"firm": "firm"}), outcome=outcome(keep={"goods": "parts"})
    )
    assert kept.cells.to_numpy().tolist() == [["a", 1, 1.0], ["a", 2, 1.0], ["b", 1, 1.0]]
    (dropped,) = disclosure.behind(
        TABLE, source=source({"firm": "firm"}), outcome=outcome(drop={"goods": "parts"})
    )
    assert dropped.cells.to_numpy().tolist() == [["a", 1, 1.0]]


def test_records_that_are_compared_with_others_are_two_groups() -> None:
    cells = {"statistic": "mean", "against": {"goods": "other"}}
    found = disclosure.behind(TABLE, source=source({"firm": "firm"}), outcome=outcome(cells=cells))
    assert [one.firms.tolist() for one in found] == [[1, 1, 1], [1]]


def test_counts_of_firms_stand_for_records() -> None:
    table = TABLE.assign(firms=[12, 9, 3, 1], share=[0.2, 0.3, 0.5, 1.0], records=[100, 20, 9, 4])
    table = table.drop_duplicates(["zone", "month"])
    roles = {"firms": "firms", "share": "largest", "records": "records"}
    (found,) = disclosure.behind(table, source=source(roles), outcome=outcome())
    assert found.firms.tolist() == [12, 3, 1]
    assert found.cells["n"].tolist() == [100, 9, 4]


def test_a_table_without_firms_is_refused_with_both_ways_out() -> None:
    with pytest.raises(DataError) as caught:
        disclosure.behind(TABLE, source=source({}), outcome=outcome())
    assert "names the firm of every row" in str(caught.value)
    assert 'open = ["rows"]' in str(caught.value)


def test_a_population_is_known_from_its_declaration() -> None:
    (found,) = disclosure.behind(TABLE, source=source({"firm": "firm"}), outcome=outcome())
    design = Design.model_validate(
        {
            "id": "main",
            "title": "t",
            "label": "l",
            "role": "headline",
            "estimand": "ATT",
            "outcome": "hours",
            "window": {"first": 0, "last": 1},
            "cohorts": {"a": 1},
            "estimator": "imputation",
            "exclude": [{"units": ["b"], "reason": "r"}],
            "seed": 1,
        }
    )
    made = disclosure.population(design, study="s", behind=found, treated={"a"})
    assert made.name == "s, main"
    assert made.cells.tolist() == [True, False, False]  # a in month 1, not in 2; b is left out


# ---------------------------------------------------------------- a project with supplied files


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """Make a project whose declarations were supplied by a user."""
    made = office.make_project(root, tmp_path / "project")
    sources = made / "data" / "sources.toml"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(text.replace('kind = "simulated"', 'kind = "real"'), encoding="utf-8")
    return made


def test_supplied_records_with_their_firms_are_let_through(project: Path) -> None:
    gates.refuse_unguarded(project)


def test_supplied_records_without_firms_stop_the_run(project: Path) -> None:
    sources = project / "data" / "sources.toml"
    text = sources.read_text(encoding="utf-8")
    sources.write_text(text.replace('role = "firm"\n', ""), encoding="utf-8")
    with pytest.raises(DataError, match="says nothing about firms"):
        gates.refuse_unguarded(project)
    mine = project / "mine"
    mine.mkdir()
    decided = mine / "decisions.toml"
    decided.write_text('open = ["express-declarations"]\n', encoding="utf-8")
    assert catalog.open_sources(project, mine) == ("express-declarations",)
    gates.refuse_unguarded(project)


def test_a_source_that_was_not_supplied_cannot_be_opened(project: Path) -> None:
    mine = project / "mine"
    mine.mkdir()
    (mine / "decisions.toml").write_text('open = ["trade"]\n', encoding="utf-8")
    with pytest.raises(AnalysisError, match="'trade'"):
        catalog.open_sources(project, mine)


def test_no_page_reads_a_supplied_table_as_it_stands(project: Path) -> None:
    with pytest.raises(DataError, match="not declared open"):
        catalog.read_table(project, "express-declarations")
