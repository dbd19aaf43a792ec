"""Inputs held against the figures, parameters and claims they name; sources filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.declarations import Claim, Fact, Parameter
from analysis.declarations.scenarios import Input, Scenario
from analysis.errors import DeclarationError, Fault


def resolve(
    scenario: Scenario,
    *,
    facts: Sequence[Fact],
    parameters: Sequence[Parameter],
    claims: Sequence[Claim],
    file: str,
) -> Scenario:
    """Check what the inputs of a scenario rest on and name their sources.

    Raises
    ------
    DeclarationError
        An unknown id; a value that is not the figure named; a range wider than the source
        without `widened`; a figure that was inferred and is declared as read.
    """
    known_facts = {one.id: one for one in facts}
    known_parameters = {one.id: one for one in parameters}
    figures = {one.id: one.value for one in claims} | {one.id: one.number for one in facts}
    faults: list[Fault] = []
    inputs = []
    for one in scenario.inputs:
        fact = known_facts.get(one.fact or "")
        parameter = known_parameters.get(one.parameter or "")
        wrong = [
            *_unknown(one, fact, parameter, figures),
            *_fact_faults(one, fact),
            *_parameter_faults(one, parameter),
            *_claim_faults(one, figures),
        ]
        faults += [
            Fault(expected=text, found=f"{one.value:g} ({one.low:g} to {one.high:g})",
                  mend="correct the input, or the figure it names", file=file,
                  column=f"inputs[{one.id}]")
            for text in wrong
        ]  # fmt: skip
        inputs.append(_filled(one, fact or parameter))
    DeclarationError.raise_if(faults)
    return scenario.model_copy(update={"inputs": tuple(inputs)})


def _unknown(
    one: Input, fact: Fact | None, parameter: Parameter | None, figures: dict[str, float | None]
) -> Iterator[str]:
    if one.fact and fact is None:
        yield f"a fact, not {one.fact}"
    if one.parameter and parameter is None:
        yield f"a parameter, not {one.parameter}"
    if one.claim and one.claim not in figures:
        yield f"a claim or a fact, not {one.claim}"


def _fact_faults(one: Input, fact: Fact | None) -> Iterator[str]:
    if fact is None or one.status != "read":
        return
    if fact.status == "inferred":
        yield f"a figure that was read, while {fact.id} was inferred"
    if fact.number is not None and one.value != fact.number:
        yield f"the figure of {fact.id}, {fact.number:g}, as value"
    if one.low < one.high and one.widened is None:
        yield f"`widened`, as {fact.id} gives no range"


def _parameter_faults(one: Input, parameter: Parameter | None) -> Iterator[str]:
    if parameter is None:
        return
    if not parameter.low <= one.value <= parameter.high:
        yield f"a value from {parameter.low:g} to {parameter.high:g}, as {parameter.id} says"
    wider = one.low < parameter.low or one.high > parameter.high
    if wider and one.widened is None:
        yield f"`widened`, as the range is wider than that of {parameter.id}"


def _claim_faults(one: Input, figures: dict[str, float | None]) -> Iterator[str]:
    claimed = figures.get(one.claim or "")
    if claimed is not None and one.value != claimed:
        yield f"what {one.claim} says, {claimed:g}, as value"


def _filled(one: Input, origin: Fact | Parameter | None) -> Input:
    if origin is None:
        return one
    return one.model_copy(
        update={
            "source": one.source or origin.source_title,
            "address": one.address or origin.source_address,
        }
    )
