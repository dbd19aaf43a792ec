"""Checking a whole project: all faults of all files in one error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.catalog.files import PUBLISHED, SIMULATED, SOURCES, Gathering
from analysis.catalog.office import load_office
from analysis.catalog.reforms import list_reforms, load_study
from analysis.catalog.scenarios import load_scenarios
from analysis.catalog.tables import load_sources, load_vocabulary, read_source, records
from analysis.consistency import Loaded, cross_check
from analysis.declarations import Fact, Parameter, Source
from analysis.errors import AnalysisError, Fault

N = TypeVar("N", Fact, Parameter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a project holds, after it was checked: counts of files and declarations."""

    sources: int
    reforms: int
    studies: int
    claims: int
    facts: int


def check_project(root: Path) -> Inventory:
    """Check every declaration and every data file of a project.

    Raises
    ------
    AnalysisError
        All faults of all files, in one error.
    """
    gathering = Gathering()
    vocabulary = gathering.get(lambda: load_vocabulary(root))
    sources = (vocabulary and gathering.get(lambda: load_sources(root))) or ()
    studies_held = [gathering.get(partial(load_study, root, one)) for one in list_reforms(root)]
    tables = {one.id: gathering.get(partial(read_source, root, one)) for one in sources}
    facts = _checked_rows(gathering, sources, tables, "facts", Fact)
    parameters = _checked_rows(gathering, sources, tables, "parameters", Parameter)
    held = [study for study in studies_held if study is not None]
    if vocabulary is not None and sources and len(held) == len(studies_held):
        gathering.faults.extend(
            cross_check(
                Loaded(
                    vocabulary=vocabulary,
                    sources={one.id: one for one in sources},
                    tables={name: table for name, table in tables.items() if table is not None},
                    studies=held,
                    fact_ids=facts,
                    parameter_ids=parameters,
                )
            )
        )
    gathering.get(partial(load_office, root))
    gathering.faults.extend(_strays(root, sources))
    if not gathering.faults:  # they rest on all the rest, and would repeat its faults
        gathering.get(partial(load_scenarios, root))
    AnalysisError.raise_if(gathering.faults)
    return Inventory(
        sources=len(sources),
        reforms=len(held),
        studies=sum(bool(study.designs) for study in held),
        claims=sum(len(study.claims) for study in held),
        facts=len(facts or ()),
    )


def _checked_rows(
    gathering: Gathering,
    sources: Sequence[Source],
    tables: Mapping[str, pd.DataFrame | None],
    source_id: str,
    model: type[N],
) -> frozenset[str] | None:
    source = next((one for one in sources if one.id == source_id), None)
    table = tables.get(source_id)
    if source is None or table is None:
        return None
    made = gathering.get(partial(records, table, source, model))
    return None if made is None else frozenset(one.id for one in made)


def _strays(root: Path, sources: Sequence[Source]) -> Iterator[Fault]:
    """Yield a fault for each published or simulated file that no source record speaks of."""
    known = {one.file for one in sources}
    if not sources:
        return
    for folder in (PUBLISHED, SIMULATED):
        for path in sorted((root / "data" / folder).glob("*")):
            if f"{folder}/{path.name}" not in known and not path.name.startswith("."):
                yield Fault(
                    expected=f"a [[source]] record in {SOURCES}",
                    found="a file without a record",
                    mend="add its record, or move the file away",
                    file=f"data/{folder}/{path.name}",
                )
