"""Pages stay thin, were run before they were stored, and type no number in prose."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
NOTEBOOKS = sorted(BOOK.rglob("*.ipynb"))
CODE_LINES_A_CELL = 8
CODE_LINES_A_PAGE = 60

FORBIDDEN = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.comprehension,
)

# What may hold digits and is no result: roles and code, addresses, formulas, years and dates,
# names of claims and articles, numbers of a list.
NO_RESULTS = (
    r"```.*?```",
    r"\{[a-z:]+\}`[^`]*`",
    r"`[^`]*`",
    r"\]\([^)]*\)",
    r"https?://\S+",
    r"\$\$.*?\$\$",
    r"\$[^$]*\$",
    r"\b(19|20)\d\d(-\d\d){0,2}\b",
    r"\b[A-Z]+\d+\b",
    r"\bArticle \d+(\.\d+)?",
    r"\b95 ?%(?= (confidence )?interval)",
    r"\b80 ?%(?= power)",
    r"\blevel \d\b",
    r"^\s*\d+\.\s",
    r"\[\^?\d+\]",
)


def _notebook(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def _code(path: Path) -> list[Any]:
    return [cell for cell in _notebook(path).cells if cell.cell_type == "code"]


def _prose(path: Path) -> str:
    return "\n\n".join(c.source for c in _notebook(path).cells if c.cell_type == "markdown")


def typed_numbers(prose: str) -> list[str]:
    """Find numbers in prose that could be results."""
    for pattern in NO_RESULTS:
        prose = re.sub(pattern, " ", prose, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"[-+\u2212]?\d+(?:[.,]\d+)*(?: ?%)?", prose)


every_page = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_pages() -> None:
    assert "intro.ipynb" in [path.name for path in NOTEBOOKS]


@every_page
def test_cells_and_pages_are_short(path: Path) -> None:
    lines = [[line for line in c.source.splitlines() if line.strip()] for c in _code(path)]
    assert max(map(len, lines), default=0) <= CODE_LINES_A_CELL
    assert sum(map(len, lines)) <= CODE_LINES_A_PAGE


@every_page
def test_pages_only_call(path: Path) -> None:
    for cell in _code(path):
        found = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, FORBIDDEN)]
        assert found == [], cell.source


@every_page
def test_pages_import_from_analysis_only(path: Path) -> None:
    for cell in _code(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            assert {name.split(".")[0] for name in names} == {"analysis"}, cell.source


@every_page
def test_every_cell_was_run_once_from_top_to_bottom(path: Path) -> None:
    """Strict nbval passes cleared notebooks: this does not."""
    counts = [cell.execution_count for cell in _code(path)]
    assert counts == list(range(1, len(counts) + 1)), "make notebooks"


@every_page
def test_stored_outputs_are_text(path: Path) -> None:
    """A page that computes has stored outputs, and none is a picture, a clock or a warning."""
    outputs = [output for cell in _code(path) for output in cell.outputs]
    assert outputs or not _code(path), "make notebooks"
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert not [kind for kind in kinds if "image/" in kind], "make notebooks"
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert not [output for output in outputs if output.output_type == "error"]
    assert all("execution" not in cell.metadata for cell in _code(path)), "make notebooks"


@every_page
def test_kernel_is_named_as_everywhere(path: Path) -> None:
    assert _notebook(path).metadata.kernelspec.name == "python3", "make notebooks"


@every_page
def test_drawings_have_name_caption_and_alternative_text(path: Path) -> None:
    for cell in _code(path):
        if "plots.picture(" in cell.source or "plots.draw" in cell.source:
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            assert figure.get("name", "").startswith("fig-"), cell.source
            (plain,) = [o.data["text/plain"] for o in cell.outputs if "data" in o]
            caption, _, alt = plain.partition("\n\n")
            assert len(caption) > 20
            assert len(alt) > 40
            assert not re.search(r"\.(png|svg)\b", alt)


@every_page
def test_no_number_is_typed_in_prose(path: Path) -> None:
    if any("run(" in cell.source or "audit(" in cell.source for cell in _code(path)):
        assert typed_numbers(_prose(path)) == []


@every_page
def test_glued_text_is_named_with_its_page_and_its_format(path: Path) -> None:
    """Without its page it is empty in a translated book; without a format, everywhere."""
    for key in re.findall(r"\{glue:text\}`([^`]+)`", _prose(path)):
        page, _, rest = key.partition("::")
        assert (path.parent / page).is_file(), key
        assert re.fullmatch(r"[^:]+:[^:]*[a-zA-Z%]", rest), f"{key}: end it with a format, as :s"


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("It rose by 8.3 % and 12 trains ran.", ["8.3 %", "12"]),
        ("A share of \u22120.08.", ["\u22120.08"]),
        ("In 2021 (2021-09-08), claim S007, Article 7.6, a 95% interval.", []),
        ("Formula $x_1 = 2$, `n = 3`, {glue:text}`a.ipynb::b:.1f`, [x](y1.md).", []),
        ("1. First\n2. Second", []),
        ("The 31 provinces", ["31"]),
    ],
)
def test_typed_numbers_are_found(prose: str, found: list[str]) -> None:
    assert typed_numbers(prose) == found


def test_no_figure_has_the_name_of_another() -> None:
    """Sphinx would refuse the page, but only when the whole report is built."""
    names = [
        cell.metadata["mystnb"]["figure"]["name"]
        for path in NOTEBOOKS
        for cell in nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]
        if "figure" in cell.metadata.get("mystnb", {})
    ]
    assert len(names) > 50
    assert sorted(names) == sorted(set(names))
