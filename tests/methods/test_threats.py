"""Checks of neighbours, early reactions, absent cells and the mix, on panels where all is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from analysis.methods import EffectTable, Panel, difference_in_differences, threats
from analysis.methods.composition import fixed_mix, mix_shares, pooled

UNITS = tuple("abcdefghijkl")
TIMES = range(1, 11)
FIRST = 7
TREATED = dict.fromkeys("abc", FIRST)
NEAR = ("d", "e")

randomised = partial(difference_in_differences, inference="randomisation")
points = partial(difference_in_differences, inference="none")


def rows(value: Callable[[str, int], float], *, noise: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    table = [
        (unit, time, value(unit, time) + noise * rng.standard_normal(), TREATED.get(unit))
        for unit in UNITS
        for time in TIMES
    ]
    return pd.DataFrame(table, columns=["unit", "time", "y", "first"])


def panel(frame: pd.DataFrame) -> Panel:
    return Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="first")


def jump(unit: str, time: int) -> float:
    return -2.0 * (unit in TREATED and time >= FIRST)


def flat(unit: str, time: int) -> float:
    return 0.0


def spilled(unit: str, time: int) -> float:
    return jump(unit, time) - 1.5 * (unit in NEAR and time >= FIRST)


def early(unit: str, time: int) -> float:
    return -2.0 * (unit in TREATED and time >= FIRST - 2)


def blind(check: threats.Check) -> bool:
    return check.status == "could not be run" and check.detail.empty


# ---------------------------------------------------------------- neighbours


def test_no_spillover_passes_with_three_estimates() -> None:
    check = threats.spillover(panel(rows(jump)), randomised, near=NEAR)
    assert check.status == "passed"
    assert list(check.detail["what"]) == [
        "all controls",
        "neighbours left out",
        "neighbours as if treated",
    ]


def test_spillover_by_hand() -> None:
    """Nine controls of which two fall by 1.5: they take 1/3 off; alone they fell by 1.5."""
    check = threats.spillover(panel(rows(spilled, noise=0.0)), points, near="d, e")
    assert check.status == "could not be run"  # points have no standard error
    noisy = threats.spillover(panel(rows(spilled, noise=0.01)), randomised, near="d, e")
    assert noisy.status == "failed"
    got = noisy.detail.set_index("what")["estimate"]
    assert got["all controls"] == pytest.approx(-2 + 2 * 1.5 / 9, abs=0.02)
    assert got["neighbours left out"] == pytest.approx(-2, abs=0.02)
    assert got["neighbours as if treated"] == pytest.approx(-1.5, abs=0.02)


def test_the_ring_never_sees_treated_units() -> None:
    seen: list[set[object]] = []

    def watching(given: Panel) -> EffectTable:
        seen.append(set(given.units))
        return randomised(given)

    threats.spillover(panel(rows(jump)), watching, near=NEAR)
    assert seen[0] == set(UNITS)
    assert seen[1] == set(UNITS) - set(NEAR)
    assert seen[2] == set(UNITS) - set(TREATED)


@pytest.mark.parametrize("near", ["nowhere", "a", ()])
def test_neighbours_that_are_none_cannot_be_run(near: object) -> None:
    assert blind(threats.spillover(panel(rows(jump)), randomised, near=near))


# ---------------------------------------------------------------- anticipation


def test_no_anticipation_passes() -> None:
    check = threats.anticipation(panel(rows(jump)), randomised, periods=2)
    assert check.status == "passed"
    assert list(check.detail["what"])[1] == "last 2 before left out"


def test_anticipation_by_hand() -> None:
    """Two of six times before carry the whole effect: they take a third off the estimate."""
    check = threats.anticipation(panel(rows(early, noise=0.01)), randomised, periods=2)
    assert check.status == "failed"
    got = check.detail["estimate"].to_numpy()
    np.testing.assert_allclose(got, [-2 + 2 / 3, -2, -2], atol=0.02)
    assert check.detail["p_value"].iloc[2] == pytest.approx(1 / 220)  # 12 choose 3


def test_anticipation_looks_at_times_before_the_reform_only() -> None:
    seen: list[int] = []

    def watching(given: Panel) -> EffectTable:
        seen.append(int(given.cells.loc[given.cells["unit"] == "a", "time"].max()))
        return randomised(given)

    threats.anticipation(panel(rows(jump)), watching, periods=1)
    assert seen == [10, 10, FIRST - 1]
    assert blind(threats.anticipation(panel(rows(jump)), randomised, periods=0))


# ---------------------------------------------------------------- absent cells


def test_a_complete_panel_passes() -> None:
    check = threats.missing_cells(panel(rows(jump)), randomised)
    assert check.status == "passed"
    assert check.seen == "none of 120 is absent"


def test_times_that_nobody_has_are_named() -> None:
    frame = rows(jump)
    check = threats.missing_cells(panel(frame[~frame["time"].isin([3, 4])]), randomised)
    assert check.status == "passed"
    assert check.seen.endswith("no unit is seen at 3, 4")


def test_absence_that_the_reform_made_fails() -> None:
    frame = rows(jump)
    gone = frame["unit"].isin(list(TREATED)) & (frame["time"] >= 9)
    check = threats.missing_cells(panel(frame[~gone]), randomised)
    assert check.status == "failed"
    assert "6 of 120 absent (treated 0% before, 50% after; controls 0% before, 0% after)" in (
        check.seen
    )
    share = check.detail.set_index("what").loc["share absent", "estimate"]
    assert share == pytest.approx(50.0)  # two of four times after the reform
    # balanced: the eight times that all units have


def test_absence_at_random_passes_and_is_balanced() -> None:
    frame = rows(jump)
    gone = frame["unit"].isin(["f", "g"]) & frame["time"].isin([2, 3])
    check = threats.missing_cells(panel(frame[~gone]), randomised)
    assert check.status == "passed"
    table = panel(frame[~frame["time"].isin([2, 3])])
    balanced = check.detail.set_index("what").loc["balanced panel", "estimate"]
    assert balanced == pytest.approx(points(table).overall.estimate)


def test_absence_that_the_reform_made_fails_even_without_a_balanced_part() -> None:
    frame = rows(jump)
    number = frame["unit"].map(UNITS.index)
    gone = (number < 3) & (frame["time"] >= FIRST) & ((frame["time"] + number) % 2 == 0)
    check = threats.missing_cells(panel(frame[~gone]), randomised)
    assert check.status == "failed"
    assert "no balanced panel" in check.seen
    assert check.detail["what"].to_list() == ["share absent"]


def test_without_a_balanced_part_it_cannot_be_run() -> None:
    frame = rows(jump)
    number = frame["unit"].map(UNITS.index)
    gone = (frame["time"] % 5) == number % 5  # everyone lacks something, at every time someone
    assert blind(threats.missing_cells(panel(frame[~gone]), randomised))


# ---------------------------------------------------------------- the mix


def mixed(*, moves: bool) -> pd.DataFrame:
    """Quick and slow goods, two hours apart; treated units turn to quick ones if it moves."""
    rng = np.random.default_rng(5)
    table = []
    for unit in UNITS:
        for time in TIMES:
            turned = moves and unit in TREATED and time >= FIRST
            for kind, hours, n in (("quick", 4.0, 8 if turned else 5), ("slow", 8.0, 5)):
                for _ in range(n):
                    value = hours + 0.05 * rng.standard_normal()
                    table.append((unit, time, kind, value, TREATED.get(unit)))
    return pd.DataFrame(table, columns=["unit", "time", "kind", "y", "first"])


def cells(frame: pd.DataFrame, *, categories: tuple[str, ...] = ("kind",)) -> Panel:
    from analysis.methods import compress

    return compress(
        frame, unit="unit", time="time", outcome="y", cohort="first", categories=categories
    )


def test_pooling_gives_what_compressing_without_categories_gives() -> None:
    frame = mixed(moves=True)
    ours, plain = pooled(cells(frame)).cells, cells(frame, categories=()).cells
    pd.testing.assert_frame_equal(ours, plain, check_dtype=False, rtol=1e-9)


def test_a_mix_that_moved_by_hand() -> None:
    """Eight quick to five slow: the mean falls from 6 to 72/13, though no good got quicker."""
    made = cells(mixed(moves=True))
    check = threats.composition(made, randomised)
    assert check.status == "failed"
    got = check.detail.set_index("what")["estimate"]
    assert got["mix as it came"] == pytest.approx(72 / 13 - 6, abs=0.02)
    assert got["mix held fixed"] == pytest.approx(0, abs=0.02)
    shares = mix_shares(made).loc["quick"]
    assert shares["treated_before"] == pytest.approx(50)
    assert shares["treated_after"] == pytest.approx(100 * 8 / 13)
    assert shares["control_after"] == pytest.approx(50)


def test_a_mix_that_stayed_passes() -> None:
    assert threats.composition(cells(mixed(moves=False)), randomised).status == "passed"


def test_categories_that_come_and_go_get_no_weight() -> None:
    frame = mixed(moves=False)
    rare = frame[(frame["unit"] == "a") & (frame["time"] == 8)].head(1).assign(kind="new", y=99.0)
    plain, more = (cells(f) for f in (frame, pd.concat([frame, rare])))
    a, b = (fixed_mix(p).wide().loc["a"] for p in (plain, more))
    pd.testing.assert_series_equal(a, b)


def test_a_mix_that_cannot_be_seen_or_held_cannot_be_run() -> None:
    assert blind(threats.composition(panel(rows(jump)), randomised))
    frame = mixed(moves=False)
    gone = (frame["unit"] == "a") & (frame["time"] == 8) & (frame["kind"] == "quick")
    lost = (frame["unit"] == "a") & (frame["time"] == 2) & (frame["kind"] == "slow")
    check = threats.composition(cells(frame[~gone & ~lost]), randomised)
    assert blind(check)
    assert "0% in a" in check.seen


# ---------------------------------------------------------------- another outcome


def test_a_placebo_outcome_is_held_against_the_same_cohorts() -> None:
    still, moved = panel(rows(flat)), panel(rows(jump))
    bare = still.with_cohorts({})
    assert threats.placebo_outcome(moved, randomised, other=bare).status == "passed"
    assert threats.placebo_outcome(still, randomised, other=moved).status == "failed"
    assert blind(threats.placebo_outcome(moved, points, other=still))
    assert blind(threats.placebo_outcome(still.with_cohorts({}), randomised, other=still))


def test_every_check_asks_and_changes_nothing() -> None:
    made = panel(rows(jump))
    before = made.cells.copy()
    for check in (
        threats.spillover(made, randomised, near=NEAR),
        threats.anticipation(made, randomised),
        threats.missing_cells(made, randomised),
    ):
        assert check.question.endswith("?")
        assert check.required
    pd.testing.assert_frame_equal(made.cells, before)
