"""Poisson pseudo-maximum likelihood: reforms and outcomes that are counts or amounts with zeros."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.errors import PanelError
from analysis.methods.effects import EffectTable
from analysis.methods.factors import Factor
from analysis.methods.panel import Panel
from analysis.methods.ratio import ratio, refuse_logs
from analysis.methods.terms import Effects, terms_of, without_anticipation
from analysis.methods.uncertainty import Inference, attach


def poisson(
    panel: Panel,
    *,
    effects: Effects = "overall",
    anticipation: int = 0,
    absorb: Sequence[Factor] = ("unit", "time"),
    covariates: Sequence[str] = (),
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT as a log ratio of expected outcomes, zeros kept.

    Parameters
    ----------
    panel : Panel
        Outcome in levels: counts or amounts, zero or more.
    effects : {"overall", "event_time"}
        One effect for all treated cells, or one for every event time and their mean weighted by
        treated cells.
    anticipation : int
        Times before the cohort in which treated units may already react. ``"overall"`` leaves
        those cells out; in ``"event_time"`` the base period is ``-1 - anticipation``.
    absorb : sequence of str or tuple of str
        Effects taken out: columns of the cells, or tuples of them whose combinations are levels,
        e.g. ``("unit", ("region", "time"))``. Any number, any size.
    covariates : sequence of str
        Covariates of the panel that enter linearly. Exact where the covariate is constant within
        a cell; otherwise it is the regression on cell means.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        Log ratios; ``to_percent`` gives exact percent. ``augment`` gives the expected outcome
        without treatment.

    Raises
    ------
    PanelError, IdentificationError
        If an outcome is negative, the outcome is in logs, or the effect is not identified: nobody
        treated, nobody untreated, or only zeros among treated cells (the estimate would be minus
        infinity).

    Notes
    -----
    .. math:: E[y_{it}] = \exp(\alpha_i + \lambda_t + \tau D_{it}), \quad
       \sum_{it} n_{it} (\bar y_{it} - \mu_{it}) (D_{it}, 1[i], 1[t]) = 0

    The score needs only cell sums, so cells give exactly the estimates and cluster-robust errors
    of the rows. Only the mean has to be right: no Poisson variance, no whole numbers. Assumes
    parallel trends of *ratios*: without the reform the expected outcomes of treated and control
    units would have grown by the same factor. No anticipation beyond `anticipation`, no
    spillovers.

    Cells that an effect fits perfectly (a unit or time with only zeros, and combinations of
    these) are separated: they carry no information, are left out, and are counted in the notes.

    CR1 counts every absorbed effect in its small-sample factor; fixest and pyfixest by default
    leave out effects nested in the cluster. A randomisation p-value is exact under no effect; its
    interval assumes a constant ratio and replaces each placebo estimate by its secant in it.

    References
    ----------
    Gourieroux, Monfort and Trognon (1984), Econometrica 52(3), 681-700. Santos Silva and
    Tenreyro (2006), doi:10.1162/rest.88.4.641. Correia, Guimaraes and Zylkin (2020),
    doi:10.1177/1536867X20909691. Wooldridge (2023), doi:10.1093/ectj/utad016.

    Examples
    --------
    Ten declarations become five where the control stays at eight: the ratio is halved.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"office": list("aabbcc"), "month": [1, 2] * 3,
    ...     "declarations": [10, 5, 8, 8, 0, 0], "first": [2, 2] + 4 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="office", time="month", outcome="declarations", cohort="first")
    >>> table = poisson(panel, inference="none")
    >>> round(table.to_percent().overall.estimate, 6)
    -50.0
    >>> table.notes[0][:27]
    '2 of 6 cells left out: the '
    """
    refuse_logs(panel)
    _refuse_negative(panel)
    panel = without_anticipation(panel, effects=effects, anticipation=anticipation)
    terms = terms_of(panel, effects=effects, anticipation=anticipation)
    made = ratio(
        panel,
        model="poisson",
        terms=terms,
        absorb=absorb,
        covariates=covariates,
        unit_of_measure="log points",
    )
    return terms.blank_base(
        attach(
            made.panel,
            made.estimates,
            estimator="poisson",
            inference=inference,
            conf_level=conf_level,
            seed=seed,
        )
    )


def _refuse_negative(panel: Panel) -> None:
    negative = int((panel.cells["outcome"] < 0).sum())
    if negative:
        raise PanelError.of(
            column=panel.outcome,
            expected="outcomes of zero or more",
            found=f"{negative} cells below zero",
            mend="use a method for levels, or correct the values",
        )
