"""What cells of notebooks show: words in tables, drawings and sentences, found and translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import NavigableString

from analysis.editions import labels

Translate = Callable[[str], str]

HTML, SVG, PLAIN = "text/html", "image/svg+xml", "text/plain"
SAID = "application/papermill.record/text/plain"
#: Attributes that a reader is told.
_TOLD = ("aria-label", "title", "alt", "placeholder", "data-label", "data-x", "data-y")


def translated(
    bundle: Mapping[str, Any], translate: Translate, *, label: Translate
) -> dict[str, Any]:
    """Translate one output.

    Parameters
    ----------
    bundle : mapping
        Content by media type, as a notebook stores it.
    translate : callable
        Receives a text, returns what takes its place.
    label : callable
        The same for labels of drawings, which have little room.

    Returns
    -------
    dict
        The same media types.
    """
    made = dict(bundle)
    if SAID in made:
        made[SAID] = translate(_text(made[SAID]))
    if HTML in made:
        made[HTML] = html(_text(made[HTML]), translate)
    if SVG in made:
        made[SVG] = labels.translated(_text(made[SVG]), label)
    if PLAIN in made and HTML not in made and SAID not in made:
        parts = _text(made[PLAIN]).split("\n\n")
        made[PLAIN] = "\n\n".join(translate(part) for part in parts)
    return made


def html(markup: str, translate: Translate) -> str:
    """Translate all that a reader sees or is told of a piece of markup.

    What a program said is quoted as it was said.
    """
    soup = BeautifulSoup(markup, "html.parser")
    for string in list(soup.find_all(string=True)):
        text = str(string)
        quoted = string.find_parent("samp") is not None
        if type(string) is NavigableString and text.strip() and not quoted:
            string.replace_with(NavigableString(_around(text, translate(text.strip()))))
    for node in soup.find_all(True):
        for name in _TOLD:
            if node.get(name):
                node[name] = translate(str(node[name]))
    return str(soup)


def _around(text: str, said: str) -> str:
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :]
    return before + said + after


def _text(content: str | list[str]) -> str:
    return content if isinstance(content, str) else "".join(content)
