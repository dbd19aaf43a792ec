"""Panels whose true effect is known, to see what a method does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from analysis.errors import PanelError
from analysis.methods.panel import Panel

Sizes = Literal["equal", "unequal"] | Sequence[float]

#: Times run before the window when innovations are not normal, so that errors are stationary.
BURN_IN = 100
#: Share of a unit's error variance that does not fall with its size.
COMMON_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPanel:
    """A panel and the truth it was drawn from.

    Attributes
    ----------
    panel : Panel
    truth : float
        Mean effect over treated cells, weighted like the cells: the ATT overall.
    effects : numpy.ndarray
        True effect in every cell of the panel, (n_cells,).
    path : pandas.Series
        Index event time, true effect.
    """

    panel: Panel
    truth: float
    effects: np.ndarray
    path: pd.Series


def simulate_panel(
    *,
    n_units: int = 30,
    n_times: int = 36,
    n_treated: int = 4,
    cohorts: Sequence[int] | None = None,
    effect: float | Sequence[float] = 0.0,
    ar1: float = 0.8,
    sizes: Sizes = "equal",
    noise: float = 1.0,
    skew: float = 0.0,
    tails: float = np.inf,
    factor: float = 0.0,
    selection: float = 0.0,
    missing: float = 0.0,
    seed: int = 0,
) -> SimulatedPanel:
    """Draw a panel with unit and time effects, serial dependence and a declared effect.

    Parameters
    ----------
    n_units, n_times, n_treated : int
        Times are 1 .. n_times; the first units are treated.
    cohorts : sequence of int, optional
        First treated time of every treated unit; without it all start after two thirds.
    effect : float or sequence of float
        Constant, or by event time 0, 1, ...; the last value goes on.
    ar1 : float
        Autocorrelation of the errors, from 0 to below 1.
    sizes : {"equal", "unequal"} or sequence of float
        Weight of every unit. The error variance of a unit is ``noise^2 (0.2 + 0.8 / size)``, size
        relative to the mean; ``"unequal"`` draws log-normal sizes.
    noise : float
        Standard deviation of the errors of a unit of mean size.
    skew : float
        Skewness of the innovations, zero or more.
    tails : float
        Degrees of freedom of Student innovations, above 2; infinite = normal.
    factor, selection : float
        Standard deviation of a common random walk's loadings; how much more the treated load on
        it (a violation of parallel trends).
    missing : float
        Share of cells left out at random.
    seed : int

    Returns
    -------
    SimulatedPanel

    Raises
    ------
    PanelError
        If the numbers cannot make a panel.

    Examples
    --------
    >>> drawn = simulate_panel(n_units=6, n_times=6, n_treated=2, effect=-0.2, seed=1)
    >>> drawn.panel.n_treated, round(drawn.truth, 3)
    (2, -0.2)
    """
    _refuse(n_units, n_times, n_treated, ar1=ar1, tails=tails, missing=missing)
    rng = np.random.default_rng(seed)
    first = _cohorts(n_units, n_times, n_treated, cohorts)
    weight = draw_sizes(rng, n_units, sizes)
    shape = (1, n_units, n_times)
    spread = noise * unit_spread(weight)
    errors = draw_errors(rng, shape, ar1=ar1, skew=skew, tails=tails)[0] * spread[:, None]
    levels = rng.standard_normal((n_units, 1)) + rng.standard_normal(n_times).cumsum() * 0.1
    treated = np.isfinite(first)
    loads = factor * rng.standard_normal(n_units) + selection * treated
    walk = rng.standard_normal(n_times).cumsum() / np.sqrt(n_times)
    true = _effects(first, n_times, effect)
    outcome = levels + errors + loads[:, None] * walk + true
    kept = rng.random((n_units, n_times)) >= missing
    kept[:, 0] |= ~kept.any(axis=1)
    return _record(outcome, true, first=first, weight=weight, kept=kept)


def draw_errors(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    *,
    ar1: float = 0.0,
    skew: float = 0.0,
    tails: float = np.inf,
) -> np.ndarray:
    """Errors of unit variance, shape (n_draws, n_units, n_times), dependent over time.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
    ar1, skew, tails : float
        As in `simulate_panel`.
    """
    normal = skew == 0 and np.isinf(tails)
    length = shape[2] + (0 if normal else BURN_IN)
    full = (shape[0], shape[1], length)
    if skew > 0:
        form = 4 / skew**2
        innovations = (rng.gamma(form, size=full) - form) / np.sqrt(form)
    elif np.isinf(tails):
        innovations = rng.standard_normal(full)
    else:
        innovations = rng.standard_t(tails, size=full) / np.sqrt(tails / (tails - 2))
    innovations *= np.sqrt(1 - ar1**2)
    if normal:
        innovations[:, :, 0] /= np.sqrt(1 - ar1**2)
    return np.asarray(lfilter([1.0], [1.0, -ar1], innovations, axis=2)[:, :, length - shape[2] :])


def draw_sizes(rng: np.random.Generator, n_units: int, sizes: Sizes) -> np.ndarray:
    """Weights of the units, (n_units,)."""
    if isinstance(sizes, str):
        return np.ones(n_units) if sizes == "equal" else np.exp(rng.normal(0, 1, n_units))
    given = np.asarray(sizes, dtype=float)
    if given.shape != (n_units,) or not (given > 0).all():
        raise PanelError.of(
            expected=f"{n_units} sizes above zero",
            found=f"{given.size} sizes",
            mend="give one size a unit",
        )
    return given


def unit_spread(sizes: np.ndarray) -> np.ndarray:
    """Give the standard deviation of errors of units of these sizes, 1 at the mean size."""
    return np.asarray(np.sqrt(COMMON_SHARE + (1 - COMMON_SHARE) * sizes.mean() / sizes))


def _cohorts(
    n_units: int, n_times: int, n_treated: int, cohorts: Sequence[int] | None
) -> np.ndarray:
    first = np.full(n_units, np.nan)
    first[:n_treated] = n_times * 2 // 3 + 1 if cohorts is None else np.asarray(cohorts)
    return first


def _effects(first: np.ndarray, n_times: int, effect: float | Sequence[float]) -> np.ndarray:
    path = np.atleast_1d(np.asarray(effect, dtype=float))
    since = np.arange(1, n_times + 1) - first[:, None]
    after = np.nan_to_num(since, nan=-1.0) >= 0
    step = np.clip(np.nan_to_num(since, nan=0.0), 0, len(path) - 1).astype(int)
    return np.asarray(np.where(after, path[step], 0.0))


def _record(
    outcome: np.ndarray,
    true: np.ndarray,
    *,
    first: np.ndarray,
    weight: np.ndarray,
    kept: np.ndarray,
) -> SimulatedPanel:
    unit, time = np.nonzero(kept)
    frame = pd.DataFrame(
        {
            "unit": [f"u{number:04d}" for number in unit],
            "time": time + 1,
            "outcome": outcome[kept],
            "cohort": pd.array(first[unit], dtype="Float64").astype("Int64"),
            "weight": weight[unit],
        }
    )
    frame.loc[np.isnan(first[unit]), "cohort"] = pd.NA
    panel = Panel.from_frame(
        frame, unit="unit", time="time", outcome="outcome", cohort="cohort", weights="weight"
    )
    effects = true[kept]
    since = time + 1 - first[unit]
    after = since >= 0
    path = pd.Series(effects[after], index=since[after].astype(int), name="effect")
    return SimulatedPanel(
        panel=panel,
        truth=float(np.average(effects[after], weights=weight[unit][after]))
        if after.any()
        else 0.0,
        effects=effects,
        path=path.groupby(level=0).mean().rename_axis("event_time"),
    )


def _refuse(
    n_units: int, n_times: int, n_treated: int, *, ar1: float, tails: float, missing: float
) -> None:
    fine = (
        0 <= n_treated <= n_units
        and n_units > 0
        and n_times > 1
        and 0 <= ar1 < 1
        and tails > 2
        and 0 <= missing < 1
    )
    if not fine:
        raise PanelError.of(
            expected="0 <= n_treated <= n_units, n_times > 1, 0 <= ar1 < 1, tails > 2, "
            "0 <= missing < 1",
            found=f"{n_treated}, {n_units}, {n_times}, {ar1}, {tails}, {missing}",
            mend="correct the arguments",
        )
