"""Time 9,999 wild bootstrap draws against wildboottest (also what pyfixest calls).

    flock /tmp/bench.lock python -m benchmarks.wild

Needs wildboottest and pyfixest beside the project's own requirements; without them only ours is
timed. The result goes to benchmarks/results/wild.csv: median of `REPEATS` after one warm-up each,
with the p-values, which must agree to Monte Carlo error.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.panel import Panel
from analysis.methods.simulate import simulate_panel
from analysis.methods.uncertainty import WildBootstrap

RESULTS = Path(__file__).resolve().parents[1] / "results" / "wild.csv"
REPEATS = 3
DRAWS = 9_999


def main() -> int:
    """Time all that is installed at several numbers of clusters."""
    rows = []
    for n_units, n_times in ((30, 36), (100, 40), (250, 40)):
        panel = simulate_panel(
            n_units=n_units, n_times=n_times, n_treated=n_units // 3, effect=0.1, seed=1
        ).panel
        for name, runner in (
            ("ours", _ours),
            ("wildboottest", _wildboottest),
            ("pyfixest", _pyfixest),
        ):
            timed = _timed(lambda panel=panel, runner=runner: runner(panel))
            if timed is not None:
                rows.append(
                    {
                        "package": name,
                        "version": "" if name == "ours" else version(name),
                        "n_clusters": n_units,
                        "n_cells": len(panel.cells),
                    }
                    | timed
                )
                print(rows[-1], file=sys.stderr, flush=True)
                _store(rows)
    return 0


def _store(rows: list[dict[str, object]]) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    where = f"{platform.machine()}, {os.cpu_count()} cores"
    facts = {"draws": DRAWS, "repeats": REPEATS, "python": platform.python_version()}
    table = pd.DataFrame(rows).assign(**facts, numpy=version("numpy"), machine=where)
    table.to_csv(RESULTS, index=False, float_format="%.4g")


def _timed(run: Callable[[], float]) -> dict[str, float] | None:
    try:
        p_value = run()
    except (ImportError, PackageNotFoundError):
        return None
    took = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        p_value = run()
        took.append(time.perf_counter() - start)
    return {"seconds": median(took), "p_value": p_value}


def _ours(panel: Panel) -> float:
    options = WildBootstrap(weights="rademacher", draws=DRAWS)
    return difference_in_differences(panel, inference=options).overall.p_value


def _frame(panel: Panel) -> pd.DataFrame:
    frame = panel.cells[["unit", "time", "outcome"]].copy()
    frame["d"] = (panel.cell_event_time >= 0).astype(float)
    frame["code"] = np.unique(frame["unit"], return_inverse=True)[1]
    return frame


def _wildboottest(panel: Panel) -> float:
    import statsmodels.formula.api as smf
    from wildboottest.wildboottest import wildboottest

    frame = _frame(panel)
    model = smf.ols("outcome ~ d + C(code) + C(time)", frame)
    made = wildboottest(
        model,
        param="d",
        cluster=frame["code"],
        B=DRAWS,
        weights_type="rademacher",
        impose_null=True,
        bootstrap_type="11",
        seed=1,
        show=False,
    )
    return float(made["p-value"].iloc[0])


def _pyfixest(panel: Panel) -> float:
    import pyfixest as pf

    fitted = pf.feols("outcome ~ d + C(code) + C(time)", _frame(panel), vcov={"CRV1": "code"})
    return float(fitted.wildboottest(param="d", reps=DRAWS, seed=1)["Pr(>|t|)"])


if __name__ == "__main__":
    raise SystemExit(main())
