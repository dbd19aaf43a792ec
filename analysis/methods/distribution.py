"""Effects on the distribution of an outcome: shares within a limit, median and percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError, PanelError
from analysis.methods.bins import LogBins
from analysis.methods.effects import EffectTable
from analysis.methods.estimates import Estimates
from analysis.methods.panel import SQUARED_WEIGHTS, Panel
from analysis.methods.regression import Absorber, fit
from analysis.methods.uncertainty import Inference, attach

#: Bins on either side over which the density at a percentile is averaged.
SMOOTH = 3


def share_within(panel: Panel, *, threshold: float) -> Panel:
    """Make the share of rows at or below `threshold`, in percent, the outcome.

    Parameters
    ----------
    panel : Panel
        From `compress` with ``thresholds``.
    threshold : float
        One of them.

    Returns
    -------
    Panel
        For any estimator; effects are in percentage points, exact as if from the rows.

    Raises
    ------
    PanelError
        If the threshold was not counted, or covariates vary inside cells.
    """
    if threshold not in panel.thresholds:
        raise PanelError.of(
            expected="a threshold that was counted",
            found=f"{threshold:g}; counted: {', '.join(f'{t:g}' for t in panel.thresholds)}",
            mend=f"compress(..., thresholds=[{threshold:g}])",
        )
    if panel.covariates:
        raise PanelError.of(
            expected="a panel without continuous covariates",
            found=", ".join(panel.covariates),
            mend="compress without covariates: their products with the share are not kept",
        )
    weight = panel.cells["weight"].to_numpy(dtype=float)
    share = panel.cells[f"within {threshold:.15g}"].to_numpy(dtype=float) / weight
    cells = panel.cells.drop(columns=[n for n in SQUARED_WEIGHTS if n in panel.cells])
    cells = cells.assign(outcome=100 * share, ss=1e4 * weight * share * (1 - share))
    name = f"share of {panel.outcome} within {threshold:g}"
    return replace(
        panel, cells=cells, outcome=name, scale="level", unit_of_measure="percentage points"
    )


def distribution(
    panel: Panel,
    *,
    probabilities: Sequence[float] = (0.5, 0.9),
    anticipation: int = 0,
    inference: Inference = "CR1",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate effects on percentiles of the outcome in treated cells.

    Parameters
    ----------
    panel : Panel
        From `compress` with ``bins``.
    probabilities : sequence of float
        Between 0 and 1, rising: 0.5 is the median.
    anticipation : int
        Times before the cohort in which treated units may already react; left out.
    inference : str
        ``"CR1"``: cluster-robust by influence functions. ``"randomisation"``: a p-value and no
        interval, exact where units could have changed places; for few treated clusters, where
        CR1 rejects too often. See `analysis.methods.uncertainty.Inference` for others.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of the draws behind the simultaneous band.

    Returns
    -------
    EffectTable
        In units of the outcome before any logarithm: the effect on every percentile, the effect on
        the distance of the last from the first (p90 - p50), then the counterfactual and the
        observed percentiles themselves.

    Raises
    ------
    PanelError
        If the panel has no bins.
    IdentificationError
        If nobody is treated inside the window, or a percentile lies beyond the bins.

    Notes
    -----
    For every edge h of the bins the share of rows below h is regressed on treatment with unit and
    time effects, which gives the effect :math:`\tau(h)` on the share. The distribution that
    treated cells would have had is :math:`F_0(h) = F_1(h) - \tau(h)`, put in rising order; the
    effect on percentile p is :math:`F_1^{-1}(p) - F_0^{-1}(p)`. It needs parallel trends of every
    share, which is more than parallel trends of means and depends on no transformation.
    Percentiles are interpolated in logarithms inside a bin: exact to the width of a bin.
    The error of a percentile is that of its share over the density there, from
    seven bins.

    References
    ----------
    Chernozhukov, Fernandez-Val and Melly (2013), doi:10.3982/ECTA10582.
    """
    bins = panel.bins
    if bins is None:
        raise PanelError.of(
            expected="a panel with bins",
            found="cells without counts by bin",
            mend="compress(..., bins=LogBins(low=..., high=...))",
        )
    wanted = _checked(probabilities)
    event_time = panel.cell_event_time
    panel = panel.keep(~((event_time < 0) & (event_time >= -anticipation)))
    shares = _shares(panel, bins)
    both = _both(shares, bins, wanted)
    table = attach(
        replace(panel, scale="level"),
        Estimates(
            labels=_labels(wanted),
            estimate=both.at,
            influence=both.influence,
            factor=shares.factor,
            refit=partial(_refit, bins, wanted, anticipation),
            linear=False,
            notes=(f"Percentiles are exact to bins {bins.width:.1%} wide.",),
        ),
        estimator="distribution",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )
    return _only_effects(table) if "randomisation" in table.overall.inference else table


def _both(shares: _Shares, bins: LogBins, wanted: tuple[float, ...]) -> _Percentiles:
    """Percentiles with and without the reform, as the rows of the table."""
    with_reform = _percentiles(shares.observed, shares.observed_influence, bins, wanted)
    without = _percentiles(
        shares.observed - shares.effect,
        shares.observed_influence - shares.effect_influence,
        bins,
        wanted,
    )
    mix = _rows(len(wanted))
    return _Percentiles(
        at=mix @ np.concatenate([with_reform.at, without.at]),
        influence=np.hstack([with_reform.influence, without.influence]) @ mix.T,
    )


def _refit(
    bins: LogBins,
    wanted: tuple[float, ...],
    anticipation: int,
    panel: Panel,
    outcomes: np.ndarray,
) -> np.ndarray:
    """Estimates for other cohorts, nan where a percentile lies beyond the bins."""
    event_time = panel.cell_event_time
    kept = panel.keep(~((event_time < 0) & (event_time >= -anticipation)))
    try:
        made = _both(_shares(kept, bins), bins, wanted).at
    except IdentificationError:
        made = np.full(3 * len(wanted) + (len(wanted) > 1), np.nan)
    return np.tile(made, (outcomes.shape[1], 1))


def _only_effects(table: EffectTable) -> EffectTable:
    """Leave the percentiles themselves without a test: only of effects zero is a null."""
    level = ~table.frame["estimand"].str.startswith("effect").to_numpy()
    names = ("std_error", "statistic", "p_value", "band_low", "band_high")
    blank = {name: table.frame[name].mask(level) for name in names}
    return replace(table, frame=table.frame.assign(**blank))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shares:
    """Shares below every edge in treated cells, B edges, and their cluster contributions."""

    observed: np.ndarray  # (B,)
    effect: np.ndarray  # (B,)
    observed_influence: np.ndarray  # (G, B)
    effect_influence: np.ndarray  # (G, B)
    factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Percentiles:
    at: np.ndarray  # (P,)
    influence: np.ndarray  # (G, P)


def _checked(probabilities: Sequence[float]) -> tuple[float, ...]:
    wanted = tuple(probabilities)
    if not wanted or list(wanted) != sorted(set(wanted)) or not 0 < wanted[0] <= wanted[-1] < 1:
        raise IdentificationError.of(
            expected="probabilities between 0 and 1 that rise",
            found=str(list(wanted)),
            mend="write, for example, probabilities=(0.5, 0.9)",
        )
    return wanted


def _shares(panel: Panel, bins: LogBins) -> _Shares:
    weight = panel.cells["weight"].to_numpy(dtype=float)
    counts = panel.cells[list(bins.columns)].to_numpy(dtype=float)
    below = np.cumsum(counts, axis=1)[:, :-1] / weight[:, None]
    treated = panel.cell_event_time >= 0
    if not treated.any():
        raise IdentificationError.of(
            expected="units treated inside the window",
            found="none",
            mend="widen the window or check the cohorts",
        )
    bare = replace(panel, covariates=())
    fitted = fit(bare, treated.astype(float)[:, None], names=("treatment",))
    loading = fitted.design[:, 0] * fitted.weights * fitted.bread[0, 0]
    effect = loading @ below
    left = Absorber.of(bare).residuals(below) - np.outer(fitted.design[:, 0], effect)
    own = np.where(treated, weight, 0.0) / weight[treated].sum()
    observed = own @ below
    return _Shares(
        observed=observed,
        effect=effect,
        observed_influence=_by_cluster(own[:, None] * (below - observed), fitted.clusters),
        effect_influence=_by_cluster(loading[:, None] * left, fitted.clusters),
        factor=fitted.factor,
    )


def _by_cluster(rows: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    return np.column_stack([np.bincount(clusters, column) for column in rows.T])


def _percentiles(
    shares: np.ndarray, influence: np.ndarray, bins: LogBins, wanted: tuple[float, ...]
) -> _Percentiles:
    order = np.argsort(shares, kind="stable")
    shares, influence = shares[order], influence[:, order]
    logs = np.log(bins.edges)
    values, moves = [], []
    for probability in wanted:
        after = int(np.searchsorted(shares, probability, side="right"))
        if not 0 < after < len(shares):
            raise IdentificationError.of(
                expected=f"bins that hold the percentile {100 * probability:g}",
                found=f"shares from {shares[0]:.3g} to {shares[-1]:.3g} between "
                f"{bins.low:g} and {bins.high:g}",
                mend="compress again with a lower `low` or a higher `high`",
            )
        part = (probability - shares[after - 1]) / (shares[after] - shares[after - 1])
        value = float(np.exp(logs[after - 1] + part * bins.step))
        first, last = max(0, after - 1 - SMOOTH), min(len(shares) - 1, after + SMOOTH)
        density = (shares[last] - shares[first]) / (logs[last] - logs[first])
        move = (1 - part) * influence[:, after - 1] + part * influence[:, after]
        values.append(value)
        moves.append(-value * move / density)
    return _Percentiles(at=np.array(values), influence=np.column_stack(moves))


def _rows(count: int) -> np.ndarray:
    """Combine observed and counterfactual percentiles into the rows of the table."""
    one, none = np.eye(count), np.zeros((count, count))
    effects = np.hstack([one, -one])
    apart = effects[-1:] - effects[:1] if count > 1 else np.empty((0, 2 * count))
    return np.vstack([effects, apart, np.hstack([none, one]), np.hstack([one, none])])


def _labels(wanted: tuple[float, ...]) -> pd.DataFrame:
    names = [f"p{100 * probability:g}" for probability in wanted]
    apart = [f"{names[-1]} \u2212 {names[0]}"] if len(names) > 1 else []
    terms = [*names, *apart]
    return pd.DataFrame(
        {
            "estimand": [
                *(f"effect on {name}" for name in terms),
                *(f"counterfactual {name}" for name in names),
                *(f"observed {name}" for name in names),
            ],
            "term": [
                *terms,
                *(f"{name}, without reform" for name in names),
                *(f"{name}, with reform" for name in names),
            ],
        }
    )
