"""What was seen of the built pages: all of them, without a fault, and told as stored."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from analysis import catalog
from analysis.pages import page_tables
from benchmarks.browser import lighthouse


def listed(contents: object) -> list[str]:
    """All pages that the contents name."""
    if isinstance(contents, list):
        return [name for part in contents for name in listed(part)]
    if not isinstance(contents, dict):
        return []
    own = [str(contents[key]) for key in ("root", "file") if key in contents]
    return own + [name for part in contents.values() for name in listed(part)]


#: Pages of every kind: first page, table of claims, evidence, explorer, area, reform, method.
KINDS = (
    "book/intro",
    "book/brief",
    "book/claims",
    "book/collaboration-era",
    "book/scenarios",
    "book/areas/trade",
    "book/reforms/spare-parts",
    "book/methods/staggered",
    "zh/book/intro",
    "zh/book/claims",
)


def test_every_page_of_both_editions_was_opened_and_had_no_fault(root: Path) -> None:
    seen = catalog.read_results(root, "browser_pages").set_index("page")
    names = listed(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8")))
    assert len(names) > 50
    pages = {f"{edition}{name}.html" for name in names for edition in ("", "zh/")}
    assert pages <= set(seen.index), sorted(pages - set(seen.index))
    faults = seen[["axe_violations", "foreign_requests", "complaints", "overflow_px"]]
    assert faults.sum().sum() == 0
    assert (seen["views"] == 4).all()
    assert seen["compressed_kb"].max() < 500


def test_pages_of_every_kind_were_scored_on_both_profiles(root: Path) -> None:
    given = catalog.read_results(root, "browser_lighthouse")
    seen = catalog.read_results(root, "browser_pages")
    assert {f"{name}.html" for name in KINDS} <= set(given["page"]) <= set(seen["page"])
    assert given.groupby("page")["profile"].apply(set).map({"phone", "desktop"}.__eq__).all()
    assert (given[["accessibility", "best_practices", "seo"]] == 100).all(axis=None)
    assert (given["performance"] >= given["profile"].map(lighthouse.LEAST)).all()


def test_prose_gets_the_worst_of_what_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sources.toml").write_text("", encoding="utf-8")
    pd.DataFrame(
        {
            "page": ["a.html", "b.html"],
            "views": [4, 4],
            "axe_violations": [0, 2],
            "foreign_requests": [1, 0],
            "complaints": [0, 0],
            "overflow_px": [0, 0],
            "compressed_kb": [12.5, 80.0],
        }
    ).to_csv(results / "browser_pages.csv", index=False)
    pd.DataFrame(
        {
            "page": ["a.html", "a.html", "b.html", "b.html"],
            "profile": ["phone", "desktop"] * 2,
            "performance": [97, 100, 96, 100],
            "accessibility": [100, 100, 100, 99],
            "best_practices": [100] * 4,
            "seo": [100] * 4,
        }
    ).to_csv(results / "browser_lighthouse.csv", index=False)
    said: dict[str, str] = {}
    monkeypatch.setattr(page_tables, "say", said.__setitem__)
    page_tables.glue_pages(root=tmp_path)
    assert said == {
        "pages": "2",
        "views": "8",
        "violations": "2",
        "requests": "1",
        "heaviest": "80.0 kB",
        "scored": "2",
        "phone": "96",
        "desktop": "99",
    }
    assert "b.html" in page_tables.pages(root=tmp_path).html
    shown = page_tables.scores(root=tmp_path).plain.splitlines()
    assert [line.split(" | ") for line in shown if ".html" in line] == [
        ["a.html", "97", "100", "100", "100", "100"],
        ["b.html", "96", "100", "99", "100", "100"],
    ]
