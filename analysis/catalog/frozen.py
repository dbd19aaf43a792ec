"""Findings as they were last reviewed, and the list of numbers that moved since."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd

from analysis.errors import DataError, Fault

FROZEN = "data/frozen"
MOVED = f"{FROZEN}/moved.csv"
CHANGELOG = "CHANGELOG.md"
HEADING = "### Numbers that moved"
#: What the section says while there is nothing to say.
NOTHING = "- None yet: this is the first version."
COLUMNS = ("item", "quantity", "value")
MOVES = ("edition", "reform", "item", "quantity", "before", "after", "reason")


def list_frozen(root: Path) -> tuple[str, ...]:
    """Return the ids of the reforms whose findings are frozen, sorted."""
    held = (path.stem for path in (root / FROZEN).glob("*.csv"))
    return tuple(sorted(name for name in held if name != "moved"))


def read_frozen(root: Path, reform: str) -> pd.DataFrame:
    """Read the frozen findings of a reform; no rows where there are none."""
    return _read(root / FROZEN / f"{reform}.csv", COLUMNS)


def write_frozen(root: Path, reform: str, findings: pd.DataFrame) -> Path:
    """Write the findings of a reform in place of those frozen before."""
    path = root / FROZEN / f"{reform}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    findings.to_csv(path, index=False, lineterminator="\n")
    return path


def drop_frozen(root: Path, reform: str) -> None:
    """Forget a reform that is no longer declared."""
    (root / FROZEN / f"{reform}.csv").unlink()


def read_moved(root: Path) -> pd.DataFrame:
    """Read every number that moved since the first freeze, oldest first."""
    return _read(root / MOVED, MOVES)


def add_moved(root: Path, moved: pd.DataFrame, *, reason: str) -> None:
    """Add numbers that moved to the list, and the reason to the changelog."""
    edition = project_version(root)
    new = moved.assign(edition=edition, reason=reason)[list(MOVES)]
    every = pd.concat([read_moved(root), new], ignore_index=True)
    every.to_csv(root / MOVED, index=False, lineterminator="\n")
    _note(root / CHANGELOG, reason)


def project_version(root: Path) -> str:
    """Return the version that the project declares."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _note(path: Path, reason: str) -> None:
    """Put the reason under the first heading of moved numbers, once."""
    text = path.read_text(encoding="utf-8")
    head, found, rest = text.partition(f"{HEADING}\n")
    if not found:
        raise DataError(
            Fault(
                expected=f"a section {HEADING!r}",
                found="none",
                mend="add the heading under the version that is being made",
                file=path.name,
            )
        )
    body, mark, older = rest.partition("\n## ")
    lines = [line for line in body.splitlines() if line.strip() and line != NOTHING]
    lines += [] if f"- {reason}" in lines else [f"- {reason}"]
    section = "\n".join(["", *lines, ""])
    path.write_text(f"{head}{found}{section}{mark}{older}", encoding="utf-8")


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        return pd.DataFrame(columns=list(columns), dtype=str)
    return pd.read_csv(path, dtype=str, keep_default_na=False)[list(columns)]
