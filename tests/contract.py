"""The result contract: what holds for the table of effects of every method.

Every test of a method calls `check_contract` on what the method gives. The words and types below
are typed again, not imported, so that a change of the contract is seen.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods.effects import Effect, EffectTable

KEY = ("outcome", "estimand", "estimator", "term", "cohort", "time", "event_time")
NUMBER = (
    *("estimate", "std_error", "statistic", "p_value"),
    *("conf_low", "conf_high", "band_low", "band_high"),
)
COUNTS = ("n_obs", "n_units", "n_treated", "n_control")
CONTEXT = ("unit_of_measure", "scale", "conf_level", "inference", *COUNTS)
COLUMNS = (*KEY, *NUMBER, *CONTEXT)
WHOLE = ("cohort", "time", "event_time", *COUNTS)
TEXT = ("outcome", "estimand", "estimator", "term", "unit_of_measure", "scale", "inference")
AUGMENTED = ("unit", "time", "observed", "counterfactual", "gap", "weight")
GLANCE = (
    *("estimator", "outcome", "estimand", "inference", "n_obs", "n_units", "n_treated"),
    *("n_control", "n_effects", "minimum_detectable_effect", "notes"),
)
#: Rounding that may part an estimate from the end of its own interval.
SLACK = 1e-9


def check_contract(table: EffectTable) -> None:
    """Hold a table of effects against the contract.

    Parameters
    ----------
    table : EffectTable
        As a method gave it.

    Raises
    ------
    AssertionError
        With what broke.
    """
    frame = table.tidy()
    _check_columns(frame)
    _check_key(frame)
    _check_numbers(frame)
    _check_intervals(frame)
    _check_counts(frame)
    _check_copies(table)
    _check_overall(table, frame)
    _check_glance(table)
    _check_arrays(table, rows=len(frame))
    _check_augment(table)
    _check_percent(table, frame)


def _check_columns(frame: pd.DataFrame) -> None:
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) > 0, "a table of effects has rows"
    assert list(frame.index) == list(range(len(frame))), "rows are numbered from 0"
    for name in WHOLE:
        assert frame[name].dtype == pd.Int64Dtype(), name
    for name in (*NUMBER, "conf_level"):
        assert frame[name].dtype == np.dtype("float64"), name
    for name in TEXT:
        assert all(isinstance(value, str) for value in frame[name]), name


def _check_key(frame: pd.DataFrame) -> None:
    for name in ("outcome", "estimand", "estimator", "term", "scale", "inference"):
        assert (frame[name].str.strip() != "").all(), f"{name} says something"
    assert frame["estimator"].nunique() == 1
    assert not frame.duplicated(list(KEY)).any(), "each effect once"
    dated = frame[["cohort", "time", "event_time"]].notna().all(axis=1)
    rows = frame[dated]
    assert (rows["event_time"] == rows["time"] - rows["cohort"]).all()


def _check_numbers(frame: pd.DataFrame) -> None:
    assert np.isfinite(frame["estimate"]).all(), "an estimate is a number"
    error, p_value = frame["std_error"].dropna(), frame["p_value"].dropna()
    assert (error >= 0).all()
    assert ((p_value > 0) & (p_value <= 1)).all(), "p in (0, 1]"
    assert frame["conf_level"].nunique() == 1
    assert frame["conf_level"].between(0, 1, inclusive="neither").all()
    no_error = frame["std_error"].isna()
    assert frame.loc[no_error, "statistic"].isna().all(), "no statistic without its error"
    live = frame[(frame["std_error"] > 0) & frame["statistic"].notna()]
    agree = np.sign(live["statistic"]) == np.sign(live["estimate"])
    assert agree.all(), "estimate and statistic have one sign"


def _check_intervals(frame: pd.DataFrame) -> None:
    slack = SLACK * (1 + frame["estimate"].abs())
    for low, high in (("conf_low", "conf_high"), ("band_low", "band_high")):
        assert (frame[low].isna() == frame[high].isna()).all(), f"{low} and {high} come together"
        rows = frame[frame[low].notna()]
        around = (rows[low] <= rows["estimate"] + slack[rows.index]) & (
            rows["estimate"] <= rows[high] + slack[rows.index]
        )
        assert around.all(), f"{low} <= estimate <= {high}"
    both = frame[frame["inference"].str.startswith("CR") & frame["band_low"].notna()]
    wide = slack[both.index]
    assert (both["band_low"] <= both["conf_low"] + wide).all(), "a band holds its intervals"
    assert (both["band_high"] >= both["conf_high"] - wide).all(), "a band holds its intervals"


def _check_counts(frame: pd.DataFrame) -> None:
    assert frame[list(COUNTS)].notna().all().all(), "no effect without its n"
    assert (frame["n_obs"] > 0).all()
    assert (frame["n_units"] > 0).all()
    for name in ("n_treated", "n_control"):
        assert frame[name].between(0, frame["n_units"]).all(), name
    assert (frame["n_treated"] + frame["n_control"] <= frame["n_units"]).all()


def _check_copies(table: EffectTable) -> None:
    before = table.tidy()
    changed = table.tidy()
    changed["estimate"] = -99.0
    changed["outcome"] = "changed"
    pd.testing.assert_frame_equal(table.tidy(), before)
    with pytest.raises(FrozenInstanceError):
        table.headline = 0  # type: ignore[misc]


def _check_overall(table: EffectTable, frame: pd.DataFrame) -> None:
    assert 0 <= table.headline < len(frame)
    effect = table.overall
    assert isinstance(effect, Effect)
    for name in COLUMNS:
        value, cell = getattr(effect, name), frame[name].iloc[table.headline]
        if pd.isna(cell):
            assert value is None or np.isnan(value), name
        else:
            assert value == cell, name
        wanted = int if name in WHOLE else str if name in TEXT else float
        assert value is None or type(value) is wanted, name
    assert effect.n_treated >= 1, "the headline is an effect on somebody"
    detectable = effect.minimum_detectable_effect
    assert np.isnan(detectable) or detectable >= 0
    for position in range(len(frame)):
        said = table.effect(position).sentence()
        assert said.endswith(".")
        assert effect.outcome in said
        assert "nan" not in said.replace(effect.outcome, "").split()
        assert f"{table.effect(position).n_treated} treated" in said


def _check_glance(table: EffectTable) -> None:
    glance = table.glance()
    assert tuple(glance.columns) == GLANCE
    assert len(glance) == 1
    (row,) = glance.to_dict(orient="records")
    assert row["n_effects"] == len(table.tidy())
    assert row["n_obs"] == table.overall.n_obs
    assert isinstance(table.notes, tuple)
    assert all(isinstance(note, str) and note.strip() for note in table.notes)


def _check_arrays(table: EffectTable, *, rows: int) -> None:
    if table.covariance is not None:
        assert table.covariance.shape == (rows, rows)
        finite = table.covariance[np.isfinite(table.covariance)]
        assert len(finite) == 0 or (np.diag(table.covariance) >= -SLACK).all()
        np.testing.assert_allclose(table.covariance, table.covariance.T, atol=1e-10, rtol=1e-8)
    for name in ("influence", "draws"):
        array = getattr(table, name)
        if array is not None:
            assert array.ndim == 2, name
            assert array.shape[1] == rows, name


def _check_augment(table: EffectTable) -> None:
    if table.augmented is None:
        with pytest.raises(IdentificationError):
            table.augment()
        return
    cells = table.augment()
    assert tuple(cells.columns)[: len(AUGMENTED)] == AUGMENTED
    gap = cells["observed"] - cells["counterfactual"]
    np.testing.assert_allclose(cells["gap"], gap, rtol=1e-9, atol=1e-9)
    cells["gap"] = -99.0
    assert not (table.augment()["gap"] == -99.0).all(), "augment() gives a copy"


def _check_percent(table: EffectTable, frame: pd.DataFrame) -> None:
    if (frame["scale"] != "log").any():
        with pytest.raises(IdentificationError):
            table.to_percent()
        return
    percent = table.to_percent().tidy()
    assert tuple(percent.columns) == COLUMNS
    for name in ("estimate", "conf_low", "conf_high", "band_low", "band_high"):
        np.testing.assert_allclose(percent[name], 100 * (np.exp(frame[name]) - 1), rtol=1e-9)
    assert set(percent["scale"]) == {"percent"}
    assert percent["p_value"].equals(frame["p_value"]), "a change of scale moves no p-value"
