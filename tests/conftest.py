"""What all tests share: the folder of the project, kernels that can import it, a small project."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.writing import write_notebook

ROOT = Path(__file__).resolve().parent.parent

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))

_TOC = "format: jb-book\nroot: book/intro\nchapters:\n  - file: book/page\n"


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the project under test."""
    return ROOT


@pytest.fixture
def small_project(tmp_path: Path) -> Callable[..., Path]:
    """Make a project with the real settings and data, no reform, and a book of two pages."""

    def make(*cells: str) -> Path:
        project = tmp_path / "project"
        no_reforms = shutil.ignore_patterns("reforms", "scenarios")
        shutil.copytree(ROOT / "data", project / "data", ignore=no_reforms)
        (project / "data" / "reforms").mkdir()
        (project / "book").mkdir()
        for name in ("_ext", "_static", "_templates"):
            if (ROOT / "book" / name).is_dir():
                shutil.copytree(
                    ROOT / "book" / name,
                    project / "book" / name,
                    ignore=shutil.ignore_patterns("__pycache__"),
                )
        shutil.copy(ROOT / "book" / "references.bib", project / "book")
        shutil.copy(ROOT / "_config.yml", project)
        (project / "_toc.yml").write_text(_TOC, encoding="utf-8")
        (project / "book" / "intro.md").write_text("# Intro\n\nWords.\n", encoding="utf-8")
        write_notebook(project / "book" / "page.ipynb", *cells)
        return project

    return make
