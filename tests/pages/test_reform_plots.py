"""All reforms on one scale, and a path among placebos, on tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis import run
from analysis.errors import IdentificationError
from analysis.pages import reform_plots
from analysis.pages.reform_plots import Paths
from analysis.study import Findings


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    designs = ["trade-main", "trade-sichuan-synthetic-did"]
    return run("collaboration-era", designs=designs, root=root)


@pytest.fixture(scope="module")
def simulated(root: Path, findings: Findings) -> Findings:
    """The same numbers, as if they rested on simulated data."""
    sources = tuple(one.model_copy(update={"kind": "simulated"}) for one in findings.sources)
    return replace(findings, sources=sources)


@pytest.fixture
def paths() -> Paths:
    rows = pd.DataFrame(
        {
            "time": [1, 2, 3, 4],
            "observed": [1.0, 2.0, 5.0, 6.0],
            "counterfactual": [1.0, 2.0, 3.0, 4.0],
            "placebo A": [0.0, 0.0, 1.0, 1.0],
            "placebo B": [0.0, 0.0, -3.0, -3.0],
        }
    )
    return Paths(unit="U", cohort=3, axis="Trade (million)", rows=rows)


def test_simulated_reforms_stand_last_and_apart(findings: Findings, simulated: Findings) -> None:
    table = reform_plots.tabulate_reforms([simulated, findings])
    assert list(table["data"]) == ["published", "simulated"]
    ax = reform_plots.reforms([simulated, findings], ax=Figure().subplots())
    labels = [label.get_text() for label in ax.get_yticklabels()]
    marked = [("[simulated]" in label) for label in labels]
    heights = np.asarray(ax.get_yticks())
    assert marked == [False, True]
    assert heights[0] - heights[1] > 1, "a gap lies between"
    said = reform_plots.describe_reforms([simulated, findings])
    assert said.count("(simulated data)") == 1


def test_estimates_are_the_headline_in_percent(findings: Findings) -> None:
    row = reform_plots.tabulate_reforms([findings]).iloc[0]
    effect = findings.headline.effects.overall
    assert row["estimate"] == pytest.approx(100 * np.expm1(effect.estimate))
    assert row["conf_low"] == pytest.approx(100 * np.expm1(effect.conf_low))


def test_a_path_is_drawn_with_its_cloud(paths: Paths) -> None:
    ax = reform_plots.counterfactual(paths, ax=Figure().subplots())
    drawn = [tuple(np.asarray(line.get_ydata(), dtype=float)) for line in ax.lines[:4]]
    assert drawn == [(1, 2, 4, 5), (1, 2, 0, 1), (1, 2, 3, 4), (1, 2, 5, 6)]
    assert ax.lines[2].get_linestyle() == "--"
    said = reform_plots.describe_counterfactual(paths)
    # The own gap is 2 on average; placebo B has 3 in size, placebo A only 1.
    assert "the gap is +2.00 on average" in said
    assert "cloud of 2 placebo gaps" in said
    assert "; 1 of them" in said


def test_placebos_are_all_controls_and_leave_the_treated_out(findings: Findings) -> None:
    result = findings.result("trade-sichuan-synthetic-did")
    made = reform_plots.among_placebos(result)
    controls = set(result.panel.units) - {"Sichuan"}
    assert {name.removeprefix("placebo ") for name in made.placebos} == controls
    own = result.effects.augment().query("unit == 'Sichuan'")
    assert made.rows["observed"].tolist() == pytest.approx(own["observed"].tolist())
    assert made.rows.notna().all().all()


def test_a_design_without_a_path_is_refused(findings: Findings) -> None:
    with pytest.raises(IdentificationError, match="counterfactual"):
        reform_plots.among_placebos(findings.result("trade-main"))
