"""Interrupted series: by hand, against R, by slow likelihoods, by simulation and by algebra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from analysis.errors import IdentificationError
from analysis.methods import Panel, interrupted_time_series
from analysis.methods.counterfactual import AUGMENTED
from analysis.methods.interrupted_time_series import WARNING
from tests.contract import check_contract
from tests.methods.synthetic_cases import noise, panel


def series(seed: int = 1, *, times: int = 40, rho: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    u = np.zeros(times)
    for t in range(1, times):
        u[t] = rho * u[t - 1] + rng.standard_normal()
    return u + 0.3 * np.arange(times)


def design(times: int, first: int) -> np.ndarray:
    e = np.arange(times) - first
    after = (e >= 0).astype(float)
    return np.column_stack([np.ones(times), e, after, after * e])


# (a) by hand ------------------------------------------------------------------------------------


def test_by_hand() -> None:
    # Before: slope -0.39, level 7.11 at the reform; gaps after -1.71, -1.62, -1.83.
    values = np.array([[9.0, 8.8, 8.1, 8.1, 7.4, 5.4, 5.1, 4.5]])
    table = interrupted_time_series(panel(values, cohorts={0: 5}), inference="model")
    check_contract(table)
    assert table.overall.estimate == pytest.approx(-1.72)
    cells = table.augment()
    assert tuple(cells.columns) == AUGMENTED
    np.testing.assert_allclose(cells["gap"].iloc[5:], [-1.71, -1.62, -1.83], atol=1e-9)
    # The line through these gaps: -1.72 in the middle, slope -0.06.
    rows = table.tidy().set_index("term")["estimate"]
    assert rows["event time 0"] == pytest.approx(-1.66)
    assert rows["event time 2"] == pytest.approx(-1.78)
    assert table.tidy()["p_value"].iloc[:5].isna().all()
    assert table.overall.n_control == 0
    assert "no comparison group" in table.notes[0]


# (b) outside oracles ----------------------------------------------------------------------------

ORACLES = Path(__file__).resolve().parents[1] / "oracles" / "series"
KEYS = ["series", "model", "change", "name"]
TOLD = pd.read_csv(ORACLES / "r.csv").set_index(KEYS).sort_index()
#: First time after the break: the Aswan dam of 1899, the seat belt law of February 1983.
BREAKS = {"nile": 28, "drivers": 169}


def published(name: str) -> Panel:
    table = pd.read_csv(ORACLES / f"{name}.csv").assign(unit=name, first=BREAKS[name])
    return Panel.from_frame(table, unit="unit", time="time", outcome="value", cohort="first")


def asked(model: str) -> dict[str, object]:
    kind, _, option = model.partition(" ")
    if kind == "segmented":
        return {"model": kind, "hac_lags": int(option)}
    if kind == "arima":
        return {"model": kind, "order": tuple(int(x) for x in option.split("-"))}
    return {"model": "structural", "trend": model}


@pytest.mark.parametrize(
    ("name", "model", "change"), sorted(TOLD.index.droplevel("name").unique().tolist())
)
def test_against_r(name: str, model: str, change: str) -> None:
    """Newey-West of sandwich to ten digits, arima and restricted likelihood of nlme to four."""
    table = interrupted_time_series(
        published(name), change=change, inference="model", **asked(model)
    )
    told = TOLD.loc[name, model, change]
    digits = 1e-10 if model.startswith("segmented") else 1e-4
    first = table.tidy().set_index("term").loc["event time 0"]
    assert first["estimate"] == pytest.approx(told.loc["level", "estimate"], rel=digits)
    assert first["std_error"] == pytest.approx(told.loc["level", "error"], rel=digits)
    assert table.overall.estimate == pytest.approx(told.loc["overall", "estimate"], rel=digits)
    assert table.overall.std_error == pytest.approx(told.loc["overall", "error"], rel=digits)


def test_the_published_seat_belt_law() -> None:
    """Commandeur and Koopman (2007), section 6.2: a stochastic level and the law, -0.3785."""
    table = interrupted_time_series(
        published("drivers"),
        model="structural",
        trend="local level",
        change="level",
        inference="model",
    )
    assert round(table.overall.estimate, 4) == -0.3785


# (d) slow versions ------------------------------------------------------------------------------


def test_newey_west_by_the_slow_way() -> None:
    y, lags = series(), 3
    table = interrupted_time_series(
        panel(y[None], cohorts={0: 30}), hac_lags=lags, inference="model"
    )
    x = design(40, 30)
    beta = np.linalg.solve(x.T @ x, x.T @ y)
    score = x * (y - x @ beta)[:, None]
    meat = score.T @ score
    for lag in range(1, lags + 1):
        cross = score[lag:].T @ score[:-lag]
        meat += (1 - lag / (lags + 1)) * (cross + cross.T)
    bread = np.linalg.inv(x.T @ x)
    cov = bread @ meat @ bread * 40 / 36
    load = np.array([1.0, 4.5])
    assert table.overall.estimate == pytest.approx(load @ beta[2:])
    error = np.sqrt(load @ cov[2:, 2:] @ load)
    assert table.overall.std_error == pytest.approx(error, rel=1e-9)
    half = stats.t.ppf(0.975, 36) * error
    assert table.overall.conf_high == pytest.approx(load @ beta[2:] + half)


def test_ar1_likelihood_by_the_slow_way() -> None:
    """The exact Gaussian likelihood written out, its Hessian by finite differences."""
    y, x = series(3), design(40, 30)

    def negative(theta: np.ndarray) -> float:
        rho, log_sigma = np.tanh(theta[4]), theta[5]
        u = y - x @ theta[:4]
        z = np.concatenate([[u[0] * np.sqrt(1 - rho**2)], u[1:] - rho * u[:-1]])
        return float(
            40 * log_sigma + z @ z / (2 * np.exp(2 * log_sigma)) - 0.5 * np.log(1 - rho**2)
        )

    start = np.concatenate([np.linalg.lstsq(x, y, rcond=None)[0], [0.3, 0.0]])
    best = optimize.minimize(negative, start, method="BFGS", options={"gtol": 1e-8}).x
    best = optimize.minimize(negative, best, method="Nelder-Mead", options={"xatol": 1e-9}).x
    step = 1e-4 * np.maximum(1.0, np.abs(best))
    hessian = np.empty((6, 6))
    for i in range(6):
        for j in range(6):
            a, b = np.zeros(6), np.zeros(6)
            a[i], b[j] = step[i], step[j]
            hessian[i, j] = (
                negative(best + a + b)
                - negative(best + a - b)
                - negative(best - a + b)
                + negative(best - a - b)
            ) / (4 * step[i] * step[j])
    cov = np.linalg.inv(hessian)
    load = np.array([1.0, 4.5])
    table = interrupted_time_series(
        panel(y[None], cohorts={0: 30}), model="arima", inference="model"
    )
    check_contract(table)
    assert table.overall.estimate == pytest.approx(load @ best[2:4], abs=2e-3)
    expected = np.sqrt(load @ cov[2:4, 2:4] @ load)
    assert table.overall.std_error == pytest.approx(expected, rel=0.02)


def test_local_level_by_the_slow_way() -> None:
    """Differences remove the diffuse level: generalised least squares on them is the same."""
    y = np.cumsum(0.3 * np.random.default_rng(4).standard_normal(40))
    y += 0.5 * np.random.default_rng(5).standard_normal(40)
    x = design(40, 30)[:, 2:]
    dy, dx = np.diff(y), np.diff(x, axis=0)

    def covariance(theta: np.ndarray) -> np.ndarray:
        level, irregular = np.exp(theta)
        band = np.eye(39) * (level + 2 * irregular)
        return band - irregular * (np.eye(39, k=1) + np.eye(39, k=-1))

    def negative(theta: np.ndarray) -> float:
        v = covariance(theta)
        inverse = np.linalg.inv(v)
        info = dx.T @ inverse @ dx
        beta = np.linalg.solve(info, dx.T @ inverse @ dy)
        u = dy - dx @ beta
        return float(np.linalg.slogdet(v)[1] + np.linalg.slogdet(info)[1] + u @ inverse @ u) / 2

    best = optimize.minimize(negative, np.log([0.1, 0.2]), method="Nelder-Mead").x
    inverse = np.linalg.inv(covariance(best))
    cov = np.linalg.inv(dx.T @ inverse @ dx)
    beta = cov @ dx.T @ inverse @ dy
    load = np.array([1.0, 4.5])
    table = interrupted_time_series(
        panel(y[None], cohorts={0: 30}),
        model="structural",
        trend="local level",
        inference="model",
    )
    check_contract(table)
    assert table.overall.estimate == pytest.approx(load @ beta, abs=5e-3)
    assert table.overall.std_error == pytest.approx(np.sqrt(load @ cov @ load), rel=0.02)


# (c) simulation ---------------------------------------------------------------------------------


def test_recovers_the_change_and_covers_without_correlation() -> None:
    found, held = [], 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        y = 0.1 * np.arange(60) + rng.standard_normal(60)
        y[40:] += 2.0
        overall = interrupted_time_series(
            panel(y[None], cohorts={0: 40}), hac_lags=1, inference="model"
        ).overall
        found.append(overall.estimate)
        held += overall.conf_low <= 2.0 <= overall.conf_high
    assert abs(np.mean(found) - 2.0) < 4 * np.std(found) / np.sqrt(len(found))
    assert held / 150 > 0.86


@pytest.mark.parametrize("model", ["segmented", "arima", "structural"])
def test_shift_and_scale(model: str) -> None:
    y = series(6)
    base = interrupted_time_series(
        panel(y[None], cohorts={0: 30}), model=model, inference="model"
    ).overall
    other = panel((7 + 10 * y)[None], cohorts={0: 30})
    moved = interrupted_time_series(other, model=model, inference="model").overall
    assert moved.estimate == pytest.approx(10 * base.estimate, rel=2e-3)
    assert moved.std_error == pytest.approx(10 * base.std_error, rel=2e-2)
    assert base.conf_low < base.estimate < base.conf_high


def test_controls_are_ignored() -> None:
    values = noise(2, units=4, times=30)
    alone = interrupted_time_series(panel(values[:1], cohorts={0: 20}), inference="model").overall
    among = interrupted_time_series(panel(values, cohorts={0: 20}), inference="model").overall
    assert among.estimate == pytest.approx(alone.estimate)
    assert among.std_error == pytest.approx(alone.std_error)


def test_several_units_take_the_mean_of_the_errors() -> None:
    values = noise(2, units=2, times=30)
    one, two = (
        interrupted_time_series(panel(values[[i]], cohorts={0: 20}), inference="model").overall
        for i in range(2)
    )
    both = interrupted_time_series(panel(values, cohorts={0: 20, 1: 20}), inference="model")
    check_contract(both)
    assert both.overall.estimate == pytest.approx((one.estimate + two.estimate) / 2)
    assert both.overall.std_error == pytest.approx((one.std_error + two.std_error) / 2)
    assert "mean standard error over units" in both.overall.inference


def test_skipped_times_are_missing_values() -> None:
    y = series(8)
    base = panel(y[None], cohorts={0: 30})
    gap = base.keep(~base.cells["time"].isin([7, 33]).to_numpy())
    for model in ("segmented", "arima", "structural"):
        table = interrupted_time_series(gap, model=model, inference="model")
        check_contract(table)
        assert len(table.augment()) == 38


def test_level_change_only() -> None:
    table = interrupted_time_series(panel(series()[None], cohorts={0: 30}), change="level")
    rows = table.tidy()
    after = rows[rows["event_time"] >= 0]["estimate"]
    assert after.nunique() == 1
    none = interrupted_time_series(panel(series()[None], cohorts={0: 30}), inference="none")
    check_contract(none)
    assert np.isnan(none.overall.std_error)


def test_the_warning_says_what_was_simulated(root: Path) -> None:
    stored = pd.read_csv(root / "benchmarks" / "results" / "synthetic_coverage.csv")
    held = stored.set_index(["design", "method"])["coverage_percent"]
    alone = held["no common shock, AR(1) 0.8", "its_segmented"]
    common = held["AR(1) 0.8", "its_segmented"]
    assert f"{alone:.0f}% of draws, in {common:.0f}%" in WARNING


@pytest.mark.parametrize("model", ["segmented", "arima"])
def test_too_short_intervals_are_not_recommended(model: str, root: Path) -> None:
    stored = pd.read_csv(root / "benchmarks" / "results" / "synthetic_coverage.csv")
    size = stored.set_index(["method", "design"])["size_percent"][f"its_{model}"]
    assert size.min() > 10
    table = interrupted_time_series(panel(series()[None], cohorts={0: 30}), model=model)
    check_contract(table)
    assert table.tidy()["p_value"].isna().all()
    assert table.augment()["counterfactual_low"].isna().all()
    said = table.overall.inference
    assert said.startswith("no interval: without an effect tests with")
    # Half a point up, as in print.
    assert f"in {size.min() + 0.01:.0f}% to {size.max() + 0.01:.0f}% of simulated panels" in said


def test_no_structural_model_keeps_its_size_everywhere(root: Path) -> None:
    stored = pd.read_csv(root / "benchmarks" / "results" / "synthetic_coverage.csv")
    size = stored.set_index(["method", "design"])["size_percent"]
    short = panel(series()[None], cohorts={0: 30})
    assert size["its_drift"].max() > 10
    drift = interrupted_time_series(short, model="structural", trend="local level with drift")
    assert np.isnan(drift.overall.p_value)
    assert f"in up to {size['its_drift'].max():.0f}% of" in drift.overall.inference
    level = interrupted_time_series(short, model="structural", trend="local level")
    assert np.isnan(level.overall.p_value)
    assert f"in up to {size['its_structural'].max():.0f}% of" in level.overall.inference
    trend = interrupted_time_series(short, model="structural", trend="local linear trend")
    assert np.isnan(trend.overall.p_value)
    assert f"in up to {size['its_trend'].max():.0f}% of" in trend.overall.inference


# degenerate inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "cohorts", "said"),
    [
        (np.ones((2, 12)), {}, "treated inside the window"),
        (np.ones((1, 12)), {0: 8}, "series that moves"),
        (noise(1, units=1, times=12), {0: 0}, "before the reform"),
        (noise(1, units=1, times=12), {0: 3}, "at least 4 times before"),
        (noise(1, units=1, times=12), {0: 11}, "at least 2 times after"),
        (noise(1, units=1, times=12), {0: 99}, "treated inside the window"),
    ],
)
def test_degenerate(values: np.ndarray, cohorts: dict[int, int], said: str) -> None:
    with pytest.raises(IdentificationError, match=said):
        interrupted_time_series(panel(values, cohorts=cohorts))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "prophet"}, "model segmented"),
        ({"change": "slope"}, "change level"),
        ({"inference": "placebo"}, "inference recommended"),
        ({"trend": "none"}, "trend local level"),
    ],
)
def test_unknown_options(options: dict[str, object], said: str) -> None:
    with pytest.raises(IdentificationError, match=said):
        interrupted_time_series(panel(series()[None], cohorts={0: 30}), **options)


def test_too_short_for_arima() -> None:
    short = panel(noise(1, units=1, times=7), cohorts={0: 5})
    with pytest.raises(IdentificationError, match="at least 11 times"):
        interrupted_time_series(short, model="arima", order=(3, 0, 3))
