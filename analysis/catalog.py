"""The only room that opens files: from the data folder to declarations and checked tables."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from analysis.contracts import decode, parse_table
from analysis.declarations import (
    Claim,
    CohortsFrom,
    Design,
    Fact,
    Parameter,
    Record,
    Reform,
    Source,
    Study,
    Vocabulary,
    declare,
    parse_toml,
)
from analysis.errors import AnalysisError, BuildError, DataError, DeclarationError, Fault

SOURCES = "data/sources.toml"
VOCABULARY = "data/vocabulary.toml"
REFORMS = "data/reforms"
SUPPLIED = "published"
LARGEST = 256 * 2**20
"""Largest table that is read into memory, in bytes."""

T = TypeVar("T")
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a project holds, after it was checked: counts of files and declarations."""

    sources: int
    reforms: int
    studies: int
    claims: int
    facts: int


# ---------------------------------------------------------------- files


def find_root(start: Path | str | None = None) -> Path:
    """Return the nearest folder at or above `start` that holds data/sources.toml.

    `start` is the working folder by default; where nothing is found, the checkout this package
    lies in is used.
    """
    begin = Path.cwd() if start is None else Path(start).resolve()
    for folder in (begin, *begin.parents, Path(__file__).resolve().parent.parent):
        if (folder / SOURCES).is_file():
            return folder
    raise DataError(
        Fault(
            expected=f"a folder that holds {SOURCES}, here or above",
            found=f"none at or above {begin.name or begin}",
            mend="run the command inside the project",
        )
    )


def _bytes(root: Path, path: str) -> bytes:
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


def _toml(root: Path, path: str) -> tuple[str, Any]:
    text = decode(_bytes(root, path), file=path)
    return text, parse_toml(text, file=path)


class _Gathering:
    """Collects the faults of steps that may each fail, so that all are told at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def get(self, step: Callable[[], T]) -> T | None:
        try:
            return step()
        except AnalysisError as error:
            self.faults.extend(error.faults)
            return None

    def add(self, file: str, column: str, expected: str, found: str, mend: str) -> None:
        self.faults.append(
            Fault(expected=expected, found=found, mend=mend, file=file, column=column)
        )


# ---------------------------------------------------------------- sources and tables


def load_vocabulary(root: Path) -> Vocabulary:
    """Read the closed lists, the areas of reform and the documents that make claims."""
    text, content = _toml(root, VOCABULARY)
    return declare(Vocabulary, content, file=VOCABULARY, text=text)


def load_sources(root: Path) -> tuple[Source, ...]:
    """Read the record of every data file; a column's vocabulary is filled in.

    Raises
    ------
    DeclarationError
        All faults of the file.
    """
    lists = load_vocabulary(root).lists
    text, content = _toml(root, SOURCES)
    records = content.get("source", [])
    gathering = _Gathering()
    for key in content:
        if key != "source":
            gathering.add(SOURCES, key, "only [[source]] tables", f"key `{key}`", "remove it")
    sources: list[Source] = []
    for number, record in enumerate(records):
        made = gathering.get(
            lambda record=record, number=number: declare(  # type: ignore[misc]
                Source, record, file=SOURCES, text=text, under=("source", number)
            )
        )
        if made is not None:
            sources.append(_fill(made, lists, gathering))
    for field in ("id", "file"):
        held = [str(getattr(source, field)) for source in sources]
        for name in sorted({one for one in held if held.count(one) > 1}):
            gathering.add(SOURCES, field, f"each {field} once", f"{name} twice", "keep one record")
    DeclarationError.raise_if(gathering.faults)
    return tuple(sources)


def _fill(source: Source, lists: dict[str, tuple[str, ...]], gathering: _Gathering) -> Source:
    columns = {}
    for name, column in source.columns.items():
        if column.vocabulary and column.vocabulary not in lists:
            gathering.add(
                SOURCES,
                f"source[{source.id}].columns.{name}.vocabulary",
                f"a list of {VOCABULARY}",
                repr(column.vocabulary),
                "correct the name, or add the list",
            )
        allowed = lists.get(column.vocabulary or "", column.allowed)
        columns[name] = column.model_copy(update={"allowed": allowed})
    return source.model_copy(update={"columns": columns})


def load_source(root: Path, source_id: str) -> Source:
    """Return the record of one source."""
    sources = load_sources(root)
    for source in sources:
        if source.id == source_id:
            return source
    raise DataError(
        Fault(
            expected="a source of " + SOURCES + ": " + ", ".join(one.id for one in sources),
            found=repr(source_id),
            mend="correct the name, or add a [[source]] record",
            file=SOURCES,
        )
    )


def read_table(root: Path, source_id: str) -> pd.DataFrame:
    """Read one table, after its checksum and its contract held.

    Raises
    ------
    DataError
        The file is missing, was changed, or breaks its contract; every fault is named.
    """
    return _read(root, load_source(root, source_id))


def _read(root: Path, source: Source) -> pd.DataFrame:
    path = f"data/{source.file}"
    raw = _bytes(root, path)
    found = hashlib.sha256(raw).hexdigest()
    if found == source.sha256:
        return parse_table(decode(raw, file=path), source)
    gathering = _Gathering()
    gathering.add(
        path,
        "sha256",
        f"sha256 {source.sha256}",
        f"sha256 {found}: the file was changed",
        f"restore the file, or update sha256 in {SOURCES} if the change is meant",
    )
    gathering.get(lambda: parse_table(decode(raw, file=path), source))
    raise DataError(*gathering.faults)


def _rows(root: Path, source_id: str, model: type[R]) -> tuple[R, ...]:
    source = load_source(root, source_id)
    gathering = _Gathering()
    made = []
    for record in _read(root, source).to_dict(orient="records"):
        content = {str(key): cell for key, cell in record.items() if not _empty(cell)}
        made.append(
            gathering.get(lambda c=content: declare(model, c, file=f"data/{source.file}"))  # type: ignore[misc]
        )
    DataError.raise_if(gathering.faults)
    return tuple(one for one in made if one is not None)


def _empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def load_facts(root: Path) -> tuple[Fact, ...]:
    """Read the published figures that speak to the claims."""
    return _rows(root, "facts", Fact)


def load_parameters(root: Path) -> tuple[Parameter, ...]:
    """Read the published parameters with their ranges."""
    return _rows(root, "parameters", Parameter)


# ---------------------------------------------------------------- reforms and studies


def list_reforms(root: Path) -> tuple[str, ...]:
    """Return the ids of all declared reforms: the names of the files in data/reforms, sorted."""
    return tuple(sorted(path.stem for path in (root / REFORMS).glob("*.toml")))


def studies(root: Path) -> tuple[str, ...]:
    """Return the ids of the reforms that carry a design, and so can be run."""
    return tuple(one for one in list_reforms(root) if load_study(root, one).designs)


def load_study(root: Path, reform_id: str) -> Study:
    """Read the file of one reform.

    Raises
    ------
    DeclarationError
        There is no such reform, or its file has faults: all are named, with their lines.
    """
    known = list_reforms(root)
    if reform_id not in known:
        raise DeclarationError(
            Fault(
                expected="a reform of " + REFORMS + ": " + ", ".join(known),
                found=repr(reform_id),
                mend="correct the name, or make the file with `python -m analysis new`",
            )
        )
    path = f"{REFORMS}/{reform_id}.toml"
    text, content = _toml(root, path)
    study = declare(Study, content, file=path, text=text)
    if study.id != reform_id:
        raise DeclarationError(
            Fault(
                expected=f"the name of the file, {reform_id!r}",
                found=repr(study.id),
                mend="give the file and the reform the same name",
                file=path,
                column="reform.id",
            )
        )
    return study


def load_reform(root: Path, reform_id: str) -> Reform:
    """Return the reform of one file."""
    return load_study(root, reform_id).reform


def list_claims(root: Path) -> tuple[Claim, ...]:
    """Return all claims of all reforms, sorted by id."""
    claims = [claim for one in list_reforms(root) for claim in load_study(root, one).claims]
    return tuple(sorted(claims, key=lambda claim: claim.id))


def read_cohorts(root: Path, design: Design) -> pd.DataFrame:
    """Return the treated units of a design: columns `unit` and `cohort` (first treated time).

    A unit that is treated only after the window counts as untreated in it and is not listed;
    units the design leaves out are not listed either.
    """
    if isinstance(design.cohorts, CohortsFrom):
        held = read_table(root, design.cohorts.source)
        pairs = list(
            zip(held[design.cohorts.unit_column], held[design.cohorts.column], strict=True)
        )
    else:
        pairs = list(design.cohorts.items())
    kept = sorted(
        (str(unit), int(time))
        for unit, time in pairs
        if not pd.isna(time) and int(time) <= design.window.last and unit not in design.left_out
    )
    units = pd.Series([unit for unit, _ in kept], dtype="str")
    return pd.DataFrame({"unit": units, "cohort": pd.Series([t for _, t in kept], dtype="int64")})
