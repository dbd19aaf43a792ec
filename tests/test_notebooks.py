"""Notebooks run from nothing, failures are named, what is stored holds no picture and no clock."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from analysis.errors import BuildError
from analysis.notebooks import execute, find_notebooks, refresh
from tests.writing import write_notebook


def _silent(line: str) -> None:
    del line


def test_cells_are_run_in_the_folder_of_the_page_by_this_package(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "page.ipynb",
        "# Title",
        f"from pathlib import Path\nprint(Path.cwd() == Path({str(tmp_path)!r}).resolve())",
        "import analysis\nprint(Path(analysis.__file__).name)",
    )
    said: list[str] = []
    execute([path], say=said.append)
    cells = nbformat.read(path, as_version=4).cells
    assert cells[1].outputs[0].text == "True\n"
    assert cells[2].outputs[0].text == "__init__.py\n"
    assert [cell.execution_count for cell in cells[1:]] == [1, 2]
    assert len(said) == 1
    assert "[1/1] page.ipynb" in said[0]


def test_earlier_outputs_are_forgotten(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "page.ipynb", "print('old')")
    execute([path], say=_silent)
    text = path.read_text(encoding="utf-8").replace("print('old')", "x = 1")
    path.write_text(text, encoding="utf-8")
    execute([path], say=_silent)
    assert nbformat.read(path, as_version=4).cells[0].outputs == []


def test_every_failing_page_is_named_with_its_cell_and_last_line(tmp_path: Path) -> None:
    good = write_notebook(tmp_path / "good.ipynb", "1 + 1")
    bad = write_notebook(tmp_path / "bad.ipynb", "# Title", "x = 1", "x / 0", "x = 2")
    worse = write_notebook(tmp_path / "worse.ipynb", "raise ValueError('first\\nsecond')")
    before = bad.read_bytes()
    with pytest.raises(BuildError) as caught:
        execute([good, bad, worse], say=_silent)
    faults = {fault.file: fault for fault in caught.value.faults}
    assert set(faults) == {"bad.ipynb", "worse.ipynb"}
    assert faults["bad.ipynb"].found == "ZeroDivisionError: division by zero"
    assert "cell 3" in faults["bad.ipynb"].expected
    assert "x / 0" in faults["bad.ipynb"].expected
    assert faults["worse.ipynb"].found == "ValueError: first; second"
    assert "Traceback" not in str(caught.value)
    assert bad.read_bytes() == before


def test_a_warning_in_a_cell_is_a_fault(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "page.ipynb", "import warnings\nwarnings.warn('look here')")
    with pytest.raises(BuildError, match="look here"):
        execute([path], say=_silent)


def test_stored_form_has_no_pictures_no_clocks_and_one_kernel_name(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path / "page.ipynb",
        "# Title",
        "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()",
        "'text'",
    )
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"]["kernelspec"] = {"name": "mine", "display_name": "Mine"}
    notebook["cells"][1]["metadata"] = {"execution": {"iopub.execute_input": "2026-01-01"}}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    refresh(tmp_path, say=_silent)
    stored = path.read_text(encoding="utf-8")
    assert "image/png" not in stored
    assert "iopub" not in stored
    assert "<Figure size" in stored
    assert json.loads(stored)["metadata"]["kernelspec"]["name"] == "python3"
    refresh(tmp_path, say=_silent)
    assert path.read_text(encoding="utf-8") == stored


def test_checkpoints_are_no_pages(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    write_notebook(tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb", "1")
    page = write_notebook(tmp_path / "a.ipynb", "1")
    assert find_notebooks(tmp_path) == (page,)
