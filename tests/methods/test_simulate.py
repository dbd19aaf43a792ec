"""Simulated panels have the truth they declare."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.errors import PanelError
from analysis.methods.simulate import draw_errors, simulate_panel


def test_path_and_truth_by_hand() -> None:
    drawn = simulate_panel(
        n_units=4, n_times=5, n_treated=2, cohorts=[4, 5], effect=[1.0, 3.0], seed=0
    )
    # Cells after: 1 and 3 for the first unit, 1 for the second.
    assert drawn.truth == pytest.approx(5 / 3)
    assert drawn.path.to_dict() == {0: 1.0, 1: 3.0}
    assert drawn.effects.sum() == pytest.approx(5.0)


def test_without_noise_the_effect_is_the_only_difference() -> None:
    one = simulate_panel(effect=0.0, seed=3)
    two = simulate_panel(effect=-0.5, seed=3)
    gap = two.panel.cells["outcome"].to_numpy() - one.panel.cells["outcome"].to_numpy()
    np.testing.assert_allclose(gap, two.effects, atol=1e-12)


def test_errors_have_the_declared_moments() -> None:
    rng = np.random.default_rng(0)
    errors = draw_errors(rng, (1, 4000, 40), ar1=0.8)[0]
    assert errors.var() == pytest.approx(1, abs=0.03)
    assert errors[:, 0].var() == pytest.approx(errors[:, -1].var(), abs=0.1)
    assert np.corrcoef(errors[:, 10], errors[:, 11])[0, 1] == pytest.approx(0.8, abs=0.03)
    skewed = draw_errors(rng, (1, 4000, 20), skew=2.0)[0]
    assert stats.skew(skewed.ravel()) == pytest.approx(2, abs=0.15)
    heavy = draw_errors(rng, (1, 4000, 20), tails=5.0)[0]
    assert heavy.var() == pytest.approx(1, abs=0.05)
    assert stats.kurtosis(heavy.ravel()) > 1


def test_missing_share_sizes_and_seed() -> None:
    drawn = simulate_panel(sizes="unequal", missing=0.2, seed=5)
    assert len(drawn.panel.cells) / (30 * 36) == pytest.approx(0.8, abs=0.04)
    assert drawn.panel.cells["weight"].nunique() == 30
    again = simulate_panel(sizes="unequal", missing=0.2, seed=5)
    assert drawn.panel.cells.equals(again.panel.cells)
    assert not drawn.panel.cells.equals(simulate_panel(sizes="unequal", seed=6).panel.cells)


@pytest.mark.parametrize(
    "wrong", [{"ar1": 1.0}, {"n_treated": 31}, {"tails": 2.0}, {"missing": 1.0}, {"n_times": 1}]
)
def test_impossible_panels_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(PanelError):
        simulate_panel(**wrong)  # type: ignore[arg-type]
    with pytest.raises(PanelError, match="30 sizes"):
        simulate_panel(sizes=[1.0, 2.0])
