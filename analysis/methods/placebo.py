"""Placebo in space: what the method finds in units where nothing happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import comb

import numpy as np
from scipy import stats

from analysis.methods import inference as numeric
from analysis.methods.counterfactual import Fitted, Rows, Uncertainty, gaps, no_uncertainty
from analysis.methods.donor_pool import Pool

Fit = Callable[[Pool], Fitted]

#: Placebo groups are all listed up to this number and drawn beyond.
MAX_DRAWS = 1_999
#: With fewer placebo groups than this no test at 5 % can reject, so no p-value is printed.
LEAST_DRAWS = 19


def placebo_pool(pool: Pool, chosen: Sequence[int]) -> Pool:
    """Return the pool with the donors `chosen` as treated and without the treated unit."""
    rest = [j for j in range(len(pool.donors)) if j not in set(chosen)]
    columns = [1 + j for j in chosen]
    others = [1 + j for j in rest]
    series = np.column_stack([pool.series[:, columns].mean(axis=1), pool.series[:, others]])
    predictors = pool.predictors
    if predictors.size:
        predictors = np.column_stack([predictors[:, columns].mean(axis=1), predictors[:, others]])
    return Pool(
        name=" + ".join(str(pool.donors[j]) for j in chosen),
        members=tuple(pool.donors[j] for j in chosen),
        cohort=pool.cohort,
        times=pool.times,
        series=series,
        donors=pool.donors[rest],
        predictors=predictors,
    )


def placebo_gaps(made: Sequence[Pool], fit: Fit, *, seed: int) -> np.ndarray:
    """Gaps of placebo groups, stacked like those of the treated; shape (n_groups, total times).

    Parameters
    ----------
    made : sequence of Pool
    fit : callable
        Gives the counterfactual path of a pool.
    seed : int
        Of the draws, where there are too many groups to list.

    Notes
    -----
    A group has as many donors as there are treated units, each donor once; donor d in the place of
    treated unit i gets its cohort and is compared with the other donors; the treated units never
    serve as donors.
    """
    sizes = [len(pool.members) for pool in made]
    if max(sizes) == 1:
        alone = [_alone(pool, fit) for pool in made]
        positions = [{name: j for j, name in enumerate(pool.donors)} for pool in made]
        return np.array(
            [
                np.concatenate([alone[i][positions[i][name]] for i, name in enumerate(group)])
                for group in _groups(made, seed=seed)
            ]
        )
    return np.array([_together(made, sizes, group, fit) for group in _groups(made, seed=seed)])


def _alone(pool: Pool, fit: Fit) -> np.ndarray:
    swapped = [placebo_pool(pool, [j]) for j in range(len(pool.donors))]
    return np.array([gaps([other], [fit(other)]) for other in swapped])


def _together(
    made: Sequence[Pool], sizes: list[int], group: tuple[object, ...], fit: Fit
) -> np.ndarray:
    start, parts = 0, []
    for pool, size in zip(made, sizes, strict=True):
        names = group[start : start + size]
        start += size
        where = [int(np.flatnonzero(pool.donors == name)[0]) for name in names]
        other = placebo_pool(pool, where)
        parts.append(gaps([other], [fit(other)]))
    return np.concatenate(parts)


def _groups(made: Sequence[Pool], *, seed: int) -> Iterator[tuple[object, ...]]:
    """Yield groups of distinct donors seen by all pools, in the order of the treated units."""
    shared = [name for name in made[0].donors if all(name in set(p.donors) for p in made)]
    size = sum(len(pool.members) for pool in made)
    alike = len({pool.cohort for pool in made}) == 1
    if alike and comb(len(shared), size) <= MAX_DRAWS:
        yield from combinations(shared, size)
        return
    rng = np.random.default_rng(seed)
    for _ in range(MAX_DRAWS):
        yield tuple(shared[j] for j in rng.choice(len(shared), size=size, replace=False))


def fit_sizes(made: Sequence[Pool], rows: Rows, stacked: np.ndarray) -> np.ndarray:
    """Pre-period root mean squared gap behind every row; shape (..., k).

    Parameters
    ----------
    stacked : numpy.ndarray
        Gaps; shape (..., total times).
    """
    before = np.concatenate([pool.event_times < 0 for pool in made])
    squares = np.stack(
        [np.mean(stacked[..., before & (rows.pool == i)] ** 2, axis=-1) for i in range(len(made))],
        axis=-1,
    )
    share = np.stack(
        [np.abs(rows.matrix[:, rows.pool == i]).sum(axis=1) for i in range(len(made))], axis=-1
    )
    return np.asarray(np.sqrt(squares @ (share.T**2)))


def too_few(made: Sequence[Pool]) -> str | None:
    """Say why no placebo is possible, or return None."""
    treated = sum(len(pool.members) for pool in made)
    donors = min(len(pool.donors) for pool in made)
    if donors <= treated:
        return f"no interval: {donors} donors for {treated} treated units give no placebo group"
    if comb(donors, treated) < LEAST_DRAWS:
        return f"no interval: only {comb(donors, treated)} placebo groups"
    if donors - treated < 2:
        return "no interval: a placebo group leaves fewer than two donors"
    return None


def by_rank(
    made: Sequence[Pool],
    rows: Rows,
    observed: np.ndarray,
    placebos: np.ndarray,
    *,
    conf_level: float,
    standardise: bool = True,
) -> Uncertainty:
    r"""Rank the treated among placebo groups; intervals by inverting the rank test.

    Parameters
    ----------
    observed, placebos : numpy.ndarray
        Gaps; shapes (total times,) and (n_groups, total times).
    conf_level : float
    standardise : bool
        Whether every effect is divided by the pre-period root mean squared gap of its group.

    Notes
    -----
    With :math:`r = |\hat\tau| / s` for the treated and :math:`r_b` for placebo group b,
    :math:`p = (1 + \#\{r_b \ge r\}) / (B + 1)`. A constant effect moves only the treated, so the
    set of effects not rejected is :math:`\hat\tau \pm s\, r_{(c)}` with :math:`r_{(c)}` the c-th
    largest :math:`r_b`, :math:`c = \lfloor \alpha (B + 1) \rfloor` (Firpo and Possebom 2018,
    doi:10.1515/jci-2016-0026). The standard error is s times the root mean square of
    :math:`r_b`. Valid when every unit was equally likely to be treated.
    """
    estimate, drawn = rows.matrix @ observed, placebos @ rows.matrix.T
    size, drawn_size = np.ones(len(estimate)), np.ones_like(drawn)
    if standardise:
        least = 1e-9 * (float(np.abs(observed).max()) or 1.0)
        size = np.maximum(fit_sizes(made, rows, observed), least)
        drawn_size = np.maximum(fit_sizes(made, rows, placebos), least)
    ratio, own = drawn / drawn_size, np.abs(estimate) / size
    count = int(np.floor((1 - conf_level) * (len(ratio) + 1) + 1e-9))
    ordered = np.sort(np.abs(ratio), axis=0)[::-1]
    reach = ordered[count - 1] * size if count else np.full(len(size), np.inf)
    error = np.sqrt(np.mean(ratio**2, axis=0)) * size
    band = numeric.draw_band(ratio, conf_level=conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimate / error, np.nan)
    intervals = numeric.Intervals(
        std_error=error,
        statistic=statistic,
        p_value=(1 + (np.abs(ratio) >= own * (1 - numeric.TIE)).sum(axis=0)) / (len(ratio) + 1),
        conf_low=estimate - reach,
        conf_high=estimate + reach,
        band_low=np.minimum(estimate - reach, estimate - band * error),
        band_high=np.maximum(estimate + reach, estimate + band * error),
    )
    how = "standardised by pre-period fit" if standardise else "not standardised"
    return Uncertainty(
        name=f"placebo in space over {_said(made, len(ratio))}, ranks {how}",
        intervals=intervals,
        covariance=np.cov(ratio * size, rowvar=False, ddof=1).reshape(2 * (len(size),)),
        draws=np.vstack([estimate, drawn]),
    )


def by_spread(
    made: Sequence[Pool],
    rows: Rows,
    observed: np.ndarray,
    placebos: np.ndarray,
    *,
    conf_level: float,
) -> Uncertainty:
    """Take the standard deviation of placebo estimates as the standard error; normal intervals.

    Notes
    -----
    Algorithm 4 of Arkhangelsky et al. (2021), doi:10.1257/aer.20190159, with all placebo groups
    where they can be listed. Needs errors of the same spread in treated and donors.
    """
    estimate, drawn = rows.matrix @ observed, placebos @ rows.matrix.T
    cov = np.cov(drawn, rowvar=False, ddof=0).reshape(2 * (len(estimate),))
    return normal(
        estimate,
        cov,
        band=numeric.draw_band(drawn, conf_level=conf_level),
        conf_level=conf_level,
        name=f"placebo variance over {_said(made, len(drawn))}, normal",
        draws=np.vstack([estimate, drawn]),
    )


def normal(
    estimate: np.ndarray,
    cov: np.ndarray,
    *,
    band: float,
    conf_level: float,
    name: str,
    draws: np.ndarray | None = None,
) -> Uncertainty:
    """Make normal intervals from a covariance; `band` is the critical value of the band."""
    error = np.sqrt(np.clip(np.diag(cov), 0.0, None))
    critical = float(stats.norm.ppf((1 + conf_level) / 2))
    wide = max(critical, band) if np.isfinite(band) else critical
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimate / error, np.nan)
    return Uncertainty(
        name=name,
        intervals=numeric.Intervals(
            std_error=error,
            statistic=statistic,
            p_value=2 * stats.norm.sf(np.abs(statistic)),
            conf_low=estimate - critical * error,
            conf_high=estimate + critical * error,
            band_low=estimate - wide * error,
            band_high=estimate + wide * error,
        ),
        covariance=cov,
        draws=draws,
    )


def _said(made: Sequence[Pool], count: int) -> str:
    treated = sum(len(pool.members) for pool in made)
    donors = min(len(pool.donors) for pool in made)
    return f"{donors} donors" if treated == 1 else f"{count:,} groups of {treated} donors"


__all__ = [
    "Fit",
    "by_rank",
    "by_spread",
    "fit_sizes",
    "no_uncertainty",
    "normal",
    "placebo_gaps",
    "placebo_pool",
    "too_few",
]
