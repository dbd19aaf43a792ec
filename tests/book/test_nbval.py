"""The comparison of notebooks that `make pages` runs can fail, and ignores nothing but drawings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis.notebooks import refresh
from tests.writing import write_notebook

_DRAWS = (
    "class Picture:\n"
    "    def _repr_mimebundle_(self, **_):\n"
    "        return {'image/svg+xml': '<svg/>', 'text/plain': 'caption'}\n"
    "Picture()"
)


def _compare(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split("\npages:")[1].split("\n\n")[0].replace("\\\n", " ")
    options = recipe.split("pytest book", 1)[1].replace("$(JOBS)", "0").split()
    return subprocess.run(
        [sys.executable, "-m", "pytest", str(folder), *options],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = write_notebook(tmp_path / "page.ipynb", "# Title", "print('number 1.25')", _DRAWS)
    refresh(tmp_path, say=lambda _: None)
    assert "svg" not in path.read_text(encoding="utf-8").split("caption")[-1]
    return path


def test_unchanged_page_passes_without_its_drawings(root: Path, stored: Path) -> None:
    done = _compare(root, stored.parent)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_changed_number_fails(root: Path, stored: Path) -> None:
    text = stored.read_text(encoding="utf-8").replace("number 1.25\\n", "number 1.26\\n")
    assert "1.26" in text
    stored.write_text(text, encoding="utf-8")
    done = _compare(root, stored.parent)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout
