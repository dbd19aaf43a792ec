"""Simulated tables written from the truth a reform declares; the only room that makes data."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from analysis.catalog.files import REFORMS, SOURCES, read_toml
from analysis.catalog.reforms import list_reforms, load_study
from analysis.catalog.tables import load_source
from analysis.declarations import Truth
from analysis.errors import DeclarationError, Fault


def write_simulated(root: Path) -> tuple[Path, ...]:
    """Draw the tables of every reform that declares a truth, and note their checksums.

    Returns
    -------
    tuple of Path
        Files written, ``data/sources.toml`` not counted.

    Raises
    ------
    DeclarationError
        A truth names a source that is not of kind simulated: real data are never overwritten.
    """
    written: list[Path] = []
    for reform_id in list_reforms(root):
        truth = load_study(root, reform_id).truth
        if truth is not None:
            written += _write(root, truth, file=f"{REFORMS}/{reform_id}.toml")
    return tuple(written)


def _write(root: Path, truth: Truth, *, file: str) -> list[Path]:
    from analysis.simulation import draw

    sources = [load_source(root, name) for name in (truth.cells, truth.starts)]
    DeclarationError.raise_if(
        [
            Fault(
                expected="a source of kind simulated",
                found=f"{source.id}, which is {source.kind}",
                mend="name another source: only simulated data are drawn",
                file=file,
                column="truth",
            )
            for source in sources
            if source.kind != "simulated"
        ]
    )
    drawn = draw(truth)
    paths = []
    for source, table in zip(sources, (drawn.cells, drawn.starts), strict=True):
        raw = table.to_csv(index=False, lineterminator="\n").encode()
        path = root / "data" / source.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        _note(root, source.id, hashlib.sha256(raw).hexdigest())
        paths.append(path)
    return paths


def _note(root: Path, source_id: str, sha256: str) -> None:
    """Put a checksum into the record of a source; every key stands on a line of its own."""
    text, _ = read_toml(root, SOURCES)
    head, *held = re.split(r"(?m)^(?=\[\[source\]\]$)", text)
    for number, record in enumerate(held):
        if re.search(rf'(?m)^id = "{re.escape(source_id)}"$', record):
            held[number] = re.sub(r'(?m)^sha256 = ".*"$', f'sha256 = "{sha256}"', record, count=1)
    (root / SOURCES).write_text("".join([head, *held]), encoding="utf-8", newline="\n")
