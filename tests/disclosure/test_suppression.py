"""Suppressed tables: the audit against tables solved by hand; no attack undoes protection."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis.disclosure import RULES, Protected, protect, reachable
from analysis.methods.contributions import Contributions


def test_one_hidden_cell_is_told_exactly_by_the_margins() -> None:
    values = np.array([[5.0, 3.0], [4.0, 8.0]])
    hidden = np.array([[True, False], [False, False]])
    found = reachable(values, hidden)
    assert found.low[0, 0] == pytest.approx(5)
    assert found.high[0, 0] == pytest.approx(5)
    assert found.too_narrow(values, need=hidden * 1.0)[0, 0]


def test_a_hidden_rectangle_leaves_what_its_smallest_corners_leave() -> None:
    """Cells 5 3 / 4 8 move together: +t -t / -t +t with t from -5 to 3."""
    values = np.array([[5.0, 3.0, 9.0], [4.0, 8.0, 9.0]])
    hidden = np.array([[True, True, False], [True, True, False]])
    found = reachable(values, hidden)
    assert found.low[:, :2].ravel() == pytest.approx([0, 0, 1, 3])
    assert found.high[:, :2].ravel() == pytest.approx([8, 8, 9, 11])
    assert (found.low[:, 2] == found.high[:, 2]).all()


def test_a_firm_that_knows_its_own_cell_knows_the_rectangle() -> None:
    values = np.array([[5.0, 3.0], [4.0, 8.0]])
    found = reachable(values, np.ones((2, 2), dtype=bool), known=[(0, 0)])
    assert found.low == pytest.approx(values)
    assert found.high == pytest.approx(values)


def brute(values: np.ndarray, hidden: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds over all whole tables with the same margins, by trying them all."""
    places = np.argwhere(hidden)
    tables = np.tile(values, (steps ** len(places), 1, 1))
    tables[:, places[:, 0], places[:, 1]] = list(product(range(steps), repeat=len(places)))
    same = (tables.sum(axis=2) == values.sum(axis=1)).all(axis=1)
    same &= (tables.sum(axis=1) == values.sum(axis=0)).all(axis=1)
    return tables[same].min(axis=0), tables[same].max(axis=0)


def test_bounds_against_trying_all_tables() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        values = rng.integers(0, 3, (3, 3)).astype(float)
        hidden = np.zeros((3, 3), dtype=bool)
        hidden.ravel()[rng.permutation(9)[:5]] = True
        low, high = brute(values, hidden, 7)
        found = reachable(values, hidden)
        assert found.low == pytest.approx(low, abs=1e-6)  # such matrices have whole corners
        assert found.high == pytest.approx(high, abs=1e-6)


def drawn(seed: int) -> tuple[Contributions, np.ndarray, np.ndarray]:
    """Draw firms in zones and years: small zones, one giant, single firms."""
    rng = np.random.default_rng(seed)
    rows = []
    for zone in range(8):
        firms = int(rng.choice([3, 12, 25, 60]))
        for year in range(4):
            there = rng.choice(firms, size=max(1, int(firms * rng.uniform(0.2, 1))), replace=False)
            sizes = rng.lognormal(1, 1.2, len(there)).round() + 1
            rows += [
                (f"zone {zone}", year, f"{zone}-{firm}", n, n)
                for firm, n in zip(there, sizes, strict=True)
            ]
    pairs = pd.DataFrame(rows, columns=["unit", "time", "firm", "n", "total"])
    found = Contributions.from_pairs(pairs)
    return found, found.cells["unit"].to_numpy(), found.cells["time"].to_numpy()


def table(seed: int) -> tuple[Protected, Contributions]:
    found, rows, columns = drawn(seed)
    return protect(found, rows=rows, columns=columns, rules=RULES), found


@pytest.mark.parametrize("seed", range(12))
def test_no_withheld_cell_can_be_worked_out(seed: int) -> None:
    """Solved again from what is published: every unsafe cell keeps its distance, or all go."""
    made, found = table(seed)
    assert made.first.any()
    shown = made.shown.drop(index="All", columns="All").isna().to_numpy()
    assert (shown == made.hidden).all()
    values = counted(made, found)
    again = reachable(values, made.hidden)
    assert again.low == pytest.approx(made.ranges.low)
    if (made.hidden == (values > 0)).all():
        return  # only sums are published
    assert (again.high - values + 1e-6 >= made.need)[made.first].all()
    assert (values - again.low + 1e-6 >= made.need)[made.first].all()
    assert (made.need[made.first] >= 1).all()


def counted(made: Protected, found: Contributions) -> np.ndarray:
    """Count the records of the rows and columns that are shown."""
    rows, columns = (names.drop("All") for names in (made.shown.index, made.shown.columns))
    zone = found.cells["unit"].where(found.cells["unit"].isin(rows), "other")
    year = found.cells["time"].astype(str).where(found.cells["time"].astype(str).isin(columns))
    given = found.cells.assign(zone=zone, year=year.fillna("other"))
    wide = given.pivot_table(index="zone", columns="year", values="n", aggfunc="sum", fill_value=0)
    return np.asarray(wide.reindex(index=rows, columns=columns, fill_value=0), dtype=float)


@pytest.mark.parametrize("seed", range(6))
def test_published_cells_hold_ten_firms_and_no_giant(seed: int) -> None:
    made, found = table(seed)
    units = found.cells["unit"].to_numpy()
    for zone in made.shown.index.drop(["All", "other"], errors="ignore"):
        for year in made.shown.columns.drop("All"):
            if pd.isna(made.shown.loc[zone, year]):
                continue
            kept = (units == zone) & (found.cells["time"].astype(str) == year).to_numpy()
            brought = found.brought(kept)
            assert (brought > 0).sum() >= RULES.firms or not brought.any()
            if brought.any():
                assert RULES.why_not(brought) is None


def test_names_of_rows_that_are_unsafe_as_a_whole_are_not_printed() -> None:
    for seed in range(6):
        made, found = table(seed)
        for zone in set(found.cells["unit"]):
            if RULES.why_not(found.brought((found.cells["unit"] == zone).to_numpy())):
                assert zone not in made.shown.index


def test_counts_are_rounded() -> None:
    made, _ = table(0)
    shown = made.shown.to_numpy(dtype=float)
    assert (shown[~np.isnan(shown)] % RULES.base == 0).all()
