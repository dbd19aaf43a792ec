"""Every page at two widths in two schemes: axe, requests to elsewhere, complaints, overflow."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd

from analysis.browser import Tab, browser

WIDTHS = (1440, 390)
SCHEMES = ("light", "dark")
HEAVIEST = 500
"""Kilobytes, compressed, that a page with all it loads may weigh."""

_AXE = """axe.run(document, { preload: false, resultTypes: ["violations"] }).then((found) =>
  found.violations.map((rule) => ({ rule: rule.id, impact: rule.impact,
    nodes: rule.nodes.map((node) => node.html.slice(0, 160)) })))"""
_OPENED = (
    "document.querySelectorAll('article details').forEach((one) => { one.open = true; });"
    "document.head.append(Object.assign(document.createElement('style'),"
    " { textContent: '* { content-visibility: visible !important;"
    " animation: none !important }' }));"
    " new Promise((done) => setTimeout(done, 100))"
)
_OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What was seen of one page at one width in one scheme."""

    page: str
    width: int
    scheme: str
    axe_violations: int
    foreign_requests: int
    complaints: int
    overflow_px: int
    compressed_kb: float


def pages_of(html: Path) -> tuple[str, ...]:
    """Addresses of all pages of a built report, relative to its folder."""
    found = (path.relative_to(html).as_posix() for path in sorted(html.rglob("*.html")))
    return tuple(
        f"{name}?q=time" if Path(name).name == "search.html" else name
        for name in found
        if "_static" not in Path(name).parts and Path(name).name != "index.html"
    )


def look_at(html: Path, axe: Path, *, pages: tuple[str, ...]) -> Iterator[View]:
    """Open each page in each view and say what was found."""
    rules = axe.read_text(encoding="utf-8")
    with browser() as tab:
        for page in pages:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    yield _view(tab, html, rules, page=page, width=width, scheme=scheme)


def _view(tab: Tab, html: Path, rules: str, *, page: str, width: int, scheme: str) -> View:
    tab.look(width=width, dark=scheme == "dark")
    name, _, query = page.partition("?")
    asked = tab.open((html / name).as_uri() + (f"?{query}" if query else ""))
    tab.run("new Promise((done) => setTimeout(done, 300))")
    asked = tab.requests or asked
    complaints = tab.complaints
    tab.run(_OPENED)  # what is folded away or not laid out yet counts too
    tab.run(rules)
    found = tab.run(_AXE)
    foreign = [one for one in asked if urlsplit(one).scheme not in ("file", "data")]
    for one in (*found, *foreign, *complaints):
        print(f"  {page} {width} {scheme}: {one}", flush=True)
    return View(
        page=name,
        width=width,
        scheme=scheme,
        axe_violations=sum(len(rule["nodes"]) for rule in found),
        foreign_requests=len(foreign),
        complaints=len(complaints),
        overflow_px=max(0, int(tab.run(_OVERFLOW))),
        compressed_kb=_weight(asked),
    )


def _weight(asked: tuple[str, ...]) -> float:
    """Kilobytes of the files asked for, each once, as a server with gzip would send them."""
    paths = {Path(unquote(urlsplit(one).path)) for one in asked if one.startswith("file:")}
    total = sum(len(_sent(path)) for path in paths if path.is_file())
    return round(total / 1000, 1)


def _sent(path: Path) -> bytes:
    raw = path.read_bytes()
    packed = gzip.compress(raw, 6, mtime=0)
    return packed if len(packed) < len(raw) else raw


def table(views: list[View]) -> pd.DataFrame:
    """One row a page: the worst over its views."""
    frame = pd.DataFrame([asdict(view) for view in views])
    worst = frame.drop(columns=["width", "scheme"]).groupby("page", sort=True)
    summed = worst[["axe_violations", "foreign_requests", "complaints"]].sum()
    largest = worst[["overflow_px", "compressed_kb"]].max()
    return summed.join(largest).assign(views=worst.size()).reset_index()
