"""Discrete-time hazard: how a reform changes the chance that a spell ends now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from analysis.errors import PanelError
from analysis.methods.effects import EffectTable
from analysis.methods.factors import Factor
from analysis.methods.panel import Panel
from analysis.methods.ratio import ratio, refuse_logs
from analysis.methods.terms import Effects, terms_of, without_anticipation
from analysis.methods.uncertainty import Inference, attach

_UNITS = {"cloglog": "log hazard ratio", "logit": "log odds ratio"}


def hazard(
    panel: Panel,
    *,
    link: Literal["cloglog", "logit"] = "cloglog",
    effects: Effects = "overall",
    anticipation: int = 0,
    absorb: Sequence[Factor] = ("unit", "time", "duration"),
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT on the hazard of spells as a log ratio, censoring allowed for.

    Parameters
    ----------
    panel : Panel
        Made by `spells_to_panel`: cells by unit, calendar time and bin of duration, with the
        spells at risk and the share that end in the bin.
    link : {"cloglog", "logit"}
        ``"cloglog"`` gives log hazard ratios of the underlying continuous time, whatever the
        bins; ``"logit"`` gives log odds ratios.
    effects : {"overall", "event_time"}
        One effect, or one for every calendar time since the reform.
    anticipation : int
        Times before the cohort in which treated units may already react.
    absorb : sequence of str or tuple of str
        Effects taken out. ``("unit", "time")`` as one tuple gives office-month effects, which
        need a treatment that varies within an office and month.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        Log ratios of the hazard; above zero means shorter spells. ``to_percent`` gives the exact
        change of the hazard (or odds) in percent.

    Raises
    ------
    PanelError, IdentificationError
        If outcomes are not shares, or the effect is not identified.

    Notes
    -----
    .. math:: \log(-\log(1 - h_{itd})) = \alpha_i + \lambda_t + \gamma_d + \tau D_{it}

    maximised over cells with the spells at risk as weights: the likelihood of all person-periods.
    Treatment switches on at calendar time ``g_i``, also inside a spell. Censoring must not depend
    on the remaining duration given the effects; unobserved differences between spells make the
    ratio drift towards zero with duration. CR1 uses the expected information.

    References
    ----------
    Prentice and Gloeckler (1978), doi:10.2307/2529588. Allison (1982), doi:10.2307/270718.
    Jenkins (1995), doi:10.1111/j.1468-0084.1995.tb00031.x.

    Examples
    --------
    The hazard of office a doubles with the reform, that of b stays:

    >>> import numpy as np
    >>> import pandas as pd
    >>> log_hazard = {("a", 1): 0.2, ("a", 2): 0.4, ("b", 1): 0.3, ("b", 2): 0.3}
    >>> cells = pd.DataFrame(
    ...     [{"unit": u, "time": t, "cluster": u, "n": 1000.0, "weight": 1000.0,
    ...       "outcome": 1 - np.exp(-h), "ss": 0.0, "duration": 1}
    ...      for (u, t), h in log_hazard.items()])
    >>> panel = Panel(cells=cells, cohorts=pd.Series({"a": 2, "b": None}, dtype="Int64"),
    ...               outcome="released", categories=("duration",))
    >>> round(hazard(panel, inference="none").to_percent().overall.estimate, 6)
    100.0
    """
    refuse_logs(panel)
    _refuse_not_shares(panel)
    panel = without_anticipation(panel, effects=effects, anticipation=anticipation)
    terms = terms_of(panel, effects=effects, anticipation=anticipation)
    made = ratio(
        panel,
        model=link,
        terms=terms,
        absorb=absorb,
        covariates=(),
        unit_of_measure=_UNITS[link],
    )
    table = attach(
        made.panel,
        made.estimates,
        estimator="hazard",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )
    return terms.blank_base(table)


def _refuse_not_shares(panel: Panel) -> None:
    outside = int((~panel.cells["outcome"].between(0, 1)).sum())
    if outside:
        raise PanelError.of(
            column=panel.outcome,
            expected="the share of spells at risk that end, between 0 and 1",
            found=f"{outside} cells outside",
            mend="make the panel with spells_to_panel",
        )
