"""The rules, each at its edge, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.disclosure import RULES, Rules


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        ([1.0] * 10, None),
        ([1.0] * 9, "fewer than 10 firms"),
        ([1.0] * 9 + [0.0] * 5, "fewer than 10 firms"),  # who brings nothing is not there
        ([1.0] * 9 + [1e-12], "fewer than 10 firms"),
        # The second largest takes its 50 off: 20 are left, less than 10 % of 1000.
        ([1000, 50, *[2.5] * 8], "the largest firm could be told to 10 percent"),
        ([1000, 50, *[12.5] * 8], "2 firms hold more than 85 percent"),  # 100 are left: just enough
        ([500, 340, *[20] * 8], None),  # 84 %
        ([500, 360, *[17.5] * 8], "2 firms hold more than 85 percent"),  # 86 %
    ],
)
def test_sums_of_what_firms_bring(brought: list[float], said: str | None) -> None:
    assert RULES.why_not(np.array(brought, dtype=float)) == said
    assert RULES.why_not(np.array(brought[::-1], dtype=float)) == said


def test_dominance_alone_does_not_count_firms() -> None:
    assert RULES.dominated(np.array([1.0, 1, 1, 1])) is None
    assert RULES.dominated(np.zeros(3)) is None
    assert RULES.dominated(np.array([100.0, 1, 1])) is not None


def test_leverage_of_one_half_is_too_much() -> None:
    assert RULES.leans(np.array([0.5, 0.3, 0.2])) is not None
    assert RULES.leans(np.array([0.49, 0.31, 0.2])) is None
    assert RULES.leans(np.zeros(3)) is None


def test_counts_and_amounts_are_rounded_by_rule() -> None:
    assert [RULES.count(n) for n in (0, 4, 5, 14, 15, 1234)] == [0, 0, 10, 10, 20, 1230]
    given = np.array([0.0, -0.0123456, 98765.43, np.nan, np.inf])
    assert RULES.amount(given).tolist()[:3] == pytest.approx([0.0, -0.01235, 98770.0])
    assert np.isnan(RULES.amount(given)[3])
    assert np.isinf(RULES.amount(given)[4])


def test_rules_are_those_of_the_report() -> None:
    assert Rules(firms=10, p=10, n=2, k=85, leverage=0.5, base=10, digits=4) == RULES
