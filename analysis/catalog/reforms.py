"""Reforms, claims and studies: one file a reform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.arithmetic import ClearanceFigures
from analysis.catalog.files import REFORMS, read_toml
from analysis.catalog.tables import load_facts, load_parameters, load_source, read_source
from analysis.declarations import (
    Claim,
    CohortsFrom,
    Design,
    Fact,
    Parameter,
    Reform,
    Study,
    declare,
)
from analysis.errors import DeclarationError, Fault

N = TypeVar("N", Claim, Fact, Parameter)


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
    text, content = read_toml(root, path)
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
    read = design.cohorts
    tables = {}
    if isinstance(read, CohortsFrom):
        tables = {read.source: read_source(root, load_source(root, read.source))}
    first = cohorts_of(design, tables=tables)
    units = pd.Series(list(first), dtype="str")
    return pd.DataFrame({"unit": units, "cohort": pd.Series(list(first.values()), dtype="int64")})


def cohorts_of(design: Design, *, tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Return the first treated time of every unit a design treats, from tables that were read.

    Units are left out as by `read_cohorts`.
    """
    if isinstance(design.cohorts, CohortsFrom):
        held = tables[design.cohorts.source]
        pairs = list(
            zip(held[design.cohorts.unit_column], held[design.cohorts.column], strict=True)
        )
    else:
        pairs = list(design.cohorts.items())
    return dict(
        sorted(
            (str(unit), int(time))
            for unit, time in pairs
            if not pd.isna(time) and int(time) <= design.window.last and unit not in design.left_out
        )
    )


def clearance_figures(root: Path, reform_id: str | None = None) -> ClearanceFigures:
    """Return the figures behind the clearance arithmetic.

    They are named by the [arithmetic] table of `reform_id`, or of the first reform that has one.
    """
    wanted = list_reforms(root) if reform_id is None else (reform_id,)
    found = [study for study in (load_study(root, one) for one in wanted) if study.arithmetic]
    if not found:
        raise DeclarationError(
            Fault(
                expected="an [arithmetic] table",
                found="none",
                mend="name the figures in the file of the reform",
                file=REFORMS if reform_id is None else f"{REFORMS}/{reform_id}.toml",
            )
        )
    study, named = found[0], found[0].arithmetic
    assert named is not None
    facts, parameters = load_facts(root), load_parameters(root)
    return ClearanceFigures(
        claim=_named(study.claims, named.claim),
        mean_hours=_named(facts, named.mean_hours),
        affected_trade=_named(facts, named.affected_trade),
        all_trade=_named(facts, named.all_trade),
        value_of_a_day=_named(parameters, named.value_of_a_day),
        elasticities=tuple(_named(parameters, one) for one in named.elasticities),
    )


def _named(records: Sequence[N], name: str) -> N:
    for record in records:
        if record.id == name:
            return record
    raise DeclarationError(
        Fault(expected="an id that exists", found=repr(name), mend="correct the id", column=name)
    )
