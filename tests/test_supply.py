"""The pure half of the way in: headings, answers, calendars and the proposal of decisions."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest

from analysis.declarations import declare
from analysis.declarations.office import Decisions, Office
from analysis.declarations.parse import parse_toml
from analysis.errors import DeclarationError
from analysis.supply.doubts import Answer, Ask, Doubt, Held
from analysis.supply.headers import Headings, plain
from analysis.supply.intake import proposal
from analysis.supply.moments import calendar_name, calendar_number
from analysis.supply.rules_names import totals
from analysis.supply.settle import Settling
from tests.hostile.project import make_project


@pytest.fixture(scope="module")
def headings(tmp_path_factory: pytest.TempPathFactory) -> Headings:
    from analysis.catalog import load_source
    from analysis.catalog.office import load_office

    project = make_project(tmp_path_factory.mktemp("supply") / "project")
    return Headings(load_source(project, "stamped"), load_office(project))


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("hours", "hours"),
        (" Hours ", "hours"),
        ("ＨＯＵＲＳ", "hours"),
        ("release time", "hours"),
        ("Release_Time", "hours"),
        ("通关时间（小时）", "hours"),
        ("通关时间(小时)", "hours"),
        ("通关时间", "hours"),
        ("通关时间（分钟）", "hours"),
        ("报关单号", "declaration"),
        ("放行时间", "released"),
        ("出区时间", "gate_out"),
        ("hour", None),
        ("通关", None),
        ("", None),
    ],
)
def test_headings_mean_one_column_or_none(
    headings: Headings, heading: str, column: str | None
) -> None:
    match = headings.match(heading)
    assert (match.name if match else None) == column


def test_unit_in_brackets_is_told(headings: Headings) -> None:
    match = headings.match("通关时间（分钟）")
    assert match is not None
    assert match.unit == "分钟"


def test_hours_may_be_computed_from_two_moments(headings: Headings) -> None:
    without = {"declaration", "zone", "firm", "month", "items"}
    assert headings.lacking(without) == ("hours",)
    assert headings.lacking(without | {"arrived", "released"}) == ()
    assert headings.lacking({*without, "arrived", "released"} - {"month"}) == ()


def test_every_heading_of_the_project_means_one_thing(root: Path) -> None:
    held = tomllib.loads((root / "data" / "office.toml").read_text(encoding="utf-8"))
    words: dict[str, str] = {}
    for kind in ("columns", "moments"):
        for name, one in held[kind].items():
            for word in (name, one["chinese"], *one.get("also", [])):
                other = words.setdefault(plain(word), name)
                assert other == name, f"{word} means {other} and {name}"


def test_office_refuses_moments_that_are_not_declared() -> None:
    content = {"columns": {"hours": {"chinese": "x", "between": ["a", "b"]}}}
    with pytest.raises(DeclarationError, match="moments that are declared"):
        declare(Office, content, file="office.toml")


@pytest.mark.parametrize(
    ("number", "unit", "name"),
    [
        (2021 * 12, "month", "2021-01"),
        (2021 * 12 + 11, "month", "2021-12"),
        (1999 * 4 + 3, "quarter", "1999-Q4"),
    ],
)
def test_calendar_names_go_there_and_back(number: int, unit: str, name: str) -> None:
    assert calendar_name(number, unit=unit) == name
    assert calendar_number(name, unit=unit) == number


@pytest.mark.parametrize("name", ["2021-13", "2021-0", "21-01", "2021", "", "x-1", "2021-01-01"])
def test_what_is_no_month_is_none(name: str) -> None:
    assert calendar_number(name, unit="month") is None


def _doubt(rows: int = 3) -> Doubt:
    return Doubt(
        rule="copied",
        source="t",
        file='a"b\n.csv',
        column="c",
        rows=rows,
        seen="<script>\n[[decision]]\nanswer = 1",
        answers=(Answer(id="keep one", says="once", sql=("DELETE",)), Answer(id="keep", says="x")),
    )


def _settled(text: str, rows: int = 3) -> tuple[Settling, list[str]]:
    decisions = declare(Decisions, parse_toml(text, file="d"), file="d", text=text)
    settling, ran = Settling(decisions=decisions, file="d"), list[str]()
    settling.settle(_doubt(rows), ran.append)
    return settling, ran


DECIDED = '[[decision]]\ndoubt = "t/copied/c"\nanswer = "{}"\nrows = 3\n'


def test_a_decision_is_applied() -> None:
    settling, ran = _settled(DECIDED.format("keep one"))
    assert ran == ["DELETE"]
    assert not settling.open
    assert not settling.faults


def test_a_decision_for_other_rows_is_asked_again() -> None:
    settling, ran = _settled(DECIDED.format("keep one"), rows=4)
    assert ran == []
    assert len(settling.open) == 1


def test_an_unknown_answer_is_a_fault_that_names_the_answers() -> None:
    settling, ran = _settled(DECIDED.format("all"))
    assert ran == []
    assert "'keep one' or 'keep'" in str(settling.faults[0])


def test_without_a_decision_nothing_is_done() -> None:
    settling, ran = _settled("")
    assert (ran, len(settling.open)) == ([], 1)


def test_a_proposal_decides_nothing_and_cannot_be_broken_out_of() -> None:
    text = proposal([_doubt()])
    assert tomllib.loads(text) == {}
    chosen = "\n".join(
        line.removeprefix("# ")
        for line in text.splitlines()
        if line.startswith(("# [[decision]]", "# doubt =", "# answer =", "# rows ="))
    )
    assert tomllib.loads(chosen)["decision"] == [
        {"doubt": "t/copied/c", "answer": "keep one", "rows": 3}
    ]


@pytest.mark.parametrize("text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000])
def test_deep_or_endless_toml_is_a_fault(text: str) -> None:
    with pytest.raises(DeclarationError):
        parse_toml(text, file="x.toml")


@pytest.mark.parametrize(("kind", "cells", "found"), [
    ("whole", "(1), (NULL)", 0),
    ("text", "('Tianfu'), ('合 计'), ('TOTAL ')", 2),
])  # fmt: skip
def test_totals_are_looked_for_in_tables_of_any_columns(kind: str, cells: str, found: int) -> None:
    """A table may hold no column of names at all: then there is nowhere else to look."""
    column = SimpleNamespace(type=kind, role=None, allowed=())
    asked: list[int] = []

    def count(_: object, where: str) -> tuple[int, tuple[int, ...]]:
        sql = f"SELECT count(*) FROM (VALUES {cells}) AS held(hub) WHERE {where}"
        asked.extend(*duckdb.sql(sql).fetchall())
        return 0, ()

    held = SimpleNamespace(
        use=SimpleNamespace(unit="hub"),
        source=SimpleNamespace(columns={"hub": column}),
        found=count,
    )
    assert list(totals(cast(Ask, None), cast(Held, held))) == []
    assert asked == [found]
