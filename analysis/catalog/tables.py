"""Source records, and tables read from them after checksum and contract held."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.catalog.files import SOURCES, VOCABULARY, Gathering, read_bytes, read_toml
from analysis.catalog.large import is_large, read_large
from analysis.contracts import decode, parse_parquet, parse_table
from analysis.declarations import Fact, Parameter, Record, Source, Vocabulary, declare
from analysis.errors import DataError, DeclarationError, Fault

R = TypeVar("R", bound=Record)


def load_vocabulary(root: Path) -> Vocabulary:
    """Read the closed lists, the areas of reform and the documents that make claims."""
    text, content = read_toml(root, VOCABULARY)
    return declare(Vocabulary, content, file=VOCABULARY, text=text)


def load_sources(root: Path) -> tuple[Source, ...]:
    """Read the record of every data file; a column's vocabulary is filled in.

    Raises
    ------
    DeclarationError
        All faults of the file.
    """
    lists = load_vocabulary(root).lists
    text, content = read_toml(root, SOURCES)
    records = content.get("source", [])
    gathering = Gathering()
    for key in content:
        if key != "source":
            gathering.add(SOURCES, key, "only [[source]] tables", f"key `{key}`", "remove it")
    sources: list[Source] = []
    for number, record in enumerate(records):
        under = ("source", number)
        made = gathering.get(partial(declare, Source, record, file=SOURCES, text=text, under=under))
        if made is not None:
            sources.append(_fill(made, lists, gathering))
    for field in ("id", "file"):
        held = [str(getattr(source, field)) for source in sources]
        for name in sorted({one for one in held if held.count(one) > 1}):
            gathering.add(SOURCES, field, f"each {field} once", f"{name} twice", "keep one record")
    DeclarationError.raise_if(gathering.faults)
    return tuple(sources)


def _fill(source: Source, lists: Mapping[str, tuple[str, ...]], gathering: Gathering) -> Source:
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
        The file is missing, was changed, or breaks its contract; every fault is named. Or it was
        supplied by a user, and nothing of it may be shown as it stands.
    """
    source = load_source(root, source_id)
    if source.controlled:
        raise DataError.of(
            file=f"data/{source.file}",
            expected="a table that everybody may see, as it is shown row by row",
            found="a supplied one that is not declared open",
            mend="declare it open, or show only what `run` gives",
        )
    return read_source(root, source)


def read_source(root: Path, source: Source) -> pd.DataFrame:
    """Read the table of a source record."""
    if is_large(root, source):
        return read_large(root, source)
    path = f"data/{source.file}"
    raw = read_bytes(root, path)
    found = hashlib.sha256(raw).hexdigest()
    if found == source.sha256:
        return parse_bytes(raw, source, file=path)
    gathering = Gathering()
    gathering.add(
        path,
        "sha256",
        f"sha256 {source.sha256}",
        f"sha256 {found}: the file was changed",
        f"restore the file, or update sha256 in {SOURCES} if the change is meant",
    )
    gathering.get(lambda: parse_bytes(raw, source, file=path))
    raise DataError(*gathering.faults)


def parse_bytes(raw: bytes, source: Source, *, file: str) -> pd.DataFrame:
    """Read the bytes of a table, CSV or Parquet by the name of its source, by its contract."""
    if source.file.endswith(".parquet"):
        return parse_parquet(raw, source, file=file)
    return parse_table(decode(raw, file=file), source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Some sources and their tables, each read once; in the order of the ids."""

    sources: tuple[Source, ...]
    tables: Mapping[str, pd.DataFrame]


def load_shelf(root: Path, names: Sequence[str]) -> Shelf:
    """Read some sources and their tables.

    Raises
    ------
    DataError
        A source that is not there, or a table that breaks its contract; every fault is named.
    """
    known = {source.id: source for source in load_sources(root)}
    sources = [known.get(name) or load_source(root, name) for name in sorted(names)]
    gathering = Gathering()
    read = {one.id: gathering.get(partial(read_source, root, one)) for one in sources}
    DataError.raise_if(gathering.faults)
    held = {name: table for name, table in read.items() if table is not None}
    return Shelf(sources=tuple(sources), tables=held)


def _rows(root: Path, source_id: str, model: type[R]) -> tuple[R, ...]:
    source = load_source(root, source_id)
    return records(read_source(root, source), source, model)


def records(table: pd.DataFrame, source: Source, model: type[R]) -> tuple[R, ...]:
    """Make one record of each row of a table that held its contract."""
    gathering = Gathering()
    made = []
    for position, record in enumerate(table.to_dict(orient="records")):
        content = {str(key): cell for key, cell in record.items() if not _empty(cell)}
        step = partial(declare, model, content, file=f"data/{source.file}", row=position + 2)
        made.append(gathering.get(step))
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
