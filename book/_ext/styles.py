"""All styles of the pages in one small file: one fetch, and no rule that no page can use."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import tinycss2
from bs4 import BeautifulSoup, Tag

#: Where they are gathered: the last of them, beside which print.css lies.
GATHERED = "_static/report.css"
#: Scripts that hold words of a language, not names of classes; other editions have others.
_SPEECH = ("searchindex.js", "language_data.js", "translations.js")
_LINK = re.compile(r'<link\b[^>]*\brel="stylesheet"[^>]*>')
_HREF = re.compile(r'\bhref="([^"?#]+)')
_CLASSES = re.compile(r'\b(?:class|id)="([^"]*)"')
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_IMPORT = re.compile(r'@import\s+"([^":]+)";')
_URL = re.compile(r"""url\((["']?)(?!data:|["']?data:)([^"')]+)\1\)""")
#: A rule of a sheet, whatever its kind.
Node = Any


def gather(out: Path) -> None:
    """Write the style sheets that pages ask for into one, and take the others away.

    Their order is kept, so what overrides what is the same as before. A rule stays if every class
    and id it asks for stands in some page, or as a word in some script, which may set it later.
    """
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(out.rglob("*.html"))}
    sheets = list(dict.fromkeys(name for page in pages.values() for name in _sheets(page)))
    found = [name for name in sheets if (out / name).is_file()]
    if not found:
        return
    told = {one for page in pages.values() for one in _CLASSES.findall(page)}
    used = {name for one in told for name in one.split()}
    for script in sorted(out.rglob("*.js")):
        if script.name not in _SPEECH:
            used |= set(_WORD.findall(script.read_text(encoding="utf-8")))
    read: list[str] = []
    whole = "\n".join(_text(out, name, read) for name in found)
    rules = tinycss2.parse_stylesheet(whole, skip_whitespace=True)
    kept = tinycss2.serialize(list(_kept(out, rules, used)))
    for name in dict.fromkeys(read):
        (out / name).unlink()
    (out / GATHERED).write_text(kept + "\n", encoding="utf-8")
    digest = hashlib.sha256((out / GATHERED).read_bytes()).hexdigest()[:8]
    for path, page in pages.items():
        path.write_text(_linked(page, f"{GATHERED}?v={digest}"), encoding="utf-8")


def _linked(page: str, address: str) -> str:
    """Let a page ask for the one sheet, in the place of the first of all others."""
    links = [tag for tag in _LINK.findall(page) if "_static/" in tag]
    for number, tag in enumerate(links):
        found = _HREF.search(tag)
        up = found[1].partition("_static/")[0] if found else ""
        one = f'<link href="{up}{address}" rel="stylesheet"/>' if number == 0 else ""
        page = page.replace(tag, one, 1)
    return page


def write_options(soup: BeautifulSoup, out: Path) -> None:
    """Write into the page the few settings that other scripts of the page change at once."""
    script = soup.select_one('script[src*="_static/documentation_options.js"]')
    path = out / "_static" / "documentation_options.js"
    if isinstance(script, Tag) and path.is_file():
        del script["src"]
        script.string = path.read_text(encoding="utf-8")


def _sheets(page: str) -> Iterator[str]:
    """Give the names, below the folder, of the sheets that a page asks for, in their order."""
    for tag in _LINK.findall(page):
        found = _HREF.search(tag)
        if found and "_static/" in found[1]:
            yield "_static/" + unquote(found[1].rpartition("_static/")[2])


def _text(out: Path, name: str, read: list[str]) -> str:
    """Give a sheet with what it imports, its addresses as seen from the gathered one."""
    folder, home = posixpath.dirname(name), posixpath.dirname(GATHERED)
    read.append(name)

    def imported(found: re.Match[str]) -> str:
        return _text(out, posixpath.normpath(posixpath.join(folder, found[1])), read)

    def moved(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(folder, found[2]))
        return f'url("{posixpath.relpath(place, home)}")'

    text = _URL.sub(moved, (out / name).read_text(encoding="utf-8"))
    return _IMPORT.sub(imported, text)


def _kept(out: Path, rules: Sequence[Node], used: set[str]) -> Iterator[Node]:
    for rule in rules:
        match rule.type:
            case "comment":
                if rule.value.startswith("!"):  # licences
                    yield rule
            case "qualified-rule":
                prelude = [part for part in _split(rule.prelude) if _asked(part) <= used]
                if prelude:
                    rule.prelude = _joined(prelude)
                    yield rule
            case "at-rule":
                if _keeps(out, rule, used):
                    yield rule
            case _:
                yield rule


def _keeps(out: Path, rule: Node, used: set[str]) -> bool:
    """Say whether an at-rule stays, and thin what is in it."""
    match rule.lower_at_keyword:
        case "charset":  # the gathered file is UTF-8, as its pages are
            return False
        case "media" | "supports":
            inner = tinycss2.parse_rule_list(rule.content, skip_whitespace=True)
            rule.content = list(_kept(out, inner, used))
            return bool(rule.content)
        case "font-face":
            addresses = [found[2] for found in _URL.finditer(tinycss2.serialize(rule.content))]
            home = (out / GATHERED).parent
            return any((home / unquote(address)).is_file() for address in addresses)
        case _:
            return True


def _split(prelude: Sequence[Node]) -> list[list[Node]]:
    """Split a list of selectors at its commas."""
    parts: list[list[Node]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        elif token.type != "comment":
            parts[-1].append(token)
    return parts


def _joined(parts: list[list[Node]]) -> list[Node]:
    comma = tinycss2.parse_one_component_value(",")
    return [token for part in parts for token in (comma, *part)][1:]


def _asked(selector: Sequence[Node]) -> set[str]:
    """Give the classes and ids without which a selector cannot match; functions ask for none."""
    asked = {token.value for token in selector if token.type == "hash"}
    for dot, name in pairwise(selector):
        if dot.type == "literal" and dot.value == "." and name.type == "ident":
            asked.add(name.value)
    return asked
