"""Office-shaped files go from the folder to pages: checked, decided, staged, run and compared."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import audit, catalog, run
from analysis.claims import Verdict
from tests.office.make import EFFECT, FOLDER, MONTHS, ZONES
from tests.office.stage import PAGES, ROOT, stage

SOURCES = ("spare-parts-declarations", "spare-parts-zones")


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    staging = tmp_path_factory.mktemp("office") / "staging"
    assert set(stage(staging, pages=("data-quality",))) == set(SOURCES)
    assert catalog.open_sources(staging, FOLDER)
    return staging


def test_the_files_are_as_offices_send_them() -> None:
    raw = (FOLDER / "spare_parts_declarations.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    text = raw.decode("gb18030")
    assert "报关单号" in text
    assert re.search("[０-９]", text)
    assert re.search(r'"\d,\d{3}"', text)
    assert "年" in text
    lines = text.splitlines()
    assert len(set(lines)) == len(lines) - 3


def test_everything_that_was_done_is_told(staged: Path) -> None:
    held = catalog.load_quality(staged)
    repaired = {one.what for one in held.lines if one.kind == "repaired"}
    assert {
        "read as GB18030",
        "lines above the header left out",
        "thousands separators taken away",
        "full-width characters made narrow",
        "names replaced by those of the closed list",
    } <= repaired
    decided = {one.what: one.times for one in held.lines if one.kind == "decided"}
    assert decided["copied"] == 3
    assert "first month" in decided
    rows = next(one for one in held.tables if one.source == "spare-parts-declarations")
    assert rows.rows_supplied - rows.rows_used == 3
    assert (rows.units, rows.times) == (len(ZONES), MONTHS)


def test_no_cell_is_told(staged: Path) -> None:
    said = json.dumps([str(one) for one in catalog.load_quality(staged).lines], ensure_ascii=False)
    assert not any(zone in said for zone in ZONES if zone != "NA")
    assert "0051" not in said


def test_what_was_planted_is_found(staged: Path) -> None:
    findings = run("spare-parts", designs=["main"], checks=False, root=staged)
    assert findings.kind == "real"
    effect = findings.headline.effects.overall
    assert effect.conf_low <= EFFECT <= effect.conf_high
    assert abs(effect.estimate - EFFECT) < 0.08


def test_all_pages_judge_claims_by_the_supplied_tables(
    root: Path, staged: Path, tmp_path: Path
) -> None:
    """What the page of a reform says, the pages on all claims say too."""
    light = tmp_path / "light"
    shutil.copytree(staged, light)
    _keep_headlines(light / "data" / "reforms" / "spare-parts.toml", {"main", "cost"})
    own = {one.claim.id: _judged(one) for one in run("spare-parts", root=light).verdicts}
    province = run("collaboration-era", designs=["trade-main"], root=light)
    found = {one.claim.id: _judged(one) for one in audit(province, root=light).verdicts}
    assert own == {claim: found[claim] for claim in own}
    before = {one.claim.id: _judged(one) for one in audit(province, root=root).verdicts}
    assert before != found


def _judged(verdict: Verdict) -> tuple[str, str]:
    return verdict.status, verdict.sentence


def _keep_headlines(path: Path, names: set[str]) -> None:
    """Leave out the other designs, and all checks of these: this is about who judges by what."""
    head, *designs = path.read_text(encoding="utf-8").split("[[designs]]\n")
    kept = [one for one in designs if one.split('"')[1] in names]
    assert len(kept) == len(names)
    text = "".join([head, *(f"[[designs]]\n{one}" for one in kept)])
    path.write_text(re.sub(r"(?s)\nchecks = \[.*?\n\]", "", text), encoding="utf-8")


def test_nothing_in_the_project_was_changed(root: Path, staged: Path) -> None:
    kinds = {catalog.load_source(staged, name).kind for name in SOURCES}
    assert kinds == {"real"}
    for name in SOURCES:
        assert catalog.load_source(root, name).kind == "simulated"
        assert len(catalog.read_table(root, name)) > 0  # after its checksum held
    assert not (root / "data" / "supplied").exists()


def _run_pages(folder: Path) -> subprocess.CompletedProcess[str]:
    options = ("-q", "-p", "no:cacheprovider", "-W", "ignore", "--nbval-lax", "--nbval-current-env")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "book", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_pages_hold_on_these_data_what_holds_on_any(staged: Path) -> None:
    """Stored outputs of tagged cells are compared; the others have to run."""
    done = _run_pages(staged)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
    page = json.loads((staged / "book" / "data-quality.ipynb").read_text(encoding="utf-8"))
    tagged = [
        cell
        for cell in page["cells"]
        if "nbval-check-output" in cell.get("metadata", {}).get("tags", [])
    ]
    assert tagged
    assert all("True" in json.dumps(cell["outputs"]) for cell in tagged)
    assert not any("False" in json.dumps(cell["outputs"]) for cell in tagged)


def test_a_statement_that_does_not_hold_fails(staged: Path, tmp_path: Path) -> None:
    """The comparison can fail: a stored statement is changed, and the page is run again."""
    again = tmp_path / "again"
    shutil.copytree(staged, again)
    page = again / "book" / "data-quality.ipynb"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("every claim has a verdict: True", "each has"), encoding="utf-8")
    assert page.read_text(encoding="utf-8") != text
    done = _run_pages(again)
    assert done.returncode == 1, done.stdout[-3000:]


def test_make_runs_every_page_that_reads_these_tables() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\noffice:")[1].split("\n\n")[0]
    assert "tests.office.stage" in recipe
    assert "--nbval-lax" in recipe
    assert re.search(r"\ntest: .*\boffice\b", (ROOT / "Makefile").read_text(encoding="utf-8"))
    for page in PAGES:
        assert (ROOT / "book" / f"{page}.ipynb").is_file()


def test_a_year_taken_away_is_noticed(root: Path, tmp_path: Path) -> None:
    from analysis.catalog.intake.take import taken_in

    for path in FOLDER.iterdir():
        shutil.copy(path, tmp_path)
    path = tmp_path / "spare_parts_declarations.csv"
    lines = path.read_bytes().decode("gb18030").splitlines(keepends=True)
    kept = [line for line in lines if not re.search(r",2021[年/][^,]*,2021/\d+/", line)]
    path.write_bytes("".join(kept).encode("gb18030"))
    with taken_in(root, tmp_path) as handover:
        asked = {doubt.rule for doubt in handover.intake.doubts}
    assert "missing-times" in asked
