"""What passes the gate: effects, checks and cells of panels whose firms are known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.disclosure import RULES, Cleared, Population, clear, listed, overlapping
from analysis.disclosure.withheld import Withheld
from analysis.methods import compress, event_study, imputation
from analysis.methods.checks import leave_one_out
from analysis.methods.contributions import Contributions, contributions
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel
from tests.contract import check_contract

KEYS = {"unit": "zone", "time": "month", "outcome": "hours"}


def records(*, firms: int = 12, small: str | None = None, few: int = 3) -> pd.DataFrame:
    """Draw records of 12 zones over 8 months; `small` holds only `few` firms."""
    rng = np.random.default_rng(2)
    tables = []
    for zone in range(12):
        name = f"zone {zone:02d}"
        count = few if name == small else firms
        for month in range(1, 9):
            change = -2.0 if zone < 4 and month >= 5 else 0.0
            rows = {
                "zone": name,
                "month": month,
                "firm": [f"{name} firm {k}" for k in range(count)] * 2,
                "hours": 20 + zone / 3 + change + rng.normal(0, 1, 2 * count),
                "first": 5 if zone < 4 else None,
            }
            tables.append(pd.DataFrame(rows))
    return pd.concat(tables, ignore_index=True)


def panel_of(rows: pd.DataFrame) -> Panel:
    return compress(rows, cohort="first", **KEYS)


def behind(rows: pd.DataFrame) -> Contributions:
    return contributions(rows, firm="firm", **KEYS)


def cleared(rows: pd.DataFrame, effects: EffectTable, *, refused: str | None = None) -> Cleared:
    panel = panel_of(rows)
    made = leave_one_out(panel, lambda p: imputation(p, inference="none"))
    return clear(
        effects,
        checks=(made,),
        panel=panel,
        behind=(behind(rows),),
        rules=RULES,
        refused=refused,
    )


def test_what_rests_on_enough_firms_passes_and_is_rounded() -> None:
    rows = records()
    effects = event_study(panel_of(rows), inference="scaled_t")
    made = cleared(rows, effects)
    assert made.withheld == ()
    given, shown = effects.tidy(), made.effects.tidy()
    assert shown["estimate"].to_numpy() == pytest.approx(given["estimate"].to_numpy(), rel=1e-3)
    for value in shown["estimate"]:
        assert float(f"{value:.4g}") == pytest.approx(value, rel=1e-12)
    assert (shown["n_obs"] % 10 == 0).all()
    assert made.checks[0].status == leave_one_out_of(rows)
    check_contract(made.effects)


def leave_one_out_of(rows: pd.DataFrame) -> str:
    return leave_one_out(panel_of(rows), lambda p: imputation(p, inference="none")).status


def test_nothing_finer_than_effects_passes() -> None:
    rows = records()
    effects = imputation(panel_of(rows), inference="CR1")
    assert effects.influence is not None
    made = cleared(rows, effects).effects
    assert made.influence is None
    assert made.covariance is None
    assert made.draws is None
    assert made.refit is None
    assert made.regroup is None


def test_a_zone_of_three_firms_has_no_name_and_no_cells() -> None:
    rows = records(small="zone 07")
    made = cleared(rows, imputation(panel_of(rows), inference="none"))
    assert "zone 07" not in made.panel.cells["unit"].tolist()
    cells = made.panel.cells.set_index("unit")["outcome"]
    assert cells.loc["unit 8"].isna().all()
    assert cells.loc["zone 06"].notna().all()
    assert made.checks[0].status == "could not be run"
    assert "zone 07" not in made.checks[0].seen
    assert made.checks[0].detail.empty
    assert (
        "check leave_one_out",
        "units that differ by fewer than 10 firms, or are one firm's",
    ) in (made.withheld)
    # The overall effect rests on all other zones too: it passes.
    assert np.isfinite(made.effects.overall.estimate)


def test_effects_on_few_treated_firms_are_withheld() -> None:
    rows = records()
    kept = rows[(rows["zone"] > "zone 03") | (rows["zone"] == "zone 00")]
    few = kept[(kept["zone"] != "zone 00") | kept["firm"].str[-1:].isin(list("123"))]
    panel = panel_of(few)
    effects = imputation(panel, inference="none")
    made = clear(effects, checks=(), panel=panel, behind=(behind(few),), rules=RULES)
    assert made.effects.tidy()["estimate"].isna().all()
    assert "fewer than 10 firms" in made.effects.overall.inference
    assert "not available" in made.effects.overall.sentence()
    assert ("effect overall", "fewer than 10 firms") in made.withheld


def test_a_giant_among_the_treated_is_not_told() -> None:
    rows = records()
    giant = rows[rows["firm"] == "zone 00 firm 0"].sample(3_000, replace=True, random_state=1)
    both = pd.concat([rows[~rows["zone"].isin(["zone 01", "zone 02", "zone 03"])], giant])
    panel = panel_of(both)
    made = clear(
        imputation(panel, inference="none"),
        checks=(),
        panel=panel,
        behind=(behind(both),),
        rules=RULES,
    )
    assert any("largest firm" in why or "85 percent" in why for _, why in made.withheld)
    assert np.isnan(made.effects.overall.estimate)


def test_leverage_of_one_firm_is_found_where_counts_and_sums_pass() -> None:
    """Ten firms, each with records, but the term puts nearly all its weight on the cell of one."""
    pairs = pd.DataFrame(
        [("a", 1, "f0", 100, 1.0), *[("b", t, f"f{t}", 100, 1.0) for t in range(1, 12)]],
        columns=["unit", "time", "firm", "n", "total"],
    )
    found = Contributions.from_pairs(pairs)
    weights = np.where((found.cells["unit"] == "a").to_numpy(), 1.0, 0.2)
    assert RULES.why_not(found.brought(np.ones(len(weights)))) is None
    assert RULES.leans(found.squares(weights)) is not None
    assert RULES.leans(found.squares(np.ones(len(weights)))) is None


def test_an_effect_that_the_others_would_tell_takes_one_with_it() -> None:
    """In month 6 the treated zones hold nine firms; the overall and the others would tell it."""
    rows = records()
    treated, others = rows[rows["zone"] <= "zone 03"], rows[rows["zone"] > "zone 03"]
    few = treated["firm"].str.fullmatch("zone 0[012] firm [012]")
    kept = pd.concat([others, treated[(treated["month"] != 6) | few]])
    panel = panel_of(kept)
    effects = imputation(panel, inference="none")
    made = clear(effects, checks=(), panel=panel, behind=(behind(kept),), rules=RULES)
    frame = made.effects.tidy()
    blank = frame[frame["estimate"].isna()]
    assert set(blank["event_time"].dropna()) >= {1}
    assert len(blank) == 2
    assert ("effect, event time 1", "fewer than 10 firms") in made.withheld
    assert "as cover for a withheld effect" in {why for _, why in made.withheld}
    assert np.isfinite(made.effects.overall.estimate)


def test_a_refused_design_shows_nothing() -> None:
    rows = records()
    made = cleared(rows, imputation(panel_of(rows), inference="CR1"), refused="differs from x")
    assert made.effects.tidy()[["estimate", "std_error", "p_value"]].isna().all(axis=None)
    assert made.panel.cells["outcome"].isna().all()
    assert {why for _, why in made.withheld} >= {"differs from x"}


def test_units_that_are_firms_are_numbered_and_their_counts_rounded() -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        [
            {
                "zone": f"SECRET-{firm:02d}",
                "month": month,
                "firm": f"SECRET-{firm:02d}",
                "hours": rng.normal(20, 1) + firm / 5,
                "first": 5 if firm < 23 else None,
            }
            for firm in range(61)
            for month in range(1, 9)
        ]
    )
    panel = panel_of(rows)
    effects = imputation(panel, inference="CR1")
    made = clear(effects, checks=(), panel=panel, behind=(behind(rows),), rules=RULES)
    assert np.isfinite(made.effects.overall.estimate)  # 23 firms, none of them large
    assert (made.effects.overall.n_treated, made.effects.overall.n_control) == (20, 40)
    assert "SECRET" not in made.panel.cells.to_csv() + made.panel.cohorts.to_csv()
    assert made.panel.cells["outcome"].isna().all()


def test_designs_that_differ_by_one_to_nine_firms_are_refused() -> None:
    rows = records(small="zone 07")
    found = behind(rows)
    units = found.cells["unit"].to_numpy()
    everyone = np.ones(len(units), dtype=bool)
    populations = [
        Population(name="all", cells=everyone),
        Population(name="without a zone of twelve", cells=units != "zone 06"),
        Population(name="without the zone of three", cells=units != "zone 07"),
        Population(name="the same again", cells=everyone),
    ]
    refused = overlapping(populations, found, rules=RULES)
    assert refused == {"without the zone of three": "differs from all by fewer than 10 firms"}


def test_what_is_refused_does_not_stand_against_others() -> None:
    rows = records(small="zone 07")
    found = behind(rows)
    units = found.cells["unit"].to_numpy()
    less = units != "zone 07"
    populations = [
        Population(name="all", cells=np.ones(len(units), dtype=bool)),
        Population(name="less", cells=less),
        Population(name="less still", cells=less & (units != "zone 06")),
    ]
    # Not shown beside "less", but it differs from all by the zone of three and one of twelve.
    assert set(overlapping(populations, found, rules=RULES)) == {"less"}


def test_the_list_for_the_checker_names_each_thing_once() -> None:
    one = Withheld(study="s", design="d", what="effect overall", rule="fewer than 10 firms")
    assert listed([one, replace(one), replace(one, design="e")]).to_numpy().tolist() == [
        ["s", "d", "effect overall", "fewer than 10 firms"],
        ["s", "e", "effect overall", "fewer than 10 firms"],
    ]
    assert listed([]).columns.tolist() == ["study", "design", "what", "rule"]
