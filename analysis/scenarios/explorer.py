"""The customs-time case in closed form, small enough to be mirrored line by line elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.errors import DeclarationError
from analysis.scenarios.monte_carlo import Z95


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBenefit:
    """Net present value in millions of the money given, with its 95 % range.

    `yearly` is the gross benefit of one year in the central case, `break_even_hours` the hours
    at which the net present value is zero.
    """

    net: float
    low: float
    high: float
    yearly: float
    break_even_hours: float


def net_benefit(
    *,
    hours: float,
    hours_spread: float,
    covered: float,
    value_of_day: float,
    value_spread: float,
    elasticity: float,
    setup: float,
    running: float,
    rate: float,
    years: int,
) -> NetBenefit:
    """Net present value of `hours` saved at the border each year for `years` years.

    Parameters
    ----------
    hours, value_of_day : float
        Hours saved for each consignment; percent of value per day. Medians of two independent
        lognormal variables.
    hours_spread, value_spread : float
        Standard deviations of their logarithms (zero = known exactly).
    covered : float
        Trade under the reform, millions a year.
    elasticity : float
        Trade elasticity, in absolute value.
    setup, running : float
        Cost before the first year, and in every year, millions.
    rate : float
        Discount rate, percent.
    years : int
        Years of benefit, one or more.

    Returns
    -------
    NetBenefit

    Notes
    -----
    With s = hours/24 * value_of_day/100, the benefit of a year is b = covered (s + elasticity
    s^2 / 2); the annuity a = (1 - (1+r)^-years) / r, or `years` at r = 0; net = a (b - running) -
    setup. b grows with s and s is lognormal, so the ends of the range are b at s times
    exp(+-z sqrt(hours_spread^2 + value_spread^2)), z = 1.959963984540054: exact, no draws. The
    break-even solves the quadratic in s.

    Examples
    --------
    >>> net_benefit(hours=8, hours_spread=0, covered=1000, value_of_day=0.6, value_spread=0,
    ...             elasticity=0, setup=0, running=0, rate=0, years=10).net
    20.0
    """
    if min(hours, covered, value_of_day) < 0 or years < 1 or rate < 0:
        raise DeclarationError.of(
            expected="hours, trade, value of a day and rate not below zero; at least one year",
            found=f"{hours}, {covered}, {value_of_day}, {rate}, {years}",
            mend="correct the number",
        )
    r = rate / 100
    annuity = years if r == 0 else (1 - (1 + r) ** -years) / r
    share = hours / 24 * value_of_day / 100
    spread = Z95 * math.hypot(hours_spread, value_spread)

    def yearly(s: float) -> float:
        return covered * (s + elasticity * s * s / 2)

    def net(s: float) -> float:
        return annuity * (yearly(s) - running) - setup

    needed = (running + setup / annuity) / covered if covered else math.inf
    root = 2 * needed / (1 + math.sqrt(1 + 2 * elasticity * needed)) if covered else math.inf
    return NetBenefit(
        net=net(share),
        low=net(share * math.exp(-spread)),
        high=net(share * math.exp(spread)),
        yearly=yearly(share),
        break_even_hours=root * 24 * 100 / value_of_day if value_of_day else math.inf,
    )
