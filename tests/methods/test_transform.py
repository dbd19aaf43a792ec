"""Trends fitted before the reform, taken out of all times, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Panel
from analysis.methods.transform import remove_prior_trends


def panel(**columns: object) -> Panel:
    frame = pd.DataFrame(
        {
            "unit": ["a"] * 5 + ["b"] * 5,
            "time": [1, 2, 3, 4, 5] * 2,
            "y": [1.0, 3.0, 5.0, 7.0, 14.0, 2.0, 1.0, 3.0, 2.0, 2.0],
            "first": [4] * 5 + [None] * 5,
            **columns,
        }
    )
    weights = "w" if "w" in columns else None
    return Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", cohort="first", weights=weights
    )


def outcome(cells: Panel) -> np.ndarray:
    return cells.cells[["outcome"]].to_numpy()


def test_a_line_is_carried_on_and_taken_away() -> None:
    """Unit a rises by 2 a time before 4; unit b by 1/2 around 2 at time 2."""
    left = remove_prior_trends(panel(), outcome(panel()), first=4)[:, 0]
    np.testing.assert_allclose(left[:5], [0, 0, 0, 0, 5], atol=1e-12)
    np.testing.assert_allclose(left[5:], [0.5, -1.0, 0.5, -1.0, -1.5], atol=1e-12)


def test_weights_before_the_reform_matter_and_later_ones_do_not() -> None:
    weights = np.array([1.0, 2.0, 4.0, 1.0, 1.0] * 2)
    cells = panel(w=weights)
    left = remove_prior_trends(cells, outcome(cells), first=4)[:, 0]
    for unit in range(2):
        rows = slice(5 * unit, 5 * unit + 5)
        y = outcome(cells)[rows, 0]
        line = np.polyfit([1, 2, 3], y[:3], 1, w=np.sqrt(weights[:3]))
        np.testing.assert_allclose(left[rows], y - np.polyval(line, [1, 2, 3, 4, 5]), atol=1e-12)
    other = panel(w=np.where(np.tile([0, 0, 0, 1, 1], 2), 9.0, weights))
    np.testing.assert_allclose(remove_prior_trends(other, outcome(other), first=4)[:, 0], left)


def test_columns_are_treated_one_by_one_and_lines_vanish() -> None:
    cells = panel()
    time = cells.cells["time"].to_numpy(dtype=float)
    columns = np.column_stack([outcome(cells)[:, 0], 3 + 2 * time, np.ones(10)])
    left = remove_prior_trends(cells, columns, first=4)
    np.testing.assert_allclose(left[:, 1:], 0, atol=1e-12)
    single = remove_prior_trends(cells, columns[:, :1], first=4)
    np.testing.assert_allclose(left[:, :1], single, atol=1e-14)


def test_what_is_given_is_not_changed() -> None:
    cells = panel()
    columns = outcome(cells)
    before = columns.copy()
    remove_prior_trends(cells, columns, first=4)
    np.testing.assert_array_equal(columns, before)


def test_two_times_before_the_reform_make_no_line() -> None:
    with pytest.raises(IdentificationError, match=r"at least three times.*fewer for a, b"):
        remove_prior_trends(panel(), outcome(panel()), first=3)
    short = panel().keep(~((panel().cells["unit"] == "b") & (panel().cells["time"] == 2)))
    with pytest.raises(IdentificationError, match="fewer for b"):
        remove_prior_trends(short, outcome(short), first=4)
