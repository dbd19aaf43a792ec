"""What the pages of two editions have alike lies in the first only, for a reader to fetch once."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path

SHARED = "_static"
_URL = re.compile(r'url\("(?P<address>(?!data:)[^"]+)"\)')
_ADDRESS = re.compile(r'"(?P<up>(?:\.\./)*)_static/(?P<name>[^"?#]+)')


def share(first: Path, other: Path) -> None:
    """Take the styles, scripts and fonts that both editions have out of the other one.

    Parameters
    ----------
    first : Path
        Folder of the built pages of the first edition.
    other : Path
        Folder of the built pages of another edition, inside `first`.
    """
    alike = set()
    for path in sorted((other / SHARED).rglob("*")):
        name = path.relative_to(other / SHARED)
        twin = first / SHARED / name
        if path.is_file() and twin.is_file() and path.read_bytes() == twin.read_bytes():
            alike.add(name.as_posix())
            path.unlink()
    back = "../" * len(other.relative_to(first).parts)
    for page in sorted(other.rglob("*.html")):
        said = page.read_text(encoding="utf-8")
        page.write_text(_ADDRESS.sub(lambda at: _moved(at, alike, back), said), encoding="utf-8")

    for sheet in sorted((other / SHARED).rglob("*.css")):
        said = sheet.read_text(encoding="utf-8")
        sheet.write_text(_URL.sub(partial(_asked, sheet, first, other), said), encoding="utf-8")


def _asked(sheet: Path, first: Path, other: Path, at: re.Match[str]) -> str:
    """Let a style sheet of the other edition ask the first for what now lies only there."""
    wanted = os.path.normpath(sheet.parent / at["address"])
    twin = first / Path(wanted).relative_to(other)
    if Path(wanted).exists() or not twin.exists():
        return at[0]
    return f'url("{Path(os.path.relpath(twin, sheet.parent)).as_posix()}")'


def _moved(at: re.Match[str], alike: set[str], back: str) -> str:
    return f'"{at["up"]}{back}_static/{at["name"]}' if at["name"] in alike else at[0]
