"""What every estimator refuses before it computes, with the reason."""

from __future__ import annotations

import numpy as np

from analysis.errors import Fault, IdentificationError
from analysis.methods.panel import Panel

#: A cell this many times larger than every other one is an error of units or typing.
FAR = 1_000.0
#: So many cells with different counts of rows, all multiples of one number, are no chance.
MANY_CELLS = 20


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
        does not vary, one value that is far beyond all others, nobody treated inside the window,
        nobody to compare with.
    """
    faults = [
        *_shape(panel),
        *_constant(panel),
        *wild_values(panel),
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
    cohort = _cohorts(panel)
    early, late = int((cohort <= first + anticipation).sum()), int((cohort > last).sum())
    notes = []
    if early:
        notes.append(
            f"{early} units treated at or before time {first + anticipation} have no base period "
            "and are left out."
        )
    if late:
        notes.append(f"{late} units treated after the last time {last} serve as untreated.")
    return tuple(notes)


def doubts(panel: Panel) -> tuple[str, ...]:
    """Say what looks wrong with the rows behind the cells without being certain.

    Parameters
    ----------
    panel : Panel

    Notes
    -----
    Rows that were loaded k times make every count a multiple of k. Estimates and errors by cluster
    stay the same, counts and errors by row do not.
    """
    counts = panel.cells["n"].to_numpy(dtype=float)
    if len(counts) < MANY_CELLS or counts.max() == 1 or np.ptp(counts) == 0:
        return ()
    whole = counts.astype(np.int64)
    times = int(np.gcd.reduce(whole)) if (whole == counts).all() else 1
    if times == 1:
        return ()
    return (
        f"Every cell holds a multiple of {times} rows: the same rows may have been loaded "
        f"{times} times.",
    )


def wild_values(panel: Panel) -> list[Fault]:
    """Find one cell whose value, or spread inside, is far beyond that of every other cell.

    Parameters
    ----------
    panel : Panel

    Notes
    -----
    One record of a billion hours moves the mean of its cell by a billion over the rows of the
    cell, and alone decides the sign of any mean. It is refused when the largest cell is a thousand
    times the next, in size or in the standard deviation inside; under logarithms, the same of
    what the logarithm was taken of.
    """
    size = panel.cells["outcome"].to_numpy(dtype=float)
    tries = [("value", np.abs(size), False)]
    within = panel.cells["ss"].to_numpy(dtype=float)
    if within.any():
        tries.append(("spread inside a cell", np.sqrt(within.clip(min=0.0)), False))
    if panel.scale == "log":
        tries = [("logarithm", size, True), ("logarithm", -size, True)]
    faults = []
    for name, values, logs in tries:
        place, ratio = _beyond(values, logs=logs)
        if ratio > FAR:
            unit, time = (panel.cells[name].iloc[place] for name in ("unit", "time"))
            faults.append(
                Fault(
                    column=panel.outcome,
                    expected=f"no {name} more than {FAR:,.0f} times beyond all others",
                    found=f"one {ratio:.2g} times beyond, at {unit}, {time}",
                    mend="correct or leave out the record: it alone would decide the estimate",
                )
            )
    return faults


def _beyond(values: np.ndarray, *, logs: bool) -> tuple[int, float]:
    """Position of the largest value, and how many times the next it is (0 if there is none)."""
    place = int(values.argmax())
    largest = float(values[place])
    rest = max(values[:place].max(initial=-np.inf), values[place + 1 :].max(initial=-np.inf))
    if len(values) < 3 or not np.isfinite([largest, rest]).all():
        return place, 0.0
    if logs:
        return place, float(np.exp(min(largest - rest, 700.0)))
    return place, largest / float(rest) if rest > 0 else 0.0


def _cohorts(panel: Panel) -> np.ndarray:
    """First treated time of every unit, never treated = nan; nothing compares with that."""
    return np.asarray(panel.cohorts.to_numpy(dtype=float, na_value=np.nan))


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
    cohort = _cohorts(panel)
    if ((cohort > first) & (cohort <= last)).any():
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
    if not (_cohorts(panel) <= last).all() or panel.cohorts.nunique() > 1:
        return []
    return [
        Fault(
            expected="units that are not treated, or treated later",
            found=f"all {panel.n_units} units treated at the same time",
            mend="add comparison units",
        )
    ]
