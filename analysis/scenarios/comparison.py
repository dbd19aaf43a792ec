"""All scenarios on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.errors import DeclarationError
from analysis.scenarios.results import ScenarioResult


def compare(results: Sequence[ScenarioResult]) -> pd.DataFrame:
    """Put net present values side by side: same money, horizon and rate.

    Returns
    -------
    pandas.DataFrame
        One row a scenario: scenario, title, central, median, range_low, range_high, unit, ratio,
        positive (share of draws above zero, percent), rate, horizon, simulated; highest first.

    Raises
    ------
    DeclarationError
        The scenarios differ in money, horizon or headline rate.
    """
    terms = {(r.scenario.money, r.scenario.horizon, r.scenario.headline_rate) for r in results}
    if len(terms) != 1:
        raise DeclarationError.of(
            expected="scenarios in one money, over one horizon, at one rate",
            found="; ".join(f"{m}, {h} years, {p:g}%" for m, h, p in sorted(terms)) or "none",
            mend="declare them alike before they are compared",
        )
    rows = []
    for result in results:
        scenario, net = result.scenario, result.net
        draws = result.draws[f"net_{scenario.headline_rate:g}"]
        rows.append(
            {
                "scenario": scenario.id,
                "title": scenario.title,
                "central": net["central"],
                "median": net["median"],
                "range_low": net["range_low"],
                "range_high": net["range_high"],
                "unit": net["unit"],
                "ratio": result.headline["central"].iloc[-1],
                "positive": 100 * float((draws > 0).mean()),
                "rate": scenario.headline_rate,
                "horizon": scenario.horizon,
                "simulated": result.simulated,
            }
        )
    frame = pd.DataFrame(rows)
    return frame.sort_values("central", ascending=False, ignore_index=True)
