"""What a page has to fetch and do, made light: icons, scripts that wait, no idle index."""

from __future__ import annotations

import json
import re
from pathlib import Path

from bs4 import BeautifulSoup
from fontTools import subset
from fontTools.ttLib import TTFont

_SHEET = "_static/styles/pydata-sphinx-theme.css"
_FONTS = "_static/vendor/fontawesome/webfonts"
_ICON = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
_SOURCE = re.compile(
    r'src:url\(([^)]*fa-solid-900)\.woff2\) format\("woff2"\),'
    r'url\([^)]*\) format\("truetype"\)'
)
_POINT = re.compile(r'"\\([ef][0-9a-f]{3})"')
#: Styles may hold the sign itself instead of its number.
_SIGN = re.compile("[\ue000-\uf8ff]")
_INDEX = re.compile(r"Search\.setIndex\((.*)\)\s*", re.DOTALL)
_PLURALS = re.compile(r"new Function\(.*?\n\s*\)", re.DOTALL)
_SCROLLING = re.compile(
    r',"complete"===document\.readyState\?\w+\(\):window\.addEventListener\("load",\w+\)'
)
#: What the theme asks before it draws anything, and what is asked instead: there "auto" is settled
#: only by a later script, and the whole page is styled and laid out twice.
_UNSETTLED = 'dataset.theme = localStorage.getItem("theme") || "auto"'
SETTLED = """
    document.documentElement.dataset.mode = localStorage.getItem("mode") || "auto";
    document.documentElement.dataset.theme =
      { light: "light", dark: "dark" }[document.documentElement.dataset.mode] ||
      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  """
#: Scripts that only the page of searching needs.
_SEARCHING = ("searchtools.js", "language_data.js", "searchindex.js")


def keep_used_icons(out: Path) -> None:
    """Cut the icon font and its rules down to what the pages and the other styles show."""
    sheet, font = out / _SHEET, out / _FONTS / "fa-solid-900.ttf"
    if not sheet.is_file() or not font.is_file():
        return
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(out.rglob("*.html")))
    used = set(re.findall(r"fa-[\w-]+", pages))
    points: set[int] = set()

    def kept(rule: re.Match[str]) -> str:
        if not used & set(re.findall(r"fa-[\w-]+", rule[1])):
            return ""
        points.add(int(rule[2], 16))
        return rule[0]

    style = _ICON.sub(kept, sheet.read_text(encoding="utf-8"))
    for path in sorted(out.glob("_static/**/*.css")):
        text = style if path == sheet else path.read_text(encoding="utf-8")
        points |= {int(found, 16) for found in _POINT.findall(text)}
        points |= {ord(found) for found in _SIGN.findall(text)}
    style = _SOURCE.sub(r'src:url(\1.woff) format("woff")', style)
    _subset(font, points)
    (out / _FONTS / "fa-solid-900.woff2").unlink(missing_ok=True)
    sheet.write_text(style, encoding="utf-8")


def _subset(font: Path, points: set[int]) -> None:
    made = TTFont(font, recalcTimestamp=False)
    cutter = subset.Subsetter(
        subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    )
    cutter.populate(unicodes=points)
    cutter.subset(made)
    made.flavor = "woff"
    made.save(font.with_suffix(".woff"))


def make_no_code_of_text(out: Path) -> None:
    """Let the words of another language load under a policy that makes no code of text.

    Sphinx makes a function of the rule for plurals, which no page of ours asks for.
    """
    script = out / "_static" / "doctools.js"
    if script.is_file():
        said = script.read_text(encoding="utf-8")
        script.write_text(_PLURALS.sub("() => 0", said), encoding="utf-8")


def measure_no_boxes(out: Path) -> None:
    """Leave out what the theme does when all is loaded: measure which boxes scroll.

    Ours can be reached by the keyboard as they stand in the page, and measuring lays out what is
    far below the screen.
    """
    script = out / "_static" / "scripts" / "pydata-sphinx-theme.js"
    if script.is_file():
        script.write_text(_SCROLLING.sub("", script.read_text(encoding="utf-8")), encoding="utf-8")


def settle_theme(soup: BeautifulSoup) -> None:
    """Choose between light and dark before anything is drawn."""
    for script in soup.select("head script:not([src])"):
        if _UNSETTLED in (script.string or ""):
            script.string = SETTLED


def write_index_plainly(out: Path) -> None:
    """Write the letters of the index for searching as they are, in half the room of escapes."""
    index = out / "searchindex.js"
    found = _INDEX.fullmatch(index.read_text(encoding="utf-8")) if index.is_file() else None
    if found:
        plain = json.dumps(json.loads(found[1]), ensure_ascii=False, separators=(",", ":"))
        index.write_text(f"Search.setIndex({plain})", encoding="utf-8")


def let_scripts_wait(soup: BeautifulSoup, name: str) -> None:
    """Let scripts run after the page is read, and leave the index out where nobody searches."""
    searching = name.rpartition("/")[2] == "search.html"
    for script in soup.select("head script[src]"):
        source = str(script["src"]).partition("?")[0].rpartition("/")[2]
        if source in _SEARCHING and not searching:
            script.decompose()
        else:
            script["defer"] = ""


def write_contents_plainly(soup: BeautifulSoup) -> None:
    """Take from the links of the contents a class that no style asks for; every page has them."""
    for link in soup.select("nav.bd-links li:not(.has-children) > a.reference.internal"):
        del link["class"]
