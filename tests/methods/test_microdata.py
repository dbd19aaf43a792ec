"""Simulated records have the truth they declare."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.microdata import path_at, simulate_records


def drawn(**changed: object) -> pd.DataFrame:
    options: dict[str, object] = {
        "n_units": 12,
        "n_times": 10,
        "cohorts": [4, 7, 7],
        "effect": [-0.1, -0.3],
        "volume": 60.0,
        "seed": 5,
    }
    made = simulate_records(**(options | changed))  # type: ignore[arg-type]
    held = [one.rows.assign(unit=one.unit, cohort=one.cohort) for one in made]
    return pd.concat(held, ignore_index=True)


def test_path_by_hand() -> None:
    since = np.array([np.nan, -2.0, 0.0, 1.0, 9.0])
    assert path_at([-0.1, -0.3], since).tolist() == [0.0, 0.0, -0.1, -0.3, -0.3]


def test_the_effect_is_the_only_difference_and_only_on_affected_records() -> None:
    plain, moved = drawn(effect=[0.0]), drawn()
    gap = np.log(moved["outcome"]) - np.log(plain["outcome"])
    since = plain["time"] - plain["cohort"].astype(float)
    expected = np.select([since == 0, since > 0], [-0.1, -0.3], 0.0) * plain["affected"]
    np.testing.assert_allclose(gap, expected, atol=1e-10)


def test_the_spread_changes_by_what_was_declared() -> None:
    rows = drawn(effect=[0.0], spread_effect=-0.5, volume=4000.0, n_units=4, cohorts=[6])
    rows = rows[rows["affected"] & rows["cohort"].notna()].assign(log=np.log(rows["outcome"]))
    after = rows["time"] >= rows["cohort"]
    deviation = rows.groupby([after.rename("after"), "time"])["log"].std().groupby("after").mean()
    assert abs(np.log(deviation[True] / deviation[False]) + 0.5) < 0.02


def test_same_seed_same_records_and_another_seed_others() -> None:
    pd.testing.assert_frame_equal(drawn(), drawn())
    assert not np.array_equal(drawn()["outcome"][:50], drawn(seed=6)["outcome"][:50])


def test_cohorts_are_those_declared_and_cells_are_missing_whole() -> None:
    rows = drawn(missing=0.3)
    firsts = rows.groupby("unit")["cohort"].first().dropna().astype(int)
    assert sorted(firsts) == [4, 7, 7]
    counts = rows.groupby(["unit", "time"])["affected"].agg(["sum", "size"])
    assert 60 < len(counts) < 108
    assert (counts["sum"] >= 5).all()
    assert (counts["size"] - counts["sum"] >= 5).all()
