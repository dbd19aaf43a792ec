"""Lean copies of the project: the real declarations and data, but only the designs asked for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path

STUDIES = ("collaboration-era", "pilot-zones")


def lean_project(
    root: Path, folder: Path, *, designs: Collection[str], checked: Collection[str] = ()
) -> Path:
    """Copy the data of a project and leave out designs and checks that a test does not need.

    Parameters
    ----------
    root : pathlib.Path
        The project.
    folder : pathlib.Path
        Where the copy goes; made.
    designs : collection of str
        Ids of the designs that stay; all others go.
    checked : collection of str
        Ids of the designs that keep their checks.
    """
    shutil.copytree(root / "data", folder / "data")
    for study in STUDIES:
        path = folder / "data" / "reforms" / f"{study}.toml"
        path.write_text(_thinned(path.read_text(encoding="utf-8"), designs, checked), "utf-8")
    return folder


def _thinned(text: str, designs: Collection[str], checked: Collection[str]) -> str:
    kept = []
    for block in re.split(r"^(?=\[\[designs\]\])", text, flags=re.MULTILINE):
        named = re.match(r'\[\[designs\]\]\nid = "([^"]+)"', block)
        if named is None:
            kept.append(block)
        elif named[1] in designs:
            unchecked = re.sub(r"^checks = \[\n.*?^\]\n", "", block, flags=re.MULTILINE | re.DOTALL)
            kept.append(block if named[1] in checked else unchecked)
    return "".join(kept)
