"""Time `poisson` on a million flows against pyfixest's fepois, in one run.

    python -m benchmarks.poisson.speed --peer /path/to/python-with-pyfixest

Writes benchmarks/results/poisson.csv: median of three, after one run that is not counted. Both
start from a table in memory and end with the coefficient and its clustered error; ours is also
timed from the checked panel on. The peer runs in its own process on the same file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.panel import Panel
from analysis.methods.poisson import poisson

RESULTS = Path(__file__).parents[1] / "results" / "poisson.csv"
UNITS, TIMES, RUNS = 20_000, 50, 3

PEER = """
import json, sys, time, warnings
import pandas as pd, pyfixest as pf
warnings.simplefilter("ignore")
frame = pd.read_pickle(sys.argv[1])
times = []
for run in range(int(sys.argv[2]) + 1):
    begin = time.perf_counter()
    fit = pf.fepois("flow ~ treated | unit + time", frame, vcov={"CRV1": "unit"},
                    iwls_tol=1e-12, fixef_tol=1e-10)
    estimate, error = float(fit.coef().iloc[0]), float(fit.se().iloc[0])
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(times[1:])[len(times[1:]) // 2], "estimate": estimate,
                  "std_error": error, "version": pf.__version__}))
"""


def flows(seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    unit, when = np.repeat(np.arange(UNITS), TIMES), np.tile(np.arange(TIMES), UNITS)
    first = np.where(rng.uniform(size=UNITS) < 0.3, rng.integers(20, 40, UNITS), np.nan)[unit]
    mean = np.exp(
        rng.normal(-0.5, 1, UNITS)[unit] + rng.normal(0, 0.3, TIMES)[when] - 0.2 * (when >= first)
    )
    flow = rng.poisson(mean * rng.gamma(2, 0.5, UNITS * TIMES)).astype(float)
    treated = (when >= first).astype(float)
    return pd.DataFrame(
        {"unit": unit, "time": when, "flow": flow, "treated": treated, "first": first}
    )


def ours(frame: pd.DataFrame) -> list[dict[str, object]]:
    whole, fitting = [], []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        panel = Panel.from_frame(frame, unit="unit", time="time", outcome="flow", cohort="first")
        made = time.perf_counter()
        effect = poisson(panel, inference="CR1").overall
        end = time.perf_counter()
        whole.append(end - begin)
        fitting.append(end - made)
    shared = {
        "estimate": effect.estimate,
        "std_error": effect.std_error,
        "version": f"statsmodels {version('statsmodels')}, numpy {version('numpy')}",
    }
    return [
        {"case": "poisson, from table", "seconds": float(np.median(whole[1:])), **shared},
        {"case": "poisson, from panel", "seconds": float(np.median(fitting[1:])), **shared},
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", default=sys.executable, help="Python that has pyfixest")
    peer = parser.parse_args().peer
    frame = flows()
    rows = ours(frame)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flows.pickle"
        frame.to_pickle(path)
        said = subprocess.run(
            [peer, "-c", PEER, str(path), str(RUNS)], capture_output=True, text=True, check=True
        )
    other = json.loads(said.stdout.splitlines()[-1])
    rows.append({"case": "fepois, from table", **other, "version": f"pyfixest {other['version']}"})
    table = pd.DataFrame(rows).assign(rows=len(frame), units=UNITS, times=TIMES, seed=7)
    table["gap"] = (table["estimate"] - other["estimate"]).abs()
    table.to_csv(RESULTS, index=False, float_format="%.10g")
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
