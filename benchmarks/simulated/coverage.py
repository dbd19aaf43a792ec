"""How often do 95% intervals of the simulated designs hold what was planted?

Run from the project folder, one process; stopped, it goes on where it was::

    python -m benchmarks.simulated.coverage --draws 1000              # all reforms
    python -m benchmarks.simulated.coverage registration --draws 1000

Every draw makes the tables of the declared truth with another seed (1, 2, 3 ...), goes through the
same panels and estimators as the report, with the declared inference. What is asked is whether the
interval of the overall effect holds the mean planted in the treated cells. Estimates of all draws
are kept in `_build/coverage/<reform>.csv`; the summary is written to benchmarks/results.
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis import catalog, simulation
from analysis.declarations import Study, Truth
from analysis.errors import AnalysisError
from analysis.panels import panel_of
from analysis.study import configured

RESULTS = Path("benchmarks/results/simulated_coverage.csv")
DRAWN = Path("_build/coverage")
FIELDS = (
    "seed",
    "design",
    "planted",
    "estimate",
    "low",
    "high",
    "detectable",
    "inference",
    "fault",
    "seconds",
)
#: Intervals are measured of these estimators only where effects by time share one overall row.
LEFT_OUT = ("event_study",)


def one_draw(study: Study, truth: Truth) -> Iterator[dict[str, object]]:
    drawn = simulation.draw(truth)
    tables = {truth.rows: drawn.rows, truth.starts: drawn.starts}
    for design in study.designs:
        outcome = study.outcome(design)
        if outcome.source != truth.rows or design.estimator in LEFT_OUT:
            continue
        began = time.perf_counter()
        cohorts = catalog.cohorts_of(design, tables=tables)
        panel = panel_of(drawn.rows, design=design, outcome=outcome, cohorts=cohorts)
        true = simulation.planted_overall(truth, design=design, outcome=outcome, panel=panel)
        row: dict[str, object] = {"seed": truth.seed, "design": design.id, "planted": true}
        try:
            effect = configured(design)(panel).overall
            row |= {
                "estimate": effect.estimate,
                "low": effect.conf_low,
                "high": effect.conf_high,
                "detectable": effect.minimum_detectable_effect,
                "inference": effect.inference,
            }
        except AnalysisError as error:
            row["fault"] = error.faults[0].found
        yield row | {"seconds": round(time.perf_counter() - began, 4)}


def measure(study: Study, *, draws: int, path: Path) -> pd.DataFrame:
    assert study.truth is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    done = set(pd.read_csv(path)["seed"]) if path.exists() else set()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        if not done:
            writer.writeheader()
        for seed in range(1, draws + 1):
            if seed not in done:
                writer.writerows(one_draw(study, study.truth.model_copy(update={"seed": seed})))
                file.flush()
    held = pd.read_csv(path)
    return held[held["seed"] <= draws]


def summary(study: Study, held: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for design in study.designs:
        own = held[held["design"] == design.id]
        if own.empty:
            continue
        some = own[own["low"].notna()]
        inside = (some["low"] <= some["planted"]) & (some["planted"] <= some["high"])
        kinds = some["inference"].str.split(",").str[0].str.split(" over").str[0]
        rows.append(
            {
                "study": study.id,
                "design": design.id,
                "label": design.label,
                "role": design.role,
                "draws": len(own),
                "seeds": f"1 to {own['seed'].max()}",
                "intervals": len(some),
                "planted": round(own["planted"].mean(), 5),
                "bias": round((own["estimate"] - own["planted"]).mean(), 5),
                "coverage": round(inside.mean(), 4),
                "detectable": round(some["detectable"].mean(), 4),
                "mean_width": round((some["high"] - some["low"]).mean(), 4),
                "inference": "; ".join(f"{k} {n}" for k, n in kinds.value_counts().items()),
                "seconds": round(own["seconds"].mean(), 3),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", help="ids of reforms; without them all with a truth")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--drawn", type=Path, default=DRAWN)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    root = catalog.find_root()
    for name in options.studies or catalog.list_reforms(root):
        study = catalog.load_study(root, name)
        if study.truth is None:
            continue
        held = measure(study, draws=options.draws, path=options.drawn / f"{name}.csv")
        made = summary(study, held)
        before = pd.read_csv(options.out) if options.out.exists() else made.head(0)
        kept = before[before["study"] != name]
        both = pd.concat([kept, made]) if len(kept) else made
        both.sort_values("study", kind="stable").to_csv(options.out, index=False)
        print(made.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
