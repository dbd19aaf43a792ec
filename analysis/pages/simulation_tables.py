"""Tables on simulated data: what is needed, what was planted, what was recovered, how often."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis import catalog, simulation
from analysis.listings import table_or_none
from analysis.markup import Table, show
from analysis.methods.effects import Effect, number, percent
from analysis.tables import say

if TYPE_CHECKING:
    from analysis.declarations import Planted, Source, Truth
    from analysis.study import Findings, Result

_MARK = " [Simulated data]"
#: Share of draws in which an interval should hold the truth.
PROMISED = 0.95


def schema(findings: Findings) -> Table:
    """Show the data a design needs: every column with type, unit, meaning and an example."""
    rows = [row for source in findings.sources for row in _columns(source)]
    caption = "Data needed: the columns of every file, with an example"
    return table_or_none(rows, caption=caption, none="No data are read")


def _columns(source: Source) -> Iterable[dict[str, object]]:
    for name, column in source.columns.items():
        yield {
            "File": source.file.split("/")[-1],
            "Column": name,
            "Type": column.type + (", may be empty" if column.missing else ""),
            "Unit": column.unit,
            "Meaning": column.description,
            "Example": column.example or "",
        }


def planted(findings: Findings) -> Table:
    """Show for every design what was planted in the simulated data and what it recovered."""
    truth = findings.study.truth
    rows = [
        _planted(result, truth)
        for result in findings.results
        if truth is not None and result.kind == "simulated"
    ]
    none = "The reform declares no truth, or its data are not simulated"
    caption = "Planted and recovered: ATT overall, by design" + (_MARK if rows else "")
    return table_or_none(rows, caption=caption, none=none)


def _planted(result: Result, truth: Truth) -> dict[str, object]:
    effect = result.effects.overall
    true = simulation.planted_overall(
        truth, design=result.design, outcome=result.outcome, panel=result.panel
    )
    return {
        "Design": result.design.label,
        "Outcome": result.outcome.label,
        "Planted": percent(100 * math.expm1(true)),
        "Recovered": percent(effect.to_percent().estimate),
        "95% interval": _interval(effect),
        "Holds the planted effect": _held(effect, true),
        "Detectable with 80% power": _detectable(effect),
        "Inference": effect.inference,
    }


def _interval(effect: Effect) -> str:
    shown = effect.to_percent()
    if not (math.isfinite(shown.conf_low) and math.isfinite(shown.conf_high)):
        return "none"
    return f"{percent(shown.conf_low)} to {percent(shown.conf_high)}"


def _held(effect: Effect, true: float) -> str:
    if not math.isfinite(effect.conf_low):
        return "no interval"
    return "yes" if effect.conf_low <= true <= effect.conf_high else "no"


def _detectable(effect: Effect) -> str:
    return effect.detectable() if math.isfinite(effect.minimum_detectable_effect) else "not known"


def truth(findings: Findings) -> Table:
    """Show the truth that simulated data were drawn from."""
    held = findings.study.truth
    rows = _truth(held) if held else []
    caption = "The declared truth" + (_MARK if findings.kind == "simulated" else "")
    return table_or_none(rows, caption=caption, none="No truth is declared")


def _truth(held: Truth) -> list[dict[str, object]]:
    made: dict[str, object] = {"One row is": _KINDS[held.kind]}
    if held.kind != "periods":
        made["Rows of a unit and time"] = f"{held.volume:g}"
    made |= {_words(n): v for n, v in held.population.model_dump().items() if v}
    for one in held.outcomes:
        made |= {f"{one.column or 'number of rows'}: {n}": v for n, v in _moves(one).items()}
    made |= {"Seed": held.seed, "Why": held.why}
    return [{"What": name, "Value": _value(value)} for name, value in made.items()]


_KINDS = {
    "records": "one of many in a unit and time",
    "periods": "a unit and time",
    "spells": "a spell that begins in a unit and time",
}


def _moves(one: Planted) -> dict[str, object]:
    """Give what is not zero, in words."""
    held = one.model_dump(exclude={"column", "digits", "cycle", "measure"})
    return {_words(name).lower(): value for name, value in held.items() if value}


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def coverage(results: pd.DataFrame, *, study: str | None = None) -> Table:
    """Show how often 95% intervals held the planted effect when data were drawn again.

    Parameters
    ----------
    results : pandas.DataFrame
        ``simulated_coverage.csv``.
    study : str, optional
        Id of the one reform that is wanted.
    """
    held = results if study is None else results[results["study"] == study]
    rows = [
        {
            **({"Reform": row["study"].replace("-", " ")} if study is None else {}),
            "Design": row["label"],
            "Role": row["role"],
            "Planted": percent(100 * math.expm1(row["planted"])),
            "Bias": percent(100 * row["bias"]),
            "Held": f"{100 * row['coverage']:.1f}%",
            "Of draws": f"{int(row['intervals']):,}",
            "Without interval": f"{int(row['draws'] - row['intervals']):,}",
            "Mean width": number(100 * row["mean_width"], signed=False),
            "Inference": row["inference"],
        }
        for row in held.to_dict(orient="records")
    ]
    caption = f"How often 95% intervals held what was planted{_MARK}"
    if not rows:
        return table_or_none([], caption=caption, none="Coverage was not measured")
    return show(pd.DataFrame(rows), caption=caption, interactive=study is None)


def measured(*, root: Path | None = None) -> pd.DataFrame:
    """Read how often the intervals of all simulated designs held what was planted."""
    return catalog.read_results(catalog.find_root(root), "simulated_coverage")


def glue(results: pd.DataFrame) -> None:
    """Hand counts to the prose.

    Keys: ``designs``, ``reforms``, ``draws``, ``lowest`` and ``highest`` (coverage), ``error``
    (Monte Carlo standard error, in points, of a coverage that is as promised).
    """
    own = results[results["role"] != "contrast"]
    say("designs", str(len(own)))
    say("reforms", str(own["study"].nunique()))
    draws = int(own["draws"].min())
    say("draws", f"{draws:,}")
    say("error", f"{100 * math.sqrt(PROMISED * (1 - PROMISED) / draws):.1f}")
    say("lowest", f"{100 * own['coverage'].min():.1f}%")
    say("highest", f"{100 * own['coverage'].max():.1f}%")
