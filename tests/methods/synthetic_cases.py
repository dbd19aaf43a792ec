"""Panels that the tests of synthetic comparisons share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods import Panel

ORACLES = Path(__file__).resolve().parents[1] / "oracles" / "synthetic"

#: Predictors of Abadie, Diamond and Hainmueller (2010): means over these years.
PREDICTORS = {
    "lnincome": (1980, 1988),
    "age15to24": (1980, 1988),
    "retprice": (1980, 1988),
    "beer": (1984, 1988),
}


def prop99() -> Panel:
    """Cigarette sales of 39 states, 1970-2000; Proposition 99 in force from 1989."""
    table = pd.read_csv(ORACLES / "prop99.csv")
    table["cohort"] = np.where(table["state"] == "California", 1989, np.nan)
    for name, (first, last) in PREDICTORS.items():
        window = table[table["year"].between(first, last)]
        table[name] = table["state"].map(window.groupby("state")[name].mean())
    return Panel.from_frame(
        table,
        unit="state",
        time="year",
        outcome="cigsale",
        cohort="cohort",
        covariates=list(PREDICTORS),
    )


def germany() -> pd.DataFrame:
    """GDP per head and predictors of West Germany and sixteen others; reunified from 1990."""
    return pd.read_csv(ORACLES / "germany.csv")


def german_predictors(table: pd.DataFrame, *, first: int, invest: str) -> pd.DataFrame:
    """Means over ten years of the six predictors of Abadie, Diamond and Hainmueller (2015)."""
    by = table[table["year"].between(first, first + 9)].groupby("country")
    school = table[table["year"].isin((first // 10 * 10, first // 10 * 10 + 5))]
    made = by[["gdp", "trade", "infrate", "industry"]].mean()
    made["schooling"] = school.groupby("country")["schooling"].mean()
    made["invest"] = table[table["year"] == 1980].set_index("country")[invest]
    return made.T


def peers() -> pd.DataFrame:
    """What other packages find; see tests/oracles/synthetic/make.py."""
    return pd.read_csv(ORACLES / "peers.csv").set_index(["quantity", "unit"])["value"]


def hong_kong() -> Panel:
    """Quarterly growth of Hong Kong and ten others, 1993Q1-2003Q4; handover in quarter 18."""
    table = pd.read_csv(ORACLES / "hong_kong.csv").assign(time=range(44)).drop(columns="quarter")
    rows = table.melt(id_vars="time", var_name="unit", value_name="growth")
    rows["cohort"] = np.where(rows["unit"] == "HongKong", 18, np.nan)
    return Panel.from_frame(rows, unit="unit", time="time", outcome="growth", cohort="cohort")


def frame(
    values: np.ndarray, *, cohorts: dict[int, int], names: list[str] | None = None
) -> pd.DataFrame:
    """Table of units x times; `cohorts` gives the first treated time of some rows."""
    n_units, n_times = values.shape
    names = names or [f"u{i:02d}" for i in range(n_units)]
    first = [float(cohorts.get(i, np.nan)) for i in range(n_units)]
    return pd.DataFrame(
        {
            "unit": np.repeat(names, n_times),
            "time": np.tile(np.arange(n_times), n_units),
            "y": values.ravel(),
            "first": np.repeat(first, n_times),
        }
    )


def panel(values: np.ndarray, *, cohorts: dict[int, int], names: list[str] | None = None) -> Panel:
    """Make the panel of `frame`."""
    return Panel.from_frame(
        frame(values, cohorts=cohorts, names=names),
        unit="unit",
        time="time",
        outcome="y",
        cohort="first",
    )


def noise(
    seed: int, *, units: int = 21, times: int = 16, rho: float = 0.5, scale: float = 1.0
) -> np.ndarray:
    """Unit levels, a common walk and AR(1) noise."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((units, times))
    made = np.empty((units, times))
    made[:, 0] = shocks[:, 0]
    for t in range(1, times):
        made[:, t] = rho * made[:, t - 1] + np.sqrt(1 - rho**2) * shocks[:, t]
    common = np.cumsum(rng.standard_normal(times))
    return rng.standard_normal((units, 1)) + common + scale * made


#: Inputs from which no synthetic comparison can be made: values, cohorts, what the error says.
DEGENERATE = {
    "nobody treated": (np.ones((4, 12)), {}, "treated inside the window"),
    "treated after the window": (noise(1, units=5, times=12), {0: 99}, "treated inside"),
    "treated from the start": (noise(1, units=5, times=12), {0: 0}, "before the reform"),
    "one time before": (noise(1, units=5, times=12), {0: 1}, "before the reform"),
    "everybody treated": (
        noise(1, units=3, times=12),
        {0: 8, 1: 8, 2: 8},
        "never treated units seen at all times",
    ),
    "one donor": (noise(1, units=2, times=12), {0: 8}, "never treated units seen at all times"),
}
