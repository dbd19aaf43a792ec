"""Measure size and coverage of `poisson` and `hazard` with few treated units.

    python -m benchmarks.poisson.coverage poisson --draws 500
    python -m benchmarks.poisson.coverage hazard --draws 300

Writes benchmarks/results/poisson_coverage.csv or hazard_coverage.csv: for 31 units, 24 months, 16
of them before, the share of 95 % intervals that hold the truth, the share of tests at 5 % that
reject without an effect, and the Monte Carlo error of both.
"""

from __future__ import annotations

import argparse
import zlib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.hazard import hazard
from analysis.methods.panel import Panel
from analysis.methods.poisson import poisson

RESULTS = Path(__file__).parents[1] / "results"
UNITS, TIMES, FIRST = 31, 24, 16


def shocks(rng: np.random.Generator, *, rho: float, spread: float) -> np.ndarray:
    """Serially dependent log shocks, (UNITS, TIMES)."""
    noise = rng.normal(size=(UNITS, TIMES))
    path = np.empty_like(noise)
    path[:, 0] = noise[:, 0]
    for t in range(1, TIMES):
        path[:, t] = rho * path[:, t - 1] + np.sqrt(1 - rho**2) * noise[:, t]
    return spread * path


def simulated(
    rng: np.random.Generator, *, method: str, sizes: str, treated: int, effect: float
) -> Panel:
    unit, time = np.repeat(np.arange(UNITS), TIMES), np.tile(np.arange(TIMES), UNITS)
    level = rng.normal(0, 0.8, UNITS) if sizes == "unequal" else np.zeros(UNITS)
    on = (unit < treated) & (time >= FIRST)
    path = shocks(rng, rho=0.6, spread=0.2).ravel() + rng.normal(0, 0.2, TIMES)[time]
    first = pd.Series([FIRST] * treated + [None] * (UNITS - treated), dtype="Int64")
    if method == "poisson":
        value = rng.poisson(np.exp(3 + level[unit] + path + effect * on)).astype(float)
        n = np.ones(len(unit))
    else:
        n = np.maximum(np.round(60 * np.exp(level)), 5)[unit]
        value = rng.binomial(n.astype(int), -np.expm1(-np.exp(-1 + path + effect * on))) / n
    cells = pd.DataFrame(
        {
            "unit": unit,
            "time": time,
            "cluster": unit,
            "n": n,
            "weight": n,
            "outcome": value,
            "ss": 0.0,
            "duration": 1,
        }
    )
    categories = () if method == "poisson" else ("duration",)
    if method == "poisson":
        cells = cells.drop(columns="duration")
    return Panel(cells=cells, cohorts=first, outcome="y", categories=categories)


def measure(method: str, draws: int) -> None:
    estimator = poisson if method == "poisson" else hazard
    rows = []
    for sizes in ("equal", "unequal"):
        for treated, kinds in (
            (1, ("randomisation", "scaled_t", "CR1", "recommended")),
            (4, ("scaled_t", "CR1", "recommended")),
            (12, ("scaled_t", "CR1", "recommended")),
        ):
            seed = zlib.crc32(f"{method} {sizes} {treated}".encode())
            rng = np.random.default_rng(seed)
            panels = [
                (effect, simulated(rng, method=method, sizes=sizes, treated=treated, effect=effect))
                for effect in (0.0, 0.3)
                for _ in range(draws)
            ]
            for kind in kinds:
                if kind == "recommended" and (sizes, treated) in {("equal", 4)}:
                    continue  # thousands of whole fits a draw: see `randomisation` with one
                found = [
                    (effect, estimator(panel, inference=kind).overall) for effect, panel in panels
                ]
                rows.append(_row(method, sizes, treated, kind, found, seed))
                table = pd.DataFrame(rows)
                path = RESULTS / f"{method}_coverage.csv"
                table.to_csv(path, index=False, float_format="%.6g")


def _row(
    method: str, sizes: str, treated: int, kind: str, found: list, seed: int
) -> dict[str, object]:
    made = [(truth, e) for truth, e in found if np.isfinite(e.p_value)]
    size = np.array([e.p_value <= 0.05 for truth, e in made if truth == 0], dtype=float)
    held = np.array([e.conf_low <= truth <= e.conf_high for truth, e in made], dtype=float)
    bias = np.mean([e.estimate - truth for truth, e in found])
    return {
        "estimator": method,
        "sizes": sizes,
        "units": UNITS,
        "treated": treated,
        "inference": kind,
        "draws": len(found),
        "printed": len(made) / len(found),
        "bias": bias,
        "size": size.mean() if len(size) else np.nan,
        "size_error": size.std() / np.sqrt(len(size)) if len(size) else np.nan,
        "coverage": held.mean() if len(held) else np.nan,
        "coverage_error": held.std() / np.sqrt(len(held)) if len(held) else np.nan,
        "seed": seed,
        "versions": f"numpy {version('numpy')}, statsmodels {version('statsmodels')}",
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=["poisson", "hazard"])
    parser.add_argument("--draws", type=int, default=300)
    asked = parser.parse_args()
    measure(asked.method, asked.draws)


if __name__ == "__main__":
    main()
