"""How often do 95% intervals of a simulated design hold what was planted?

Run from the project folder, one process::

    python -m benchmarks.simulated.coverage spare-parts --draws 1000 \
        --out benchmarks/results/simulated_coverage.csv

Every draw makes the tables of the declared truth with another seed (1, 2, 3 ...) and estimates the
declared designs on them. Only designs on geometric means are drawn: percentiles cost ten times as
much and rest on the same inference. Group-time ATT is left out: in some draws the one month before
a wave is missing for all its zones, and the method then refuses.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import catalog, simulation
from analysis.declarations import Truth
from analysis.methods import difference_in_differences, imputation
from analysis.methods.panel import Panel


def panels(truth: Truth) -> dict[str, Panel]:
    """Draw once: the panel of affected records, and that of affected against other ones."""
    rows = []
    for one in simulation.records(truth):
        logs = one.rows.assign(outcome=np.log(one.rows["outcome"]))
        means = logs.groupby(["time", "affected"])["outcome"].mean().unstack()  # noqa: PD010
        held = pd.DataFrame({"mean": means[True], "against_other": means[True] - means[False]})
        rows.append(held.reset_index().assign(unit=one.unit, cohort=one.cohort))
    frame = pd.concat(rows, ignore_index=True)
    frame["cohort"] = frame["cohort"].astype("Int64")
    return {
        name: Panel.from_frame(
            frame, unit="unit", time="time", outcome=name, cohort="cohort", scale="log"
        )
        for name in ("mean", "against_other")
    }


def one_draw(truth: Truth) -> list[dict[str, object]]:
    held = panels(truth)
    made = {
        "imputation": imputation(held["mean"], inference="scaled_t"),
        "triple difference": imputation(held["against_other"], inference="scaled_t"),
        "two-way fixed effects": difference_in_differences(held["mean"], inference="scaled_t"),
    }
    since = held["mean"].cell_event_time
    true = simulation.planted(truth, truth.columns["mean"], since[since >= 0]).mean()
    return [
        {
            "design": name,
            "planted": true,
            "estimate": table.overall.estimate,
            "inside": table.overall.conf_low <= true <= table.overall.conf_high,
            "width": table.overall.conf_high - table.overall.conf_low,
        }
        for name, table in made.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    truth = catalog.load_study(catalog.find_root(), options.study).truth
    if truth is None:
        parser.error(f"{options.study} declares no truth")
    rows: list[dict[str, object]] = []
    for seed in range(1, options.draws + 1):
        rows += one_draw(truth.model_copy(update={"seed": seed}))
        if seed % 25 == 0 or seed == options.draws:
            _summary(rows, seed, options.study).to_csv(options.out, index=False)


def _summary(rows: list[dict[str, object]], draws: int, study: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows).assign(error=lambda t: t["estimate"] - t["planted"])
    by = frame.groupby("design", sort=False)
    return pd.DataFrame(
        {
            "study": study,
            "draws": draws,
            "seeds": f"1 to {draws}",
            "planted": by["planted"].mean().round(4),
            "bias": by["error"].mean().round(4),
            "coverage": by["inside"].mean().round(4),
            "mean_width": by["width"].mean().round(4),
        }
    ).reset_index()


if __name__ == "__main__":
    main()
