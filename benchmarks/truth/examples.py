"""The worked example of every method of the book, drawn again and again with other seeds."""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

from analysis.pages import method_examples
from benchmarks.truth.methods import said_by, summary

#: Draws of every method, by what one costs.
DRAWS = {
    "triple_difference": 300,
    "dose_response": 300,
    "poisson": 80,
    "hazard": 200,
    "cox": 60,
    "gravity": 200,
    "distribution": 50,
    "interrupted_time_series": 300,
    "panel_approach": 100,
    "synthetic_control": 200,
    "synthetic_did": 200,
}


def run(path: Path, *, seed: int) -> None:
    """Draw the example of every method that is not in the file yet.

    Whether an interval holds what was planted tells its coverage; 100 less that is the size of the
    test of the planted value. Power is that of the test of no effect.
    """
    have = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["estimator"])
    for method, n_draws in DRAWS.items():
        if method in set(have["estimator"]):
            continue
        start = time.process_time()
        tables, planted, what = [], [], ""
        for number in range(n_draws):
            with patch.object(method_examples, "SEED", seed + number):
                drawn = method_examples.example(method)
                tables.append(drawn.estimate("recommended"))
                planted.append(drawn.planted)
                what = f"{drawn.what}; {drawn.quantity}"
        row: dict[str, object] = {"estimator": method, "what": what}
        row |= summary(None, said_by(tables), float(np.mean(planted)))
        row["size"] = 1 - float(row["coverage"])  # type: ignore[arg-type]
        row["size_error"] = row["coverage_error"]
        row |= {"seed": str(seed), **{n: version(n) for n in ("numpy", "scipy", "pandas")}}
        have = pd.concat([have, pd.DataFrame([row])], ignore_index=True)
        have.to_csv(path, index=False, float_format="%.6g")
        took = time.process_time() - start
        print(f"{method}: {took:.1f} s", file=sys.stderr, flush=True)
