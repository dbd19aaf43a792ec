"""One scenario computed: steps in order, years side by side, in one case or in many draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.declarations.scenarios import Scenario
from analysis.declarations.units import Unit
from analysis.errors import DeclarationError, Fault
from analysis.scenarios.customs import STEPS as CUSTOMS
from analysis.scenarios.financing import STEPS as FINANCING
from analysis.scenarios.formula import CONSTANTS, Quantity, evaluate, names
from analysis.scenarios.logistics import DRY_PORT, SINGLE_BILL
from analysis.scenarios.steps import Step

KINDS: Mapping[str, tuple[Step, ...]] = {
    "customs": CUSTOMS,
    "financing": FINANCING,
    "single_bill": SINGLE_BILL,
    "dry_port": DRY_PORT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """What one evaluation gives.

    Attributes
    ----------
    quantities : mapping
        Every input, constant and step, by id.
    setup : numpy.ndarray
        Millions, shape (draws,) or ().
    benefits, costs : numpy.ndarray
        Millions a year, shape (draws, years) or (years,).
    """

    quantities: Mapping[str, Quantity]
    setup: np.ndarray
    benefits: np.ndarray
    costs: np.ndarray


def steps_of(scenario: Scenario) -> tuple[Step, ...]:
    """Return the steps of a scenario; a step that is given as an input is left out."""
    given = {one.id for one in scenario.inputs}
    return tuple(step for step in KINDS[scenario.kind] if step.id not in given)


def unit_of(step: Step, scenario: Scenario) -> Unit:
    """Return the unit a step must give, in the money of the scenario."""
    return Unit.of(step.unit.replace("MONEY", scenario.money))


def check(scenario: Scenario, *, replaced: frozenset[str] = frozenset()) -> None:
    """Find inputs that are missing or never used, and units that do not fit.

    Raises
    ------
    DeclarationError
        All faults.
    """
    given = {one.id for one in scenario.inputs} | replaced
    steps = [step for step in steps_of(scenario) if step.id not in replaced]
    known = {*given, *CONSTANTS, "year", *(step.id for step in steps)}
    used = {name for step in steps for name in names(step.formula)}
    results = {step.id for step in KINDS[scenario.kind]}
    faults = [
        _fault(scenario, f"an input `{name}` for a scenario of kind {scenario.kind}", "none",
               "add it, or give the step that needs it")
        for name in sorted(used - known)
    ]  # fmt: skip
    faults += [
        _fault(scenario, "inputs that a step uses", f"`{name}`, which none uses", "remove it")
        for name in sorted(given - used - results)
    ]
    DeclarationError.raise_if(faults)
    compute(scenario, central(scenario))


def _fault(scenario: Scenario, expected: str, found: str, mend: str) -> Fault:
    return Fault(expected=expected, found=found, mend=mend, file=f"scenario {scenario.id}")


def central(scenario: Scenario) -> dict[str, np.ndarray]:
    """Return the central value of every input."""
    return {one.id: np.asarray(one.value) for one in scenario.inputs}


def compute(scenario: Scenario, values: Mapping[str, np.ndarray]) -> Flows:
    """Evaluate all steps.

    Parameters
    ----------
    scenario : Scenario
    values : mapping
        Value of every input: a number, draws as (draws, 1), or a path as (years,) or
        (draws, years). Steps found here are not computed.

    Raises
    ------
    DeclarationError
        A step whose formula does not give its unit.
    """
    units = {one.id: Unit.of(one.unit) for one in scenario.inputs}
    units |= {step.id: unit_of(step, scenario) for step in KINDS[scenario.kind]}
    years = np.arange(1.0, scenario.horizon + 1)
    scope = {**CONSTANTS, "year": Quantity.of(years, "year")}
    scope |= {name: Quantity(value=np.asarray(v), unit=units[name]) for name, v in values.items()}
    for step in KINDS[scenario.kind]:
        if step.id in values:
            continue
        made = evaluate(step.formula, scope)
        if made.unit != units[step.id]:
            raise DeclarationError.of(
                expected=f"{units[step.id]} for step `{step.id}` of scenario {scenario.id}",
                found=f"{made.unit} from `{step.formula}`",
                mend="correct the units of the inputs",
            )
        scope[step.id] = made
    return Flows(
        quantities=scope,
        setup=_setup(scenario, scope),
        benefits=_sum(scenario, scope, "benefit", years.size),
        costs=_sum(scenario, scope, "cost", years.size),
    )


def _sum(scenario: Scenario, scope: Mapping[str, Quantity], role: str, years: int) -> np.ndarray:
    total = np.zeros(years)
    for step in KINDS[scenario.kind]:
        if step.role == role:
            total = total + scope[step.id].value
    return total


def _setup(scenario: Scenario, scope: Mapping[str, Quantity]) -> np.ndarray:
    total = np.zeros(())
    for step in KINDS[scenario.kind]:
        if step.role == "setup":
            value = scope[step.id].value
            total = total + (value[..., 0] if value.ndim else value)
    return total
