"""Decisions are applied, large files go the same way as small ones, templates come back in."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from analysis.catalog.forms import write_templates
from analysis.catalog.intake import take, texts
from analysis.catalog.intake.checking import check_supplied
from analysis.catalog.intake.take import taken_in
from analysis.errors import DataError
from analysis.supply.limits import LIMITS
from tests.hostile.broken import Case, calendar, make
from tests.hostile.outcomes import outcome
from tests.hostile.project import ZONES, Clean, make_clean, make_project, write_csv

Answer = tuple[str, str]


@pytest.fixture(scope="module")
def clean() -> Clean:
    return make_clean(seed=9)


@pytest.fixture
def case(tmp_path: Path, clean: Clean) -> Case:
    make_project(tmp_path / "project")
    (tmp_path / "mine").mkdir()
    return Case(folder=tmp_path / "mine", clean=clean)


def _silent(line: str) -> None:
    del line


def _asked(case: Case) -> dict[str, int]:
    intake = check_supplied(case.folder.parent / "project", case.folder, say=_silent)
    assert not intake.faults, intake.faults
    return {doubt.id: doubt.rows for doubt in intake.doubts}


def _decide(case: Case, *answers: Answer) -> None:
    lines = [f'[[decision]]\ndoubt = "{doubt}"\nanswer = "{answer}"\n' for doubt, answer in answers]
    (case.folder / "decisions.toml").write_text("\n".join(lines), encoding="utf-8")


def _comes_through(case: Case) -> None:
    project = case.folder.parent / "project"
    found = outcome(project, case.folder, rows=case.expected, starts=case.starts)
    assert found.happened in ("mend", "keep"), found.said
    assert not found.silent


def _drop(what: Callable[[pd.DataFrame], pd.Series]) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.expected = case.expected[~what(case.expected)].reset_index(drop=True)

    return change


def _same(case: Case) -> None:
    del case


def test_totals_below_the_table_can_be_left_out(case: Case) -> None:
    """The word stands in the first column, and the row has no names."""
    total = pd.DataFrame([{"declaration": "合 计", "items": 9999, "hours": 50000.0}])
    case.put(pd.concat([case.rows, total], ignore_index=True))
    case.put_starts(case.clean.starts)
    project = case.folder.parent / "project"
    intake = check_supplied(project, case.folder, say=_silent)
    assert [doubt.id for doubt in intake.doubts] == ["stamped/totals/zone"]
    assert intake.doubts[0].rows == 1
    _decide(case, ("stamped/totals/zone", "leave out"))
    _comes_through(case)


@pytest.mark.parametrize(
    ("name", "answers", "change"),
    [
        ("minutes", [("stamped/unit/hours", "minutes")], _same),
        ("days", [("stamped/unit/hours", "days")], _same),
        (
            "minutes-one-zone",
            [("stamped/unit-of-part/hours/zone high", "minutes")],
            _same,
        ),
        ("utc", [("stamped/universal-time/released", "universal")], _same),
        ("duplicate-same", [("stamped/copied/declaration", "keep one")], _same),
        (
            "total-row",
            [("stamped/totals/zone", "leave out")],
            _same,
        ),
        (
            "calendar-months",
            [("stamped/first-month/month", "2021-03")],
            _same,
        ),
        (
            "duplicate-declaration",
            [("stamped/doubled/declaration", "first")],
            _drop(lambda table: pd.Series(table.index == 5, index=table.index)),
        ),
        (
            "blanks-inside",
            [(f"stamped/spelling/zone/{ZONES[0]}", "same")],
            _same,
        ),
        (
            "month-missing",
            [("stamped/missing-times/month", "missing")],
            _same,
        ),
        (
            "month-copied",
            [("stamped/copied-times/hours", "keep")],
            _same,
        ),
    ],
)
def test_a_decision_settles_its_doubt(
    case: Case, name: str, answers: list[Answer], change: Callable[[Case], None] | None
) -> None:
    make(name, case)
    asked = _asked(case)
    assert {doubt for doubt, _ in answers} <= set(asked), asked
    _decide(case, *answers)
    if change is None:
        assert set(_asked(case)) < set(asked)
        return
    change(case)
    _comes_through(case)


def test_a_copied_month_that_is_left_out_leaves_a_gap_to_decide(case: Case) -> None:
    make("month-copied", case)
    _decide(case, ("stamped/copied-times/hours", "leave out"))
    assert list(_asked(case)) == ["stamped/missing-times/month"]
    gap = ("stamped/missing-times/month", "missing")
    _decide(case, ("stamped/copied-times/hours", "leave out"), gap)
    _drop(lambda table: table["month"] == 6)(case)
    _comes_through(case)


def test_numbers_that_repeat_in_most_months_are_not_asked_about(case: Case) -> None:
    first = case.rows[case.rows["month"] == 1]
    again = [first.assign(month=month) for month in range(1, 13)]
    table = pd.concat(again, ignore_index=True)
    table["declaration"] = [f"53012023{n:010d}" for n in range(len(table))]
    case.put(table)
    case.put_starts(case.clean.starts)
    assert not [one for one in _asked(case) if "copied-times" in one]


def test_another_first_month_shifts_both_tables(case: Case) -> None:
    make("calendar-months", case)
    _decide(case, ("stamped/first-month/month", "2021-01"))
    case.expected["month"] += 2
    case.starts["first_month"] += 2
    assert set(_asked(case)) == {"stamped/short-window/month"}


def test_the_proposal_goes_once_all_is_decided(case: Case) -> None:
    make("duplicate-same", case)
    assert set(_asked(case)) == {"stamped/copied/declaration"}
    proposed = case.folder / "decisions.proposed.toml"
    assert tomllib.loads(proposed.read_text(encoding="utf-8")) == {}
    _decide(case, ("stamped/copied/declaration", "keep one"))
    assert _asked(case) == {}
    assert not proposed.exists()


def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = dataclasses.replace(LIMITS, in_python_bytes=1000)
    monkeypatch.setattr(take, "LIMITS", limits)
    monkeypatch.setattr(texts, "LIMITS", limits)


@pytest.mark.parametrize(
    "name", ["na-zone", "gb18030", "thousands", "slashes", "full-width-digits"]
)
def test_large_text_is_read_like_small_text(
    case: Case, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small(monkeypatch)
    make(name, case)
    _comes_through(case)


@pytest.mark.parametrize("name", ["extra-field", "short-row", "open-quote", "infinite", "minutes"])
def test_faults_of_large_text_are_found_like_those_of_small_text(
    case: Case, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _small(monkeypatch)
    make(name, case)
    found = outcome(
        case.folder.parent / "project", case.folder, rows=case.expected, starts=case.starts
    )
    assert found.happened in ("stop", "ask"), found.said


def test_rows_are_named_as_a_spreadsheet_counts_them(case: Case) -> None:
    make("infinite", case)
    with taken_in(case.folder.parent / "project", case.folder) as handover:
        (fault,) = handover.intake.faults
    assert (fault.file, fault.row, fault.column) == ("stamped.csv", 9, "hours")
    assert "'1e400'" in fault.found


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_a_filled_template_comes_back_in(case: Case, clean: Clean, language: str) -> None:
    project, out = case.folder.parent / "project", case.folder.parent / "templates"
    written = write_templates(project, "stamps", folder=out, language=language)  # type: ignore[arg-type]
    assert {path.name for path in written} == {
        "dictionary.csv",
        "stamped.csv",
        "stamped.xlsx",
        "zone_starts.csv",
        "zone_starts.xlsx",
    }
    with pytest.raises(DataError, match="never written over"):
        write_templates(project, "stamps", folder=out)
    for name, table in (("stamped", clean.rows), ("zone_starts", clean.starts)):
        book = openpyxl.load_workbook(out / "excel" / f"{name}.xlsx")
        assert len(book.sheetnames) == 2
        sheet = book.worksheets[0]
        for row in table.astype(object).itertuples(index=False):
            sheet.append([None if one is pd.NA else one for one in row])
        book.save(case.folder / f"{name}.xlsx")
    _comes_through(case)


def test_an_untouched_template_is_no_data(case: Case) -> None:
    out = case.folder.parent / "templates"
    write_templates(case.folder.parent / "project", "stamps", folder=out)
    intake = check_supplied(case.folder.parent / "project", out / "csv", say=_silent)
    assert len(intake.faults) == 2
    assert "take the file out" in str(intake.faults[0])


def test_both_tables_share_the_first_month(case: Case) -> None:
    write_csv(
        case.folder / "stamped.csv",
        case.clean.rows.assign(month=calendar(case.clean.rows["month"])),
    )
    starts = case.starts.assign(first_month=calendar(case.starts["first_month"]))
    write_csv(case.folder / "zone_starts.csv", starts)
    assert list(_asked(case)) == ["stamped/first-month/month"]
