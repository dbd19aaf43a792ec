"""Every check on panels where it is known by construction whether it passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import EffectTable, Panel, checks, difference_in_differences, event_study
from analysis.methods.effects import effect_frame

MINUS = "\N{MINUS SIGN}"
UNITS = tuple("abcdefgh")
TIMES = range(1, 9)
FIRST = 6
TREATED = {"a": FIRST, "b": FIRST}

randomised = partial(difference_in_differences, inference="randomisation")
points = partial(difference_in_differences, inference="none")
path = partial(event_study, inference="randomisation")


def panel(value: Callable[[str, int], float], *, noise: float = 0.0) -> Panel:
    """Make a panel of eight units and eight times, two of them treated from time 6 on."""
    rng = np.random.default_rng(4)
    rows = [
        (unit, time, value(unit, time) + noise * rng.standard_normal(), TREATED.get(unit))
        for unit in UNITS
        for time in TIMES
    ]
    frame = pd.DataFrame(rows, columns=["unit", "time", "y", "first"])
    return Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="first")


def jump(unit: str, time: int) -> float:
    """Add an effect of three to treated cells."""
    return 3.0 * (unit in TREATED and time >= FIRST)


def slope(unit: str, time: int) -> float:
    """Let treated units grow by one a time, before the reform as after."""
    return 1.0 * time * (unit in TREATED)


def by_hand(p_value: float, estimate: float = 1.0) -> checks.Estimator:
    """Give an estimator that always finds the same."""

    def estimator(given: Panel) -> EffectTable:
        words = dict.fromkeys(("outcome", "estimand", "estimator", "term", "inference"), "x")
        numbers = {"estimate": estimate, "p_value": p_value, "std_error": 0.5}
        counts = {"n_obs": 1, "n_units": 2, "n_treated": 1, "n_control": 1}
        return EffectTable(
            frame=effect_frame([{**words, **numbers, **counts, "conf_low": 0.0, "conf_high": 2.0}])
        )

    return estimator


def refuses(given: Panel) -> EffectTable:
    raise IdentificationError.of(expected="better data", found="these", mend="find better ones")


def blind(check: checks.Check) -> bool:
    return check.status == "could not be run" and check.detail.empty


# ---------------------------------------------------------------- pre-trends


def test_equal_paths_pass_and_say_so() -> None:
    check = checks.pre_trends(panel(jump, noise=0.1), path)
    assert check.status == "passed"
    assert check.name == "pre_trends"
    assert list(check.detail["event_time"]) == [-5, -4, -3, -2]
    assert "joint p = " in check.seen


def test_growth_before_the_reform_fails() -> None:
    check = checks.pre_trends(panel(slope, noise=0.1), path)
    assert check.status == "failed"
    # carried on from the base at -1, a slope of 1 moves times 0, 1 and 2 by 1, 2 and 3
    assert "moves the estimate by +2." in check.seen or "moves the estimate by +1.9" in check.seen


def test_the_joint_p_value_is_the_share_of_reassignments_with_larger_leads() -> None:
    cells = panel(slope, noise=0.3)
    draws = path(cells).draws
    assert draws is not None
    leads = draws[:, :4]  # event times -5 to -2; then base, 0, 1, 2 and the overall effect
    size = ((leads / leads[1:].std(axis=0, ddof=1)) ** 2).mean(axis=1)
    share = np.mean(size >= size[0] - 1e-12)
    assert share == 1 / 28  # 8 choose 2 pairs, the treated one the largest
    assert "joint p = 0.036" in checks.pre_trends(cells, path).seen


def test_without_two_leads_or_draws_pre_trends_cannot_be_run() -> None:
    short = panel(jump, noise=0.1).keep_times(4, 8)
    assert blind(checks.pre_trends(short, path))
    assert "two are needed" in checks.pre_trends(short, path).seen
    assert blind(checks.pre_trends(panel(jump), partial(event_study, inference="none")))
    assert blind(checks.pre_trends(panel(jump), refuses))


# ---------------------------------------------------------------- placebos


def test_nothing_before_the_reform_passes_the_placebo_in_time() -> None:
    cells = panel(jump, noise=0.1)
    check = checks.placebo_in_time(cells, randomised)
    assert check.status == "passed"
    assert list(check.detail["date"]) == [3, 4, 5]
    smallest = check.detail["p_value"].min()
    assert f"times 3 = {min(1, 3 * smallest):.2f}" in check.seen


def test_an_effect_before_the_reform_fails_the_placebo_in_time() -> None:
    def early(unit: str, time: int) -> float:
        return 5.0 * (unit in TREATED and time >= 4)

    check = checks.placebo_in_time(panel(early, noise=0.01), randomised, time=4)
    # the treated pair is the largest of 28: p = 1/28 = 0.036, and there is one date only
    assert check.status == "failed"
    assert "1 placebo date;" in check.seen
    assert check.detail["p_value"].iloc[0] == pytest.approx(1 / 28)


def test_the_placebo_in_time_never_sees_the_reform() -> None:
    seen: list[int] = []

    def watching(given: Panel) -> EffectTable:
        seen.append(int(given.times[-1]))
        return by_hand(0.5)(given)

    checks.placebo_in_time(panel(jump), watching)
    assert set(seen) == {FIRST - 1}


@pytest.mark.parametrize(("p_value", "status"), [(0.02, "failed"), (0.04, "passed")])
def test_placebo_p_values_are_multiplied_by_their_number(p_value: float, status: str) -> None:
    check = checks.placebo_in_time(panel(jump), by_hand(p_value))
    assert len(check.detail) == 3
    assert check.status == status


def test_a_placebo_in_time_without_p_values_cannot_be_run() -> None:
    assert blind(checks.placebo_in_time(panel(jump), by_hand(np.nan)))
    assert blind(checks.placebo_in_time(panel(jump, noise=0.1), points))


def test_too_few_times_before_the_reform_cannot_be_run() -> None:
    assert blind(checks.placebo_in_time(panel(jump).keep_times(5, 8), randomised))
    assert blind(checks.placebo_in_time(panel(jump).keep_times(6, 8), randomised))
    assert blind(checks.placebo_in_time(panel(jump), refuses))


def test_treated_units_that_stand_out_pass_the_placebo_in_space() -> None:
    check = checks.placebo_in_space(panel(jump, noise=0.1), points)
    assert check.status == "passed"
    assert list(check.detail["unit"][-2:]) in (["a", "b"], ["b", "a"])
    assert "rank 7 of 8" in check.seen
    assert "rank 8 of 8" in check.seen


def test_one_treated_unit_inside_the_others_fails_the_placebo_in_space() -> None:
    def only_a(unit: str, time: int) -> float:
        return 3.0 * (unit == "a" and time >= FIRST)

    check = checks.placebo_in_space(panel(only_a, noise=0.5), points)
    own = check.detail.set_index("unit").loc[["a", "b"], "outside"]
    assert list(own) == [True, False]
    assert check.status == "failed"


def test_the_placebo_in_space_leaves_the_other_treated_units_out() -> None:
    cells = panel(jump, noise=0.1)
    detail = checks.placebo_in_space(cells, points).detail.set_index("unit")
    wide = cells.wide()
    after = np.asarray(wide.columns >= FIRST)
    change = wide.loc[:, after].mean(axis=1) - wide.loc[:, ~after].mean(axis=1)
    controls = change.drop(["a", "b"])
    assert detail.loc["a", "estimate"] == pytest.approx(change["a"] - controls.mean())
    others = controls.drop("c").mean()
    assert detail.loc["c", "estimate"] == pytest.approx(change["c"] - others)
    low, high = np.quantile(detail.loc[~detail["treated"], "estimate"], [0.05, 0.95])
    outside = (detail["estimate"] < low) | (detail["estimate"] > high)
    assert list(detail["outside"]) == list(outside)


def test_a_placebo_in_space_that_is_refused_cannot_be_run() -> None:
    assert blind(checks.placebo_in_space(panel(jump), refuses))


# ---------------------------------------------------------------- leave one out


def test_an_effect_in_all_comparisons_survives_leaving_one_out() -> None:
    check = checks.leave_one_out(panel(jump, noise=0.1), points)
    assert check.status == "passed"
    assert set(check.detail["left_out"]) == set(UNITS) - set(TREATED)
    assert len(check.detail) == 6


def test_an_effect_that_one_control_carries_fails() -> None:
    def fallen(unit: str, time: int) -> float:
        return -0.2 * (unit in TREATED and time >= FIRST) - 6.0 * (unit == "h" and time >= FIRST)

    check = checks.leave_one_out(panel(fallen), points)
    # with h the controls fell by 1 on average, so +0.8; without h by 0, so -0.2
    assert check.status == "failed"
    assert check.detail["estimate"].iloc[0] == pytest.approx(-0.2)
    assert f"from {MINUS}0.200 (without h)" in check.seen


def test_leave_one_out_that_is_refused_cannot_be_run() -> None:
    assert blind(checks.leave_one_out(panel(jump), refuses))


# ---------------------------------------------------------------- power and own trends


def test_power_is_compared_with_what_is_plausible() -> None:
    # half width 1 plus 0.84 x 0.5
    for plausible, status in ((1.5, "passed"), (1.42, "failed")):
        check = checks.minimum_detectable_effect(panel(jump), by_hand(0.5), plausible=plausible)
        assert check.status == status
        assert check.seen == "1.42"
    unnamed = checks.minimum_detectable_effect(panel(jump), by_hand(0.5))
    assert blind(unnamed)
    assert "1.42" in unnamed.seen
    assert blind(checks.minimum_detectable_effect(panel(jump), points, plausible=1.0))
    assert blind(checks.minimum_detectable_effect(panel(jump), refuses, plausible=1.0))


@pytest.mark.parametrize(
    ("value", "status"), [(jump, "passed"), (lambda u, t: slope(u, t) - 0.1 * jump(u, t), "failed")]
)
def test_an_effect_that_is_only_a_trend_fails(
    value: Callable[[str, int], float], status: str
) -> None:
    detrended = partial(points, own_trends="prior")
    check = checks.own_trends(panel(value), points, detrended=detrended)
    assert check.status == status
    assert list(check.detail["own_trends"]) == ["kept", "taken out"]


def test_the_numbers_of_own_trends_by_hand() -> None:
    """A slope of one moves the mean of times 6 to 8 above that of 1 to 5 by 7 - 3."""
    detrended = partial(points, own_trends="prior")
    made = checks.own_trends(panel(slope), points, detrended=detrended)
    assert made.detail["estimate"].iloc[0] == pytest.approx(4.0)
    assert made.detail["estimate"].iloc[1] == pytest.approx(0.0, abs=1e-12)
    assert made.seen.startswith("+4.00 becomes ")


def test_own_trends_that_are_refused_cannot_be_run() -> None:
    assert blind(checks.own_trends(panel(jump), refuses, detrended=points))
    assert blind(checks.own_trends(panel(jump), points, detrended=refuses))


# ---------------------------------------------------------------- all of them


def test_every_check_asks_and_says_what_would_have_to_be_seen() -> None:
    cells = panel(jump, noise=0.1)
    made = [
        checks.pre_trends(cells, path),
        checks.placebo_in_time(cells, randomised),
        checks.placebo_in_space(cells, points),
        checks.leave_one_out(cells, points),
        checks.minimum_detectable_effect(cells, randomised, plausible=1.0),
        checks.own_trends(cells, points, detrended=partial(points, own_trends="prior")),
    ]
    assert len({check.name for check in made}) == 6
    for check in made:
        assert check.question.endswith("?")
        assert check.required
        assert check.seen
        assert not check.detail.empty


def test_a_check_changes_nothing() -> None:
    cells = panel(jump, noise=0.1)
    before = cells.cells.copy()
    checks.placebo_in_space(cells, points)
    checks.leave_one_out(cells, points)
    pd.testing.assert_frame_equal(cells.cells, before)
    assert list(cells.treated) == ["a", "b"]


def test_errors_that_are_no_refusals_are_not_swallowed() -> None:
    def broken(given: Panel) -> EffectTable:
        raise ZeroDivisionError("a plain bug")

    with pytest.raises(ZeroDivisionError):
        checks.leave_one_out(panel(jump), broken)
