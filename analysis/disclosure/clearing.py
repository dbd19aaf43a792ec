"""The one gate: effects, checks and cells of a design go in, what may be shown comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.disclosure.judging import Gate, safe_groups
from analysis.disclosure.rules import Rules
from analysis.methods.checks import Check
from analysis.methods.contributions import Contributions
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel

#: Numbers of an effect, withheld together and rounded together.
NUMBERS = (
    *("estimate", "std_error", "statistic", "p_value"),
    *("conf_low", "conf_high", "band_low", "band_high"),
)
#: Checks that look at units one by one, and name them.
BY_UNIT = ("leave_one_out", "placebo_in_space", "spillover", "composition", "missing_cells")
#: Panels with more cells are judged by who is treated when, without the weights of their cells.
MAX_CELLS = 20_000
#: Why an effect is withheld that breaks no rule itself.
COVER = "as cover for a withheld effect"
#: A sum of effects is another one if their weights differ by less than this share.
TOLD = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What may be shown of a design, and what was withheld.

    Attributes
    ----------
    effects : EffectTable
        Rows that may not be shown hold no number; the others are rounded. Contributions of
        clusters, covariances and single cells are gone.
    checks : tuple of Check
    panel : Panel
        Cells that may not be shown hold no number; units that may not be named are numbered.
    withheld : tuple of (str, str)
        What, and the rule that forbids it.
    """

    effects: EffectTable
    checks: tuple[Check, ...]
    panel: Panel
    withheld: tuple[tuple[str, str], ...]


def clear(
    effects: EffectTable,
    *,
    checks: tuple[Check, ...],
    panel: Panel,
    behind: tuple[Contributions, ...],
    rules: Rules,
    refused: str | None = None,
) -> Cleared:
    """Clear what a design gave for everybody's eyes.

    Parameters
    ----------
    effects : EffectTable
    checks : tuple of Check
    panel : Panel
        What both were made from.
    behind : tuple of Contributions
        Who stands behind the cells; one for each group of records that a cell compares.
    rules : Rules
    refused : str, optional
        Why nothing of this design may be shown.

    Returns
    -------
    Cleared

    Notes
    -----
    Each effect is judged three times: by the treated cells it speaks of, by all other cells, and,
    where the method is linear, by the weights it puts on cells: those above and those below zero
    are each a sum that has to pass, and no firm may have the leverage that `rules` forbid.
    """
    at = tuple(one.find(panel.cells) for one in behind)
    gate = Gate(panel=panel, behind=behind, at=at, rules=rules, refused=refused)
    reasons = _reasons(gate, effects)
    names = _names(gate)
    withheld = [(_row_name(effects, i), why) for i, why in enumerate(reasons) if why]
    shown_checks: list[Check] = []
    for check in checks:
        why = _why_no_check(gate, check, reasons[effects.headline], names)
        shown_checks.append(_checked(check, why, rules))
        withheld += [(f"check {check.name}", why)] if why else []
    safe = _safe_cells(gate)
    if not safe.all():
        what = f"{int((~safe).sum())} of {len(safe)} cells of the panel"
        withheld.append((what, "cells by the same rules"))
    return Cleared(
        effects=_effects(gate, effects, reasons, names, safe),
        checks=tuple(shown_checks),
        panel=_panel(gate, names, safe),
        withheld=tuple(withheld),
    )


# ---------------------------------------------------------------- effects


def _reasons(gate: Gate, effects: EffectTable) -> list[str | None]:
    frame = effects.tidy()
    if gate.refused is not None:
        return [gate.refused] * len(frame)
    weights = _weights(gate.panel, effects)
    others = np.isnan(gate.panel.cell_cohort)
    beside = gate.why_not(others) if others.any() else None
    found: list[str | None] = []
    for i in range(len(frame)):
        reason = gate.why_not(_spoken_of(gate.panel, frame.iloc[i])) or beside
        if reason is None and weights is not None:
            reason = gate.leans(weights[:, i])
        found.append(reason)
    return _covered(found, frame, weights)


def _covered(
    reasons: list[str | None], frame: pd.DataFrame, weights: np.ndarray | None
) -> list[str | None]:
    """Withhold effects from which, with the others shown, a withheld one could be worked out."""
    made = list(reasons)
    hidden = [i for i, reason in enumerate(reasons) if reason]
    for i in hidden:
        while _told(i, made, weights):
            shown = [k for k, reason in enumerate(made) if not reason]
            made[min(shown, key=lambda k: (_is_sum(frame, k), abs(k - i)))] = COVER
    return made


def _told(i: int, reasons: list[str | None], weights: np.ndarray | None) -> bool:
    """Whether a withheld effect is a weighted sum of those shown."""
    shown = [k for k, reason in enumerate(reasons) if not reason]
    if not shown:
        return False
    if weights is None:  # not known: a single effect beside an overall one is told by it
        return sum(bool(reason) for reason in reasons) == 1 and len(reasons) > 2
    found, *_ = np.linalg.lstsq(weights[:, shown], weights[:, i], rcond=None)
    gap = np.abs(weights[:, shown] @ found - weights[:, i]).max()
    return bool(gap <= TOLD * np.abs(weights[:, i]).max(initial=0.0))


def _is_sum(frame: pd.DataFrame, k: int) -> bool:
    return bool(frame.iloc[k][["cohort", "time", "event_time"]].isna().all())


def _spoken_of(panel: Panel, row: pd.Series) -> np.ndarray:
    """Give the treated cells that an effect speaks of; all treated ones where it names none."""
    cohort, since = panel.cell_cohort, panel.cell_event_time
    treated = ~np.isnan(cohort)
    kept = treated.copy()
    if not pd.isna(row["cohort"]):
        kept &= cohort == float(row["cohort"])
    if not pd.isna(row["event_time"]):
        kept &= since == float(row["event_time"])
    elif not pd.isna(row["time"]):
        kept &= panel.cells["time"].to_numpy() == int(row["time"])
    else:
        kept &= since >= 0
    return kept if kept.any() else treated if treated.any() else np.ones(len(kept), dtype=bool)


def _weights(panel: Panel, effects: EffectTable) -> np.ndarray | None:
    """Give the weight of every cell in every effect, (n_cells, k); None if it is not linear."""
    size = len(panel.cells)
    if effects.refit is None or size > MAX_CELLS:
        return None
    blocks = []
    for start in range(0, size, 512):
        columns = np.zeros((size, min(512, size - start)))
        columns[np.arange(start, start + columns.shape[1]), np.arange(columns.shape[1])] = 1.0
        blocks.append(effects.refit(panel, columns))
    weights = np.vstack(blocks)
    outcome = panel.cells["outcome"].to_numpy(dtype=float)
    estimate = effects.frame["estimate"].to_numpy(dtype=float)
    if weights.shape != (size, len(estimate)):
        return None
    gap = np.abs(weights.T @ outcome - estimate)
    scale = np.abs(weights.T) @ np.abs(outcome) + np.finfo(float).tiny
    return weights if bool((gap <= 1e-6 * scale).all()) else None


def _row_name(effects: EffectTable, i: int) -> str:
    row = effects.frame.iloc[i]
    keys = [
        f"{name.replace('_', ' ')} {int(row[name])}"
        for name in ("cohort", "time", "event_time")
        if not pd.isna(row[name])
    ]
    return ", ".join(["effect", *keys]) if keys else "effect overall"


def _effects(
    gate: Gate,
    effects: EffectTable,
    reasons: list[str | None],
    names: dict[object, object],
    safe: np.ndarray,
) -> EffectTable:
    frame, rules = effects.tidy(), gate.rules
    held = np.array([reason is not None for reason in reasons])
    for name in NUMBERS:
        rounded = rules.amount(frame[name].to_numpy(dtype=float))
        frame[name] = np.where(held, np.nan, rounded)
    frame["inference"] = [
        f"withheld, {reason}" if reason else said
        for reason, said in zip(reasons, frame["inference"], strict=True)
    ]
    counted = ["n_obs", *(["n_units", "n_treated", "n_control"] if _firms_are_units(gate) else [])]
    for name in counted:
        rounded_counts = [pd.NA if pd.isna(n) else rules.count(float(n)) for n in frame[name]]
        frame[name] = pd.array(rounded_counts, dtype="Int64")
    open_units = not any(isinstance(name, _Masked) for name in names.values())
    draws = None
    if effects.draws is not None and open_units and not held.any():
        draws = rules.amount(effects.draws)
    return replace(
        effects,
        frame=frame,
        covariance=None,
        influence=None,
        draws=draws,
        augmented=_augmented(gate, effects.augmented, names, safe),
        notes=tuple(note for note in effects.notes if not _names_one(note, names)),
        regroup=None,
        refit=None,
    )


def _augmented(
    gate: Gate, augmented: pd.DataFrame | None, names: dict[object, object], safe: np.ndarray
) -> pd.DataFrame | None:
    if augmented is None:
        return None
    cells = gate.panel.cells.loc[safe, ["unit", "time"]]
    index = pd.MultiIndex.from_frame(cells)
    kept = augmented[pd.MultiIndex.from_frame(augmented[["unit", "time"]]).isin(index)].copy()
    for name in kept.columns.difference(["unit", "time"]):
        if pd.api.types.is_float_dtype(kept[name]):
            kept[name] = gate.rules.amount(kept[name].to_numpy(dtype=float))
    return kept.assign(unit=kept["unit"].map(names)).reset_index(drop=True)


# ---------------------------------------------------------------- checks


def _why_no_check(
    gate: Gate, check: Check, headline: str | None, names: dict[object, object]
) -> str | None:
    if headline is not None:
        return headline
    masked = [name for name in names.values() if isinstance(name, _Masked)]
    if check.name in BY_UNIT and masked:
        return f"units that differ by fewer than {gate.rules.firms} firms, or are one firm's"
    if _names_one(check.seen, names):
        return "it names a unit that may not be named"
    panel = gate.panel
    times = panel.cells["time"].to_numpy()
    for side in (np.isnan(panel.cell_cohort), ~np.isnan(panel.cell_cohort)):
        for time in np.unique(times[side]):
            reason = gate.why_not(side & (times == time))
            if reason is not None:
                return f"it rests on single times, {reason}"
    return None


def _checked(check: Check, why: str | None, rules: Rules) -> Check:
    detail = check.detail if why is None else check.detail.iloc[:0]
    detail = detail.copy()
    for name in detail.columns:
        if pd.api.types.is_float_dtype(detail[name]):
            detail[name] = rules.amount(detail[name].to_numpy(dtype=float))
    if why is None:
        return replace(check, detail=detail)
    return replace(check, seen=f"withheld, {why}", status="could not be run", detail=detail)


# ---------------------------------------------------------------- cells and names


class _Masked(str):
    """What a unit is called that may not be named."""

    __slots__ = ()


def _names(gate: Gate) -> dict[object, object]:
    """Give every unit the name it may be shown by."""
    units = gate.panel.units
    safe = np.ones(len(units), dtype=bool)
    for one, at in zip(gate.behind, gate.at, strict=True):
        group = np.full(len(one.cells), -1)
        group[at[at >= 0]] = np.asarray(gate.panel.positions)[at >= 0]
        safe &= safe_groups(one, group, count=len(units), rules=gate.rules)
    return {
        unit: unit if passes else _Masked(f"unit {number}")
        for number, (unit, passes) in enumerate(zip(units, safe, strict=True), start=1)
    }


def _names_one(text: str, names: dict[object, object]) -> bool:
    return any(str(unit) in text for unit, name in names.items() if isinstance(name, _Masked))


def _firms_are_units(gate: Gate) -> bool:
    """Whether a unit is a firm: then counts of units are counts of firms."""
    return all(int(one.firms.max(initial=0)) <= 1 for one in gate.behind)


def _safe_cells(gate: Gate) -> np.ndarray:
    size = len(gate.panel.cells)
    if gate.refused is not None:
        return np.zeros(size, dtype=bool)
    safe = np.ones(size, dtype=bool)
    for one, at in zip(gate.behind, gate.at, strict=True):
        count = len(one.cells)
        own = safe_groups(one, np.arange(count), count=count, rules=gate.rules)
        safe &= (at >= 0) & own[np.maximum(at, 0)]
    return safe


def _panel(gate: Gate, names: dict[object, object], safe: np.ndarray) -> Panel:
    """Blank the cells that may not be shown; no count is exact, no spread inside a cell stays."""
    panel, rules = gate.panel, gate.rules
    cells = panel.cells.copy()
    keep = ("unit", "time", "cluster", *panel.categories)
    for name in cells.columns.difference(list(keep)):
        values = rules.amount(cells[name].to_numpy(dtype=float))
        cells[name] = np.where(safe, values, np.nan)
    rounded = [float(rules.count(n)) for n in panel.cells["n"]]
    cells["n"] = np.where(safe, rounded, 0.0)
    cells["unit"] = cells["unit"].map(names)
    clusters = {str(unit): name for unit, name in names.items()}
    cells["cluster"] = cells["cluster"].map(lambda name: clusters.get(str(name), name))
    cohorts = panel.cohorts.set_axis([names[unit] for unit in panel.cohorts.index])
    order = cells.sort_values(["unit", "time"]).index
    return replace(
        panel,
        cells=cells.loc[order].reset_index(drop=True),
        cohorts=cohorts.sort_index(),
        n_missing=rules.count(panel.n_missing),
        positions=None,
    )
