"""Discounting, benefit and cost over years, break-even. Pure numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

#: How far from the central value a break-even is looked for, as multiples of it.
_REACH = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 161)])


def factors(rate: float, years: int) -> np.ndarray:
    """Discount factors of the years 1 to `years` at `rate` percent, shape (years,)."""
    return np.asarray((1 + rate / 100) ** -np.arange(1.0, years + 1))


def present_value(flows: np.ndarray, rate: float) -> np.ndarray:
    """Present value of flows at the ends of years 1, 2, ...; years are the last axis."""
    return np.asarray(flows @ factors(rate, flows.shape[-1]))


def net_present_value(
    setup: np.ndarray, benefits: np.ndarray, costs: np.ndarray, rate: float
) -> np.ndarray:
    """Present value of benefits less costs less the set-up, which is paid before year 1."""
    return np.asarray(present_value(benefits - costs, rate) - setup)


def benefit_cost_ratio(
    setup: np.ndarray, benefits: np.ndarray, costs: np.ndarray, rate: float
) -> np.ndarray:
    """Present value of benefits over that of costs and set-up; nan where nothing is paid."""
    paid = present_value(costs, rate) + setup
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(paid > 0, present_value(benefits, rate) / paid, np.nan))


def break_even(worth: Callable[[np.ndarray], np.ndarray], value: float) -> float:
    """Return the input at which `worth` is zero, nearest to `value`; nan where there is none.

    `worth` takes many inputs at once, shape (n,). Looked for between zero and ten thousand times
    `value`, on the side of its sign.
    """
    tried = value * _REACH
    levels = worth(tried)
    crossings = np.flatnonzero(np.sign(levels[:-1]) * np.sign(levels[1:]) < 0)
    if not crossings.size:
        return float("nan")
    at = crossings[np.argmin(np.abs(np.log(_REACH[crossings + 1])))]
    low, high = sorted((float(tried[at]), float(tried[at + 1])))

    def at_one(one: float) -> float:
        return float(worth(np.array([one]))[0])

    return float(optimize.brentq(at_one, low, high, xtol=1e-12, rtol=1e-12))
