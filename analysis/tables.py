"""Tables, and the sentences that carry numbers into prose.

Every table of the report is made by `markup.show`, which escapes all text. `glue` hands numbers
to the prose of the pages; no page types one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.markup import Table, show
from analysis.methods.checks import Check
from analysis.methods.effects import Effect, number, p_text, percent

if TYPE_CHECKING:
    from analysis.study import Findings, Result

#: What a reader must see wherever simulated data are behind a number.
SIMULATED = (
    "Simulated data: these numbers show what the method does, not what the reform did. "
    "They cannot decide any claim."
)


class Said(str):
    """Text that is its own representation, so that prose shows it without quotation marks.

    Pages read what prose is handed as Python does: ``0.250`` would lose its last digit and
    ``5,000`` become a pair. Such a text keeps its quotation marks, and pages take them off.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the text itself, in quotation marks where it would be read as something else."""
        try:
            read = str(ast.literal_eval(str(self)))
        except (SyntaxError, ValueError):
            return str(self)
        return str(self) if read == str(self) else repr(str(self))


def effects(
    findings: Findings, *, outcome: str, roles: Sequence[str] = ("headline", "variant")
) -> Table:
    """Show the overall effect of every design on one outcome.

    Parameters
    ----------
    findings : Findings
    outcome : str
        Id of the outcome in the declaration.
    roles : sequence of str
        Roles of the designs to show.

    Returns
    -------
    Table
    """
    results = findings.of(outcome, roles=roles)
    label = results[0].outcome.label
    rows = [{"Design": result.design.label, **_effect_row(result)} for result in results]
    return show(pd.DataFrame(rows), caption=marked(f"Estimates on {label}, by design", *results))


def _effect_row(result: Result) -> dict[str, object]:
    effect = result.effects.overall
    shown = _shown(effect)
    return {
        "Estimate": shown.estimate,
        "95% interval": shown.interval,
        "p": shown.p_value,
        "Detectable with 80% power": shown.detectable,
        "Treated": effect.n_treated,
        "Control": effect.n_control,
        "Inference": effect.inference,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The numbers of an effect as a reader sees them: percent for logs, else in their unit."""

    estimate: str
    interval: str
    p_value: str
    detectable: str


def _shown(effect: Effect) -> Shown:
    scaled = effect.to_percent() if effect.scale == "log" else effect
    write = percent if effect.scale == "log" else number
    closed = np.isfinite(scaled.conf_low) and np.isfinite(scaled.conf_high)
    interval = f"{write(scaled.conf_low)} to {write(scaled.conf_high)}"
    return Shown(
        estimate=write(scaled.estimate),
        interval=interval if closed else "none",
        p_value=p_text(effect.p_value) if np.isfinite(effect.p_value) else "none",
        detectable=(
            effect.detectable() if np.isfinite(effect.minimum_detectable_effect) else "not known"
        ),
    )


def failing_inference(findings: Findings, design: str, *, inference: str) -> Table:
    """Show a design under its declared inference and under one known to fail, side by side."""
    from analysis.study import reestimated

    result = findings.result(design)
    other = reestimated(result, inference=inference)
    rows = []
    for table in (result.effects, other):
        shown = _shown(table.overall)
        rows.append(
            {
                "Inference": table.overall.inference,
                "Estimate": shown.estimate,
                "95% interval": shown.interval,
                "p": shown.p_value,
                "Known": " ".join(table.notes) or "the declared one",
            }
        )
    return show(pd.DataFrame(rows), caption=marked("The same coefficient, twice", result))


def by_event_time(findings: Findings, design: str) -> Table:
    """Show the effects of one design by event time."""
    result = findings.result(design)
    frame = result.effects.tidy()
    rows = []
    for position in frame.index[frame["event_time"].notna()]:
        effect = result.effects.effect(int(position))
        shown = _shown(effect)
        base = np.isnan(effect.std_error)
        rows.append(
            {
                "Event time": effect.event_time,
                "Estimate": "base period" if base else shown.estimate,
                "95% interval": "" if base else shown.interval,
                "p": "" if base else shown.p_value,
            }
        )
    caption = marked(f"{result.outcome.label}: effects by event time", result)
    return show(pd.DataFrame(rows), caption=caption)


def checks(findings: Findings, design: str) -> Table:
    """Show the checks of one design: question, what would have to be seen, what was seen."""
    result = findings.result(design)
    rows = [
        {
            "Question": check.question,
            "Would have to be seen": check.required,
            "Seen": check.seen,
            "Result": check.status,
        }
        for check in result.checks
    ]
    return show(pd.DataFrame(rows), caption=marked("Checks of the headline design", result))


def glue(findings: Findings, *designs: str) -> None:
    """Hand the numbers of designs to the prose of the page.

    For a design ``d`` these keys are glued: ``d`` (the sentence), ``d-estimate``,
    ``d-interval``, ``d-p``, ``d-detectable``, ``d-treated``, ``d-control``, ``d-inference``,
    ``d-reading`` (see `reading`), and for each of its checks ``c`` ``d-c`` (what was seen) and
    ``d-c-status``.
    """
    for name in designs:
        for key, text in _sayings(findings.result(name)):
            say(key, text)


def say(key: str, text: str) -> None:
    """Hand one text to the prose of the page under `key`."""
    from myst_nb import glue as hand_over

    hand_over(key, Said(text), display=False)


def _sayings(result: Result) -> Iterator[tuple[str, str]]:
    effect = result.effects.overall
    shown, name = _shown(effect), result.design.id
    yield name, effect.sentence()
    yield f"{name}-estimate", shown.estimate
    yield f"{name}-interval", shown.interval
    yield f"{name}-p", shown.p_value
    yield f"{name}-detectable", shown.detectable
    yield f"{name}-treated", str(effect.n_treated)
    yield f"{name}-control", str(effect.n_control)
    yield f"{name}-inference", effect.inference
    yield f"{name}-reading", reading(result)
    for check in result.checks:
        yield f"{name}-{check.name}", check.seen
        yield f"{name}-{check.name}-status", check.status


def reading(result: Result) -> str:
    """Say how the headline of a design may be read, given its interval and its checks.

    An interval that leaves out zero is called an effect by nobody here: the sentence names the
    checks that failed, or says that none did.
    """
    effect = result.effects.overall
    shown = _shown(effect)
    what = f"{shown.estimate} on {result.outcome.label.lower()}"
    if not (np.isfinite(effect.conf_low) and np.isfinite(effect.conf_high)):
        return f"{what}, without an interval: {effect.inference}."
    failed = [check.name.replace("_", " ") for check in result.checks if check.status == "failed"]
    behind = f"; failed checks: {', '.join(failed)}" if failed else "; no check failed"
    if effect.conf_low <= 0 <= effect.conf_high:
        return (
            f"{what}: compatible with no effect, and with anything from {shown.interval}{behind}."
        )
    if failed:
        return f"{what}: the interval leaves out zero, but not to be read as an effect{behind}."
    return f"{what}: an estimated effect, interval {shown.interval}{behind}."


def caption(findings: Findings, design: str) -> str:
    """Say estimand, estimator, n and inference of a design, for the caption of a figure."""
    result = findings.result(design)
    effect = result.effects.overall
    first, last = result.panel.times[0], result.panel.times[-1]
    text = (
        f"{result.outcome.label}, {first} to {last}: {result.design.label}. "
        f"{effect.estimand} by {effect.estimator.replace('_', ' ')}; {effect.n_treated} treated, "
        f"{effect.n_control} control units, {effect.n_obs} rows; {effect.inference}."
    )
    return marked(text, result)


def banner(findings: Findings) -> Table:
    """Show what the numbers of the page rest on: published, supplied or simulated data."""
    kind = findings.kind or "none"
    producers = sorted({source.producer for source in findings.sources})
    rests = {
        "published": "Published figures",
        "real": "Data supplied for this run",
        "simulated": SIMULATED,
        "none": "No data that could test this reform are public",
    }[kind]
    if kind == "simulated" and any(one.kind != "simulated" for one in findings.results):
        rests = f"Published or supplied data, but where the mark stands: {rests}"
    said = f"{rests} ({'; '.join(producers)})." if producers else f"{rests}."
    html = f'<div class="data-kind data-kind-{kind}">{escape(said)}</div>'
    return Table(html=html, plain=said)


def marked(text: str, *results: Result) -> str:
    """Add the mark of simulated data to a caption as soon as one of the results rests on them."""
    simulated = any(result.kind == "simulated" for result in results)
    return f"{text} [Simulated data]" if simulated else text


def summary(findings: Findings) -> str:
    """Say in plain text what was found: a line a headline effect, check and verdict."""
    lines = [findings.study.reform.title, banner(findings).plain]
    for result in findings.results:
        if result.design.headline:
            lines += ["", result.design.title, f"  {result.effects.overall.sentence()}"]
            lines += [f"  {_check_line(check)}" for check in result.checks]
    lines += ["", *(f"{v.claim.id}: {v.status}. {v.sentence}" for v in findings.verdicts)]
    return "\n".join(lines)


def _check_line(check: Check) -> str:
    return f"{check.name.replace('_', ' ')}: {check.status} ({check.seen})"


def write(findings: Findings, *, folder: Path) -> tuple[Path, ...]:
    """Write effects.csv, checks.csv and verdicts.csv into `folder`; return their paths."""
    tables = {
        "effects.csv": pd.concat(
            [r.effects.tidy().assign(design=r.design.id) for r in findings.results]
            or [pd.DataFrame()]
        ),
        "checks.csv": pd.DataFrame(
            [
                {"design": r.design.id, "check": c.name, "status": c.status, "seen": c.seen}
                for r in findings.results
                for c in r.checks
            ]
        ),
        "verdicts.csv": pd.DataFrame(
            [
                {"claim": v.claim.id, "status": v.status, "sentence": v.sentence}
                for v in findings.verdicts
            ]
        ),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables.items():
        path = folder / name
        table.to_csv(path, index=False, lineterminator="\n")
        written.append(path)
    return tuple(written)
