"""Drawings in the fewest letters: without what changes nothing that is seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_STILL = re.compile(r' transform="rotate\(-?0(?:\.0*)?(?: [^)"]*)?\)"')
_NAMED = re.compile(r"#([\w.-]+)")
_NAME = re.compile(r'(?<=<g) id="([\w.-]+)"')
_GROUP = re.compile(r"<g\b(?P<marks>[^>]*)(?<!/)>|</g>")
_STYLE = re.compile(r'(?<= style=")[^"]*')
_BREAKS = re.compile(r">\s*\n\s*<")


def lighten(paths: Iterable[Path]) -> None:
    """Write drawings anew as `plain` makes them."""
    for path in paths:
        path.write_text(plain(path.read_text(encoding="utf-8")), encoding="utf-8")


def plain(drawing: str) -> str:
    """Drop rotations by nothing, names that nothing refers to, bare groups, and blanks."""
    drawing = _STILL.sub("", drawing)
    used = set(_NAMED.findall(drawing))
    drawing = _NAME.sub(lambda found: found[0] if found[1] in used else "", drawing)
    drawing = _STYLE.sub(lambda found: re.sub(r"([:;]) ", r"\1", found[0]), _ungrouped(drawing))
    return _BREAKS.sub("><", drawing.replace("<g/>", ""))


def _ungrouped(drawing: str) -> str:
    """Take away groups that say nothing of what they hold."""
    kept: list[str] = []
    told: list[bool] = []
    end = 0
    for found in _GROUP.finditer(drawing):
        kept.append(drawing[end : found.start()])
        end = found.end()
        if found["marks"] is None:
            says = told.pop()
        else:
            says = bool(found["marks"].strip())
            told.append(says)
        if says:
            kept.append(found[0])
    return "".join([*kept, drawing[end:]])
