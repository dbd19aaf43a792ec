"""Cells without a finite effect: by hand, against pyfixest, and by a slow search of directions."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Panel, poisson
from analysis.methods.factors import Factors
from analysis.methods.separation import by_levels, by_programme

ORACLE = Path(__file__).parents[1] / "oracles" / "poisson"


def factors(*codes: list[int]) -> Factors:
    frame = pd.DataFrame({f"f{i}": code for i, code in enumerate(codes)})
    frame = frame.assign(unit=range(len(frame)), time=0, cluster=0, n=1.0, weight=1.0)
    cells = frame.assign(outcome=0.0, ss=0.0)
    never = pd.Series(pd.array([None] * len(frame), dtype="Int64"), index=frame["unit"])
    names = tuple(f"f{i}" for i in range(len(codes)))
    panel = Panel(cells=cells, cohorts=never, outcome="y", categories=names)
    return Factors.of(panel, list(names))


def test_two_factors_by_hand() -> None:
    """Cells (a, 1) = 0, (a, 2) > 0, (b, 1) > 0: the effect of a may fall while that of 2 rises.

    Then (a, 2) and (b, 1) keep their means and that of (a, 1) goes to zero: separated. A fourth
    cell (b, 2) > 0 ties all effects together, and nothing is.
    """
    open_ = by_levels(np.array([1, 0, 0]), factors([0, 0, 1], [0, 1, 0]))
    assert open_.tolist() == [True, False, False]
    tied = by_levels(np.array([1, 0, 0, 0]), factors([0, 0, 1, 1], [0, 1, 0, 1]))
    assert not tied.any()


def test_a_level_with_only_zeros_by_hand() -> None:
    found = by_levels(np.array([1, 1, 0, 1]), factors([0, 0, 1, 1], [0, 1, 0, 1]))
    # Unit 0 has only zeros; without it time 1 has only the zero of unit 1.
    assert found.tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ([1.0, 2.0, 0.0, 0.0], [True, True, False, False]),  # on only where nothing is counted
        ([1.0, -1.0, 0.0, 0.0], [False, False, False, False]),  # either sign hurts one of them
        ([0.0, 1.0, 0.0, 0.0], [False, True, False, False]),
    ],
)
def test_a_term_by_hand(term: list[float], expected: list[bool]) -> None:
    side = np.array([1, 1, 0, 0])
    found = by_programme(side, np.array(term)[:, None], factors([0, 0, 0, 0]))
    assert found.tolist() == expected


@pytest.mark.parametrize("seed", range(6))
def test_by_trying_directions_one_by_one(seed: int) -> None:
    """Whole-number directions of a small design, all of them, against graph and programme."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 3, 7), rng.integers(0, 3, 7)
    side = (rng.uniform(size=7) < 0.5).astype(int)
    made = factors(first.tolist(), second.tolist())
    reached = np.zeros(7, dtype=bool)
    for effects in product(range(-3, 4), repeat=6):
        push = np.array(effects)[first] + np.array(effects)[3 + second]
        if (push[side == 0] == 0).all() and (push[side == 1] <= 0).all():
            reached |= push < 0
    assert by_levels(side, made).tolist() == reached.tolist()
    assert by_programme(side, np.zeros((7, 0)), made).tolist() == reached.tolist()


@pytest.mark.parametrize("name", ["sparse", "sparser", "treated"])
def test_the_cells_that_pyfixest_leaves_out(name: str) -> None:
    told = json.loads((ORACLE / "separation.json").read_text())[name]
    frame = pd.read_csv(ORACLE / "separation.csv").query("case == @name")
    panel = Panel.from_frame(frame, unit="unit", time="time", outcome="count", cohort="first")
    if told["estimate"] is None:
        with pytest.raises(IdentificationError, match="infinite"):
            poisson(panel, inference="none")
        return
    table = poisson(panel, inference="CR1")
    assert table.overall.n_obs == told["n"] < len(frame)
    assert table.overall.estimate == pytest.approx(told["estimate"], abs=1e-6)
