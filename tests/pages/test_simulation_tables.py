"""Tables on simulated data say what is needed, what was planted and what was found."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from analysis import catalog
from analysis.markup import Table
from analysis.pages import simulation_plots, simulation_tables
from analysis.study import Findings, run


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    return run("registration", designs=["main"], root=root)


def rows(table: Table) -> list[dict[str, str]]:
    soup = BeautifulSoup(table.html, "html.parser")
    heads = [th.get_text() for th in soup.select("thead th")]
    return [
        dict(zip(heads, [td.get_text() for td in row.find_all("td")], strict=True))
        for row in soup.select("tbody tr")
    ]


def test_the_schema_names_every_column_of_every_file(root: Path, findings: Findings) -> None:
    found = rows(simulation_tables.schema(findings))
    declared = [
        (source.file.split("/")[-1], name, column)
        for source in (catalog.load_source(root, one.id) for one in findings.sources)
        for name, column in source.columns.items()
    ]
    assert [(row["File"], row["Column"]) for row in found] == [(f, n) for f, n, _ in declared]
    for row, (_, _, column) in zip(found, declared, strict=True):
        assert row["Type"].startswith(column.type)
        assert row["Unit"] == column.unit
        assert row["Example"] == column.example


def test_planted_stands_beside_recovered(findings: Findings) -> None:
    table = simulation_tables.planted(findings)
    assert "[Simulated data]" in table.plain
    (row,) = rows(table)
    assert row["Design"] == "Poisson"
    assert row["Planted"] == f"+{100 * math.expm1(0.12):.1f}%"
    effect = findings.headline.effects.overall.to_percent()
    assert row["Recovered"].startswith("+")
    assert f"{effect.estimate:.1f}" in row["Recovered"]
    assert row["Holds the planted effect"] in ("yes", "no")


def test_nothing_is_planted_where_nothing_is_simulated(root: Path) -> None:
    other = run("rules-benchmarking", root=root)
    assert "Nothing to show" in simulation_tables.planted(other).plain
    assert "Nothing to show" in simulation_tables.truth(other).plain
    assert "Nothing to show" in simulation_tables.schema(other).plain


def test_the_truth_shows_all_that_is_not_zero(root: Path, findings: Findings) -> None:
    found = {row["What"]: row["Value"] for row in rows(simulation_tables.truth(findings))}
    truth = catalog.load_study(root, "registration").truth
    assert truth is not None
    assert found["Units"] == str(truth.population.units)
    assert found["number of rows: effect"] == "0.12"
    assert found["Seed"] == str(truth.seed)
    assert "Missing" not in found, "none are left out"
    assert found["Why"] == truth.why


RESULTS = pd.DataFrame(
    {
        "study": ["one-reform", "one-reform"],
        "design": ["main", "naive"],
        "label": ["Main", "Naive"],
        "role": ["headline", "contrast"],
        "draws": [1000, 1000],
        "intervals": [990, 1000],
        "planted": [-0.1, -0.1],
        "bias": [0.001, 0.04],
        "coverage": [0.951, 0.42],
        "detectable": [0.1, 0.1],
        "mean_width": [0.2, 0.2],
        "inference": ["CR1 1000", "CR1 1000"],
    }
)


def test_coverage_is_told_as_it_was_measured() -> None:
    main, naive = rows(simulation_tables.coverage(RESULTS))
    assert (main["Reform"], main["Held"], main["Without interval"]) == ("one reform", "95.1%", "10")
    assert (naive["Role"], naive["Held"]) == ("contrast", "42.0%")
    assert "Reform" not in rows(simulation_tables.coverage(RESULTS, study="one-reform"))[0]
    assert "Nothing to show" in simulation_tables.coverage(RESULTS, study="another").plain


def test_the_picture_of_coverage_leaves_contrasts_out_of_its_count() -> None:
    assert "1 of 1 designs lie in the band" in simulation_plots.describe_held(RESULTS)
    ax = simulation_plots.held(RESULTS)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "one reform: Main",
        "one reform: Naive",
    ]
    assert simulation_plots.tabulate_held(RESULTS)["held"].tolist() == pytest.approx([95.1, 42.0])
