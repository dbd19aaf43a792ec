"""Secrets planted in supplied files, and scripts in labels: none is found, none runs.

The whole measurement is `python -m benchmarks.confidential`; these are its smaller sisters.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
import os
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analysis.browser import find_browser
from benchmarks.confidential import browsing, office, payloads
from benchmarks.confidential.scan import Secret, scan

SIZE = office.Size(zones=15, times=12, firms=40, records=40)
NO_BROWSER = pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")

NAME = Secret(kind="firm", text="Q7XK2M9PW4ZT")
VALUE = Secret(kind="value", text="81234.5678", number=81234.5678)


def report(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analysis", "report", *words],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
    )


@pytest.fixture(scope="module")
def supplied(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a project with an office's files beside it, full of secrets."""
    project = tmp_path_factory.mktemp("office")
    office.make_project(root, project)
    yield project
    shutil.rmtree(project, ignore_errors=True)


def test_no_planted_secret_is_in_the_folder(supplied: Path) -> None:
    secrets = office.supply(supplied / "mine", count=200, size=SIZE, seed=5)
    done = report(supplied, "--data", "mine")
    assert done.returncode == 0, done.stderr
    told = [line.strip() for line in done.stdout.splitlines()]
    assert [line.split(":")[0] for line in told if "design" in line] == [
        "design 1 of 2",
        "design 2 of 2",
        "disclosure control of design 1 of 2",
        "disclosure control of design 2 of 2",
    ]
    folder = supplied / "_build" / "data-report"
    assert scan(folder, secrets) == []
    assert not list((supplied / "_build").glob("staging-*"))
    assert not (supplied / "_build" / "finished").exists()
    assert {path.name for path in folder.iterdir()} >= {
        "effects.csv",
        "effects.parquet",
        "provenance.json",
        "records.csv",
        "report",
        "withheld.csv",
    }
    effects = pd.read_csv(folder / "effects.csv")
    again = pd.read_parquet(folder / "effects.parquet")
    assert set(effects["design"]) == set(again["design"]) == {"main", "path"}
    assert effects["estimate"].notna().any()
    withheld = pd.read_csv(folder / "withheld.csv")
    assert len(withheld) > 0, "zones of one firm are among the supplied rows"
    stamp = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert stamp["inputs"]["simulated/express_declarations.csv"]["disclosure control"] is True
    assert stamp["seeds"] == {"express-lane": {"main": 7, "path": 7}}
    assert stamp["rules"]["firms"] == 10


# ---------------------------------------------------------------- the scanner finds what is there


@pytest.mark.parametrize(
    "content",
    [
        f"firm {NAME.text} and others".encode(),
        NAME.text.lower().encode(),
        b"Q7XK-2M9P-W4ZT",
        gzip.compress(NAME.text.encode(), mtime=0),
        base64.b64encode(b"0123456789 data uri " + NAME.text.encode() + b" 0123456789"),
        "".join(f"\\u{ord(c):04x}" for c in NAME.text).encode(),
        urllib.parse.quote("".join(f"%{ord(c):02X}" for c in NAME.text), safe="%").encode(),
        "".join(f"&#{ord(c)};" for c in NAME.text).encode(),
        f"before {NAME.text}".encode("utf-16"),
        b"at 81,234.57 hours",
        b"D000000001,7,F000123,81234.5678",
        b"[12,81234.5678,13]",
        b"8.12346e+04",
        b"log 11.305096",
        b"81234.5678",
        html.escape("<b>81234.568</b>").encode(),
    ],
)
def test_the_scanner_finds_secrets_in_every_disguise(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.html").write_bytes(
        b"before " + content if content[:1] not in (b"\x1f", b"\xff") else content
    )
    assert len(scan(tmp_path, [NAME, VALUE])) == 1


def test_the_scanner_looks_into_tables_and_names_of_files(tmp_path: Path) -> None:
    pd.DataFrame({"x": [NAME.text]}).to_parquet(tmp_path / "effects.parquet")
    (tmp_path / f"{NAME.text}.svg").write_text("", encoding="utf-8")
    assert len(scan(tmp_path, [NAME, VALUE])) == 2


def test_the_scanner_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("Q7XK2M9PW4 81234 812345678 11.3", encoding="utf-8")
    assert scan(tmp_path, [NAME, VALUE]) == []


# ---------------------------------------------------------------- scripts in labels


@NO_BROWSER
def test_payloads_run_on_a_page_without_protection(tmp_path: Path) -> None:
    """The counter counts: most payloads run where labels are written as they stand."""
    raw = "".join(
        f"<!DOCTYPE html><html><body><main><article>{label}</article></main></body></html>\0"
        for label in payloads.labels()
    )
    for number, page in enumerate(raw.split("\0")[:-1]):
        (tmp_path / f"{number}.html").write_text(page, encoding="utf-8")
    ran = {name for seen in browsing.browse(tmp_path) for name in seen.ran}
    assert len(ran) >= 15


@NO_BROWSER
def test_no_payload_runs_in_the_report(root: Path, tmp_path: Path) -> None:
    office.make_project(root, tmp_path, cells=payloads.CHANNELS)
    payloads.poison_declaration(tmp_path / "data" / "reforms" / "express-lane.toml")
    rows = office.draw(SIZE, seed=3)
    starts = office.starts_of(rows)
    poisoned, names = payloads.poison(rows, column="zone")
    mine = tmp_path / "mine"
    mine.mkdir()
    poisoned.to_csv(mine / office.ROWS, index=False, lineterminator="\n")
    named = starts.assign(zone=starts["zone"].map(names))
    named.to_csv(mine / office.STARTS, index=False, lineterminator="\n")
    done = report(tmp_path, "--data", "mine")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "_build" / "data-report" / "report"
    seen = browsing.browse(folder, searches=payloads.labels()[:3])
    assert [one for one in seen if one.ran] == []
    assert len(seen) > 5
    text = (folder / "book" / "page.html").read_text(encoding="utf-8")
    assert "fired(0)" in html.unescape(text), "the labels are there, as text"


# ---------------------------------------------------------------- what is stored and shown


STORED = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "confidential.csv"
MEASURED = pytest.mark.skipif(
    not STORED.is_file(), reason="not measured yet: python -m benchmarks.confidential all"
)


@MEASURED
@pytest.mark.parametrize(
    ("tried", "least", "most_found"),
    [
        ("secrets planted in supplied files", 1_000, 0),
        ("script payloads in labels, opened in headless Chromium", 30, 0),
        ("kill -9 during a run", 20, 0),
        ("supplied rows checked", 50_000_000, 8),
        ("supplied rows reported", 50_000_000, 8),
    ],
)
def test_the_stored_table_shows_what_is_promised(
    root: Path, tried: str, least: int, most_found: int
) -> None:
    stored = pd.read_csv(root / "benchmarks" / "results" / "confidential.csv").set_index("tried")
    if tried not in stored.index:
        pytest.skip(f"not measured yet: {tried}")
    assert stored.loc[tried, "number"] >= least
    assert stored.loc[tried, "found"] <= most_found


@MEASURED
def test_the_counters_of_the_stored_table_can_count(root: Path) -> None:
    stored = pd.read_csv(root / "benchmarks" / "results" / "confidential.csv").set_index("tried")
    scanned = stored.loc["the same secrets in the supplied files themselves (the scanner sees)"]
    assert scanned["found"] == scanned["number"]
    ran = stored.loc["the same payloads on bare pages (the counter counts)"]
    assert ran["found"] >= 15
    kills = pd.read_csv(root / "benchmarks" / "results" / "confidential_kills.csv")
    assert kills["intact"].all()
    assert kills["moment"].str.contains("publishing began").sum() >= 5
    assert (kills["taken_over"] > 0).any()
