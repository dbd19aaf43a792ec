"""One small simulated design a method, with the effect that was planted in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis import methods
from analysis.methods.effects import EffectTable
from analysis.methods.estimates import Inference
from analysis.methods.panel import Panel
from analysis.methods.simulate import SimulatedPanel, simulate_panel

SEED = 20260601

Estimate = Callable[[Inference], EffectTable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A design whose truth is known.

    Attributes
    ----------
    what : str
        What was drawn, in a few words.
    quantity : str
        Estimand with its unit.
    planted : float
        The true value.
    estimate : callable
        Takes the inference wanted and gives the table of effects.
    """

    what: str
    quantity: str
    planted: float
    estimate: Estimate


def example(method: str) -> Example:
    """Draw the design of a method; the same at every call."""
    return _EXAMPLES[method]()


def simultaneous() -> SimulatedPanel:
    """Draw thirty units of which twelve start together."""
    return simulate_panel(
        n_units=30, n_times=24, n_treated=12, effect=-0.2, ar1=0.5, noise=0.1, seed=SEED
    )


def staggered(*, grows: bool = True) -> SimulatedPanel:
    """Draw thirty units with two cohorts, early and late, whose effect grows."""
    return simulate_panel(
        n_units=30,
        n_times=20,
        n_treated=20,
        cohorts=[7] * 10 + [13] * 10,
        effect=[-0.05, -0.1, -0.15, -0.2, -0.25, -0.3] if grows else -0.2,
        ar1=0.5,
        noise=0.1,
        seed=SEED,
    )


def alone() -> SimulatedPanel:
    """Draw one treated unit and twenty others."""
    return simulate_panel(
        n_units=21, n_times=30, n_treated=1, effect=-1.0, ar1=0.3, noise=0.3, seed=SEED
    )


def spells() -> methods.Spells:
    """Draw spells in twenty-four offices; twelve take up the reform, which quickens release."""
    rng = np.random.default_rng(SEED)
    office, month = rng.integers(0, 24, 1_200), rng.integers(0, 10, 1_200)
    first = np.where(office < 12, 5.0, np.nan)
    hazard = 0.25 * np.exp(0.02 * office + HAZARD * (month >= first))
    hours = rng.exponential(size=len(office)) / hazard
    frame = pd.DataFrame(
        {
            "office": office,
            "month": month,
            "hours": np.minimum(hours, 12.0),
            "released": (hours <= 12.0).astype(int),
            "first": first,
        }
    )
    return methods.Spells.from_frame(
        frame, unit="office", start="month", duration="hours", event="released", cohort="first"
    )


#: What the reform adds to the logarithm of the hazard, and to that of an amount.
HAZARD, RATIO = 0.4, -0.3


def records() -> pd.DataFrame:
    """Draw declarations of twenty-four zones, one row each; half the zones become faster."""
    rng = np.random.default_rng(SEED)
    zone, month = np.repeat(np.arange(24), 10 * 60), np.tile(np.repeat(np.arange(10), 60), 24)
    first = np.where(zone < 12, 5.0, np.nan)
    logs = 3.0 + 0.5 * rng.standard_normal(len(zone)) - 0.2 * (month >= first)
    return pd.DataFrame({"zone": zone, "month": month, "hours": np.exp(logs), "first": first})


def _mean(quantity: str, method: str, drawn: SimulatedPanel, **options: object) -> Example:
    verb = getattr(methods, method)
    return Example(
        what=f"{drawn.panel.n_units} units, {drawn.panel.n_treated} treated, "
        f"{drawn.panel.cells['time'].nunique()} times",
        quantity=quantity,
        planted=drawn.truth,
        estimate=lambda inference: verb(drawn.panel, inference=inference, **options),
    )


def _two_way(method: str) -> Example:
    return _mean("ATT overall", method, simultaneous())


def _waves(method: str, **options: object) -> Example:
    return _mean("ATT overall", method, staggered(), **options)


def _one(method: str) -> Example:
    return _mean("ATT overall", method, alone())


def _stacked() -> Example:
    made = _waves("stacked", before=4, after=3)
    planted = float(staggered().path.loc[0:3].mean())
    return Example(
        what=made.what,
        quantity="Mean of ATT(e), e from 0 to 3",
        planted=planted,
        estimate=made.estimate,
    )


def _decompose() -> Example:
    drawn = staggered(grows=False)
    return Example(
        what="30 units, 20 treated, 20 times, effect alike everywhere",
        quantity="Weighted sum of the comparisons",
        planted=drawn.truth,
        estimate=lambda _: methods.decompose(drawn.panel),
    )


def _triple() -> Example:
    """Treated units drift away in both parts; only affected goods get the effect."""
    drawn = simulate_panel(n_units=40, n_times=16, n_treated=20, ar1=0.3, noise=0.1, seed=SEED)
    frame = _frame(drawn.panel)
    number = frame["unit"].str[1:].astype(int)
    frame["affected"] = (number % 2).astype(float)
    after = frame["time"] >= frame["cohort"].astype(float)
    frame["outcome"] += 0.3 * after - 0.2 * after * frame["affected"]
    panel = _panel(frame, covariates=["affected"])
    return Example(
        what="40 units in two parts, 20 treated, which drift away in both parts",
        quantity="ATT overall on the affected part",
        planted=-0.2,
        estimate=lambda inference: methods.triple_difference(
            panel, partition="affected", affected=1.0, inference=inference
        ),
    )


def _dose() -> Example:
    drawn = simulate_panel(n_units=40, n_times=12, n_treated=20, ar1=0.3, noise=0.1, seed=SEED)
    frame = _frame(drawn.panel)
    number = frame["unit"].str[1:].astype(int)
    frame["share"] = np.where(number < 20, (number + 1) / 20, 0.0)
    after = frame["time"] >= frame["cohort"].astype(float)
    frame["outcome"] += after * (-0.1 - 0.3 * frame["share"])
    panel = _panel(frame, covariates=["share"])
    return Example(
        what="40 units, 20 treated to different degree",
        quantity="ATT overall",
        planted=float((-0.1 - 0.3 * frame.loc[after, "share"]).mean()),
        estimate=lambda inference: methods.dose_response(
            panel, exposure="share", inference=inference
        ),
    )


def _counts() -> pd.DataFrame:
    rng = np.random.default_rng(SEED)
    unit, time = np.repeat(np.arange(24), 16), np.tile(np.arange(16), 24)
    first = np.where(unit < 12, 9.0, np.nan)
    mean = np.exp(0.5 + 0.05 * unit + 0.02 * time + RATIO * (time >= first))
    return pd.DataFrame(
        {"unit": unit, "time": time, "outcome": rng.poisson(mean).astype(float), "cohort": first}
    )


def _poisson() -> Example:
    panel = _panel(_counts(), weights=None)
    return Example(
        what="24 units, 12 treated, 16 times, counts with zeros",
        quantity="ATT overall, log ratio",
        planted=RATIO,
        estimate=lambda inference: methods.poisson(panel, inference=inference),
    )


def flow_panel() -> Panel:
    """Draw flows between eight countries whose days at the border change by pair."""
    rng = np.random.default_rng(SEED)
    at, to, year = (axis.ravel() for axis in np.meshgrid(range(8), range(8), range(6)))
    table = pd.DataFrame({"from": at, "to": to, "year": year})[at != to]
    table["days"] = rng.integers(1, 9, len(table)).astype(float)
    sides = 0.1 * table["from"] + 0.05 * table["to"] * table["year"]
    mean = np.exp(3 + sides - 0.1 * table["days"])
    table["value"] = rng.poisson(mean).astype(float)
    table[["from", "to"]] = table[["from", "to"]].astype(str).radd("country ")
    return methods.flows(
        table, exporter="from", importer="to", time="year", flow="value", covariates=["days"]
    )


def _gravity() -> Example:
    panel = flow_panel()
    return Example(
        what="56 pairs of 8 countries, 6 years",
        quantity="Log change of trade for one day more",
        planted=-0.1,
        estimate=lambda inference: methods.gravity(
            panel, regressors=["days"], inference="none" if inference == "none" else "CR1"
        ),
    )


def _hazard() -> Example:
    panel = methods.spells_to_panel(spells(), edges=[1, 2, 4, 8, 12])
    return Example(
        what="1,200 spells in 24 offices, 12 treated, some censored",
        quantity="ATT overall, log hazard ratio",
        planted=HAZARD,
        estimate=lambda inference: methods.hazard(panel, inference=inference),
    )


def _cox() -> Example:
    held = spells()
    return Example(
        what="the same spells",
        quantity="ATT overall, log hazard ratio",
        planted=HAZARD,
        estimate=lambda inference: methods.cox(held, dummies=(), inference=inference),  # type: ignore[arg-type]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Effects on percentiles and on a share, as estimated and as planted.

    Attributes
    ----------
    rows : pandas.DataFrame
        Rows of `EffectTable.tidy`, one an effect.
    planted : dict
        The true value of every ``term``.
    """

    rows: pd.DataFrame
    planted: dict[str, float]


def percentiles_drawn() -> Percentiles:
    """Estimate effects on the whole distribution from one pass over the declarations."""
    from scipy import stats

    panel = _binned()
    table = methods.distribution(panel, probabilities=(0.5, 0.75, 0.9)).tidy()
    within = methods.difference_in_differences(
        methods.share_within(panel, threshold=LIMIT), inference="CR1"
    ).tidy()
    share = f"share within {LIMIT:g} hours"
    effects = table[table["estimand"].str.startswith("effect")]
    before = {p: float(np.exp(3.0 + 0.5 * stats.norm.ppf(p))) for p in (0.5, 0.75, 0.9)}
    planted = {f"p{100 * p:g}": value * float(np.expm1(-0.2)) for p, value in before.items()}
    at = (np.log(LIMIT) - 3.0) / 0.5
    planted |= {
        "p90 \u2212 p50": planted["p90"] - planted["p50"],
        share: 100 * float(stats.norm.cdf(at + 0.2 / 0.5) - stats.norm.cdf(at)),
    }
    rows = pd.concat([effects.assign(unit_of_measure="hours"), within.assign(term=share)])
    return Percentiles(rows=rows, planted=planted)


#: A day, the limit within which declarations should be released.
LIMIT = 24.0


def _binned() -> Panel:
    return methods.compress(
        records(),
        unit="zone",
        time="month",
        outcome="hours",
        cohort="first",
        bins=methods.LogBins(low=1, high=1_000),
        thresholds=[LIMIT],
    )


def _distribution() -> Example:
    panel = _binned()
    return Example(
        what="14,400 declarations in 24 zones, 12 treated",
        quantity="Effect on the median, hours",
        planted=float(np.exp(3.0) * np.expm1(-0.2)),
        estimate=lambda inference: methods.distribution(
            panel, inference="none" if inference == "none" else "CR1"
        ),
    )


def _frame(panel: Panel) -> pd.DataFrame:
    cells = panel.cells[["unit", "time", "outcome", "weight"]].copy()
    return cells.assign(cohort=cells["unit"].map(panel.cohorts))


def _panel(
    frame: pd.DataFrame, *, weights: str | None = "weight", covariates: Sequence[str] = ()
) -> Panel:
    return Panel.from_frame(
        frame,
        unit="unit",
        time="time",
        outcome="outcome",
        cohort="cohort",
        weights=weights,
        covariates=covariates,
    )


_EXAMPLES: dict[str, Callable[[], Example]] = {
    "difference_in_differences": partial(_two_way, "difference_in_differences"),
    "event_study": partial(_two_way, "event_study"),
    "group_time_att": partial(_waves, "group_time_att"),
    "imputation": partial(_waves, "imputation"),
    "extended_twfe": partial(_waves, "extended_twfe"),
    "stacked": _stacked,
    "decompose": _decompose,
    "triple_difference": _triple,
    "dose_response": _dose,
    "synthetic_control": partial(_one, "synthetic_control"),
    "synthetic_did": partial(_one, "synthetic_did"),
    "panel_approach": partial(_one, "panel_approach"),
    "interrupted_time_series": partial(_one, "interrupted_time_series"),
    "poisson": _poisson,
    "gravity": _gravity,
    "hazard": _hazard,
    "cox": _cox,
    "distribution": _distribution,
}
#: Methods with an example: every public estimator.
ESTIMATORS = tuple(_EXAMPLES)
