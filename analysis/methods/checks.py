"""Diagnostics of a design: what would have to be seen, what was seen, passed or failed.

Every check takes the estimator as an argument, ready to be called with a panel alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pandas as pd

from analysis.errors import AnalysisError
from analysis.methods.effects import Effect, EffectTable, number, p_said
from analysis.methods.inference import TIE
from analysis.methods.panel import Panel

T = TypeVar("T")
Estimator = Callable[[Panel], EffectTable]
Status = Literal["passed", "failed", "could not be run"]

#: A joint test of leads, or the smallest placebo p-value times their number, below this fails.
PLACEBO_LEVEL = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One diagnostic.

    Attributes
    ----------
    name, question : str
        Which check, and what it asks.
    required, seen : str
        What would have to be seen, and what was.
    status : {"passed", "failed", "could not be run"}
    detail : pandas.DataFrame
        The numbers behind; empty when the check could not be run.
    """

    name: str
    question: str
    required: str
    seen: str
    status: Status
    detail: pd.DataFrame


def pre_trends(panel: Panel, estimator: Estimator) -> Check:
    """Ask whether treated and control units moved alike before the reform.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Gives an event study with draws (``inference="randomisation"``).

    Returns
    -------
    Check
        Fails when a joint randomisation test of the leads gives p < 0.10, or when the straight
        line through the leads, carried on, would move the ATT overall by more than one standard
        error. Passing proves little: such tests seldom find slopes that matter (Roth 2022,
        doi:10.1257/aeri.20210236).
    """
    ask = {
        "name": "pre_trends",
        "question": "Did treated and control units move alike before the reform?",
        "required": "joint p of the leads at least 0.10, and a drift that, carried on, moves the "
        "estimate by less than one standard error",
    }
    table = tried(estimator, panel)
    if isinstance(table, str):
        return not_run(ask, table)
    frame = table.tidy()
    leads = frame[(frame["event_time"] < 0) & frame["std_error"].notna()]
    if len(leads) < 2 or table.draws is None:
        return not_run(ask, f"{len(leads)} event times before the base period; two are needed")
    drift = _drift(frame)
    p_value = _joint_p(table.draws[:, leads.index.to_numpy()])
    error = table.overall.std_error
    passed = p_value >= PLACEBO_LEVEL and abs(drift) < error
    seen = (
        f"joint {p_said(p_value)}; the line through the leads, carried on, moves the "
        f"estimate by {number(drift)} ({number(abs(drift) / error, signed=False)} standard errors)"
    )
    return Check(**ask, seen=seen, status="passed" if passed else "failed", detail=leads)


def _joint_p(draws: np.ndarray) -> float:
    """Randomisation p-value of the mean squared studentised lead."""
    size = (draws**2 / draws[1:].var(axis=0, ddof=1)).mean(axis=1)
    return float((size >= size[0] * (1 - TIE)).mean())


def _drift(frame: pd.DataFrame) -> float:
    """Bias of the overall effect if the line through leads and base went on."""
    rows = frame[frame["event_time"].notna()]
    event_time = rows["event_time"].to_numpy(dtype=float)
    before = event_time < 0
    slope = np.polyfit(event_time[before], rows["estimate"].to_numpy()[before], 1)[0]
    bases = event_time[before & rows["std_error"].isna().to_numpy()]
    base = bases.max() if len(bases) else -1.0
    return float(slope * (event_time[~before] - base).mean())


def placebo_in_time(panel: Panel, estimator: Estimator, *, time: int | None = None) -> Check:
    """Ask whether the estimator finds an effect at dates when nothing happened.

    Parameters
    ----------
    panel : Panel
        With one cohort.
    estimator : callable
    time : int, optional
        The one placebo date; without it every time from the third of the panel on.

    Returns
    -------
    Check
        Each placebo uses only times before the reform. Fails when the smallest p-value, times
        the number of placebos, is below 0.10.
    """
    ask = {
        "name": "placebo_in_time",
        "question": "Is an effect found at dates when nothing happened?",
        "required": "smallest placebo p-value times the number of placebos at least 0.10",
    }
    first = int(panel.cohorts.min())
    before = tried(panel.keep_times, int(panel.times[0]), first - 1)
    if isinstance(before, str):
        return not_run(ask, before)
    dates = [int(date) for date in before.times[2:]] if time is None else [time]
    rows = []
    for date in dates:
        cohorts = panel.cohorts.where(panel.cohorts.isna(), date)
        table = tried(estimator, before.with_cohorts(cohorts))
        if not isinstance(table, str) and np.isfinite(table.overall.p_value):
            rows.append(row(table.overall, date=date))
    if not rows:
        reason = f"no p-value at any of {len(dates)} dates before the reform"
        return not_run(ask, reason)
    detail = pd.DataFrame(rows)
    worst = detail.sort_values("p_value").iloc[0]
    smallest, date = float(worst["p_value"]), int(worst["date"])
    adjusted = min(1.0, smallest * len(detail))
    seen = (
        f"{len(detail)} placebo date{'s' if len(detail) > 1 else ''}; smallest "
        f"{p_said(smallest)} ({date}: {number(float(worst['estimate']))}), "
        f"times {len(detail)} {p_said(adjusted).removeprefix('p ')}"
    )
    status: Status = "passed" if adjusted >= PLACEBO_LEVEL else "failed"
    return Check(**ask, seen=seen, status=status, detail=detail)


def placebo_in_space(panel: Panel, estimator: Estimator) -> Check:
    """Ask how the estimate ranks among all units treated as if they had the reform, one by one.

    Parameters
    ----------
    panel : Panel
        With one cohort.
    estimator : callable
        Called once a unit, the other treated units left out.

    Returns
    -------
    Check
        Passed when every treated unit lies outside the middle 90 % of the untreated ones: what
        an effect on each of them would have to look like.
    """
    ask = {
        "name": "placebo_in_space",
        "question": "Do treated units stand out when every unit is tried as if treated?",
        "required": "each treated unit outside the middle 90% of the untreated units",
    }
    date = int(panel.cohorts.min())
    treated = set(panel.treated)
    rows = []
    for unit in panel.units:
        kept = panel.keep_units(
            [name for name in panel.units if name == unit or name not in treated]
        )
        table = tried(estimator, kept.with_cohorts({unit: date}))
        if isinstance(table, str):
            return not_run(ask, table)
        rows.append(row(table.overall, unit=unit, treated=unit in treated))
    detail = pd.DataFrame(rows).sort_values("estimate", ignore_index=True)
    others = detail.loc[~detail["treated"], "estimate"]
    low, high = np.quantile(others, [0.05, 0.95])
    detail["outside"] = (detail["estimate"] < low) | (detail["estimate"] > high)
    own = detail[detail["treated"]]
    said = "; ".join(
        f"{unit} {number(float(estimate))} (rank {rank + 1} of {len(detail)})"
        for unit, estimate, rank in zip(
            own["unit"], own["estimate"], np.flatnonzero(detail["treated"]), strict=True
        )
    )
    seen = f"{said}; middle 90% of the others {number(low)} to {number(high)}"
    status: Status = "passed" if bool(own["outside"].all()) else "failed"
    return Check(**ask, seen=seen, status=status, detail=detail)


def leave_one_out(panel: Panel, estimator: Estimator) -> Check:
    """Ask whether one control unit carries the estimate.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Called once for every control unit, that unit left out.

    Returns
    -------
    Check
        Fails when leaving one control unit out changes the sign of the estimate.
    """
    ask = {
        "name": "leave_one_out",
        "question": "Does one control unit carry the estimate?",
        "required": "the same sign whichever control unit is left out",
    }
    treated = set(panel.treated)
    rows = []
    for unit in panel.units:
        if unit in treated:
            continue
        kept = panel.keep_units([name for name in panel.units if name != unit])
        table = tried(estimator, kept)
        if isinstance(table, str):
            return not_run(ask, table)
        rows.append(row(table.overall, left_out=unit))
    detail = pd.DataFrame(rows).sort_values("estimate", ignore_index=True)
    low, high = detail.iloc[0], detail.iloc[-1]
    seen = (
        f"from {number(low['estimate'])} (without {low['left_out']}) "
        f"to {number(high['estimate'])} (without {high['left_out']})"
    )
    same = np.sign(low["estimate"]) == np.sign(high["estimate"])
    return Check(**ask, seen=seen, status="passed" if same else "failed", detail=detail)


def minimum_detectable_effect(
    panel: Panel, estimator: Estimator, *, plausible: float | None = None
) -> Check:
    """Ask whether the design could find an effect of plausible size at all.

    Parameters
    ----------
    panel : Panel
    estimator : callable
    plausible : float, optional
        Largest effect thought plausible, in units of the outcome.

    Returns
    -------
    Check
        Fails when the minimum detectable effect is above `plausible`.
    """
    ask = {
        "name": "minimum_detectable_effect",
        "question": "Could this design find an effect of plausible size?",
        "required": "a minimum detectable effect "
        + ("below a plausible one" if plausible is None else f"of at most {number(plausible)}"),
    }
    table = tried(estimator, panel)
    if isinstance(table, str):
        return not_run(ask, table)
    size = table.overall.minimum_detectable_effect
    if not np.isfinite(size) or plausible is None:
        return not_run(ask, f"minimum detectable effect {number(size, signed=False)}")
    status: Status = "passed" if size <= plausible else "failed"
    detail = pd.DataFrame([row(table.overall, minimum_detectable_effect=size)])
    return Check(**ask, seen=f"{number(size, signed=False)}", status=status, detail=detail)


def own_trends(panel: Panel, estimator: Estimator, *, detrended: Estimator) -> Check:
    """Ask whether the estimate survives taking out trends fitted before the reform.

    Parameters
    ----------
    panel : Panel
    estimator, detrended : callable
        The same estimator without and with the trends taken out.

    Returns
    -------
    Check
        Fails when the sign changes.
    """
    ask = {
        "name": "own_trends",
        "question": "Does the estimate survive taking out each unit's own earlier trend?",
        "required": "the same sign",
    }
    plain, without = tried(estimator, panel), tried(detrended, panel)
    if isinstance(plain, str) or isinstance(without, str):
        return not_run(ask, plain if isinstance(plain, str) else str(without))
    before, after = plain.overall, without.overall
    seen = f"{number(before.estimate)} becomes {number(after.estimate)}"
    same = np.sign(before.estimate) == np.sign(after.estimate)
    detail = pd.DataFrame([row(before, own_trends="kept"), row(after, own_trends="taken out")])
    return Check(**ask, seen=seen, status="passed" if same else "failed", detail=detail)


def row(effect: Effect, **extra: object) -> dict[str, object]:
    """Make one row of a check's detail: what is given, then the effect with its uncertainty."""
    return {
        **extra,
        "estimate": effect.estimate,
        "std_error": effect.std_error,
        "p_value": effect.p_value,
        "conf_low": effect.conf_low,
        "conf_high": effect.conf_high,
    }


def tried(step: Callable[..., T], *things: object) -> T | str:
    """Return what `step` makes of `things`, or the reason why it cannot be done."""
    try:
        return step(*things)
    except AnalysisError as error:
        return str(error)


def not_run(ask: dict[str, str], reason: str) -> Check:
    """Say that a check could not be run, and why."""
    return Check(**ask, seen=reason, status="could not be run", detail=pd.DataFrame())
