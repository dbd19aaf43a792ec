"""A copy of the data for one report, with the files of a user laid over the published ones."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from analysis.catalog.files import LARGEST, SOURCES, Gathering, read_bytes
from analysis.catalog.tables import load_sources
from analysis.contracts import decode, parse_table
from analysis.declarations import Source
from analysis.errors import BuildError, DataError, Fault

_PRODUCER = "Supplied by the user"
_LICENCE = "As supplied"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Supplied:
    """A file of the user that stands in for a published one."""

    source: Source
    raw: bytes
    sha256: str


def stage_data(root: Path, staging: Path, supplied: Path | None = None) -> tuple[str, ...]:
    """Copy data/ of `root` into `staging`, with the files of `supplied` laid over it.

    A supplied file replaces the published or simulated file of the same name; its source record
    becomes kind "real", supplied by the user, with its own checksum. Nothing is written before
    every supplied file holds to its contract, and `root` is never changed.

    Returns
    -------
    tuple of str
        Ids of the sources that were replaced.

    Raises
    ------
    DataError
        A name that stands for no published file, or a file that breaks its contract.
    """
    sources = load_sources(root)
    laid = () if supplied is None else _laid_over(sources, supplied)
    text = decode(read_bytes(root, SOURCES), file=SOURCES)
    for file in laid:
        text = _as_supplied(text, file)
    shutil.copytree(root / "data", staging / "data")
    for file in laid:
        (staging / "data" / file.source.file).write_bytes(file.raw)
    (staging / SOURCES).write_text(text, encoding="utf-8", newline="\n")
    _confirm(staging, laid)
    return tuple(file.source.id for file in laid)


def _laid_over(sources: Sequence[Source], supplied: Path) -> tuple[_Supplied, ...]:
    gathering = Gathering()
    known = {Path(one.file).name: one for one in sources}
    if not supplied.is_dir():
        raise DataError(
            Fault(
                expected="a folder with data files",
                found="no such folder",
                mend="give the folder as DATA=folder",
                file=str(supplied),
            )
        )
    laid = []
    for path in sorted(supplied.iterdir()):
        if path.name.startswith("."):
            continue
        source = known.get(path.name)
        if source is None or not path.is_file():
            gathering.faults.append(
                Fault(
                    expected="a file named " + ", ".join(sorted(known)),
                    found=f"{path.name!r}",
                    mend="rename it, or take it out of the folder",
                    file=path.name,
                )
            )
            continue
        made = gathering.get(partial(_supply, path, source))
        if made is not None:
            laid.append(made)
    if not laid and not gathering.faults:
        gathering.faults.append(
            Fault(
                expected="at least one file named " + ", ".join(sorted(known)),
                found="an empty folder",
                mend="put the files into it",
                file=supplied.name,
            )
        )
    DataError.raise_if(gathering.faults)
    return tuple(laid)


def _supply(path: Path, source: Source) -> _Supplied:
    if path.stat().st_size > LARGEST:
        raise DataError(
            Fault(
                expected=f"at most {LARGEST} bytes",
                found=f"{path.stat().st_size} bytes",
                mend="compress the records into unit x time cells first",
                file=path.name,
            )
        )
    raw = path.read_bytes()
    try:
        parse_table(decode(raw, file=path.name), source)
    except DataError as error:
        raise DataError(*(replace(fault, file=path.name) for fault in error.faults)) from None
    return _Supplied(source=source, raw=raw, sha256=hashlib.sha256(raw).hexdigest())


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
