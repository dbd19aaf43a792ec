"""The closed form against hand, against draws and against the full scenario."""

from collections.abc import Callable

import numpy as np
import pytest

from analysis.declarations import Scenario
from analysis.errors import DeclarationError
from analysis.scenarios import net_benefit, project

BASE = {
    "hours": 12.0,
    "hours_spread": 0.2,
    "covered": 11000.0,
    "value_of_day": 2.0,
    "value_spread": 0.3,
    "elasticity": 4.0,
    "setup": 40.0,
    "running": 8.0,
    "rate": 10.0,
    "years": 2,
}


def test_by_hand() -> None:
    made = net_benefit(**BASE)
    # 12 h at 2% a day is 1%: 110 m and 0.5 x 4 x 1% x 1% x 11,000 = 2.2 m a year
    assert made.yearly == pytest.approx(112.2)
    assert made.net == pytest.approx(-40 + 104.2 / 1.1 + 104.2 / 1.21)


def test_ends_are_those_of_draws() -> None:
    made = net_benefit(**BASE)
    random = np.random.default_rng(5)
    share = 0.01 * np.exp(random.normal(0, np.hypot(0.2, 0.3), 1_000_000))
    annuity = (1 - 1.1**-2) / 0.1
    drawn = annuity * (11000 * (share + 2 * share**2) - 8) - 40
    assert [made.low, made.high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), rel=0.005)


def test_agrees_with_the_full_scenario(
    make: Callable[..., Scenario], customs: dict[str, tuple[float, str]]
) -> None:
    changes = {
        "spread_cut": (0, "hour"),
        "clearance_cost": (0, "percent"),
        "elasticity_short": (4, "1"),
    }
    full = project(make("customs", customs | changes))
    assert net_benefit(**BASE).net == pytest.approx(full.net["central"], rel=1e-12)


def test_break_even_hours_give_zero() -> None:
    hours = net_benefit(**BASE).break_even_hours
    assert net_benefit(**{**BASE, "hours": hours}).net == pytest.approx(0, abs=1e-9)


def test_no_discounting() -> None:
    made = net_benefit(**{**BASE, "rate": 0.0})
    assert made.net == pytest.approx(2 * 104.2 - 40)


def test_nothing_covered_never_breaks_even() -> None:
    made = net_benefit(**{**BASE, "covered": 0.0})
    assert made.break_even_hours == np.inf
    assert made.high < 0


def test_negative_hours_are_refused() -> None:
    with pytest.raises(DeclarationError):
        net_benefit(**{**BASE, "hours": -1.0})
