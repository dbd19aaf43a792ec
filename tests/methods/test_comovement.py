"""Treated units that move together are told from those that do not."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from analysis.methods.comovement import LEVEL, comovement_notes, shared_movement
from analysis.methods.layout import Layout
from analysis.methods.panel import Panel
from analysis.methods.simulate import draw_errors, simulate_panel


def layout(n_units: int, n_times: int, before: int, n_treated: int) -> Layout:
    times = np.arange(n_times)
    return Layout(
        outcome=np.zeros((n_units, n_times)),
        seen=np.ones((n_units, n_times), dtype=bool),
        unit=np.repeat(np.arange(n_units), n_times),
        time=np.tile(times, n_units),
        sizes=np.ones(n_units),
        before=times < before,
        after=times >= before,
        control=np.arange(n_units) >= n_treated,
        cluster=np.arange(n_units),
    )


def slow(values: np.ndarray, before: int, n_treated: int) -> float:
    """The same by loops over pairs, one draw."""
    left = values[:, :before] - values[:, :before].mean(axis=1, keepdims=True)
    left = left - left.mean(axis=0)
    p_values = []
    for moves in (left, left[:, 1:] - left[:, :-1]):
        related = {
            pair: float(
                (moves[pair[0]] @ moves[pair[1]])
                / np.sqrt((moves[pair[0]] ** 2).sum() * (moves[pair[1]] ** 2).sum())
            )
            for pair in combinations(range(len(values)), 2)
        }
        treated = [r for (i, j), r in related.items() if j < n_treated]
        control = [r for (i, j), r in related.items() if i >= n_treated]
        spread = np.sqrt(np.mean((np.array(control) - np.mean(control)) ** 2))
        away = (np.mean(treated) - np.mean(control)) / (
            spread * np.sqrt(1 / len(treated) + 1 / len(control))
        )
        p_values.append(stats.norm.sf(away))
    return min(1.0, 2 * min(p_values))


def test_the_same_by_loops() -> None:
    errors = draw_errors(np.random.default_rng(3), (5, 9, 14), ar1=0.6)
    made = shared_movement(errors, layout(9, 14, 9, 3))
    assert made == pytest.approx([slow(one, 9, 3) for one in errors], rel=1e-10)


def test_false_alarms_are_rare_and_shared_shocks_are_found() -> None:
    rng = np.random.default_rng(11)
    errors = draw_errors(rng, (600, 30, 36), ar1=0.8)
    where = layout(30, 36, 24, 4)
    assert (shared_movement(errors, where) < LEVEL).mean() < 3 * LEVEL
    common = draw_errors(rng, (600, 1, 36), ar1=0.8)
    errors[:, :4] = np.sqrt(0.5) * errors[:, :4] + np.sqrt(0.5) * common
    assert (shared_movement(errors, where) < LEVEL).mean() > 0.8


def test_nothing_is_said_where_nothing_can_be_seen() -> None:
    errors = np.random.default_rng(0).standard_normal((2, 9, 14))
    for where in (layout(9, 14, 9, 1), layout(9, 14, 9, 5), layout(9, 14, 5, 2)):
        assert np.isnan(shared_movement(errors, where)).all()
    where = layout(9, 14, 9, 2)
    where.seen[3, 2] = False
    assert np.isnan(shared_movement(errors, where)).all()


def test_it_does_not_move_with_units_times_and_scale() -> None:
    rng = np.random.default_rng(5)
    errors, where = rng.standard_normal((3, 9, 14)), layout(9, 14, 9, 3)
    moved = 7 * errors + rng.standard_normal((1, 9, 1)) + rng.standard_normal((1, 1, 14))
    assert shared_movement(moved, where) == pytest.approx(shared_movement(errors, where))


def test_units_that_never_move_do_not_break_it() -> None:
    still = np.zeros((1, 9, 14))
    assert np.isfinite(shared_movement(still, layout(9, 14, 9, 2))).all()


def together(*, shock: float) -> Panel:
    drawn = simulate_panel(n_units=20, n_treated=3, ar1=0.5, noise=0.3, seed=2).panel
    treated = drawn.cells["unit"].map(drawn.cohorts).notna().to_numpy()
    common = shock * np.random.default_rng(4).standard_normal(37)
    added = np.where(treated, common[drawn.cells["time"].to_numpy()], 0.0)
    return drawn.with_outcome(drawn.cells["outcome"].to_numpy() + added)


def test_the_note_says_so() -> None:
    assert comovement_notes(together(shock=0.0)) == ()
    (note,) = comovement_notes(together(shock=1.0))
    assert note.startswith("Flag: treated units moved together before the reform (p = ")
