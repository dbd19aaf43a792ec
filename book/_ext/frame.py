"""What surrounds a page: citation, version and data, a preview, and a page for the lost."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import drawing_fonts
import yaml
from bs4 import BeautifulSoup, Tag
from matplotlib.figure import Figure

ABOUT = "book/about.html"
PREVIEW = "_static/preview.png"
_LONGEST = 200
_LOST = "404.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Which report this is: its title, version, data and where to write to."""

    title: str
    version: str
    accessed: str
    fingerprint: str
    repository: str
    address: str
    supplied: tuple[str, ...] = ()

    @classmethod
    def of(cls, project: Path, *, title: str, address: str) -> Edition:
        """Read the edition from the files of a project; what is not there is left out."""
        citation = project / "CITATION.cff"
        cited = yaml.safe_load(citation.read_text(encoding="utf-8")) if citation.is_file() else {}
        listed = project / "data" / "sources.toml"
        held = tomllib.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else {}
        sources = held.get("source", [])
        sums = "".join(sorted(str(one.get("sha256", "")) for one in sources))
        return cls(
            title=title,
            version=str(cited.get("version", "")),
            accessed=max((str(one.get("accessed", "")) for one in sources), default=""),
            fingerprint=hashlib.sha256(sums.encode()).hexdigest()[:8] if sums else "",
            repository=str(cited.get("repository-code", "")),
            address=address.rstrip("/"),
            supplied=tuple(Path(one["file"]).stem for one in sources if one.get("kind") == "real"),
        )


def tell_supplied(soup: BeautifulSoup, edition: Edition, words: Mapping[str, str]) -> None:
    """Say below the heading of a page that the report stands on files of the user as well."""
    heading = soup.select_one("article h1")
    if heading is None or not edition.supplied:
        return
    line = soup.new_tag("div", attrs={"class": "data-kind data-kind-real"})
    line.string = words["supplied"].format(files=", ".join(edition.supplied))
    heading.insert_after(line)


def sign(soup: BeautifulSoup, name: str, edition: Edition, words: Mapping[str, str]) -> None:
    """Put version, data, licence, citation and feedback at the foot of the page `name`."""
    place = soup.select_one("footer.bd-footer-content .bd-footer-content__inner")
    if place is None:
        return
    up = "../" * name.count("/")
    line = soup.new_tag("p", attrs={"class": "edition"})
    said = []
    if edition.version:
        said.append(words["version"].format(version=edition.version))
    if edition.fingerprint:
        said.append(
            words["vintage"].format(accessed=edition.accessed, fingerprint=edition.fingerprint)
        )
    said.append(words["licence"])
    line.string = " · ".join(said)
    report = f"{edition.repository}/issues/new?title={quote(name)}"
    links = (
        (words["cite"], f"{up}{ABOUT}#cite"),
        (words["feedback"], report if edition.repository else f"{up}{ABOUT}#feedback"),
    )
    for text, target in links:
        link = soup.new_tag("a", attrs={"href": target})
        link.string = text
        line.append(" · ")
        line.append(link)
    for old in place.select(".footer-item"):
        if not old.get_text(strip=True) or old.select_one(".component-author, .copyright"):
            old.decompose()
    place.append(line)


def preview(soup: BeautifulSoup, name: str, edition: Edition, words: Mapping[str, str]) -> None:
    """Say in the head what a link to the page shows elsewhere."""
    if soup.head is None or soup.title is None:
        return
    up = f"{edition.address}/" if edition.address else "../" * name.count("/")
    description = _first_words(soup) or words["subtitle"]
    marks = {
        "og:type": "article",
        "og:site_name": edition.title,
        "og:title": soup.title.get_text(strip=True),
        "og:description": description,
        "og:image": up + PREVIEW,
        "og:image:alt": f"{edition.title}. {words['subtitle']}",
    }
    if edition.address:
        marks["og:url"] = f"{edition.address}/{name}"
    for old in soup.head.select("meta[property^='og:'], meta[name='description']"):
        old.decompose()
    for key, text in marks.items():
        soup.head.append(soup.new_tag("meta", attrs={"property": key, "content": text}))
    for key, text in (("description", description), ("twitter:card", "summary_large_image")):
        soup.head.append(soup.new_tag("meta", attrs={"name": key, "content": text}))


def lead_to_twins(soup: BeautifulSoup, name: str, editions: Sequence[Mapping[str, str]]) -> None:
    """Lead from the page `name` to the same page in every other edition, in its own words."""
    if name == _LOST:  # it is shown at any address
        return
    place = soup.select_one(".article-header-buttons")
    for one in editions:
        target = "../" * name.count("/") + one["path"] + name
        marks = {"lang": one["tag"], "hreflang": one["tag"], "href": target}
        if place is not None:
            link = soup.new_tag("a", attrs={"class": "btn btn-sm edition-twin", **marks})
            link.string = one["name"]
            place.insert(0, link)


def _first_words(soup: BeautifulSoup) -> str:
    for paragraph in soup.select("article p"):
        text = " ".join(paragraph.get_text(" ", strip=True).split())
        if len(text) > 40 and not paragraph.find_parent(class_="data-kind"):
            for mark in (",", ".", ";", ":", ")"):
                text = text.replace(f" {mark}", mark)
            return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
    return ""


def draw_preview(out: Path, edition: Edition, words: Mapping[str, str]) -> None:
    """Draw the picture that a link to the report shows elsewhere."""
    import textwrap

    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="#0b2f4a")
    FigureCanvasAgg(figure)
    foot = words["version"].format(version=edition.version) if edition.version else ""
    wide = 2 if words["tag"].startswith("zh") else 1  # a Chinese letter takes the room of two
    title = "\n".join(textwrap.wrap(edition.title, 30 // wide))
    subtitle = "\n".join(textwrap.wrap(words["subtitle"], 52 // wide))
    with drawing_fonts.drawn_in(edition.title + words["subtitle"] + foot):
        _set_preview(figure, title, subtitle, foot)
        figure.savefig(out / PREVIEW, metadata={"Software": None})


def _set_preview(figure: Figure, title: str, subtitle: str, foot: str) -> None:
    figure.text(0.07, 0.86, title, color="white", fontsize=44, va="top", fontweight="bold")
    figure.text(0.07, 0.42, subtitle, color="#cfe3f1", fontsize=25, va="top", linespacing=1.4)
    figure.text(0.07, 0.09, foot, color="#cfe3f1", fontsize=18)


def lost(out: Path, edition: Edition, words: Mapping[str, str]) -> None:
    """Write the page for an address that does not exist; it needs no other file."""
    start = f"{edition.address}/index.html" if edition.address else "index.html"
    soup = BeautifulSoup(
        f'<!DOCTYPE html>\n<html lang="{words["tag"]}"><head><meta charset="utf-8"/><title></title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        '<link rel="icon" href="data:,"/>'  # or browsers ask for one that is not there
        "<style>body{font:1.1rem/1.6 sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;"
        "color-scheme:light dark;color:CanvasText;background:Canvas}a{color:LinkText}</style>"
        "</head><body><main><h1></h1><p></p><p><a></a></p></main></body></html>\n",
        "html.parser",
    )
    _write(soup.title, f"{words['lost_title']} — {edition.title}")
    _write(soup.h1, words["lost_title"])
    _write(soup.p, words["lost"])
    _write(soup.a, words["read"])
    if soup.a is not None:
        soup.a["href"] = start
    (out / _LOST).write_text(str(soup), encoding="utf-8")


def _write(tag: Tag | None, text: str) -> None:
    if tag is not None:
        tag.string = text
