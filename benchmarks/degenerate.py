"""Tabulate what every estimator does with degenerate input.

    python -m benchmarks.degenerate [estimator ...]

Writes benchmarks/results/degenerate.csv: one row an estimator and input, with what came back:
``refused`` (a worded error), ``no interval`` (an estimate whose inference says why it has none),
``estimate``, or ``crash`` (anything else, a fault of ours). Warnings count as crashes.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import analysis.methods as methods
from analysis.errors import AnalysisError
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.spells import Spells, spells_to_panel

RESULTS = Path(__file__).parent / "results" / "degenerate.csv"
#: Options of estimators that take a panel of cells, and the covariates that the panel needs.
OPTIONS: dict[str, dict[str, object]] = {
    "difference_in_differences": {},
    "event_study": {},
    "group_time_att": {},
    "imputation": {},
    "extended_twfe": {},
    "stacked": {"before": 3, "after": 2},
    "decompose": {},
    "triple_difference": {"partition": "part", "affected": 1},
    "dose_response": {"exposure": "share"},
    "interrupted_time_series": {},
    "panel_approach": {},
    "poisson": {},
    "synthetic_control": {},
    "synthetic_did": {},
}
NEEDED = {"triple_difference": ["part"], "dose_response": ["share"]}
#: Estimators that take the covariates of the panel, and those where they are named once more.
OF_PANEL = ("difference_in_differences", "event_study", "triple_difference")
NAMED = ("group_time_att", "imputation", "extended_twfe", "poisson")
COLLINEAR = ["twice", "thrice"]
CRASHES = (
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    np.linalg.LinAlgError,
    Warning,
)


def base(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(12), 14), np.tile(np.arange(14), 12)
    first = np.where(unit < 3, 9.0, np.nan)
    y = rng.poisson(np.exp(2 + 0.05 * unit + 0.02 * time - 0.3 * (time >= first))).astype(float)
    part, share = (unit % 2).astype(float), np.where(unit < 3, 0.2 + unit / 10, 0.0)
    table = {"unit": unit, "time": time, "y": y, "first": first, "w": 1.0, "cluster": unit}
    return pd.DataFrame({**table, "part": part, "share": share})


def inputs() -> dict[str, pd.DataFrame]:
    f = base()
    on = f["time"] >= f["first"]
    return {
        "sound (for comparison)": f,
        "reform before the window": f.assign(first=f["first"] - 100),
        "reform after the window": f.assign(first=f["first"] + 100),
        "nobody treated": f.assign(first=np.nan),
        "all treated at once": f.assign(first=9.0),
        "one treated unit": f.assign(first=f["first"].where(f["unit"] == 0)),
        "one unit": f[f["unit"] == 0],
        "one cluster": f.assign(cluster=0),
        "one time": f[f["time"] == 9],
        "one time before": f[f["time"] >= 8],
        "one control": f[f["unit"] <= 3],
        "collinear covariates": f.assign(twice=2.0 * f["unit"], thrice=3.0 * f["unit"]),
        "constant outcome": f.assign(y=3.0),
        "only zeros": f.assign(y=0.0),
        "treated cells all zero": f.assign(y=f["y"].where(~on, 0.0)),
        "infinite (the log of zero)": f.assign(y=np.where(f["time"] == 2, -np.inf, f["y"])),
        "all outcomes missing": f.assign(y=np.nan),
        "treated after cells missing": f.assign(y=f["y"].where(~on)),
        "a fifth of the cells missing": f[np.arange(len(f)) % 5 != 3],
        "one value a billion times too large": f.assign(y=f["y"].where(f.index != 54, 1e10)),
        "rows loaded four times": pd.concat([f] * 4),
        "zero weights": f.assign(w=0.0),
        "cohort varies within a unit": f.assign(first=f["time"]),
        "empty table": f.iloc[:0],
    }


def outcome(make: Callable[[], EffectTable]) -> tuple[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            effect = make().overall
        except AnalysisError as error:
            return "refused", str(error.faults[0].found)
        except CRASHES as error:
            return "crash", f"{type(error).__name__}: {error}"[:200]
    if not np.isfinite(effect.estimate):
        return "crash", "an estimate that is not a number"
    if not np.isfinite(effect.p_value):
        return "no interval", effect.inference
    return "estimate", effect.sentence()


def panel(frame: pd.DataFrame, *, covariates: list[str]) -> Panel:
    return Panel.from_frame(
        frame,
        unit="unit",
        time="time",
        outcome="y",
        cohort="first",
        weights="w",
        cluster="cluster",
        covariates=covariates,
    )


def estimate(name: str, frame: pd.DataFrame) -> EffectTable:
    options, covariates = dict(OPTIONS[name]), list(NEEDED.get(name, []))
    if COLLINEAR[0] in frame:
        covariates += COLLINEAR
        if name in NAMED:
            options["covariates"] = COLLINEAR
    table: EffectTable = getattr(methods, name)(panel(frame, covariates=covariates), **options)
    return table


def binned(frame: pd.DataFrame) -> Panel:
    rows = frame.loc[frame.index.repeat(20)].reset_index(drop=True)
    rows["y"] = rows["y"] * np.exp(np.random.default_rng(2).normal(0, 0.4, len(rows)))
    names = {"unit": "unit", "time": "time", "outcome": "y", "cohort": "first"}
    return methods.compress(
        rows,
        **names,
        weights="w",
        cluster="cluster",
        bins=methods.LogBins(low=0.1, high=1e4, per_decade=20),
    )


def flow_panel(frame: pd.DataFrame) -> Panel:
    names = frame["unit"].map(lambda u: f"c{u % 4}"), frame["unit"].map(lambda u: f"d{u // 4}")
    table = frame.assign(exporter=names[0], importer=names[1])
    return methods.flows(
        table, exporter="exporter", importer="importer", time="time", flow="y", cohort="first"
    )


def spells(frame: pd.DataFrame) -> Spells:
    table = frame.assign(length=1 + frame["y"].abs() % 7, ended=(frame["y"] % 5 != 0).astype(int))
    return Spells.from_frame(
        table.loc[table.index.repeat(3)].reset_index(drop=True),
        unit="unit",
        start="time",
        duration="length",
        event="ended",
        cohort="first",
    )


def main() -> None:
    made: dict[str, Callable[[pd.DataFrame], EffectTable]] = {
        name: lambda frame, name=name: estimate(name, frame) for name in OPTIONS
    }
    made["extended_twfe, Poisson"] = lambda frame: methods.extended_twfe(
        panel(frame, covariates=[]), family="poisson"
    )
    made["distribution"] = lambda frame: methods.distribution(binned(frame))
    made["gravity"] = lambda frame: methods.gravity(flow_panel(frame))
    made["hazard"] = lambda frame: methods.hazard(spells_to_panel(spells(frame), edges=[2, 4, 6]))
    made["cox"] = lambda frame: methods.cox(spells(frame), dummies=())
    wanted = sys.argv[1:] or list(made)
    rows = []
    if sys.argv[1:]:  # only these anew
        before = pd.read_csv(RESULTS, keep_default_na=False)
        rows = before[~before["estimator"].isin(wanted)].to_dict(orient="records")
    for estimator in wanted:
        run = made[estimator]
        for name, frame in inputs().items():
            if COLLINEAR[0] in frame and estimator not in (*OF_PANEL, *NAMED):
                continue  # takes no covariates that could be collinear
            came, said = outcome(lambda run=run, frame=frame: run(frame))
            rows.append({"estimator": estimator, "input": name, "came": came, "said": said})
        pd.DataFrame(rows).to_csv(RESULTS, index=False)
    print(pd.crosstab(pd.DataFrame(rows)["input"], pd.DataFrame(rows)["came"]))


if __name__ == "__main__":
    main()
