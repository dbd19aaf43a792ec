"""The inference chosen by design, and the designs in which none is printed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.errors import IdentificationError, PanelError
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.group_time_att import group_time_att
from analysis.methods.layout import lay_out
from analysis.methods.panel import Panel
from analysis.methods.recommend import variance_change
from analysis.methods.simulate import simulate_panel


def _overall(panel: Panel, **options: object):
    return difference_in_differences(panel, **options).overall


def test_two_equal_treated_of_thirty_one_get_all_465_pairs() -> None:
    panel = simulate_panel(n_units=31, n_treated=2, ar1=0.0, seed=2).panel
    said = _overall(panel)
    assert said.inference == "randomisation over all 465 assignments"
    assert said.p_value * 465 == pytest.approx(round(said.p_value * 465))


def test_unequal_sizes_get_the_scaled_t() -> None:
    table = difference_in_differences(simulate_panel(sizes="unequal", seed=1).panel)
    assert "size-scaled t" in table.overall.inference
    assert "differ in size by a factor" in " ".join(table.notes)


def test_treated_that_vary_more_than_controls_get_the_scaled_t() -> None:
    panel = simulate_panel(seed=3).panel
    treated = panel.cells["unit"].isin(panel.treated).to_numpy()
    outcome = panel.cells["outcome"].to_numpy() * np.where(treated, 3.0, 1.0)
    table = difference_in_differences(panel.with_outcome(outcome))
    assert "size-scaled t" in table.overall.inference


def test_ten_clusters_on_each_side_get_the_bias_reduced_test() -> None:
    for sizes in ("equal", "unequal"):
        panel = simulate_panel(n_treated=12, sizes=sizes, seed=1).panel
        assert _overall(panel).inference.startswith("CR2")


def test_forty_effective_clusters_on_each_side_get_the_plain_one() -> None:
    panel = simulate_panel(n_units=90, n_times=6, n_treated=45, seed=1).panel
    assert _overall(panel).inference.startswith("CR1")
    sizes = np.where(np.arange(90) % 45 == 0, 40.0, 1.0)  # one giant among either
    uneven = simulate_panel(n_units=90, n_times=6, n_treated=45, sizes=list(sizes), seed=1).panel
    assert _overall(uneven).inference.startswith("CR2")


def test_effective_clusters_by_hand() -> None:
    """Weights 1, 1, 2 count as (1 + 1 + 2)^2 / (1 + 1 + 4) = 16/6 clusters."""
    panel = simulate_panel(n_units=5, n_times=4, n_treated=3, sizes=[1, 1, 2, 3, 3]).panel
    treated, control = lay_out(panel).effective_groups
    assert treated == pytest.approx(16 / 6)
    assert control == pytest.approx(2.0)


def test_without_one_regression_ten_unequal_clusters_get_the_scaled_t() -> None:
    panel = simulate_panel(n_treated=12, sizes="unequal", seed=1).panel
    assert "size-scaled t" in group_time_att(panel).overall.inference


def test_one_treated_among_unequal_units_gets_none() -> None:
    said = _overall(simulate_panel(n_treated=1, sizes="unequal", seed=1).panel)
    assert np.isnan(said.p_value)
    assert np.isnan(said.conf_low)
    assert "one treated unit" in said.inference


def test_one_treated_among_equal_units_is_permuted() -> None:
    said = _overall(simulate_panel(n_units=30, n_treated=1, ar1=0.3, seed=4).panel)
    assert said.inference == "randomisation over all 30 assignments"
    assert said.p_value >= 1 / 30


def test_fewer_than_four_clusters_get_none() -> None:
    said = _overall(simulate_panel(n_units=3, n_treated=1, seed=1).panel)
    assert np.isnan(said.p_value)
    assert "3 clusters are too few" in said.inference


def test_treated_units_of_one_region_get_none() -> None:
    panel = simulate_panel(n_units=12, n_treated=3, seed=1).panel
    number = panel.cells["unit"].str[1:].astype(int)
    cells = panel.cells.assign(cluster="region " + (number // 4).astype(str))
    from dataclasses import replace

    said = _overall(replace(panel, cells=cells))
    assert np.isnan(said.p_value)
    assert "too few" in said.inference or "one region" in said.inference
    five = cells.assign(cluster="region " + (number // 3).astype(str))
    said = _overall(replace(panel, cells=five))
    assert "all 3 treated units lie in one region" in said.inference


def test_clusters_are_permuted_whole() -> None:
    panel = simulate_panel(n_units=24, n_treated=4, ar1=0.2, seed=6).panel
    number = panel.cells["unit"].str[1:].astype(int)
    from dataclasses import replace

    by_region = replace(panel, cells=panel.cells.assign(cluster=number // 2))
    said = _overall(by_region, inference="randomisation")
    assert said.inference == "randomisation over all 66 assignments"  # 2 of 12 pairs


def test_a_rise_of_the_variance_is_flagged() -> None:
    panel = simulate_panel(n_treated=4, ar1=0.3, seed=2).panel
    after = panel.cell_event_time >= 0
    noise = np.random.default_rng(0).standard_normal(len(after)) * 4
    said = _overall(panel.with_outcome(panel.cells["outcome"].to_numpy() + noise * after))
    assert np.isnan(said.p_value)
    assert "variance of the treated units rose" in said.inference


def test_a_unit_that_never_moves_has_the_same_variance_before_and_after() -> None:
    layout = lay_out(simulate_panel(n_treated=4, seed=2).panel)
    assert np.isnan(variance_change(np.ones((1, *layout.outcome.shape)), layout)).all()
    noise = np.random.default_rng(3).standard_normal((1, *layout.outcome.shape))
    still = noise - noise[:, layout.control].mean(axis=1, keepdims=True)
    still[:, np.flatnonzero(~layout.control)[:1]] = 0.0
    p_value = float(variance_change(still, layout)[0])
    # Its log ratio is zero: so the mean of the treated is three quarters of that of the others.
    moving = np.delete(still[0], np.flatnonzero(~layout.control)[0], axis=0)
    before, after = (
        np.log((np.diff(moving, axis=1)[:, span] ** 2).mean(axis=1))
        for span in (layout.before[1:], layout.after[:-1])
    )
    of_control = np.delete(layout.control, np.flatnonzero(~layout.control)[0])
    others, control = (after - before)[~of_control], (after - before)[of_control]
    gap = 0.75 * others.mean() - control.mean()
    error = control.std(ddof=1) * np.sqrt(1 / 4 + 1 / len(control))
    assert p_value == pytest.approx(stats.t.sf(gap / error, len(control) - 1))


def test_variance_test_has_its_level_under_no_change() -> None:
    layout = lay_out(simulate_panel(seed=0).panel)
    from analysis.methods.simulate import draw_errors

    errors = draw_errors(np.random.default_rng(1), (3000, 30, 36), ar1=0.8)
    assert (variance_change(errors, layout) < 0.05).mean() == pytest.approx(0.05, abs=0.015)


# What libraries do silently: every row of the table is refused or warned of with its reason.


def test_a_reform_before_the_sample_is_refused() -> None:
    panel = simulate_panel(n_treated=4, seed=1).panel
    early = panel.with_cohorts(dict.fromkeys(panel.treated, -3))
    with pytest.raises(IdentificationError, match="widen the window"):
        difference_in_differences(early)


def test_one_treated_zone_never_gives_a_tiny_p_value() -> None:
    panel = simulate_panel(n_treated=1, effect=-30.0, seed=1).panel
    said = _overall(panel)
    assert np.isnan(said.p_value) or said.p_value >= 1 / 30
    warned = difference_in_differences(panel, inference="CR1")
    assert any("reject far too often" in note for note in warned.notes)


@pytest.mark.parametrize("value", [-np.inf, np.inf])
def test_the_log_of_zero_is_refused(value: float) -> None:
    with pytest.raises(PanelError, match="finite number"):
        _frame_panel(outcome=value)


def _frame_panel(*, outcome: float | None = None, repeat: int = 1) -> Panel:
    frame = pd.DataFrame(
        {
            "zone": list("aabbccdd"),
            "time": [1, 2] * 4,
            "y": [1.0, 2, 2, 3, 1, 4, 2, 2],
            "first": [2, 2] + [None] * 6,
        }
    )
    if outcome is not None:
        frame.loc[3, "y"] = outcome
    frame = pd.concat([frame] * repeat)
    return Panel.from_frame(frame, unit="zone", time="time", outcome="y", cohort="first")


def test_rows_loaded_four_times_are_refused() -> None:
    with pytest.raises(PanelError, match="one row for every unit and time"):
        _frame_panel(repeat=4)


def test_a_panel_of_one_zone_is_refused_not_aborted() -> None:
    panel = simulate_panel(n_units=5, n_treated=2, seed=1).panel
    with pytest.raises(IdentificationError):
        difference_in_differences(panel.keep_units([panel.treated[0]]))
