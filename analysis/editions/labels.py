"""Labels of drawings in other words: broken into lines again, and standing where they stood.

A label of one line keeps its anchor. Of a label of several lines the drawing knows only where
each line begins: how the lines were aligned is found again from the widths of the letters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape

from analysis.pictures import text_width

Translate = Callable[[str], str]

_LABEL = re.compile(
    r'<g id="(?P<name>text_\d+)">(?P<box>\s*<g id="patch_\d+">.*?</g>)?(?P<lines>.*?)</g>',
    re.DOTALL,
)
_LINE = re.compile(r"<text\b(?P<marks>[^>]*)>(?P<said>.*?)</text>", re.DOTALL)
_PLACE = re.compile(r' transform="translate\((?P<x>[-\d.]+) (?P<y>[-\d.]+)\)"')
_SIZE = re.compile(r"font(?:-size)?:[^;\"]*?(?P<size>[\d.]+)px")
#: What a line is broken between: words and numbers as wholes, Chinese character by character;
#: closing marks stay with what they close, opening ones with what they open.
_PIECE = re.compile(r"[“（《［]*(?:[\x21-\x7e\u2212·]+|[^\s“（《［])[，。；：、！？”）》］]* *")
_HALO = "paint-order: stroke; stroke: #ffffff; stroke-width: 2.5px; "
#: A label that is this much longer than its longest line was still stands on one line.
_ROOM = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of a label: its marks in the drawing, its text, and where it begins."""

    marks: str
    said: str
    x: float
    y: float

    @property
    def width(self) -> float:
        size = _SIZE.search(self.marks)
        return text_width(
            self.said, size=float(size["size"] if size else 10), bold="bold" in self.marks
        )


def translated(svg: str, translate: Translate) -> str:
    """Translate all labels of a drawing.

    Parameters
    ----------
    svg : str
        As matplotlib writes it with its labels as text.
    translate : callable
        Receives a whole label, its lines joined; returns what takes its place.

    Returns
    -------
    str
    """
    return _LABEL.sub(lambda found: _label(found, translate), svg)


def _label(found: re.Match[str], translate: Translate) -> str:
    inner = found["lines"]
    if "<tspan" in inner:  # a power of ten
        return found[0]
    parts = list(_LINE.finditer(inner))
    whole = " ".join(unescape(part["said"]) for part in parts)
    said = translate(whole)
    if said == whole:
        return found[0]
    halo = _HALO if found["box"] else ""
    lines = [line for part in parts if (line := _line_of(part)) is not None]
    if len(lines) < 2 or len(lines) < len(parts):
        pieces = iter(broken(said, len(parts)))
        made = _LINE.sub(lambda part: _written(part["marks"], next(pieces), halo), inner)
    else:
        made = "".join(_placed(lines, said, halo))
    return f'<g id="{found["name"]}">{made}</g>'


def _line_of(part: re.Match[str]) -> _Line | None:
    place = _PLACE.search(part["marks"])
    if place is None or "rotate" in part["marks"]:
        return None
    return _Line(
        marks=_PLACE.sub("", part["marks"]),
        said=unescape(part["said"]),
        x=float(place["x"]),
        y=float(place["y"]),
    )


def _placed(lines: Sequence[_Line], said: str, halo: str) -> Iterator[str]:
    """Write a label where the lines of the old one stood, aligned as they were."""
    longest = max(_length(line.said) for line in lines)
    number = min(len(lines), max(1, math.ceil(_length(said) / (longest * _ROOM))))
    ends = {
        "start": [line.x for line in lines],
        "middle": [line.x + line.width / 2 for line in lines],
        "end": [line.x + line.width for line in lines],
    }
    anchor = min(ends, key=lambda name: max(ends[name]) - min(ends[name]))
    x = sum(ends[anchor]) / len(lines)
    step = (lines[-1].y - lines[0].y) / (len(lines) - 1)
    first = (lines[0].y + lines[-1].y - step * (number - 1)) / 2
    for row, text in enumerate(broken(said, number)):
        marks = lines[0].marks.replace('style="', f'style="text-anchor: {anchor}; ', 1)
        at = f'{marks} transform="translate({x:.1f} {first + row * step:.1f})"'
        yield _written(at, text, halo)


def _written(marks: str, text: str, halo: str) -> str:
    marks = marks.replace('style="', f'style="{halo}', 1)
    return f"<text{marks}>{escape(text, quote=False)}</text>"


def broken(text: str, lines: int) -> list[str]:
    """Break a text into lines of about the same length; what is left over is empty.

    Parameters
    ----------
    text : str
    lines : int
        How many lines there are.

    Returns
    -------
    list of str
    """
    made = [""]
    left = _length(text)
    for piece in _PIECE.findall(text):
        room = left / (lines - len(made) + 1)
        longer = _length(made[-1]) + _length(piece) / 2
        if made[-1] and longer > room and len(made) < lines:
            left -= _length(made[-1])
            made.append("")
        made[-1] += piece
    return [line.strip() for line in made] + [""] * (lines - len(made))


def _length(text: str) -> int:
    """Count the halves of a square that a text takes: two for a Chinese letter, one for others."""
    return sum(2 if ord(letter) >= 0x2E80 else 1 for letter in text)
