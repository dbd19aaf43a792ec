"""Effect and EffectTable: the one result every method gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.errors import IdentificationError
from analysis.methods.panel import Panel

#: Columns of every table of effects, always present, in this order.
COLUMNS = (
    *("outcome", "estimand", "estimator", "term", "cohort", "time", "event_time"),
    *("estimate", "std_error", "statistic", "p_value"),
    *("conf_low", "conf_high", "band_low", "band_high"),
    *("unit_of_measure", "scale", "conf_level", "inference"),
    *("n_obs", "n_units", "n_treated", "n_control"),
)
_WHOLE = ("cohort", "time", "event_time", "n_obs", "n_units", "n_treated", "n_control")
_NUMBER = (
    *("estimate", "std_error", "statistic", "p_value"),
    *("conf_low", "conf_high", "band_low", "band_high", "conf_level"),
)
POWER = 0.8
#: Percent changes beyond are not written out.
LARGEST_PERCENT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One row of an `EffectTable`; attributes are its columns.

    ``conf_*`` is pointwise always, ``band_*`` simultaneous always; what is not available is nan
    (numbers) or None (cohort, time, event_time). ``inference`` says how the uncertainty was made,
    or why there is none.
    """

    outcome: str
    estimand: str
    estimator: str
    term: str
    cohort: int | None
    time: int | None
    event_time: int | None
    estimate: float
    std_error: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float
    band_low: float
    band_high: float
    unit_of_measure: str
    scale: str
    conf_level: float
    inference: str
    n_obs: int
    n_units: int
    n_treated: int
    n_control: int

    @property
    def minimum_detectable_effect(self) -> float:
        """Smallest true effect found with 80 % power by a two-sided test, in outcome units.

        Half the width of the interval (the critical value times the standard error) plus 0.84
        standard errors; nan without an interval (Bloom 1995, doi:10.1177/0193841X9501900504).
        """
        half_width = (self.conf_high - self.conf_low) / 2
        return float(half_width + ndtri(POWER) * self.std_error)

    def to_percent(self) -> Effect:
        """Effect on a log outcome as exact percent, ``100 (exp(b) - 1)``; interval ends likewise.

        Raises
        ------
        IdentificationError
            If the outcome is not in logs.
        """
        _refuse_levels(self.scale)
        changed = {
            name: 100 * np.expm1(getattr(self, name))
            for name in ("estimate", "conf_low", "conf_high", "band_low", "band_high")
        }
        error = 100 * np.exp(self.estimate) * self.std_error
        return replace(self, **changed, std_error=error, scale="percent", unit_of_measure="percent")

    def sentence(self) -> str:
        """Say the estimate with its interval, its inference, its counts and what it can detect."""
        shown = self.to_percent() if self.scale == "log" else self
        said = f"{self.estimand} on {self.outcome}: {_with_unit(shown, shown.estimate)}"
        if np.isfinite(shown.conf_low) and np.isfinite(shown.conf_high):
            said += f" ({shown.conf_level:.0%} interval {_with_unit(shown, shown.conf_low)} to "
            said += f"{_with_unit(shown, shown.conf_high)}; "
        else:
            said += " (no interval; "
        said += f"{self.inference}"
        said += f", {p_said(self.p_value)}" if np.isfinite(self.p_value) else ""
        said += f"; {self.n_treated} treated and {self.n_control} control units)."
        if np.isfinite(self.minimum_detectable_effect):
            said += f" Smallest effect found with 80% power: {self.detectable()}."
        return said

    def detectable(self) -> str:
        """Minimum detectable effect as text: percent either way for logs, else in outcome units."""
        size = self.minimum_detectable_effect
        if self.scale != "log":
            return f"{number(size, signed=False)} {self.unit_of_measure}".rstrip()
        return f"{percent(100 * np.expm1(-size))} or {percent(100 * np.expm1(size))}"


def number(value: float, *, signed: bool = True) -> str:
    """Write a number with three digits that count, a true minus sign and a plus where asked."""
    if not np.isfinite(value):
        return "not available"
    exponent = int(f"{value:.2e}".partition("e")[2])  # after rounding: 99.96 is 100
    digits = 0 if value == 0 else max(0, 2 - exponent)
    text = f"{abs(value):,.{min(digits, 6)}f}"
    sign = "\u2212" if value < 0 else ("+" if signed and value > 0 else "")
    return f"{sign}{text}"


def percent(value: float) -> str:
    """Write a percent change; beyond ten thousand percent only that it is beyond."""
    if abs(value) <= LARGEST_PERCENT:
        return f"{number(value)}%"
    return f"beyond {number(LARGEST_PERCENT * np.sign(value))}%"


def _with_unit(effect: Effect, value: float) -> str:
    if effect.scale == "percent":
        return percent(value)
    return f"{number(value)} {effect.unit_of_measure}".rstrip()


def p_text(value: float) -> str:
    """Write a p-value with two digits that count, never as zero."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def p_said(value: float) -> str:
    """Say a p-value within a sentence: ``p = 0.020``, ``p < 0.001``."""
    text = p_text(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTable:
    """Estimates of one method on one panel.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row an effect, columns `COLUMNS`; never changed in place.
    headline : int
        Position of the row that `overall` gives.
    covariance : numpy.ndarray or None
        Of the estimates, shape (n_rows, n_rows).
    influence : numpy.ndarray or None
        Contribution of every cluster to the error of every estimate, shape
        (n_clusters, n_rows); columns sum to zero at the estimate.
    draws : numpy.ndarray or None
        Estimates under reassigned treatment or resampling, shape (n_draws, n_rows).
    augmented : pandas.DataFrame or None
        Unit x time: observed, counterfactual, gap, weight.
    notes : tuple of str
        What the reader must know: dropped cells, singletons, failed conditions.
    regroup : callable or None
        Makes the table of an aggregation, where the rows are group-time ATTs.
    refit : callable or None
        ``refit(panel, outcomes)`` gives the same rows for other cohorts and every column of
        outcomes (n_cells, m), as an array (m, n_rows).
    """

    frame: pd.DataFrame
    headline: int = 0
    covariance: np.ndarray | None = None
    influence: np.ndarray | None = None
    draws: np.ndarray | None = None
    augmented: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    regroup: Callable[[str], EffectTable] | None = None
    refit: Callable[[Panel, np.ndarray], np.ndarray] | None = None

    def tidy(self) -> pd.DataFrame:
        """Return one row an effect, a copy, with the columns of the contract."""
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Return one row on the estimation: counts, inference, detectable effect, notes."""
        overall = self.overall
        return pd.DataFrame(
            [
                {
                    "estimator": overall.estimator,
                    "outcome": overall.outcome,
                    "estimand": overall.estimand,
                    "inference": overall.inference,
                    "n_obs": overall.n_obs,
                    "n_units": overall.n_units,
                    "n_treated": overall.n_treated,
                    "n_control": overall.n_control,
                    "n_effects": len(self.frame),
                    "minimum_detectable_effect": overall.minimum_detectable_effect,
                    "notes": " ".join(self.notes),
                }
            ]
        )

    def augment(self) -> pd.DataFrame:
        """Return unit x time rows: unit, time, observed, counterfactual, gap, weight.

        Raises
        ------
        IdentificationError
            If the method makes no counterfactual for single cells.
        """
        if self.augmented is None:
            raise IdentificationError.of(
                expected="a method that gives a counterfactual for every cell",
                found=str(self.frame["estimator"].iloc[0]),
                mend="use tidy(), or a method whose page lists augment()",
            )
        return self.augmented.copy()

    def aggregate(self, kind: str) -> EffectTable:
        """Return weighted means of group-time ATTs, their errors through influence functions.

        Parameters
        ----------
        kind : {"simple", "cohort", "calendar", "dynamic"}
            One mean over all; by cohort; by time; by time since the reform. The last row is the
            overall effect of that aggregation.

        Raises
        ------
        IdentificationError
            If the rows are not group-time ATTs, or the kind is not known.
        """
        kinds = ("simple", "cohort", "calendar", "dynamic")
        if self.regroup is None or kind not in kinds:
            raise IdentificationError.of(
                expected=f"group-time ATTs, and one of {', '.join(kinds)}",
                found=f"rows of {self.frame['estimator'].iloc[0]}, and {kind}",
                mend="call aggregate() on the table that group_time_att or extended_twfe returns",
            )
        return self.regroup(kind)

    @property
    def overall(self) -> Effect:
        """The headline effect."""
        return self.effect(self.headline)

    def effect(self, position: int) -> Effect:
        """Return the row at `position` as an `Effect`."""
        row = self.frame.iloc[position]
        values = {field.name: row[field.name] for field in fields(Effect)}
        for name in _WHOLE:
            values[name] = None if pd.isna(values[name]) else int(values[name])
        for name in _NUMBER:
            values[name] = float(values[name])
        return Effect(**values)

    def to_percent(self) -> EffectTable:
        """Return the table of a log outcome in exact percent; the covariance goes.

        Raises
        ------
        IdentificationError
            If the outcome is not in logs.
        """
        rows = [self.effect(position).to_percent() for position in range(len(self.frame))]
        return replace(self, frame=_contract(pd.DataFrame(rows)), covariance=None, influence=None)

    def labelled(self, *, outcome: str, unit_of_measure: str, scale: str) -> EffectTable:
        """Return the table with the words a reader sees for the outcome."""
        frame = self.frame.assign(outcome=outcome, unit_of_measure=unit_of_measure, scale=scale)
        return replace(self, frame=_contract(frame))


def effect_frame(rows: pd.DataFrame | list[dict[str, object]]) -> pd.DataFrame:
    """Fill absent columns of the contract and put all in order, with the right types.

    Parameters
    ----------
    rows : pandas.DataFrame or list of dict
        One row an effect with at least ``outcome``, ``estimand``, ``estimator``, ``term`` and
        ``estimate``.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`.
    """
    given = pd.DataFrame(rows)
    return frame_of({str(name): given[name].array for name in given}, size=len(given))


def frame_of(given: Mapping[str, object], *, size: int) -> pd.DataFrame:
    """Make the frame of the contract of columns: arrays, or one value for all `size` rows."""
    columns = {}
    for name in COLUMNS:
        value = given.get(name, pd.NA if name in _WHOLE else np.nan if name in _NUMBER else "")
        columns[name] = _column(value, size, name)
    return pd.DataFrame(columns, copy=False)


def _column(value: object, size: int, name: str) -> object:
    if name in _NUMBER and isinstance(value, int | float | np.ndarray):
        return np.full(size, value, dtype=float)
    if name in _WHOLE and isinstance(value, int | np.ndarray):
        return pd.array(np.full(size, value), dtype="Int64")
    many: Any = [value] * size if np.ndim(cast(Any, value)) == 0 else value
    if name in _NUMBER:
        return pd.array(many, dtype="Float64").to_numpy(dtype=float, na_value=np.nan)
    kind: Any = "Int64" if name in _WHOLE else "str"
    return pd.array(many, dtype=kind)


def _contract(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = dict.fromkeys(_WHOLE, "Int64") | dict.fromkeys(_NUMBER, "float64")
    changed = {name: kind for name, kind in kinds.items() if frame[name].dtype != kind}
    return frame.loc[:, list(COLUMNS)].astype(changed)


def _refuse_levels(scale: str) -> None:
    if scale != "log":
        raise IdentificationError.of(
            expected="an effect on a log outcome",
            found=f"scale {scale or 'not named'}",
            mend="read the estimate in the unit of the outcome; percent needs a base level",
        )
