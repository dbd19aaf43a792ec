"""One question asked in many defensible ways, and one test over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.inference import assignments
from analysis.methods.multiple import JointTest, min_p_test
from analysis.methods.panel import Panel

#: All reassignments are listed up to the first number; beyond, so many are drawn.
MAX_ASSIGNMENTS, RANDOM_ASSIGNMENTS = 999, 999
#: Share of the reassignments between the ends of the range drawn for every rank.
RANGE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One way to ask.

    Attributes
    ----------
    choices : tuple of (str, str)
        What was decided and how, such as ``("comparison", "western provinces")``; the same
        decisions in the same order for all specifications of a curve.
    estimator : callable
        Takes a panel and gives an `EffectTable` with an interval.
    times : tuple of int
        First and last time used.
    controls : tuple or None
        Untreated units that may serve as controls; None = all.
    headline : bool
        Whether the answer was declared to rest on it.
    """

    choices: tuple[tuple[str, str], ...]
    estimator: Callable[[Panel], EffectTable]
    times: tuple[int, int]
    controls: tuple[object, ...] | None = None
    headline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationCurve:
    """Estimates of all specifications, from the lowest to the highest.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a specification: one column a decision, then ``estimate``, ``std_error``,
        ``p_value``, ``conf_low``, ``conf_high``, ``n_control``, ``headline``, and ``null_low``
        and ``null_high``: where 95 % of the curves under reassigned treatment lie at this rank.
    joint : JointTest
        One randomisation test over all of them.
    decisions : tuple of str
        The columns of `frame` that hold choices.
    outcome, unit_of_measure, scale : str
        As in `EffectTable`.
    refused : tuple of str
        Specifications that could not be estimated, or gave nothing new, with the reason.
    """

    frame: pd.DataFrame
    joint: JointTest
    decisions: tuple[str, ...]
    outcome: str
    unit_of_measure: str
    scale: str
    refused: tuple[str, ...] = ()

    def named(self, outcome: str) -> SpecificationCurve:
        """Return the curve with the words a reader sees for the outcome."""
        return replace(self, outcome=outcome)


def specification_curve(
    panel: Panel, specifications: Sequence[Specification], *, seed: int = 0
) -> SpecificationCurve:
    r"""Estimate every specification and test them all at once.

    Parameters
    ----------
    panel : Panel
        All units and all times that any specification uses.
    specifications : sequence of Specification
        At least two.
    seed : int
        Of the reassignments, where there are too many to list.

    Returns
    -------
    SpecificationCurve

    Raises
    ------
    IdentificationError
        If fewer than two specifications can be estimated, or units differ in weights or in the
        times at which they are seen, so that one cannot stand for another.

    Notes
    -----
    The joint test deals the treatment to other units of the *whole* panel, the same units in
    every specification. Under a reassignment the units drawn take the place of the treated ones;
    where one of them was a control, a unit that was treated takes its place, so that every
    specification keeps its size. Each specification then has its own randomisation p-value in
    every draw, and the smallest of them is compared with the smallest observed
    (`analysis.methods.multiple.min_p_test`): the level holds however many specifications there
    are and however alike.

    References
    ----------
    Simonsohn, Simmons and Nelson (2020), doi:10.1038/s41562-020-0912-z.
    """
    _refuse_unlike(panel)
    labels = panel.cohorts.to_numpy(dtype=float, na_value=np.nan)
    ways = assignments(labels, max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=seed)
    filled = np.argsort(ways.order, axis=1)  # the unit in the place of every unit
    rows: list[dict[str, object]] = []
    draws: list[np.ndarray] = []
    refused: list[str] = []
    for one in specifications:
        name = ", ".join(choice for _, choice in one.choices)
        try:
            table, drawn = _estimated(panel, one, filled)
        except IdentificationError as error:
            refused.append(f"{name}: {error.faults[0].found}")
            continue
        if any(np.allclose(drawn, other, rtol=1e-9, atol=0) for other in draws):
            refused.append(f"{name}: the same as another one in every draw")
            continue
        overall = table.overall
        rows.append(
            {
                **dict(one.choices),
                "estimate": overall.estimate,
                "std_error": overall.std_error,
                "p_value": overall.p_value,
                "conf_low": overall.conf_low,
                "conf_high": overall.conf_high,
                "n_control": overall.n_control,
                "headline": one.headline,
            }
        )
        draws.append(drawn)
    if len(rows) < 2:
        raise IdentificationError.of(
            expected="at least two specifications that can be estimated",
            found=f"{len(rows)} of {len(specifications)}; {'; '.join(refused[:2])}",
            mend="name more of them, or widen the panel",
        )
    frame = pd.DataFrame(rows)
    order = np.argsort(frame["estimate"].to_numpy(), kind="stable")
    together = np.column_stack(draws)
    tails = [(1 - RANGE) / 2, (1 + RANGE) / 2]
    low, high = np.quantile(np.sort(together[1:], axis=1), tails, axis=0)
    frame = frame.iloc[order].reset_index(drop=True).assign(null_low=low, null_high=high)
    return SpecificationCurve(
        frame=frame,
        joint=min_p_test(together),
        decisions=tuple(name for name, _ in specifications[0].choices),
        outcome=panel.outcome,
        unit_of_measure=panel.unit_of_measure,
        scale=panel.scale,
        refused=tuple(refused),
    )


def _estimated(
    panel: Panel, one: Specification, filled: np.ndarray
) -> tuple[EffectTable, np.ndarray]:
    """Table of one specification, and its headline under every reassignment, (n_draws,)."""
    window = panel.keep_times(*one.times)
    wide = window.wide().to_numpy()
    treated = np.flatnonzero(panel.cohorts.notna().to_numpy())
    pool = panel.units if one.controls is None else np.array(one.controls, dtype=object)
    inside = np.isin(panel.units, pool)
    inside[treated] = True
    kept = np.flatnonzero(inside)
    small = window.keep_units(list(panel.units[kept]))
    table = one.estimator(small)
    if table.refit is None:
        raise IdentificationError.of(
            expected="an estimator that can be refitted under other treatments",
            found=str(table.overall.estimator),
            mend="leave the specification out",
        )
    places = _places(filled, kept, treated)
    outcomes = wide[places].transpose(1, 2, 0).reshape(len(small.cells), len(places))
    return table, table.refit(small, outcomes)[:, table.headline]


def _places(filled: np.ndarray, kept: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """Which unit stands in the place of every unit kept, under every reassignment, (B, n)."""
    places = np.tile(kept, (len(filled), 1))
    slots = np.searchsorted(kept, treated)
    for row, drawn in zip(places, filled[:, treated], strict=True):
        row[slots] = drawn
        taken = np.isin(kept, drawn)
        taken[slots] = False
        spare = [unit for unit in treated if unit not in set(drawn)]
        row[taken] = spare[: int(taken.sum())]
    return places


def _refuse_unlike(panel: Panel) -> None:
    weights = panel.cells["weight"].to_numpy()
    absent = panel.n_units * len(panel.times) - len(panel.cells)
    if panel.categories or panel.covariates or absent or np.ptp(weights) > 0:
        raise IdentificationError.of(
            expected="units seen at the same times, with equal weights and no covariates",
            found=f"{absent} cells absent, weights from {weights.min():g} to {weights.max():g}",
            mend="balance the panel: otherwise one unit cannot stand for another",
        )
