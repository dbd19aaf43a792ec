"""One region at a time: methods beside each other, by hand and on a real chapter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis import plots
from analysis.pages import single_plots, single_tables
from analysis.study import Findings, run

METHODS = ("synthetic-control", "synthetic-did", "panel-approach")


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    names = [f"grp-{unit}-{how}" for unit in ("sichuan", "chongqing") for how in METHODS]
    return run("collaboration-era", designs=names, root=root)


def test_methods_stand_beside_each_other(findings: Findings) -> None:
    held = single_tables.by_region(findings, outcome="grp")
    assert {region: len(results) for region, results in held.items()} == {
        "Sichuan": 3,
        "Chongqing": 3,
    }
    plain = single_tables.disagreement(findings, outcome="grp").plain
    line = next(x for x in plain.splitlines() if x.startswith("Sichuan"))
    cells = line.split(" | ")
    estimates = [100 * np.expm1(r.effects.overall.estimate) for r in held["Sichuan"]]
    assert len(cells) == 8
    for shown, value in zip(cells[1:4], estimates, strict=True):
        assert float(shown.rstrip("%").replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            value, abs=0.01
        )
    apart = float(cells[4].split()[0])
    assert apart == pytest.approx(max(estimates) - min(estimates), rel=0.01)
    assert cells[5] == ("agree" if len({np.sign(v) for v in estimates}) == 1 else "differ")
    out = [
        r.effects.overall.conf_low > 0 or r.effects.overall.conf_high < 0 for r in held["Sichuan"]
    ]
    assert cells[7] == f"{sum(out)} of 3"


def test_paths_are_those_of_the_methods(findings: Findings) -> None:
    options = {"outcome": "grp", "region": "Chongqing"}
    frame = single_plots.tabulate_counterfactuals(findings, **options)
    assert list(frame.columns) == [
        "time",
        "observed",
        "synthetic control",
        "synthetic did",
        "panel approach",
    ]
    result = findings.result("grp-chongqing-synthetic-control")
    rows = result.effects.tidy()
    last = rows[rows["event_time"] == rows["event_time"].max()]["estimate"].iloc[0]
    gap = frame["observed"].iloc[-1] - frame["synthetic control"].iloc[-1]
    assert gap == pytest.approx(last)
    drawn = plots.picture(
        single_plots.counterfactuals,
        findings,
        caption="Chongqing",
        alt=single_plots.describe_counterfactuals,
        **options,
    )
    assert drawn.alt.startswith("Chongqing, ")
    assert "one counterfactual a method" in drawn.alt
