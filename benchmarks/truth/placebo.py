"""Placebo reforms on the real panel of provinces: nothing happened, how often is it found?

Untouched provinces are declared treated at dates before the reform. The panel is balanced and no
province weighs more than another, so that treating a set of provinces is putting its rows first:
each set is one draw of a design whose outcomes are real. One province and pairs are all there
are; larger sets are drawn. All sets share one panel, so their number says nothing about how much
another panel would differ.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from importlib.metadata import version
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.truth import measure
from benchmarks.truth.designs import Design, Drawn
from benchmarks.truth.scenes import STEADY, Scene

DATA = Path(__file__).resolve().parents[2] / "data" / "published" / "provincial_trade.csv"
#: Units of the real reform, left out.
TREATED = ("Sichuan", "Chongqing")
#: Placebo cohorts and the last year used with them: all before the reform of 2021.
COHORTS = (2012, 2013, 2014, 2016, 2017)
LAST = 2019
COUNTS = (1, 2, 4, 6)
#: Scenes in which every estimator is measured: name to number of treated provinces.
SCENES = {"provinces, two": 2, "provinces, six": 6}
#: Their cohort, chosen for the years on either side; no outcome was looked at.
COHORT = 2013


def outcomes() -> tuple[np.ndarray, np.ndarray]:
    """Return log trade of untouched provinces, (n, T), and the years, (T,)."""
    frame = pd.read_csv(DATA)
    frame = frame[~frame["region"].isin(TREATED) & (frame["year"] <= LAST)]
    wide = np.log(frame.pivot_table(index="region", columns="year", values="trade_musd"))
    if wide.isna().any(axis=None):
        raise AssertionError("the panel is not balanced")
    return wide.to_numpy(), wide.columns.to_numpy()


def draw(cohort: int, n_treated: int, *, n_draws: int, seed: int) -> tuple[np.ndarray, int]:
    """Return outcomes with the treated rows first, (R, n, T), and the number of years before."""
    held, years = outcomes()
    n = len(held)
    rng = np.random.default_rng([seed, cohort, n_treated])
    if comb(n, n_treated) <= n_draws:
        chosen = [tuple(one) for one in rng.permutation(list(combinations(range(n), n_treated)))]
    else:
        chosen = [tuple(rng.choice(n, n_treated, replace=False)) for _ in range(n_draws)]
    order = np.array([[*one, *np.setdiff1d(np.arange(n), one)] for one in chosen])
    return held[order], int((years < cohort).sum())


def scene(name: str, *, n_draws: int, seed: int) -> Scene:
    """Make placebo reforms a scene, with an effect planted for coverage and power."""
    n_treated = SCENES[name]
    errors, n_before = draw(COHORT, n_treated, n_draws=n_draws, seed=seed)
    shape = errors.shape[1:]
    first = np.full(shape[0], np.nan)
    first[:n_treated] = n_before
    treated = np.arange(shape[1]) >= first[:, None]
    return Scene(
        name=name,
        what=f"real: {n_treated} untouched provinces, a placebo reform in {COHORT}",
        first=first,
        sizes=np.ones(shape[0]),
        seen=np.ones(shape, dtype=bool),
        errors=errors,
        effect=np.where(treated, STEADY[0], 0.0),
        path=np.asarray(STEADY),
        wrong=np.zeros(shape),
        options={},
    )


def run(path: Path, *, n_draws: int, seed: int) -> None:
    """Measure every inference in every placebo design that is not in the file yet."""
    have = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["name"])
    for cohort in COHORTS:
        for n_treated in COUNTS:
            held, n_before = draw(cohort, n_treated, n_draws=n_draws, seed=seed)
            design = Design(
                group="placebo",
                name=f"{cohort}, {n_treated} treated",
                n_units=held.shape[1],
                n_times=held.shape[2],
                n_before=n_before,
                n_treated=n_treated,
                ar1=np.nan,
                seed=seed,
            )
            if design.name in set(have["name"]):
                continue
            rows = measure.measure(design, len(held), drawn=_drawn(held, n_treated))
            facts = asdict(design) | {"draws": len(held), "cohort": cohort}
            made = {one: version(one) for one in ("numpy", "scipy", "pandas")}
            new = pd.DataFrame([facts | row | made for row in rows])
            have = pd.concat([have, new], ignore_index=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            have.to_csv(path, index=False, float_format="%.6g")
            found = new.set_index("inference")["size"].round(3).to_dict()
            print(f"placebo {design.name}: {found}", file=sys.stderr, flush=True)


def _drawn(held: np.ndarray, n_treated: int) -> Drawn:
    n = held.shape[1]
    return Drawn(
        outcomes=held,
        sizes=np.ones(n),
        treated=np.arange(n) < n_treated,
        region=np.zeros(n, dtype=int),
    )
