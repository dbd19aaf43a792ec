"""From a declared scenario to its result: central case, draws, drivers, break-even, shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from analysis.declarations.scenarios import Scenario
from analysis.errors import DeclarationError
from analysis.scenarios import cash_flow, tabulation
from analysis.scenarios.calculation import KINDS, Flows, central, check, compute
from analysis.scenarios.monte_carlo import Z95, Carried, draw
from analysis.scenarios.results import DRIVERS, ScenarioResult

QUANTILES = {"q025": 0.025, "q250": 0.25, "q500": 0.5, "q750": 0.75, "q975": 0.975}


def project(
    scenario: Scenario,
    *,
    carried: Sequence[Carried] = (),
    draws: int | None = None,
    seed: int | None = None,
) -> ScenarioResult:
    """Carry a scenario to hours, trade and money, with the uncertainty of all it rests on.

    Parameters
    ----------
    scenario : Scenario
        The declaration.
    carried : sequence of Carried
        Estimates that replace inputs or steps, with their full covariance.
    draws, seed : int, optional
        In place of those declared.

    Returns
    -------
    ScenarioResult

    Raises
    ------
    DeclarationError
        An input that is missing or unused, a unit that does not fit.

    Notes
    -----
    The central case puts every input at its value. The range is that of `draws` joint draws:
    inputs from their distributions, tied by a Gaussian copula, estimates from their joint normal
    distribution, independent of the inputs. Ends are the 2.5th and 97.5th percentile.
    """
    names = [name for one in carried for name in one.inputs]
    known = {one.id for one in scenario.inputs} | {s.id for s in KINDS[scenario.kind]}
    if set(names) - known or len(set(names)) < len(names):
        raise DeclarationError.of(
            expected=f"estimates for inputs or steps of {scenario.id}, each once",
            found=", ".join(names),
            mend="correct the names of the inputs",
        )
    check(scenario, replaced=frozenset(names))
    base = central(scenario) | _carried_values(carried, scenario)
    middle = compute(scenario, base)
    many = compute(scenario, _drawn(scenario, carried, draws=draws, seed=seed))
    worth = _present_values(scenario, many)
    drivers = _drivers(scenario, base, carried)
    return ScenarioResult(
        scenario=scenario,
        condition=_condition(scenario, carried),
        headline=tabulation.headline(scenario, middle, many),
        reckoning=tabulation.reckoning(scenario, middle, carried),
        years=tabulation.years(scenario, middle),
        fan=_fan(scenario, many),
        drivers=drivers,
        break_even=_break_even(scenario, base, middle),
        shares=tabulation.shares(scenario, middle),
        inputs=tabulation.inputs(scenario),
        draws=worth,
        simulated=any(one.simulated for one in carried),
    )


def _path(values: np.ndarray, horizon: int) -> np.ndarray:
    """Stretch yearly values to the horizon; the last one holds on."""
    held = np.minimum(np.arange(horizon), values.shape[-1] - 1)
    return np.asarray(values[..., held])


def _spread_out(one: Carried, values: np.ndarray, horizon: int) -> dict[str, np.ndarray]:
    if len(one.inputs) == 1 and len(one.rows) > 1:
        return {one.inputs[0]: _path(values, horizon)}
    return {name: values[..., n : n + 1] for n, name in enumerate(one.inputs)}


def _carried_values(carried: Sequence[Carried], scenario: Scenario) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for one in carried:
        found |= _spread_out(one, one.moved(one.estimate), scenario.horizon)
    return found


def _drawn(
    scenario: Scenario, carried: Sequence[Carried], *, draws: int | None, seed: int | None
) -> dict[str, np.ndarray]:
    count = scenario.draws if draws is None else draws
    # Two streams: adding an estimate does not change the draws of the inputs.
    inputs, estimates = np.random.default_rng(scenario.seed if seed is None else seed).spawn(2)
    table = draw(scenario.inputs, scenario.correlations, draws=count, random=inputs)
    values = {one.id: table[:, [n]] for n, one in enumerate(scenario.inputs)}
    for one in carried:
        values |= _spread_out(one, one.drawn(count, estimates), scenario.horizon)
    return values


def _present_values(scenario: Scenario, flows: Flows) -> pd.DataFrame:
    columns = {
        f"net_{rate.percent:g}": cash_flow.net_present_value(
            flows.setup, flows.benefits, flows.costs, rate.percent
        )
        for rate in scenario.rates
    }
    return pd.DataFrame({**columns, "yearly": flows.benefits[..., -1]})


def _worth(
    scenario: Scenario, base: Mapping[str, np.ndarray], name: str, cases: np.ndarray
) -> np.ndarray:
    """Net present value at the headline rate under each of `cases` of one input, (cases,)."""
    flows = compute(scenario, {**base, name: cases[:, None]})
    rate = scenario.headline_rate
    made = cash_flow.net_present_value(flows.setup, flows.benefits, flows.costs, rate)
    return np.broadcast_to(made, cases.shape)  # an input that only moves transfers moves nothing


def _worth_of(scenario: Scenario, values: Mapping[str, np.ndarray]) -> float:
    flows = compute(scenario, values)
    rate = scenario.headline_rate
    made = cash_flow.net_present_value(flows.setup, flows.benefits, flows.costs, rate)
    return float(np.squeeze(made))


def _fan(scenario: Scenario, flows: Flows) -> pd.DataFrame:
    net = np.column_stack([-np.broadcast_to(flows.setup, len(flows.benefits)),
                           flows.benefits - flows.costs])  # fmt: skip
    weights = np.append(1.0, cash_flow.factors(scenario.headline_rate, scenario.horizon))
    total = np.cumsum(net * weights, axis=1)
    frame = pd.DataFrame({"year": scenario.first_year + np.arange(scenario.horizon + 1)})
    for name, table in (("net", net), ("total", total)):
        for word, share in QUANTILES.items():
            frame[f"{name}_{word}"] = np.quantile(table, share, axis=0)
    return frame


def _drivers(
    scenario: Scenario, base: Mapping[str, np.ndarray], carried: Sequence[Carried]
) -> pd.DataFrame:
    replaced = {name for one in carried for name in one.inputs}
    rows: list[tuple[object, ...]] = []
    for one in scenario.inputs:
        if one.low < one.high and one.id not in replaced:
            ends = _worth(scenario, base, one.id, np.array([one.low, one.high])).tolist()
            rows.append((one.id, one.label, one.low, one.high, one.unit, *ends, one.status))
    for effect in carried:
        errors = Z95 * np.sqrt(np.diag(effect.covariance))
        sides = [effect.moved(effect.estimate + sign * errors) for sign in (-1, 1)]
        spread = [_spread_out(effect, side, scenario.horizon) for side in sides]
        ends = [_worth_of(scenario, {**base, **values}) for values in spread]
        label = ", ".join(_label(scenario, name) for name in effect.inputs)
        first = [float(side[0]) for side in sides]
        named = ", ".join(effect.inputs)
        rows.append((named, label, *first, effect.unit, *ends, "estimate"))
    frame = pd.DataFrame(rows, columns=list(DRIVERS))
    width = (frame["net_at_high"] - frame["net_at_low"]).abs()
    return frame.loc[width.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _label(scenario: Scenario, name: str) -> str:
    labels = {step.id: step.label for step in KINDS[scenario.kind]}
    return (labels | {one.id: one.label for one in scenario.inputs})[name]


def _break_even(scenario: Scenario, base: Mapping[str, np.ndarray], middle: Flows) -> pd.DataFrame:
    rate = scenario.headline_rate
    gain = float(np.squeeze(cash_flow.present_value(middle.benefits, rate)))
    spent = float(np.squeeze(cash_flow.present_value(middle.costs, rate) + middle.setup))
    money = f"m {scenario.money}"
    rows = [("total_cost", "Largest present value of all costs", spent, gain, money)]
    for name in scenario.break_even:
        one = scenario.input(name)
        found = cash_flow.break_even(partial(_worth, scenario, base, name), one.value)
        rows.append((name, one.label, one.value, found, one.unit))
    return pd.DataFrame(rows, columns=["input", "label", "central", "break_even", "unit"])


def _condition(scenario: Scenario, carried: Sequence[Carried]) -> str:
    replaced = {name for one in carried for name in one.inputs}
    claims = sorted({one.claim for one in scenario.inputs if one.claim and one.id not in replaced})
    said = [f"the estimate of {one.table.overall.estimator} held" for one in carried]
    if claims:
        word = "claim" if len(claims) == 1 else "claims"
        verb = "was" if len(claims) == 1 else "were"
        said.append(f"{word} {' and '.join(claims)} {verb} true")
    said.append("the numbers set by hand were right")
    return f"If {', and if '.join(said)},"
