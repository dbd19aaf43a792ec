"""One document from many pages: no name twice, links that lead somewhere, tags and an outline."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from analysis.browser import browser, find_browser
from analysis.errors import BuildError
from analysis.printing import _assembled, print_editions, print_report

_NAV = """<nav class="bd-links"><p class="caption">{part}</p><ul>
<li><a class="reference internal" href="{first}">First</a><ul>
<li><a class="reference internal" href="{second}">Second</a></li></ul></li></ul></nav>"""
_TABLE = """<div class="table-frame" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>
<tr><td><details id="claim"><summary>Said <b>so</b></summary><p>Why</p>
<table><tr><td>inner</td></tr></table></details></td>{cells}</tr>{rows}</tbody></table></div>"""
_PAGE = """<!DOCTYPE html><html lang="en"><head><title>{title} \u2014 The report</title>
<link rel="stylesheet" href="{up}_static/report.css"></head><body>{nav}
<article><section id="top"><h1>{title}<a class="headerlink" href="#top">#</a></h1>{body}</section>
</article><p class="edition">Version 1.2.3 \u00b7 <a href="#top">How to cite</a></p>
</body></html>"""


@pytest.fixture
def html(tmp_path: Path) -> Path:
    """Two pages in two folders that link to each other."""
    (tmp_path / "book" / "deep").mkdir(parents=True)
    (tmp_path / "_static").mkdir()
    (tmp_path / "index.html").write_text(
        '<html><head><meta http-equiv="refresh" content="0; url=book/one.html"></head></html>',
        encoding="utf-8",
    )
    pages = {
        "book/one.html": (
            "One",
            _NAV.format(part="Findings", first="#", second="deep/two.html"),
            '<p><a href="deep/two.html#here">there</a> <a href="#top">up</a> '
            '<a href="https://example.org/">out</a> <a href="../genindex.html">index</a></p>'
            "<details><summary>More</summary><p>Hidden</p></details>"
            '<details class="admonition hide above-output"><summary>Show</summary>'
            "<p>Output</p></details>"
            '<details class="fold"><summary>Folded (100 rows)</summary><p>Long</p></details>',
        ),
        "book/deep/two.html": (
            "Two",
            "",
            '<h2 id="here">Here</h2><button>Press</button><p><a href="../one.html">back</a></p>'
            '<img src="../../_images/x.svg" loading="lazy" alt="A picture">',
        ),
    }
    (tmp_path / "_images").mkdir()
    (tmp_path / "_images" / "x.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', encoding="utf-8"
    )
    for name, (title, nav, body) in pages.items():
        up = "../" * name.count("/")
        text = _PAGE.format(title=title, nav=nav, body=body, up=up)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_no_name_stands_twice_and_every_link_leads_somewhere(html: Path) -> None:
    whole, count = _assembled(html)
    soup = BeautifulSoup(whole, "html.parser")
    names = [str(tag["id"]) for tag in soup.find_all(id=True)]
    assert count == 2
    assert len(names) == len(set(names))
    for link in soup.select("main a[href], nav a[href]"):
        address = str(link["href"])
        assert address.startswith("https://") or address == "#" or address[1:] in names, address
    first = soup.select_one("main a")
    assert first is not None
    assert first["href"] == "#book-deep-two--here"
    assert [str(one["src"]) for one in soup.select("img")] == ["_images/x.svg"]


def test_what_is_for_the_screen_is_left_out_and_the_hidden_is_shown(html: Path) -> None:
    soup = BeautifulSoup(_assembled(html)[0], "html.parser")
    assert soup.select("button, .headerlink, script") == []
    assert [details.has_attr("open") for details in soup.select("details")] == [True]
    article = soup.select_one("article")
    assert article is not None
    assert article.get_text(" ", strip=True).endswith("More Hidden Output Long")
    assert soup.select("img")
    assert soup.select("img[loading]") == []
    cover = soup.select_one(".paper-cover")
    assert cover is not None
    assert "The report" in cover.get_text()
    assert "Version 1.2.3" in cover.get_text()
    listed = [item.get_text(strip=True) for item in soup.select(".paper-contents li")]
    assert listed == ["Findings", "First", "Second"]


def _with_table(html: Path, *, columns: int, rows: int) -> BeautifulSoup:
    page = html / "book" / "one.html"
    table = _TABLE.format(
        head="<th>Head</th>" * columns,
        cells="<td>cell</td>" * (columns - 1),
        rows=("<tr>" + "<td>cell</td>" * columns + "</tr>") * (rows - 1),
    )
    text = page.read_text(encoding="utf-8").replace("</article>", f"{table}</article>")
    page.write_text(text, encoding="utf-8")
    return BeautifulSoup(_assembled(html)[0], "html.parser")


def test_what_a_row_hides_stands_below_it_across_the_table(html: Path) -> None:
    soup = _with_table(html, columns=3, rows=2)
    (below,) = soup.select("tr.paper-below")
    (cell,) = below.find_all("td", recursive=False)
    assert cell["colspan"] == "3"
    assert cell.p is not None
    assert cell.p.get_text() == "Why"
    assert cell.table is not None
    above = below.find_previous_sibling("tr")
    assert isinstance(above, Tag)
    assert above.get_text(" ").split() == ["Said", "so", "cell", "cell"]
    assert above.select_one("#book-one--claim") is not None
    assert soup.get_text().count("Why") == 1


def test_names_of_files_break_where_their_parts_end(html: Path) -> None:
    page = html / "book" / "one.html"
    name = "published/provincial_grp.csv"
    rows = f"<tr><td>{name}</td><td>short/name</td></tr>"
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace("</article>", f"<table>{rows}</table></article>"), encoding="utf-8"
    )
    first, second = BeautifulSoup(_assembled(html)[0], "html.parser").select("td")
    assert first.get_text() == name
    assert [str(part) for part in first.contents] == [
        *("published/", "<wbr/>", "provincial_", "<wbr/>", "grp.csv")
    ]
    assert second.contents == ["short/name"]


@pytest.mark.parametrize(
    ("columns", "rows", "wide"), [(8, 8, True), (7, 30, False), (12, 3, False)]
)
def test_long_wide_tables_lie_across(html: Path, columns: int, rows: int, *, wide: bool) -> None:
    soup = _with_table(html, columns=columns, rows=rows)
    assert bool(soup.select(".table-frame.paper-wide")) is wide


def test_the_heading_of_the_contents_is_in_the_language_of_the_pages(html: Path) -> None:
    page = html / "book" / "one.html"
    text = page.read_text(encoding="utf-8")
    said = text.replace("</nav>", '</nav><div class="onthispage"><i></i> 目录\n</div>', 1)
    page.write_text(said.replace("Version 1.2.3", "版本 1"), encoding="utf-8")
    soup = BeautifulSoup(_assembled(html)[0], "html.parser")
    heading, cover = soup.select_one(".paper-contents h1"), soup.select_one(".paper-cover")
    assert heading is not None
    assert cover is not None
    assert heading.get_text() == "目录"
    assert cover.find_all("p")[-1].get_text() == "版本 1"


def test_without_a_report_there_is_nothing_to_print(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="make report"):
        print_report(tmp_path, out=tmp_path / "x.pdf", say=print)


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the search path")
def test_the_paper_has_tags_an_outline_and_links(html: Path, tmp_path: Path) -> None:
    out = print_report(html, out=tmp_path / "out" / "report.pdf", say=print)
    data = out.read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/StructTreeRoot" in data
    assert b"/Outlines" in data
    assert re.search(rb"/Lang *\(en", data)
    assert not list(html.glob("tmp*.html")), "the draft is gone"


def test_chinese_comes_from_the_shipped_font(html: Path, root: Path) -> None:
    (font,) = (root / "book" / "_ext" / "fonts").glob("*.woff")
    soup = BeautifulSoup(_assembled(html, font=font)[0], "html.parser")
    (style,) = soup.select("head style")
    assert f'src: url("{font.as_uri()}")' in style.get_text()
    assert not BeautifulSoup(_assembled(html)[0], "html.parser").select("head style")


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the search path")
def test_the_first_words_of_a_size_are_drawn_without_fonts_of_the_machine(
    html: Path, root: Path
) -> None:
    """Boxes look alike whatever they stand for: two titles of one length must not."""
    (font,) = (root / "book" / "_ext" / "fonts").glob("*.woff")
    style = "body { --pst-font-family-base-system: sans-serif } .paper-title { font-size: 28pt }"
    (html / "_static" / "report.css").write_text(style, encoding="utf-8")
    page, draft = html / "book" / "one.html", html / "draft.html"
    text = page.read_text(encoding="utf-8")
    drawn = []
    for title in ("四川和重庆", "五省六市区"):
        page.write_text(text.replace("The report", title), encoding="utf-8")
        draft.write_text(_assembled(html, font=font)[0], encoding="utf-8")
        with browser() as tab:
            tab.look(width=390)
            tab.open(draft.as_uri())
            tab.run("Promise.all([...document.fonts].map((one) => one.load())).then(() => true)")
            drawn.append(tab.picture())
    assert drawn[0] != drawn[1]


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the search path")
def test_every_edition_becomes_a_file(html: Path, tmp_path: Path) -> None:
    shutil.copytree(html, tmp_path.parent / f"{tmp_path.name}-zh")
    (tmp_path.parent / f"{tmp_path.name}-zh").rename(html / "zh")
    made = print_editions(html, out=tmp_path / "out" / "report.pdf", say=print)
    assert [path.name for path in made] == ["report.pdf", "report.zh.pdf"]
    assert all(path.read_bytes().startswith(b"%PDF") for path in made)
