"""Every claim has a verdict and can be reached: from the audit, its reform and its area."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from analysis import catalog
from analysis.claims import STATUSES

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
#: Chapters of their own, not below book/reforms.
CHAPTERS = ("collaboration-era", "pilot-zones")
REFORMS = tuple(name for name in catalog.list_reforms(ROOT) if name not in CHAPTERS)
HEADINGS = [
    "The reform",
    "The claim",
    "Data",
    "Design",
    "Result",
    "Checks",
    "Verdict",
    "What we cannot see",
]


def notebook(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def outputs(path: Path) -> str:
    """Give all stored text of a page."""
    return "\n\n".join(
        str(output.get("data", {}).get("text/plain", ""))
        for cell in notebook(path).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


def table(path: Path, caption: str) -> dict[str, list[str]]:
    """Give a stored table by the first cell of its rows."""
    text = outputs(path)
    body = text[text.index(caption) :].split("\n\n")[0].splitlines()[2:]
    cells = [line.split(" | ") for line in body if " | " in line]
    return {row[0]: row for row in cells}


def files(part: Any) -> list[str]:
    """Give every file below a part of the table of contents."""
    below = [*part.get("chapters", []), *part.get("sections", [])]
    own = [part["file"]] if "file" in part else []
    return own + [name for one in below for name in files(one)]


@pytest.fixture(scope="module")
def toc() -> Any:
    return yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))


def test_all_claims_are_reachable_from_the_synthesis() -> None:
    claims = {claim.id: claim.statement for claim in catalog.list_claims(ROOT)}
    assert len(claims) == 43
    text = outputs(BOOK / "claims.ipynb")
    for name, statement in claims.items():
        line = next(line for line in text.splitlines() if line.startswith(f"{name} | "))
        assert statement in line
        assert any(f" | {status} | " in line for status in STATUSES), name


@pytest.mark.parametrize("name", REFORMS)
def test_every_claim_has_its_verdict_on_the_page_of_its_reform(name: str) -> None:
    path = BOOK / "reforms" / f"{name}.ipynb"
    stored = table(path, "Claims on this reform")
    declared = {claim.id: claim for claim in catalog.load_study(ROOT, name).claims}
    assert set(stored) >= set(declared) != set()
    for claim_id, claim in declared.items():
        assert stored[claim_id][1] == claim.statement
        assert stored[claim_id][3] in STATUSES
    audited = outputs(BOOK / "claims.ipynb")
    for claim_id in declared:
        line = next(one for one in audited.splitlines() if one.startswith(f"{claim_id} | "))
        assert f" | {stored[claim_id][3]} | " in line, "the audit says something else"


@pytest.mark.parametrize("name", REFORMS)
def test_no_verdict_that_decides_rests_on_simulated_data(name: str) -> None:
    path = BOOK / "reforms" / f"{name}.ipynb"
    text = outputs(path)
    if "Simulated data" in text:
        found = {row[3] for row in table(path, "Claims on this reform").values()}
        assert found <= {"untested", "not testable"}


@pytest.mark.parametrize("name", REFORMS)
def test_pages_of_reforms_have_the_fixed_headings(name: str) -> None:
    cells = notebook(BOOK / "reforms" / f"{name}.ipynb").cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert re.findall(r"^## (.+)$", prose, flags=re.MULTILINE) == HEADINGS
    title = catalog.load_reform(ROOT, name).title
    assert cells[0].source.startswith(f"# {title}\n\n**{{glue:text}}`{name}.ipynb::finding:s`**")


@pytest.mark.parametrize("name", REFORMS)
def test_pages_run_their_own_study(name: str) -> None:
    cells = notebook(BOOK / "reforms" / f"{name}.ipynb").cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    ran = [
        node.args[0].value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "run"
        and isinstance(node.args[0], ast.Constant)
    ]
    assert ran == [name]


@pytest.mark.parametrize("name", REFORMS)
def test_pages_of_simulated_designs_show_what_is_needed_planted_and_found(name: str) -> None:
    truth = catalog.load_study(ROOT, name).truth
    path = BOOK / "reforms" / f"{name}.ipynb"
    text = outputs(path)
    if truth is None:
        assert "Simulated data" not in text
        return
    assert "Data needed: the columns of every file, with an example" in text
    for column in (*truth.names(), *truth.start_names()):
        assert f" | {column} | " in text, column
    assert "Planted and recovered: ATT overall, by design [Simulated data]" in text
    assert "Over the estimates a dashed line, the planted path" in text, "a picture"
    assert "The declared truth [Simulated data]" in text


def test_every_reform_without_a_design_has_no_outcome_to_measure() -> None:
    """Milestones without an outcome stay open; no design is invented for them."""
    bare = {name for name in REFORMS if not catalog.load_study(ROOT, name).designs}
    assert bare == {"action-plan", "computing-and-data", "rules-benchmarking"}
    for name in bare:
        kinds = {claim.kind for claim in catalog.load_study(ROOT, name).claims}
        assert kinds == {"milestone"}


def test_every_reform_stands_in_the_contents_below_its_area(toc: Any) -> None:
    areas = {area.id for area in catalog.load_vocabulary(ROOT).areas}
    chapters = [one for part in toc["parts"] for one in part["chapters"]]
    held = {
        Path(one["file"]).name: [Path(name).name for name in files(one)[1:]]
        for one in chapters
        if one["file"].startswith("book/areas/")
    }
    assert set(held) == areas | {"overview"}
    for name in REFORMS:
        assert name in held[catalog.load_reform(ROOT, name).area], name
    everything = [name for part in toc["parts"] for name in files(part)]
    assert {f"book/{name}" for name in CHAPTERS} <= set(everything)
    assert len(set(everything)) == len(everything)


def test_area_pages_open_with_what_is_known() -> None:
    for area in catalog.load_vocabulary(ROOT).areas:
        text = (BOOK / "areas" / f"{area.id}.md").read_text(encoding="utf-8")
        title, first = text.split("\n\n")[:2]
        assert title == f"# {area.title}"
        assert first.startswith("**")
        assert f"{{glue:text}}`overview.ipynb::{area.id}:s`" in first
        assert not re.search(r"\d", re.sub(r"`[^`]*`|\([^)]*\)|\b20\d\d\b", "", text)), area.id


def test_stored_counts_by_area_are_those_of_the_audit() -> None:
    stored = table(BOOK / "areas" / "overview.ipynb", "Statements by area and verdict")
    assert sum(int(row[1]) for row in stored.values()) == 43
    audited = [line.split(" | ") for line in outputs(BOOK / "claims.ipynb").splitlines()]
    rows = [row for row in audited if re.fullmatch(r"S\d{3}", row[0])]
    for area, row in stored.items():
        own = [one for one in rows if area in one]
        assert len(own) == int(row[1]) == sum(map(int, row[2:])), area
