"""Adjusted p-values by hand, and their level."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import IdentificationError
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.multiple import adjust, benjamini_hochberg, min_p_test, romano_wolf
from analysis.methods.simulate import simulate_panel


def test_benjamini_hochberg_by_hand() -> None:
    # p (m / rank): 0.01 * 4, 0.02 * 2, 0.03 * 4 / 3, 0.5; then the running minimum from the end.
    got = benjamini_hochberg([0.5, 0.01, np.nan, 0.03, 0.02])
    np.testing.assert_allclose(got, [0.5, 0.04, np.nan, 0.04, 0.04])


def test_benjamini_hochberg_refuses_what_is_no_p_value() -> None:
    with pytest.raises(IdentificationError, match="between 0 and 1"):
        benjamini_hochberg([0.2, 1.2])


def test_romano_wolf_by_hand() -> None:
    """Columns of spread one: 3 is beaten by no draw, 1.5 in its turn by draws 2 and 3."""
    draws = np.array([[3.0, 1.5], [1.0, -2.0], [-2.0, 1.8], [0.5, 0.2], [-2.5, -1.5]])
    error = draws.std(axis=0, ddof=1)
    size = np.abs(draws / error)
    first = np.argmax(size[0])
    one = (size.max(axis=1) >= size[0, first] - 1e-12).mean()
    two = (size[:, 1 - first] >= size[0, 1 - first] - 1e-12).mean()
    got = romano_wolf(draws)
    assert got[first] == pytest.approx(one)
    assert got[1 - first] == pytest.approx(max(one, two))


def test_romano_wolf_keeps_the_family_level() -> None:
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(400):
        draws = rng.standard_normal((200, 5)) + 0.8 * rng.standard_normal((200, 1))
        false += (romano_wolf(draws) <= 0.05).any()
    assert false / 400 == pytest.approx(0.05, abs=0.035)


def test_min_p_by_hand() -> None:
    draws = np.array([[3.0, 0.1], [1.0, 2.0], [2.0, 1.0], [0.5, 0.3]])
    got = min_p_test(draws)
    assert got.smallest == 0.25  # 3 is the largest of four
    assert got.p_value == 0.5  # the second draw has a smallest p-value of 0.25 as well


def test_min_p_mends_the_best_of_twelve() -> None:
    rng = np.random.default_rng(1)
    naive = joint = 0
    for _ in range(400):
        draws = rng.standard_normal((200, 12)) + 1.0 * rng.standard_normal((200, 1))
        said = min_p_test(draws)
        naive += said.smallest <= 0.05
        joint += said.p_value <= 0.05
    assert naive / 400 > 0.12
    assert joint / 400 == pytest.approx(0.05, abs=0.035)


def test_adjust_joins_tables_of_one_seed() -> None:
    drawn = [simulate_panel(n_units=10, n_times=6, n_treated=2, seed=s).panel for s in (1, 2)]
    tables = [difference_in_differences(panel, inference="randomisation") for panel in drawn]
    frame = adjust(tables)
    assert list(frame.columns) == [
        "outcome",
        "estimate",
        "p_value",
        "benjamini_hochberg",
        "romano_wolf",
    ]
    assert (frame["romano_wolf"] >= frame["p_value"] - 1e-12).all()
    none = adjust([difference_in_differences(panel, inference="none") for panel in drawn])
    assert none["romano_wolf"].isna().all()
