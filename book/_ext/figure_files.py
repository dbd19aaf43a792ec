"""Under every figure two files to take along: the drawing, and the numbers that were drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

_SIZE = re.compile(r'<svg\b[^>]*? width="([\d.]+)pt" height="([\d.]+)pt"')
_PIXELS = 96 / 72
_DATA = re.compile(r'\s*<desc id="figure-data">(.*?)</desc>', re.DOTALL)


def unpack(out: Path) -> None:
    """Take the numbers out of all drawings and write them beside, so that pages stay light."""
    for path in sorted((out / "_images").glob("*.svg")):
        drawing = path.read_text(encoding="utf-8")
        found = _DATA.search(drawing)
        if found:
            path.with_suffix(".csv").write_text(unescape(found[1]), encoding="utf-8", newline="")
            path.write_text(drawing[: found.start()] + drawing[found.end() :], encoding="utf-8")


def offer(soup: BeautifulSoup, page: Path, *, words: Mapping[str, str]) -> None:
    """Put every figure into a box that scrolls on a phone, and link its files below it."""
    for place, figure in enumerate(soup.select("article figure")):
        image = figure.find("img")
        if not isinstance(image, Tag) or not str(image.get("src", "")).endswith(".svg"):
            continue
        caption = figure.find("figcaption")
        said = caption.get_text(" ", strip=True).rstrip("#").strip() if caption else ""
        _frame(soup, image, name=said)
        address = str(image["src"])
        _measure(image, page.parent / unquote(address))
        if place > 0:  # drawings below the first are fetched when they come near the screen
            image["loading"] = "lazy"
        files = soup.new_tag("p", attrs={"class": "figure-files"})
        name = str(figure.get("id", "figure")) + (
            "-simulated" if words["simulated"] in said else ""
        )
        number = figure.select_one(".caption-number")
        of = number.get_text(strip=True) if number else name
        data = address.removesuffix(".svg") + ".csv"
        for kind, target in (("picture_file", address), ("data_file", data)):
            if not (page.parent / unquote(target)).is_file():
                continue
            link = soup.new_tag(
                "a",
                attrs={
                    "href": target,
                    "download": name + Path(target).suffix,
                    "aria-label": f"{words[kind]} {words['files_of']} {of}",
                },
            )
            link.string = words[kind]
            files.append(link)
            files.append(" ")
        figure.append(files)


def _measure(image: Tag, path: Path) -> None:
    """Write the size of a drawing beside it, so that nothing moves when it comes."""
    found = _SIZE.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    if found:
        image["width"], image["height"] = (f"{float(one) * _PIXELS:.0f}" for one in found.groups())


def _frame(soup: BeautifulSoup, image: Tag, *, name: str) -> None:
    around = image.parent if image.parent is not None and image.parent.name == "a" else image
    box = {"class": "picture-frame", "tabindex": "0", "role": "group", "aria-label": name}
    around.wrap(soup.new_tag("div", attrs=box))
