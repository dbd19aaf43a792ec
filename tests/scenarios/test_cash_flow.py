"""Discounting and break-even, by hand."""

import math

import numpy as np
import pytest

from analysis.scenarios import cash_flow


def test_net_present_value_by_hand() -> None:
    # -100 + 60/1.1 + 60/1.21 = -100 + 54.5455 + 49.5868 = 4.1322
    benefits, costs = np.array([70.0, 80.0]), np.array([10.0, 20.0])
    made = cash_flow.net_present_value(np.array(100.0), benefits, costs, 10)
    assert made == pytest.approx(4.132231, abs=1e-6)
    # Gains: 70/1.1 + 80/1.21 = 129.7521; costs: 100 + 10/1.1 + 20/1.21 = 125.6198
    ratio = cash_flow.benefit_cost_ratio(np.array(100.0), benefits, costs, 10)
    assert ratio == pytest.approx(129.752066 / 125.619835, rel=1e-7)


def test_at_a_rate_of_zero_years_simply_add() -> None:
    assert cash_flow.present_value(np.full(7, 3.0), 0) == pytest.approx(21.0)


def test_draws_are_kept_apart() -> None:
    benefits = np.array([[11.0, 0.0], [0.0, 12.1]])
    made = cash_flow.net_present_value(np.array([1.0, 2.0]), benefits, np.zeros(2), 10)
    assert made == pytest.approx([9.0, 8.0])


def test_nothing_paid_gives_no_ratio() -> None:
    assert math.isnan(cash_flow.benefit_cost_ratio(np.array(0.0), np.ones(2), np.zeros(2), 5))


@pytest.mark.parametrize(("value", "root"), [(5.0, 2.0), (1.0, 2.0), (0.001, 2.0)])
def test_break_even_is_where_worth_is_zero(value: float, root: float) -> None:
    assert cash_flow.break_even(lambda x: 3 * x - 6, value) == pytest.approx(root)


def test_break_even_of_a_negative_input_is_sought_on_its_side() -> None:
    assert cash_flow.break_even(lambda x: -x - 10, -25.0) == pytest.approx(-10.0)


def test_no_break_even_is_said() -> None:
    assert math.isnan(cash_flow.break_even(lambda x: x + 10, 5.0))
