"""A new reform: its file and its page, written from templates; nothing is ever overwritten."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from analysis.catalog.files import REFORMS
from analysis.catalog.tables import load_vocabulary
from analysis.errors import DeclarationError, Fault

PAGES = "book/reforms"
TOC = "_toc.yml"
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def new_reform(root: Path, reform_id: str, *, title: str, area: str) -> tuple[Path, ...]:
    """Write the declaration and the page of a new reform, and list the page under its area.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the project.
    reform_id : str
        Small letters, digits and hyphens.
    title : str
        Heading of the page.
    area : str
        Id of an area of ``data/vocabulary.toml``.

    Returns
    -------
    tuple of Path
        Files written, and ``_toc.yml`` if the page could be listed there.

    Raises
    ------
    DeclarationError
        The id or title cannot be used, the area is not known, or a file stands already.
    """
    declared = root / REFORMS / f"{reform_id}.toml"
    page = root / PAGES / f"{reform_id}.ipynb"
    DeclarationError.raise_if(_faults(root, reform_id, title, area, (declared, page)))
    words = {"id": reform_id, "title": title, "area": area}
    for path, template in ((declared, "reform.toml.txt"), (page, "page.ipynb.txt")):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(_filled(template, words))
    return (declared, page, *_listed(root, reform_id, area))


def _filled(template: str, words: dict[str, str]) -> str:
    return Template((_TEMPLATES / template).read_text(encoding="utf-8")).substitute(words)


def _faults(
    root: Path, reform_id: str, title: str, area: str, paths: tuple[Path, ...]
) -> list[Fault]:
    faults = []
    if not _ID.fullmatch(reform_id):
        faults.append(
            Fault(
                expected="an id of small letters, digits and single hyphens",
                found=repr(reform_id),
                mend="choose such a name, for example single-window",
            )
        )
    if not title.strip() or re.search(r'["\\\n\r\t$]', title):
        faults.append(
            Fault(
                expected="a title in one line, without quotation marks, backslashes and $",
                found=repr(title),
                mend="choose another title; it can be changed later",
            )
        )
    known = [one.id for one in load_vocabulary(root).areas]
    if area not in known:
        faults.append(
            Fault(
                expected="an area: " + ", ".join(known),
                found=repr(area),
                mend="choose one with --area, or add it to data/vocabulary.toml",
            )
        )
    faults += [
        Fault(
            expected="no file of this name",
            found="one that would be overwritten",
            mend="choose another id, or move the file away",
            file=path.relative_to(root).as_posix(),
        )
        for path in paths
        if path.exists()
    ]
    return faults


def _listed(root: Path, reform_id: str, area: str) -> tuple[Path, ...]:
    """Put the page below the page of its area in the table of contents, if that stands there."""
    toc = root / TOC
    lines = toc.read_text(encoding="utf-8").splitlines() if toc.is_file() else []
    head = next((n for n, line in enumerate(lines) if line.endswith(f"book/areas/{area}")), None)
    if head is None:
        return ()
    indent = " " * lines[head].index("-")
    inner = f"{indent}    - file: {PAGES}/"
    last = head + 1
    if last == len(lines) or lines[last].strip() != "sections:":
        lines.insert(last, f"{indent}  sections:")
    while last + 1 < len(lines) and lines[last + 1].startswith(inner):
        last += 1
    lines.insert(last + 1, inner + reform_id)
    toc.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return (toc,)
