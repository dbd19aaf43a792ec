"""One style sheet for all pages: the order of rules is kept, and nothing goes that is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PAGE = """<html><head>
<link href="{up}_static/styles/theme.css?digest=1" rel="stylesheet"/>
<link href="{up}_static/own.css?v=2" rel="stylesheet" type="text/css"/>
<link href="{up}_static/icon.svg" rel="icon"/></head>
<body class="page wide"><p id="first">words</p></body></html>"""
THEME = """@charset "utf-8";
/*! Licence of the theme */
/* a remark */
@import "../basic.css";
.page > p, .absent p { color: red }
.absent { color: blue }
p:not(.absent) { color: green }
#first { margin: 0 }
#other { margin: 1px }
.made-by-script { top: 0 }
@media print { .absent { top: 1px } }
@media print { .absent { top: 2px } .wide { top: 3px } }
@font-face { font-family: here; src: url(../fonts/here.woff) }
@font-face { font-family: gone; src: url("../fonts/gone.woff") }
@keyframes turn { to { top: 0 } }
.wide { background: url(data:image/svg+xml;charset=utf-8,%3Csvg/%3E) }
"""


@pytest.fixture
def styles(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    import styles

    module: ModuleType = styles
    yield module
    del sys.modules["styles"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for name, text in {
        "_static/styles/theme.css": THEME,
        "_static/basic.css": ".page { left: 0; background: url(dot.png) }",
        "_static/own.css": ".page { left: 1px }",
        "_static/print.css": ".absent { left: 2px }",
        "_static/theme.js": 'node.classList.add("made-by-script")',
        "searchindex.js": "Search.setIndex({other: 1})",
        "_static/fonts/here.woff": "",
        "index.html": PAGE.format(up=""),
        "book/page.html": PAGE.format(up="../"),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_rules_that_no_page_can_use_are_left_out(styles: ModuleType, out: Path) -> None:
    styles.gather(out)
    kept = (out / styles.GATHERED).read_text(encoding="utf-8")
    for gone in ("blue", "#other", "top: 1px", "top: 2px", "gone.woff", "@charset", "a remark"):
        assert gone not in kept, gone
    for stays in ("red", "green", "margin: 0", "made-by-script", "top: 3px", "turn", "data:image"):
        assert stays in kept, stays
    assert ".absent p" not in kept
    assert "/*! Licence of the theme */" in kept


def test_what_overrides_what_stays_the_same(styles: ModuleType, out: Path) -> None:
    styles.gather(out)
    kept = (out / styles.GATHERED).read_text(encoding="utf-8")
    imported, first, last = (kept.index(one) for one in ("left: 0", "red", "left: 1px"))
    assert imported < first < last


def test_addresses_lead_where_they_led(styles: ModuleType, out: Path) -> None:
    styles.gather(out)
    kept = (out / styles.GATHERED).read_text(encoding="utf-8")
    assert 'url("fonts/here.woff")' in kept
    assert 'url("dot.png")' in kept


def test_pages_ask_for_the_one_sheet_and_paper_keeps_its_own(styles: ModuleType, out: Path) -> None:
    styles.gather(out)
    assert sorted(path.name for path in out.rglob("*.css")) == ["print.css", "report.css"]
    for page, up in ((out / "index.html", ""), (out / "book" / "page.html", "../")):
        text = page.read_text(encoding="utf-8")
        assert text.count('rel="stylesheet"') == 1
        assert f'href="{up}_static/report.css?v=' in text
        assert f'href="{up}_static/icon.svg" rel="icon"' in text


def test_the_same_pages_give_the_same_sheet(styles: ModuleType, out: Path) -> None:
    styles.gather(out)
    once = (out / styles.GATHERED).read_bytes()
    styles.gather(out)
    assert (out / styles.GATHERED).read_bytes() == once


def test_pages_without_sheets_are_left_as_they_are(styles: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "404.html"
    page.write_text("<html><body>lost</body></html>", encoding="utf-8")
    styles.gather(tmp_path)
    assert page.read_text(encoding="utf-8") == "<html><body>lost</body></html>"
    assert not (tmp_path / "_static").exists()
