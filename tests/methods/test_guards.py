"""What libraries do silently is refused or said, with the reason: one test a row of that table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis import methods
from analysis.errors import IdentificationError, PanelError
from analysis.methods import Panel, compress, difference_in_differences
from analysis.methods.effects import EffectTable
from analysis.methods.guards import wild_values
from analysis.methods.simulate import simulate_panel
from tests.methods.did_cases import as_panel

NAMES = {"unit": "unit", "time": "time", "outcome": "hours", "cohort": "first"}


def frame(*, effect: float = -2.0, n_treated: int = 4, n_units: int = 16) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    unit, time = np.repeat(np.arange(n_units), 12), np.tile(np.arange(12), n_units)
    first = np.where(unit < n_treated, 8.0, np.nan)
    hours = 20 + unit + rng.normal(0, 0.5, len(unit)) + effect * (time >= first)
    return pd.DataFrame({"unit": unit, "time": time, "hours": hours, "first": first})


def panel(table: pd.DataFrame, **more: object) -> Panel:
    return Panel.from_frame(table, **NAMES, **more)


def records(table: pd.DataFrame, *, copies: int = 1) -> pd.DataFrame:
    """Some thirty declarations a cell, different in number."""
    rng = np.random.default_rng(2)
    count = rng.integers(20, 40, len(table))
    rows = table.loc[table.index.repeat(count)].reset_index(drop=True)
    rows["hours"] += rng.normal(0, 3, len(rows))
    return pd.concat([rows] * copies, ignore_index=True)


# ------------------------------------------------- an effect that is not identified


@pytest.mark.parametrize("shift", [-20, 20])
def test_a_reform_outside_the_sample_is_refused(shift: int) -> None:
    table = frame().assign(first=lambda f: f["first"] + shift)
    with pytest.raises(IdentificationError, match="first treated after time 0 and by time 11"):
        difference_in_differences(panel(table))


# ------------------------------------------------- one treated zone


def test_one_treated_zone_gets_no_cluster_robust_p_value_by_default() -> None:
    """Where CR1 says p < 1e-9, what is recommended says that one unit cannot show that much."""
    made = panel(frame(n_treated=1, effect=0.8))
    said = difference_in_differences(made)
    assert "CR1" not in said.overall.inference
    asked = difference_in_differences(made, inference="CR1")
    assert any("reject far too often with 1 treated" in note for note in asked.notes)
    assert asked.overall.p_value < said.overall.p_value or np.isnan(said.overall.p_value)


def test_one_treated_zone_of_its_own_size_gets_none_at_all() -> None:
    table = frame(n_treated=1).assign(size=lambda f: np.where(f["unit"] == 0, 9.0, 1.0))
    said = difference_in_differences(panel(table, weights="size")).overall
    assert np.isnan(said.p_value)
    assert "one treated unit, and units differ in size" in said.inference


def test_a_panel_of_one_zone_is_refused() -> None:
    with pytest.raises(IdentificationError, match="at least two units"):
        difference_in_differences(panel(frame().query("unit == 0")))


# ------------------------------------------------- the logarithm of zero


def test_the_logarithm_of_zero_is_refused_not_dropped() -> None:
    table = frame()
    with np.errstate(divide="ignore"):
        table["hours"] = np.log(table["hours"].where(table.index != 7, 0.0))
    with pytest.raises(PanelError, match="a finite number"):
        panel(table)
    rows = records(frame())
    rows.loc[3, "hours"] = 0.0
    with pytest.raises(PanelError):
        compress(rows, **NAMES, transform="log")


# ------------------------------------------------- one record of a billion hours


def test_a_billion_hours_would_flip_the_sign() -> None:
    """What is guarded against: the estimate without the guard."""
    rows = records(frame())
    sound = difference_in_differences(compress(rows, **NAMES)).overall.estimate
    treated_after = rows.index[(rows["unit"] == 0) & (rows["time"] == 9)][0]
    rows.loc[treated_after, "hours"] = 1e9
    made = compress(rows, **NAMES)
    values = made.wide()
    treated, after = values.index < 4, values.columns >= 8
    gap = values.loc[:, after].mean(axis=1) - values.loc[:, ~after].mean(axis=1)
    assert sound < 0 < gap[treated].mean() - gap[~treated].mean()
    with pytest.raises(IdentificationError, match="would decide the estimate") as caught:
        difference_in_differences(made)
    assert "at 0, 9" in str(caught.value)


def test_among_very_many_records_the_spread_inside_tells() -> None:
    """In a cell of ten million rows a billion hours move the mean by a hundred only."""
    made = panel(frame())
    n = 1e7
    cells = made.cells.assign(n=n, weight=n, ss=9 * n)
    cells.loc[9, "outcome"] += 1e9 / n
    cells.loc[9, "ss"] += 1e18
    faults = wild_values(replace(made, cells=cells))
    assert [fault.expected for fault in faults] == [
        "no spread inside a cell more than 1,000 times beyond all others"
    ]


def test_in_logarithms_far_means_far_in_what_was_logged() -> None:
    table = frame().assign(hours=lambda f: np.log(f["hours"]))
    for wild in (np.log(1e9), np.log(1e-9)):
        bad = table.assign(hours=table["hours"].where(table.index != 40, wild))
        assert wild_values(panel(bad, scale="log"))
        with pytest.raises(IdentificationError, match="would decide"):
            difference_in_differences(panel(bad, scale="log"))
    assert wild_values(panel(table, scale="log")) == []


@pytest.mark.parametrize("method", ["poisson", "synthetic_control", "synthetic_did"])
def test_other_methods_refuse_it_too(method: str) -> None:
    bad = frame().assign(hours=lambda f: f["hours"].where(f.index != 9, 1e10))
    with pytest.raises(IdentificationError, match="would decide"):
        getattr(methods, method)(panel(bad))


def test_real_panels_and_large_effects_pass() -> None:
    from tests.methods.did_cases import mpdta_frame

    assert wild_values(as_panel(mpdta_frame())) == []
    assert wild_values(simulate_panel(n_units=8, n_times=6, n_treated=2, effect=50.0).panel) == []
    only = frame().assign(hours=lambda f: 1.0 * (f.index == 3))
    assert wild_values(panel(only)) == []  # a count seen once is no error of typing


# ------------------------------------------------- rows loaded four times


def test_rows_loaded_four_times_are_refused_or_said() -> None:
    with pytest.raises(PanelError, match="a second row"):
        panel(pd.concat([frame()] * 4))
    once, four = (compress(records(frame(), copies=k), **NAMES) for k in (1, 4))
    tables = [difference_in_differences(p, inference="CR1") for p in (once, four)]
    assert not any("loaded" in note for note in tables[0].notes)
    assert any("loaded 4 times" in note for note in tables[1].notes)
    # and what is printed does not get sharper by it
    assert tables[1].overall.estimate == pytest.approx(tables[0].overall.estimate)
    assert tables[1].overall.std_error == pytest.approx(tables[0].overall.std_error, rel=1e-2)


# ------------------------------------------------- designs that are nearly collinear


def test_ill_conditioned_designs_keep_their_digits() -> None:
    """A covariate around a million that barely moves: pinv loses digits, six must be left."""
    table = frame()
    rng = np.random.default_rng(3)
    small = rng.normal(size=len(table))
    tables = [
        difference_in_differences(
            panel(table.assign(z=values), covariates=["z"]), inference="none"
        ).overall.estimate
        for values in (small, 1e6 + small)
    ]
    assert tables[1] == pytest.approx(tables[0], rel=1e-6)


def test_collinear_covariates_are_refused() -> None:
    table = frame().assign(z=lambda f: f["unit"] * 1.0)
    with pytest.raises(IdentificationError, match="collinear: z"):
        difference_in_differences(panel(table, covariates=["z"]))


# ------------------------------------------------- one small-sample convention, printed


@pytest.mark.parametrize("kind", ["CR1", "CR2", "CR3"])
def test_the_convention_stands_under_every_table(kind: str) -> None:
    said = difference_in_differences(panel(frame()), inference=kind).overall
    assert said.inference.startswith(kind)
    assert "degrees of freedom" in said.inference
    assert said.inference in said.sentence()


def _sound(method: Callable[..., EffectTable]) -> EffectTable:
    return method(panel(frame()))


def test_nothing_of_this_touches_sound_data() -> None:
    assert _sound(difference_in_differences).overall.estimate == pytest.approx(-2, abs=0.5)
