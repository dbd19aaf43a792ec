"""All combinations of the choices that the designs on one outcome declare, as one curve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from analysis.declarations import Design
from analysis.methods.effects import EffectTable
from analysis.methods.specifications import (
    Specification,
    SpecificationCurve,
    specification_curve,
)
from analysis.study import SHOWN, Findings, Result, configured


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Which untreated units a design compares with, and until when it declares so."""

    name: str
    controls: tuple[object, ...] | None
    until: int
    designs: tuple[str, ...]


def curve(findings: Findings, outcome: str, *, roles: Iterable[str] = SHOWN) -> SpecificationCurve:
    """Cross the windows, comparisons and estimators of the designs on one outcome.

    Parameters
    ----------
    findings : Findings
    outcome : str
        Id of an outcome with at least two designs.
    roles : iterable of str
        Of the designs whose choices count.

    Returns
    -------
    SpecificationCurve
        Decisions ``window``, ``comparison`` and ``estimator``. A comparison is not carried to a
        window that ends later than any for which it was declared. All inference is by
        randomisation.

    Raises
    ------
    IdentificationError
        If fewer than two combinations can be estimated.

    Notes
    -----
    The choices are those declared, so nothing is added after estimates were seen; the units and
    times are those of the declared design that holds most of them.
    """
    results = findings.of(outcome, roles=roles)
    widest = max(results, key=lambda result: len(result.panel.cells))
    asked = list(_specifications(results))
    made = specification_curve(widest.panel, asked, seed=results[0].design.seed)
    return made.named(widest.outcome.label)


def _specifications(results: tuple[Result, ...]) -> Iterator[Specification]:
    windows = dict.fromkeys((r.design.window.first, r.design.window.last) for r in results)
    estimators = {_estimator(result.design): result.design for result in results}
    headline = next((r.design for r in results if r.design.headline), results[0].design)
    for first, last in windows:
        for comparison in _comparisons(results):
            if last > comparison.until:
                continue
            for name, design in estimators.items():
                yield Specification(
                    choices=(
                        ("window", f"{first} to {last}"),
                        ("comparison", comparison.name),
                        ("estimator", name),
                    ),
                    estimator=_randomised(design),
                    times=(first, last),
                    controls=comparison.controls,
                    headline=(first, last) == (headline.window.first, headline.window.last)
                    and headline.id in comparison.designs
                    and name == _estimator(headline),
                )


def _comparisons(results: tuple[Result, ...]) -> list[_Comparison]:
    found: dict[tuple[object, ...] | None, _Comparison] = {}
    for result in results:
        design = result.design
        controls = None
        if design.donors is not None or design.exclude:
            controls = tuple(sorted(set(result.panel.units) - set(result.panel.treated)))
        known = found.get(controls)
        last = max(design.window.last, known.until if known else 0)
        name = known.name if known else "all others" if controls is None else design.label
        designs = (*(known.designs if known else ()), design.id)
        found[controls] = _Comparison(name=name, controls=controls, until=last, designs=designs)
    return list(found.values())


def _estimator(design: Design) -> str:
    options = [f"{name.replace('_', ' ')}: {value}" for name, value in design.options.items()]
    return ", ".join([design.estimator.replace("_", " "), *options])


def _randomised(design: Design) -> partial[EffectTable]:
    return configured(design, inference="randomisation")
