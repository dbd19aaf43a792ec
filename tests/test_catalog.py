"""Files are read only from inside the data folder, only when checksum and contract hold."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analysis import catalog
from analysis.catalog.intake import folder
from analysis.declarations import Design
from analysis.errors import AnalysisError, DataError, DeclarationError, Fault

TRADE = "data/published/provincial_trade.csv"


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """Give a copy of the data that may be broken."""
    shutil.copytree(root / "data", tmp_path / "project" / "data")
    return tmp_path / "project"


def edit(project: Path, file: str, change: Callable[[str], str], *, accept: bool = True) -> None:
    """Change a file; with `accept` write its new checksum into sources.toml."""
    path = project / file
    before = path.read_bytes()
    after = change(before.decode()).encode()
    assert after != before
    path.write_bytes(after)
    if accept and file.endswith(".csv"):
        record = project / "data/sources.toml"
        text = record.read_text(encoding="utf-8")
        old, new = (hashlib.sha256(raw).hexdigest() for raw in (before, after))
        record.write_text(text.replace(old, new), encoding="utf-8")


def faults(project: Path) -> tuple[Fault, ...]:
    with pytest.raises(AnalysisError) as caught:
        catalog.check_project(project)
    assert all(fault.expected and fault.found and fault.mend for fault in caught.value.faults)
    return caught.value.faults


# ---------------------------------------------------------------- finding and reading


def test_the_root_is_the_nearest_folder_with_data(project: Path) -> None:
    deep = project / "book" / "pages"
    deep.mkdir(parents=True)
    assert catalog.find_root(deep) == project
    assert catalog.find_root(project) == project


def test_without_data_above_the_checkout_is_the_root(root: Path, tmp_path: Path) -> None:
    assert catalog.find_root(tmp_path) == root


def test_a_table_is_read_typed_and_complete(project: Path) -> None:
    table = catalog.read_table(project, "trade")
    assert list(table.columns) == ["region", "year", "trade_musd"]
    assert len(table) == 558
    assert table["trade_musd"].dtype == "float64"


def test_an_unknown_source_names_the_known_ones(project: Path) -> None:
    with pytest.raises(DataError, match="trade, grp"):
        catalog.read_table(project, "tarde")


def test_a_missing_file_is_named(project: Path) -> None:
    (project / TRADE).unlink()
    (fault,) = faults(project)
    assert (fault.file, fault.found) == (TRADE, "nothing")


def test_a_changed_file_names_both_checksums_and_the_mend(project: Path) -> None:
    edit(project, TRADE, lambda text: text.replace("9119.4", "9119.5"), accept=False)
    (fault,) = faults(project)
    assert (fault.file, fault.column) == (TRADE, "sha256")
    assert re.fullmatch(r"sha256 [0-9a-f]{64}", fault.expected)
    assert hashlib.sha256((project / TRADE).read_bytes()).hexdigest() in fault.found
    assert "update sha256 in data/sources.toml" in fault.mend


def test_a_change_that_is_accepted_is_read(project: Path) -> None:
    edit(project, TRADE, lambda text: text.replace("9119.4", "9119.5"))
    assert catalog.read_table(project, "trade")["trade_musd"].iloc[0] == 9119.5


@pytest.mark.parametrize(
    ("change", "row", "column"),
    [
        (lambda text: text + "Anhui,2005,1.0\n", 560, "region, year"),
        (lambda text: text.replace("Anhui,2005,9119.4", "Anhui,2005,-1"), 2, "trade_musd"),
        (lambda text: text.replace("Anhui,2005,9119.4", "Anhui,2005,1e400"), 2, "trade_musd"),
        (lambda text: text.replace("Anhui,2005,9119.4", "NA,2005,9119.4"), 2, "region"),
        (lambda text: text.replace("Anhui,2005,9119.4", "Anhui ,2005,9119.4"), 2, "region"),
        (lambda text: text.replace("Anhui,2005,9119.4", "Anhui,2005,9119.4,1"), 2, None),
        (lambda text: text.replace("trade_musd", "trade"), 1, "trade"),
    ],
)
def test_each_broken_table_is_named_with_row_and_column(
    project: Path, change: Callable[[str], str], row: int, column: str | None
) -> None:
    edit(project, TRADE, change)
    assert (TRADE, row, column) in {(f.file, f.row, f.column) for f in faults(project)}


def test_bytes_in_another_encoding_are_refused(project: Path) -> None:
    (project / TRADE).write_bytes("region,year,trade_musd\n安徽,2005,1\n".encode("gb18030"))
    found = faults(project)
    assert {fault.column for fault in found} == {"sha256", None}
    assert (found[1].row, found[1].expected) == (2, "text in UTF-8")


def test_a_link_that_leads_out_of_the_data_folder_is_not_followed(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.csv").write_bytes((project / TRADE).read_bytes())
    (project / TRADE).unlink()
    (project / TRADE).symlink_to(tmp_path / "secret.csv")
    (fault,) = faults(project)
    assert "inside the data folder" in fault.expected


@pytest.mark.parametrize("path", ["../secret.csv", "published/../../secret.csv"])
def test_a_path_that_leads_out_of_the_data_folder_is_refused(project: Path, path: str) -> None:
    edit(
        project,
        "data/sources.toml",
        lambda text: text.replace("published/provincial_trade.csv", path),
    )
    with pytest.raises(AnalysisError):
        catalog.read_table(project, "trade")


# ---------------------------------------------------------------- declarations


def test_a_source_record_with_faults_names_the_line(project: Path) -> None:
    edit(
        project,
        "data/sources.toml",
        lambda text: text.replace('kind = "published"', 'kind = "made up"', 1).replace(
            'unit = "year"\n', "", 1
        ),
    )
    with pytest.raises(DeclarationError) as caught:
        catalog.load_sources(project)
    lines = (project / "data/sources.toml").read_text(encoding="utf-8").splitlines()
    kind, unit = caught.value.faults
    assert kind.row is not None
    assert lines[kind.row - 1] == 'kind = "made up"'
    assert unit.column == "source[trade].columns.year.unit"
    assert unit.row is not None
    assert lines[unit.row - 1] == "[source.columns.year]"


def test_sources_stand_once_and_in_known_tables(project: Path) -> None:
    edit(
        project,
        "data/sources.toml",
        lambda text: 'owner = "x"\n' + text.replace('id = "grp"', 'id = "trade"'),
    )
    with pytest.raises(DeclarationError) as caught:
        catalog.load_sources(project)
    assert {fault.found for fault in caught.value.faults} == {"key `owner`", "trade twice"}


def test_a_vocabulary_that_does_not_exist_is_named(project: Path) -> None:
    edit(project, "data/sources.toml", lambda text: text.replace('"provinces"', '"states"', 1))
    with pytest.raises(DeclarationError) as caught:
        catalog.load_sources(project)
    (fault,) = caught.value.faults
    assert fault.column == "source[trade].columns.region.vocabulary"


def test_files_too_large_for_memory_are_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.catalog.files.LARGEST", 1_000)
    with pytest.raises(DataError, match="at most 1000 bytes"):
        catalog.load_sources(project)
    monkeypatch.undo()
    limits = replace(folder.LIMITS, text_bytes=1_000)
    monkeypatch.setattr(folder, "LIMITS", limits)
    supplied = tmp_path / "mine"
    supplied.mkdir()
    shutil.copy(project / TRADE, supplied)
    with pytest.raises(DataError, match="at most 1,000 bytes"):
        catalog.stage_data(project, tmp_path / "staging", supplied)


def test_an_unknown_reform_names_the_known_ones(project: Path) -> None:
    with pytest.raises(DeclarationError, match="spare-parts"):
        catalog.load_study(project, "spare-part")


def test_a_file_and_its_reform_share_one_name(project: Path) -> None:
    (project / "data/reforms/dry-port.toml").rename(project / "data/reforms/wet-port.toml")
    with pytest.raises(DeclarationError, match="give the file and the reform the same name"):
        catalog.load_study(project, "wet-port")


@pytest.mark.parametrize(
    ("file", "old", "new", "column", "found"),
    [
        ("dry-port", '"E003"', '"E999"', "facts", "'E999'"),
        ("dry-port", 'area = "logistics"', 'area = "roads"', "reform.area", "'roads'"),
        ("dry-port", "sichuan-commerce-2024", "unknown", "claims[S017].source", "'unknown'"),
        ("dry-port", 'id = "S017"', 'id = "S016"', "claims[S016]", "S016 also in dry-port"),
        ("spare-parts", 'elasticities = ["P002"', 'elasticities = ["P009"', "arithmetic", "'P009'"),
        ("spare-parts", 'study = "spare-parts"', 'study = "spares"', "claims[S007].test.study", ""),
        ("collaboration-era", 'source = "trade"', 'source = "t"', "outcomes[trade].source", "'t'"),
        (
            "collaboration-era",
            '"trade_musd"',
            '"trade_usd"',
            "outcomes[trade].column",
            "'trade_usd'",
        ),
        (
            "collaboration-era",
            "cohorts = { Sichuan",
            "cohorts = { Szechuan",
            "designs[trade-main].cohorts",
            "'Szechuan'",
        ),
        ("collaboration-era", "last = 2024", "last = 2025", "designs[trade-main].window", "2025"),
        (
            "collaboration-era",
            'estimator = "difference_in_differences"',
            'estimator = "guess"',
            "designs[trade-main].estimator",
            "'guess'",
        ),
        (
            "pilot-zones",
            'column = "treatment_year"',
            'column = "year"',
            "designs[trade-batches].cohorts.column",
            "'year'",
        ),
    ],
)
def test_each_reference_that_leads_nowhere_is_named(
    project: Path, file: str, old: str, new: str, column: str, found: str
) -> None:
    edit(project, f"data/reforms/{file}.toml", lambda text: text.replace(old, new))
    told = [fault for fault in faults(project) if fault.column == column]
    assert told
    assert any(found in fault.found for fault in told)


def test_a_claim_that_is_lost_is_named(project: Path) -> None:
    (project / "data/reforms/dry-port.toml").unlink()
    (fault,) = faults(project)
    assert "S017, S018" in fault.found


def test_faults_of_several_files_come_together(project: Path) -> None:
    edit(project, TRADE, lambda text: text.replace("9119.4", "-1"))
    edit(project, "data/reforms/dry-port.toml", lambda text: text.replace('"forecast"', '"hope"'))
    edit(
        project, "data/reforms/litigation.toml", lambda text: text.replace("level = ", "levels = ")
    )
    files = {fault.file for fault in faults(project)}
    assert files == {TRADE, "data/reforms/dry-port.toml", "data/reforms/litigation.toml"}


def test_a_published_file_without_a_record_is_named(project: Path) -> None:
    (project / "data/published/more.csv").write_text("a\n1\n", encoding="utf-8")
    (fault,) = faults(project)
    assert fault.file == "data/published/more.csv"


def test_cohorts_come_from_a_table_or_from_the_design(root: Path) -> None:
    designs = {one.id: one for one in catalog.load_study(root, "pilot-zones").designs}
    pair = catalog.read_cohorts(root, designs["trade-main"])
    assert list(pair.itertuples(index=False, name=None)) == [("Chongqing", 2017), ("Sichuan", 2017)]
    batches = catalog.read_cohorts(root, designs["trade-batches"]).set_index("unit")["cohort"]
    assert batches["Shanghai"] == 2014
    assert batches["Sichuan"] == 2017
    assert batches["Hainan"] == 2019
    assert "Xinjiang" not in batches.index
    assert "Gansu" not in batches.index
    assert len(batches) == 21


def test_units_treated_after_the_window_count_as_untreated(root: Path) -> None:
    design = next(
        one for one in catalog.load_study(root, "pilot-zones").designs if one.id == "trade-batches"
    )
    values = design.model_dump() | {"window": {"first": 2007, "last": 2016}, "exclude": ()}
    early = Design.model_validate(values)
    assert list(catalog.read_cohorts(root, early)["unit"]) == [
        "Fujian",
        "Guangdong",
        "Shanghai",
        "Tianjin",
    ]


# ---------------------------------------------------------------- data of a user


def published(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in sorted((project / "data").rglob("*"))
        if path.is_file()
    }


def test_without_supplied_files_the_data_are_copied(project: Path, tmp_path: Path) -> None:
    assert catalog.stage_data(project, tmp_path / "staging") == ()
    assert published(tmp_path / "staging") == published(project)


def test_supplied_files_are_laid_over_and_become_real(project: Path, tmp_path: Path) -> None:
    before = published(project)
    supplied, staging = tmp_path / "mine", tmp_path / "staging"
    supplied.mkdir()
    text = (project / TRADE).read_text(encoding="utf-8").replace("9119.4", "9000")
    (supplied / "provincial_trade.csv").write_text(text, encoding="utf-8")
    (supplied / "decisions.toml").write_text('open = ["trade"]\n', encoding="utf-8")
    assert catalog.stage_data(project, staging, supplied) == ("trade",)
    with pytest.raises(DataError, match="not declared open"):
        catalog.read_table(staging, "trade")
    assert catalog.open_sources(staging, supplied) == ("trade",)
    source = catalog.load_source(staging, "trade")
    assert (source.kind, source.producer) == ("real", "Supplied by the user")
    assert catalog.read_table(staging, "trade")["trade_musd"].iloc[0] == 9000
    assert catalog.load_source(staging, "grp") == catalog.load_source(project, "grp")
    assert published(project) == before


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("exports.csv", "region,year,trade_musd\nAnhui,2005,1\n", "a file named"),
        ("provincial_trade.csv", "region,year,trade_musd\nAnhui,2005,-1\n", "from 1"),
        ("provincial_trade.csv", "region,year\nAnhui,2005\n", "a column 'trade_musd'"),
    ],
)
def test_supplied_files_with_faults_write_nothing(
    project: Path, tmp_path: Path, name: str, text: str, expected: str
) -> None:
    supplied, staging = tmp_path / "mine", tmp_path / "staging"
    supplied.mkdir()
    (supplied / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        catalog.stage_data(project, staging, supplied)
    (fault,) = caught.value.faults
    assert fault.file == name
    assert expected in fault.expected
    assert not staging.exists()


def test_a_folder_that_is_missing_or_empty_is_refused(project: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        catalog.stage_data(project, tmp_path / "staging", tmp_path / "none")
    (tmp_path / "mine").mkdir()
    with pytest.raises(DataError, match="an empty folder"):
        catalog.stage_data(project, tmp_path / "staging", tmp_path / "mine")


def test_a_source_that_cannot_be_rewritten_is_refused(project: Path, tmp_path: Path) -> None:
    edit(
        project,
        "data/sources.toml",
        lambda text: text.replace('id = "trade"\n', "id = 'trade'\n"),
    )
    supplied = tmp_path / "mine"
    supplied.mkdir()
    shutil.copy(project / TRADE, supplied)
    with pytest.raises(AnalysisError, match="could not be rewritten"):
        catalog.stage_data(project, tmp_path / "staging", supplied)


def test_reading_gives_a_fresh_table_each_time(project: Path) -> None:
    first = catalog.read_table(project, "trade")
    first.loc[:, "trade_musd"] = 0.0
    pd.testing.assert_frame_equal(
        catalog.read_table(project, "trade"), catalog.read_table(project, "trade")
    )
    assert catalog.read_table(project, "trade")["trade_musd"].min() > 0
