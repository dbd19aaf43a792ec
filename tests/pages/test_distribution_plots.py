"""The shift of a distribution, on a table where every number is known."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy import stats

from analysis import methods
from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.pages import distribution_plots, method_examples


@pytest.fixture(scope="module")
def effects() -> EffectTable:
    return distribution_plots.simulated()


def test_percentiles_are_near_those_of_the_planted_truth(effects: EffectTable) -> None:
    """Logs are normal with mean 3 and deviation 0.5; the reform takes 0.2 off."""
    rows = distribution_plots.tabulate_shift(effects).set_index("percent")
    for percent in (25.0, 50.0, 75.0):
        without = float(np.exp(3.0 + 0.5 * stats.norm.ppf(percent / 100)))
        assert rows.loc[percent, "without"] == pytest.approx(without, rel=0.12)
        assert rows.loc[percent, "effect"] == pytest.approx(
            rows.loc[percent, "observed"] - rows.loc[percent, "without"]
        )
    assert (np.diff(rows["observed"]) > 0).all()


def test_both_curves_are_drawn(effects: EffectTable) -> None:
    rows = distribution_plots.tabulate_shift(effects)
    ax = distribution_plots.shift(effects, ax=Figure().subplots())
    drawn = {line.get_label(): np.asarray(line.get_xdata(), dtype=float) for line in ax.lines}
    np.testing.assert_allclose(drawn["observed"], rows["observed"])
    np.testing.assert_allclose(drawn["without"], rows["without"])
    said = distribution_plots.describe_shift(effects)
    assert said.count("percent are released within") == 2
    assert "hours" in said


def test_other_effects_are_refused() -> None:
    panel = method_examples.simultaneous().panel
    with pytest.raises(IdentificationError, match="distribution"):
        distribution_plots.tabulate_shift(methods.difference_in_differences(panel))
