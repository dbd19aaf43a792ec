"""Finding the project, and reading files that must lie inside its data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from analysis.contracts import decode
from analysis.declarations import parse_toml
from analysis.errors import AnalysisError, DataError, Fault

SOURCES = "data/sources.toml"
VOCABULARY = "data/vocabulary.toml"
REFORMS = "data/reforms"
PUBLISHED = "published"
SIMULATED = "simulated"
LARGEST = 256 * 2**20
"""Largest table that is read into memory, in bytes."""

T = TypeVar("T")


def find_root(start: Path | str | None = None) -> Path:
    """Return the nearest folder at or above `start` that holds data/sources.toml.

    `start` is the working folder by default; where nothing is found, the checkout this package
    lies in is used.
    """
    begin = Path.cwd() if start is None else Path(start).resolve()
    for folder in (begin, *begin.parents, Path(__file__).resolve().parents[2]):
        if (folder / SOURCES).is_file():
            return folder
    raise DataError(
        Fault(
            expected=f"a folder that holds {SOURCES}, here or above",
            found=f"none at or above {begin.name or begin}",
            mend="run the command inside the project",
        )
    )


def read_bytes(root: Path, path: str) -> bytes:
    """Read a file that must lie inside the data folder of `root`, links followed."""
    data = (root / "data").resolve()
    place = (root / path).resolve()
    if not place.is_relative_to(data):
        raise DataError(
            Fault(
                expected="a file inside the data folder",
                found="a path or a link that leads out of it",
                mend="put the file itself into the data folder",
                file=path,
            )
        )
    if not place.is_file():
        raise DataError(
            Fault(expected="a file", found="nothing", mend="restore the file", file=path)
        )
    if place.stat().st_size > LARGEST:
        raise DataError(
            Fault(
                expected=f"at most {LARGEST} bytes",
                found=f"{place.stat().st_size} bytes",
                mend="compress the records into unit x time cells first",
                file=path,
            )
        )
    return place.read_bytes()


def read_toml(root: Path, path: str) -> tuple[str, Any]:
    """Read a TOML file of the data folder: its text, and what it holds."""
    text = decode(read_bytes(root, path), file=path)
    return text, parse_toml(text, file=path)


class Gathering:
    """Collects the faults of steps that may each fail, so that all are told at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def get(self, step: Callable[[], T]) -> T | None:
        """Return what `step` gives; if it fails keep its faults and return None."""
        try:
            return step()
        except AnalysisError as error:
            self.faults.extend(error.faults)
            return None

    def add(self, file: str, column: str, expected: str, found: str, mend: str) -> None:
        """Keep one fault."""
        self.faults.append(
            Fault(expected=expected, found=found, mend=mend, file=file, column=column)
        )
