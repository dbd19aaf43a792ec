"""Shares and percentiles: by hand, against R and the rows, and on a planted effect."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError, PanelError
from analysis.methods import LogBins, compress, difference_in_differences
from analysis.methods.distribution import distribution, share_within
from tests.contract import check_contract

NAMES = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}
BINS = LogBins(low=0.5, high=5_000, per_decade=60)


def microdata(seed: int, *, rows: int = 60_000, factor: float = 0.7) -> pd.DataFrame:
    """40 zones, 8 months; the reform multiplies clearance times by `factor`."""
    rng = np.random.default_rng(seed)
    zone, month = rng.integers(0, 40, rows), rng.integers(0, 8, rows)
    first = np.where(zone < 15, 5.0, np.nan)
    level = np.exp(rng.normal(0, 0.02, (40, 8)))[zone, month]
    hours = 24 * level * np.exp(0.8 * rng.normal(size=rows)) * np.where(month >= first, factor, 1)
    return pd.DataFrame({"zone": zone, "month": month, "first": first, "hours": hours})


def test_a_share_is_the_indicator_of_the_rows() -> None:
    rows = microdata(1, rows=4_000)
    panel = share_within(compress(rows, **NAMES, thresholds=[24]), threshold=24)
    plain = compress(rows.assign(hours=100.0 * (rows["hours"] <= 24)), **NAMES)
    ours = difference_in_differences(panel, inference="CR1").overall
    theirs = difference_in_differences(plain, inference="CR1").overall
    assert ours.estimate == pytest.approx(theirs.estimate, rel=1e-9)
    assert ours.std_error == pytest.approx(theirs.std_error, rel=1e-9)
    np.testing.assert_allclose(panel.cells["ss"], plain.cells["ss"], rtol=1e-9, atol=1e-6)
    assert ours.unit_of_measure == "percentage points"


def test_percentiles_by_hand() -> None:
    """Two zones, two months, rows spread evenly in logs; the reform halves the treated zone's."""
    grid = np.exp(np.linspace(np.log(10), np.log(1_000), 20_001))
    frames = [
        pd.DataFrame(
            {
                "zone": zone,
                "month": month,
                "hours": grid * factor,
                "first": 1.0 if zone == "t" else np.nan,
            }
        )
        for zone, month, factor in (("t", 0, 1), ("t", 1, 0.5), ("c", 0, 1), ("c", 1, 1))
    ]
    panel = compress(pd.concat(frames), **NAMES, bins=BINS)
    table = distribution(panel, inference="none").tidy().set_index("term")["estimate"]
    # The median of an even spread in logs from 10 to 1,000 is 100, p90 is 10 x 100^0.9.
    p90 = 10 * 100**0.9
    expected = {
        "p50": -50.0,
        "p90": -p90 / 2,
        "p90 \u2212 p50": -p90 / 2 + 50.0,
        "p50, without reform": 100.0,
        "p90, without reform": p90,
        "p50, with reform": 50.0,
        "p90, with reform": p90 / 2,
    }
    assert table.to_dict() == pytest.approx(expected, rel=BINS.width / 4)


def test_percentiles_of_the_rows_within_a_bin() -> None:
    rows = microdata(2)
    table = distribution(compress(rows, **NAMES, bins=BINS), inference="none").tidy()
    after = rows[rows["month"] >= rows["first"]]["hours"]
    shown = table.set_index("term")["estimate"]
    for term, p in (("p50, with reform", 0.5), ("p90, with reform", 0.9)):
        assert shown[term] == pytest.approx(after.quantile(p), rel=BINS.width)


ORACLES = Path(__file__).resolve().parents[1] / "oracles" / "distribution"


def test_shares_against_r() -> None:
    """A regression of every row's indicator, errors of sandwich::vcovCL, both to ten digits."""
    told = pd.read_csv(ORACLES / "shares.csv").set_index("limit")
    limits = list(told.index)
    panel = compress(pd.read_csv(ORACLES / "rows.csv"), **NAMES, thresholds=limits)
    for limit in limits:
        ours = difference_in_differences(
            share_within(panel, threshold=limit), inference="CR1"
        ).overall
        assert ours.estimate == pytest.approx(told.loc[limit, "effect"], rel=1e-10)
        assert ours.std_error == pytest.approx(told.loc[limit, "error"], rel=1e-10)


def test_percentiles_against_r() -> None:
    """R regresses the rows at each of the 91 edges and turns the distribution round itself."""
    told = pd.read_csv(ORACLES / "percentiles.csv").set_index("probability")
    bins = LogBins(low=1, high=1_000, per_decade=30)
    panel = compress(pd.read_csv(ORACLES / "rows.csv"), **NAMES, bins=bins)
    table = distribution(panel, probabilities=tuple(told.index), inference="CR1")
    found = table.tidy().set_index("term")["estimate"]
    for p, row in told.iterrows():
        name = f"p{100 * p:g}"
        assert found[f"{name}, with reform"] == pytest.approx(row["observed"], rel=1e-9)
        assert found[f"{name}, without reform"] == pytest.approx(row["counterfactual"], rel=1e-9)
        effect = row["observed"] - row["counterfactual"]
        assert found[name] == pytest.approx(effect, rel=1e-8)
        assert row["observed"] == pytest.approx(row["rows"], rel=bins.width)


@pytest.mark.slow
def test_planted_effect_is_covered() -> None:
    """60 draws: 95 % intervals on three effects cover at least 87 % (binomial 1 % bound: 0.88)."""
    median, p90 = 24.0, 24 * np.exp(0.8 * 1.2815515655446004)
    level = np.exp(0.02**2 / 2)
    truth = {"p50": -0.3 * median, "p90": -0.3 * p90, "p90 \u2212 p50": -0.3 * (p90 - median)}
    inside = []
    for seed in range(60):
        panel = compress(microdata(100 + seed, rows=30_000), **NAMES, bins=BINS)
        table = distribution(panel).tidy().set_index("term")
        for term, value in truth.items():
            row = table.loc[term]
            inside.append(row["conf_low"] <= value * level <= row["conf_high"])
    assert np.mean(inside) >= 0.87


def test_standard_errors_are_those_of_a_jackknife() -> None:
    """Zones left out in turn give the same spread, within a quarter."""
    rows = microdata(3)
    panel = compress(rows, **NAMES, bins=BINS)
    table = distribution(panel).tidy().set_index("term")
    left = [
        distribution(panel.keep_units([u for u in panel.units if u != gone]), inference="none")
        .tidy()
        .set_index("term")["estimate"]
        for gone in panel.units
    ]
    moves = pd.DataFrame(left)
    spread = np.sqrt(39 / 40 * ((moves - moves.mean()) ** 2).sum())
    for term in ("p50", "p90", "p90 \u2212 p50"):
        assert table.loc[term, "std_error"] == pytest.approx(spread[term], rel=0.25)


def test_clusters_of_several_zones_widen_the_errors() -> None:
    """Forty zones in twenty pairs that share their shocks: errors are those of pairs left out."""
    rows = microdata(5)
    pair_shock = np.exp(np.random.default_rng(6).normal(0, 0.1, (20, 8)))
    rows["pair"] = np.where(rows["zone"] < 15, rows["zone"] % 8, 8 + rows["zone"] % 12)
    rows["hours"] *= pair_shock[rows["pair"], rows["month"]]
    by_pair = compress(rows, **NAMES, cluster="pair", bins=BINS)
    table = distribution(by_pair).tidy().set_index("term")
    assert "19 degrees of freedom" in table.loc["p50", "inference"]
    alone = distribution(compress(rows, **NAMES, bins=BINS)).tidy().set_index("term")
    np.testing.assert_allclose(table["estimate"], alone["estimate"], rtol=1e-12)
    cluster = by_pair.cells.groupby("unit")["cluster"].first()
    left = [
        distribution(by_pair.keep_units(list(cluster.index[cluster != gone])), inference="none")
        .tidy()
        .set_index("term")["estimate"]
        for gone in cluster.unique()
    ]
    moves = pd.DataFrame(left)
    spread = np.sqrt(19 / 20 * ((moves - moves.mean()) ** 2).sum())
    for term in ("p50", "p90", "p90 \u2212 p50"):
        assert table.loc[term, "std_error"] == pytest.approx(spread[term], rel=0.3)
    assert table.loc["p50", "std_error"] > 1.2 * alone.loc["p50", "std_error"]


def test_randomisation_by_the_slow_way() -> None:
    """Two of seven zones are treated: 21 ways to choose them, each estimated from its own rows."""
    rows = microdata(7, rows=9_000)
    rows = rows[rows["zone"] < 7].assign(first=lambda f: np.where(f["zone"] < 2, 5.0, np.nan))
    table = distribution(compress(rows, **NAMES, bins=BINS), inference="randomisation")
    check_contract(table)
    shown = table.tidy().set_index("term")
    found = []
    for chosen in combinations(range(7), 2):
        other = rows.assign(first=np.where(rows["zone"].isin(chosen), 5.0, np.nan))
        made = distribution(compress(other, **NAMES, bins=BINS), inference="none").tidy()
        found.append(made.set_index("term")["estimate"])
    every = pd.DataFrame(found)
    for term in ("p50", "p90", "p90 \u2212 p50"):
        own = abs(shown.loc[term, "estimate"])
        expected = np.mean(every[term].abs() >= own * (1 - 1e-9))
        assert shown.loc[term, "p_value"] == pytest.approx(expected)
    assert "all 21 assignments" in table.overall.inference
    assert shown["conf_low"].isna().all()
    # Of a percentile itself zero is no null.
    assert shown.loc[["p50, with reform", "p50, without reform"], "p_value"].isna().all()


def test_few_treated_zones_get_no_cluster_robust_recommendation() -> None:
    rows = microdata(8, rows=4_000)
    rows = rows[rows["zone"] < 9]
    rows = rows.assign(first=np.where(rows["zone"] < 2, 5.0, np.nan))
    said = distribution(compress(rows, **NAMES, bins=BINS), inference="recommended").overall
    assert "CR1" not in said.inference
    assert "scaled" not in said.inference


def test_refusals() -> None:
    rows = microdata(4, rows=2_000)
    plain = compress(rows, **NAMES)
    with pytest.raises(PanelError, match="bins"):
        distribution(plain)
    with pytest.raises(PanelError, match="counted"):
        share_within(plain, threshold=24)
    narrow = compress(rows, **NAMES, bins=LogBins(low=20, high=30, per_decade=60))
    with pytest.raises(IdentificationError, match="percentile 50"):
        distribution(narrow)
    with pytest.raises(IdentificationError, match="rise"):
        distribution(narrow, probabilities=(0.9, 0.5))
