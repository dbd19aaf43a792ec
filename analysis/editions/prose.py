"""Prose of pages, taken apart into blocks that are translated one by one, and put together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"\s*(?P<fence>:{3,}|`{3,})\s*(?P<rest>.*)$")
_TITLED = re.compile(r"(?P<before>\{(?:admonition|dropdown|card|tab-item)\} +)(?P<title>.+)$")
#: Directives with prose inside; what other fences hold is code.
_PROSE = re.compile(r"\{(?:admonition|note|warning|tip|important|dropdown|glossary|card|margin)\}")
_BARE = re.compile(r"\s*(?::[\w-]+:.*|\([\w-]+\)=|---+|%.*|\|[\s:|-]+\|)?$")

Translate = Callable[[str], str]


def blocks(source: str) -> Iterator[str]:
    """Yield every block of a page that holds words: paragraphs, headings, lists, rows of tables."""
    found: list[str] = []

    def keep(block: str) -> str:
        found.append(block)
        return block

    rewrite(source, keep)
    yield from found


def rewrite(source: str, translate: Translate) -> str:
    """Translate a page block by block; code, directives and labels stay as they are.

    Parameters
    ----------
    source : str
        Markdown of a page or of a cell.
    translate : callable
        Receives a block, returns what takes its place.

    Returns
    -------
    str
    """
    made: list[str] = []
    block: list[str] = []
    code: str | None = None

    def close() -> None:
        if block:
            made.append(_placed("\n".join(block), translate))
            block.clear()

    for line in source.split("\n"):
        fence = _FENCE.match(line)
        if code is not None:
            made.append(line)
            if fence and not fence["rest"] and fence["fence"].startswith(code):
                code = None
        elif fence:
            close()
            made.append(_titled(line, translate))
            if fence["rest"] and not _PROSE.match(fence["rest"]):
                code = fence["fence"]
        elif _BARE.match(line):
            close()
            made.append(line)
        elif line.startswith(("#", "|")):
            close()
            made.append(translate(line))
        else:
            if block and re.match(r"(?:[-*]|\d+\.) ", line):
                close()
            block.append(line)
    close()
    return "\n".join(made)


def _titled(line: str, translate: Translate) -> str:
    return _TITLED.sub(lambda found: found["before"] + translate(found["title"]), line)


def _placed(block: str, translate: Translate) -> str:
    """Translate a block without its indent, which says where it belongs."""
    indent = block[: len(block) - len(block.lstrip(" "))]
    said = translate("\n".join(line.removeprefix(indent) for line in block.split("\n")))
    return "\n".join(indent + line if line else line for line in said.split("\n"))
