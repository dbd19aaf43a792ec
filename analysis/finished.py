"""Pages that an interrupted run had finished, kept only until a report is published.

A page is taken over only if nothing at all has changed since: the key of the store is a hash of
this package, of every staged file (data, pages, settings, lock) and of all installed versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from analysis import publishing
from analysis.errors import BuildError

_PIECE = 1 << 20
_STORES = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Finished pages of one state of code, data and versions.

    Attributes
    ----------
    folder : Path or None
        Where they lie; None when another run works on the same state.
    pages : Path
        Folder of the pages of this run.
    """

    folder: Path | None
    pages: Path

    def restore(self, page: Path) -> bool:
        """Put a finished page in the place of the one to be run; False if there is none."""
        for kept in self._kept(page):
            content = kept.read_bytes()
            if kept.stem.endswith(_digest(content)):  # a disk that was full leaves half a file
                page.write_bytes(content)
                return True
            kept.unlink()
        return False

    def keep(self, page: Path) -> None:
        """Keep a page that was run; where that cannot be done, it will be run again."""
        if self.folder is None:
            return
        content = page.read_bytes()
        part = self.folder / f"{os.getpid()}.part"
        try:
            part.write_bytes(content)
            part.replace(self.folder / f"{self._name(page)}-{_digest(content)}.ipynb")
        except OSError:
            part.unlink(missing_ok=True)

    def _kept(self, page: Path) -> list[Path]:
        return [] if self.folder is None else sorted(self.folder.glob(f"{self._name(page)}-*"))

    def _name(self, page: Path) -> str:
        return hashlib.sha256(page.relative_to(self.pages).as_posix().encode()).hexdigest()[:16]


@contextmanager
def finished(build: Path, *, staging: Path) -> Iterator[Finished]:
    """Give the store that belongs to what is staged; empty it when the work has come to its end.

    Parameters
    ----------
    build : Path
        Folder for what is built.
    staging : Path
        Everything that the pages can read, before any page is run.
    """
    stores = build / _STORES
    folder = stores / _key(staging)
    for other in stores.glob("*"):
        if other.is_dir() and other != folder and not publishing.is_held(other):
            shutil.rmtree(other, ignore_errors=True)
    publishing.forget(stores)
    with ExitStack() as stack:
        try:
            stack.enter_context(publishing.alone(folder, doing="keeping these pages"))
        except BuildError:  # another run does the same work for another place
            yield Finished(folder=None, pages=staging / "book")
            return
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield Finished(folder=folder, pages=staging / "book")
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        stores.rmdir()


def _key(staging: Path) -> str:
    """Hash code, staged files and versions; of pages what is written in them, not their outputs."""
    whole = hashlib.sha256()
    package = Path(__file__).resolve().parent
    for name, top in (("analysis", package), ("staged", staging)):
        for path in sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                where = f"{name}/{path.relative_to(top).as_posix()}"
                whole.update(f"{where}\0{_hash(path)}\0".encode())
    held = sorted(f"{one.metadata['Name']}=={one.version}" for one in distributions())
    whole.update("\0".join([sys.version, sys.platform, *held]).encode())
    return whole.hexdigest()[:32]


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_bytes()).get("cells", [])
        written = [[one.get(key) for key in ("cell_type", "source", "metadata")] for one in cells]
        found.update(json.dumps(written, sort_keys=True).encode())
        return found.hexdigest()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
