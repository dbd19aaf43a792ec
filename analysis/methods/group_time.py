"""Numeric core of group-time ATTs: which pairs of periods, their estimates and influence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from analysis.errors import Fault, IdentificationError
from analysis.methods.influence import Influence
from analysis.methods.panel import Panel
from analysis.methods.regression import codes
from analysis.methods.two_by_two import Adjustment, Pair, compare

ControlGroup = Literal["never_treated", "not_yet_treated"]
BasePeriod = Literal["varying", "universal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How pairs are chosen and compared; see `group_time_att`."""

    control_group: ControlGroup
    anticipation: int
    base_period: BasePeriod
    adjustment: Adjustment
    covariates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """A panel as arrays; n units, T times, C classes of units with the same cohort.

    Attributes
    ----------
    outcome : numpy.ndarray
        Shape (n, T, m), nan where a cell is absent.
    times, firsts : numpy.ndarray
        Shapes (T,) and (C,): times; first treated time of every class, rising, inf = untreated
        throughout the window.
    members, weights : numpy.ndarray
        Class and weight of every unit, (n,).
    covariates : numpy.ndarray
        Shape (n, T, p), the constant not among them.
    clusters : numpy.ndarray or None
        Cluster code of every unit, None where every unit is its own.
    balanced : bool
        Whether every unit is seen at every time.
    """

    outcome: np.ndarray
    times: np.ndarray
    firsts: np.ndarray
    members: np.ndarray
    weights: np.ndarray
    covariates: np.ndarray
    clusters: np.ndarray | None
    balanced: bool

    @classmethod
    def of(cls, panel: Panel, *, covariates: tuple[str, ...] = ()) -> Wide:
        """Spread the cells of `panel` over units and times."""
        first = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.inf)
        times = panel.times
        first = np.where(first > times[-1], np.inf, first)
        firsts, members = np.unique(first, return_inverse=True)
        shape = (panel.n_units, len(times), len(covariates))
        values = np.empty(shape)
        for number, name in enumerate(covariates):
            values[:, :, number] = panel.wide(name).to_numpy()
        return cls(
            outcome=panel.wide().to_numpy()[:, :, None],
            times=times,
            firsts=firsts,
            members=members,
            weights=_unit_weights(panel),
            covariates=values,
            clusters=_unit_clusters(panel),
            balanced=len(panel.cells) == shape[0] * shape[1],
        )

    def dealt(self, panel: Panel, outcomes: np.ndarray) -> Wide:
        """Return the same units with the cohorts of `panel` and the cell values `outcomes` (N, m).

        Classes keep their numbers: the cohorts are those of this panel, given to other units.
        """
        first = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.inf)
        first = np.where(first > self.times[-1], np.inf, first)
        shape = (len(first), len(self.times), outcomes.shape[1])
        if len(outcomes) == shape[0] * shape[1]:
            values = outcomes.reshape(shape)
        else:
            values = np.full(shape, np.nan)
            values[codes(panel.cells["unit"]), codes(panel.cells["time"])] = outcomes
        return replace(self, members=np.searchsorted(self.firsts, first), outcome=values)

    def class_means(self) -> np.ndarray:
        """Weighted mean outcome of every class at every time, (C, T, m)."""
        n, n_times, m = self.outcome.shape
        place = (self.members, np.arange(n))
        shape = (len(self.firsts), n)
        picked = sparse.csr_array((self.weights, place), shape=shape)
        sums = picked @ self.outcome.reshape(n, -1)
        return np.asarray(sums / self.class_weights[:, None]).reshape(-1, n_times, m)

    @property
    def class_weights(self) -> np.ndarray:
        """Sum of the weights of every class, (C,)."""
        return np.bincount(self.members, self.weights, len(self.firsts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The comparisons; K of them.

    Attributes
    ----------
    cohort, time, base : numpy.ndarray
        Class, and positions of the times, (K,).
    controls : numpy.ndarray
        Which classes serve as controls, (K, C).
    """

    cohort: np.ndarray
    time: np.ndarray
    base: np.ndarray
    controls: np.ndarray

    @property
    def is_base(self) -> np.ndarray:
        """Whether a pair compares the base period with itself, (K,)."""
        return np.asarray(self.time == self.base)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTime:
    """Group-time ATTs.

    Attributes
    ----------
    estimate : numpy.ndarray
        Shape (m, K).
    influence : Influence or None
        Of the first outcome.
    n_treated, n_control : numpy.ndarray
        Units behind every estimate, (K,).
    """

    estimate: np.ndarray
    influence: Influence | None
    n_treated: np.ndarray
    n_control: np.ndarray


def choose_pairs(wide: Wide, options: Options) -> Pairs:
    """List the comparisons of every cohort and time.

    Raises
    ------
    IdentificationError
        Naming every cohort and time without a control unit.
    """
    times, firsts = wide.times, wide.firsts
    reach = times + options.anticipation
    rows = []
    last = len(times)
    if not np.isinf(firsts).any() and options.control_group == "not_yet_treated":
        last = int(np.searchsorted(times, firsts[-1] - options.anticipation))
    for number, first in enumerate(firsts):
        before = np.flatnonzero(reach < first)
        if np.isinf(first) or not len(before) or first > times[last - 1]:
            continue
        own = int(before[-1])
        for now in range(last):
            if options.base_period == "universal":
                rows.append((number, now, own))
            elif now > 0:
                rows.append((number, now, own if times[now] >= first else now - 1))
    table = np.array(rows, dtype=int).reshape(-1, 3)
    cohort, time, base = table.T
    return Pairs(
        cohort=cohort, time=time, base=base, controls=_controls(wide, options, cohort, time, base)
    )


def _controls(
    wide: Wide, options: Options, cohort: np.ndarray, time: np.ndarray, base: np.ndarray
) -> np.ndarray:
    never = np.isinf(wide.firsts)
    if options.control_group == "never_treated":
        return np.tile(never, (len(cohort), 1))
    latest = wide.times[np.maximum(time, base)] + options.anticipation
    later = wide.firsts[None, :] > latest[:, None]
    later[np.arange(len(cohort)), cohort] = False
    return np.asarray(later | never)


def estimate(wide: Wide, pairs: Pairs, options: Options, *, with_influence: bool) -> GroupTime:
    """Estimate every pair.

    Raises
    ------
    IdentificationError
        Naming cohort, time and counts of every pair without treated or control units.
    """
    if wide.balanced and not options.covariates:
        return _from_means(wide, pairs, with_influence=with_influence)
    return _one_by_one(wide, pairs, options, with_influence=with_influence)


def mean_loadings(pairs: Pairs, class_weights: np.ndarray, n_times: int) -> sparse.csr_array:
    """Weights of class means in every ATT(g,t): own change less that of all controls, (C T, K)."""
    size, which = len(class_weights), np.arange(len(pairs.cohort))
    k, c = np.nonzero(pairs.controls)
    own, share = np.ones(len(which)), (class_weights[c] / (pairs.controls @ class_weights)[k])
    start, from_ = pairs.cohort * n_times, c * n_times
    rows = [start + pairs.time, start + pairs.base, from_ + pairs.time[k], from_ + pairs.base[k]]
    values = np.concatenate([own, -own, -share, share])
    place = (np.concatenate(rows), np.concatenate([which, which, k, k]))
    return sparse.csr_array((values, place), shape=(size * n_times, len(which)))


def _from_means(wide: Wide, pairs: Pairs, *, with_influence: bool) -> GroupTime:
    counts = np.bincount(wide.members, minlength=len(wide.firsts))
    n_treated, n_control = counts[pairs.cohort], pairs.controls @ counts
    refuse_empty(wide, pairs, n_treated, n_control)
    class_means, n_times = wide.class_means(), len(wide.times)
    weights = mean_loadings(pairs, wide.class_weights, n_times)
    return GroupTime(
        estimate=np.asarray(class_means.reshape(len(counts) * n_times, -1).T @ weights),
        influence=_influence(wide, pairs, class_means[:, :, 0]) if with_influence else None,
        n_treated=n_treated,
        n_control=n_control,
    )


def _influence(wide: Wide, pairs: Pairs, class_means: np.ndarray) -> Influence:
    """Contributions as (deviations from class means, weight) x loadings of every class."""
    size, n_times = class_means.shape
    W, m = wide.class_weights, n_times + 1
    order = np.argsort(wide.members, kind="stable")
    w = wide.weights[order][:, None]
    factors = np.empty((len(w), m))
    starts = _starts(wide)
    np.take(wide.outcome[:, :, 0], order, axis=0, out=factors[:, :-1])
    for mean, first, last in zip(class_means, starts[:-1], starts[1:], strict=True):
        factors[first:last, :-1] -= mean
    if (w != 1).any():
        factors[:, :-1] *= w
    factors[:, -1:] = w
    change = class_means[:, pairs.time] - class_means[:, pairs.base]  # (C, K)
    shares = pairs.controls.T * W[:, None]
    shares = shares / shares.sum(axis=0)
    off = shares * (change - (shares * change).sum(axis=0)) / W[:, None]
    inner = mean_loadings(pairs, W, n_times).tocoo()
    block, time = np.divmod(inner.coords[0], n_times)
    k, c = np.nonzero(pairs.controls)
    rows = np.concatenate([block * m + time, c * m + n_times])
    values = np.concatenate([inner.data / W[block], -off[c, k]])
    place = (rows, np.concatenate([inner.coords[1], k]))
    return Influence(
        factors=factors,
        starts=starts,
        order=order,
        loadings=sparse.csr_array((values, place), shape=(size * m, len(pairs.cohort))),
        clusters=None if wide.clusters is None else wide.clusters[order],
    )


def _starts(wide: Wide) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(np.bincount(wide.members, minlength=len(wide.firsts)))])


def _one_by_one(wide: Wide, pairs: Pairs, options: Options, *, with_influence: bool) -> GroupTime:
    n, _, m = wide.outcome.shape
    count = len(pairs.cohort)
    found, n_treated, n_control = np.full((m, count), np.nan), np.zeros(count), np.zeros(count)
    psi = np.zeros((n, count))
    seen = ~np.isnan(wide.outcome[:, :, 0])
    for k in range(count):
        now, base = pairs.time[k], pairs.base[k]
        treated = wide.members == pairs.cohort[k]
        rows = (treated | pairs.controls[k][wide.members]) & seen[:, now] & seen[:, base]
        n_treated[k], n_control[k] = (treated & rows).sum(), (rows & ~treated).sum()
        if now == base:
            found[:, k] = 0.0
        elif n_treated[k] and n_control[k]:
            pair = _compared(wide, pairs, options, k, rows, strict=with_influence)
            found[:, k] = np.nan if pair is None else pair.estimate
            psi[rows, k] = 0.0 if pair is None else pair.influence
    if with_influence:
        refuse_empty(wide, pairs, n_treated, n_control)
    return GroupTime(
        estimate=found,
        influence=_plain_influence(wide, psi) if with_influence else None,
        n_treated=n_treated.astype(int),
        n_control=n_control.astype(int),
    )


def _compared(
    wide: Wide, pairs: Pairs, options: Options, k: int, rows: np.ndarray, *, strict: bool
) -> Pair | None:
    now, base = pairs.time[k], pairs.base[k]
    try:
        return compare(
            wide.outcome[rows, now] - wide.outcome[rows, base],
            wide.members[rows] == pairs.cohort[k],
            weights=wide.weights[rows],
            covariates=np.column_stack([np.ones(rows.sum()), wide.covariates[rows, base]]),
            adjustment=options.adjustment if options.covariates else "regression",
        )
    except IdentificationError as error:
        if not strict:
            return None
        place = f"cohort {wide.firsts[pairs.cohort[k]]:.0f} at time {wide.times[now]}"
        raise IdentificationError(
            *(replace(fault, found=f"{fault.found}, {place}") for fault in error.faults)
        ) from error


def _plain_influence(wide: Wide, psi: np.ndarray) -> Influence:
    size, count = len(wide.firsts), psi.shape[1]
    order = np.argsort(wide.members, kind="stable")
    blocks = [sparse.eye_array(count + 1, count)] * size
    return Influence(
        factors=np.column_stack([psi, wide.weights])[order],
        starts=_starts(wide),
        order=order,
        loadings=sparse.csr_array(sparse.vstack(blocks)),
        clusters=None if wide.clusters is None else wide.clusters[order],
    )


def refuse_empty(wide: Wide, pairs: Pairs, treated: np.ndarray, controls: np.ndarray) -> None:
    """Refuse pairs without a treated or a control unit, each named."""
    if not len(pairs.cohort):
        raise IdentificationError.of(
            expected="a cohort with a time before its reform and units to compare it with",
            found=f"cohorts {', '.join(f'{first:.0f}' for first in wide.firsts)}",
            mend="widen the window, or lower anticipation",
        )
    IdentificationError.raise_if(
        Fault(
            expected="treated and control units seen at the time and at the base period",
            found=(
                f"{treated[k]:.0f} treated and {controls[k]:.0f} control units for cohort "
                f"{wide.firsts[pairs.cohort[k]]:.0f} at time {wide.times[pairs.time[k]]}, "
                f"base period {wide.times[pairs.base[k]]}"
            ),
            mend="use control_group='not_yet_treated', keep fewer times, or leave the cohort out",
        )
        for k in np.flatnonzero((np.minimum(treated, controls) == 0) & ~pairs.is_base)
    )


def _unit_weights(panel: Panel) -> np.ndarray:
    """Mean cell weight of every unit before the first reform (over all times if unseen then)."""
    weights = panel.cells["weight"].to_numpy(dtype=float)
    if (weights == weights[0]).all():
        return np.ones(panel.n_units)
    unit = codes(panel.cells["unit"])
    before = panel.cells["time"].to_numpy() < float(panel.cohorts.min())
    size = panel.n_units
    early = np.bincount(unit, weights * before, size), np.bincount(unit, before, size)
    always = np.bincount(unit, weights, size) / np.bincount(unit, minlength=size)
    return np.where(early[1] > 0, early[0] / np.maximum(early[1], 1), always)


def _unit_clusters(panel: Panel) -> np.ndarray | None:
    cluster, unit = panel.cells["cluster"], panel.cells["unit"]
    if cluster is unit or cluster.equals(unit):
        return None
    code, position = codes(cluster), codes(unit)
    first = np.full(panel.n_units, -1)
    first[position[::-1]] = code[::-1]
    if (first[position] != code).any():
        raise IdentificationError.of(
            expected="one cluster for a unit",
            found=f"units whose cluster changes, e.g. {unit[first[position] != code].iloc[0]}",
            mend="name a cluster column that is constant within the unit",
        )
    return first
