"""The code of the pages, in the order of the contents, and the versions of the lock."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

BOOK = "book"
CONTENTS = "_toc.yml"
LOCK = "requirements.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """One code cell of a page.

    Attributes
    ----------
    page : str
        Path below the folder of the book, without its ending.
    source : str
    figure : str
        Name of the figure it makes, empty without one.
    """

    page: str
    source: str
    figure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One package of the lock."""

    name: str
    version: str


def code_cells(root: Path) -> tuple[CodeCell, ...]:
    """Return the code cells of all pages, in the order of the contents."""
    text = (root / CONTENTS).read_text(encoding="utf-8")
    listed = re.findall(r"(?:root|file): *(\S+)", text)
    return tuple(cell for page in listed for cell in _cells(root, page))


def _cells(root: Path, page: str) -> list[CodeCell]:
    path = root / f"{page}.ipynb"
    if not path.is_file():
        return []
    return [
        CodeCell(
            page=page.removeprefix(f"{BOOK}/"),
            source="".join(cell["source"]),
            figure=cell["metadata"].get("mystnb", {}).get("figure", {}).get("name", ""),
        )
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]


def locked(root: Path) -> tuple[Locked, ...]:
    """Return the packages of the lock with their versions, sorted."""
    found = re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", _lock(root), flags=re.MULTILINE)
    return tuple(Locked(name=name, version=version) for name, version in sorted(found))


def lock_checksum(root: Path) -> str:
    """Return the SHA-256 of the lock."""
    return hashlib.sha256(_lock(root).encode("utf-8")).hexdigest()


def _lock(root: Path) -> str:
    return (root / LOCK).read_text(encoding="utf-8")


def checksums(root: Path, *places: str) -> dict[str, str]:
    """Return the SHA-256 of some files and of every file below some folders, by path, sorted."""
    files = sorted(
        path
        for place in places
        for path in (root / place, *(root / place).rglob("*"))
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    )
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
