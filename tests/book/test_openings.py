"""Every page begins with what was found and ends with what it cannot say."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
#: Lists to look things up in: they find nothing.
LISTS = {"glossary.md", "references.md"}
PAGES = sorted(
    path
    for path in [*BOOK.rglob("*.ipynb"), *BOOK.rglob("*.md")]
    if path.name not in LISTS and ".ipynb_checkpoints" not in path.parts
)
#: Words of a last heading that promise limits.
LIMITS = re.compile(r"\b(cannot|leaves? out|not known|limits?)\b", re.IGNORECASE)
FINDS = re.compile(r"\b(run|audit|headlines|run_scenarios?|chronology)\(")
every_page = pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(BOOK).as_posix()
)


def prose(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def code(path: Path) -> str:
    if path.suffix == ".md":
        return ""
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def first_paragraph(text: str) -> str:
    """Give what follows the title, targets and comments left out."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    after = parts[next(n for n, part in enumerate(parts) if part.startswith("# ")) + 1 :]
    return next(part for part in after if not re.fullmatch(r"\([\w-]+\)=", part))


def test_there_are_pages() -> None:
    assert len(PAGES) > 40


@every_page
def test_a_page_begins_with_its_finding(path: Path) -> None:
    first = first_paragraph(prose(path))
    found = re.match(r"\*\*(.+?)\*\*", first, re.DOTALL)
    assert found, f"begins with: {first[:80]}"
    assert len(re.sub(r"\{glue:text\}`[^`]+`", "n", found[1])) < 420, "one sentence, not a summary"


@every_page
def test_a_finding_that_is_computed_is_glued(path: Path) -> None:
    if FINDS.search(code(path)) and "{glue:text}" in prose(path):
        assert "{glue:text}" in first_paragraph(prose(path))


@every_page
def test_a_page_ends_with_its_limits(path: Path) -> None:
    headings = re.findall(r"^## +(.+)$", prose(path), re.MULTILINE)
    assert headings, "a heading at least, for the limits"
    assert LIMITS.search(headings[-1]), f"ends with: {headings[-1]}"
