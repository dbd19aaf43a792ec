"""All declared scenarios, loaded and projected: the stair from files to scenario results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis import catalog
from analysis.errors import DeclarationError
from analysis.scenarios import ScenarioResult, project


def run_scenario(scenario_id: str, *, root: Path | None = None) -> ScenarioResult:
    """Load one scenario and project it.

    Parameters
    ----------
    scenario_id : str
        Name of a file in data/scenarios, without .toml.
    root : pathlib.Path, optional
        Folder of the project; found from the working folder by default.

    Returns
    -------
    ScenarioResult

    Raises
    ------
    DeclarationError
        There is no such scenario, or its file has faults.
    """
    return project(catalog.load_scenario(root or catalog.find_root(), scenario_id))


def run_scenarios(*, root: Path | None = None) -> tuple[ScenarioResult, ...]:
    """Load and project all scenarios, sorted by id."""
    return tuple(map(project, catalog.load_scenarios(root or catalog.find_root())))


def pick(results: Sequence[ScenarioResult], scenario_id: str) -> ScenarioResult:
    """Return the result of one scenario.

    Raises
    ------
    DeclarationError
        None of the results is of this scenario.
    """
    for result in results:
        if result.scenario.id == scenario_id:
            return result
    raise DeclarationError.of(
        expected="one of " + ", ".join(result.scenario.id for result in results),
        found=repr(scenario_id),
        mend="correct the name",
    )
