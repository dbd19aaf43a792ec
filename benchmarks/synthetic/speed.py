"""Synthetic control with all placebos in space: ours against pysyncon, in one process.

    pip install pysyncon==1.7.0     # beside the packages of the project
    python benchmarks/synthetic/speed.py     # -> benchmarks/results/synthetic.csv

Proposition 99, outcomes of 19 years before, 38 donors: one synthetic control for California and one
for each donor. pysyncon gets the importance of predictors (``custom_V``), so neither side searches.
Ours is timed twice: the public verb with its table, and the fits alone.
"""

from __future__ import annotations

import csv
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from pysyncon import Synth

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.methods import Panel, synthetic_control  # noqa: E402
from analysis.methods.simplex import simplex_weights  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "synthetic.csv"
DATA = pd.read_csv(ROOT / "tests" / "oracles" / "synthetic" / "prop99.csv")
WIDE = DATA.pivot(index="year", columns="state", values="cigsale")  # noqa: PD010
BEFORE = WIDE.loc[:1988]


def donors_of(state: str) -> list[str]:
    """All states but California and the state itself."""
    return [name for name in WIDE.columns if name not in (state, "California")]


def ours() -> float:
    """Run the public verb: estimates, placebo ranks, intervals and the table."""
    table = DATA.assign(first=np.where(DATA["state"] == "California", 1989, np.nan))
    panel = Panel.from_frame(table, unit="state", time="year", outcome="cigsale", cohort="first")
    return synthetic_control(panel, inference="placebo").overall.estimate


def ours_fits() -> float:
    """Find the weights of California and of every placebo."""
    for state in WIDE.columns:
        columns = donors_of(state)
        weights = simplex_weights(BEFORE[columns].to_numpy(), BEFORE[state].to_numpy())
        if state == "California":
            gap = WIDE[state] - WIDE[columns] @ weights
    return float(gap.loc[1989:].mean())


def theirs() -> float:
    """Do the same with pysyncon."""
    for state in WIDE.columns:
        columns = donors_of(state)
        model = Synth()
        model.fit(
            X0=BEFORE[columns],
            X1=BEFORE[state],
            Z0=BEFORE[columns],
            Z1=BEFORE[state],
            custom_V=BEFORE[[*columns, state]].var(axis=1, ddof=1).to_numpy(),
        )
        if state == "California":
            gap = WIDE[state] - WIDE[columns] @ model.W
    return float(gap.loc[1989:].mean())


def timed(run: Callable[[], float], *, repeats: int) -> tuple[float, float]:
    """Estimate and shortest processor time of several runs in seconds."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        estimate = run()
        spent.append(time.process_time() - start)
    return estimate, min(spent)


def main() -> None:
    """Time all and write the file."""
    ours()  # first imports
    rows = []
    for name, run, repeats in (
        ("synthetic_control with table", ours, 3),
        ("synthetic_control fits alone", ours_fits, 3),
        ("pysyncon", theirs, 1),
    ):
        estimate, seconds = timed(run, repeats=repeats)
        rows.append([name, f"{estimate:.4f}", round(seconds, 4)])
    slowest = rows[-1][2]
    packages = ("numpy", "scipy", "pandas", "pysyncon")
    versions = " ".join(
        [f"python {platform.python_version()}"] + [f"{p} {version(p)}" for p in packages]
    )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["run", "att", "cpu_seconds", "times_faster", "fits", "machine", "versions"]
        )
        for name, estimate, seconds in rows:
            faster = round(slowest / seconds, 1)
            writer.writerow([name, estimate, seconds, faster, 39, platform.machine(), versions])
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
