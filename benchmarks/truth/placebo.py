"""Placebo reforms on the real panel of provinces: nothing happened, how often is it found?"""

from __future__ import annotations

import sys
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.panel import Panel

DATA = Path(__file__).resolve().parents[2] / "data" / "published" / "provincial_trade.csv"
#: Units of the real reform, left out.
TREATED = ("Sichuan", "Chongqing")
#: Placebo cohorts and the last year used with them: all before the reform of 2021.
COHORTS = (2012, 2013, 2014, 2016, 2017)
LAST = 2019
KINDS = ("CR1", "CR2", "scaled_t", "recommended")


def run(path: Path, *, seed: int, pairs: int = 30) -> None:
    """Treat pairs of untouched provinces at dates before the reform, resumably.

    Randomisation over all pairs needs no draws: among all pairs exactly the share of the level is
    found, whatever the data, so it stands as a check of the code only for drawn pairs. Pairs are
    drawn once; the other kinds are counted over the same pairs.
    """
    frame = pd.read_csv(DATA)
    frame = frame[~frame["region"].isin(TREATED) & (frame["year"] <= LAST)]
    frame = frame.assign(y=np.log(frame["trade_musd"]), first=pd.NA)
    panel = Panel.from_frame(
        frame.astype({"first": "Int64"}),
        unit="region",
        time="year",
        outcome="y",
        cohort="first",
        scale="log",
    )
    every = list(combinations(panel.units, 2))
    rng = np.random.default_rng(seed)
    chosen = [every[number] for number in rng.choice(len(every), pairs, replace=False)]
    have = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["cohort"])
    for cohort in COHORTS:
        if cohort in set(have["cohort"]):
            continue
        rows = [_row(panel, pair, cohort) for pair in chosen]
        new = pd.DataFrame(rows).assign(
            seed=seed, numpy=version("numpy"), scipy=version("scipy"), pandas=version("pandas")
        )
        have = pd.concat([have, new], ignore_index=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        have.to_csv(path, index=False, float_format="%.6g")
        found = {kind: f"{(new[kind] <= 0.05).mean():.3f}" for kind in KINDS}
        print(f"placebo {cohort}: found {found}", file=sys.stderr, flush=True)


def _row(panel: Panel, pair: tuple[str, str], cohort: int) -> dict[str, object]:
    placebo = panel.with_cohorts(dict.fromkeys(pair, cohort))
    row: dict[str, object] = {"cohort": cohort, "first": pair[0], "second": pair[1]}
    for kind in KINDS:
        said = difference_in_differences(placebo, inference=kind).overall
        row[kind] = said.p_value
        row["estimate"] = said.estimate
        if kind == "recommended":
            row["recommended_is"] = said.inference.split(" over")[0].split(" with")[0]
    return row
