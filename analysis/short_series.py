"""What a handful of published counts can and cannot say: growth, shares, extrapolations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import DataError, Fault

#: How a published figure stands to the true one.
Bound = Literal["exact", "over", "under", "about"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One count of one whole year.

    Attributes
    ----------
    region, counter : str
        What was counted, and by whose rule.
    year : int
    value : float
    bound : {"exact", "over", "under", "about"}
        Whether the value is exact, a floor, a ceiling, or neither.
    """

    region: str
    counter: str
    year: int
    value: float
    bound: Bound


def whole_years(table: pd.DataFrame, *, column: str) -> tuple[Count, ...]:
    """Give the counts of whole years, by region, counter and year.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``region``, ``counter``, ``first`` and ``last`` (year or month), `column` and
        ``<column>_bound``.
    column : str
        What is counted.

    Returns
    -------
    tuple of Count
        Where one counter gives "A" and "B" exactly but not "A and B", their sum is added.

    Raises
    ------
    DataError
        If no year is counted whole.
    """
    held = table[(table["first"] == table["last"]) & table[column].notna()]
    held = held[held["first"].astype(str).str.fullmatch(r"\d{4}")]
    found = [
        Count(
            region=str(row["region"]),
            counter=str(row["counter"]),
            year=int(str(row["first"])),
            value=float(row[column]),
            bound=row[f"{column}_bound"],
        )
        for row in held.to_dict("records")
    ]
    if not found:
        raise DataError(
            Fault(
                column=column,
                expected="a count of a whole year",
                found="none",
                mend="give first and last the same year",
            )
        )
    names = {str(name) for name in table["region"]}
    return tuple(
        sorted([*found, *_sums(found, names)], key=lambda c: (c.region, c.counter, c.year))
    )


def _sums(found: Sequence[Count], names: set[str]) -> list[Count]:
    exact = {(c.region, c.counter, c.year): c.value for c in found if c.bound == "exact"}
    known = {(c.region, c.counter, c.year) for c in found}
    added = []
    for both in sorted(name for name in names if " and " in name):
        first, _, second = both.partition(" and ")
        for region, counter, year in exact:
            other = (second, counter, year)
            if region == first and other in exact and (both, counter, year) not in known:
                value = exact[region, counter, year] + exact[other]
                added.append(
                    Count(region=both, counter=counter, year=year, value=value, bound="exact")
                )
    return added


def series(counts: Sequence[Count], *, region: str, counter: str) -> tuple[Count, ...]:
    """Give one region by one rule, in order of years."""
    held = [c for c in counts if c.region == region and c.counter == counter]
    return tuple(sorted(held, key=lambda c: c.year))


def yearly_growth(counts: Sequence[Count]) -> float:
    """Mean growth a year from the first to the last count, as a share."""
    first, last = counts[0], counts[-1]
    return float((last.value / first.value) ** (1 / (last.year - first.year)) - 1)


def ratio_bound(upper: Bound, lower: Bound) -> Bound:
    """Say how a ratio stands to the true one, given how its two parts do."""
    if upper == lower == "exact":
        return "exact"
    if "about" in (upper, lower) or (upper == lower):
        return "about"
    if lower == "exact":
        return upper
    if upper == "exact":
        return "under" if lower == "over" else "over"
    return "over" if (upper, lower) == ("over", "under") else "under"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """What would have been counted in a later year, by one way to go on from earlier counts.

    Attributes
    ----------
    way : str
        How it was made.
    year : int
    value : float
    low, high : float
        Prediction interval; nan where the counts support none.
    dof : int
        Counts less the parameters that were fitted; zero where nothing is left to judge by.
    """

    way: str
    year: int
    value: float
    low: float = np.nan
    high: float = np.nan
    dof: int = 0


def line_on(
    counts: Sequence[Count], *, year: int, logs: bool, conf_level: float = 0.95
) -> Counterfactual:
    r"""Draw a straight line through earlier counts on to a later year.

    Parameters
    ----------
    counts : sequence of Count
        At least two years.
    year : int
    logs : bool
        Whether the line goes through logarithms: steady growth instead of steady gains.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Counterfactual

    Notes
    -----
    Least squares; the interval is :math:`\hat y \pm t_{n-2}\, s \sqrt{1 + 1/n + (t - \bar t)^2 /
    \sum (t_i - \bar t)^2}`. It holds for independent errors around a line that goes on, of which
    a few counts can show neither. With two counts there is none.
    """
    from scipy import stats

    at = np.array([c.year for c in counts], dtype=float)
    y = np.array([c.value for c in counts], dtype=float)
    y = np.log(y) if logs else y
    away, n = at - at.mean(), len(at)
    slope = float(away @ y / (away @ away))
    centre = float(y.mean() + slope * (year - at.mean()))
    half = np.nan
    if n > 2:
        left = y - y.mean() - slope * away
        size = float(np.sqrt(left @ left / (n - 2)))
        far = 1 + 1 / n + (year - at.mean()) ** 2 / (away @ away)
        half = float(stats.t.ppf((1 + conf_level) / 2, n - 2)) * size * float(np.sqrt(far))
    ends = np.array([centre, centre - half, centre + half])
    value, low, high = np.exp(ends) if logs else np.array([ends[0], max(ends[1], 0.0), ends[2]])
    way = "steady growth goes on" if logs else "steady gains go on"
    return Counterfactual(
        way=way, year=year, value=float(value), low=float(low), high=float(high), dof=n - 2
    )


def counterfactuals(
    before: Sequence[Count], whole: Sequence[Count], *, year: int
) -> tuple[Counterfactual, ...]:
    """Go on from earlier counts in every way that a few counts allow.

    Parameters
    ----------
    before : sequence of Count
        One region by one rule, in order.
    whole : sequence of Count
        The whole of which the region is a part, any rule; used where it was counted in the last
        year before and in `year`.
    year : int

    Returns
    -------
    tuple of Counterfactual
        Nothing changes; the share of the whole stays; steady gains; steady growth.
    """
    last = before[-1]
    found = [Counterfactual(way="nothing changes", year=year, value=last.value)]
    of = {c.year: c.value for c in whole}
    if last.year in of and year in of:
        value = last.value / of[last.year] * of[year]
        found.append(Counterfactual(way="the share of the whole stays", year=year, value=value))
    if len(before) > 1:
        found += [line_on(before, year=year, logs=logs) for logs in (False, True)]
    return tuple(found)
