"""Specification curves: by hand, against the estimator itself, and the level of the joint test."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Panel, decompose, difference_in_differences
from analysis.methods.simulate import simulate_panel
from analysis.methods.specifications import Specification, specification_curve

randomised = partial(difference_in_differences, inference="randomisation")
points = partial(difference_in_differences, inference="none")


def drawn(*, effect: float = 0.0, seed: int = 1, n_units: int = 12) -> Panel:
    return simulate_panel(
        n_units=n_units, n_times=9, n_treated=2, effect=effect, noise=0.1, seed=seed
    ).panel


def asked(panel: Panel) -> list[Specification]:
    half = tuple(panel.units[2:8])
    return [
        Specification(
            choices=(("window", window), ("comparison", comparison)),
            estimator=points,
            times=times,
            controls=controls,
        )
        for window, times in (("all", (1, 9)), ("short", (4, 9)))
        for comparison, controls in (("everyone", None), ("six", half))
    ]


def test_every_specification_is_what_its_estimator_says() -> None:
    panel = drawn(effect=-0.3)
    curve = specification_curve(panel, asked(panel))
    assert curve.decisions == ("window", "comparison")
    assert curve.refused == ()
    assert curve.frame["estimate"].is_monotonic_increasing
    row = curve.frame.set_index(["window", "comparison"]).loc[("short", "six")]
    kept = panel.keep_times(4, 9).keep_units(list(panel.units[:8]))
    assert row["estimate"] == pytest.approx(points(kept).overall.estimate)
    assert row["n_control"] == 6


def test_the_joint_test_is_that_of_a_slow_version() -> None:
    """Every pair of the twelve in the place of the treated, estimated one by one."""
    panel = drawn(effect=-0.1)
    wide, units = panel.wide(), list(panel.units)
    pairs = [(i, j) for i in range(12) for j in range(i + 1, 12)]
    table = []
    for pair in pairs:
        spare = [unit for unit in (0, 1) if unit not in pair]
        found = []
        for first in (1, 4):
            times = wide.columns[wide.columns >= first]
            change = (
                wide[[t for t in times if t >= 7]].mean(axis=1)
                - wide[[t for t in times if t < 7]].mean(axis=1)
            ).to_numpy()
            for pool in (range(2, 12), range(2, 8)):
                taken = [unit for unit in pool if unit in pair]
                rest = [unit for unit in pool if unit not in pair] + spare[: len(taken)]
                found.append(change[list(pair)].mean() - change[rest].mean())
        table.append(found)
    size = np.abs(np.array(table))
    beyond = (size[None, :, :] >= size[:, None, :] * (1 - 1e-9)).mean(axis=1)
    smallest = beyond.min(axis=1)
    observed = pairs.index((0, 1))
    wanted = (smallest <= smallest[observed] * (1 + 1e-9)).mean()
    curve = specification_curve(panel, asked(panel))
    assert len(units) == 12
    assert curve.joint.n_draws == 66
    assert curve.joint.smallest == pytest.approx(smallest[observed])
    assert curve.joint.p_value == pytest.approx(wanted)


def test_a_large_effect_is_found_and_lies_outside_the_range() -> None:
    panel = drawn(effect=-2.0)
    curve = specification_curve(panel, asked(panel))
    assert curve.joint.p_value == pytest.approx(1 / 66)
    assert (curve.frame["estimate"] < curve.frame["null_low"]).all()


def test_the_joint_test_keeps_its_level() -> None:
    """Under no effect the smallest of four p-values is small too often; the joint one is not."""
    single, joint = [], []
    for seed in range(60):
        panel = drawn(seed=seed)
        made = specification_curve(panel, asked(panel)).joint
        single.append(made.smallest <= 0.1)
        joint.append(made.p_value <= 0.1)
    assert np.mean(joint) <= 0.1 + 2 * np.sqrt(0.09 / 60)
    assert np.mean(single) > np.mean(joint)


def test_what_cannot_be_estimated_is_named() -> None:
    panel = drawn()
    late = Specification(
        choices=(("window", "after"), ("comparison", "everyone")), estimator=points, times=(8, 9)
    )
    whole = Specification(
        choices=(("window", "all"), ("comparison", "weights")),
        estimator=lambda given: decompose(given),
        times=(1, 9),
    )
    curve = specification_curve(panel, [*asked(panel), late, whole])
    assert len(curve.frame) == 4
    assert len(curve.refused) == 2
    assert curve.refused[0].startswith("after, everyone: ")
    with pytest.raises(IdentificationError, match="at least two specifications"):
        specification_curve(panel, [late, asked(panel)[0]])


def test_the_same_estimate_counts_once() -> None:
    panel = drawn()
    again = [
        Specification(
            choices=(("window", "again"), ("comparison", "everyone")),
            estimator=points,
            times=(1, 9),
        )
    ]
    curve = specification_curve(panel, [*asked(panel), *again])
    assert len(curve.frame) == 4
    assert curve.refused == ("again, everyone: the same as another one in every draw",)


def test_units_that_are_not_alike_are_refused() -> None:
    panel = drawn()
    with pytest.raises(IdentificationError, match="1 cells absent"):
        specification_curve(panel.keep(np.arange(len(panel.cells)) != 5), asked(panel))


def test_intervals_are_those_of_the_estimator() -> None:
    panel = drawn(effect=-0.3)
    spec = [
        Specification(choices=one.choices, estimator=randomised, times=one.times)
        for one in asked(panel)[::2]
    ]
    frame = specification_curve(panel, spec).frame
    ends = frame[["conf_low", "conf_high"]].to_numpy()
    assert np.isfinite(ends).all()
    assert isinstance(frame, pd.DataFrame)
