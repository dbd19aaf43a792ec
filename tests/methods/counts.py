"""Panels of counts and spells that tests of count and hazard methods share."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.linalg import qr

from analysis.methods.panel import Panel
from analysis.methods.spells import Spells


def count_frame(
    *, n_units: int = 12, n_times: int = 10, n_treated: int = 4, effect: float = -0.3, seed: int = 0
) -> pd.DataFrame:
    """Poisson counts with unit and time effects; treated from time 6 on."""
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(n_units), n_times), np.tile(np.arange(n_times), n_units)
    first = np.where(unit < n_treated, 6.0, np.nan)
    mean = np.exp(
        rng.normal(1.5, 0.5, n_units)[unit]
        + rng.normal(0, 0.2, n_times)[time]
        + effect * (time >= first)
    )
    return pd.DataFrame({"unit": unit, "time": time, "count": rng.poisson(mean), "first": first})


def as_panel(frame: pd.DataFrame, **options: object) -> Panel:
    names = {"unit": "unit", "time": "time", "outcome": "count", "cohort": "first"}
    return Panel.from_frame(frame, **{**names, **options})


def spell_frame(
    *, n: int = 3_000, n_units: int = 12, n_treated: int = 4, effect: float = 0.4, seed: int = 0
) -> pd.DataFrame:
    """Exponential spells whose hazard changes by `effect` when month 10 begins."""
    rng = np.random.default_rng(seed)
    unit = rng.integers(0, n_units, n)
    start = rng.integers(0, 18, n)
    first = np.where(unit < n_treated, 10.0, np.nan)
    hazard = np.exp(-1.0 + rng.normal(0, 0.2, n_units)[unit])
    ahead = np.where(np.isnan(first), 1e9, np.maximum(first - start, 0))
    target = rng.exponential(size=n)
    after = ahead + (target - hazard * ahead) / (hazard * np.exp(effect))
    length = np.where(target <= hazard * ahead, target / hazard, after)
    censor = rng.uniform(2, 12, n)
    return pd.DataFrame(
        {
            "unit": unit,
            "start": start,
            "length": np.minimum(length, censor),
            "ended": (length <= censor).astype(int),
            "first": first,
        }
    )


def as_spells(frame: pd.DataFrame, *, per_time: float | None = 1.0, **options: object) -> Spells:
    names = {"unit": "unit", "start": "start", "duration": "length", "event": "ended"}
    return Spells.from_frame(frame, **{**names, "cohort": "first", "per_time": per_time, **options})


def independent(X: np.ndarray) -> np.ndarray:
    """Columns of X that span it, the first kept."""
    weight = np.concatenate([[1e6], np.ones(X.shape[1] - 1)])
    order = qr(X * weight, mode="r", pivoting=True)[1]
    return X[:, np.sort(order[: np.linalg.matrix_rank(X)])]
