"""Size and coverage of every inference of the synthetic methods with one treated unit of 31.

    python benchmarks/synthetic/coverage.py    # -> benchmarks/results/synthetic_coverage.csv
    python benchmarks/synthetic/coverage.py --only synthetic_did panel_approach    # these anew

One row a design and inference of ATT overall: share of rejections at 5 % where there is no effect,
share of 95 % intervals that hold it (all the methods shift with the outcome, so no effect stands
for every effect), bias, spread, draws, Monte Carlo error, seed and versions. A method is fitted
once a draw for all its kinds of inference. What is stored is not drawn again, so a stopped run
goes on where it was. The functions are those behind the public verbs, called on pools of series;
the tests hold the two together.
"""

from __future__ import annotations

import argparse
import csv
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from analysis.errors import IdentificationError  # noqa: E402
from analysis.methods import placebo  # noqa: E402
from analysis.methods.conformal import p_value  # noqa: E402
from analysis.methods.counterfactual import Fitted, Rows, Uncertainty, gaps, rows_of  # noqa: E402
from analysis.methods.donor_pool import Pool  # noqa: E402
from analysis.methods.series_models import SeriesModel, Trend, fit_series  # noqa: E402
from analysis.methods.simplex import simplex_weights  # noqa: E402

OUT = ROOT / "benchmarks" / "results" / "synthetic_coverage.csv"
SEED = 20_260_501
N_UNITS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a panel without any effect is drawn."""

    name: str
    before: int = 24
    after: int = 12
    rho: float = 0.8
    factors: int = 0
    common: float = 1.0
    selected: bool = False
    noisy_treated: float = 1.0
    treated: int = 1

    def draw(self, rng: np.random.Generator) -> list[Pool]:
        """Pools of a panel with unit effects, common times, factors and AR(1) noise."""
        length = self.before + self.after
        noise = _ar1(rng, N_UNITS, length, self.rho)
        loadings = rng.uniform(0.0, 1.0, (N_UNITS, self.factors))
        if self.selected:
            loadings = loadings[np.argsort(-loadings[:, 0])]
        common = self.common * np.cumsum(rng.standard_normal(length)) * 0.5
        paths = np.cumsum(rng.standard_normal((self.factors, length)), axis=1)
        noise[: self.treated] *= self.noisy_treated
        y = 2 * rng.standard_normal((N_UNITS, 1)) + common + loadings @ paths + noise
        names = np.array([f"u{i:02d}" for i in range(N_UNITS)], dtype=object)
        donors = y[self.treated :]
        return [
            Pool(
                name=str(names[i]),
                members=(names[i],),
                cohort=self.before,
                times=np.arange(length),
                series=np.column_stack([y[i], donors.T]),
                donors=names[self.treated :],
            )
            for i in range(self.treated)
        ]


def _ar1(rng: np.random.Generator, units: int, length: int, rho: float) -> np.ndarray:
    shocks = rng.standard_normal((units, length))
    out = np.empty((units, length))
    out[:, 0] = shocks[:, 0]
    for t in range(1, length):
        out[:, t] = rho * out[:, t - 1] + np.sqrt(1 - rho**2) * shocks[:, t]
    return out


DESIGNS = (
    Design(name="AR(1) 0.8", rho=0.8),
    Design(name="4 treated, AR(1) 0.8", rho=0.8, treated=4),
    Design(name="no common shock, AR(1) 0.8", rho=0.8, common=0.0),
    Design(name="annual, 12 before 6 after, AR(1) 0.5", before=12, after=6, rho=0.5),
    Design(name="no common shock, AR(1) 0", rho=0.0, common=0.0),
    Design(name="two factors, AR(1) 0.5", rho=0.5, factors=2),
    Design(name="factors, treated selected on the loading", rho=0.5, factors=2, selected=True),
    Design(name="treated twice as noisy, AR(1) 0.5", rho=0.5, noisy_treated=2.0),
    Design(name="AR(1) 0", rho=0.0),
)

# The package gives the verbs under these names, so the rooms are fetched by path.
_SC = import_module("analysis.methods.synthetic_control")
_SDID = import_module("analysis.methods.synthetic_did")
_PDA = import_module("analysis.methods.panel_approach")
_ITS = import_module("analysis.methods.interrupted_time_series")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Estimate, p-value and interval of ATT overall in one draw."""

    estimate: float
    p_value: float
    covers: bool


Several = dict[str, Found]


def _of(rows: Rows, uncertainty: Uncertainty, estimate: np.ndarray) -> Found:
    at, made = rows.headline, uncertainty.intervals
    return Found(
        estimate=float(estimate[at]),
        p_value=float(made.p_value[at]),
        covers=bool(made.conf_low[at] <= 0 <= made.conf_high[at]),
    )


def _tested(estimate: float, p_value: float) -> Found:
    """A test whose interval is the set of effects it does not reject."""
    return Found(estimate=estimate, p_value=p_value, covers=p_value > 0.05 + 1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Gaps of the treated and of all placebos, fitted once."""

    made: list[Pool]
    rows: Rows
    observed: np.ndarray
    drawn: np.ndarray

    @classmethod
    def of(cls, fit: Callable[[Pool], Fitted], made: list[Pool]) -> Ranked:
        """Fit the treated and every placebo."""
        observed = gaps(made, [fit(pool) for pool in made])
        drawn = placebo.placebo_gaps(made, fit, seed=SEED)
        return cls(made=made, rows=rows_of(made), observed=observed, drawn=drawn)

    def found(self, *, standardise: bool) -> Found:
        """Rank among placebos."""
        made = placebo.by_rank(
            self.made,
            self.rows,
            self.observed,
            self.drawn,
            conf_level=0.95,
            standardise=standardise,
        )
        return _of(self.rows, made, self.rows.matrix @ self.observed)

    def spread(self) -> Found:
        """Take the spread of placebos as the standard error."""
        made = placebo.by_spread(self.made, self.rows, self.observed, self.drawn, conf_level=0.95)
        return _of(self.rows, made, self.rows.matrix @ self.observed)


def _sc(pool: Pool) -> Fitted:
    return _SC._fit(pool, penalty=0.0, starts=1, seed=SEED)


def _pda(pool: Pool) -> Fitted:
    return _PDA._fit(pool, criterion="AICc", search="forward", most=None)


def synthetic_control(made: list[Pool]) -> Several:
    """Ranks with and without standardising, the ratio of fits, cyclic shifts."""
    ranked = Ranked.of(_sc, made)
    first = ranked.found(standardise=True)
    ratio = _SC.fit_ratios(made, np.vstack([ranked.observed, ranked.drawn]))
    found = {
        "sc_placebo": first,
        "sc_placebo_raw": ranked.found(standardise=False),
        "sc_ratio": _tested(first.estimate, float((ratio >= ratio[0] * (1 - 1e-9)).mean())),
    }
    if len(made) == 1:
        series, after = made[0].series, len(made[0].times) - made[0].n_before
        residual = series[:, 0] - series[:, 1:] @ simplex_weights(series[:, 1:], series[:, 0])
        found["sc_conformal"] = _tested(first.estimate, p_value(residual, after))
    return found


def _cohort(made: list[Pool]) -> list[Pool]:
    first = made[0]
    mean = np.mean([pool.series[:, 0] for pool in made], axis=0)
    return [
        Pool(
            name="all",
            members=tuple(pool.name for pool in made),
            cohort=first.cohort,
            times=first.times,
            series=np.column_stack([mean, first.series[:, 1:]]),
            donors=first.donors,
        )
    ]


def synthetic_did(made: list[Pool]) -> Several:
    """Placebo spread and ranks."""
    ranked = Ranked.of(_SDID._fit, _cohort(made))
    return {
        "sdid_placebo": ranked.spread(),
        "sdid_placebo_rank": ranked.found(standardise=True),
        "sdid_placebo_raw": ranked.found(standardise=False),
    }


def synthetic_did_resampled(made: list[Pool]) -> Several:
    """Jackknife and bootstrap, for several treated units."""
    one = _cohort(made)
    cohort = _SDID._Cohort(
        pool=one[0], members=np.column_stack([pool.series[:, 0] for pool in made])
    )
    fit, rows = _SDID._fit(one[0]), rows_of(one)
    row = rows.matrix[rows.headline]
    estimate = float(row @ gaps(one, [fit]))
    found = {}
    for how in ("jackknife", "bootstrap"):
        if how == "jackknife":
            draws = _SDID._jackknife([cohort], [fit])
            factor = len(draws) - 1.0
        else:
            draws = _SDID._bootstrap([cohort], n_draws=60, seed=SEED)
            factor = 1.0
        error = np.sqrt(factor) * float((draws @ row).std())
        found[f"sdid_{how}"] = _tested(estimate, float(2 * stats.norm.sf(abs(estimate) / error)))
    return found


def panel_approach(made: list[Pool]) -> Several:
    """Ranks and prediction intervals."""
    ranked = Ranked.of(_pda, made) if len(made) == 1 else None
    fits, rows = [_pda(pool) for pool in made], rows_of(made)
    estimate, found = rows.matrix @ gaps(made, fits), {}
    for errors in ("independent", "ar1"):
        intervals = _PDA._prediction(made, fits, rows, errors=errors, conf_level=0.95)
        found[f"pda_{errors}"] = _of(rows, intervals, estimate)
    if ranked is not None:
        found["pda_placebo"] = ranked.found(standardise=True)
        found["pda_placebo_raw"] = ranked.found(standardise=False)
    return found


def _its(made: list[Pool], model: SeriesModel, *, trend: Trend = "local level") -> Found:
    pool = _ITS._alone(made[0])
    one = fit_series(
        pool,
        model=model,
        change="level_and_slope",
        hac_lags=None,
        order=(1, 0, 0),
        trend=trend,
    )
    rows = rows_of([pool])
    estimate = rows.matrix @ one.effects
    return _of(rows, _ITS._model_based([one], rows, estimate, conf_level=0.95), estimate)


def its_segmented(made: list[Pool]) -> Several:
    """Segmented regression."""
    return {"its_segmented": _its(made, "segmented")}


def its_arima(made: list[Pool]) -> Several:
    """AR(1) errors."""
    return {"its_arima": _its(made, "arima")}


def its_structural(made: list[Pool]) -> Several:
    """A random walk level."""
    return {"its_structural": _its(made, "structural")}


def its_drift(made: list[Pool]) -> Several:
    """A random walk level with drift."""
    return {"its_drift": _its(made, "structural", trend="local level with drift")}


def its_trend(made: list[Pool]) -> Several:
    """A random walk level whose slope is a random walk."""
    return {"its_trend": _its(made, "structural", trend="local linear trend")}


WORDS = {
    "sc_placebo": "Synthetic control, ranks standardised by fit",
    "sc_placebo_raw": "Synthetic control, ranks of the plain gaps",
    "sc_ratio": "Synthetic control, rank of the ratio of fits",
    "sc_conformal": "Synthetic control, cyclic shifts of residuals",
    "sdid_placebo": "Synthetic DiD, placebo variance and normal interval",
    "sdid_placebo_rank": "Synthetic DiD, ranks standardised by fit",
    "sdid_placebo_raw": "Synthetic DiD, ranks of the plain gaps",
    "sdid_jackknife": "Synthetic DiD, jackknife",
    "sdid_bootstrap": "Synthetic DiD, bootstrap with 60 draws",
    "pda_independent": "Panel approach, prediction interval, independent errors",
    "pda_ar1": "Panel approach, prediction interval, AR(1) errors",
    "pda_placebo": "Panel approach, ranks standardised by fit",
    "pda_placebo_raw": "Panel approach, ranks of the plain gaps",
    "its_segmented": "Interrupted series, Newey-West",
    "its_arima": "Interrupted series, AR(1) errors",
    "its_structural": "Interrupted series, local level",
    "its_drift": "Interrupted series, local level with drift",
    "its_trend": "Interrupted series, local linear trend",
}
Family = Callable[[list[Pool]], Several]
PANEL: tuple[Family, ...] = (synthetic_control, synthetic_did, panel_approach)
SERIES: tuple[Family, ...] = (its_segmented, its_structural, its_drift, its_trend, its_arima)
SEVERAL: tuple[Family, ...] = (synthetic_control, synthetic_did_resampled, panel_approach)


def tried(design: Design) -> tuple[Family, ...]:
    """What is tried on a design."""
    if design.treated > 1:
        return SEVERAL
    if design.common == 0.0:
        return SERIES
    return (*PANEL, *(one for one in SERIES if one is not its_arima))  # slow


def rows_for(design: Design, family: Family, *, draws: int) -> list[dict[str, object]]:
    """Simulate one method on one design; one row a kind of inference."""
    rng = np.random.default_rng(SEED)  # the same panels for every method
    found: list[Several] = []
    failed = 0
    for _ in range(draws):
        made = design.draw(rng)
        try:
            found.append(family(made))
        except IdentificationError:
            failed += 1
    return [_row(design, name, [one[name] for one in found], failed) for name in found[0]]


def _row(design: Design, name: str, found: list[Found], failed: int) -> dict[str, object]:
    p = np.array([one.p_value for one in found])
    estimate = np.array([one.estimate for one in found])
    share = float((p <= 0.05 + 1e-12).mean())
    held = float(np.mean([one.covers for one in found]))
    return {
        "design": design.name,
        "n_units": N_UNITS,
        "n_treated": design.treated,
        "times_before": design.before,
        "times_after": design.after,
        "method": name,
        "what": WORDS[name],
        "size_percent": round(100 * share, 1),
        "coverage_percent": round(100 * held, 1),
        "monte_carlo_error_percent": round(
            100 * float(np.sqrt(max(share * (1 - share), 0.0475 / 4) / len(p))), 1
        ),
        "bias": round(float(estimate.mean()), 3),
        "sd": round(float(estimate.std()), 3),
        "draws": len(p),
        "failed": failed,
        "seed": SEED,
        "versions": " ".join(
            [f"python {platform.python_version()}"]
            + [f"{x} {version(x)}" for x in ("numpy", "scipy", "statsmodels")]
        ),
    }


def _stored(path: Path) -> dict[tuple[str, str], dict[str, object]]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["design"], row["method"]): dict(row) for row in csv.DictReader(file)}


def _write(path: Path, written: dict[tuple[str, str], dict[str, object]]) -> None:
    order = [(design.name, method) for design in DESIGNS for method in WORDS]
    rows = [written[key] for key in order if key in written]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run all designs; write after each so that a stopped run leaves what it has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--only", nargs="*", default=[], help="methods to run anew")
    parser.add_argument("--steps", type=int, default=10**6, help="stop after so many methods")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    written, steps = _stored(given.out), 0
    for design in DESIGNS:
        for family in tried(design):
            draws = given.draws
            prefix = PREFIX[family.__name__]
            held = [row for key, row in written.items() if key[0] == design.name]
            held = [row for row in held if str(row["method"]).startswith(prefix)]
            done = [int(str(row["draws"])) + int(str(row["failed"])) >= draws for row in held]
            if family.__name__ not in given.only and done and all(done):
                continue
            steps += 1
            if steps > given.steps:
                return
            for row in rows_for(design, family, draws=draws):
                written[design.name, str(row["method"])] = row
                print(*list(row.values())[:13], sep=" | ", flush=True)
            _write(given.out, written)


PREFIX = {
    "synthetic_control": "sc_",
    "synthetic_did": "sdid_placebo",
    "synthetic_did_resampled": ("sdid_jackknife", "sdid_bootstrap"),
    "panel_approach": "pda_",
    **{name: name for name in ("its_segmented", "its_arima")},
    **{name: name for name in ("its_structural", "its_drift", "its_trend")},
}


if __name__ == "__main__":
    main()
