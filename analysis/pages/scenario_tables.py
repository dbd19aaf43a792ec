"""Tables of scenarios, and the sentences that carry their numbers into prose."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.declarations.units import Unit
from analysis.markup import Link, Table, show
from analysis.methods.effects import number
from analysis.scenarios import ScenarioResult, compare
from analysis.tables import SIMULATED, say

#: Digits of the tables that a reader recomputes: enough for three digits in the headline.
DIGITS = 5


def headline(result: ScenarioResult) -> Table:
    """Show the headline numbers: central case, median and 95 % of the draws."""
    rows = [
        {
            "Quantity": row["quantity"],
            "Central case": number(row["central"], signed=row["central"] < 0),
            "Median": number(row["median"], signed=row["median"] < 0),
            "95% of draws": _span(row["range_low"], row["range_high"]),
            "Unit": row["unit"],
        }
        for row in result.headline.to_dict("records")
    ]
    return show(pd.DataFrame(rows), caption=_marked(result, f"{result.scenario.title}: headline"))


def reckoning(result: ScenarioResult) -> Table:
    """Show every number of the last year with the arithmetic that gives it."""
    rows = [
        {
            "Line": row["line"],
            "Quantity": row["quantity"],
            "Reckoning": row["reckoning"],
            "Value": digits(row["value"]),
            "Unit": row["unit"],
            "Status": row["status"],
            "Source": row["source"],
        }
        for row in result.reckoning.to_dict("records")
    ]
    last = result.years["year"].iloc[-1]
    caption = f"{result.scenario.title}: the year {last} step by step (central case)"
    return show(pd.DataFrame(rows), caption=_marked(result, caption))


def years(result: ScenarioResult) -> Table:
    """Show benefit, cost and present value by year; the last column adds to the headline."""
    frame = result.years[
        ["year", "benefit", "cost", "net", "discount_factor", "present_value"]
    ].copy()
    shown = frame.assign(
        year=frame["year"].astype(str),
        **{name: frame[name].map(digits) for name in frame.columns[1:]},
    )
    total = dict.fromkeys(frame.columns, "")
    total |= {"year": "sum", "present_value": digits(float(frame["present_value"].sum()))}
    shown = pd.concat([shown, pd.DataFrame([total])], ignore_index=True)
    names = ("Year", "Benefit", "Cost", "Net", "Discount factor", "Present value")
    shown.columns = pd.Index(names)
    caption = f"{result.scenario.title}: years of the central case, {result.net['unit']}"
    return show(shown, caption=_marked(result, caption))


def inputs(result: ScenarioResult) -> Table:
    """Show every input with its range, status and source."""
    rows = [
        {
            "Input": row["label"],
            "Value": digits(row["value"]),
            "Range": "fixed" if row["low"] == row["high"] else _span(row["low"], row["high"]),
            "Unit": row["unit"],
            "Distribution": row["distribution"],
            "Status": row["status"],
            "Source": Link(text=row["source"], address=row["address"])
            if row["address"]
            else row["source"],
            "How the range was chosen": row["why"],
        }
        for row in result.inputs.to_dict("records")
    ]
    return show(pd.DataFrame(rows), caption=f"{result.scenario.title}: inputs", interactive=True)


def break_even(result: ScenarioResult) -> Table:
    """Show where the net present value is zero."""
    rows = [
        {
            "Input": row["label"],
            "Central case": number(row["central"], signed=row["central"] < 0),
            "Nothing is gained at": number(row["break_even"], signed=row["break_even"] < 0),
            "Unit": str(Unit.of(row["unit"])),
        }
        for row in result.break_even.to_dict("records")
    ]
    return show(pd.DataFrame(rows), caption=_marked(result, f"{result.scenario.title}: break-even"))


def shares(result: ScenarioResult) -> Table:
    """Show who gains, by role, firm size and area, in the last year of the central case."""
    rows = [
        {
            "By": row["dimension"],
            "Group": row["group"],
            "Amount": number(row["yearly"]),
            "Unit": row["unit"],
            "Status": row["status"],
            "Source": row["source"],
        }
        for row in result.shares.to_dict("records")
    ]
    return show(pd.DataFrame(rows), caption=_marked(result, f"{result.scenario.title}: who gains"))


def stretched(result: ScenarioResult) -> Table:
    """Show what is known for one thing and used for another, and what is not known at all."""
    rows = [
        {"What": one.what, "Known for": one.known_for, "Used for": one.used_for}
        for one in result.scenario.extrapolations
    ]
    rows += [{"What": text, "Known for": "not known", "Used for": ""}
             for text in result.scenario.unknown]  # fmt: skip
    return show(pd.DataFrame(rows), caption=f"{result.scenario.title}: stretched and unknown")


def comparison(results: Sequence[ScenarioResult]) -> Table:
    """Show all scenarios on one scale."""
    rows = [
        {
            "Scenario": row["title"],
            "Central case": number(row["central"]),
            "Median": number(row["median"]),
            "95% of draws": _span(row["range_low"], row["range_high"]),
            "Unit": row["unit"],
            "Benefits over costs": number(row["ratio"], signed=False),
            "Draws above zero": f"{row['positive']:.0f}%",
        }
        for row in compare(results).to_dict("records")
    ]
    terms = results[0].scenario
    caption = (
        f"Net present values at {terms.headline_rate:g}% over {terms.horizon} years. The share of "
        "draws is one of declared ranges, not a probability"
    )
    return show(pd.DataFrame(rows), caption=caption)


def glue_scenarios(results: Sequence[ScenarioResult]) -> None:
    """Hand numbers to the prose.

    Keys: ``scenarios``, ``scenarios-below-zero`` (ranges that reach below zero), and for each
    scenario ``<id>-sentence``, ``<id>-net``, ``<id>-range``, ``<id>-yearly``, ``<id>-driver``.
    """
    frame = compare(results)
    say("scenarios", str(len(frame)))
    say("scenarios-below-zero", str(int((frame["range_low"] < 0).sum())))
    for result in results:
        name, net = result.scenario.id, result.net
        yearly = result.years["benefit"].iloc[-1]
        say(f"{name}-sentence", result.sentence())
        say(f"{name}-net", f"{number(net['central'])} million yuan")
        say(f"{name}-range", f"{_span(net['range_low'], net['range_high'])} million yuan")
        say(f"{name}-yearly", f"{number(float(yearly), signed=False)} million yuan")
        say(f"{name}-driver", str(result.drivers["label"].iloc[0]).lower())


def caption(result: ScenarioResult, what: str) -> str:
    """Caption of a figure: scenario, what it shows, draws, seed and rate."""
    scenario = result.scenario
    return _marked(
        result,
        f"{scenario.title}: {what}. Net present value at {scenario.headline_rate:g}% over "
        f"{scenario.horizon} years; {len(result.draws):,} draws, seed {scenario.seed}",
    )


def digits(value: float) -> str:
    """Write a number with five digits that count, for a reader who recomputes."""
    text = f"{value:.{DIGITS}g}"
    if "e" in text or abs(value) >= 1000:
        text = f"{float(text):,.{0 if abs(value) >= 10 ** (DIGITS - 1) else 1}f}"
    return text.replace("-", "\u2212")


def _span(low: float, high: float) -> str:
    signed = low < 0
    return f"{number(low, signed=signed)} to {number(high, signed=signed)}"


def _marked(result: ScenarioResult, text: str) -> str:
    return f"{text}. {SIMULATED}" if result.simulated else text
