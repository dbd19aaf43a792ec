"""Treated series beside the series of units that are never treated, for synthetic comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.guards import wild_values
from analysis.methods.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One treated unit (or the mean of several) beside its donors.

    Attributes
    ----------
    name : str
        Of the treated unit, or of the units averaged.
    members : tuple
        Treated units behind the first series.
    cohort : int
        First treated time.
    times : numpy.ndarray
        Shape (T,).
    series : numpy.ndarray
        Outcomes; column 0 is treated, the others are donors; shape (T, 1 + J).
    donors : numpy.ndarray
        Names of the donors; shape (J,).
    predictors : numpy.ndarray
        Further rows to match on; shape (m, 1 + J).
    """

    name: str
    members: tuple[object, ...]
    cohort: int
    times: np.ndarray
    series: np.ndarray
    donors: np.ndarray
    predictors: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def n_before(self) -> int:
        """Number of times before the reform."""
        return int((self.times < self.cohort).sum())

    @property
    def event_times(self) -> np.ndarray:
        """Times minus cohort; shape (T,)."""
        return np.asarray(self.times - self.cohort)


def pools(
    panel: Panel,
    *,
    group: Literal["unit", "cohort"] = "unit",
    covariates: Sequence[str] = (),
    lags: Sequence[int] = (),
    least_before: int = 2,
    least_donors: int = 2,
) -> list[Pool]:
    """Lay every treated unit (or cohort mean) beside the units that are never treated.

    Parameters
    ----------
    panel : Panel
        Donors are the units never treated inside the window.
    group : {"unit", "cohort"}
        One pool a treated unit, or one a cohort with the mean of its units.
    covariates, lags : sequence
        Covariates, as means over the times before the reform, and times of the outcome to match.
    least_before, least_donors : int
        Smallest counts that are accepted.

    Returns
    -------
    list of Pool

    Raises
    ------
    IdentificationError
        Nobody treated, one value far beyond all others, too few times before, none after, too few
        donors, unknown predictors.
    """
    IdentificationError.raise_if(wild_values(panel))
    wide = panel.wide()
    treated = [unit for unit in panel.treated if (wide.loc[unit].notna()).any()]
    if not treated:
        raise IdentificationError.of(
            expected="at least one unit treated inside the window",
            found=f"none of {panel.n_units}",
            mend="widen the window or check the cohorts",
        )
    firsts = {unit: int(panel.cohorts[unit]) for unit in treated}
    donors = wide.drop(index=treated)
    if group == "unit":
        sets = [((unit,), firsts[unit]) for unit in treated]
    else:
        sets = [
            (tuple(unit for unit in treated if firsts[unit] == first), first)
            for first in sorted(set(firsts.values()))
        ]
    made = [_pool(wide, donors, members, first) for members, first in sets]
    for pool in made:
        _refuse_thin(pool, least_before=least_before, least_donors=least_donors)
    return [_with_predictors(panel, pool, covariates, lags) for pool in made]


def _pool(
    wide: pd.DataFrame, donors: pd.DataFrame, members: tuple[object, ...], first: int
) -> Pool:
    own = wide.loc[list(members)]
    seen = own.notna().all(axis=0).to_numpy()
    others = donors.loc[:, seen].dropna()
    series = np.vstack([own.loc[:, seen].to_numpy(dtype=float).mean(axis=0), others.to_numpy()])
    return Pool(
        name=" + ".join(map(str, members)),
        members=members,
        cohort=first,
        times=own.columns.to_numpy()[seen].astype(int),
        series=np.asarray(series.T, dtype=float),
        donors=others.index.to_numpy(),
    )


def _refuse_thin(pool: Pool, *, least_before: int, least_donors: int) -> None:
    after = len(pool.times) - pool.n_before
    if pool.n_before < least_before or after < 1:
        raise IdentificationError.of(
            expected=f"at least {least_before} times before the reform and one after",
            found=f"{pool.n_before} before and {after} after for {pool.name}",
            mend="widen the window or check the cohort",
        )
    if len(pool.donors) < least_donors:
        raise IdentificationError.of(
            expected=f"at least {least_donors} never treated units seen at all times of the unit",
            found=f"{len(pool.donors)} for {pool.name}",
            mend="add donors, or narrow the window to the times at which donors are seen",
        )


def _with_predictors(
    panel: Panel, pool: Pool, covariates: Sequence[str], lags: Sequence[int]
) -> Pool:
    if not covariates and not lags:
        return pool
    unknown = [name for name in covariates if name not in panel.covariates]
    late = [time for time in lags if time not in pool.times[: pool.n_before]]
    if unknown or late:
        raise IdentificationError.of(
            expected="covariates of the panel and times before the reform",
            found=f"covariates {', '.join(unknown) or 'known'}; times {late or 'known'}",
            mend=f"choose among {', '.join(panel.covariates) or 'no covariates'} "
            f"and {pool.times[0]} to {pool.cohort - 1}",
        )
    before = pool.times[: pool.n_before]
    columns = []
    for name in covariates:
        means = panel.wide(name).loc[:, before].mean(axis=1)
        own = means[means.index.isin(pool.members)].mean()
        others = means.reindex(pool.donors).to_numpy(dtype=float)
        columns.append(np.concatenate([[own], others]))
    picked = [int(np.flatnonzero(pool.times == time)[0]) for time in lags]
    rows = np.vstack([*columns, pool.series[picked]]) if columns else pool.series[picked]
    return Pool(**{name: getattr(pool, name) for name in _KEPT}, predictors=rows)


_KEPT = ("name", "members", "cohort", "times", "series", "donors")
