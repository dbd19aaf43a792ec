"""Cox regression of spells with a treatment that switches on, censoring and strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from analysis.methods.spells import Spells
from analysis.methods.uncertainty import Estimates, Refit, attach

#: What may be a stratum with its own baseline hazard, or a set of dummies.
Effect = Literal["unit", "time"]
#: Condition number of the standardised information from which terms count as collinear.
COLLINEAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Episodes:
    """Stretches of spells within which nothing changes."""

    rows: pd.DataFrame  # unit, cluster, time, entry, exit, event and covariates
    cohort: np.ndarray  # of every stretch, nan = never


def cox(
    spells: Spells,
    *,
    strata: Sequence[Effect] = ("unit",),
    dummies: Sequence[Effect] = ("time",),
    ties: Literal["efron", "breslow"] = "efron",
    inference: Literal["recommended", "CR1", "randomisation", "none"] = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT on the hazard as a log hazard ratio, without choosing bins.

    Parameters
    ----------
    spells : Spells
        Microdata. With ``per_time`` every spell is cut where treatment switches on, and where
        the calendar time turns if there are time effects.
    strata : sequence of {"unit", "time"}
        Every combination has a baseline hazard of its own.
    dummies : sequence of {"unit", "time"}
        Effects that shift the baseline in proportion.
    ties : {"efron", "breslow"}
        How spells that end at the same duration are ordered.
    inference : {"recommended", "CR1", "randomisation", "none"}
        Randomisation gives an exact p-value under no effect and no interval. What is recommended
        with few treated units is `hazard`, whose estimate is linear enough for other inference.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row ``ATT overall`` and one for every covariate of `spells`, log hazard ratios.

    Raises
    ------
    IdentificationError
        If nobody is treated while at risk, all spells end at one length, or the treatment is
        collinear with the effects.

    Notes
    -----
    .. math:: h_{s}(d) = h_{0,s}(d) \exp(\lambda_{t} + \tau D_{it} + z \gamma)

    by the partial likelihood of statsmodels ``PHReg``, a stretch being at risk in (entry, exit]
    as in R's survival. The errors are clustered by score residuals of Breslow's form (CR1 with
    factor ``G / (G - 1)``). The time of ``PHReg`` grows with the stretches times the square of
    the terms: use `hazard` beyond some ten thousand spells. Assumes proportional hazards, and
    censoring that does not depend on the remaining duration given the terms.

    References
    ----------
    Cox (1972), doi:10.1111/j.2517-6161.1972.tb00899.x. Lin and Wei (1989),
    doi:10.1080/01621459.1989.10478874.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> start = rng.integers(0, 4, 800)
    >>> office = rng.integers(0, 8, 800)
    >>> treated = (office < 4) & (start >= 2)
    >>> frame = pd.DataFrame({"office": office, "month": start, "released": 1,
    ...     "hours": rng.exponential(size=800) / np.where(treated, 2.0, 1.0),
    ...     "first": np.where(office < 4, 2, np.nan)})
    >>> spells = Spells.from_frame(frame, unit="office", start="month", duration="hours",
    ...     event="released", cohort="first")
    >>> effect = cox(spells, inference="CR1").overall
    >>> bool(effect.conf_low < np.log(2) < effect.conf_high)
    True
    """
    panel = _counts(spells)
    _refuse_untreated(panel)
    _refuse_alike(spells)
    fitted = _fit(spells, strata=strata, dummies=dummies, ties=ties)

    def refit(other: Panel, outcomes: np.ndarray) -> np.ndarray:
        moved = spells.with_cohorts(other.cohorts)
        try:
            again = _fit(moved, strata=strata, dummies=dummies, ties=ties).estimate
        except IdentificationError:
            again = np.full(len(fitted.estimate), np.nan)
        return np.tile(again, (outcomes.shape[1], 1))

    asked: Refit | None = refit if inference == "randomisation" else None
    names = ["treatment", *spells.covariates]
    return attach(
        panel,
        Estimates(
            labels=pd.DataFrame(
                {
                    "estimand": ["ATT overall", *(f"effect of {n}" for n in spells.covariates)],
                    "term": names,
                }
            ),
            estimate=fitted.estimate,
            influence=fitted.influence,
            factor=len(fitted.influence) / max(len(fitted.influence) - 1, 1),
            refit=asked,
            linear=False,
        ),
        estimator="cox",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


def episodes(spells: Spells, *, by_time: bool = True) -> pd.DataFrame:
    """Cut spells where treatment switches on.

    Parameters
    ----------
    spells : Spells
    by_time : bool
        Whether to cut where the calendar time turns too.

    Returns
    -------
    pandas.DataFrame
        One row a stretch: ``unit``, ``cluster``, ``time``, ``entry``, ``exit``, ``event``,
        ``treated`` and the covariates; a spell keeps its event in its last stretch.
    """
    cut = _cut(spells) if by_time else _cut_once(spells)
    treated = (cut.rows["time"].to_numpy() >= cut.cohort).astype(float)
    return cut.rows.assign(treated=treated)


def _cut(spells: Spells) -> _Episodes:
    rows = spells.rows
    start, duration = rows["start"].to_numpy(), rows["duration"].to_numpy()
    first = np.floor(start).astype(int)
    if spells.per_time is None:
        pieces = np.ones(len(rows), dtype=int)
    else:
        last = np.ceil(start + duration / spells.per_time).astype(int) - 1
        pieces = np.maximum(last - first + 1, 1)
    spell = np.repeat(np.arange(len(rows)), pieces)
    piece = np.arange(len(spell)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    time = first[spell] + piece
    per_time = 1.0 if spells.per_time is None else spells.per_time
    entry = np.where(piece == 0, 0.0, (time - start[spell]) * per_time)
    final = piece == pieces[spell] - 1
    end = np.where(final, duration[spell], (time + 1 - start[spell]) * per_time)
    made = rows.iloc[spell].reset_index(drop=True)
    made = made.assign(
        time=time, entry=entry, exit=end, event=np.where(final, made["event"], 0.0)
    ).drop(columns=["start", "duration"])
    positions = spells.cohorts.index.get_indexer(pd.Index(made["unit"]))
    cohort = spells.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.inf)[positions]
    kept = made["exit"].to_numpy() > made["entry"].to_numpy()
    return _Episodes(rows=made[kept].reset_index(drop=True), cohort=cohort[kept])


def _cut_once(spells: Spells) -> _Episodes:
    rows, switch = spells.rows, spells.switch
    duration = rows["duration"].to_numpy()
    inside = (switch > 0) & (switch < duration)
    before = rows.assign(
        entry=0.0,
        exit=np.where(inside, switch, duration),
        event=np.where(inside, 0.0, rows["event"]),
        on=switch <= 0,
    )
    after = rows.assign(entry=switch, exit=duration, on=True)[inside]
    made = pd.concat([before, after], ignore_index=True)
    time = np.floor(made["start"]).astype("int64")
    cohort = np.where(made["on"], -np.inf, np.inf)
    return _Episodes(
        rows=made.assign(time=time).drop(columns=["start", "duration", "on"]), cohort=cohort
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    estimate: np.ndarray  # (k,)
    influence: np.ndarray  # (G, k)


def _fit(
    spells: Spells, *, strata: Sequence[Effect], dummies: Sequence[Effect], ties: str
) -> _Fitted:
    from statsmodels.duration.hazard_regression import PHReg

    rows = _seen_to_end(episodes(spells, by_time="time" in (*strata, *dummies)), dummies)
    ended = rows.groupby("treated")["event"].sum()
    if len(ended) < 2 or not (ended > 0).all():
        raise _collinear()
    group = pd.factorize(pd.MultiIndex.from_frame(rows[list(strata)]))[0] if strata else None
    shown = rows[["treated", *spells.covariates]].to_numpy(dtype=float)
    beside = [pd.get_dummies(rows[name], dtype=float).to_numpy()[:, 1:] for name in dummies]
    design = np.hstack([shown, *beside])
    kept = _varying(design, group)
    if not kept[: shown.shape[1]].all():
        raise _collinear()
    model = PHReg(
        rows["exit"].to_numpy(),
        design[:, kept],
        status=rows["event"].to_numpy(),
        entry=_just_after(rows["entry"].to_numpy(), rows["exit"].to_numpy()),
        strata=group,
        ties=ties,
    )
    try:
        found = model.fit(disp=0)
    except np.linalg.LinAlgError as error:
        raise _collinear() from error
    information = -model.hessian(found.params)
    size = np.sqrt(np.diag(information))
    if not (size > 0).all():
        raise _collinear()
    if np.linalg.eigvalsh(information / np.outer(size, size))[0] < COLLINEAR:
        raise _collinear()
    scores = np.nan_to_num(found.score_residuals)
    scores = scores - scores.mean(axis=0)  # with Efron ties they are those of Breslow
    cluster = pd.factorize(rows["cluster"], sort=True)[0]
    sums = np.column_stack([np.bincount(cluster, column) for column in scores.T])
    count = shown.shape[1]
    return _Fitted(
        estimate=np.asarray(found.params[:count]),
        influence=np.asarray((sums @ np.linalg.inv(information))[:, :count]),
    )


def _just_after(entry: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Shift entries so that a stretch is at risk in (entry, exit], not at its entry itself.

    PHReg takes a stretch that enters at t as at risk at t; R's survival does not.
    """
    step = np.diff(np.unique(np.concatenate([entry, end]))).min(initial=1.0)
    return np.asarray(np.where(entry > 0, entry + step / 2, 0.0))


def _seen_to_end(rows: pd.DataFrame, dummies: Sequence[Effect]) -> pd.DataFrame:
    """Leave out levels of dummies in which no spell ends: their effect is minus infinity."""
    for name in dummies:
        rows = rows[rows.groupby(name, observed=True)["event"].transform("sum") > 0]
    if rows.empty:
        raise _collinear()
    return rows.reset_index(drop=True)


def _varying(design: np.ndarray, group: np.ndarray | None) -> np.ndarray:
    """Which columns vary inside some stratum, (p,)."""
    code = np.zeros(len(design), dtype=int) if group is None else group
    size = np.bincount(code)
    away = [column - (np.bincount(code, column) / size)[code] for column in design.T]
    return np.array([bool(np.abs(column).max() > 1e-12) for column in away])


def _counts(spells: Spells) -> Panel:
    """Spells by unit and the time they end: the counts a reader sees beside the estimate."""
    moved = 0.0 if spells.per_time is None else spells.rows["duration"] / spells.per_time
    rows = spells.rows.assign(time=np.floor(spells.rows["start"] + moved).astype("int64"))
    grouped = rows.groupby(["unit", "time", "cluster"], observed=True)["event"]
    cells = grouped.agg(n="size", outcome="mean").reset_index()
    n, share = cells["n"].astype(float), cells["outcome"].astype(float)
    cells = cells.assign(n=n, weight=n, ss=n * share * (1 - share))
    return Panel(
        cells=cells[["unit", "time", "cluster", "n", "weight", "outcome", "ss"]],
        cohorts=spells.cohorts,
        outcome=spells.outcome,
        scale="log",
        unit_of_measure="log hazard ratio",
    )


def _refuse_untreated(panel: Panel) -> None:
    if panel.n_treated == 0 or (
        panel.n_treated == panel.n_units and len(panel.cohorts.unique()) == 1
    ):
        raise IdentificationError.of(
            expected="units treated inside the window, and others",
            found=f"{panel.n_treated} treated of {panel.n_units} units, at one time",
            mend="widen the window, check the cohorts, or add comparison units",
        )


def _refuse_alike(spells: Spells) -> None:
    """Cox compares the order of ends: where all spells end alike there is none."""
    rows = spells.rows
    if rows["event"].all() and np.ptp(rows["duration"].to_numpy()) == 0:
        raise IdentificationError.of(
            expected="spells of different lengths",
            found=f"{len(rows):,} spells of length {rows['duration'].iloc[0]:g}, all of them ended",
            mend="check the column: nothing can be learnt from a constant",
        )


def _collinear() -> IdentificationError:
    error = IdentificationError.of(
        expected="a treatment and covariates that vary beyond strata and dummies",
        found="a term that does not, or that separates spells that end from others",
        mend="use fewer strata or dummies, or check that some spells end while treated",
    )
    return IdentificationError(*error.faults)
