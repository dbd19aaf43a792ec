"""A stamp beside every published report: version, commit, checksums of all that went in."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from pathlib import Path

from analysis import catalog
from analysis.catalog import pages

STAMP = "provenance.json"
PAGE = "book/trust/provenance.html"
#: Folders whose files make the report, beside the data.
CODE = ("analysis", "benchmarks/results", "book")
#: Single files: the lock of versions, the project, the settings and the contents of the book.
PARTS = ("requirements.txt", "pyproject.toml", "_config.yml", "_toc.yml")
_COMMIT = re.compile(r'(<span id="commit">)[^<]*(</span>)')


def write_stamp(html: Path, *, root: Path, staging: Path) -> Path:
    """Write `provenance.json` into a built report and name the commit on its page.

    Parameters
    ----------
    html : Path
        Folder of the built pages, not yet published.
    root : Path
        Folder of the project.
    staging : Path
        Folder the report was built in, with the data it was built from.

    Returns
    -------
    Path
        The stamp.

    Notes
    -----
    The version of Python stands in the stamp and nowhere else: with it the stamp, and no page,
    differs between two Pythons. Checksums of files that a user supplied are not published.
    """
    commit = _commit(root)
    stamp = {
        "commit": commit,
        "python": platform.python_version(),
        "files": pages.checksums(root, *PARTS),
        "data": {
            f"data/{one.file}": "not published" if one.kind == "real" else one.sha256
            for one in catalog.load_sources(staging)
        },
        "declarations": pages.checksums(root, "data/reforms", "data/scenarios"),
        "code": pages.checksums(root, *CODE),
    }
    path = html / STAMP
    path.write_text(json.dumps(stamp, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = html / PAGE
    if page.is_file():
        text = page.read_text(encoding="utf-8")
        page.write_text(_COMMIT.sub(rf"\g<1>{commit}\g<2>", text), encoding="utf-8")
    return path


def _commit(root: Path) -> str:
    """Return the commit the files are of, and whether they were changed since."""
    head = _git(root, "rev-parse", "HEAD")
    if not re.fullmatch(r"[0-9a-f]{40}", head):
        return "not under version control"
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{head}, with changes that are not committed" if changed else head


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
