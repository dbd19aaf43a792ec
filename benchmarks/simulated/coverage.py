"""How often do 95% intervals of the simulated designs hold what was planted?

Run from the project folder, one process; stopped, it goes on where it was::

    python -m benchmarks.simulated.coverage --draws 1000              # all reforms, all designs
    python -m benchmarks.simulated.coverage registration --draws 1000 --headline

All reforms come on together, twenty draws at a time, headline designs before the others.

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
from analysis.declarations import Design, Study, Truth
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


#: Draws of one reform before the next one has its turn.
TURN = 20


def measured(study: Study, *, headline: bool) -> list[Design]:
    """Give the designs on simulated data that have an overall row, headlines or the others."""
    assert study.truth is not None
    return [
        design
        for design in study.designs
        if design.headline == headline
        and design.estimator not in LEFT_OUT
        and study.outcome(design).source == study.truth.rows
    ]


def one_draw(study: Study, truth: Truth, designs: list[Design]) -> Iterator[dict[str, object]]:
    drawn = simulation.draw(truth)
    tables = {truth.rows: drawn.rows, truth.starts: drawn.starts}
    for design in designs:
        outcome = study.outcome(design)
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


def measure(study: Study, *, headline: bool, draws: int, path: Path) -> None:
    """Draw until so many draws of each design are kept in `path`."""
    assert study.truth is not None
    designs = measured(study, headline=headline)
    path.parent.mkdir(parents=True, exist_ok=True)
    held = pd.read_csv(path, usecols=["seed", "design"]) if path.exists() else None
    names = {design.id for design in designs}
    done = set() if held is None else set(held.loc[held["design"].isin(names), "seed"])
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        if held is None:
            writer.writeheader()
        for seed in range(1, draws + 1):
            if seed not in done and designs:
                truth = study.truth.model_copy(update={"seed": seed})
                writer.writerows(one_draw(study, truth, designs))
                file.flush()


def summary(study: Study, held: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for design in study.designs:
        own = held[held["design"] == design.id]
        if own.empty:
            continue
        some = own[own["low"].notna()]
        inside = (some["low"] <= some["planted"]) & (some["planted"] <= some["high"])
        kinds = some["inference"].str.split(",").str[0].str.split(" over| with").str[0]
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


def write(studies: list[Study], *, drawn: Path, out: Path) -> None:
    """Write the summary of all draws that are kept, of all reforms."""
    made = [
        summary(study, pd.read_csv(drawn / f"{study.id}.csv"))
        for study in studies
        if (drawn / f"{study.id}.csv").exists()
    ]
    pd.concat(made).to_csv(out, index=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", help="ids of reforms; without them all with a truth")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--headline", action="store_true", help="headline designs only")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--drawn", type=Path, default=DRAWN)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    root = catalog.find_root()
    every = [catalog.load_study(root, name) for name in catalog.list_reforms(root)]
    every = [study for study in every if study.truth is not None]
    for headline in (True,) if options.headline else (True, False):
        for draws in range(TURN, options.draws + TURN, TURN):
            for study in every:
                if not options.studies or study.id in options.studies:
                    path = options.drawn / f"{study.id}.csv"
                    measure(study, headline=headline, draws=min(draws, options.draws), path=path)
                    write(every, drawn=options.drawn, out=options.out)


if __name__ == "__main__":
    main()
