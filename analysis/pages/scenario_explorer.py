"""The customs-time case for a reader to move: fields, first answers and a table, as markup.

The script `explorer.js` of the book repeats `scenarios.net_benefit` line by line; all words stand
here. Without the script, and on paper, the table stands there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from analysis.errors import DeclarationError
from analysis.markup import Table, show
from analysis.methods.effects import number
from analysis.scenarios import NetBenefit, ScenarioResult, net_benefit
from analysis.scenarios.customs import STEPS
from analysis.scenarios.monte_carlo import Z95

KIND = "customs"
MONEY = "million yuan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One number that the reader moves; `most` is where the slider ends."""

    id: str
    label: str
    unit: str
    value: float
    least: float
    most: float
    step: float


#: Label, unit, least, most and step of each field, in the order a reader meets them.
_FIELDS: Mapping[str, tuple[str, str, float, float, float]] = {
    "hours": ("Hours saved for each consignment", "hours", 0, 48, 0.5),
    "covered": ("Trade under the reform in a year", MONEY, 0, 40000, 100),
    "value_of_day": ("Value of one day", "percent of the value of the goods", 0, 3, 0.05),
    "elasticity": ("Trade elasticity", "percent more trade for one percent less cost", 0, 8, 0.1),
    "setup": ("Cost of setting up", MONEY, 0, 300, 1),
    "running": ("Cost of running it for a year", MONEY, 0, 100, 1),
    "rate": ("Discount rate", "percent a year", 0, 15, 0.5),
    "years": ("Years of benefit", "years", 1, 30, 1),
    "hours_factor": ("Hours may be off by a factor of", "up or down", 1, 5, 0.1),
    "value_factor": ("The value of a day may be off by a factor of", "up or down", 1, 5, 0.1),
}  # fmt: skip


def fields(result: ScenarioResult) -> tuple[Field, ...]:
    """Return the fields of the explorer, set to the central case of a scenario of customs time.

    Parameters
    ----------
    result : ScenarioResult
        Of kind customs.

    Raises
    ------
    DeclarationError
        The scenario is of another kind.
    """
    if result.scenario.kind != KIND:
        raise DeclarationError.of(
            expected=f"a scenario of kind {KIND}", found=result.scenario.kind, mend="choose another"
        )
    given = _central(result)
    made = []
    for name, (label, unit, least, most, step) in _FIELDS.items():
        value = round(round(given[name] / step) * step, 6)
        made.append(
            Field(id=name, label=label, unit=unit, value=value, least=least, most=most, step=step)
        )
    return tuple(made)


def _central(result: ScenarioResult) -> dict[str, float]:
    inputs = result.inputs.set_index("id")
    rows = result.headline.set_index("quantity")
    labels = {step.id: step.label for step in STEPS}

    def step(name: str, column: str) -> float:
        return float(rows[column].loc[labels[name]])

    def given(name: str, column: str = "value") -> float:
        return float(inputs[column].loc[name])

    return {
        "hours": step("hours_saved", "central"),
        "covered": 1000 * step("affected", "central"),
        "value_of_day": given("value_of_day"),
        "elasticity": given("elasticity_long"),
        "setup": given("setup_cost"),
        "running": given("running_cost") + given("private_cost"),
        "rate": float(result.scenario.headline_rate),
        "years": float(result.scenario.horizon),
        "hours_factor": math.sqrt(
            step("hours_saved", "range_high") / step("hours_saved", "range_low")
        ),
        "value_factor": math.sqrt(given("value_of_day", "high") / given("value_of_day", "low")),
    }


def answer(values: Mapping[str, float]) -> NetBenefit:
    """Return the net benefit at the values of the fields.

    Parameters
    ----------
    values : mapping
        Value by id of the field. A factor f stands for a 95 % interval from 1/f to f times the
        value, so that the standard deviation of the logarithm is log(f)/z.
    """
    return net_benefit(
        hours=values["hours"],
        hours_spread=math.log(values["hours_factor"]) / Z95,
        covered=values["covered"],
        value_of_day=values["value_of_day"],
        value_spread=math.log(values["value_factor"]) / Z95,
        elasticity=values["elasticity"],
        setup=values["setup"],
        running=values["running"],
        rate=values["rate"],
        years=int(values["years"]),
    )


def explorer(result: ScenarioResult) -> Table:
    """Make the explorer: fields with sliders, the answer, and a table for paper and no script."""
    made = fields(result)
    caption = f"{result.scenario.title}: net benefit at a few settings"
    table = show(_settings(made), caption=caption)
    main = "".join(_field(one) for one in made[:-2])
    sure = "".join(_field(one) for one in made[-2:])
    html = (
        '<div class="explorer" id="explorer">'
        '<form class="explorer-form" hidden aria-label="Scenario explorer" autocomplete="off">'
        f"{_answer(answer({one.id: one.value for one in made}))}"
        f'<div class="explorer-fields">{main}</div>'
        "<details><summary>How sure are the hours and the value of a day?</summary>"
        f'<div class="explorer-fields">{sure}</div></details>'
        '<p class="explorer-tools"><button type="reset">Back to the central case</button> '
        '<a class="explorer-link" href="#explorer">Link to these values</a></p>'
        "</form></div>"
    )
    return Table(html=html + table.html, plain=table.plain)


def _field(one: Field) -> str:
    name, unit = f"explorer-{one.id}", f"explorer-{one.id}-unit"
    ends = f'min="{one.least:g}" max="{one.most:g}" value="{one.value:g}" aria-describedby="{unit}"'
    return (
        f'<div class="explorer-field" data-field="{one.id}">'
        f'<label for="{name}">{escape(one.label)}</label>'
        f'<input type="range" step="{one.step:g}" {ends} '
        f'aria-label="{escape(one.label)}: slider"/>'
        f'<input type="number" step="any" {ends} id="{name}" required/>'
        f'<span class="explorer-unit" id="{unit}">{escape(one.unit)}</span></div>'
    )


def _answer(first: NetBenefit) -> str:
    """Write the sentences; the script fills in the numbers and shows the one verdict that holds."""
    verdicts = {
        "above": "The whole band lies above zero.",
        "across": "The band reaches below zero: at these values nobody can be sure of a gain.",
        "below": "The whole band lies below zero.",
    }
    shown = verdict(first)
    said = "".join(
        f'<span data-verdict="{key}"{"" if key == shown else " hidden"}>{text}</span>'
        for key, text in verdicts.items()
    )
    return (
        '<div class="explorer-answer"><p class="explorer-net">Net benefit: '
        f'<strong><span data-out="net">{number(first.net)}</span> {MONEY}</strong>, '
        f'95% band <span data-out="low">{number(first.low)}</span> to '
        f'<span data-out="high">{number(first.high)}</span> {MONEY}. {said}</p>'
        f'<p>A year is worth <span data-out="yearly">{number(first.yearly, signed=False)}</span> '
        f'{MONEY} before costs. <span data-even="some">Nothing is gained below <span '
        f'data-out="even">{number(first.break_even_hours, signed=False)}</span> hours saved.</span>'
        '<span data-even="none" hidden>No number of hours pays for it.</span></p>'
        '<p class="explorer-wrong" hidden>A field holds no number within its range: '
        "the answer is that of the last good values.</p>"
        '<p class="visually-hidden" role="status" aria-live="polite" aria-atomic="true"></p>'
        f'<svg class="explorer-chart" viewBox="0 0 640 260" aria-hidden="true" data-x="Hours saved '
        f'for each consignment" data-y="Net benefit, {MONEY}"></svg></div>'
    )


def verdict(made: NetBenefit) -> str:
    """Say where the band lies: above, across or below zero."""
    return "above" if made.low > 0 else "below" if made.high < 0 else "across"


def _settings(made: Sequence[Field]) -> pd.DataFrame:
    """Compute the central case, and each main field halved and doubled."""
    central = {one.id: one.value for one in made}
    rows = [_setting("The central case", central)]
    for one in made[:-3]:
        for factor, word in ((0.5, "half"), (2.0, "twice")):
            moved = {**central, one.id: float(np.clip(factor * one.value, one.least, one.most))}
            text = f"{one.label}: {word}, {number(moved[one.id], signed=False)} {one.unit}"
            rows.append(_setting(text, moved))
    return pd.DataFrame(rows)


def _setting(text: str, values: Mapping[str, float]) -> dict[str, str]:
    found = answer(values)
    return {
        "Setting": text,
        f"Net benefit, {MONEY}": number(found.net),
        "95% band": f"{number(found.low)} to {number(found.high)}",
    }
