"""Pictures over reforms: all estimates on one scale, and a path among those of placebos."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis import catalog, methods
from analysis.errors import IdentificationError
from analysis.methods.effects import number, percent
from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes
from analysis.study import Findings, Result, run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Columns of `tabulate_reforms`.
COLUMNS = (
    *("reform", "outcome", "design", "data", "estimate", "conf_low", "conf_high", "unit"),
    "failed_checks",
)
#: Percents that are named on the axis, where they fall on it.
_PERCENTS = (-90, -75, -50, -25, 0, 25, 50, 100, 200, 400, 800, 1600)
#: The axis ends where this share of all finite ends of intervals lies inside.
SHOWN = 0.9


def headlines(*, root: Path | None = None) -> tuple[Findings, ...]:
    """Estimate the headline design of every reform that has one on a log outcome.

    Parameters
    ----------
    root : pathlib.Path, optional
        Folder of the project; found from the working folder by default.

    Returns
    -------
    tuple of Findings
        In the order of the names of the reforms.
    """
    place = catalog.find_root(root)
    found = []
    for name in catalog.studies(place):
        study = catalog.load_study(place, name)
        for design in study.designs:
            if design.headline and study.outcome(design).transform == "log":
                found.append(run(name, designs=[design.id], root=place))
    return tuple(found)


def reforms(every: Sequence[Findings], *, ax: Axes | None = None) -> Axes:
    """Draw the headline effect of every reform that has one, those on simulated data apart.

    Parameters
    ----------
    every : sequence of Findings
        Reforms with a headline design on a log outcome.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows = tabulate_reforms(every)
    simulated = (rows["data"] == "simulated").to_numpy()
    failed = (rows["failed_checks"] != "").to_numpy()
    at = np.arange(len(rows))[::-1] + 0.0
    at[~simulated] += 0.8 * simulated.any()  # a gap between what is measured and what is planted
    # Equal ratios are equally far apart: an axis in logs, marked in percent.
    where = np.log1p(rows[["estimate", "conf_low", "conf_high"]] / 100)
    ax.axvline(0, color=RULE, linewidth=0.8)
    for own, ink, face in (
        (~simulated & ~failed, TREATED, TREATED),
        (~simulated & failed, CONTROL, CONTROL),
        (simulated, SECOND, "white"),
    ):
        part = where[own]
        ax.hlines(at[own], part["conf_low"], part["conf_high"], color=ink, linewidth=1.6)
        ax.scatter(part["estimate"], at[own], s=44, facecolor=face, edgecolor=ink, zorder=3)
    if simulated.any() and not simulated.all():
        ax.axhline(at[~simulated].min() - 0.9, color=CONTROL, linewidth=0.6, linestyle=":")
    alike = rows.duplicated(["reform", "outcome"], keep=False)
    labels = [
        _label(row, alone=not twin)
        for row, twin in zip(rows.to_dict("records"), alike, strict=True)
    ]
    ax.set_yticks(at, labels, fontsize=8.5)
    ax.set_ylim(-0.7, at.max() + 0.7)
    low, high = where["conf_low"].min(), where["conf_high"].max()
    shown = [one for one in _PERCENTS if low - 0.1 <= np.log1p(one / 100) <= high + 0.1]
    ax.set_xticks(np.log1p(np.array(shown) / 100), [number(one).partition(".")[0] for one in shown])
    ax.set_xlabel("Effect (percent), with its interval")
    ax.figure.set_figheight(1.2 + 0.66 * len(rows))  # type: ignore[union-attr]
    return ax


def _label(row: dict[Hashable, object], *, alone: bool) -> str:
    """Name reform and outcome, and the design where a reform has two on one outcome."""
    mark = " [simulated]" if row["data"] == "simulated" else ""
    mark += ", a check failed" if row["failed_checks"] else ""
    design = "" if alone else f"\n{row['design']}"
    return _short(f"{row['reform']}\n{row['outcome']}{mark}{design}")


def describe_reforms(every: Sequence[Findings]) -> str:
    """Say what `reforms` shows."""
    rows = tabulate_reforms(every)
    said = [
        f"{row['reform']}, {row['outcome'].lower()}"
        f"{' (simulated data)' if row['data'] == 'simulated' else ''}: {percent(row['estimate'])}, "
        f"interval {percent(row['conf_low'])} to {percent(row['conf_high'])}"
        f"{', a check failed' if row['failed_checks'] else ''}"
        for row in rows.to_dict("records")
    ]
    return f"{len(rows)} headline effects below each other. {'; '.join(said)}."


def tabulate_reforms(every: Sequence[Findings]) -> pd.DataFrame:
    """Give the headline effects in percent, those on simulated data last."""
    rows = []
    for findings in every:
        made = findings.headline
        effect = made.effects.overall
        if effect.scale != "log":
            raise IdentificationError.of(
                expected="headline effects on log outcomes, which share one scale",
                found=f"{effect.scale} for {findings.study.id}",
                mend="leave the reform out of the figure",
            )
        shown = effect.to_percent()
        numbers = (shown.estimate, shown.conf_low, shown.conf_high)
        title, kind = findings.study.reform.title, str(findings.kind)
        failed = ", ".join(check.name for check in made.checks if check.status == "failed")
        what = (title, made.outcome.label, made.design.label, kind)
        rows.append((*what, *numbers, "percent", failed))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    order = (frame["data"] == "simulated").to_numpy().argsort(kind="stable")
    return frame.iloc[order].reset_index(drop=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """A treated unit, what it would have been, and the gaps of placebos.

    Attributes
    ----------
    unit : str
        The treated unit.
    cohort : int
        First treated time.
    axis : str
        Outcome and unit of measure.
    rows : pandas.DataFrame
        One row a time: time, observed, counterfactual, and a column ``placebo <unit>`` with the
        gap of every unit taken as treated.
    """

    unit: str
    cohort: int
    axis: str
    rows: pd.DataFrame

    @property
    def placebos(self) -> list[str]:
        """Names of the columns of placebos."""
        return [name for name in self.rows.columns if str(name).startswith("placebo ")]


def among_placebos(result: Result) -> Paths:
    """Estimate the path of a treated unit, and the same for every control as if it were treated.

    Parameters
    ----------
    result : Result
        Of a design with one treated unit and a method that makes a counterfactual path.

    Returns
    -------
    Paths

    Raises
    ------
    IdentificationError
        The method makes no such path.
    """
    panel, (unit, *_) = result.panel, result.panel.treated
    own = _path(result, str(unit))[["time", "observed", "counterfactual"]].reset_index(drop=True)
    cohort = int(panel.cohorts.dropna().iloc[0])
    controls = [one for one in panel.units if one not in set(panel.treated)]
    rest = panel.keep_units(controls)
    gaps = {
        f"placebo {one}": _gap(result, rest.with_cohorts(pd.Series({one: cohort}, dtype="Int64")))
        for one in controls
    }
    measured = "log points" if panel.scale == "log" else panel.unit_of_measure
    return Paths(
        unit=str(unit),
        cohort=cohort,
        axis=f"{result.outcome.label} ({measured})",
        rows=pd.concat([own, pd.DataFrame(gaps)], axis=1),
    )


def counterfactual(paths: Paths, *, ax: Axes | None = None) -> Axes:
    """Draw a treated unit, what it would have been, and the cloud of placebo gaps around that.

    Parameters
    ----------
    paths : Paths
        Of `among_placebos`.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    time, path = paths.rows["time"], paths.rows["counterfactual"]
    for name in paths.placebos:
        ax.plot(time, path + paths.rows[name], color=CONTROL, linewidth=0.6, alpha=0.35)
    ax.plot(time, path, color=TREATED, linestyle="--", linewidth=1.8)
    ax.plot(time, paths.rows["observed"], color=TREATED, linewidth=2.2)
    ax.axvline(paths.cohort - 0.5, color=RULE, linewidth=0.8, linestyle=":")
    up = paths.rows["observed"].iloc[-1] >= path.iloc[-1]
    for text, line, rise in (
        (paths.unit, paths.rows["observed"], 6 if up else -6),
        ("without the reform", path, -6 if up else 6),
    ):
        ax.annotate(
            text,
            (float(time.iloc[-1]), float(line.iloc[-1])),
            xytext=(4, rise),
            textcoords="offset points",
            color=TREATED,
            fontsize=8.5,
            va="center",
        )
    ax.set_ylabel(paths.axis)
    ax.set_xlabel("Year")
    ax.set_ylim(*_reach(paths))
    return ax


def describe_counterfactual(paths: Paths) -> str:
    """Say what `counterfactual` shows."""
    after = (paths.rows["time"] >= paths.cohort).to_numpy()
    own = paths.rows["observed"] - paths.rows["counterfactual"]
    gap = float(own[after].mean())
    others = paths.rows.loc[after, paths.placebos].mean()
    larger = int((others.abs() >= abs(gap)).sum())
    return (
        f"{paths.unit} as a line and, dashed, what it would have been without the reform. From "
        f"{paths.cohort} on the gap is {number(gap)} on average. Around the dashed line lies a "
        f"cloud of {len(others)} placebo gaps, one for every unit without the reform; {larger} of "
        "them are at least as large on average."
    )


def tabulate_counterfactual(paths: Paths) -> pd.DataFrame:
    """Give observed and counterfactual path by time, and a column of gaps for every placebo."""
    return paths.rows


def _path(result: Result, unit: str) -> pd.DataFrame:
    table = result.effects.augment()
    rows = table[(table["unit"] == unit) & table["counterfactual"].notna()]
    if rows.empty:
        raise IdentificationError.of(
            expected="a design whose method makes a counterfactual path of one unit",
            found=result.effects.overall.estimator,
            mend="draw a design by synthetic control, synthetic DiD or the panel approach",
        )
    return rows


def _gap(result: Result, panel: methods.Panel) -> pd.Series:
    estimator = getattr(methods, result.design.estimator)
    table = estimator(panel, inference="none", **dict(result.design.options)).augment()
    found: pd.Series = table.loc[table["counterfactual"].notna(), "gap"].reset_index(drop=True)
    return found


def _reach(paths: Paths) -> tuple[float, float]:
    """Return the ends of the axis: both paths, and nine tenths of the cloud."""
    own = paths.rows[["observed", "counterfactual"]].to_numpy()
    cloud = paths.rows[paths.placebos].add(paths.rows["counterfactual"], axis=0).to_numpy()
    low, high = np.quantile(cloud, [(1 - SHOWN) / 2, (1 + SHOWN) / 2])
    ends = min(low, own.min()), max(high, own.max())
    room = 0.05 * (ends[1] - ends[0])
    return float(ends[0] - room), float(ends[1] + room)


def _short(label: str) -> str:
    return "\n".join(line for part in label.split("\n") for line in textwrap.wrap(part, 40))
