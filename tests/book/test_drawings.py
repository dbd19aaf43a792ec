"""Drawings of the built book: in the fonts that travel with them, and not heavier than need be."""

from __future__ import annotations

import base64
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fontTools.ttLib import TTFont
from matplotlib.axes import Axes

from analysis import pictures


@pytest.fixture
def extensions(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make the extensions of the book importable, as Sphinx does."""
    monkeypatch.syspath_prepend(str(root / "book" / "_ext"))
    before = set(sys.modules)
    yield root
    for name in set(sys.modules) - before:
        if name.startswith("drawing_"):
            del sys.modules[name]


@pytest.fixture
def fonts(extensions: Path) -> ModuleType:
    import drawing_fonts

    module: ModuleType = drawing_fonts
    return module


@pytest.fixture
def weight(extensions: Path) -> ModuleType:
    import drawing_weight

    module: ModuleType = drawing_weight
    return module


def labelled(*labels: str, ax: Axes) -> None:
    for place, label in enumerate(labels):
        ax.text(place, place, label)
    ax.set_ylabel("turned", weight="bold")


def alternative(*labels: str) -> str:
    return ", ".join(labels)


def drawn(*labels: str) -> str:
    return pictures.picture(labelled, *labels, caption="Labels", alt=alternative).svg


def carried(drawing: str) -> dict[str, set[str]]:
    """Letters that every font family inside a drawing can draw."""
    found: dict[str, set[str]] = {}
    rule = r"font-family:'([\w ]+)';font-weight:\w+;src:url\(data:font/woff;base64,([^)]+)\)"
    for family, data in re.findall(rule, drawing):
        font = TTFont(io.BytesIO(base64.b64decode(data)))
        found.setdefault(family, set()).update(chr(point) for point in font.getBestCmap())
    return found


def test_labels_ask_for_the_fonts_they_carry(fonts: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "drawing.svg"
    path.write_text(drawn("Hours", "通关时间"), encoding="utf-8")
    fonts.embed([path])
    drawing = path.read_text(encoding="utf-8")
    families = carried(drawing)
    assert set("Hours") <= families["DejaVu Sans"]
    assert set("通关时间") <= families["Noto Sans SC"]
    (asked,) = re.findall(r"text\{font-family:([^}]*)\}", drawing)
    assert [name.strip(" '") for name in asked.split(",")] == [*families, "sans-serif"]
    labels = re.findall(r"<text\b[^>]*>", drawing)
    assert labels
    assert not [label for label in labels if "DejaVu" in label], "a label names one font alone"


def test_what_is_dropped_is_not_seen(weight: ModuleType) -> None:
    drawing = drawn("Hours", "Days")
    light = weight.plain(drawing)
    assert len(light) < 0.85 * len(drawing)
    for kept in (
        r"<text\b[^>]*>([^<]*)",
        r' d="([^"]*)"',
        r'href="#([^"]*)"',
        r'clip-path="([^"]*)',
    ):
        assert re.findall(kept, light) == re.findall(kept, drawing), kept
    assert "rotate(-90" in light
    assert "rotate(-0" in drawing
    assert "rotate(-0" not in light
    assert weight.plain(light) == light


def test_groups_that_say_something_stay(weight: ModuleType) -> None:
    drawing = (
        '<svg><g id="a"><g clip-path="url(#b)"><g>\n<path d="M 1 1" style="fill: none; a: b"/>'
        '\n</g></g></g><g id="b"/><g transform="rotate(-0 1.5 2)"><use href="#a"/></g></svg>'
    )
    assert weight.plain(drawing) == (
        '<svg><g id="a"><g clip-path="url(#b)"><path d="M 1 1" style="fill:none;a:b"/>'
        '</g></g><g id="b"/><use href="#a"/></svg>'
    )
    assert weight.plain('<g><g id="a"/><a/></g><g fill="b"/>') == '<a/><g fill="b"/>'
