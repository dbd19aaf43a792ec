"""Difference-in-differences: by hand, by plain least squares, by reassignment, by algebra."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Panel, difference_in_differences
from tests.contract import check_contract

KINDS = ("none", "CR1", "CR2", "CR3", "randomisation", "recommended")


def made(rows: list[tuple[str, int, float, int | None]], **options: object) -> Panel:
    frame = pd.DataFrame(rows, columns=["unit", "time", "y", "first"])
    return Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="first", **options)


def noisy(*, effect: float = 0.0, seed: int = 3, n_units: int = 9, drop: int = 0) -> Panel:
    """Make three treated units of two cohorts among nine; uneven if cells are dropped."""
    rng = np.random.default_rng(seed)
    first = {"u0": 6, "u1": 6, "u2": 8}
    rows = [
        (
            f"u{i}",
            t,
            i + 0.3 * t + effect * (t >= first.get(f"u{i}", 99)) + rng.standard_normal(),
            first.get(f"u{i}"),
        )
        for i in range(n_units)
        for t in range(1, 11)
    ]
    return made([row for number, row in enumerate(rows) if not drop or number % drop])


def plain(panel: Panel, *, anticipation: int = 0) -> float:
    """Least squares on dummies of units and times and one of treatment."""
    event_time = panel.cell_event_time
    kept = ~((event_time < 0) & (event_time >= -anticipation))
    cells, treated = panel.cells[kept], (event_time >= 0)[kept]
    columns = pd.get_dummies(cells[["unit", "time"]].astype(str)).to_numpy(dtype=float)
    design = np.column_stack([treated.astype(float), columns])
    return float(np.linalg.lstsq(design, cells["outcome"].to_numpy(), rcond=None)[0][0])


def estimate(panel: Panel, **options: object) -> float:
    return difference_in_differences(panel, inference="none", **options).overall.estimate  # type: ignore[arg-type]


def test_four_means_by_hand() -> None:
    # treated 9 -> 6, controls 8 -> 8 and 7 -> 8: (6 - 9) - (8 - 7.5) = -3.5
    panel = made(
        [
            *(("a", 1, 9, 2), ("a", 2, 6, 2), ("b", 1, 8, None)),
            *(("b", 2, 8, None), ("c", 1, 7, None), ("c", 2, 8, None)),
        ]
    )
    table = difference_in_differences(panel, inference="none")
    assert table.overall.estimate == pytest.approx(-3.5, abs=1e-12)
    assert (table.overall.n_treated, table.overall.n_control, table.overall.n_obs) == (1, 2, 6)
    assert np.isnan(table.overall.p_value)


@pytest.mark.parametrize("anticipation", [0, 1, 2])
@pytest.mark.parametrize("drop", [0, 7])
def test_estimates_are_those_of_dummies(anticipation: int, drop: int) -> None:
    panel = noisy(effect=2.0, drop=drop)
    expected = plain(panel, anticipation=anticipation)
    assert estimate(panel, anticipation=anticipation) == pytest.approx(expected, abs=1e-9)


def test_an_effect_without_noise_is_found_exactly() -> None:
    rows = [
        (f"u{i}", t, 5 * i + t**2 - 4.0 * (i < 2 and t >= 4), 4 if i < 2 else None)
        for i in range(6)
        for t in range(1, 7)
    ]
    assert estimate(made(rows)) == pytest.approx(-4.0, abs=1e-11)


def test_own_trends_leave_a_jump_and_take_a_slope() -> None:
    rows = [
        (f"u{i}", t, 0.5 * t * i - 4.0 * (i < 2 and t >= 5), 5 if i < 2 else None)
        for i in range(6)
        for t in range(1, 8)
    ]
    assert estimate(made(rows), own_trends="prior") == pytest.approx(-4.0, abs=1e-11)
    assert estimate(made(rows)) != pytest.approx(-4.0, abs=0.5)


@pytest.mark.parametrize("anticipation", [0, 1])
def test_randomisation_is_that_of_every_pair(anticipation: int) -> None:
    """Under another assignment the cells that may anticipate are those of the units assigned."""
    rng = np.random.default_rng(8)
    rows = [
        (f"u{i}", t, i + rng.standard_normal(), 5 if i < 2 else None)
        for i in range(7)
        for t in range(1, 8)
    ]
    panel = made(rows)
    kept = panel.keep(~((panel.cell_event_time < 0) & (panel.cell_event_time >= -anticipation)))
    values = []
    for pair in itertools.combinations(panel.units, 2):
        values.append(plain(kept.with_cohorts(dict.fromkeys(pair, 5)), anticipation=anticipation))
    observed = values[0]  # u0 and u1
    table = difference_in_differences(panel, anticipation=anticipation, inference="randomisation")
    expected = np.mean(np.abs(values) >= abs(observed) - 1e-12)
    assert table.overall.estimate == pytest.approx(observed, abs=1e-9)
    assert table.overall.p_value == pytest.approx(expected, abs=1e-12)
    assert table.overall.std_error == pytest.approx(np.std(values[1:], ddof=1), abs=1e-9)


@pytest.mark.parametrize("inference", KINDS)
def test_every_kind_of_inference_keeps_the_contract(inference: str) -> None:
    table = difference_in_differences(noisy(effect=1.0), inference=inference)  # type: ignore[arg-type]
    check_contract(table)
    assert table.overall.estimand == "ATT overall"
    assert table.overall.term == "treatment"
    assert table.overall.estimator == "difference_in_differences"


def test_confidence_level_widens_the_interval() -> None:
    narrow, wide = (
        difference_in_differences(noisy(), inference="CR1", conf_level=level).overall
        for level in (0.8, 0.99)
    )
    assert narrow.conf_high - narrow.conf_low < wide.conf_high - wide.conf_low
    assert (narrow.conf_level, narrow.std_error) == (0.8, wide.std_error)


# ---------------------------------------------------------------- what algebra says


def _changed(panel: Panel, change: Callable[[pd.DataFrame], np.ndarray | pd.Series]) -> Panel:
    return panel.with_outcome(np.asarray(change(panel.cells), dtype=float))


def test_constants_of_units_and_times_do_not_move_the_estimate() -> None:
    panel = noisy(effect=2.0, drop=7)
    moved = _changed(
        panel,
        lambda cells: (
            cells["outcome"]
            + 10 * np.sin(cells["time"])
            + cells["unit"].map({u: n**2 for n, u in enumerate(panel.units)})
        ),
    )
    assert estimate(moved) == pytest.approx(estimate(panel), abs=1e-9)


def test_scaling_the_outcome_scales_the_estimate_and_its_error() -> None:
    panel = noisy(effect=2.0)
    one = difference_in_differences(panel, inference="CR1").overall
    scaled = _changed(panel, lambda cells: -3 * cells["outcome"])
    three = difference_in_differences(scaled, inference="CR1").overall
    assert three.estimate == pytest.approx(-3 * one.estimate, abs=1e-9)
    assert three.std_error == pytest.approx(3 * one.std_error, abs=1e-9)
    assert three.p_value == pytest.approx(one.p_value, abs=1e-9)


def test_adding_an_effect_adds_to_the_estimate() -> None:
    panel = noisy(drop=7)
    more = _changed(panel, lambda cells: cells["outcome"] + 5 * (panel.cell_event_time >= 0))
    assert estimate(more) - estimate(panel) == pytest.approx(5, abs=1e-9)


def test_order_of_rows_and_names_of_units_do_not_matter() -> None:
    panel = noisy(effect=1.0)
    cells = panel.cells.assign(first=panel.cell_cohort).sample(frac=1, random_state=1)
    names = {unit: f"z{9 - number}" for number, unit in enumerate(panel.units)}
    frame = cells.assign(unit=cells["unit"].map(names))
    other = Panel.from_frame(frame, unit="unit", time="time", outcome="outcome", cohort="first")
    assert estimate(other) == pytest.approx(estimate(panel), abs=1e-9)


def test_the_panel_is_not_changed() -> None:
    panel = noisy()
    before = panel.cells.copy()
    difference_in_differences(panel, anticipation=1, own_trends="prior", inference="randomisation")
    pd.testing.assert_frame_equal(panel.cells, before)


# ---------------------------------------------------------------- truth


def test_two_treated_units_without_effect_are_rejected_as_often_as_promised() -> None:
    """Over all pairs as the treated one, exactly the promised share has p <= 0.10."""
    rng = np.random.default_rng(11)
    rows = [
        (f"u{i}", t, float(rng.standard_normal()), 5 if i < 2 else None)
        for i in range(7)
        for t in range(1, 8)
    ]
    panel = made(rows)
    p_values = [
        difference_in_differences(
            panel.with_cohorts(dict.fromkeys(pair, 5)), inference="randomisation"
        ).overall.p_value
        for pair in itertools.combinations(panel.units, 2)
    ]
    np.testing.assert_allclose(sorted(p_values), np.arange(1, 22) / 21, atol=1e-12)


# ---------------------------------------------------------------- refusals


def test_a_reform_before_or_after_the_window_is_refused() -> None:
    panel = noisy()
    with pytest.raises(IdentificationError):
        difference_in_differences(panel.keep_times(8, 10))
    with pytest.raises(IdentificationError):
        difference_in_differences(panel.keep_times(1, 5))


def test_everybody_treated_at_once_is_refused() -> None:
    panel = noisy()
    with pytest.raises(IdentificationError):
        difference_in_differences(panel.with_cohorts(dict.fromkeys(panel.units, 6)))


def test_unknown_words_are_refused_with_the_known_ones() -> None:
    with pytest.raises(IdentificationError, match="prior"):
        difference_in_differences(noisy(), own_trends="linear")  # type: ignore[arg-type]
    with pytest.raises(IdentificationError, match="randomisation"):
        difference_in_differences(noisy(), inference="HC1")  # type: ignore[arg-type]
    with pytest.raises(IdentificationError, match="between 0 and 1"):
        difference_in_differences(noisy(), conf_level=95)
