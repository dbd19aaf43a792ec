"""Checks of how far an estimate leans on parallel trends, and on nothing unobserved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.checks import Check, Estimator, not_run, row, tried
from analysis.methods.effects import number
from analysis.methods.panel import Panel
from analysis.methods.sensitivity import confounding, honest_bounds, pre_trend_power

#: A trend counts as seen when the leads would show it with this probability.
SEEN = 0.8


def trend_power(panel: Panel, estimator: Estimator) -> Check:
    """Ask whether a trend gap that matters would have been seen in the leads.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Gives an event study with a covariance.

    Returns
    -------
    Check
        Fails when the slope that the leads would show in four of five draws moves the ATT overall
        by one standard error or more: then trends that matter pass the test of the leads unseen
        (Roth 2022, doi:10.1257/aeri.20210236).
    """
    ask = {
        "name": "trend_power",
        "question": "Would a trend gap that matters have been seen before the reform?",
        "required": "the slope seen with 80% power moves the estimate by less than one standard "
        "error",
    }
    table = tried(estimator, panel)
    if isinstance(table, str):
        return not_run(ask, table)
    made = tried(lambda: pre_trend_power(table, power=SEEN))
    if isinstance(made, str):
        return not_run(ask, made)
    error = table.overall.std_error
    seen = (
        f"a slope of {number(made.slope, signed=False)} a time is seen with {SEEN:.0%} power and "
        f"moves the estimate by {number(made.bias, signed=False)} "
        f"({number(made.bias / error, signed=False)} standard errors), by "
        f"{number(made.bias_if_passed, signed=False)} where every lead passes"
    )
    detail = pd.DataFrame(
        [
            row(
                table.overall,
                slope=made.slope,
                bias=made.bias,
                bias_if_passed=made.bias_if_passed,
            )
        ]
    )
    return Check(
        **ask, seen=seen, status="passed" if made.bias < error else "failed", detail=detail
    )


def trend_bounds(panel: Panel, estimator: Estimator, *, bound: float = 1.0) -> Check:
    """Ask whether the estimate survives trend gaps like those seen before the reform.

    Parameters
    ----------
    panel : Panel
    estimator : callable
        Gives an event study with a covariance.
    bound : float
        How much larger the largest step of the trend gap may be after the reform than before.

    Returns
    -------
    Check
        Fails when the interval under such gaps holds zero; cannot be run when it does even under
        parallel trends, as there is nothing to survive (Rambachan and Roth 2023,
        doi:10.1093/restud/rdad018).
    """
    ask = {
        "name": "trend_bounds",
        "question": "Does the estimate survive trend gaps like those before the reform?",
        "required": f"an interval that leaves out zero although later steps of the trend gap reach "
        f"{number(bound, signed=False)} times the largest before",
    }
    table = tried(estimator, panel)
    if isinstance(table, str):
        return not_run(ask, table)
    tries = sorted({0.0, bound / 4, bound / 2, bound})
    made = tried(lambda: honest_bounds(table, bounds=tries))
    if isinstance(made, str):
        return not_run(ask, made)
    last = made.frame.iloc[-1]
    said = (
        f"interval {number(last['conf_low'])} to {number(last['conf_high'])} at "
        f"{number(bound, signed=False)}"
    )
    if made.breakdown == 0:
        return Check(
            **ask,
            seen=f"the interval holds zero even under parallel trends; {said}",
            status="could not be run",
            detail=made.frame,
        )
    survives = not np.isfinite(made.breakdown)
    if not survives:
        said += f"; it holds zero from {number(made.breakdown, signed=False)} on"
    return Check(**ask, seen=said, status="passed" if survives else "failed", detail=made.frame)


def unobserved(panel: Panel, estimator: Estimator, *, share: float = 0.1) -> Check:
    """Ask how strong an unobserved confounder would have to be to explain the estimate.

    Parameters
    ----------
    panel : Panel
    estimator : callable
    share : float
        Share of the residual variance, of treatment and of outcome, that a confounder might
        explain: name what is thought strong for the case at hand.

    Returns
    -------
    Check
        Fails when a confounder of that strength would bring the estimate to zero. Degrees of
        freedom are the units less one, as for clusters (Cinelli and Hazlett 2020,
        doi:10.1111/rssb.12348).
    """
    ask = {
        "name": "unobserved",
        "question": "How strong would an unobserved confounder have to be?",
        "required": f"more than {share:.0%} of the residual variance of treatment and outcome",
    }
    table = tried(estimator, panel)
    if isinstance(table, str):
        return not_run(ask, table)
    overall = table.overall
    made = tried(lambda: confounding(overall.statistic, dof=float(overall.n_units - 1)))
    if isinstance(made, str):
        return not_run(ask, made)
    seen = (
        f"{made.robustness:.0%} of both would bring the estimate to zero, "
        f"{made.robustness_of_interval:.0%} would make its interval hold zero"
    )
    passed = made.robustness > share
    detail = pd.DataFrame([row(overall, robustness=made.robustness)])
    return Check(**ask, seen=seen, status="passed" if passed else "failed", detail=detail)
