"""The picture of a specification curve: what is drawn is what the curve holds."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from analysis import plots
from analysis.methods import difference_in_differences
from analysis.methods.simulate import simulate_panel
from analysis.methods.specifications import (
    Specification,
    SpecificationCurve,
    specification_curve,
)
from analysis.pages import specification_plots


@pytest.fixture(scope="module")
def curve() -> SpecificationCurve:
    panel = simulate_panel(n_units=8, n_times=8, n_treated=2, effect=-0.5, seed=1).panel
    estimator = partial(difference_in_differences, inference="randomisation")
    made = [
        Specification(
            choices=(("window", window), ("comparison", comparison)),
            estimator=estimator,
            times=times,
            controls=controls,
            headline=window == "all" and controls is None,
        )
        for window, times in (("all", (1, 8)), ("short", (3, 8)))
        for comparison, controls in (("everyone", None), ("five", tuple(panel.units[2:7])))
    ]
    return specification_curve(panel, made)


def test_every_estimate_and_every_choice_is_drawn(curve: SpecificationCurve) -> None:
    ax = specification_plots.specification_curve(curve)
    dots = ax.get_lines()[1]  # after the line at zero
    np.testing.assert_allclose(dots.get_ydata(), curve.frame["estimate"])
    lower = ax.figure.axes[1]
    named = [label.get_text() for label in lower.get_yticklabels()]
    assert sorted(named) == ["all", "everyone", "five", "short"]
    marks = sum(len(line.get_xdata()) for line in lower.get_lines() if line.get_marker() == "|")
    assert marks == 2 * len(curve.frame)  # one a decision


def test_words_and_numbers_are_those_of_the_curve(curve: SpecificationCurve) -> None:
    said = specification_plots.describe_specification_curve(curve)
    assert said.startswith("4 specifications that differ in window (2 choices); comparison")
    assert "0 above zero" in said
    table = specification_plots.tabulate_specification_curve(curve)
    assert list(table["estimate"]) == sorted(table["estimate"])
    assert table["headline"].sum() == 1


def test_a_page_can_draw_it(curve: SpecificationCurve) -> None:
    made = plots.picture(
        specification_plots.specification_curve,
        curve,
        caption="All at once",
        alt=specification_plots.describe_specification_curve,
    )
    assert made.svg.count("<svg") == 1
    assert "null_low" in made.svg  # the numbers travel inside
