"""Power by simulation against the textbook."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy import stats

from analysis.errors import IdentificationError
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.power import simulated_power
from analysis.methods.simulate import simulate_panel


def test_power_is_the_textbook_power_of_a_pooled_t() -> None:
    panel = simulate_panel(n_units=30, n_times=12, n_treated=4, ar1=0.0, seed=1).panel
    estimator = partial(difference_in_differences, inference="scaled_t")
    made = simulated_power(panel, estimator, effects=[0.0, 1.0], n_draws=60, seed=2)
    # A change has variance 1/8 + 1/4; 4 placebo treated of 26 controls.
    error = np.sqrt((1 / 8 + 1 / 4) * (1 / 4 + 1 / 22))
    expected = 1 - stats.nct.cdf(stats.t.ppf(0.975, 18), 18, 1.0 / error)
    assert made.frame["power"].iloc[0] <= 0.15
    assert made.frame["power"].iloc[1] == pytest.approx(expected, abs=0.2)
    assert made.n_draws == 60


def test_too_few_controls_are_refused() -> None:
    panel = simulate_panel(n_units=10, n_treated=4, seed=1).panel
    with pytest.raises(IdentificationError, match="at least 8 control units"):
        simulated_power(panel, difference_in_differences, effects=[0.1])
    with pytest.raises(IdentificationError, match="gives p-values"):
        simulated_power(
            simulate_panel(n_units=12, n_treated=2, seed=1).panel,
            partial(difference_in_differences, inference="none"),
            effects=[0.1],
            n_draws=2,
        )
