"""The built report: offline, whole, without leftovers, readable by everybody."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from analysis.browser import browser, find_browser
from analysis.report import build_report

PAGES = {"intro", "claims", "collaboration-era", "pilot-zones", "methods", "data", "glossary"}
LARGEST_BOOK = 12_000_000
LARGEST_EDITION = 7_000_000
LARGEST_DRAWING = 160_000


MARKS = {"en": "Simulated data", "zh-CN": "模拟数据"}
FOOTS = {
    "en": r"Version \d+\.\d+\.\d+ · data read in \d{4}, fingerprint [0-9a-f]{8}",
    "zh-CN": r"版本 \d+\.\d+\.\d+ · 数据读取于 \d{4}，校验码 [0-9a-f]{8}",
}


def language(path: Path) -> str:
    """Say the language of a page by the folder it lies in."""
    return "zh-CN" if "zh" in path.parts else "en"


@pytest.fixture(scope="module")
def html(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the whole report, built once for this file."""
    out = tmp_path_factory.mktemp("report") / "html"
    build_report(root, supplied=None, out=out, say=print)
    return out


@pytest.fixture(scope="module")
def pages(html: Path) -> dict[Path, BeautifulSoup]:
    return {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(html.rglob("*.html"))
    }


def _loaded(soup: BeautifulSoup) -> Iterator[str]:
    """Give the addresses of everything that a browser fetches by itself; empty ones ask nobody."""
    for tag, attribute in (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")):
        yield from (str(one[attribute]) for one in soup.find_all(tag, **{attribute: True}))
    for link in soup.find_all("link", href=lambda address: address and address != "data:,"):
        if not {"next", "prev", "index", "search", "canonical", "alternate"} & set(
            link.get("rel", [])
        ):
            yield str(link["href"])


def test_every_page_is_there(html: Path) -> None:
    assert {path.stem for path in (html / "book").glob("*.html")} >= PAGES
    assert (html / "index.html").is_file()
    assert (html / "searchindex.js").is_file()


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        foreign = [a for a in _loaded(soup) if urlsplit(a).scheme or a.startswith("//")]
        assert foreign == [], path.name


def test_style_sheets_and_drawings_load_nothing_from_elsewhere(html: Path) -> None:
    for path in [*html.rglob("*.css"), *html.rglob("*.svg")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(url\(['\"]?|@import ['\"]?|href=['\"])(https?:)?//", text), path


def test_no_outputs_leak_beside_the_pages(html: Path) -> None:
    assert not (html / "reports").exists()
    assert not (html / "_sources").exists()
    assert not list(html.rglob("*.ipynb"))
    assert not list(html.rglob("*.map"))


def test_no_glue_and_no_role_is_left_over(pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        text = soup.body.get_text() if soup.body else ""
        assert not re.search(r"\{(glue|numref|cite|term|ref)[:a-z]*\}|\.ipynb::", text), path.name
        assert not soup.select(".pasted-text:empty"), path.name
        assert "Traceback (most recent call last)" not in text, path.name


def test_internal_links_lead_somewhere(html: Path, pages: dict[Path, BeautifulSoup]) -> None:
    anchors = {p: {str(t["id"]) for t in s.find_all(id=True)} for p, s in pages.items()}
    for path, soup in pages.items():
        for link in soup.find_all("a", href=True):
            address = urlsplit(str(link["href"]))
            if address.scheme or address.netloc or link["href"] == "#":
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            assert target.is_file(), f"{path.name}: {link['href']}"
            if address.fragment and target in anchors:
                assert unquote(address.fragment) in anchors[target], f"{path.name}: {link['href']}"


def test_every_loaded_file_is_there(html: Path, pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        for address in _loaded(soup):
            if not address.startswith("data:"):
                assert (path.parent / unquote(urlsplit(address).path)).is_file(), address


def test_every_font_of_a_style_is_there(html: Path) -> None:
    fonts = 0
    for path in html.rglob("*.css"):
        for face in re.findall(r"@font-face\s*\{[^}]*\}", path.read_text(encoding="utf-8")):
            addresses = re.findall(r'url\("([^"]+)"\)', face)
            assert any((path.parent / unquote(one)).is_file() for one in addresses), face
            fonts += 1
    assert fonts > 0


def test_pages_have_a_title_a_language_and_one_heading(pages: dict[Path, BeautifulSoup]) -> None:
    titles = []
    for path, soup in pages.items():
        assert soup.html is not None
        assert soup.html.get("lang") == language(path), path.name
        assert soup.title is not None
        titles.append(soup.title.get_text(strip=True))
        assert len(soup.select("main article h1, body > main > h1, #search-documentation")) <= 1
    assert all(titles)


def test_figures_have_number_caption_label_and_alternative_text(
    pages: dict[Path, BeautifulSoup],
) -> None:
    for path, soup in pages.items():
        for image in soup.select("article img"):
            alt = str(image.get("alt", ""))
            assert len(alt) > 20, f"{path.name}: {image.get('src')}"
            assert not re.search(r"\.(png|svg|jpe?g)$|_build|/", alt), alt
            figure = image.find_parent("figure")
            assert figure is not None, path.name
            assert figure.get("id"), path.name
            assert figure.select_one("figcaption .caption-number") is not None, path.name


def test_figures_can_be_taken_along_with_their_numbers(
    pages: dict[Path, BeautifulSoup],
) -> None:
    found = 0
    for path, soup in pages.items():
        for figure in soup.select("article figure:has(img)"):
            files = {
                str(a["download"]): path.parent / a["href"] for a in figure.select("a[download]")
            }
            name = str(figure["id"])
            assert {Path(file).suffix for file in files} == {".svg", ".csv"}, f"{path.name}: {name}"
            assert all(file.startswith(name) for file in files), name
            simulated = MARKS[language(path)] in figure.select_one("figcaption").get_text()  # type: ignore[union-attr]
            assert all(("-simulated." in file) == simulated for file in files), name
            (table,) = (file for file in files.values() if file.suffix == ".csv")
            rows = list(csv.reader(table.read_text(encoding="utf-8").splitlines()))
            assert len(rows) > 1, name
            assert {len(row) for row in rows} == {len(rows[0])}, name
            found += 1
    assert found > 20


def test_drawings_are_light_and_know_no_day(html: Path) -> None:
    for path in html.rglob("_images/*.svg"):
        text = path.read_text(encoding="utf-8")
        assert "<dc:date>" not in text
        assert "figure-data" not in text, "its numbers stand in a file of their own"
        assert len(text) < LARGEST_DRAWING, path.name


def test_nothing_moves_when_a_drawing_comes(pages: dict[Path, BeautifulSoup]) -> None:
    """A drawing says its size beside its address; the browser keeps the place before it loads."""
    seen = 0
    for path, soup in pages.items():
        for image in soup.select('article figure img[src$=".svg"]'):
            drawing = path.parent / unquote(str(image["src"]))
            wide, high = _box(drawing.read_text(encoding="utf-8"))
            assert int(str(image["width"])) / int(str(image["height"])) == pytest.approx(
                wide / high, rel=0.01
            ), path.name
            seen += 1
    assert seen > 50


def _box(drawing: str) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    assert found is not None
    return float(found[1]), float(found[2])


def test_a_place_is_kept_for_the_controls_of_tables(
    root: Path, pages: dict[Path, BeautifulSoup]
) -> None:
    script = (root / "book" / "_static" / "tables.js").read_text(encoding="utf-8")
    found = re.search(r"FEW_ROWS = (\d+);", script)
    assert found is not None
    for path, soup in pages.items():
        for table in soup.select("article table.interactive"):
            frame = table.find_parent(class_="table-frame")
            place = frame.find_previous_sibling() if frame else None
            kept = place is not None and "table-controls" in place.get_attribute_list("class")
            assert kept == (len(table.select("tbody tr")) >= int(found[1])), path.name


def test_tables_without_end_wait_behind_a_line_that_names_them(
    pages: dict[Path, BeautifulSoup],
) -> None:
    folded = 0
    for path, soup in pages.items():
        for table in soup.select("article .table-frame > table"):
            count = len(table.select(":scope > tbody > tr"))
            fold = table.find_parent("details", class_="fold")
            assert (fold is not None) == (count >= 100), path.name
            if fold is not None:
                summary = fold.find("summary")
                assert summary is not None
                assert re.search(rf"\b{count} (rows|行)", summary.get_text()), path.name
                assert len(summary.get_text()) > 12, path.name
                folded += 1
    assert folded >= 4


def test_every_page_says_its_edition_and_how_to_answer(pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        if path.name in ("index.html", "404.html"):
            continue
        (line,) = soup.select("p.edition")
        said = line.get_text()
        assert re.search(FOOTS[language(path)], said), path.name
        assert "CC BY 4.0" in said
        targets = [str(a["href"]) for a in line.select("a")]
        assert [t.rpartition("#")[2] for t in targets] == ["cite", "feedback"], path.name


def test_links_elsewhere_show_a_preview(html: Path, pages: dict[Path, BeautifulSoup]) -> None:
    assert (html / "_static/preview.png").read_bytes().startswith(b"\x89PNG")
    for path, soup in pages.items():
        marks = {str(m.get("property") or m.get("name")): str(m["content"])
                 for m in soup.select("meta[property], meta[name]")}  # fmt: skip
        assert marks["og:title"], path.name
        assert 20 < len(marks["description"]) <= 202, path.name
        assert (path.parent / marks["og:image"]).is_file(), path.name


def test_the_page_for_the_lost_needs_no_other_file(pages: dict[Path, BeautifulSoup]) -> None:
    lost = [soup for path, soup in pages.items() if path.name == "404.html"]
    assert len(lost) == 2
    for soup in lost:
        assert list(_loaded(soup)) == []
        assert soup.select_one("main a[href$='index.html']") is not None


def test_scripts_on_a_page_are_those_its_policy_names(pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        (policy,) = soup.select("meta[http-equiv='Content-Security-Policy']")
        rules = dict(rule.strip().partition(" ")[::2] for rule in policy["content"].split(";"))
        assert "unsafe-inline" not in rules["script-src"]
        assert "unsafe-eval" not in rules["script-src"]
        for script in soup.find_all("script", src=False):
            digest = base64.b64encode(hashlib.sha256(script.string.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in rules["script-src"], path.name
        handlers = [t.name for t in soup.find_all(True) if any(a[:2] == "on" for a in t.attrs)]
        assert handlers == [], path.name


def test_controls_have_names_and_tables_have_headers(pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        for button in soup.find_all("button"):
            named = button.get("aria-label") or button.get_text(strip=True)
            assert named, f"{path.name}: {button}"
        for header in soup.find_all("th"):
            assert header.get_text(strip=True), path.name
            assert header.get("scope") in {"col", "row", "colgroup", "rowgroup"}, path.name
        for table in soup.select("article table"):
            assert table.find_parent(class_="table-frame") is not None, path.name


def test_both_editions_share_their_style(html: Path) -> None:
    assert (html / "_static" / "report.css").is_file()
    assert not list((html / "zh").rglob("*.css"))


def test_editions_stay_light(html: Path) -> None:
    sizes = {"en": 0, "zh-CN": 0}
    for path in html.rglob("*"):
        if path.is_file():
            sizes[language(path.relative_to(html))] += path.stat().st_size
    assert max(sizes.values()) < LARGEST_EDITION, sizes
    assert sum(sizes.values()) < LARGEST_BOOK, sizes


def test_every_page_has_a_twin_in_the_other_language(
    html: Path, pages: dict[Path, BeautifulSoup]
) -> None:
    names = {path.relative_to(html) for path in pages if language(path) == "en"}
    twins = {path.relative_to(html / "zh") for path in pages if language(path) == "zh-CN"}
    assert names == twins
    for path, soup in pages.items():
        for link in soup.select("a.edition-twin"):
            twin = (path.parent / str(link["href"])).resolve()
            assert twin in pages, path
            assert language(twin) == link["hreflang"] != language(path)
        if soup.select_one("article h1") and path.name != "404.html":
            assert soup.select_one("a.edition-twin") is not None, path


def told(soup: BeautifulSoup) -> str:
    """Return what a reader sees and is told of the text of a page."""
    article = soup.select_one("article")
    if article is None:
        return ""
    told = [str(image["alt"]) for image in article.select("img[alt]")]
    return " ".join([article.get_text(" "), *told])


def test_no_number_differs_between_editions(html: Path, pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        if language(path) == "en" and path.name != "genindex.html":
            twin = pages[html / "zh" / path.relative_to(html)]
            here, there = (
                Counter(re.findall(r"\d+(?:[.,]\d+)*", told(one))) for one in (soup, twin)
            )
            assert here == there, f"{path.name}: {here - there} {there - here}"


def test_no_sentence_is_left_in_the_first_language(pages: dict[Path, BeautifulSoup]) -> None:
    """Five small English words in a row; code, its output and cited titles, in quotes, apart."""
    sentence = re.compile(r"\b[a-z]{2,}(?: [a-z]{2,}){4}")
    quoted = re.compile("“[^”]*”")
    for path, soup in pages.items():
        if language(path) == "en" or path.stem in {"references", "genindex", "search"}:
            continue
        for block in soup.select("article :is(p, li, td, th, caption, figcaption, h1, h2, h3)"):
            for code in block.select("code, pre, samp"):
                code.extract()
            left = sentence.search(quoted.sub("", " ".join(block.get_text(" ").split())))
            assert left is None, f"{path.name}: {left and left[0]}"


def test_no_mark_of_the_source_is_left_in_a_text(pages: dict[Path, BeautifulSoup]) -> None:
    for path, soup in pages.items():
        for code in soup.select("article :is(code, pre)"):
            code.extract()
        assert "**" not in told(soup), path


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [1440, 390])
def test_an_address_below_what_is_laid_out_late_is_reached(
    html: Path, pages: dict[Path, BeautifulSoup], width: int
) -> None:
    """Sections and tables that are laid out late move what stands below; the reader gets there."""
    with browser() as tab:
        tab.look(width=width)
        for name in ("claims", "collaboration-era", "trust/truth"):
            page = html / "book" / f"{name}.html"
            sections = pages[page].select("article.bd-article > section > section")
            assert len(sections) > 3
            for target in (str(sections[number]["id"]) for number in (2, len(sections) // 2, -1)):
                tab.open("about:blank")
                tab.open(f"{page.as_uri()}#{target}")
                tab.run("new Promise((done) => setTimeout(done, 1000))")
                top = tab.run(f"document.getElementById('{target}').getBoundingClientRect().top")
                assert 0 <= top < 900, (name, target)


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")
def test_every_box_that_scrolls_can_be_reached_by_keyboard(html: Path) -> None:
    seen = 0
    with browser() as tab:
        tab.look(width=390)
        for name in ("intro", "scenarios", "rerun", "methods/staggered", "trust/truth"):
            tab.open((html / "book" / f"{name}.html").as_uri())
            boxes = tab.run(
                "[...document.querySelectorAll('article *')].filter((box) =>"
                " box.scrollWidth > box.clientWidth && box.clientWidth > 0 &&"
                " ['auto', 'scroll'].includes(getComputedStyle(box).overflowX))"
                ".map((box) => [box.className, box.tabIndex])"
            )
            seen += len(boxes)
            assert [box for box, index in boxes if index < 0] == [], name
    assert seen > 5


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_chosen_before_anything_is_drawn(html: Path, theme: str) -> None:
    """A scripted theme would be put on later: the page would flash, and be laid out twice."""
    told = (html / "book" / "brief.html").read_text(encoding="utf-8")
    bare = html / "book" / "no-later-scripts.html"
    bare.write_text(re.sub(r"<script[^>]* src=[^>]*></script>", "", told), encoding="utf-8")
    try:
        with browser() as tab:
            tab.look(width=390, dark=theme == "dark")
            tab.open(bare.as_uri())
            assert tab.complaints == ()
            assert tab.run("document.documentElement.dataset.theme") == theme
    finally:
        bare.unlink()


def test_the_theme_measures_nothing_when_all_is_loaded(html: Path) -> None:
    """Measuring which boxes scroll would lay out what waits far below the screen."""
    scripts = sorted(html.rglob("_static/scripts/pydata-sphinx-theme.js"))
    assert scripts
    for script in scripts:
        assert 'addEventListener("load"' not in script.read_text(encoding="utf-8"), script


def test_chinese_is_indexed_by_pairs_of_letters(html: Path) -> None:
    index = (html / "zh" / "searchindex.js").read_text(encoding="utf-8")
    assert '"通关"' in index
    assert "splitQuery" in (html / "zh/_static/language_data.js").read_text(encoding="utf-8")


@pytest.mark.skipif(find_browser() is None, reason="there is no Chromium here")
@pytest.mark.parametrize("edition", ["", "zh/"])
def test_results_of_a_search_move_nothing(html: Path, edition: str) -> None:
    """What is below the results is below the screen from the start, and they begin in place."""
    told = (html / edition / "search.html").read_text(encoding="utf-8")
    waiting = html / edition / "waiting.html"
    searching = '<div id="search-results"><h2>Searching</h2><p class="search-summary"></p></div>'
    bare = re.sub(r"<script[^>]* src=[^>]*></script>", "", told)
    waiting.write_text(bare.replace('<div id="search-results"></div>', searching), "utf-8")
    place = "document.querySelector('{}').getBoundingClientRect()"
    try:
        with browser() as tab:
            tab.look(width=412)
            tab.open(waiting.as_uri())
            start = tab.run(f"{place.format('#search-results')}.top")
            line = tab.run(f"{place.format('p.search-summary')}.height")
            assert tab.run(f"{place.format('.bd-footer-content')}.top >= innerHeight")
            tab.open(f"{(html / edition / 'search.html').as_uri()}?q=time")
            until = time.monotonic() + 20
            while not tab.run("document.querySelector('p.search-summary')?.textContent.trim()"):
                assert time.monotonic() < until, tab.complaints
                time.sleep(0.1)
            assert tab.run("document.querySelectorAll('ul.search li').length")
            assert tab.run(f"{place.format('#search-results')}.top") == start
            assert tab.run(f"{place.format('p.search-summary')}.height") == pytest.approx(line)
    finally:
        waiting.unlink()


def test_labels_of_the_theme_are_in_the_language_of_the_page(
    pages: dict[Path, BeautifulSoup],
) -> None:
    """Names of controls and hints; a reference says its entry as it was published."""
    english = re.compile(r"[\x00-\x7f]*[A-Za-z]{3}[\x00-\x7f]*")
    seen = 0
    for path, soup in pages.items():
        if language(path) == "en":
            continue
        for label in ("title", "aria-label", "data-bs-title", "placeholder", "alt"):
            for tag in soup.select(f"[{label}]:not(a.reference)"):
                seen += 1
                assert not english.fullmatch(str(tag[label])), (path.name, label, tag[label])
    assert seen > 1000


@pytest.mark.skipif(find_browser() is None, reason="needs Chromium")
def test_search_finds_chinese(html: Path) -> None:
    """Four letters that stand side by side; the pairs of both sides are cut alike."""
    with browser() as tab:
        tab.open(f"{(html / 'zh/search.html').as_uri()}?q=合成控制")
        until = time.monotonic() + 20
        while not tab.run("document.querySelectorAll('ul.search li').length"):
            assert time.monotonic() < until, tab.complaints
            time.sleep(0.1)
        assert tab.complaints == ()
        found = tab.run("[...document.querySelectorAll('ul.search li a')].map(a => a.href)")
        assert any("one-treated-unit" in address for address in found)
