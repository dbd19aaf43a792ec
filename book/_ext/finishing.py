"""Last work on the built pages: drop what is superfluous, mend what hinders, guard the scripts."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import drawing_fonts
import drawing_weight
import figure_files
import frame
import styles
import weight
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.util import logging
from words import THEME, words

logger = logging.getLogger(__name__)

# Jupyter Book sets these although the extensions that read them are left out.
_UNUSED_SETTINGS = ("comments_config", "thebe_config")

# reports/ holds tracebacks, with data in them; the rest is weight that no page needs: the icons
# come from a font, which the same theme ships.
_SUPERFLUOUS = (
    "reports",
    "_sources",
    "_static/locales",
    "_static/sbt-webpack-macros.html",
    "_static/webpack-macros.html",
)
_SUPERFLUOUS_FILES = (
    "_static/**/*.map",
    "_static/scripts/fontawesome.js*",
    "_static/**/*.ttf",
    "_static/**/fa-brands-*",
)

#: Attributes with words in them, which the theme has in English alone where it lacks a language.
_LABELS = ("title", "aria-label", "data-bs-title")
#: Tables of so many rows get controls from tables.js, for which a place is kept.
_FILTERED = 6
#: Tables of so many rows wait until they come near the screen.
_LONG = 30
#: Tables of so many rows are folded away until they are asked for.
_ENDLESS = 100
#: Sections below so many lines wait: what is on the first screen must not move.
_FIRST_SCREENS = 80
#: What a line of text holds, and how many lines a picture takes, for a guess of a section's height.
_LINE = {"en": 70, "zh": 35}
_PICTURE = 18

_POLICY = (
    "default-src 'self' file: data:; script-src 'self' file: {hashes}; "
    "style-src 'self' file: 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "frame-src 'none'; worker-src 'none'; form-action 'self' file:"
)
# The only scripts that may stand in a page itself: settings of the theme, each as a whole. A
# script that came with a label of the data is not among them, so the policy does not let it run.
_OWN_SCRIPTS = re.compile(
    r"\s*(?:(?:let|var) toggle\w+ = '[\w ,.:-]*';"
    r"|const DOCUMENTATION_OPTIONS = \{(?:\s*\w+: (?:'[\w./-]*'|true|false),?)*\s*\};"
    r"|DOCUMENTATION_OPTIONS\.\w+ = (?:'[\w/.-]*'|true|false);"
    rf"|{re.escape(weight.SETTLED.strip())}"
    r"|// Activate the search field on page load\s+let searchInput = "
    r'document\.querySelector\("form\.bd-search input"\);\s+if \(searchInput\) \{'
    r"\s+searchInput\.focus\(\);\s+searchInput\.select\(\);"
    r'\s+console\.log\("\[PST\]: Set focus on search field\."\);\s+\}'
    r")\s*"
)


def _finish(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    said = words(app.config.language)
    edition = frame.Edition.of(
        Path(app.srcdir), title=app.config.html_title, address=app.config.html_baseurl or ""
    )
    weight.keep_used_icons(out)
    weight.make_no_code_of_text(out)
    weight.measure_no_boxes(out)
    weight.write_index_plainly(out)
    _clear(out)
    figure_files.unpack(out)
    drawings = sorted((out / "_images").glob("*.svg"))
    drawing_fonts.embed(drawings)
    drawing_weight.lighten(drawings)
    frame.draw_preview(out, edition, said)
    frame.lost(out, edition, said)
    for page in sorted(out.rglob("*.html")):
        name = page.relative_to(out).as_posix()
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        if soup.html is None:
            soup = _forwarding(soup, title=app.config.html_title, said=said)
        figure_files.offer(soup, page, words=said)
        styles.write_options(soup, out)
        weight.let_scripts_wait(soup, name)
        weight.settle_theme(soup)
        weight.write_contents_plainly(soup)
        _repair(soup, said)
        frame.tell_supplied(soup, edition, said)
        frame.sign(soup, name, edition, said)
        frame.preview(soup, name, edition, said)
        frame.lead_to_twins(soup, name, app.config.editions)
        _guard(soup)
        page.write_text(str(soup), encoding="utf-8")
    styles.gather(out)


def _clear(out: Path) -> None:
    for name in _SUPERFLUOUS:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for pattern in _SUPERFLUOUS_FILES:
        for path in out.glob(pattern):
            path.unlink()


def _forwarding(redirect: BeautifulSoup, *, title: str, said: Mapping[str, str]) -> BeautifulSoup:
    """Make a whole page of the bare redirect that Sphinx is given for the first page."""
    refresh = redirect.find("meta")
    target = str(refresh["content"]).split("url=", 1)[1] if isinstance(refresh, Tag) else "#"
    return BeautifulSoup(
        f'<!DOCTYPE html>\n<html lang="{said["tag"]}"><head><meta charset="utf-8"/>'
        f"<title>{title}</title>"
        f'<meta http-equiv="refresh" content="0; url={target}"/></head>'
        f"<body><main><h1>{title}</h1>"
        f'<p><a href="{target}">{said["read"]}</a></p></main></body></html>\n',
        "html.parser",
    )


def _repair(soup: BeautifulSoup, said: Mapping[str, str]) -> None:
    _drop_superfluous(soup)
    _name_controls(soup, said)
    _mend_tables(soup)
    _mend_lists(soup, said)
    _mend_landmarks(soup, said)
    _let_scroll(soup, said)
    _let_sections_wait(soup, said)


def _drop_superfluous(soup: BeautifulSoup) -> None:
    for script in soup.select("script[src*='fontawesome.js']"):
        script.decompose()
    for empty in soup.select(
        "#ethical-ad-placement, footer.bd-footer:empty, a.headerlink[href='']"
    ):
        empty.decompose()
    for viewport in soup.select("meta[name='viewport']")[1:]:
        viewport.decompose()


def _name_controls(soup: BeautifulSoup, said: Mapping[str, str]) -> None:
    """Give every control the name that it shows, or a name where it shows none."""
    theirs = THEME.get(said["tag"], {})
    for label in _LABELS:
        for control in soup.select(f"[{label}]"):
            control[label] = theirs.get(str(control[label]), control[label])
    for icon in soup.select("i[class*='fa-'], span[class*='fa-']"):
        icon["aria-hidden"] = "true"
    for button in soup.select("button"):
        shown = button.get_text(" ", strip=True)
        if shown:
            if button.get("aria-label") and shown not in str(button["aria-label"]):
                del button["aria-label"]
        elif not button.get("aria-label"):
            button["aria-label"] = str(button.get("title", said["button"]))
    for summary in soup.select("summary"):
        if summary.get_text(strip=True):
            summary.attrs.pop("aria-label", None)
            continue
        chapter = summary.find_previous("a")
        name = chapter.get_text(" ", strip=True) if isinstance(chapter, Tag) else ""
        summary["aria-label"] = f"{said['unfold']} {name}".strip()
    for link in soup.select("a.headerlink"):
        link["aria-label"] = str(link.get("title", said["heading_link"]))
    for hint in soup.select(".search-button__kbd-shortcut"):
        hint["aria-hidden"] = "true"


def _mend_tables(soup: BeautifulSoup) -> None:
    """Corners without text are no headers; a header says what it heads."""
    for header in soup.select("th"):
        if not header.get_text(strip=True) and not header.find("img"):
            header.name = "td"
            header.attrs.pop("scope", None)
        elif not header.get("scope"):
            header["scope"] = "col" if header.find_parent("thead") else "row"
    for table in soup.select("table[border]"):
        del table["border"]


def _mend_lists(soup: BeautifulSoup, said: Mapping[str, str]) -> None:
    for box in soup.select("input[type='checkbox'].task-list-item-checkbox"):
        item = box.find_parent("li")
        box["aria-label"] = item.get_text(" ", strip=True) if item else said["task"]
    for node in soup.select("[role='list'], [role='listitem']"):
        if node.name in {"dl", "dt", "dd", "div", "span"}:
            del node["role"]
    for node in soup.select("[role='doc-biblioentry']"):
        del node["role"]


def _mend_landmarks(soup: BeautifulSoup, said: Mapping[str, str]) -> None:
    for sidebar in soup.select("#pst-primary-sidebar"):
        sidebar["role"] = "complementary"
        sidebar["aria-label"] = said["contents"]
    for caption in soup.select("nav p.caption[role='heading']"):
        del caption["role"]
        del caption["aria-level"]
    for number, nav in enumerate(soup.select("nav.bd-toc-nav, nav.page-toc, #jb-print-toc nav")):
        name = said["on_this_page"]
        nav["aria-label"] = name if number == 0 else f"{name} ({number + 1})"


def _let_scroll(soup: BeautifulSoup, said: Mapping[str, str]) -> None:
    """Wide content scrolls in its own box, and a keyboard can reach the box."""
    for frame_of_table in soup.select("article .table-frame[role='region']"):
        frame_of_table["role"] = "group"  # many of them would crowd the list of landmarks
    for table in soup.select("article table"):
        if table.find_parent("table") is not None or table.find_parent(class_="table-frame"):
            continue
        caption = table.find("caption")
        name = caption.get_text(" ", strip=True) if isinstance(caption, Tag) else said["table"]
        frame = {"class": "table-frame", "tabindex": "0", "role": "group", "aria-label": name}
        table.wrap(soup.new_tag("div", attrs=frame))
    for table in soup.select("article table.interactive"):
        if len(table.select("tbody tr")) >= _FILTERED:
            around = table.find_parent(class_="table-frame") or table
            around.insert_before(soup.new_tag("div", attrs={"class": "table-controls"}))
    for frame_of_table in soup.select("article .table-frame"):
        rows = len(frame_of_table.select("tr"))
        if rows >= _LONG:
            classes = map(str, frame_of_table.get_attribute_list("class"))
            frame_of_table["class"] = " ".join([*classes, "long"])
            frame_of_table["style"] = f"--rows: {rows}"
        count = len(frame_of_table.select(":scope > table > tbody > tr"))
        if count >= _ENDLESS:
            _fold(soup, frame_of_table, said["rows"].format(rows=count))
    for code in soup.select("article div.highlight > pre"):
        code["tabindex"] = "0"


def _fold(soup: BeautifulSoup, frame_of_table: Tag, name: str) -> None:
    """Put a table, with the place of its controls, behind a line that says what it is."""
    caption = frame_of_table.find("caption")
    summary = soup.new_tag("summary")
    summary.string = name
    if isinstance(caption, Tag):
        summary.string = f"{caption.get_text(' ', strip=True).rstrip('.。')} ({name})"
    place = frame_of_table.find_previous_sibling()
    fold = frame_of_table.wrap(soup.new_tag("details", attrs={"class": "fold"}))
    if place is not None and "table-controls" in place.get_attribute_list("class"):
        fold.insert(0, place.extract())
    fold.insert(0, summary)


def _let_sections_wait(soup: BeautifulSoup, said: Mapping[str, str]) -> None:
    """Let sections below the first screens wait, and tell the styles how high they may be."""
    above = 0
    for section in soup.select("article.bd-article > section > section"):
        letters = len(section.get_text(" ", strip=True))
        lines = letters // _LINE[said["tag"][:2]] + _PICTURE * len(section.select("img"))
        lines += len(section.select("p, tr, h2"))
        if above >= _FIRST_SCREENS:
            section["class"] = "later"
            section["style"] = f"--lines: {lines}"
        above += lines


def _guard(soup: BeautifulSoup) -> None:
    """Allow only the scripts of this very page to run; labels in the data can never become one."""
    hashes = []
    for script in soup.find_all("script"):
        text = script.string or ""
        if script.get("src") is None and _OWN_SCRIPTS.fullmatch(text):
            digest = hashlib.sha256(text.encode("utf-8")).digest()
            hashes.append(f"'sha256-{base64.b64encode(digest).decode()}'")
    policy = soup.new_tag("meta")
    policy["http-equiv"] = "Content-Security-Policy"
    policy["content"] = _POLICY.format(hashes=" ".join(dict.fromkeys(hashes)))
    if soup.head is not None:
        charset = soup.head.find("meta", charset=True)
        if isinstance(charset, Tag):
            charset.insert_after(policy)
        else:
            soup.head.insert(0, policy)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the work for the end of the build, after everything else has been written."""
    for name in _UNUSED_SETTINGS:
        if name not in app.config.values:
            app.add_config_value(name, {}, "")
    app.add_config_value("editions", [], "html", list)
    app.connect("build-finished", _finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
