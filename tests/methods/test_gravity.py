"""Gravity: by hand, against pyfixest and statsmodels, simulated, metamorphic, degenerate."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.errors import IdentificationError, PanelError
from analysis.methods.generalised import fit
from analysis.methods.gravity import flows, gravity
from analysis.methods.panel import Panel
from tests.contract import check_contract
from tests.methods.counts import independent

ORACLE = Path(__file__).parents[1] / "oracles" / "gravity"
room = import_module("analysis.methods.gravity")


def trade() -> pd.DataFrame:
    return pd.read_csv(ORACLE / "flows.csv")


def as_flows(frame: pd.DataFrame, **options: object) -> Panel:
    names = {"exporter": "exporter", "importer": "importer", "time": "year", "flow": "value"}
    return flows(frame, **{**names, "covariates": ["days"], **options})


@pytest.mark.parametrize(
    ("absorb", "counted", "rank"), [("sides_and_pair", 160, 140), ("sides", 90, 86)]
)
def test_equals_pyfixest(absorb, counted, rank):
    estimate, std_error, n = json.loads((ORACLE / "fepois.json").read_text())[absorb]
    table = gravity(as_flows(trade()), regressors=["days"], absorb=absorb)
    check_contract(table)
    assert table.overall.estimate == pytest.approx(estimate, abs=1e-8)
    assert table.overall.n_obs == n
    # pyfixest takes one redundant level a factor after the first; the rank is smaller.
    ours = std_error * np.sqrt((n - counted) / (n - rank))
    assert table.overall.std_error == pytest.approx(ours, rel=1e-5)


def test_equals_glm_with_every_dummy():
    frame = trade()
    pair = frame["exporter"] + frame["importer"]
    frame, pair = frame[pair != "C00C01"], pair[pair != "C00C01"]
    year = frame["year"].astype(str)
    X = np.hstack(
        [
            frame[["days"]].to_numpy(float),
            *(
                pd.get_dummies(key, dtype=float).to_numpy()
                for key in (frame["exporter"] + year, frame["importer"] + year, pair)
            ),
        ]
    )
    X = independent(X)
    glm = sm.GLM(frame["value"], X, family=sm.families.Poisson()).fit(tol=1e-13)
    scores = (
        pd.DataFrame(X * (frame["value"].to_numpy() - np.asarray(glm.mu))[:, None])
        .groupby(pair.to_numpy())
        .sum()
    )
    bread = np.linalg.inv(X.T @ (X * np.asarray(glm.mu)[:, None]))
    error = np.sqrt((bread @ scores.T.to_numpy() @ scores.to_numpy() @ bread)[0, 0])
    g, n, k = pair.nunique(), len(frame), np.linalg.matrix_rank(X)
    effect = gravity(as_flows(trade()), regressors=["days"]).overall
    assert effect.estimate == pytest.approx(np.asarray(glm.params)[0], abs=1e-8)
    factor = g / (g - 1) * (n - 1) / (n - k)
    assert effect.std_error == pytest.approx(error * np.sqrt(factor), rel=1e-6)


@pytest.mark.parametrize(
    ("absorb", "counted", "rank"), [("sides_and_pair", 160, 140), ("sides", 90, 86)]
)
def test_errors_by_exporter_and_importer_equal_pyfixest(absorb, counted, rank):
    told = json.loads((ORACLE / "fepois.json").read_text())
    std_error, n = told[f"{absorb}, by exporter and importer"], told[absorb][2]
    table = gravity(as_flows(trade()), regressors=["days"], absorb=absorb, inference="multiway")
    check_contract(table)
    assert table.overall.inference == "CR1 by exporter and importer, t with 8 degrees of freedom"
    ours = std_error * np.sqrt((n - counted) / (n - rank))
    assert table.overall.std_error == pytest.approx(ours, rel=1e-5)
    assert table.overall.std_error != pytest.approx(told[absorb][1], rel=0.01)


def test_errors_by_exporter_and_importer_by_the_slow_way():
    """Every pair of flows that shares a side adds the product of its scores, in a double loop."""
    frame = trade()
    frame = frame[(frame["exporter"] + frame["importer"] != "C00C01") & (frame["year"] < 2012)]
    panel = as_flows(frame)
    table = gravity(panel, regressors=["days"], absorb="sides", inference="multiway")
    data = room._data(panel, ["days"], exporter="exporter", importer="importer", absorb="sides")
    fitted = fit(data, model="poisson")
    cells = panel.cells[fitted.kept].reset_index(drop=True)
    score = fitted.design[:, 0] * fitted.scores
    sums = {"exporter": 0.0, "importer": 0.0, "unit": 0.0}
    for a in range(len(cells)):
        for b in range(len(cells)):
            for side in sums:
                if cells.at[a, side] == cells.at[b, side]:
                    sums[side] += score[a] * score[b]
    n, k = len(cells), fitted.rank
    groups = {side: cells[side].nunique() for side in sums}
    factor = {side: g / (g - 1) * (n - 1) / (n - k) for side, g in groups.items()}
    both = sum(factor[side] * sums[side] for side in ("exporter", "importer"))
    expected = np.sqrt(both - factor["unit"] * sums["unit"]) * fitted.bread[0, 0]
    assert table.overall.std_error == pytest.approx(expected, rel=1e-9)


def test_elasticity_of_days_and_change_for_one_day():
    """Trade that falls with the power 0.4 of days, exactly: doubled days cost 24.2 percent."""
    frame = trade()
    frame = frame.assign(log_days=np.log(frame["days"]), value=50 * frame["days"] ** -0.4)
    panel = as_flows(frame, covariates=["log_days"])
    effect = gravity(panel, regressors=["log_days"], inference="none").overall
    assert effect.estimate == pytest.approx(-0.4, abs=1e-9)
    assert np.expm1(np.log(2) * effect.estimate) == pytest.approx(2**-0.4 - 1, abs=1e-9)
    # A day more at 1 % less trade, as a log change: -0.01; to_percent undoes the logarithm.
    frame["value"] = 50 * np.exp(-0.01 * frame["days"])
    table = gravity(as_flows(frame), regressors=["days"], inference="none")
    assert table.overall.estimate == pytest.approx(-0.01, abs=1e-10)
    assert table.to_percent().overall.estimate == pytest.approx(-0.9950166, abs=1e-6)


def test_separated_pair_is_named():
    table = gravity(as_flows(trade()), regressors=["days"])
    assert table.notes[0].startswith("5 flows left out")


def test_treatment_and_regressor_together():
    frame = trade()
    joined = frame["exporter"].isin(["C02", "C03", "C04"]) & frame["importer"].isin(["C05", "C06"])
    frame["first"] = np.where(joined, 2012, np.nan)
    exact = np.exp(1 - 0.05 * frame["days"])
    frame["value"] = exact * np.where(joined & (frame["year"] >= 2012), 2.0, 1.0)
    table = gravity(as_flows(frame, cohort="first"), regressors=["days"], inference="none")
    check_contract(table)
    assert list(table.tidy()["term"]) == ["treatment", "days"]
    assert table.tidy()["estimate"].tolist() == pytest.approx([np.log(2), -0.05], abs=1e-9)


def test_known_response_is_recovered():
    rng = np.random.default_rng(0)
    names = [f"C{i}" for i in range(12)]
    rows = [(i, j, t) for i in names for j in names for t in range(4) if i != j]
    frame = pd.DataFrame(rows, columns=["exporter", "importer", "year"])
    found = []
    for _ in range(30):
        days = rng.integers(1, 20, len(frame))
        mean = np.exp(3 - 0.03 * days)
        found.append(
            gravity(
                as_flows(frame.assign(days=days, value=rng.poisson(mean))),
                regressors=["days"],
                inference="none",
            ).overall.estimate
        )
    assert abs(np.mean(found) + 0.03) < 4 * np.std(found) / np.sqrt(30)


def test_size_of_a_country_in_a_year_does_not_matter():
    frame = trade()
    base = gravity(as_flows(frame), regressors=["days"]).overall
    grown = (frame["exporter"] == "C03") & (frame["year"] == 2012)
    exact = np.exp(1 - 0.05 * frame["days"])
    for table in (frame.assign(value=exact), frame.assign(value=exact * np.where(grown, 50, 1))):
        effect = gravity(as_flows(table), regressors=["days"], inference="none").overall
        assert effect.estimate == pytest.approx(-0.05, abs=1e-9)
    moved = gravity(as_flows(frame.assign(value=frame["value"] * 1e6)), regressors=["days"])
    assert moved.overall.estimate == pytest.approx(base.estimate, abs=1e-9)


def test_order_does_not_matter():
    base = gravity(as_flows(trade()), regressors=["days"]).overall
    mixed = gravity(as_flows(trade().sample(frac=1, random_state=3)), regressors=["days"]).overall
    assert mixed.estimate == pytest.approx(base.estimate, abs=1e-10)
    assert mixed.std_error == pytest.approx(base.std_error, rel=1e-8)


@pytest.mark.parametrize(
    ("change", "options", "error"),
    [
        (lambda f: f, {}, IdentificationError),
        (lambda f: f.assign(days=f["year"]), {"regressors": ["days"]}, IdentificationError),
        (lambda f: f.assign(value=0.0), {"regressors": ["days"]}, IdentificationError),
        (lambda f: f.assign(value=-1.0), {"regressors": ["days"]}, PanelError),
        (lambda f: f.assign(exporter=None), {"regressors": ["days"]}, PanelError),
        (lambda f: f.drop(columns="importer"), {"regressors": ["days"]}, PanelError),
        (lambda f: pd.concat([f, f]), {"regressors": ["days"]}, PanelError),
        (lambda f: f, {"regressors": ["days"], "exporter": "port"}, IdentificationError),
        (lambda f: f, {"regressors": ["hours"]}, IdentificationError),
        (lambda f: f[f["exporter"] == "C00"], {"regressors": ["days"]}, IdentificationError),
    ],
)
def test_degenerate_flows_are_refused(change, options, error):
    with pytest.raises(error):
        gravity(as_flows(change(trade())), **options)


def test_pairs_are_sorted_by_name_and_faults_say_it():
    rows = trade().sample(frac=1, random_state=4)
    panel = as_flows(rows.assign(value=rows["value"].where(rows["importer"] != "C03")))
    names = (rows["exporter"] + " > " + rows["importer"])[rows["importer"] != "C03"]
    assert list(panel.units) == sorted(set(names))
    cells = panel.cells
    assert (cells["unit"] == cells["exporter"] + " > " + cells["importer"]).all()
    assert (cells["cluster"] == cells["unit"]).all()
    told = rows.set_index(["exporter", "importer", "year"])["value"]
    keys = pd.MultiIndex.from_frame(cells[["exporter", "importer", "time"]])
    np.testing.assert_array_equal(cells["outcome"], told.loc[keys])
    again = rows.iloc[:1]
    pair = f"{again['exporter'].iloc[0]} > {again['importer'].iloc[0]}"
    with pytest.raises(PanelError, match=f"a second row for {pair}"):
        as_flows(pd.concat([rows, again]))
