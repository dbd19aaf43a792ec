"""Panels and outside values that the tests of difference-in-differences methods share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.panel import Panel

ORACLES = Path(__file__).resolve().parent.parent / "oracles" / "did"
#: Largest distance to an outside value that differs only by rounding and solver tolerance.
CLOSE = {"rtol": 1e-7, "atol": 1e-9}


def outside() -> dict:
    return json.loads((ORACLES / "outside.json").read_text())


def mpdta_frame() -> pd.DataFrame:
    frame = pd.read_csv(ORACLES / "mpdta.csv")
    frame["first"] = frame["first_treat"].where(frame["first_treat"] > 0)
    return frame


def as_panel(frame: pd.DataFrame, outcome: str = "lemp", **more: object) -> Panel:
    return Panel.from_frame(
        frame, unit="countyreal", time="year", outcome=outcome, cohort="first", **more
    )


def by_hand() -> Panel:
    """Three units, three times: a is treated at 2, c at 3, b never."""
    frame = pd.DataFrame(
        {
            "unit": list("aaabbbccc"),
            "time": [1, 2, 3] * 3,
            "y": [9.0, 6.0, 5.0, 8.0, 8.0, 9.0, 7.0, 8.0, 6.0],
            "first": [2] * 3 + [None] * 3 + [3] * 3,
        }
    )
    return Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="first")


def staggered(seed: int = 0, n_units: int = 40, n_times: int = 8, effect: float = 1.0) -> Panel:
    """Cohorts 4 and 6 and never treated units; the effect grows by `effect` a time."""
    rng = np.random.default_rng(seed)
    first = rng.permutation(np.resize([4.0, 6.0, np.nan, np.nan], n_units))
    time = np.arange(1, n_times + 1)
    since = time[None, :] - first[:, None]
    outcome = rng.normal(size=(n_units, 1)) + rng.normal(size=n_times)
    outcome = outcome + rng.normal(scale=0.5, size=(n_units, n_times))
    outcome += effect * np.where(since >= 0, since + 1, 0.0)
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(n_units), n_times),
            "time": np.tile(time, n_units),
            "y": outcome.ravel(),
            "first": np.repeat(first, n_times),
            "size": np.repeat(rng.normal(size=n_units), n_times),
        }
    )
    return Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", cohort="first", covariates=["size"]
    )
