"""Checks of trends unseen, of trend gaps and of the unobserved."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from analysis.errors import IdentificationError
from analysis.methods import EffectTable, Panel, difference_in_differences, event_study
from analysis.methods.sensitivity import honest_bounds, pre_trend_power
from analysis.methods.simulate import simulate_panel
from analysis.methods.trend_checks import trend_bounds, trend_power, unobserved

path = partial(event_study, inference="CR1")
single = partial(difference_in_differences, inference="CR1")


def drawn(*, effect: float, noise: float = 0.1, n_times: int = 9) -> Panel:
    return simulate_panel(
        n_units=40, n_times=n_times, n_treated=20, effect=effect, noise=noise, seed=3
    ).panel


def refuses(given: Panel) -> EffectTable:
    raise IdentificationError.of(expected="better data", found="these", mend="find better ones")


def test_a_large_effect_survives_gaps_like_those_before() -> None:
    panel = drawn(effect=-2.0)
    check = trend_bounds(panel, path, bound=1.0)
    assert check.status == "passed"
    bounds = honest_bounds(path(panel), bounds=[1.0]).frame.iloc[0]
    assert check.detail["conf_high"].iloc[-1] == pytest.approx(bounds["conf_high"])
    assert bounds["conf_high"] < 0


def test_a_small_effect_does_not_survive_and_says_from_where() -> None:
    check = trend_bounds(drawn(effect=-0.15), path, bound=4.0)
    assert check.status == "failed"
    assert "it holds zero from" in check.seen


def test_a_null_has_nothing_to_survive() -> None:
    check = trend_bounds(drawn(effect=0.0), path)
    assert check.status == "could not be run"
    assert check.seen.startswith("the interval holds zero even under parallel trends")


def test_trend_power_is_that_of_roth() -> None:
    panel = drawn(effect=-0.5)
    check = trend_power(panel, path)
    made = pre_trend_power(path(panel), power=0.8)
    assert check.detail["slope"].iloc[0] == pytest.approx(made.slope)
    assert check.detail["bias"].iloc[0] == pytest.approx(made.bias)
    assert check.status == ("passed" if made.bias < path(panel).overall.std_error else "failed")


def test_the_unobserved_by_hand() -> None:
    """t = 4 with 39 degrees of freedom: f = 4/sqrt(39), RV = (sqrt(f^4 + 4 f^2) - f^2)/2."""
    panel = drawn(effect=-0.5)
    f = abs(single(panel).overall.statistic) / np.sqrt(39)
    wanted = (np.sqrt(f**4 + 4 * f**2) - f**2) / 2
    check = unobserved(panel, single, share=wanted - 0.01)
    assert check.detail["robustness"].iloc[0] == pytest.approx(wanted)
    assert check.status == "passed"
    assert unobserved(panel, single, share=wanted + 0.01).status == "failed"


@pytest.mark.parametrize("check", [trend_power, trend_bounds, unobserved])
def test_refusals_are_told(check) -> None:
    assert check(drawn(effect=0.0), refuses).status == "could not be run"
    told = check(drawn(effect=0.0), partial(event_study, inference="none"))
    assert told.status == "could not be run"
    assert told.seen
