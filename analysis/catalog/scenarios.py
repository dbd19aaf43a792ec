"""Scenarios: one file a scenario, held against the figures and claims it names."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from analysis.catalog.files import Gathering, read_toml
from analysis.catalog.reforms import list_claims, list_reforms
from analysis.catalog.tables import load_facts, load_parameters
from analysis.declarations import Scenario, declare
from analysis.errors import DeclarationError, Fault

SCENARIOS = "data/scenarios"


def list_scenarios(root: Path) -> tuple[str, ...]:
    """Return the ids of all declared scenarios: the names of the files, sorted."""
    return tuple(sorted(path.stem for path in (root / SCENARIOS).glob("*.toml")))


def load_scenario(root: Path, scenario_id: str) -> Scenario:
    """Read one scenario; the sources of its inputs are filled in.

    Raises
    ------
    DeclarationError
        There is no such scenario, or its file has faults: an unknown id, an input that is not
        the figure it names, that is missing or unused, a unit that does not fit.
    """
    from analysis.scenarios import calculation, sourcing

    known = list_scenarios(root)
    if scenario_id not in known:
        raise DeclarationError(
            Fault(
                expected=f"a scenario of {SCENARIOS}: " + ", ".join(known),
                found=repr(scenario_id),
                mend="correct the name, or add the file",
            )
        )
    path = f"{SCENARIOS}/{scenario_id}.toml"
    text, content = read_toml(root, path)
    declared = declare(Scenario, content, file=path, text=text)
    _check_name(declared.id, (scenario_id,), path=path, column="id")
    _check_name(declared.reform, list_reforms(root), path=path, column="reform")
    scenario = sourcing.resolve(
        declared,
        facts=load_facts(root),
        parameters=load_parameters(root),
        claims=list_claims(root),
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


def load_scenarios(root: Path) -> tuple[Scenario, ...]:
    """Read all scenarios, sorted by id.

    Raises
    ------
    DeclarationError
        All faults of all files.
    """
    gathering = Gathering()
    made = [gathering.get(partial(load_scenario, root, one)) for one in list_scenarios(root)]
    DeclarationError.raise_if(gathering.faults)
    return tuple(one for one in made if one is not None)
