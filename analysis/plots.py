"""Figures: effects, checks and panels in, one axes out; each with a twin that says what is seen.

A figure states no number of its own: all come from effects, checks and panels. `picture` draws
a figure for a page, with its caption, alternative text and numbers.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.checks import Check
from analysis.methods.effects import EffectTable, number, p_said
from analysis.methods.panel import Panel
from analysis.pictures import CONTROL, RULE, SECOND, STYLE, TREATED, Picture, axes, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "CONTROL",
    "RULE",
    "SECOND",
    "STYLE",
    "TREATED",
    "Picture",
    "describe_event_study",
    "describe_forest",
    "describe_paths",
    "describe_placebo_cloud",
    "describe_placebo_units",
    "describe_shares",
    "event_study",
    "forest",
    "paths",
    "picture",
    "placebo_cloud",
    "placebo_units",
    "shares",
    "tabulate_event_study",
    "tabulate_forest",
    "tabulate_paths",
    "tabulate_placebo_cloud",
    "tabulate_placebo_units",
    "tabulate_shares",
]

#: A forest's axis ends at this many times the median reach of its intervals.
WIDE = 3.0
#: Letters that stand beside an upright axis on one line.
_UPRIGHT = 54


def event_study(effects: EffectTable, *, ax: Axes | None = None, since: str = "reform") -> Axes:
    """Draw effects by event time with pointwise intervals and the simultaneous band.

    Parameters
    ----------
    effects : EffectTable
        Of `event_study` or a dynamic aggregation.
    ax : matplotlib.axes.Axes, optional
    since : str
        What event time zero is.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows = _path(effects)
    at = rows["event_time"].to_numpy(dtype=float)
    ax.axhline(0, color=RULE, linewidth=0.8)
    ax.axvline(-0.5, color=RULE, linewidth=0.8, linestyle=":")
    ax.fill_between(
        at,
        rows["band_low"].fillna(0),
        rows["band_high"].fillna(0),
        color=TREATED,
        alpha=0.12,
        linewidth=0,
    )
    ax.vlines(at, rows["conf_low"], rows["conf_high"], color=TREATED, linewidth=1.2)
    base = rows["std_error"].isna().to_numpy()
    ax.plot(at, rows["estimate"], color=TREATED, linewidth=1.0)
    ax.plot(at[~base], rows["estimate"][~base], "o", color=TREATED)
    ax.plot(at[base], rows["estimate"][base], "o", color=TREATED, markerfacecolor="white")
    ax.annotate(
        since,
        (-0.5, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4),
        textcoords="offset points",
        va="top",
    )
    ax.set_xlabel("Years since the first treated year")
    ax.set_ylabel("\n".join(textwrap.wrap(_axis(effects), _UPRIGHT)))
    ax.set_xticks(at)
    return ax


def describe_event_study(effects: EffectTable, *, since: str = "reform") -> str:
    """Say what `event_study` shows."""
    rows = _path(effects)
    before, after = rows[rows["event_time"] < 0], rows[rows["event_time"] >= 0]
    clear = int(((rows["conf_low"] > 0) | (rows["conf_high"] < 0)).sum())
    return (
        f"Event study of {effects.overall.outcome}: before the {since} estimates run from "
        f"{_span(before['estimate'])}, after it from {_span(after['estimate'])}; "
        f"{clear} of {int(rows['std_error'].notna().sum())} pointwise intervals leave out zero."
    )


def tabulate_event_study(effects: EffectTable, **_: object) -> pd.DataFrame:
    """Give the numbers of `event_study`."""
    ends = ["conf_low", "conf_high", "band_low", "band_high"]
    return _path(effects)[["event_time", "estimate", "std_error", *ends]]


def paths(panel: Panel, *, ax: Axes | None = None, base: int | None = None) -> Axes:
    """Draw the outcome of treated units, the mean of the controls and every control, from a base.

    Parameters
    ----------
    panel : Panel
        With one cohort.
    ax : matplotlib.axes.Axes, optional
    base : int, optional
        Time at which all lines are zero; without it the last time before the reform.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    wide, base = _from_base(panel, base)
    treated = list(panel.treated)
    controls = wide.drop(index=treated)
    for _, line in controls.iterrows():
        ax.plot(wide.columns, line, color=CONTROL, linewidth=0.5, alpha=0.35)
    ax.plot(wide.columns, controls.mean(), color=CONTROL, linewidth=2.2, linestyle="--")
    _name(ax, float(panel.times[-1]), float(controls.mean().iloc[-1]), "control mean", CONTROL)
    for unit, ink in zip(treated, (TREATED, SECOND, "#009E73", "#CC79A7"), strict=False):
        ax.plot(wide.columns, wide.loc[unit], color=ink)
        _name(ax, float(panel.times[-1]), float(wide.loc[unit].iloc[-1]), str(unit), ink)
    ax.axvline(int(panel.cohorts.min()) - 0.5, color=RULE, linewidth=0.8, linestyle=":")
    ax.axhline(0, color=RULE, linewidth=0.8)
    unit = "log points" if panel.scale == "log" else panel.unit_of_measure
    ax.set_ylabel(f"Change from {base} ({unit})")
    ax.set_xlabel("Year")
    ax.margins(x=0.02)
    return ax


def describe_paths(panel: Panel, *, base: int | None = None) -> str:
    """Say what `paths` shows."""
    wide, base = _from_base(panel, base)
    treated = list(panel.treated)
    last = wide.columns[-1]
    own = "; ".join(f"{unit} {number(float(wide.loc[unit, last]))}" for unit in treated)
    mean = float(wide.drop(index=treated)[last].mean())
    return (
        f"Lines from {wide.columns[0]} to {last}, zero in {base}. By {last}: {own}; "
        f"mean of {len(wide) - len(treated)} control units {number(mean)}."
    )


def tabulate_paths(panel: Panel, *, base: int | None = None) -> pd.DataFrame:
    """Give the numbers of `paths`: one row a year, one column a unit."""
    wide, _ = _from_base(panel, base)
    mean = wide.drop(index=list(panel.treated)).mean().rename("control mean")
    return pd.concat([wide.T, mean], axis=1).rename_axis("time").reset_index()


def placebo_cloud(effects: EffectTable, *, ax: Axes | None = None) -> Axes:
    """Draw the overall estimate among those of all other assignments of the treatment.

    Parameters
    ----------
    effects : EffectTable
        With draws, made by ``inference="randomisation"``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    draws = _draws(effects)
    ax.hist(draws[1:], bins=40, color=CONTROL, alpha=0.6)
    ax.axvline(0, color=RULE, linewidth=0.8)
    ax.axvline(draws[0], color=TREATED, linewidth=2)
    ax.annotate(
        "estimate",
        (draws[0], 1),
        xycoords=("data", "axes fraction"),
        xytext=(5, -6),
        textcoords="offset points",
        color=TREATED,
        va="top",
    )
    ax.set_xlabel(_axis(effects))
    ax.set_ylabel("Assignments")
    return ax


def describe_placebo_cloud(effects: EffectTable) -> str:
    """Say what `placebo_cloud` shows."""
    draws = _draws(effects)
    larger = int((np.abs(draws[1:]) >= abs(draws[0])).sum())
    return (
        f"Histogram of {len(draws) - 1:,} placebo estimates from {_span(pd.Series(draws[1:]))}; "
        f"the estimate is {number(float(draws[0]))}; {larger:,} "
        f"{'placebo is' if larger == 1 else 'placebos are'} at least as large, "
        f"{p_said(effects.overall.p_value)}."
    )


def tabulate_placebo_cloud(effects: EffectTable) -> pd.DataFrame:
    """Give the numbers of `placebo_cloud`: the estimate, then the placebos by size."""
    draws = _draws(effects)
    kinds = ["estimate", *["placebo"] * (len(draws) - 1)]
    return pd.DataFrame({"kind": kinds, "estimate": [draws[0], *np.sort(draws[1:])]})


def forest(overview: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the overall effects of several designs below each other.

    Parameters
    ----------
    overview : pandas.DataFrame
        As `Findings.overview`, of one outcome.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    at = np.arange(len(overview))[::-1]
    headline = (overview["role"] == "headline").to_numpy()
    inks = np.where(headline, TREATED, CONTROL)
    ax.axvline(0, color=RULE, linewidth=0.8)
    ax.hlines(at, overview["conf_low"], overview["conf_high"], colors=list(inks), linewidth=1.6)
    ax.scatter(overview["estimate"], at, c=list(inks), zorder=3)
    ax.set_yticks(at, overview["label"])
    ax.set_ylim(-0.6, len(overview) - 0.4)
    reach = _reach(overview)
    ax.set_xlim(-reach, reach)
    scale = overview["scale"].iloc[0]
    ax.set_xlabel(
        "Effect (log points)" if scale == "log" else str(overview["unit_of_measure"].iloc[0])
    )
    ax.figure.set_figheight(1.2 + 0.36 * len(overview))  # type: ignore[union-attr]
    return ax


def _reach(overview: pd.DataFrame) -> float:
    """Return where the axis ends: all estimates lie on it, a few wide intervals run off it."""
    ends = overview[["conf_low", "conf_high"]].abs().max(axis=1)
    finite = ends[np.isfinite(ends)]
    most = float(overview["estimate"].abs().max())
    usual = WIDE * float(finite.median()) if len(finite) else 0.0
    return 1.08 * max(most, min(usual, float(finite.max()) if len(finite) else usual))


def describe_forest(overview: pd.DataFrame) -> str:
    """Say what `forest` shows."""
    ends = overview[["conf_low", "conf_high"]].abs().max(axis=1)
    off = int((ends > _reach(overview)).sum())
    clear = int(((overview["conf_low"] > 0) | (overview["conf_high"] < 0)).sum())
    positive = int((overview["estimate"] > 0).sum())
    return (
        f"{len(overview)} designs of {overview['outcome'].iloc[0]}: estimates from "
        f"{_span(overview['estimate'])}, {positive} of them above zero; "
        f"{clear} intervals leave out zero."
        + (f" {off} intervals run off the figure." if off else "")
    )


def tabulate_forest(overview: pd.DataFrame) -> pd.DataFrame:
    """Give the numbers of `forest`."""
    wanted = ["outcome", "label", "role", "estimate", "std_error", "conf_low", "conf_high", "scale"]
    return overview[[name for name in wanted if name in overview]]


def placebo_units(check: Check, *, ax: Axes | None = None) -> Axes:
    """Draw the estimate of every unit taken as if it alone had the reform.

    Parameters
    ----------
    check : Check
        Of `placebo_in_space`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    detail = check.detail
    at = np.arange(len(detail))
    own = detail["treated"].to_numpy(dtype=bool)
    ax.axvline(0, color=RULE, linewidth=0.8)
    ax.scatter(detail["estimate"][~own], at[~own], color=CONTROL, s=18)
    ax.scatter(detail["estimate"][own], at[own], color=TREATED, s=46, zorder=3)
    ax.set_yticks(at, detail["unit"], fontsize=7)
    for tick, treated in zip(ax.get_yticklabels(), own, strict=True):
        tick.set_fontweight("bold" if treated else "normal")
    ax.set_xlabel("Estimate if this unit alone had the reform (log points)")
    ax.figure.set_figheight(1.0 + 0.17 * len(detail))  # type: ignore[union-attr]
    return ax


def describe_placebo_units(check: Check) -> str:
    """Say what `placebo_units` shows."""
    return f"Units in order of their placebo estimate. {check.seen}."


def tabulate_placebo_units(check: Check) -> pd.DataFrame:
    """Give the numbers of `placebo_units`."""
    return check.detail[["unit", "estimate", "treated"]]


def shares(counts: pd.Series, *, ax: Axes | None = None) -> Axes:
    """Draw how many things fall into each class, as bars with their numbers.

    Parameters
    ----------
    counts : pandas.Series
        Index class, value count.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    at = np.arange(len(counts))[::-1]
    ax.barh(at, counts, color=TREATED, height=0.6)
    for place, count in zip(at, counts, strict=True):
        _name(ax, float(count), float(place), str(int(count)), RULE)
    ax.set_yticks(at, counts.index)
    ax.set_xlabel(str(counts.name or "Number"))
    ax.figure.set_figheight(0.8 + 0.4 * len(counts))  # type: ignore[union-attr]
    return ax


def describe_shares(counts: pd.Series) -> str:
    """Say what `shares` shows."""
    return "Bars: " + "; ".join(f"{name} {int(count)}" for name, count in counts.items()) + "."


def tabulate_shares(counts: pd.Series) -> pd.DataFrame:
    """Give the numbers of `shares`."""
    name = str(counts.name or "number")
    return pd.DataFrame({"class": counts.index, name: counts.to_numpy()})


def _path(effects: EffectTable) -> pd.DataFrame:
    frame = effects.tidy()
    return frame[frame["event_time"].notna()].sort_values("event_time")


def _draws(effects: EffectTable) -> np.ndarray:
    if effects.draws is not None:
        return effects.draws[:, effects.headline]
    raise IdentificationError.of(
        expected="effects with draws",
        found=effects.overall.inference,
        mend="estimate with inference='randomisation'",
    )


def _from_base(panel: Panel, base: int | None) -> tuple[pd.DataFrame, int]:
    wide = panel.wide()
    chosen = int(panel.times[panel.times < panel.cohorts.min()].max()) if base is None else base
    return wide.sub(wide[chosen], axis=0), chosen


def _axis(effects: EffectTable) -> str:
    overall = effects.overall
    unit = "log points" if overall.scale == "log" else overall.unit_of_measure
    return f"{overall.outcome} ({unit})"


def _span(values: pd.Series) -> str:
    return f"{number(float(values.min()))} to {number(float(values.max()))}"


def _name(ax: Any, x: float, y: float, text: str, ink: str) -> None:
    ax.annotate(
        text, (x, y), xytext=(4, 0), textcoords="offset points", color=ink, va="center", fontsize=9
    )
