"""Scenarios: what a reform would be worth, under stated conditions, with all uncertainty.

`project` carries a declared scenario to hours, trade and money; `Carried` puts an estimate with
its covariance in place of an input; `compare` sets scenarios side by side; `net_benefit` is the
customs-time case in closed form.
"""

from analysis.scenarios.comparison import compare
from analysis.scenarios.explorer import NetBenefit, net_benefit
from analysis.scenarios.monte_carlo import Carried
from analysis.scenarios.projection import project
from analysis.scenarios.results import ScenarioResult, summary

__all__ = [
    "Carried",
    "NetBenefit",
    "ScenarioResult",
    "compare",
    "net_benefit",
    "project",
    "summary",
]
