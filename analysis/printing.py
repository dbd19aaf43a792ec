"""From the built pages to one document for paper: in order, with contents, numbers and links."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analysis.browser import browser
from analysis.errors import BuildError
from analysis.paper_tables import set_for_paper

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

Say = Callable[[str], None]

#: Attributes that name another element of the page.
_REFERENCES = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "headers")
#: What has no use on paper.
_SCREEN_ONLY = (
    ".headerlink, .figure-files, .table-controls, .explorer, script, .prev-next-footer, "
    "button, .togglebutton"
)
#: Style of paper; it lies beside the style of the report, which other editions share.
_STYLE, _BESIDE = "print.css", "report.css"
#: Chinese is drawn from the shipped font on every machine. Were it the last in the list, Chromium
#: would print boxes for the first words of every size.
_CHINESE_FONT = """
@font-face {{
  font-family: "shipped";
  src: url("{address}");
  unicode-range: U+2E80-9FFF, U+F900-FAFF, U+FE30-FE4F, U+FF00-FFEF;
}}
body.paper {{
  --pst-font-family-base: "shipped", var(--pst-font-family-base-system);
  --pst-font-family-heading: "shipped", var(--pst-font-family-base-system);
  --pst-font-family-monospace: "shipped", var(--pst-font-family-monospace-system);
  font-family: var(--pst-font-family-base);
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    """A page in its order: its caption where a part begins, its title and its depth."""

    part: str
    name: str
    title: str
    depth: int


def print_editions(html: Path, *, out: Path, font: Path | None = None, say: Say) -> list[Path]:
    """Print a built report, and each edition in a folder of it, into a tagged PDF of its own.

    Parameters
    ----------
    html : Path
        Folder of a built report.
    out : Path
        The file to write; that of an edition has its folder's name before the suffix.
    font : Path or None
        Chinese is drawn from it, whatever fonts the machine has.
    say : callable
        Receives lines of progress.

    Returns
    -------
    list of Path
        The files, the first edition's first.

    Raises
    ------
    BuildError
        There is no built report, or no browser.
    """
    made = [print_report(html, out=out, font=font, say=say)]
    for first in sorted(html.glob("*/index.html")):
        edition = out.with_suffix(f".{first.parent.name}{out.suffix}")
        made.append(print_report(first.parent, out=edition, font=font, say=say))
    return made


def print_report(html: Path, *, out: Path, font: Path | None = None, say: Say) -> Path:
    """Print a built report into one tagged PDF.

    Parameters
    ----------
    html : Path
        Folder of a built report.
    out : Path
        The file to write.
    font : Path or None
        Chinese is drawn from it, whatever fonts the machine has.
    say : callable
        Receives lines of progress.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    BuildError
        There is no built report, or no browser.
    """
    if not (html / "index.html").is_file():
        raise BuildError.of(
            file=str(html), expected="a built report", found="none", mend="make report"
        )
    whole, count = _assembled(html, font=font)
    say(f"{count} pages in one document; printing ...")
    with tempfile.NamedTemporaryFile(
        "w", dir=html, suffix=".html", encoding="utf-8", delete=False
    ) as draft:
        draft.write(whole)
    page = Path(draft.name)
    try:
        with browser() as tab:
            tab.open(page.as_uri())
            # Pictures and fonts may still be on their way when the page says that it is loaded.
            tab.run("Promise.all([...document.images].map((one) => one.decode()))")
            tab.run("Promise.all([...document.fonts].map((one) => one.load())).then(() => true)")
            printed = tab.paper(preferCSSPageSize=True)
    finally:
        page.unlink()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(printed)
    return out


def _read(path: Path) -> BeautifulSoup:
    from bs4 import BeautifulSoup

    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def _assembled(html: Path, *, font: Path | None = None) -> tuple[str, int]:
    from bs4 import BeautifulSoup

    first = _first_page(html)
    start = _read(html / first)
    leaves = tuple(_leaves(start, first))
    language = str(start.html.get("lang", "en")) if start.html else "en"
    title = str(start.title.get_text()).rpartition("\u2014")[2].strip() if start.title else ""
    edition = start.select_one("p.edition")
    whole = BeautifulSoup(
        f'<!DOCTYPE html>\n<html lang="{language}" data-theme="light"><head>'
        '<meta charset="utf-8"/><title></title></head><body class="paper"></body></html>',
        "html.parser",
    )
    assert whole.head is not None
    assert whole.body is not None
    assert whole.title is not None
    whole.title.string = title
    for sheet in start.select("head link[rel='stylesheet']"):
        address = posixpath.normpath(posixpath.join(posixpath.dirname(first), str(sheet["href"])))
        whole.head.append(whole.new_tag("link", attrs={"rel": "stylesheet", "href": address}))
        if posixpath.basename(address.partition("?")[0]) == _BESIDE:
            paper = posixpath.join(posixpath.dirname(address), _STYLE)
            whole.head.append(whole.new_tag("link", attrs={"rel": "stylesheet", "href": paper}))
    if font is not None:
        style = whole.new_tag("style")
        style.string = _CHINESE_FONT.format(address=font.absolute().as_uri())
        whole.head.append(style)
    whole.body.append(_cover(whole, title, start, edition))
    said = start.select_one(".onthispage")
    contents = said.get_text(strip=True) if said else "Contents"
    whole.body.append(_contents(whole, leaves, heading=contents))
    main = whole.new_tag("main", attrs={"class": "bd-content"})
    whole.body.append(main)
    names = {leaf.name for leaf in leaves}
    for leaf in leaves:
        article = _article(_read(html / leaf.name), leaf.name, names)
        if leaf.part:
            article["data-part"] = leaf.part
        main.append(article)
    return str(whole), len(leaves)


def _first_page(html: Path) -> str:
    refresh = _read(html / "index.html").select_one("meta[http-equiv='refresh']")
    return str(refresh["content"]).partition("url=")[2] if refresh else "index.html"


def _leaves(start: BeautifulSoup, first: str) -> Iterator[_Leaf]:
    """Give the pages in the order of the contents beside the first page."""
    part = ""
    for node in start.select("nav.bd-links p.caption, nav.bd-links li > a[href]"):
        if node.name == "p":
            part = node.get_text(strip=True)
            continue
        address = str(node["href"])
        name = first if address == "#" else _resolved(address, first)
        depth = len(node.find_parents("ul"))
        yield _Leaf(part=part, name=name, title=" ".join(node.get_text().split()), depth=depth)
        part = ""


def _resolved(address: str, page: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), address))


def _slug(name: str) -> str:
    return name.removesuffix(".html").replace("/", "-")


def _cover(whole: BeautifulSoup, title: str, start: BeautifulSoup, edition: Tag | None) -> Tag:
    cover = whole.new_tag("header", attrs={"class": "paper-cover"})
    heading = whole.new_tag("p", attrs={"class": "paper-title"})
    heading.string = title
    cover.append(heading)
    question = start.select_one("article h1")
    if question is not None:
        line = whole.new_tag("p", attrs={"class": "paper-question"})
        line.string = question.get_text().removesuffix("#").strip()
        cover.append(line)
    if edition is not None:
        line = whole.new_tag("p")
        said = takewhile(lambda part: getattr(part, "name", None) != "a", edition.contents)
        line.string = "".join(part.get_text() for part in said).rstrip(" \u00b7")
        cover.append(line)
    return cover


def _contents(whole: BeautifulSoup, leaves: tuple[_Leaf, ...], *, heading: str) -> Tag:
    nav = whole.new_tag("nav", attrs={"class": "paper-contents", "aria-label": heading})
    title = whole.new_tag("h1", attrs={"id": "paper-contents"})
    title.string = heading
    nav.append(title)
    listed = whole.new_tag("ul")
    nav.append(listed)
    for leaf in leaves:
        if leaf.part:
            caption = whole.new_tag("li", attrs={"class": "paper-part"})
            caption.string = leaf.part
            listed.append(caption)
        item = whole.new_tag("li", attrs={"class": f"paper-depth-{leaf.depth}"})
        link = whole.new_tag("a", attrs={"href": f"#{_slug(leaf.name)}"})
        link.string = leaf.title
        item.append(link)
        listed.append(item)
    return nav


def _article(soup: BeautifulSoup, name: str, names: set[str]) -> Tag:
    """Take the article of a page out, its names made unlike those of other pages."""
    article = soup.select_one("article")
    if article is None:
        raise BuildError.of(
            file=name, expected="a page with an article", found="none", mend="make report"
        )
    slug = _slug(name)
    for node in article.select(_SCREEN_ONLY):
        node.decompose()
    set_for_paper(article, soup)
    for details in article.select("details"):
        if {"hide", "fold"} & set(details.get_attribute_list("class")):
            for summary in details.find_all("summary", recursive=False):
                summary.decompose()  # on paper there is nothing to open or to hide
            details.unwrap()
        else:
            details["open"] = ""
    for image in article.select("img[loading]"):  # paper has no screen to come near
        del image["loading"]
    for node in article.find_all(True):
        if node.get("id"):
            node["id"] = f"{slug}--{node['id']}"
        for key in _REFERENCES:
            if node.get(key):
                node[key] = " ".join(f"{slug}--{one}" for one in str(node[key]).split())
        for key in ("tabindex", "role") if "table-frame" in (node.get("class") or ()) else ():
            node.attrs.pop(key, None)
        if node.name == "img" and node.get("src"):
            node["src"] = _resolved(str(node["src"]), name)
        if node.name == "a" and node.get("href"):
            node["href"] = _link(str(node["href"]), name, names)
    article["id"] = slug
    return article


def _link(address: str, page: str, names: set[str]) -> str:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return address
    target = _resolved(parts.path, page) if parts.path else page
    if target not in names:
        return "#"
    return f"#{_slug(target)}--{parts.fragment}" if parts.fragment else f"#{_slug(target)}"
