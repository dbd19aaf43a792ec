"""Measure size and coverage of `poisson` and `hazard` with few treated units.

    python -m benchmarks.poisson.coverage poisson --draws 500
    python -m benchmarks.poisson.coverage hazard --draws 500
    python -m benchmarks.poisson.coverage hazard --draws 500 --steps 3    # three rows, and stop

Writes benchmarks/results/poisson_coverage.csv or hazard_coverage.csv: for 31 units, 24 months, 16
of them before, the share of 95 % intervals that hold the truth, the share of tests at 5 % that
reject without an effect, and the Monte Carlo error of both. Log shocks follow an AR(1) of 0.6; half
of the draws have no effect, half an effect of 0.3. ``draws`` counts both halves. What is stored
with as many draws is not drawn again, so a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import platform
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
EFFECT = 0.3
#: Kinds of inference by number of treated units.
KINDS = {
    1: ("CR1", "scaled_t", "randomisation", "recommended"),
    4: ("CR1", "scaled_t", "recommended"),
    12: ("CR1", "scaled_t", "recommended"),
}


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


def wanted(draws: int) -> dict[tuple[str, int, str], int]:
    """Draws of each half by sizes, treated units and kind of inference.

    With one treated unit of equal size every draw makes the whole fit again for every
    reassignment: half the draws.
    """
    return {
        (sizes, treated, kind): draws // 2
        if treated == 1 and kind in ("randomisation", "recommended")
        else draws
        for sizes in ("equal", "unequal")
        for treated, kinds in KINDS.items()
        for kind in kinds
        # thousands of whole fits a draw: see `randomisation` with one
        if (sizes, treated, kind) != ("equal", 4, "recommended")
    }


def measure(method: str, draws: int, *, steps: int) -> None:
    """Measure every kind of inference; store after each; stop after so many new ones."""
    path = RESULTS / f"{method}_coverage.csv"
    stored = pd.read_csv(path).to_dict("records") if path.exists() else []
    rows = {(r["sizes"], r["treated"], r["inference"]): r for r in stored}
    asked = wanted(draws)
    for (sizes, treated, kind), half in asked.items():
        held = rows.get((sizes, treated, kind))
        if held is not None and held["draws"] >= 2 * half:
            continue
        if steps == 0:
            return
        steps -= 1
        row = _drawn(method, sizes, treated, kind, half)
        rows[sizes, treated, kind] = row
        made = pd.DataFrame([rows[key] for key in asked if key in rows])
        made.to_csv(path, index=False, float_format="%.6g")
        print(*list(row.values())[:12], sep=" | ", flush=True)


def _drawn(method: str, sizes: str, treated: int, kind: str, draws: int) -> dict[str, object]:
    estimator = poisson if method == "poisson" else hazard
    seed = zlib.crc32(f"{method} {sizes} {treated}".encode())
    rng = np.random.default_rng(seed)
    found = []
    for effect in (0.0, EFFECT) * draws:
        panel = simulated(rng, method=method, sizes=sizes, treated=treated, effect=effect)
        found.append((effect, estimator(panel, inference=kind).overall))
    return _row(method, sizes, treated, kind, found, seed)


def _row(
    method: str, sizes: str, treated: int, kind: str, found: list, seed: int
) -> dict[str, object]:
    made = [(truth, e) for truth, e in found if np.isfinite(e.p_value)]
    size = np.array([e.p_value <= 0.05 + 1e-12 for truth, e in made if truth == 0], dtype=float)
    held = np.array([e.conf_low <= truth <= e.conf_high for truth, e in made], dtype=float)
    return {
        "estimator": method,
        "sizes": sizes,
        "units": UNITS,
        "treated": treated,
        "inference": kind,
        "draws": len(found),
        "printed": len(made) / len(found),
        "bias": float(np.mean([e.estimate - truth for truth, e in found])),
        "size": size.mean() if len(size) else np.nan,
        "size_error": _error(size),
        "coverage": held.mean() if len(held) else np.nan,
        "coverage_error": _error(held),
        "seed": seed,
        "versions": f"python {platform.python_version()} numpy {version('numpy')} "
        f"scipy {version('scipy')} statsmodels {version('statsmodels')}",
    }


def _error(hits: np.ndarray) -> float:
    """Monte Carlo error of a share; that of 1 % or 99 % where none or all are hit."""
    if not len(hits):
        return np.nan
    share = float(np.clip(hits.mean(), 0.01, 0.99))
    return float(np.sqrt(share * (1 - share) / len(hits)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=["poisson", "hazard"])
    parser.add_argument("--draws", type=int, default=250, help="draws of each half")
    parser.add_argument("--steps", type=int, default=10**6, help="stop after so many rows")
    asked = parser.parse_args()
    measure(asked.method, asked.draws, steps=asked.steps)


if __name__ == "__main__":
    main()
