"""What every difference-in-differences method does with input from which nothing can be learnt."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError, IdentificationError, PanelError
from analysis.methods.decompose import decompose
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.dose_response import dose_response
from analysis.methods.effects import EffectTable
from analysis.methods.event_study import event_study
from analysis.methods.extended_twfe import extended_twfe
from analysis.methods.group_time_att import group_time_att
from analysis.methods.imputation import imputation
from analysis.methods.panel import Panel
from analysis.methods.stacked import stacked
from analysis.methods.triple_difference import triple_difference

Estimator = Callable[..., EffectTable]
METHODS: dict[str, Estimator] = {
    "difference_in_differences": difference_in_differences,
    "event_study": event_study,
    "interaction_weighted": partial(event_study, method="interaction_weighted"),
    "group_time_att": group_time_att,
    "imputation": imputation,
    "two_stage": partial(imputation, variant="two_stage"),
    "extended_twfe": extended_twfe,
    "stacked": partial(stacked, before=1, after=1),
    "triple_difference": partial(triple_difference, partition="food", affected=1),
    "dose_response": partial(dose_response, exposure="share"),
    "decompose": lambda panel, **_: decompose(panel),
}
COVARIATES = {"triple_difference": ["food"], "dose_response": ["share"]}


def frame(**changed: object) -> pd.DataFrame:
    """Eight units, six times; four treated from time 4 on."""
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(8), 6)
    made = pd.DataFrame(
        {
            "unit": unit,
            "time": np.tile(np.arange(1, 7), 8),
            "y": rng.normal(size=48),
            "first": np.where(unit < 4, 4.0, np.nan),
            "food": (unit % 2).astype(float),
            "share": np.where(unit < 4, 0.1 + unit / 10, 0.0),
            "cluster": unit,
        }
    )
    return made.assign(**changed)


def panel(rows: pd.DataFrame, name: str) -> Panel:
    return Panel.from_frame(
        rows,
        unit="unit",
        time="time",
        outcome="y",
        cohort="first",
        cluster="cluster",
        covariates=COVARIATES.get(name, []),
    )


REFUSED: dict[str, pd.DataFrame] = {
    "all treated": frame(first=4.0),
    "none treated": frame(first=np.nan),
    "one period": frame().query("time == 4"),
    "cohort before the sample": frame(first=lambda f: f["first"] - 4),
    "cohort after the sample": frame(first=lambda f: f["first"] + 4),
    "constant outcome": frame(y=1.0),
    "one zone": frame().query("unit == 0"),
    "all missing": frame(y=np.nan),
    "treated after missing": frame(y=lambda f: f["y"].mask(f["time"] >= f["first"])),
    "infinite": frame(y=lambda f: f["y"].mask(f.index == 3, np.inf)),
    "duplicate": pd.concat([frame(), frame().iloc[[5]]]),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_reason(name: str, case: str) -> None:
    with pytest.raises((IdentificationError, PanelError)) as caught:
        METHODS[name](panel(REFUSED[case], name), inference="none")
    assert isinstance(caught.value, AnalysisError)
    assert all(fault.expected and fault.found and fault.mend for fault in caught.value.faults)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "decompose"])
def test_one_cluster_has_no_interval(name: str) -> None:
    table = METHODS[name](panel(frame(cluster=0), name), inference="CR1")
    assert np.isfinite(table.overall.estimate)
    assert np.isnan(table.overall.p_value)
    assert np.isnan(table.overall.conf_low)
    assert "clusters" in table.overall.inference


@pytest.mark.parametrize("name", ["group_time_att", "imputation", "extended_twfe"])
def test_collinear_covariates_are_refused(name: str) -> None:
    made = Panel.from_frame(
        frame(twice=lambda f: 2 * f["share"] + 0 * f["time"]),
        unit="unit",
        time="time",
        outcome="y",
        cohort="first",
        covariates=["share", "twice"],
    )
    with pytest.raises(IdentificationError, match="collinear"):
        METHODS[name](made, covariates=["share", "twice"], inference="none")


@pytest.mark.parametrize("name", METHODS)
def test_a_late_cohort_serves_as_untreated(name: str) -> None:
    late = frame(first=lambda f: f["first"].mask(f["unit"] == 5, 9))
    ours, plain = (
        METHODS[name](panel(rows, name), inference="none").overall.estimate
        for rows in (late, frame())
    )
    assert ours == pytest.approx(plain, abs=1e-10)


@pytest.mark.parametrize("name", METHODS)
def test_metamorphic(name: str) -> None:
    """Order, names, unit and time constants do not move an effect; the scale of y moves it so."""
    base = METHODS[name](panel(frame(), name), inference="none").tidy()["estimate"]
    for change, factor in (
        (lambda f: f.sample(frac=1, random_state=1), 1.0),
        (lambda f: f.assign(unit=f["unit"].map(lambda u: f"zone {7 - u}"), cluster=f["unit"]), 1.0),
        (lambda f: f.assign(y=f["y"] + 3.0 * f["unit"] - 0.5 * f["time"] ** 2), 1.0),
        (lambda f: f.assign(y=-2.5 * f["y"]), -2.5),
        (lambda f: f.assign(time=f["time"] + 100, first=f["first"] + 100), 1.0),
    ):
        other = METHODS[name](panel(change(frame()), name), inference="none").tidy()["estimate"]
        np.testing.assert_allclose(other, factor * base, atol=1e-9)
