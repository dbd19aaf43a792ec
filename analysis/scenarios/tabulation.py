"""Frames of a scenario result: headline, reckoning for a pocket calculator, years, shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.declarations.scenarios import Input, Scenario
from analysis.declarations.units import Unit
from analysis.scenarios import cash_flow
from analysis.scenarios.calculation import KINDS, Flows, steps_of, unit_of
from analysis.scenarios.formula import CONSTANTS, names, written
from analysis.scenarios.monte_carlo import Carried
from analysis.scenarios.results import HEADLINE, RECKONING, net_label
from analysis.scenarios.steps import Step

#: Steps a headline shows, where the kind of scenario has them.
_SHOWN = (
    *("hours_saved", "days_saved", "affected", "additional_credit", "capital_freed"),
    *("trade_gain", "exports_gain"),
)
#: Steps that change over the years, shown beside the money.
_PATHS = (
    *("take_up", "volume_index", "elasticity", "rate_now", "interest_now"),
    *("trade_gain", "exports_gain"),
)
_CONSTANT_LABELS = {
    "hours_a_day": "Hours in a day",
    "days_a_year": "Days in a year",
    "months_a_year": "Months in a year",
    "hundred": "Percent in a whole",
    "thousand": "Millions in a billion",
    "million": "Units in a million",
    "one_year": "One year",
}


def headline(scenario: Scenario, middle: Flows, many: Flows) -> pd.DataFrame:
    """Make the headline table: last year first, then present values and ratio."""
    yearly = Unit.of(f"m {scenario.money} / year")
    total = Unit.of(f"m {scenario.money}")
    rows = [
        _row(step.label, _last(middle, step.id), _last(many, step.id), str(unit_of(step, scenario)))
        for step in KINDS[scenario.kind]
        if step.id in _SHOWN
    ]
    rows.append(
        _row(
            "Gross benefit of a year", middle.benefits[..., -1], many.benefits[..., -1], str(yearly)
        )
    )
    for rate in scenario.rates:
        one, more = (
            cash_flow.net_present_value(f.setup, f.benefits, f.costs, rate.percent)
            for f in (middle, many)
        )
        rows.append(_row(net_label(rate.percent), one, more, str(total)))
    rate_shown = scenario.headline_rate
    one, more = (
        cash_flow.benefit_cost_ratio(f.setup, f.benefits, f.costs, rate_shown)
        for f in (middle, many)
    )
    rows.append(_row(f"Benefits over costs at {rate_shown:g}%", one, more, "ratio"))
    return pd.DataFrame(rows, columns=list(HEADLINE))


def _row(label: str, one: np.ndarray, many: np.ndarray, unit: str) -> list[object]:
    low, mid, high = np.quantile(many, [0.025, 0.5, 0.975])
    return [label, float(np.squeeze(one)), float(mid), float(np.mean(many)), float(low),
            float(high), unit]  # fmt: skip


def _last(flows: Flows, name: str) -> np.ndarray:
    value = flows.quantities[name].value
    return np.asarray(value[..., -1] if value.ndim else value)


def _letters(count: int) -> Iterator[str]:
    for n in range(count):
        yield (chr(64 + n // 26) if n >= 26 else "") + chr(65 + n % 26)


def reckoning(scenario: Scenario, middle: Flows, carried: Sequence[Carried] = ()) -> pd.DataFrame:
    """Write the central case of the last year as lettered lines, inputs before results."""
    replaced = {name for one in carried for name in one.inputs}
    steps = [step for step in steps_of(scenario) if step.id not in replaced]
    used = {name for step in steps for name in names(step.formula)}
    inputs = [one for one in scenario.inputs if one.id not in replaced]
    constants = [name for name in CONSTANTS if name in used]
    order = [
        *(one.id for one in inputs),
        *sorted(replaced),
        *constants,
        "year",
        *(step.id for step in steps),
    ]
    letters = dict(zip(order, _letters(len(order)), strict=True))
    rows = [_input_line(one, letters) for one in inputs]
    for name in sorted(replaced):
        estimator = next(c.table.overall.estimator for c in carried if name in c.inputs)
        value = float(np.squeeze(_last(middle, name)))
        unit = str(middle.quantities[name].unit)
        rows.append([letters[name], name.replace("_", " ").capitalize(), "estimated", value, unit,
                     "estimate", estimator, "input"])  # fmt: skip
    for name in constants:
        unit = str(CONSTANTS[name].unit)
        rows.append([letters[name], _CONSTANT_LABELS[name], "", float(CONSTANTS[name].value), unit,
                     "", "", "constant"])  # fmt: skip
    rows.append([letters["year"], "Year after the set-up", "", float(scenario.horizon), "year",
                 "", "the last year of the horizon", "constant"])  # fmt: skip
    rows += [_step_line(step, letters, middle) for step in steps]
    rows += _sums(scenario, letters, middle)
    return pd.DataFrame(rows, columns=list(RECKONING))


def _input_line(one: Input, letters: dict[str, str]) -> list[object]:
    unit = str(Unit.of(one.unit))
    return [letters[one.id], one.label, "", one.value, unit, one.status, source_of(one), "input"]


def source_of(one: Input) -> str:
    """Say in a few words where an input comes from."""
    parts = [one.source, one.fact, one.parameter, one.claim]
    said = ", ".join(part for part in parts if part)
    return said or "set by hand"


def _step_line(step: Step, letters: dict[str, str], middle: Flows) -> list[object]:
    made = middle.quantities[step.id]
    value = float(np.squeeze(_last(middle, step.id)))
    text = written(step.formula, letters)
    return [letters[step.id], step.label, text, value, str(made.unit), "", "", step.role]


def _sums(scenario: Scenario, letters: dict[str, str], middle: Flows) -> list[list[object]]:
    unit = str(Unit.of(f"m {scenario.money} / year"))
    rows: list[list[object]] = []
    for role, label, flows in (
        ("benefit", "Gross benefit of this year", middle.benefits),
        ("cost", "Cost of this year", middle.costs),
    ):
        parts = [letters[s.id] for s in KINDS[scenario.kind] if s.role == role and s.id in letters]
        rows.append([role.upper(), label, " + ".join(parts), float(np.squeeze(flows[..., -1])),
                     unit, "", "", "sum"])  # fmt: skip
    net = float(np.squeeze(middle.benefits[..., -1] - middle.costs[..., -1]))
    rows.append(
        ["NET", "Net benefit of this year", "BENEFIT \u2212 COST", net, unit, "", "", "sum"]
    )
    return rows


def years(scenario: Scenario, middle: Flows) -> pd.DataFrame:
    """Make the yearly table of the central case; present values add to the headline."""
    count = scenario.horizon
    benefit = np.append(0.0, np.broadcast_to(np.squeeze(middle.benefits), count))
    cost = np.append(np.squeeze(middle.setup), np.broadcast_to(np.squeeze(middle.costs), count))
    factor = np.append(1.0, cash_flow.factors(scenario.headline_rate, count))
    paths = {
        name: np.append(np.nan, np.broadcast_to(middle.quantities[name].value, count))
        for name in _PATHS
        if name in middle.quantities
    }
    return pd.DataFrame(
        {
            "year": scenario.first_year + np.arange(count + 1),
            **paths,
            "benefit": benefit,
            "cost": cost,
            "net": benefit - cost,
            "discount_factor": factor,
            "present_value": (benefit - cost) * factor,
        }
    )


def shares(scenario: Scenario, middle: Flows) -> pd.DataFrame:
    """Say who gains: by role of each step, and by the declared shares of the gross benefit."""
    unit = str(Unit.of(f"m {scenario.money} / year"))
    rows: list[list[object]] = []
    for who in ("traders", "government", "banks"):
        total = 0.0
        for step in KINDS[scenario.kind]:
            if step.role not in ("benefit", "cost", "transfer"):
                continue
            amount = float(np.squeeze(_last(middle, step.id)))
            if step.who == who:
                total += -amount if step.role == "cost" else amount
            if step.payer == who:
                total -= amount
        rows.append(["who", who, total, unit, "computed", "benefits and transfers less costs"])
    gross = float(np.squeeze(middle.benefits[..., -1]))
    rows += [
        [one.dimension, one.group, gross * one.percent / 100, unit, one.status, one.source]
        for one in scenario.shares
    ]
    columns = ["dimension", "group", "yearly", "unit", "status", "source"]
    return pd.DataFrame(rows, columns=columns)


def inputs(scenario: Scenario) -> pd.DataFrame:
    """List every input with its range, status and source."""
    rows = [
        {
            "id": one.id,
            "label": one.label,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "unit": str(Unit.of(one.unit)),
            "distribution": one.distribution,
            "status": one.status,
            "source": source_of(one),
            "address": one.address or "",
            "why": " ".join(part for part in (one.why, one.widened) if part),
        }
        for one in scenario.inputs
    ]
    return pd.DataFrame(rows)
