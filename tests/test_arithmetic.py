"""The clearance arithmetic, worked by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from analysis import catalog
from analysis.arithmetic import ClearanceFigures, clearance_arithmetic
from analysis.errors import DeclarationError


@pytest.fixture
def figures(root: Path) -> ClearanceFigures:
    return catalog.clearance_figures(root, "spare-parts")


def test_the_steps_by_hand(figures: ClearanceFigures) -> None:
    made = clearance_arithmetic(figures, minimum_detectable_effect=math.log(1.5))
    # 25 % of 32.02 h = 8.005 h = 0.33354 d; x 0.6 and 2.1 = 0.20013 and 0.70044 %;
    # x 4 and 5 = 0.8005 and 3.5022 %; x 590.55 / 1007.67 = 0.4691 and 2.0525 %
    assert [round(step.high, 4) for step in made.steps] == [
        25.0,
        32.02,
        8.005,
        0.3335,
        2.1,
        0.7004,
        5.0,
        3.5022,
        58.6055,
        2.0525,
        50.0,
    ]
    assert made.trade_low == pytest.approx(0.8005)
    assert made.province_low == pytest.approx(0.46914, abs=1e-5)
    assert made.detectable == pytest.approx(50.0)
    assert not made.can_be_seen
    assert made.sentence.endswith("50 percent or more, so they cannot test the claim.")


def test_every_step_has_a_range_a_unit_and_a_source(figures: ClearanceFigures) -> None:
    steps = clearance_arithmetic(figures, minimum_detectable_effect=0.3).steps
    assert all(step.low <= step.high and step.unit and step.source for step in steps)


def test_data_that_detect_little_changes_could_test_the_claim(figures: ClearanceFigures) -> None:
    made = clearance_arithmetic(figures, minimum_detectable_effect=math.log(1.02))
    assert made.can_be_seen
    assert "can test the claim" in made.sentence


def test_figures_must_be_numbers_of_one_unit_and_the_claim_a_cut(
    figures: ClearanceFigures,
) -> None:
    def broken(**changed: object) -> ClearanceFigures:
        held = {name: getattr(figures, name) for name in ClearanceFigures.__slots__}
        return ClearanceFigures(**(held | changed))  # type: ignore[arg-type]

    rise = figures.claim.model_copy(update={"value": 25.0})
    dollars = figures.all_trade.model_copy(update={"unit": "USD bn"})
    blank = figures.mean_hours.model_copy(update={"number": None})
    for figure in (broken(claim=rise), broken(all_trade=dollars), broken(mean_hours=blank)):
        with pytest.raises(DeclarationError):
            clearance_arithmetic(figure, minimum_detectable_effect=0.3)


def test_the_reform_that_names_the_figures_is_found(root: Path, figures: ClearanceFigures) -> None:
    assert catalog.clearance_figures(root) == figures


def test_only_a_reform_that_names_figures_has_the_arithmetic(root: Path) -> None:
    with pytest.raises(DeclarationError, match="arithmetic"):
        catalog.clearance_figures(root, "dry-port")
