"""Labels of drawings stay text; the letters they need travel inside the drawing.

The look is the same on every machine, labels can be searched, selected and read aloud, and a
label in Chinese is drawn from the font that the project ships.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import matplotlib as mpl
from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import font_manager

LATIN, CHINESE = "DejaVu Sans", "Noto Sans SC"
#: The font of the project: Noto Sans SC, cut to GB 2312; its licence stands beside it.
SHIPPED = Path(__file__).resolve().parent / "fonts" / "NotoSansSC-Regular-GB2312.woff"
_TEXT = re.compile(r"<text\b(?P<style>[^>]*)>(?P<said>.*?)</text>", re.DOTALL)
_FAMILY = re.compile(r" ?font-family: ?'DejaVu Sans'[^;\"]*;?")
_FAMILIES = f"text{{font-family:'{LATIN}','{CHINESE}',sans-serif}}"
_OPENING = re.compile(r"<svg\b[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face of a font family, and where it lies."""

    family: str
    bold: bool
    path: Path


def faces() -> tuple[Face, ...]:
    """Return the faces that drawings may need: Latin plain and bold, Chinese plain."""
    latin = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return (
        Face(family=LATIN, bold=False, path=latin / "DejaVuSans.ttf"),
        Face(family=LATIN, bold=True, path=latin / "DejaVuSans-Bold.ttf"),
        Face(family=CHINESE, bold=False, path=SHIPPED),
    )


def embed(paths: Iterable[Path]) -> None:
    """Put the letters that its labels need into every drawing."""
    drawings = {path: path.read_text(encoding="utf-8") for path in paths}
    wanted = {path: _letters(drawing) for path, drawing in drawings.items()}
    held = {face: _held(face, wanted.values()) for face in faces()}
    for path, drawing in drawings.items():
        if wanted[path]:
            rules = "".join(_rules(wanted[path], held))
            path.write_text(_with(drawing, rules), encoding="utf-8")


# Tables that no single label needs: kerning, marks, lines that run down, notes of the maker.
_UNUSED = ["BASE", "DSIG", "FFTM", "GDEF", "GPOS", "GSUB", "VORG", "kern", "vhea", "vmtx"]

Letters = frozenset[tuple[bool, str]]


@contextmanager
def drawn_in(text: str) -> Iterator[None]:
    """Let matplotlib set the Chinese of a text in the shipped font, within a block."""
    letters = {ord(letter) for letter in text if ord(letter) >= 0x2E80}
    if not letters:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chinese.otf"
        font = _opened(SHIPPED)
        font["name"].setName(CHINESE, 1, 3, 1, 0x409)
        path.write_bytes(_cut(font, letters, flavor=None, names=[1, 2]))
        font_manager.fontManager.addfont(path)
        name = font_manager.fontManager.ttflist[-1].name
        try:
            with mpl.rc_context({"font.family": [LATIN, name]}):
                yield
        finally:
            font_manager.fontManager.ttflist.pop()


def _letters(drawing: str) -> Letters:
    """List the letters of all labels, each with whether it is bold."""
    return frozenset(
        ("bold" in found["style"], letter)
        for found in _TEXT.finditer(drawing)
        for letter in unescape(found["said"])
        if not letter.isspace()
    )


def _held(face: Face, wanted: Iterable[Letters]) -> bytes | None:
    """Cut a face down to what all drawings need of it, so that each is then cut from little."""
    whole = _opened(face.path)
    has = set(whole.getBestCmap())
    needed = {point for letters in wanted for point in _points(face, letters)} & has
    return _cut(whole, needed) if needed else None


def _points(face: Face, letters: Letters) -> set[int]:
    """Return the code points that a face is asked for: Chinese is drawn plain, and comes second."""
    chinese = face.family == CHINESE
    return {
        ord(letter)
        for bold, letter in letters
        if (ord(letter) >= 0x2E80) == chinese and (chinese or bold == face.bold)
    }


def _rules(letters: Letters, held: dict[Face, bytes | None]) -> Iterator[str]:
    for face, data in held.items():
        if data is None:
            continue
        small = _opened(io.BytesIO(data))
        needed = _points(face, letters) & set(small.getBestCmap())
        if needed:
            font = base64.b64encode(_cut(small, needed)).decode()
            weight = "bold" if face.bold else "normal"
            yield (
                f"@font-face{{font-family:'{face.family}';font-weight:{weight};"
                f"src:url(data:font/woff;base64,{font})}}"
            )


def _opened(source: Path | io.BytesIO) -> TTFont:
    """Open a font; no time and no new outline gets into what is made of it."""
    return TTFont(source, recalcTimestamp=False, recalcBBoxes=False)


def _cut(
    font: TTFont, points: set[int], *, flavor: str | None = "woff", names: Sequence[int] = ()
) -> bytes:
    options = subset.Options(
        layout_features=[],
        hinting=False,
        notdef_outline=True,
        name_IDs=[*names],
        drop_tables=_UNUSED,
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    font.flavor = flavor
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def _with(drawing: str, rules: str) -> str:
    drawing = _FAMILY.sub("", drawing)
    opening = _OPENING.search(drawing)
    if opening is None or not rules:
        return drawing
    style = f"<style>{rules}{_FAMILIES}</style>"
    return drawing[: opening.end()] + style + drawing[opening.end() :]
