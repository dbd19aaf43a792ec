"""Cox regression: by hand, against lifelines and R, simulated, degenerate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from analysis.errors import IdentificationError
from analysis.methods.cox import cox, episodes
from analysis.methods.spells import Spells
from tests.contract import check_contract
from tests.methods.counts import as_spells, spell_frame

ORACLE = Path(__file__).parents[1] / "oracles" / "hazard"


def heart() -> Spells:
    frame = pd.read_csv(ORACLE / "heart.csv").assign(enrolled=0)
    return Spells.from_frame(
        frame,
        unit="id",
        start="enrolled",
        duration="days",
        event="died",
        cohort="first",
        per_time=1,
        covariates=["age", "year", "surgery"],
    )


def test_heart_transplants_equal_lifelines_and_the_table_of_r():
    table = cox(heart(), strata=(), dummies=(), inference="CR1")
    check_contract(table)
    oracle = json.loads((ORACLE / "cox.json").read_text())
    rows = table.tidy().set_index("term")["estimate"]
    assert rows["treatment"] == pytest.approx(oracle["transplant"][0], abs=1e-6)
    for name in ("age", "year", "surgery"):
        assert rows[name] == pytest.approx(oracle[name][0], abs=1e-6)
    # R's survival prints these digits.
    assert rows.round(4).tolist() == [-0.0103, 0.0272, -0.1463, -0.6372]


def test_partial_likelihood_by_hand():
    frame = pd.DataFrame(
        {
            "unit": list("abcd"),
            "start": [0] * 4,
            "length": [1.0, 2.0, 3.0, 4.0],
            "ended": [1, 1, 1, 0],
            "first": [0, None, 0, None],
        }
    )

    def minus_log_likelihood(b: float) -> float:
        r = np.exp(b)
        return -(np.log(r / (2 * r + 2)) + np.log(1 / (r + 2)) + np.log(r / (r + 1)))

    best = minimize_scalar(
        minus_log_likelihood, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10}
    ).x
    table = cox(as_spells(frame, per_time=None), strata=(), dummies=(), inference="none")
    assert table.overall.estimate == pytest.approx(best, abs=1e-6)


def test_episodes_by_hand():
    frame = pd.DataFrame(
        {"unit": ["a"], "start": [0.5], "length": [2.0], "ended": [1], "first": [2]}
    )
    columns = ["time", "entry", "exit", "event", "treated"]
    cut = episodes(as_spells(frame))[columns].to_numpy().tolist()
    assert cut == [[0, 0, 0.5, 0, 0], [1, 0.5, 1.5, 0, 0], [2, 1.5, 2.0, 1, 1]]
    once = episodes(as_spells(frame), by_time=False)[columns[1:]].to_numpy().tolist()
    assert once == [[0, 1.5, 0, 0], [1.5, 2.0, 1, 1]]


def test_known_effect_is_recovered():
    found = [
        cox(
            as_spells(spell_frame(n=150, n_units=6, n_treated=3, seed=s)),
            dummies=(),
            inference="none",
        ).overall.estimate
        for s in range(30)
    ]
    assert abs(np.mean(found) - 0.4) < 4 * np.std(found) / np.sqrt(30)


def test_the_unit_of_duration_and_the_order_do_not_matter():
    frame = spell_frame(n=150, n_units=6, n_treated=3)
    base = cox(as_spells(frame), dummies=(), inference="CR1").overall
    other = frame.sample(frac=1, random_state=2).assign(length=lambda f: f["length"] * 32)
    made = cox(as_spells(other, per_time=32), dummies=(), inference="CR1").overall
    assert made.estimate == pytest.approx(base.estimate, abs=1e-6)
    assert made.std_error == pytest.approx(base.std_error, rel=1e-5)


def test_randomisation_gives_a_p_value_and_no_interval():
    frame = spell_frame(n=150, n_units=21, n_treated=1, seed=4)
    table = cox(as_spells(frame), strata=(), dummies=(), inference="randomisation")
    assert 0 < table.overall.p_value <= 1
    assert np.isnan(table.overall.conf_low)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(first=np.nan),
        lambda f: f.assign(first=f["first"] + 100),
        lambda f: f.assign(first=-100),
        lambda f: f[f["unit"] == 0],
        lambda f: f.assign(ended=0),
        lambda f: f.assign(ended=1, length=3.0),
    ],
)
def test_degenerate_spells_are_refused(change):
    with pytest.raises(IdentificationError):
        cox(as_spells(change(spell_frame(n=150, n_units=6))), dummies=(), inference="none")


def test_spells_that_all_end_alike_are_refused_and_censored_ones_are_not():
    alike = spell_frame(n=600, n_units=8).assign(length=3.0)
    with pytest.raises(IdentificationError, match="600 spells of length 3, all of them ended"):
        cox(as_spells(alike.assign(ended=1)), dummies=())
    table = cox(as_spells(alike), dummies=())
    check_contract(table)
    assert np.isfinite(table.overall.estimate)
