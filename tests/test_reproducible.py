"""Two builds give the same bytes: here a small book with a figure, a table and glued text."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.reproducible import STAMP, compare

ROOT = Path(__file__).resolve().parent.parent
CELLS = (
    "# A page\n\nGlued: {glue:text}`page.ipynb::one:s`.",
    "import pandas as pd\nfrom analysis import markup, plots, tables\ntables.say('one', 'two')",
    "markup.show(pd.DataFrame({'a': [1.5, 2.25]}), caption='A table')",
    "plots.picture(plots.shares, pd.Series({'kept': 2, 'lost': 1}, name='n'), "
    "alt=plots.describe_shares, caption='How many statements were kept and how many were not')",
    "sorted({'b', 'a', 'c'}), len({str(n) for n in range(9)})",
)


def name_the_figure(page: Path) -> None:
    """Give the cell that draws what the book asks of figures: a name to refer to."""
    notebook = json.loads(page.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "plots.picture" in "".join(cell["source"]):
            cell["metadata"]["mystnb"] = {"figure": {"name": "fig-kept"}}
    page.write_text(json.dumps(notebook), encoding="utf-8")


def build(project: Path, **changed: str) -> Path:
    out = project / "out"
    done = subprocess.run(
        [sys.executable, "-m", "analysis", "report", "--out", str(out)],
        cwd=project,
        env={**os.environ, **changed},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_two_builds_in_two_folders_and_time_zones_give_the_same_bytes(
    small_project: Callable[..., Path], tmp_path: Path
) -> None:
    here = small_project(*CELLS)
    name_the_figure(here / "book" / "page.ipynb")
    there = tmp_path / "another folder" / "deeper"
    shutil.copytree(here, there)
    one = build(here, TZ="UTC", PYTHONHASHSEED="1", LC_ALL="C.UTF-8")
    two = build(there, TZ="Asia/Shanghai", PYTHONHASHSEED="2", LC_ALL="C")
    found = compare(one, two)
    assert found.pages >= 3
    assert found.different == ()
    assert "config" not in (one / ".buildinfo").read_text(encoding="utf-8"), (
        "a checksum of settings that hangs on the version of Python"
    )


def test_differences_are_found(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, text in ((one, "a"), (two, "b")):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "page.html").write_text(text, encoding="utf-8")
        (folder / STAMP).write_text("{}", encoding="utf-8")
    (two / "more.js").write_text("", encoding="utf-8")
    found = compare(one, two)
    assert found.different == ("deep/page.html", "more.js")
    assert (found.files, found.pages) == (3, 1)
