"""Synthetic control with all placebos in space: ours against pysyncon, in one process.

    pip install pysyncon==1.7.0     # beside the packages of the project
    python benchmarks/synthetic/speed.py     # -> benchmarks/results/synthetic_speed.csv

Proposition 99, outcomes of 19 years before, 38 donors: one synthetic control for California and one
for each donor. pysyncon gets the importance of predictors (``custom_V``), so neither side searches.
Ours is timed twice: the public verb with its ranks, intervals and table, and the fits alone. Times
are the shortest of several runs after one that is not counted. Fits are compared after weights are
put on the simplex (none below zero, sum one): a solver that stops with a sum above one buys its
fit outside the problem. ``largest_slip`` is how far sums were from one, ``poorer_fits`` counts the
units whose mean squared gap before the reform is more than a thousandth above that of the other
side, and ``largest_difference`` is that of the ATT where both sides fit alike.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from pysyncon import Synth

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.methods import Panel, synthetic_control  # noqa: E402
from analysis.methods.simplex import simplex_weights  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "synthetic_speed.csv"
DATA = pd.read_csv(ROOT / "tests" / "oracles" / "synthetic" / "prop99.csv")
WIDE = DATA.pivot(index="year", columns="state", values="cigsale")  # noqa: PD010
BEFORE = WIDE.loc[:1988]
#: Losses closer than this are the same fit.
ALIKE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Mean gap after the reform and mean squared gap before it, by state; largest slip of a sum."""

    att: dict[str, float]
    loss: dict[str, float]
    slip: float


def donors_of(state: str) -> list[str]:
    """All states but California and the state itself."""
    return [name for name in WIDE.columns if name not in (state, "California")]


def _found(weights_of: Callable[[str, list[str]], np.ndarray]) -> Found:
    att, loss, slips = {}, {}, []
    for state in WIDE.columns:
        columns = donors_of(state)
        weights = weights_of(state, columns)
        slips.append(abs(float(weights.sum()) - 1))
        weights = np.clip(weights, 0.0, None)
        gap = (WIDE[state] - WIDE[columns] @ (weights / weights.sum())).to_numpy()
        att[state] = float(gap[len(BEFORE) :].mean())
        loss[state] = float((gap[: len(BEFORE)] ** 2).mean())
    return Found(att=att, loss=loss, slip=max(slips))


def ours() -> float:
    """Run the public verb: estimates, placebo ranks, intervals and the table."""
    table = DATA.assign(first=np.where(DATA["state"] == "California", 1989, np.nan))
    panel = Panel.from_frame(table, unit="state", time="year", outcome="cigsale", cohort="first")
    return synthetic_control(panel, inference="placebo").overall.estimate


def ours_fits() -> Found:
    """Find the weights of California and of every placebo."""
    return _found(lambda s, d: simplex_weights(BEFORE[d].to_numpy(), BEFORE[s].to_numpy()))


def theirs() -> Found:
    """Do the same with pysyncon."""

    def weights(state: str, columns: list[str]) -> np.ndarray:
        model = Synth()
        model.fit(
            X0=BEFORE[columns],
            X1=BEFORE[state],
            Z0=BEFORE[columns],
            Z1=BEFORE[state],
            custom_V=BEFORE[[*columns, state]].var(axis=1, ddof=1).to_numpy(),
        )
        return np.asarray(model.W)

    return _found(weights)


T = TypeVar("T")


def timed(run: Callable[[], T], *, repeats: int) -> tuple[T, float, float]:
    """Result, shortest wall time and shortest processor time of several runs, in seconds."""
    result, wall, cpu = run(), [], []  # the first run imports
    for _ in range(repeats):
        begin, start = time.perf_counter(), time.process_time()
        result = run()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - start)
    return result, min(wall), min(cpu)


def machine() -> str:
    """Processor and number of cores."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def poorer(one: Found, other: Found) -> int:
    """Count the states that `one` fits worse than `other`."""
    return sum(one.loss[s] > other.loss[s] * (1 + ALIKE) for s in one.loss)


def main() -> None:
    """Time all and write the file."""
    estimate, *verb = timed(ours, repeats=5)
    mine, *fits = timed(ours_fits, repeats=5)
    other, *peer = timed(theirs, repeats=2)
    same = [s for s in mine.loss if abs(mine.loss[s] / other.loss[s] - 1) <= ALIKE]
    apart = max(abs(mine.att[s] - other.att[s]) for s in same)
    packages = ("numpy", "scipy", "pandas", "pysyncon")
    versions = " ".join(
        [f"python {platform.python_version()}"] + [f"{p} {version(p)}" for p in packages]
    )
    rows = [
        ("synthetic_control with ranks and table", estimate, verb, mine, other),
        ("synthetic_control, fits alone", mine.att["California"], fits, mine, other),
        ("pysyncon, fits alone", other.att["California"], peer, other, mine),
    ]
    table = pd.DataFrame(
        {
            "run": name,
            "att": round(att, 4),
            "seconds": round(wall, 4),
            "cpu_seconds": round(cpu, 4),
            "times_faster": round(peer[0] / wall, 1),
            "fits": len(WIDE.columns),
            "poorer_fits": poorer(own, against),
            "largest_slip": f"{own.slip:.2g}",
            "alike_fits": len(same),
            "largest_difference": f"{apart:.2g}",
            "machine": machine(),
            "versions": versions,
        }
        for name, att, (wall, cpu), own, against in rows
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(OUT, index=False, lineterminator="\n")
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
