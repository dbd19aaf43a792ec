"""Time `poisson` on a million flows against pyfixest's fepois, in one run.

    python -m benchmarks.poisson.speed --peer /path/to/python-with-pyfixest

Writes benchmarks/results/poisson_speed.csv: shortest and median of some runs (``--runs``, stored as
``runs``), after one that is not counted (first imports, compiled loops). Two sets of effects: firms
and months, and exporter-year with importer-year, as in trade. Both sides start from a table in
memory and end with the coefficient and its clustered error; ours is also timed from the checked
panel on. The peer runs in its own process on the same file, all its modules loaded before the clock
starts, with its own tolerances and with tight ones; ``times_faster`` is against the faster of the
two, ``gap`` the distance of estimates from the tight peer, and ``error_gap`` that of standard
errors, relative, in one small-sample convention.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.effects import EffectTable
from analysis.methods.gravity import flows as flow_panel
from analysis.methods.gravity import gravity
from analysis.methods.panel import Panel
from analysis.methods.poisson import poisson

RESULTS = Path(__file__).parents[1] / "results" / "poisson_speed.csv"
UNITS, TIMES = 20_000, 50
COUNTRIES, YEARS = 142, 50

PEER = """
import json, sys, time, warnings
import pandas as pd, pyfixest as pf
from pyfixest.estimation.api.fepois import fepois
warnings.simplefilter("ignore")
frame = pd.read_pickle(sys.argv[1])
formula, cluster, runs = sys.argv[2], sys.argv[3], int(sys.argv[4])
full = pf.ssc(k_adj=True, k_fixef="full", G_adj=True, G_df="conventional")
said = {}
for name, options in (("own", {}), ("tight", {"iwls_tol": 1e-12, "fixef_tol": 1e-10})):
    times = []
    for run in range(runs + 1):
        begin = time.perf_counter()
        fit = fepois(formula, frame, vcov={"CRV1": cluster}, ssc=full, **options)
        estimate, error = float(fit.coef().iloc[0]), float(fit.se().iloc[0])
        times.append(time.perf_counter() - begin)
    times = sorted(times[1:])
    said[name] = {"seconds": times[0], "median_seconds": times[len(times) // 2],
                  "estimate": estimate, "std_error": error, "n": int(fit._N)}
said["version"] = pf.__version__
print(json.dumps(said))
"""


def firms(seed: int = 7) -> pd.DataFrame:
    """Draw counts of 20,000 firms in 50 months, a third treated at some time."""
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


def trade(seed: int = 8) -> pd.DataFrame:
    """Draw flows between 142 countries in 50 years, a quarter of them zero."""
    rng = np.random.default_rng(seed)
    exporter, importer = np.divmod(np.arange(COUNTRIES**2), COUNTRIES)
    pair = np.flatnonzero(exporter != importer)
    pairs, year = np.repeat(pair, YEARS), np.tile(np.arange(YEARS), len(pair))
    i, j = exporter[pairs], importer[pairs]
    days = rng.integers(1, 30, len(pairs)).astype(float)
    size = rng.normal(0, 1, (2, COUNTRIES, YEARS))
    mean = np.exp(1 + size[0, i, year] + size[1, j, year] - 0.02 * days)
    flow = np.round(mean * rng.gamma(1, 1, len(pairs)) * (rng.uniform(size=len(pairs)) > 0.25), 3)
    names = np.char.add("C", np.arange(COUNTRIES).astype(str))
    frame = pd.DataFrame({"exporter": names[i], "importer": names[j], "year": year})
    frame = frame.assign(flow=flow, days=days, pair=pairs)
    frame["exporter_year"] = i * YEARS + year
    frame["importer_year"] = j * YEARS + year
    return frame


def ours(
    make: Callable[[], Panel], estimate: Callable[[Panel], EffectTable], *, runs: int
) -> list[dict[str, object]]:
    """Time from the table on, and from the panel on."""
    whole, fitting = [], []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        panel = make()
        made = time.perf_counter()
        effect = estimate(panel).overall
        end = time.perf_counter()
        whole.append(end - begin)
        fitting.append(end - made)
    shared = {
        "estimate": effect.estimate,
        "std_error": effect.std_error,
        "versions": f"python {platform.python_version()}, numpy {version('numpy')}, "
        f"scipy {version('scipy')}, statsmodels {version('statsmodels')}",
    }
    return [
        {"run": f"ours, from {what}", "seconds": min(t[1:]), "median_seconds": np.median(t[1:])}
        | shared
        for what, t in (("table", whole), ("panel", fitting))
    ]


def theirs(
    frame: pd.DataFrame, peer: str, formula: str, cluster: str, *, runs: int
) -> list[dict[str, object]]:
    """Run the peer in its own process on the same table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flows.pickle"
        frame.to_pickle(path)
        said = subprocess.run(
            [peer, "-c", PEER, str(path), formula, cluster, str(runs)],
            capture_output=True,
            text=True,
            check=True,
        )
    told = json.loads(said.stdout.splitlines()[-1])
    words = {"own": "its own tolerances", "tight": "tight tolerances"}
    return [
        {"run": f"fepois, {words[name]}", "versions": f"pyfixest {told['version']}", **told[name]}
        for name in words
    ]


def machine() -> str:
    """Processor and number of cores."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def compared(
    case: str, mine: list[dict[str, object]], other: list[dict[str, object]]
) -> pd.DataFrame:
    """Lay both sides beside each other."""
    table = pd.DataFrame([*mine, *other]).assign(case=case)
    tight = table.iloc[-1]
    table["gap"] = (table["estimate"] - tight["estimate"]).abs()
    table["error_gap"] = (table["std_error"] / tight["std_error"] - 1).abs()
    table["times_faster"] = table["seconds"].iloc[-2:].min() / table["seconds"]
    return table


def main() -> None:
    """Time both cases and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, help="Python that has pyfixest")
    parser.add_argument("--case", choices=["firms", "trade", "both"], default="both")
    parser.add_argument("--runs", type=int, default=5, help="runs counted")
    asked = parser.parse_args()
    done = [] if asked.case == "both" or not RESULTS.exists() else [pd.read_csv(RESULTS)]
    if asked.case in ("firms", "both"):
        counts = firms()
        names = {"unit": "unit", "time": "time", "outcome": "flow", "cohort": "first"}
        mine = ours(
            lambda: Panel.from_frame(counts, **names),
            lambda p: poisson(p, inference="CR1"),
            runs=asked.runs,
        )
        formula = "flow ~ treated | unit + time"
        other = theirs(counts, asked.peer, formula, "unit", runs=asked.runs)
        case = "unit and time effects"
        done = [t[t["case"] != case] for t in done]
        done.append(
            compared(case, mine, other).assign(
                rows=len(counts), levels=UNITS + TIMES, seed=7, runs=asked.runs
            )
        )
    if asked.case in ("trade", "both"):
        frame = trade()
        sides = {"exporter": "exporter", "importer": "importer", "time": "year", "flow": "flow"}
        mine = ours(
            lambda: flow_panel(frame, **sides, covariates=["days"]),
            lambda p: gravity(p, regressors=["days"], absorb="sides"),
            runs=asked.runs,
        )
        formula = "flow ~ days | exporter_year + importer_year"
        other = theirs(frame, asked.peer, formula, "pair", runs=asked.runs)
        case = "exporter-year and importer-year effects"
        done = [t[t["case"] != case] for t in done]
        levels = 2 * COUNTRIES * YEARS
        table = compared(case, mine, other)
        done.append(table.assign(rows=len(frame), levels=levels, seed=8, runs=asked.runs))
    table = pd.concat(done, ignore_index=True).assign(machine=machine())
    first = ["case", "run", "seconds", "median_seconds", "times_faster", "estimate", "gap"]
    columns = [*first, *(c for c in table.columns if c not in first)]
    table[columns].to_csv(RESULTS, index=False, float_format="%.10g")
    print(table[columns].to_string(index=False))


if __name__ == "__main__":
    main()
