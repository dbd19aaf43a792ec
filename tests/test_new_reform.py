"""A reform of another country: from two files to a judged page, without a line of Python."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from analysis import catalog
from analysis.__main__ import main
from analysis.errors import DeclarationError
from analysis.notebooks import execute
from analysis.study import run

TOC = """format: jb-book
root: book/intro
chapters:
  - file: book/areas/trade
    sections:
      - file: book/reforms/older
  - file: book/areas/business
"""

#: Days from arrival to release at five border posts, two of which join a single window in 2019.
#: Two-way difference by hand: treated fall from 8 and 6 to 5 and 3, the others rise by one.
DAYS = {
    "North": [8, 8, 8, 5, 5, 5],
    "South": [6, 6, 6, 3, 3, 3],
    "East": [4, 4, 4, 5, 5, 5],
    "West": [5, 5, 5, 6, 6, 6],
    "Lake": [7, 7, 7, 8, 8, 8],
}

SOURCE = """
[[source]]
id = "border-days"
file = "published/border_days.csv"
title = "Days to release at five border posts"
producer = "A customs administration"
address = "https://www.example.org/times"
licence = "CC BY 4.0"
accessed = "2026"
sha256 = "{sha256}"
kind = "published"
key = ["post", "year"]

[source.columns.post]
type = "text"
unit = "none"
description = "Border post"

[source.columns.year]
type = "whole"
unit = "year"
description = "Calendar year"

[source.columns.days]
type = "number"
unit = "days"
description = "Mean time from arrival to release"
minimum = 0
"""

DECLARED = """
[[outcomes]]
id = "release-days"
source = "border-days"
column = "days"
unit_column = "post"
time_column = "year"
label = "Release time"
unit = "days"

[[designs]]
id = "main"
title = "Posts with the window against posts without"
label = "All posts"
role = "headline"
estimand = "ATT overall on release time in days"
outcome = "release-days"
window = { first = 2016, last = 2021 }
cohorts = { North = 2019, South = 2019 }
estimator = "difference_in_differences"
seed = 1

[[claims]]
id = "W001"
statement = "The single window saves four days."
kind = "effect"
area = "trade"
value = -4
unit = "days"
period = "2019 to 2021"
actor = "The customs administration"
source = "sichuan-commerce-2024"
missing = ["uncertainty"]
would_settle = "Time stamps of declarations at posts with and without the window, before and after."

[claims.grade]
scale = 3
reason = "A comparison of posts before and after"

[claims.test]
study = "single-window"
outcome = "release-days"
level = "province and year"
scale = "level"
"""


@pytest.fixture
def project(small_project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    made = small_project("1 + 1")
    (made / "_toc.yml").write_text(TOC, encoding="utf-8")
    monkeypatch.chdir(made)
    return made


def _declare(project: Path) -> None:
    rows = [
        f"{post},{2016 + step},{days}"
        for post, series in DAYS.items()
        for step, days in enumerate(series)
    ]
    raw = ("post,year,days\n" + "\n".join(rows) + "\n").encode()
    (project / "data" / "published" / "border_days.csv").write_bytes(raw)
    with (project / "data" / "sources.toml").open("a", encoding="utf-8") as file:
        file.write(SOURCE.format(sha256=hashlib.sha256(raw).hexdigest()))
    with (project / "data" / "reforms" / "single-window.toml").open("a", encoding="utf-8") as file:
        file.write(DECLARED)


def test_new_writes_both_files_and_lists_the_page(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "single-window", "--title", "A single window", "--area", "trade"]) == 0
    told = capsys.readouterr().out
    assert "written: data/reforms/single-window.toml" in told
    assert "written: book/reforms/single-window.ipynb" in told
    toc = (project / "_toc.yml").read_text(encoding="utf-8").splitlines()
    older = toc.index("      - file: book/reforms/older")
    assert toc[older + 1] == "      - file: book/reforms/single-window"
    assert toc[older + 2] == "  - file: book/areas/business"
    page = nbformat.read(project / "book" / "reforms" / "single-window.ipynb", as_version=4)
    assert page.cells[0].source.startswith("# A single window\n")
    assert catalog.check_project(project).reforms == 1


def test_first_page_of_an_area_opens_its_sections(project: Path) -> None:
    catalog.new_reform(project, "one-stop", title="One stop", area="business")
    toc = (project / "_toc.yml").read_text(encoding="utf-8")
    assert toc.endswith(
        "  - file: book/areas/business\n    sections:\n      - file: book/reforms/one-stop\n"
    )


def test_nothing_is_overwritten_and_every_fault_is_named(project: Path) -> None:
    catalog.new_reform(project, "single-window", title="A single window", area="trade")
    page = project / "book" / "reforms" / "single-window.ipynb"
    before = page.read_bytes()
    with pytest.raises(DeclarationError) as caught:
        catalog.new_reform(project, "single-window", title="Another", area="nowhere")
    assert [fault.file for fault in caught.value.faults] == [
        None,
        "data/reforms/single-window.toml",
        "book/reforms/single-window.ipynb",
    ]
    assert page.read_bytes() == before


@pytest.mark.parametrize("name", ["", "Single", "../up", "a b", "-a", "a--b", "a.toml"])
def test_names_that_are_no_ids_are_refused(project: Path, name: str) -> None:
    with pytest.raises(DeclarationError, match="an id of small letters"):
        catalog.new_reform(project, name, title="Title", area="trade")
    assert list((project / "data" / "reforms").iterdir()) == []


@pytest.mark.parametrize("title", ["", " ", 'say "so"', "two\nlines", "a $price"])
def test_titles_that_would_break_a_file_are_refused(project: Path, title: str) -> None:
    with pytest.raises(DeclarationError, match="a title in one line"):
        catalog.new_reform(project, "single-window", title=title, area="trade")


def test_a_declared_study_is_estimated_and_judged(project: Path) -> None:
    catalog.new_reform(project, "single-window", title="A single window", area="trade")
    _declare(project)
    catalog.check_project(project)
    findings = run("single-window", root=project)
    assert findings.kind == "published"
    # Treated fall by 3 days, the others rise by 1: minus 4.
    assert findings.headline.effects.overall.estimate == pytest.approx(-4.0)
    assert [verdict.claim.id for verdict in findings.verdicts] == ["W001"]
    assert findings.verdicts[0].status in ("supported", "undecided")


@pytest.mark.slow
def test_the_page_runs_as_it_was_written(project: Path) -> None:
    catalog.new_reform(project, "single-window", title="A single window", area="trade")
    _declare(project)
    page = project / "book" / "reforms" / "single-window.ipynb"
    execute([page], say=lambda _: None)
    cells = nbformat.read(page, as_version=4).cells
    glued = {
        output.metadata["scrapbook"]["name"]: str(output.data)
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "scrapbook" in output.metadata
    }
    assert "The one statement on this reform is" in glued["finding"]
    assert "\N{MINUS SIGN}4" in glued["estimates"]
    assert "published figures" in glued["rests"]
