"""Size and coverage of every inference of the synthetic methods with one treated unit of 31.

    python benchmarks/synthetic/coverage.py    # -> benchmarks/results/synthetic_coverage.csv
    python benchmarks/synthetic/coverage.py --only sdid_placebo_rank pda_placebo    # these anew

One row a design, method and inference of ATT overall: share of rejections at 5 % where there is no
effect (all the methods shift with the outcome, so 100 minus it is the coverage of the 95 %
interval), bias, spread, draws, Monte Carlo error, seed and versions. The functions are those
behind the public verbs, called on pools of series; the tests hold the two together.
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
    """Estimate and p-value of ATT overall in one draw."""

    estimate: float
    p_value: float


def _of(rows: Rows, uncertainty: Uncertainty, estimate: np.ndarray) -> Found:
    return Found(
        estimate=float(estimate[rows.headline]),
        p_value=float(uncertainty.intervals.p_value[rows.headline]),
    )


def _sc(pool: Pool) -> Fitted:
    return _SC._fit(pool, penalty=0.0, starts=1, seed=SEED)


def _pda(pool: Pool) -> Fitted:
    return _PDA._fit(pool, criterion="AICc", search="forward", most=None)


def _ranked(fit: Callable[[Pool], Fitted], made: list[Pool], *, standardise: bool) -> Found:
    rows, observed = rows_of(made), gaps(made, [fit(pool) for pool in made])
    drawn = placebo.placebo_gaps(made, fit, seed=SEED)
    found = placebo.by_rank(made, rows, observed, drawn, conf_level=0.95, standardise=standardise)
    return _of(rows, found, rows.matrix @ observed)


def sc_placebo(made: list[Pool]) -> Found:
    """Synthetic control, ranks standardised by fit."""
    return _ranked(_sc, made, standardise=True)


def sc_placebo_raw(made: list[Pool]) -> Found:
    """Synthetic control, ranks of the plain gaps."""
    return _ranked(_sc, made, standardise=False)


def sc_conformal(made: list[Pool]) -> Found:
    """Synthetic control, cyclic shifts of residuals."""
    pool = made[0]
    weights = simplex_weights(pool.series[:, 1:], pool.series[:, 0])
    residual = pool.series[:, 0] - pool.series[:, 1:] @ weights
    gap = pool.series[:, 0] - _sc(pool).counterfactual
    return Found(
        estimate=float(gap[pool.n_before :].mean()),
        p_value=p_value(residual, len(pool.times) - pool.n_before),
    )


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


def sdid_placebo(made: list[Pool]) -> Found:
    """Synthetic DiD, placebo variance and normal interval."""
    one = _cohort(made)
    rows, observed = rows_of(one), gaps(one, [_SDID._fit(one[0])])
    drawn = placebo.placebo_gaps(one, _SDID._fit, seed=SEED)
    found = placebo.by_spread(one, rows, observed, drawn, conf_level=0.95)
    return _of(rows, found, rows.matrix @ observed)


def sdid_placebo_rank(made: list[Pool]) -> Found:
    """Synthetic DiD, ranks standardised by fit."""
    return _ranked(_SDID._fit, _cohort(made), standardise=True)


def sdid_placebo_raw(made: list[Pool]) -> Found:
    """Synthetic DiD, ranks of the plain gaps."""
    return _ranked(_SDID._fit, _cohort(made), standardise=False)


def _sdid_resampled(made: list[Pool], how: str) -> Found:
    one = _cohort(made)
    cohort = _SDID._Cohort(
        pool=one[0], members=np.column_stack([pool.series[:, 0] for pool in made])
    )
    fit, rows = _SDID._fit(one[0]), rows_of(one)
    if how == "jackknife":
        draws = _SDID._jackknife([cohort], [fit])
        factor = len(draws) - 1.0
    else:
        draws = _SDID._bootstrap([cohort], n_draws=60, seed=SEED)
        factor = 1.0
    row = rows.matrix[rows.headline]
    error = np.sqrt(factor) * float((draws @ row).std())
    estimate = float(row @ gaps(one, [fit]))
    return Found(estimate=estimate, p_value=float(2 * stats.norm.sf(abs(estimate) / error)))


def sdid_jackknife(made: list[Pool]) -> Found:
    """Synthetic DiD, jackknife."""
    return _sdid_resampled(made, "jackknife")


def sdid_bootstrap(made: list[Pool]) -> Found:
    """Synthetic DiD, bootstrap with 60 draws."""
    return _sdid_resampled(made, "bootstrap")


def _pda_prediction(made: list[Pool], errors: str) -> Found:
    fits, rows = [_pda(pool) for pool in made], rows_of(made)
    found = _PDA._prediction(made, fits, rows, errors=errors, conf_level=0.95)
    return _of(rows, found, rows.matrix @ gaps(made, fits))


def pda_independent(made: list[Pool]) -> Found:
    """Panel approach, prediction interval, independent errors."""
    return _pda_prediction(made, "independent")


def pda_ar1(made: list[Pool]) -> Found:
    """Panel approach, prediction interval, AR(1) errors."""
    return _pda_prediction(made, "ar1")


def pda_placebo(made: list[Pool]) -> Found:
    """Panel approach, ranks standardised by fit."""
    return _ranked(_pda, made, standardise=True)


def pda_placebo_raw(made: list[Pool]) -> Found:
    """Panel approach, ranks of the plain gaps."""
    return _ranked(_pda, made, standardise=False)


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


def its_segmented(made: list[Pool]) -> Found:
    """Interrupted series, Newey-West."""
    return _its(made, "segmented")


def its_arima(made: list[Pool]) -> Found:
    """Interrupted series, AR(1) errors."""
    return _its(made, "arima")


def its_structural(made: list[Pool]) -> Found:
    """Interrupted series, local level."""
    return _its(made, "structural")


def its_drift(made: list[Pool]) -> Found:
    """Interrupted series, local level with drift."""
    return _its(made, "structural", trend="local level with drift")


FAST = (sc_placebo, sc_placebo_raw, sc_conformal, sdid_placebo, sdid_placebo_rank)
FAST += (sdid_placebo_raw, pda_independent, pda_ar1, pda_placebo, pda_placebo_raw)
SERIES = (its_segmented, its_structural, its_drift, its_arima)
SEVERAL = (sc_placebo, sdid_jackknife, sdid_bootstrap, pda_ar1)
SLOW = {"its_arima": 8, "pda_placebo_raw": 4, "sdid_bootstrap": 8}


def tried(design: Design) -> tuple[Callable[[list[Pool]], Found], ...]:
    """What is tried on a design."""
    if design.treated > 1:
        return SEVERAL
    if design.common == 0.0:
        return SERIES
    return FAST + SERIES[:3]


def row_of(
    design: Design, method: Callable[[list[Pool]], Found], *, draws: int
) -> dict[str, object]:
    """Simulate one method on one design."""
    rng = np.random.default_rng(SEED)  # the same panels for every method
    found, failed = [], 0
    for _ in range(draws):
        made = design.draw(rng)
        try:
            found.append(method(made))
        except IdentificationError:
            failed += 1
    p = np.array([one.p_value for one in found])
    estimate = np.array([one.estimate for one in found])
    share = float((p <= 0.05 + 1e-12).mean())
    return {
        "design": design.name,
        "n_units": N_UNITS,
        "n_treated": design.treated,
        "times_before": design.before,
        "times_after": design.after,
        "method": method.__name__,
        "what": (method.__doc__ or "").rstrip("."),
        "size_percent": round(100 * share, 1),
        "coverage_percent": round(100 - 100 * share, 1),
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
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["design"], row["method"]): dict(row) for row in csv.DictReader(file)}


def main() -> None:
    """Run all designs; write after each so that a stopped run leaves what it has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=[], help="methods to run anew")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    written = _stored(given.out) if given.only else {}
    every = [(design, method) for design in DESIGNS for method in tried(design)]
    for design, method in every:
        if given.only and method.__name__ not in given.only:
            continue
        slow = SLOW.get(method.__name__, 4 if design.treated > 1 else 1)
        row = row_of(design, method, draws=max(given.draws // slow, 10))
        written[design.name, method.__name__] = row
        given.out.parent.mkdir(parents=True, exist_ok=True)
        with given.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
            keys = [(design.name, method.__name__) for design, method in every]
            writer.writerows(written[key] for key in keys if key in written)
        print(*list(row.values())[:13], sep=" | ", flush=True)


if __name__ == "__main__":
    main()
