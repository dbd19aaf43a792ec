"""Open every page and drawing in a headless Chromium, touch all there is, count what ran."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from analysis.browser import Tab, browser
from analysis.errors import BuildError

#: Seconds until a page that leads on has led on.
LED_ON = 1.0

#: Clicks, hovers and focuses everything in the text, opens folds, sorts tables, takes CSV along.
_TOUCH = """
(async () => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const all = [...document.querySelectorAll("article *, main *")];
  for (const one of all) {
    for (const kind of ["mouseover", "focus", "toggle", "error", "load"]) {
      one.dispatchEvent(new Event(kind, { bubbles: false }));
    }
  }
  for (const one of document.querySelectorAll("article button, article summary, article svg a")) {
    one.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }
  for (const one of document.querySelectorAll("article a[href]")) {
    if (/^[\\s\\x00-\\x20]*j[\\s]*a[\\s]*v[\\s]*a/i.test(one.getAttribute("href"))) {
      one.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }
  }
  await wait(150);
  const alive = ["script", "iframe", "object", "embed"].map((kind) => `article ${kind}`);
  return document.querySelectorAll(alive.join()).length;
})()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What happened on one page.

    Attributes
    ----------
    page : str
    ran : tuple of str
        Payloads that ran.
    alive : int
        Elements in the text of the page that could run or load something.
    """

    page: str
    ran: tuple[str, ...]
    alive: int


def browse(folder: Path, *, searches: tuple[str, ...] = ()) -> tuple[Seen, ...]:
    """Open all pages and drawings below a folder.

    Parameters
    ----------
    folder : Path
    searches : tuple of str
        Words that are looked for on the search page, payloads among them.
    """
    with browser("--allow-file-access-from-files") as tab:
        tab.do("Runtime.addBinding", name="told")
        source = "globalThis.fired = (number) => told(String(number));"
        tab.do("Page.addScriptToEvaluateOnNewDocument", source=source)
        return tuple(_seen(tab, address, name) for address, name in _addresses(folder, searches))


def _addresses(folder: Path, searches: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.svg")]):
        yield path.as_uri(), path.relative_to(folder).as_posix()
    for page in folder.rglob("search.html"):
        for words in searches:
            yield f"{page.as_uri()}?q={quote(words)}", f"search for {words}"


def _seen(tab: Tab, address: str, name: str) -> Seen:
    tab.open(address)
    try:
        alive = int(tab.run(_TOUCH) or 0)
    except BuildError:  # the page led on to another one meanwhile
        time.sleep(LED_ON)
        alive = int(tab.run(_TOUCH) or 0)
    ran = [
        str(event["params"].get("payload", event["method"]))
        for event in tab.pipe.events
        if event.get("method") in ("Runtime.bindingCalled", "Page.javascriptDialogOpening")
    ]
    return Seen(page=name, ran=tuple(ran), alive=alive)
