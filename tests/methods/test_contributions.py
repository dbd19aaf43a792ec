"""Who stands behind cells: counted by hand, by a slow loop, cautiously from counts alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.methods.contributions import Contributions, contributions

ROWS = pd.DataFrame(
    {
        "zone": ["a", "a", "a", "b", "b", "a"],
        "year": [1, 1, 1, 1, 2, 1],
        "hours": [9.0, 7.0, -6.0, 8.0, 5.0, np.nan],
        "firm": ["x", "x", "y", "x", "z", "w"],
    }
)


def count(rows: pd.DataFrame) -> Contributions:
    return contributions(rows, firm="firm", unit="zone", time="year", outcome="hours")


def test_firms_records_and_outcomes_by_hand() -> None:
    found = count(ROWS)
    assert found.cells.to_numpy().tolist() == [["a", 1, 3.0], ["b", 1, 1.0], ["b", 2, 1.0]]
    assert found.firms.tolist() == [2, 1, 1]  # w has no outcome
    both = np.array([True, True, False])
    assert sorted(found.brought(both).tolist()) == [0.0, 1.0, 3.0]
    assert sorted(found.brought(both, of="total").tolist()) == [0.0, 6.0, 24.0]
    # In a, x brings two thirds of the records and y one third.
    assert sorted(found.brought(np.array([1.0, 0, 0]), of="share")) == pytest.approx(
        [0, 1 / 3, 2 / 3]
    )
    assert sorted(found.squares(np.array([3.0, 1, 0]))) == pytest.approx([0, 1, 5])


def test_against_a_slow_loop() -> None:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame(
        {
            "zone": rng.choice(list("abc"), 300),
            "year": rng.integers(1, 4, 300),
            "hours": rng.normal(size=300),
            "firm": rng.integers(0, 20, 300).astype(str),
        }
    )
    found = count(rows)
    for place, cell in found.cells.iterrows():
        own = rows[(rows["zone"] == cell["unit"]) & (rows["year"] == cell["time"])]
        assert found.firms[int(str(place))] == own["firm"].nunique()
        kept = np.arange(len(found.cells)) == place
        wanted = sorted(own["hours"].abs().groupby(own["firm"]).sum())
        brought = found.brought(kept, of="total")
        assert sorted(brought[brought > 0]) == pytest.approx(wanted)


def test_no_name_of_a_firm_is_kept() -> None:
    found = count(ROWS.assign(firm="SECRET-" + ROWS["firm"]))
    assert "SECRET" not in repr(found) + found.cells.to_csv()
    assert found.firm.dtype.kind == "i"


def test_counts_alone_are_read_cautiously() -> None:
    counts = pd.DataFrame(
        {
            "unit": ["a", "a", "b"],
            "time": [1, 2, 1],
            "n": [10, 20, 30],
            "firms": [12, 2, 1],
            "largest": [0.4, 0.6, 1.0],
        }
    )
    found = Contributions.from_counts(counts)
    assert found.firms.tolist() == [12, 2, 1]
    brought = np.sort(found.brought(np.ones(3)))[::-1]
    assert brought.sum() == pytest.approx(60)
    assert brought[0] == pytest.approx(0.4 * 10 + 0.6 * 20 + 30)  # the largest of all are one
    assert (brought > 0).sum() == 12  # and the firms of a hold those of b


@pytest.mark.parametrize(
    ("change", "said"),
    [({"firm": [None, *ROWS["firm"][1:]]}, "without one"), ({"zone": None}, "zone")],
)
def test_records_without_a_firm_are_refused(change: dict[str, object], said: str) -> None:
    rows = ROWS.drop(columns="zone") if change == {"zone": None} else ROWS.assign(**change)
    with pytest.raises(DataError, match=said):
        count(rows)
