"""Writes notebooks for tests."""

from __future__ import annotations

from pathlib import Path

import nbformat


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook; a cell that begins with `#` followed by a blank is Markdown."""
    notebook = nbformat.v4.new_notebook()
    for number, cell in enumerate(cells):
        text = cell.startswith("# ")
        make = nbformat.v4.new_markdown_cell if text else nbformat.v4.new_code_cell
        notebook.cells.append(make(cell, id=f"cell-{number}"))
    nbformat.write(notebook, path)
    return path
