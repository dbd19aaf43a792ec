"""Goodman-Bacon decomposition: which two-by-two comparisons a two-way coefficient averages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.guards import refuse_degenerate
from analysis.methods.panel import Panel
from analysis.methods.uncertainty import Estimates, attach

KINDS = ("treated against untreated", "earlier against later", "later against earlier")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition(EffectTable):
    """Effects of the comparisons, with their weights.

    Attributes
    ----------
    comparisons : pandas.DataFrame
        ``kind``, ``cohort``, ``against`` (missing = never treated), ``estimate``, ``weight``; the
        weights sum to one.
    """

    comparisons: pd.DataFrame


def decompose(panel: Panel) -> Decomposition:
    r"""Split the two-way fixed effects coefficient into its two-by-two comparisons.

    Parameters
    ----------
    panel : Panel
        Balanced, with equal weights.

    Returns
    -------
    Decomposition
        An `EffectTable` with one row a comparison, one a kind of comparison (its weighted mean),
        and the weighted sum of all, which equals `difference_in_differences`. Its
        ``comparisons`` hold the weights. There is no uncertainty: it explains a coefficient.

    Raises
    ------
    IdentificationError
        If a cell is absent or weights differ, where the comparisons do not add up to the
        coefficient; if nobody is treated inside the window.

    Notes
    -----
    For cohorts k < l with shares n and treated shares of time D, :math:`n_{kl} = n_k/(n_k+n_l)`,
    weights are proportional to

    .. math::
       s_{kU} &= (n_k+n_U)^2 n_{kU}(1-n_{kU}) D_k(1-D_k) \\
       s_{kl}^k &= ((n_k+n_l)(1-D_l))^2 n_{kl}(1-n_{kl})
                  \frac{D_k-D_l}{1-D_l}\frac{1-D_k}{1-D_l} \\
       s_{kl}^l &= ((n_k+n_l)D_k)^2 n_{kl}(1-n_{kl}) \frac{D_l}{D_k}\frac{D_k-D_l}{D_k}

    Comparisons *later against earlier* use units already treated as controls: they are wrong
    where effects grow over time. Units treated before the window are a comparison group of their
    own, always treated, and count as earlier.

    References
    ----------
    Goodman-Bacon (2021), doi:10.1016/j.jeconom.2021.03.014.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": list("aaabbbccc"), "time": [1, 2, 3] * 3,
    ...     "hours": [9.0, 6.0, 5.0, 8.0, 8.0, 7.0, 7.0, 8.0, 9.0],
    ...     "first": 3 * [2] + 3 * [3] + 3 * [None]})
    >>> panel = Panel.from_frame(
    ...     frame, unit="unit", time="time", outcome="hours", cohort="first")
    >>> decompose(panel).comparisons[["cohort", "against", "estimate", "weight"]].round(3)
       cohort  against  estimate  weight
    0       2     <NA>      -5.0   0.333
    1       3     <NA>      -2.5   0.333
    2       2        3      -3.0   0.167
    3       3        2       0.0   0.167
    """
    refuse_degenerate(panel)
    wide = panel.wide()
    _refuse_uneven(panel, wide)
    pieces = _pieces(panel, wide)
    weight, value = pieces["weight"].to_numpy(), pieces["estimate"].to_numpy()
    kinds = [kind for kind in KINDS if (pieces["kind"] == kind).any()]
    means = []
    for kind in kinds:
        one = (pieces["kind"] == kind).to_numpy()
        means.append(float(value[one] @ weight[one] / weight[one].sum()))
    labels = pd.DataFrame(
        {
            "estimand": ["2 x 2 comparison"] * len(pieces)
            + [f"mean of {kind}" for kind in kinds]
            + ["TWFE coefficient"],
            "term": [*pieces["term"], *kinds, "weighted sum"],
            "cohort": pd.array([*pieces["cohort"], *[pd.NA] * (len(kinds) + 1)], dtype="Int64"),
        }
    )
    estimates = Estimates(
        labels=labels,
        estimate=np.array([*value, *means, float(value @ weight)]),
        headline=len(labels) - 1,
        notes=tuple(
            f"{pieces.loc[pieces['kind'] == kind, 'weight'].sum():.4f} of the weight is on {kind}."
            for kind in kinds
        ),
    )
    table = attach(
        panel, estimates, estimator="decompose", inference="none", conf_level=0.95, seed=0
    )
    return Decomposition(
        frame=table.frame,
        headline=table.headline,
        notes=table.notes,
        comparisons=pieces.drop(columns="term"),
    )


def _pieces(panel: Panel, wide: pd.DataFrame) -> pd.DataFrame:
    times, values = wide.columns.to_numpy(), wide.to_numpy()
    first = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.inf)
    first = np.where(first > times[-1], np.inf, np.maximum(first, times[0]))
    groups = np.unique(first)
    share = {g: float((first == g).mean()) for g in groups}
    treated = {g: float((times >= g).mean()) for g in groups}
    path = {g: values[first == g].mean(axis=0) for g in groups}

    def change(g: float, after: np.ndarray, before: np.ndarray) -> float:
        return float(path[g][after].mean() - path[g][before].mean())

    rows = []
    for k in groups[np.isfinite(groups)]:
        for other in groups[groups > k]:
            n = share[k] + share[other]
            split = share[k] * share[other] / n**2
            if np.isinf(other):
                if k > times[0]:
                    after = times >= k
                    gap = change(k, after, ~after) - change(other, after, ~after)
                    weight = n**2 * split * treated[k] * (1 - treated[k])
                    rows.append((KINDS[0], k, np.nan, gap, weight))
                continue
            early, mid, late = times < k, (times >= k) & (times < other), times >= other
            if k > times[0]:
                gap = change(k, mid, early) - change(other, mid, early)
                weight = n**2 * split * (treated[k] - treated[other]) * (1 - treated[k])
                rows.append((KINDS[1], k, other, gap, weight))
            gap = change(other, late, mid) - change(k, late, mid)
            weight = n**2 * split * treated[other] * (treated[k] - treated[other])
            rows.append((KINDS[2], other, k, gap, weight))
    frame = pd.DataFrame(rows, columns=["kind", "cohort", "against", "estimate", "weight"])
    frame = frame.sort_values("kind", key=lambda kind: kind.map(KINDS.index), kind="stable")
    frame = frame.reset_index(drop=True)
    frame["weight"] /= frame["weight"].sum()
    frame = frame.astype({"cohort": "Int64", "against": "Int64"})
    against = frame["against"].astype(str).where(frame["against"].notna(), "untreated")
    frame["term"] = frame["cohort"].astype(str) + " against " + against
    return frame


def _refuse_uneven(panel: Panel, wide: pd.DataFrame) -> None:
    absent = int(wide.isna().to_numpy().sum())
    weights = panel.cells["weight"].to_numpy()
    if absent or np.ptp(weights) > 1e-12 * weights[0]:
        raise IdentificationError.of(
            expected="every unit at every time, with equal weights",
            found=f"{absent} cells absent, weights from {weights.min():g} to {weights.max():g}",
            mend="balance the panel: otherwise the comparisons do not add up to the coefficient",
        )
