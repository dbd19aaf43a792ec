"""Hazards: by hand, against statsmodels and R, simulated, metamorphic, degenerate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.errors import IdentificationError, PanelError
from analysis.methods.hazard import hazard
from analysis.methods.spells import Spells, spells_to_panel
from tests.contract import check_contract
from tests.methods.counts import as_spells, spell_frame

EDGES = (1, 2, 3, 4, 6, 8)


def by_hand() -> pd.DataFrame:
    # Office a: 4 of 10 end before the reform, 5 of 10 after; office b: 2 of 10 and 2 of 10.
    ended = {("a", 1): 4, ("a", 2): 5, ("b", 1): 2, ("b", 2): 2}
    rows = [
        {
            "unit": u,
            "start": t,
            "length": 0.5 if i < k else 1.0,
            "ended": int(i < k),
            "first": 2 if u == "a" else None,
        }
        for (u, t), k in ended.items()
        for i in range(10)
    ]
    return pd.DataFrame(rows)


def test_odds_ratio_by_hand():
    panel = spells_to_panel(as_spells(by_hand(), per_time=None), edges=[1])
    effect = hazard(panel, link="logit", inference="none").overall
    assert effect.estimate == pytest.approx(np.log((5 / 5) / (4 / 6)), abs=1e-10)


def test_hazard_ratio_by_hand():
    panel = spells_to_panel(as_spells(by_hand(), per_time=None), edges=[1])
    effect = hazard(panel, inference="none").overall
    assert effect.estimate == pytest.approx(
        np.log(-np.log(1 - 0.5)) - np.log(-np.log(1 - 0.4)), abs=1e-10
    )
    assert effect.unit_of_measure == "log hazard ratio"


def test_risk_sets_by_hand():
    frame = pd.DataFrame(
        {
            "unit": ["a"] * 5,
            "start": [0.0, 0.0, 0.5, 0.0, 0.0],
            "length": [0.5, 1.5, 1.0, 1.5, 3.0],
            "ended": [1, 1, 1, 0, 0],
            "first": [None] * 5,
        }
    )
    cells = spells_to_panel(as_spells(frame), edges=[1, 2]).cells
    # First bin: all five at risk (the third ends at exactly 1). Second: the spell censored at
    # 1.5 was not watched through it, so two are at risk and one of them ends.
    assert cells[["time", "duration", "n", "outcome"]].to_numpy().tolist() == [
        [0, 1, 5, 0.4],
        [1, 2, 2, 0.5],
    ]


def person_periods(frame: pd.DataFrame) -> pd.DataFrame:
    """Expand spell by spell in a loop: the slow, obvious version of `spells_to_panel`."""
    rows = []
    for spell in frame.itertuples():
        begin = 0.0
        for bin_, end in enumerate(EDGES, start=1):
            over = spell.length <= end
            if spell.length <= begin or (over and not spell.ended and spell.length < end):
                break
            rows.append(
                {
                    "unit": spell.unit,
                    "time": int(np.floor(spell.start + begin)),
                    "duration": bin_,
                    "ended": int(over and spell.ended),
                    "first": spell.first,
                }
            )
            begin = end
    return pd.DataFrame(rows)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_equals_glm_on_person_periods_with_every_dummy(link):
    frame = spell_frame(n=1_500, n_units=8)
    rows = person_periods(frame)
    X = np.hstack(
        [
            (rows["time"] >= rows["first"]).to_numpy(float)[:, None],
            pd.get_dummies(rows["unit"], dtype=float).to_numpy(),
            pd.get_dummies(rows["time"], dtype=float).to_numpy()[:, 1:],
            pd.get_dummies(rows["duration"], dtype=float).to_numpy()[:, 1:],
        ]
    )
    family = sm.families.Binomial(
        link=sm.families.links.CLogLog() if link == "cloglog" else sm.families.links.Logit()
    )
    empty = rows.groupby("time")["ended"].transform("mean").isin([0, 1])
    glm = sm.GLM(rows["ended"][~empty], X[~empty][:, X[~empty].any(axis=0)], family=family).fit(
        tol=1e-13, maxiter=200
    )
    effect = hazard(spells_to_panel(as_spells(frame), edges=EDGES), link=link, inference="CR1")
    check_contract(effect)
    assert effect.overall.estimate == pytest.approx(glm.params.iloc[0], abs=1e-7)
    assert effect.overall.n_obs == int((~empty).sum())


def test_known_effect_is_recovered():
    found = [
        hazard(
            spells_to_panel(as_spells(spell_frame(n=2_000, seed=s)), edges=EDGES),
            inference="none",
        ).overall.estimate
        for s in range(30)
    ]
    # Hazards change at month borders, bins begin there only for whole starts: exact model.
    assert abs(np.mean(found) - 0.4) < 4 * np.std(found) / np.sqrt(30)


@pytest.mark.parametrize("inference", ["CR1", "CR2", "scaled_t", "recommended", "none"])
@pytest.mark.parametrize("effects", ["overall", "event_time"])
def test_every_inference_keeps_the_contract(inference, effects):
    panel = spells_to_panel(as_spells(spell_frame(n=6_000, n_units=8)), edges=(1, 2, 4))
    check_contract(hazard(panel, effects=effects, inference=inference))


def test_randomisation_keeps_the_contract():
    frame = spell_frame(n=2_000, n_units=21, n_treated=1)
    panel = spells_to_panel(as_spells(frame), edges=(1, 2, 4))
    table = hazard(panel, inference="randomisation")
    check_contract(table)
    assert table.overall.conf_low < table.overall.estimate < table.overall.conf_high


def test_order_and_names_do_not_matter():
    frame = spell_frame()
    base = hazard(spells_to_panel(as_spells(frame), edges=EDGES), inference="CR1").overall
    mixed = frame.sample(frac=1, random_state=0)
    mixed["unit"] = mixed["unit"].map(lambda u: f"court {(u * 5) % 12:02d}")
    other = hazard(spells_to_panel(as_spells(mixed), edges=EDGES), inference="CR1").overall
    assert other.estimate == pytest.approx(base.estimate, abs=1e-10)
    assert other.std_error == pytest.approx(base.std_error, rel=1e-8)


def test_the_unit_of_duration_does_not_matter():
    frame = spell_frame()
    base = hazard(spells_to_panel(as_spells(frame), edges=EDGES), inference="none").overall
    days = frame.assign(length=frame["length"] * 32)
    other = hazard(
        spells_to_panel(as_spells(days, per_time=32), edges=[32 * e for e in EDGES]),
        inference="none",
    ).overall
    assert other.estimate == pytest.approx(base.estimate, abs=1e-10)


def test_doubling_every_spell_leaves_the_ratio():
    frame = spell_frame()
    base = hazard(spells_to_panel(as_spells(frame), edges=EDGES), inference="none").overall
    twice = pd.concat([frame, frame])
    other = hazard(spells_to_panel(as_spells(twice), edges=EDGES), inference="none").overall
    assert other.estimate == pytest.approx(base.estimate, abs=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(first=np.nan),
        lambda f: f.assign(first=f["first"] + 100),
        lambda f: f.assign(first=f["first"] - 100),
        lambda f: f.assign(first=10),
        lambda f: f[f["unit"] == 0],
        lambda f: f.assign(ended=0),
        lambda f: f.assign(length=0.5, ended=1),
    ],
)
def test_degenerate_spells_are_refused(change):
    with pytest.raises(IdentificationError):
        hazard(spells_to_panel(as_spells(change(spell_frame())), edges=EDGES), inference="none")


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(length=0),
        lambda f: f.assign(length=np.nan),
        lambda f: f.assign(ended=2),
        lambda f: f.drop(columns="start"),
        lambda f: f.assign(first=f["start"]),
        lambda f: f.assign(unit=None),
    ],
)
def test_wrong_spells_are_refused(change):
    with pytest.raises(PanelError):
        as_spells(change(spell_frame()))


@pytest.mark.parametrize("edges", [(), (0, 1), (2, 1)])
def test_wrong_edges_are_refused(edges):
    with pytest.raises(PanelError):
        spells_to_panel(as_spells(spell_frame()), edges=edges)


def test_outcomes_that_are_not_shares_are_refused():
    panel = spells_to_panel(as_spells(spell_frame()), edges=EDGES)
    wrong = replace(panel, cells=panel.cells.assign(outcome=panel.cells["outcome"] + 1))
    with pytest.raises(PanelError, match="outside"):
        hazard(wrong)


def test_spells_are_records():
    assert isinstance(as_spells(spell_frame()), Spells)
