"""Scenarios: one file a scenario, held against the figures and claims it names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from analysis.catalog.files import Gathering, read_toml
from analysis.catalog.reforms import list_claims, list_reforms
from analysis.catalog.tables import load_facts, load_parameters
from analysis.declarations import Claim, Fact, Parameter, Scenario, declare
from analysis.errors import DeclarationError, Fault

SCENARIOS = "data/scenarios"


def list_scenarios(root: Path) -> tuple[str, ...]:
    """Return the ids of all declared scenarios: the names of the files, sorted."""
    return tuple(sorted(path.stem for path in (root / SCENARIOS).glob("*.toml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What inputs may name, read once for all scenarios."""

    reforms: tuple[str, ...]
    facts: tuple[Fact, ...]
    parameters: tuple[Parameter, ...]
    claims: tuple[Claim, ...]

    @classmethod
    def read(cls, root: Path) -> _Known:
        return cls(
            reforms=list_reforms(root),
            facts=load_facts(root),
            parameters=load_parameters(root),
            claims=list_claims(root),
        )


def load_scenario(root: Path, scenario_id: str) -> Scenario:
    """Read one scenario; the sources of its inputs are filled in.

    Raises
    ------
    DeclarationError
        There is no such scenario, or its file has faults: an unknown id, an input that is not
        the figure it names, that is missing or unused, a unit that does not fit.
    """
    known = list_scenarios(root)
    if scenario_id not in known:
        raise DeclarationError(
            Fault(
                expected=f"a scenario of {SCENARIOS}: " + ", ".join(known),
                found=repr(scenario_id),
                mend="correct the name, or add the file",
            )
        )
    return _load(root, scenario_id, _Known.read(root))


def load_scenarios(root: Path) -> tuple[Scenario, ...]:
    """Read all scenarios, sorted by id.

    Raises
    ------
    DeclarationError
        All faults of all files.
    """
    names = list_scenarios(root)
    if not names:
        return ()
    known, gathering = _Known.read(root), Gathering()
    made = [gathering.get(partial(_load, root, name, known)) for name in names]
    DeclarationError.raise_if(gathering.faults)
    return tuple(one for one in made if one is not None)


def _load(root: Path, scenario_id: str, known: _Known) -> Scenario:
    from analysis.scenarios import calculation, sourcing

    path = f"{SCENARIOS}/{scenario_id}.toml"
    text, content = read_toml(root, path)
    declared = declare(Scenario, content, file=path, text=text)
    _check_name(declared.id, (scenario_id,), path=path, column="id")
    _check_name(declared.reform, known.reforms, path=path, column="reform")
    scenario = sourcing.resolve(
        declared,
        facts=known.facts,
        parameters=known.parameters,
        claims=known.claims,
        file=path,
    )
    calculation.check(scenario)
    return scenario


def _check_name(found: str, known: tuple[str, ...], *, path: str, column: str) -> None:
    if found not in known:
        raise DeclarationError(
            Fault(
                expected=" or ".join(known),
                found=repr(found),
                mend="correct the name",
                file=path,
                column=column,
            )
        )
