"""What every estimator refuses before it computes, with the reason."""

from __future__ import annotations

import numpy as np

from analysis.errors import Fault, IdentificationError
from analysis.methods.panel import Panel


def refuse_degenerate(panel: Panel, *, comparison: bool = True) -> None:
    """Refuse a panel from which no method can learn an effect.

    Parameters
    ----------
    panel : Panel
    comparison : bool
        Whether some units must be untreated, or treated later than others.

    Raises
    ------
    IdentificationError
        With every fault: one unit, one time, categories that split the cells, an outcome that
        does not vary, nobody treated inside the window, nobody to compare with.
    """
    faults = [
        *_shape(panel),
        *_constant(panel),
        *_treatment(panel),
        *(_comparison(panel) if comparison else []),
    ]
    IdentificationError.raise_if(faults)


def window_notes(panel: Panel, *, anticipation: int = 0) -> tuple[str, ...]:
    """Say how units treated before or after the window are used.

    Parameters
    ----------
    panel : Panel
    anticipation : int
        Times before the cohort in which treated units may already react.
    """
    times = panel.times
    first, last = int(times[0]), int(times[-1])
    early = int((panel.cohorts <= first + anticipation).fillna(False).sum())
    late = int((panel.cohorts > last).fillna(False).sum())
    notes = []
    if early:
        notes.append(
            f"{early} units treated at or before time {first + anticipation} have no base period "
            "and are left out."
        )
    if late:
        notes.append(f"{late} units treated after the last time {last} serve as untreated.")
    return tuple(notes)


def _shape(panel: Panel) -> list[Fault]:
    faults = []
    if panel.categories:
        faults.append(
            Fault(
                expected="one cell for every unit and time",
                found=f"cells split by {', '.join(panel.categories)}",
                mend="compress without categories, or use a method that takes them",
            )
        )
    for count, name in ((panel.n_units, "unit"), (len(panel.times), "time")):
        if count < 2:
            faults.append(
                Fault(
                    expected=f"at least two {name}s",
                    found=f"{count}",
                    mend="widen the panel: an effect is a difference of differences",
                )
            )
    return faults


def _constant(panel: Panel) -> list[Fault]:
    values = panel.cells["outcome"].to_numpy(dtype=float)
    if not np.isfinite(values).all():
        return [
            Fault(
                column=panel.outcome,
                expected="finite outcomes",
                found=f"{int((~np.isfinite(values)).sum())} cells that are not",
                mend="a logarithm of zero gives these: use a Poisson method, or mend the data",
            )
        ]
    if np.ptp(values) > 0:
        return []
    return [
        Fault(
            column=panel.outcome,
            expected="an outcome that varies",
            found=f"{values[0]:g} in every cell",
            mend="check the column: nothing can be learnt from a constant",
        )
    ]


def _treatment(panel: Panel) -> list[Fault]:
    times = panel.times
    first, last = times[0], times[-1]
    inside = ((panel.cohorts > first) & (panel.cohorts <= last)).fillna(False)
    if inside.any():
        return []
    have = ", ".join(map(str, sorted(panel.cohorts.dropna().unique()))) or "none"
    return [
        Fault(
            expected=f"units first treated after time {first} and by time {last}",
            found=f"cohorts {have}",
            mend="widen the window or check the cohorts",
        )
    ]


def _comparison(panel: Panel) -> list[Fault]:
    last = panel.times[-1]
    if not (panel.cohorts <= last).fillna(False).all() or panel.cohorts.nunique() > 1:
        return []
    return [
        Fault(
            expected="units that are not treated, or treated later",
            found=f"all {panel.n_units} units treated at the same time",
            mend="add comparison units",
        )
    ]
