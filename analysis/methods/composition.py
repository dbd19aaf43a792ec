"""Cells split by categories made unit x time cells again: as they came, or with the mix held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.panel import CELL_COLUMNS, Panel

#: Least share of a unit's weight before the reform that lies in categories seen at all its times.
LEAST_KEPT = 0.5


def pooled(panel: Panel) -> Panel:
    """Join the categories of every unit and time, weighted as they came.

    Parameters
    ----------
    panel : Panel
        Covariates are left out.

    Returns
    -------
    Panel
        The panel that `compress` gives without the categories, thresholds and bins left out.
    """
    cells = panel.cells
    moments = cells[["unit", "time", "cluster"]].assign(
        n=cells["n"],
        weight=cells["weight"],
        outcome=cells["weight"] * cells["outcome"],
        ss=cells["ss"] + cells["weight"] * cells["outcome"] ** 2,
    )
    joined = moments.groupby(["unit", "time", "cluster"], as_index=False, observed=True).sum()
    joined["outcome"] /= joined["weight"]
    joined["ss"] = (joined["ss"] - joined["weight"] * joined["outcome"] ** 2).clip(lower=0.0)
    return _plain(panel, joined)


def fixed_mix(panel: Panel) -> Panel:
    r"""Weigh the categories of every unit as they were before the first reform, at every time.

    Parameters
    ----------
    panel : Panel
        Cells split by categories.

    Returns
    -------
    Panel
        One cell a unit and time; weights and counts are those of the pooled cells.

    Raises
    ------
    IdentificationError
        If there are no categories, nobody is treated, or in some unit less than half of the weight
        before the reform lies in categories that it has at every one of its times.

    Notes
    -----
    With :math:`s_{ic}` the share of category c in the weight of unit i before the first cohort,

    .. math:: \tilde y_{it} = \sum_c s_{ic} \bar y_{itc} / \sum_c s_{ic},

    over the categories that the unit has at *every* time at which it is seen, so that the mix is
    the same at all times. A unit not seen before the first cohort keeps its mix over all times.
    The estimand changes with it: the effect on the old mix.
    """
    if not panel.categories or panel.cohorts.isna().all():
        raise IdentificationError.of(
            expected="cells split by categories, and a first reform",
            found=f"categories {', '.join(panel.categories) or 'none'}",
            mend="compress with categories",
        )
    keys = ["unit", *panel.categories]
    cells = panel.cells[["unit", "time", *panel.categories, "weight", "outcome"]].copy()
    times = cells.groupby("unit", observed=True)["time"].transform("nunique")
    always = cells.groupby(keys, observed=True)["time"].transform("nunique") == times
    early = cells["time"] < int(panel.cohorts.min())
    seen_early = early.groupby(cells["unit"]).transform("any")
    counted = cells["weight"].where(early | ~seen_early, 0.0)
    cells["share"] = counted.groupby([cells[key] for key in keys], observed=True).transform("sum")
    once = ~cells.duplicated(keys)
    kept = cells[once & always].groupby("unit", observed=True)["share"].sum()
    whole = cells[once].groupby("unit", observed=True)["share"].sum()
    _refuse_thin((kept.reindex(whole.index).fillna(0.0) / whole).astype(float))
    held = cells[always & (cells["share"] > 0)]
    sums = held.assign(outcome=held["share"] * held["outcome"])
    joined = sums.groupby(["unit", "time"], observed=True)[["outcome", "share"]].sum()
    made = pooled(panel).cells
    place = pd.MultiIndex.from_frame(made[["unit", "time"]])
    mean = (joined["outcome"] / joined["share"]).reindex(place)
    return _plain(panel, made.assign(outcome=mean.to_numpy(), ss=0.0))


def _refuse_thin(share: pd.Series) -> None:
    thin = share[~(share >= LEAST_KEPT)]
    if len(thin):
        raise IdentificationError.of(
            expected=f"categories seen at all times of a unit with {LEAST_KEPT:.0%} of its weight",
            found=f"{thin.iloc[0]:.0%} in {thin.index[0]}, and {len(thin) - 1} units more",
            mend="use coarser categories or longer times",
        )


def _plain(panel: Panel, cells: pd.DataFrame) -> Panel:
    return replace(
        panel,
        cells=cells.loc[:, list(CELL_COLUMNS)].reset_index(drop=True),
        categories=(),
        covariates=(),
        thresholds=(),
        bins=None,
        positions=None,
    )


def mix_shares(panel: Panel) -> pd.DataFrame:
    """Share of every category among treated and untreated units, before and after the reform.

    Parameters
    ----------
    panel : Panel
        Cells split by categories.

    Returns
    -------
    pandas.DataFrame
        Index categories; columns ``treated_before``, ``treated_after``, ``control_before``,
        ``control_after``, in percent of weight.
    """
    cells = panel.cells
    after = np.where(cells["time"] >= int(panel.cohorts.min()), "after", "before")
    side = np.where(cells["unit"].isin(panel.treated), "treated", "control")
    where = [f"{one}_{other}" for one, other in zip(side, after, strict=True)]
    told = cells.assign(where=where)
    sums = told.pivot_table(
        index=list(panel.categories),
        columns="where",
        values="weight",
        aggfunc="sum",
        fill_value=0.0,
        observed=True,
    )
    columns = ["treated_before", "treated_after", "control_before", "control_after"]
    return 100 * (sums / sums.sum()).reindex(columns=columns, fill_value=0.0)
