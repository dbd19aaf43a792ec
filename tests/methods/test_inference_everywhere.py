"""Inference that some methods lacked: stacks, exposures and ratios, each against a slow version."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods.dose_response import dose_response
from analysis.methods.estimates import Conley
from analysis.methods.extended_twfe import extended_twfe
from analysis.methods.group_time import Wide
from analysis.methods.imputation import imputation
from analysis.methods.linear import bare
from analysis.methods.panel import Panel
from analysis.methods.saturated_poisson import saturated_effects, saturated_poisson
from analysis.methods.stacked import stacked
from tests.contract import check_contract
from tests.methods.did_cases import staggered

WINDOW = {"before": 2, "after": 1}


def stack(panel: Panel) -> pd.DataFrame:
    """Clean windows of every cohort, one under the other, weighted by cohort shares."""
    cells = panel.cells[["unit", "time", "cluster", "outcome"]].assign(first=panel.cell_cohort)
    last = panel.times[-1]
    pieces = []
    for g in sorted(cells["first"].dropna().unique()):
        times = g + np.arange(-2, 2)
        if times[0] < panel.times[0] or times[-1] > last:
            continue
        inside = cells[cells["time"].isin(times)]
        clean = inside["first"].isna() | (inside["first"] > times[-1])
        part = inside[(inside["first"] == g) | clean]
        pieces.append(part.assign(stack=g, own=part["first"] == g, event=part["time"] - g))
    made = pd.concat(pieces, ignore_index=True)
    of_treated = made.groupby("stack")["own"].transform("sum")
    of_control = made.groupby("stack")["own"].transform(lambda own: (~own).sum())
    ratio = (of_treated / made["own"].sum()) / (of_control / (~made["own"]).sum())
    return made.assign(q=np.where(made["own"], 1.0, ratio))


def dense(made: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Terms first, then dummies; rows times the root of the weights."""
    terms = [(made["own"] & (made["event"] == e)).astype(float) for e in (-2, 0, 1)]
    unit = pd.get_dummies(made["stack"].astype(str) + made["unit"].astype(str), dtype=float)
    event = pd.get_dummies(made["event"].astype(str), dtype=float)
    root = np.sqrt(made["q"].to_numpy())
    design = np.column_stack([*terms, unit.to_numpy(), event.to_numpy()])
    clusters = np.unique(made["cluster"], return_inverse=True)[1]
    return design * root[:, None], made["outcome"].to_numpy() * root, clusters


def solved(design: np.ndarray, y: np.ndarray) -> float:
    """Mean of the effects at event times 0 and 1."""
    return float(np.linalg.lstsq(design, y, rcond=None)[0][1:3].mean())


@pytest.fixture(scope="module")
def panel() -> Panel:
    return bare(staggered(seed=2, n_units=14, n_times=8))


def test_jackknife_of_stacks_leaves_units_out_of_all_stacks(panel: Panel) -> None:
    """A unit that is control in one stack and treated in another goes from both."""
    table = stacked(panel, **WINDOW, inference="CR3")
    check_contract(table)
    design, y, clusters = dense(stack(panel))
    whole = solved(design, y)
    assert table.overall.estimate == pytest.approx(whole)
    count = clusters.max() + 1
    moves = []
    for cluster in range(count):
        kept = clusters != cluster
        moves.append(solved(design[kept], y[kept]) - whole)
    wanted = np.sqrt((count - 1) / count * np.sum(np.square(moves)))
    assert table.overall.std_error == pytest.approx(wanted, rel=1e-7)


def test_bias_reduction_of_stacks_equals_full_matrices(panel: Panel) -> None:
    table = stacked(panel, **WINDOW, inference="CR2").overall
    design, y, clusters = dense(stack(panel))
    bread = np.linalg.pinv(design.T @ design)
    maker = np.eye(len(y)) - design @ bread @ design.T
    errors = maker @ y
    row = np.zeros(design.shape[1])
    row[1:3] = 0.5
    loading = design @ bread @ row
    variance = 0.0
    for cluster in range(clusters.max() + 1):
        inside = clusters == cluster
        values, vectors = np.linalg.eigh(maker[np.ix_(inside, inside)])
        power = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.5, 0.0)
        adjust = vectors @ np.diag(power) @ vectors.T
        variance += float(loading[inside] @ adjust @ errors[inside]) ** 2
    assert table.std_error == pytest.approx(np.sqrt(variance), rel=1e-7)


def test_wild_bootstrap_of_stacks_equals_a_slow_one() -> None:
    """Eight units, all 256 sign patterns, null imposed."""
    panel = bare(staggered(seed=5, n_units=8, n_times=8, effect=0.3))
    said = stacked(panel, before=2, after=1, inference="wild_bootstrap").overall
    design, y, clusters = dense(stack(panel))
    count = clusters.max() + 1
    assert count <= 8
    free = np.column_stack([design[:, 0], design[:, 3:]])
    gap = (design[:, 2] - design[:, 1])[:, None]  # null: the two effects sum to zero
    null = np.column_stack([free, gap])
    restricted = y - null @ np.linalg.lstsq(null, y, rcond=None)[0]
    bread = np.linalg.pinv(design.T @ design)
    row = np.zeros(design.shape[1])
    row[1:3] = 0.5
    loading = design @ bread @ row
    maker = np.eye(len(y)) - design @ bread @ design.T
    fitted = y - restricted

    def statistic(outcome: np.ndarray) -> float:
        moves = np.bincount(clusters, loading * (maker @ outcome))
        return abs(float(loading @ outcome)) / float(np.sqrt((moves**2).sum()))

    observed = statistic(y)
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * count)).reshape(count, -1)
    drawn = [statistic(fitted + restricted * one[clusters]) for one in signs.T]
    wanted = np.mean(np.array(drawn) >= observed * (1 - 1e-9))
    if "256" in said.inference and "rademacher" in said.inference:
        assert said.p_value == pytest.approx(wanted, abs=1e-12)
    else:  # Webb weights below twelve clusters: the same to Monte Carlo error
        assert said.p_value == pytest.approx(wanted, abs=0.06)


def test_conley_with_a_distant_cutoff_of_zero_is_by_unit(panel: Panel) -> None:
    """With a cutoff below every distance only a unit is near itself: CR0 by unit."""
    places = pd.DataFrame({"latitude": np.arange(14.0), "longitude": 0.0}, index=panel.units)
    near = stacked(panel, **WINDOW, inference=Conley(coordinates=places, cutoff_km=1.0)).overall
    plain = stacked(panel, **WINDOW, inference="CR1").overall
    assert near.std_error == pytest.approx(plain.std_error, rel=1e-9)


# ---------------------------------------------------------------- exposures


def exposed(*, missing: bool = False) -> Panel:
    """Seven units, three of them exposed to different degree from time 4 on."""
    rng = np.random.default_rng(7)
    unit, time = np.repeat(np.arange(7), 6), np.tile(np.arange(1, 7), 7)
    share = np.array([0.2, 0.5, 0.9, 0, 0, 0, 0])[unit]
    y = rng.normal(size=42) - 1.0 * share * (time >= 4)
    first = np.where(unit < 3, 4.0, np.nan)
    frame = pd.DataFrame({"unit": unit, "time": time, "y": y, "first": first, "share": share})
    frame = frame[~((unit == 5) & (time == 2))] if missing else frame
    return Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", cohort="first", covariates=["share"]
    )


@pytest.mark.parametrize("missing", [False, True])
def test_exposures_are_dealt_with_the_treatment(missing: bool) -> None:
    """All 35 triples; the first unit drawn gets the first exposure, and so on."""
    panel = exposed(missing=missing)
    table = dose_response(panel, exposure="share", at=[0.5], inference="randomisation")
    check_contract(table)
    wide = panel.wide()
    change = (wide[[4, 5, 6]].mean(axis=1) - wide[3]).to_numpy()
    wanted = []
    for drawn in combinations(range(7), 3):
        rest = [unit for unit in range(7) if unit not in drawn]
        gap = change[list(drawn)] - change[rest].mean()
        slope, level = np.polyfit([0.2, 0.5, 0.9], gap, 1)
        wanted.append([level + 0.5 * slope, slope, gap.mean()])
    size = np.abs(wanted)
    share = (size >= size[0] * (1 - 1e-9)).mean(axis=0)
    assert table.draws is not None
    assert len(table.draws) == 35
    if missing:  # units are treated one by one, so the deal is the same in every draw
        np.testing.assert_allclose(table.frame["p_value"], share, atol=1e-12)
    np.testing.assert_allclose(table.frame["p_value"].iloc[-1], share[-1], atol=1e-12)
    assert table.overall.conf_low < table.overall.estimate < table.overall.conf_high


def test_exposures_take_the_scaled_t_and_refuse_the_rest_with_the_reason() -> None:
    wide = exposed()
    with pytest.raises(IdentificationError, match="not one regression"):
        dose_response(wide, exposure="share", inference="CR2")
    with pytest.raises(IdentificationError, match="no one regression holds all cells"):
        imputation(bare(staggered(n_units=12)), inference="wild_bootstrap")
    rng = np.random.default_rng(1)
    unit, time = np.repeat(np.arange(20), 12), np.tile(np.arange(12), 20)
    share = np.where(unit < 4, 0.1 + unit / 10, 0.0)
    frame = pd.DataFrame(
        {
            "unit": unit,
            "time": time,
            "y": rng.normal(size=240),
            "first": np.where(unit < 4, 8.0, np.nan),
            "share": share,
        }
    )
    panel = Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", cohort="first", covariates=["share"]
    )
    table = dose_response(panel, exposure="share", inference="scaled_t")
    check_contract(table)
    assert "size-scaled t" in table.overall.inference
    assert np.isfinite(table.frame["p_value"]).all()


def test_exposures_dealt_at_random_reject_at_their_level() -> None:
    rejected = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=42).reshape(7, 6).cumsum(axis=1).ravel()
        panel = exposed()
        panel = panel.with_outcome(y)
        said = dose_response(panel, exposure="share", inference="randomisation").overall
        rejected.append(said.p_value <= 0.1)
    assert np.mean(rejected) <= 0.1 + 2.5 * np.sqrt(0.09 / 60)


# ---------------------------------------------------------------- ratios


def counts(seed: int = 3) -> Panel:
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(9), 8), np.tile(np.arange(8), 9)
    first = np.where(unit < 2, 5.0, np.nan)
    y = rng.poisson(np.exp(2 - 0.4 * (time >= first))).astype(float)
    frame = pd.DataFrame({"unit": unit, "time": time, "y": y, "first": first})
    return Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="first")


def test_treated_cells_need_no_model() -> None:
    """The saturated fit and the one on untreated cells alone give the same effects."""
    from analysis.methods.extended_twfe import _pairs

    wide = Wide.of(counts())
    for control in ("not_yet_treated", "never_treated"):
        pairs = _pairs(wide, control, 0)
        full = saturated_poisson(wide, pairs).estimate
        np.testing.assert_allclose(saturated_effects(wide, pairs), full, rtol=1e-7, atol=1e-9)


def test_ratios_are_reassigned_by_refitting() -> None:
    """All 36 pairs, each with the count its cells would have had by the other units' growth."""
    panel = counts()
    table = extended_twfe(panel, family="poisson", inference="randomisation")
    check_contract(table)
    wide = panel.wide().to_numpy()
    found = []
    for drawn in combinations(range(9), 2):
        rest = [unit for unit in range(9) if unit not in drawn]
        growth = (
            wide[rest][:, 5:].mean(axis=0)
            / wide[rest][:, :5].sum()
            * wide[list(drawn)][:, :5].sum()
        )
        scale = len(rest) / len(drawn)
        found.append((wide[list(drawn)][:, 5:].mean(axis=0) - growth * scale).mean())
    size = np.abs(found)
    assert table.overall.estimate == pytest.approx(found[0], rel=1e-7)
    assert table.overall.p_value == pytest.approx((size >= size[0] * (1 - 1e-9)).mean())
    assert np.isnan(table.overall.conf_low)


def test_the_table_of_features_says_what_ratios_take() -> None:
    from analysis.pages.method_features import FEATURES

    named = FEATURES["extended_twfe"].other_inference.removeprefix("Poisson: ").split(", ")
    places = pd.DataFrame({"latitude": np.arange(9.0), "longitude": 0.0}, index=range(9))
    for kind in named:
        wanted = Conley(coordinates=places, cutoff_km=300) if kind == "conley" else kind
        said = extended_twfe(counts(), family="poisson", inference=wanted).overall  # type: ignore[arg-type]
        assert np.isfinite(said.p_value), kind


@pytest.mark.parametrize("kind", ["CR2", "CR3", "wild_bootstrap", "scaled_t"])
def test_ratios_refuse_what_needs_a_linear_estimate(kind: str) -> None:
    with pytest.raises(IdentificationError, match="not linear in the outcome"):
        extended_twfe(counts(), family="poisson", inference=kind)
