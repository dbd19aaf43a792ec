"""CR2, CR3 and the wild bootstrap against slow obvious versions and outside packages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.compress import compress
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.event_study import event_study
from analysis.methods.panel import Panel
from analysis.methods.uncertainty import WildBootstrap
from analysis.methods.wild_bootstrap import draw_weights

ORACLES = Path(__file__).resolve().parents[1] / "oracles" / "inference"


def _panel(*, weights: bool = False) -> Panel:
    frame = pd.read_csv(ORACLES / "clusters.csv")
    return Panel.from_frame(
        frame,
        unit="unit",
        time="time",
        outcome="y",
        cohort="first",
        weights="size" if weights else None,
    )


@pytest.fixture(scope="module")
def oracle() -> dict[str, dict[str, float]]:
    return json.loads((ORACLES / "clusters.json").read_text(encoding="utf-8"))


def _dense(*, weights: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Full dummy regression, rows times the root of the weights: X (treatment first), y, unit."""
    frame = pd.read_csv(ORACLES / "clusters.csv")
    dummies = pd.get_dummies(frame[["unit", "time"]].astype(str), dtype=float).to_numpy()
    design = np.column_stack([frame["d"], dummies])
    root = np.sqrt(frame["size"].to_numpy(dtype=float) if weights else np.ones(len(frame)))
    return design * root[:, None], frame["y"].to_numpy() * root, frame["unit"].to_numpy()


def _slow_cr2(*, weights: bool) -> tuple[float, float]:
    """CR2 standard error and Satterthwaite degrees of freedom from N x N matrices."""
    design, y, unit = _dense(weights=weights)
    bread = np.linalg.pinv(design.T @ design)
    maker = np.eye(len(y)) - design @ bread @ design.T
    errors = maker @ y
    parts = []
    variance = 0.0
    for name in np.unique(unit):
        inside = unit == name
        values, vectors = np.linalg.eigh(maker[np.ix_(inside, inside)])
        power = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.5, 0.0)
        adjust = vectors @ np.diag(power) @ vectors.T
        loading = adjust @ design[inside] @ bread[:, 0]
        variance += float(loading @ errors[inside]) ** 2
        parts.append(maker[:, inside] @ loading)
    gram = np.array(parts) @ np.array(parts).T
    return float(np.sqrt(variance)), float(np.trace(gram) ** 2 / (gram**2).sum())


@pytest.mark.parametrize("weights", [False, True])
def test_cr2_equals_the_slow_version(weights: bool) -> None:
    error, dof = _slow_cr2(weights=weights)
    said = difference_in_differences(_panel(weights=weights), inference="CR2").overall
    assert said.std_error == pytest.approx(error, rel=1e-9)
    from scipy import stats

    width = stats.t.ppf(0.975, dof) * error
    assert said.conf_high - said.estimate == pytest.approx(width, rel=1e-8)


def test_cr2_of_counted_rows_equals_cr2_of_single_rows() -> None:
    """With weights that count rows, cells give the row-level CR2."""
    frame = pd.read_csv(ORACLES / "clusters.csv")
    single = frame.loc[frame.index.repeat(frame["size"])]
    dummies = pd.get_dummies(single[["unit", "time"]].astype(str), dtype=float).to_numpy()
    design = np.column_stack([single["d"], dummies])
    bread = np.linalg.pinv(design.T @ design)
    maker = np.eye(len(single)) - design @ bread @ design.T
    errors = maker @ single["y"].to_numpy()
    variance = 0.0
    for name in frame["unit"].unique():
        inside = (single["unit"] == name).to_numpy()
        values, vectors = np.linalg.eigh(maker[np.ix_(inside, inside)])
        power = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.5, 0.0)
        loading = (vectors * power) @ vectors.T @ design[inside] @ bread[:, 0]
        variance += float(loading @ errors[inside]) ** 2
    said = difference_in_differences(_panel(weights=True), inference="CR2").overall
    assert said.std_error == pytest.approx(np.sqrt(variance), rel=1e-8)


def _rows_with_a_covariate() -> tuple[pd.DataFrame, Panel]:
    """Rows whose covariate varies inside cells, and their cells."""
    frame = pd.read_csv(ORACLES / "clusters.csv")
    rows = frame.loc[frame.index.repeat(frame["size"])].reset_index(drop=True)
    rng = np.random.default_rng(12)
    rows["value"] = rng.normal(size=len(rows)) + 0.3 * rows["d"]
    rows["y"] = rows["y"] + 0.7 * rows["value"] + rng.normal(scale=0.5, size=len(rows))
    panel = compress(
        rows, unit="unit", time="time", outcome="y", cohort="first", covariates=["value"]
    )
    return rows, panel


def _dense_with_a_covariate(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    dummies = pd.get_dummies(rows[["unit", "time"]].astype(str), dtype=float).to_numpy()
    design = np.column_stack([rows["d"], rows["value"], dummies])
    return design, np.asarray(np.linalg.lstsq(design, rows["y"], rcond=None)[0])


def test_cr2_with_a_covariate_that_varies_inside_cells_equals_that_of_the_rows() -> None:
    rows, panel = _rows_with_a_covariate()
    design, slopes = _dense_with_a_covariate(rows)
    y, unit = rows["y"].to_numpy(), rows["unit"].to_numpy()
    bread = np.linalg.pinv(design.T @ design)
    variance, parts = 0.0, []
    maker = np.eye(len(y)) - design @ bread @ design.T
    for name in np.unique(unit):
        inside = unit == name
        values, vectors = np.linalg.eigh(maker[np.ix_(inside, inside)])
        power = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.5, 0.0)
        loading = (vectors * power) @ (vectors.T @ (design[inside] @ bread[:, 0]))
        variance += float(loading @ (y - design @ slopes)[inside]) ** 2
        parts.append(maker[:, inside] @ loading)
    gram = np.array(parts) @ np.array(parts).T
    said = difference_in_differences(panel, inference="CR2").overall
    assert said.estimate == pytest.approx(slopes[0], rel=1e-9)
    assert said.std_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    from scipy import stats

    dof = np.trace(gram) ** 2 / (gram**2).sum()
    width = stats.t.ppf(0.975, dof) * np.sqrt(variance)
    assert said.conf_high - said.estimate == pytest.approx(width, rel=1e-8)


def test_cr3_with_a_covariate_that_varies_inside_cells_equals_leaving_rows_out() -> None:
    rows, panel = _rows_with_a_covariate()
    full = _dense_with_a_covariate(rows)[1][0]
    left = [
        _dense_with_a_covariate(rows[rows["unit"] != name])[1][0] for name in rows["unit"].unique()
    ]
    moves = np.array(left) - full
    error = np.sqrt((len(left) - 1) / len(left) * (moves @ moves))
    said = difference_in_differences(panel, inference="CR3").overall
    assert said.std_error == pytest.approx(error, rel=1e-9)


def test_wild_bootstrap_with_a_covariate_inside_cells_equals_refitting_the_rows() -> None:
    """The null not imposed: every draw is refitted on the rows, t by t."""
    rows, panel = _rows_with_a_covariate()
    design, slopes = _dense_with_a_covariate(rows)
    unit = pd.factorize(rows["unit"], sort=True)[0]
    n_units = int(unit.max()) + 1
    bread = np.linalg.pinv(design.T @ design)
    loading = design @ bread[:, 0]

    def spread(errors: np.ndarray) -> float:
        return float(np.sqrt((np.bincount(unit, loading * errors, n_units) ** 2).sum()))

    errors = rows["y"].to_numpy() - design @ slopes
    observed = abs(slopes[0]) / spread(errors)
    options = WildBootstrap(weights="webb", null="free", draws=199)
    draws = draw_weights(n_units, kind="webb", n_draws=199, seed=3)[0]
    beyond = 0
    for weights in draws:
        y = weights[unit] * errors
        move = bread @ (design.T @ y)
        beyond += abs(move[0]) / spread(y - design @ move) >= observed * (1 - 1e-9)
    said = difference_in_differences(panel, inference=options, seed=3).overall
    assert said.p_value == pytest.approx((1 + beyond) / 200)


@pytest.mark.parametrize("weights", [False, True])
def test_cr3_equals_leaving_clusters_out_one_by_one(weights: bool) -> None:
    design, y, unit = _dense(weights=weights)
    full = (np.linalg.pinv(design) @ y)[0]
    moves = [
        (np.linalg.pinv(design[unit != name]) @ y[unit != name])[0] - full
        for name in np.unique(unit)
    ]
    said = difference_in_differences(_panel(weights=weights), inference="CR3").overall
    assert said.std_error == pytest.approx(np.sqrt(7 / 8 * np.sum(np.square(moves))), rel=1e-8)


def test_pyfixest_agrees_without_small_sample_factors(oracle: dict[str, dict[str, float]]) -> None:
    for name, weights in (("equal", False), ("weighted", True)):
        said = difference_in_differences(_panel(weights=weights), inference="CR0").overall
        assert said.estimate == pytest.approx(oracle[name]["estimate"], rel=1e-8)
        assert said.std_error == pytest.approx(oracle[name]["CR0"], rel=1e-7)
    said = difference_in_differences(_panel(), inference="CR3").overall
    unscaled = said.std_error / np.sqrt(7 / 8)
    assert unscaled == pytest.approx(oracle["equal"]["CR3_unscaled"], rel=1e-7)


@pytest.mark.parametrize("null", ["imposed", "free"])
def test_enumerated_wild_bootstrap_equals_wildboottest(
    oracle: dict[str, dict[str, float]], null: str
) -> None:
    """Ours counts ties: the two patterns that give the data back, which wildboottest may lose."""
    options = WildBootstrap(weights="rademacher", null="imposed" if null == "imposed" else "free")
    said = difference_in_differences(_panel(), inference=options).overall
    outside = oracle["equal"][f"wild_enumerated_{null}"]
    assert "all rademacher draws" in said.inference
    assert outside <= said.p_value + 1e-12
    assert said.p_value - outside <= 2 / 256 + 1e-12


def test_wild_p_value_equals_refitting_every_draw() -> None:
    """Slow version: rebuild the outcome, refit the dummy regression, 2^8 times."""
    design, y, unit = _dense(weights=False)
    rest = design[:, 1:]
    errors = y - rest @ (np.linalg.pinv(rest) @ y)
    fitted = y - errors
    solve = np.linalg.pinv(design)
    bread = np.linalg.pinv(design.T @ design)

    def statistic(outcome: np.ndarray) -> float:
        coefficients = solve @ outcome
        left = outcome - design @ coefficients
        scores = [
            float(bread[0] @ design[unit == name].T @ left[unit == name])
            for name in np.unique(unit)
        ]
        return float(coefficients[0] / np.sqrt(np.sum(np.square(scores))))

    signs = 1.0 - 2.0 * ((np.arange(256)[:, None] >> np.arange(8)) & 1)
    draws = np.array([statistic(fitted + errors * sign[unit]) for sign in signs])
    observed = abs(statistic(y))
    expected = (np.abs(draws) >= observed * (1 - 1e-9)).mean()
    options = WildBootstrap(weights="rademacher")
    said = difference_in_differences(_panel(), inference=options).overall
    assert said.p_value == pytest.approx(expected, abs=1e-12)


def test_wild_interval_ends_where_the_test_turns() -> None:
    panel = _panel()
    options = WildBootstrap(weights="webb", draws=1_999)
    said = difference_in_differences(panel, inference=options, seed=3).overall
    after = (panel.cell_event_time >= 0).astype(float)
    outcome = panel.cells["outcome"].to_numpy()
    for end, outward in ((said.conf_low, -1), (said.conf_high, 1)):
        for step, kept in ((-1e-3, True), (1e-3, False)):
            moved = panel.with_outcome(outcome - (end + outward * step) * after)
            p_value = difference_in_differences(moved, inference=options, seed=3).overall.p_value
            assert (p_value > 0.05) is kept


def test_an_effect_that_hangs_on_one_cluster_gets_no_interval() -> None:
    panel = _panel().with_cohorts({1: 4})
    for inference in ("CR2", "CR3", "wild_bootstrap"):
        said = difference_in_differences(panel, inference=inference).overall
        assert np.isnan(said.p_value)
        assert np.isnan(said.conf_low)
        assert "one cluster, 1" in said.inference


def test_event_study_rows_are_combinations_of_coefficients() -> None:
    """CR2 of the overall row is CR2 of the weighted mean, not a mean of CR2s."""
    table = event_study(_panel(), inference="CR2")
    covariance = table.covariance
    assert covariance is not None
    frame = table.tidy()
    after = np.flatnonzero(frame["event_time"].fillna(-9).to_numpy(dtype=float) >= 0)
    counts = np.array([3.0, 3.0, 3.0, 3.0])
    share = counts[: len(after)] / counts[: len(after)].sum()
    variance = share @ covariance[np.ix_(after, after)] @ share
    assert table.overall.std_error == pytest.approx(np.sqrt(variance), rel=1e-8)
