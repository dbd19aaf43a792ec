"""What a faster clearance would mean for provincial trade, step by step, and whether it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.declarations import Claim, Fact, Parameter
from analysis.errors import DeclarationError, Fault

HOURS_A_DAY = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the arithmetic: a quantity with its range, its unit and where it comes from."""

    quantity: str
    low: float
    high: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceArithmetic:
    """Expected change of provincial trade if the claimed cut of clearance time were true.

    Attributes
    ----------
    steps : tuple of Step
        From the claimed cut to the change of provincial trade, in order.
    trade_low, trade_high : float
        Expected change of trade in the affected flows, percent.
    province_low, province_high : float
        Expected change of all trade of the province, percent; an upper bound, as the affected
        share is one.
    detectable : float
        Smallest change province data can show, percent.
    """

    steps: tuple[Step, ...]
    trade_low: float
    trade_high: float
    province_low: float
    province_high: float
    detectable: float

    @property
    def can_be_seen(self) -> bool:
        """Whether the largest expected change reaches what province data can show."""
        return self.province_high >= self.detectable

    @property
    def sentence(self) -> str:
        """The arithmetic in one sentence."""
        verb = "can" if self.can_be_seen else "cannot"
        return (
            f"If the claim were true, provincial trade would be {self.province_low:.1f} to "
            f"{self.province_high:.1f} percent higher; province data show changes of "
            f"{self.detectable:.0f} percent or more, so they {verb} test the claim."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceFigures:
    """The figures behind the arithmetic, each with its source.

    Attributes
    ----------
    claim : Claim
        The claimed change of clearance time, percent (negative = faster).
    mean_hours : Fact
        Mean clearance time before, hours.
    affected_trade, all_trade : Fact
        Trade the reform can reach at most, and all trade of the province, in the same unit.
    value_of_a_day : Parameter
        Percent of value per day.
    elasticities : tuple of Parameter
        Percent of trade per percent of price; the range over all is used.
    """

    claim: Claim
    mean_hours: Fact
    affected_trade: Fact
    all_trade: Fact
    value_of_a_day: Parameter
    elasticities: tuple[Parameter, ...]


def clearance_arithmetic(
    figures: ClearanceFigures, *, minimum_detectable_effect: float
) -> ClearanceArithmetic:
    r"""Work out what the claimed cut of clearance time would do to provincial trade.

    Parameters
    ----------
    figures : ClearanceFigures
    minimum_detectable_effect : float
        Of province data, in log points.

    Returns
    -------
    ClearanceArithmetic

    Raises
    ------
    DeclarationError
        A figure is missing or the claim is not a cut.

    Notes
    -----
    .. math:: \Delta = c \, h / 24 \cdot v \cdot \epsilon \cdot s

    with the claimed cut *c*, mean hours *h*, cost of a day *v*, trade elasticity
    :math:`\epsilon` and affected share *s*. Two assumptions are generous: the national mean stands
    for spare parts, and all trade of bonded zones counts as affected.
    """
    cut = -_number(figures.claim.value, figures.claim.id, "a claimed cut") / 100
    if cut <= 0:
        raise DeclarationError(
            Fault(
                expected="a claimed cut: a negative percent change",
                found=str(figures.claim.value),
                mend="name the claim on clearance time",
                column=figures.claim.id,
            )
        )
    hours = _number(figures.mean_hours.number, figures.mean_hours.id, "hours")
    share = _share(figures)
    saved = cut * hours
    days = saved / HOURS_A_DAY
    day = figures.value_of_a_day
    worth = (days * day.low, days * day.high)
    least = min(one.low for one in figures.elasticities)
    most = max(one.high for one in figures.elasticities)
    trade = (worth[0] * least, worth[1] * most)
    province = (trade[0] * share / 100, trade[1] * share / 100)
    detectable = 100 * math.expm1(minimum_detectable_effect)
    steps = (
        _point("Claimed cut of clearance time", 100 * cut, "percent", figures.claim.id),
        _point("Mean clearance time of imports", hours, "hours", figures.mean_hours.id),
        _point("Time saved", saved, "hours", "computed"),
        _point("Time saved", days, "days", "computed"),
        Step(quantity=day.quantity, low=day.low, high=day.high, unit=day.unit, source=day.id),
        _range("Cost saved", worth, "percent of value", "computed"),
        _range("Trade elasticity", (least, most), figures.elasticities[0].unit, _ids(figures)),
        _range("Expected change of the affected trade", trade, "percent", "computed"),
        _point("Affected share, at most", share, "percent of trade", _share_ids(figures)),
        _range("Expected change of provincial trade", province, "percent", "computed"),
        _point("Smallest change province data show", detectable, "percent", "estimated"),
    )
    return ClearanceArithmetic(
        steps=steps,
        trade_low=trade[0],
        trade_high=trade[1],
        province_low=province[0],
        province_high=province[1],
        detectable=detectable,
    )


def _share(figures: ClearanceFigures) -> float:
    part, whole = figures.affected_trade, figures.all_trade
    if part.unit != whole.unit:
        raise DeclarationError(
            Fault(
                expected=f"trade in {whole.unit}, as fact {whole.id}",
                found=part.unit,
                mend="name two facts in the same unit",
                column=part.id,
            )
        )
    return 100 * _number(part.number, part.id, "trade") / _number(whole.number, whole.id, "trade")


def _share_ids(figures: ClearanceFigures) -> str:
    return f"{figures.affected_trade.id} / {figures.all_trade.id}"


def _ids(figures: ClearanceFigures) -> str:
    return ", ".join(one.id for one in figures.elasticities)


def _point(quantity: str, value: float, unit: str, source: str) -> Step:
    return Step(quantity=quantity, low=value, high=value, unit=unit, source=source)


def _range(quantity: str, ends: Sequence[float], unit: str, source: str) -> Step:
    return Step(quantity=quantity, low=ends[0], high=ends[1], unit=unit, source=source)


def _number(value: float | None, name: str, what: str) -> float:
    if value is None:
        raise DeclarationError(
            Fault(expected=what, found="no number", mend="name a figure that is one", column=name)
        )
    return value
