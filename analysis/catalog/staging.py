"""A copy of the data for one report, with the files of a user laid over the published ones."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.catalog.files import SOURCES, read_bytes
from analysis.catalog.intake.quality import QUALITY, write_quality
from analysis.catalog.intake.take import Handover, refuse, taken_in
from analysis.catalog.tables import load_sources
from analysis.contracts import decode
from analysis.declarations import Source
from analysis.errors import BuildError, Fault

_PRODUCER = "Supplied by the user"
_LICENCE = "As supplied"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Supplied:
    """A file of the user that stands in for a published one."""

    source: Source
    sha256: str


def stage_data(root: Path, staging: Path, supplied: Path | None = None) -> tuple[str, ...]:
    """Copy data/ of `root` into `staging`, with the files of `supplied` laid over it.

    A supplied file replaces the published or simulated file it stands for, in the form that file
    declares; its source record becomes kind "real", supplied by the user, with its own checksum.
    What was found, repaired and decided goes into data/supplied. Nothing is written before every
    supplied file holds to its contract and every doubt is decided; `root` is never changed.

    Returns
    -------
    tuple of str
        Ids of the sources that were replaced.

    Raises
    ------
    DataError
        A name that stands for no table, a file that breaks its contract, or an open doubt.
    """
    if supplied is None:
        shutil.copytree(root / "data", staging / "data")
        return ()
    with taken_in(root, supplied) as handover:
        refuse(handover.intake)
        shutil.copytree(root / "data", staging / "data")
        laid = tuple(_laid(staging, handover, source) for source in _sources_of(root, handover))
        write_quality(handover.intake, staging / QUALITY)
    text = decode(read_bytes(root, SOURCES), file=SOURCES)
    for file in laid:
        text = _as_supplied(text, file)
    (staging / SOURCES).write_text(text, encoding="utf-8", newline="\n")
    _confirm(staging, laid)
    return tuple(file.source.id for file in laid)


def _sources_of(root: Path, handover: Handover) -> tuple[Source, ...]:
    taken = {one.source for one in handover.intake.taken}
    return tuple(one for one in load_sources(root) if one.id in taken)


def _laid(staging: Path, handover: Handover, source: Source) -> _Supplied:
    path = staging / "data" / source.file
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    handover.write(source.id, path)
    with path.open("rb") as stream:
        return _Supplied(source=source, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def _as_supplied(text: str, file: _Supplied) -> str:
    """Rewrite one [[source]] record of the text; every key stands on a line of its own."""
    head, *records = re.split(r"(?m)^(?=\[\[source\]\]$)", text)
    for number, record in enumerate(records):
        if re.search(rf'(?m)^id = "{re.escape(file.source.id)}"$', record):
            for key, value in (
                ("kind", "real"),
                ("producer", _PRODUCER),
                ("licence", _LICENCE),
                ("sha256", file.sha256),
            ):
                record = re.sub(rf"(?m)^{key} = .*$", f'{key} = "{value}"', record, count=1)
            records[number] = record
    return "".join([head, *records])


def _confirm(staging: Path, laid: Sequence[_Supplied]) -> None:
    """Read the staged records back: the rewriting of text must have meant what it should."""
    found = {one.id: one for one in load_sources(staging)}
    for file in laid:
        one = found[file.source.id]
        if (one.kind, one.producer, one.sha256) != ("real", _PRODUCER, file.sha256):
            raise BuildError(
                Fault(
                    expected="each key of a source on a line of its own",
                    found=f"a record of {file.source.id} that could not be rewritten",
                    mend='write `kind = "..."`, `producer`, `licence`, `sha256` on own lines',
                    file=SOURCES,
                )
            )
