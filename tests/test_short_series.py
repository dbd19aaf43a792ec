"""Few counts: growth, sums, bounds and lines, by hand; tables and figures that say no more."""

from __future__ import annotations

from pathlib import Path

import myst_nb
import numpy as np
import pandas as pd
import pytest

from analysis import pictures, plots
from analysis.errors import DataError
from analysis.pages import count_plots, count_tables
from analysis.pages.count_tables import Counts
from analysis.short_series import (
    Count,
    counterfactuals,
    line_on,
    ratio_bound,
    series,
    whole_years,
    yearly_growth,
)
from analysis.study import run


def table(*rows: tuple[str, str, str, str, float, str]) -> pd.DataFrame:
    columns = ["region", "counter", "first", "last", "trips", "trips_bound"]
    return pd.DataFrame(rows, columns=columns)


def made(*values: tuple[int, float]) -> tuple[Count, ...]:
    return tuple(
        Count(region="A", counter="operator", year=year, value=value, bound="exact")
        for year, value in values
    )


HELD = table(
    ("A", "operator", "2018", "2018", 100, "exact"),
    ("A", "operator", "2019", "2019", 200, "over"),
    ("A", "operator", "2020", "2020", 400, "exact"),
    ("A", "rail", "2024", "2024", 300, "exact"),
    ("B", "rail", "2024", "2024", 500, "exact"),
    ("A and B", "operator", "2021", "2021", 1_000, "over"),
    ("A and B", "operator", "2022-01", "2022-06", 700, "exact"),
    ("all", "rail", "2020", "2020", 1_000, "exact"),
    ("all", "rail", "2021", "2021", 2_000, "exact"),
    ("all", "rail", "2024", "2024", 4_000, "exact"),
)


def counts() -> Counts:
    return Counts(held=whole_years(HELD, column="trips"), since=2021, whole="all", unit="trips")


def test_only_whole_years_count_and_two_exact_parts_give_their_sum() -> None:
    held = whole_years(HELD, column="trips")
    assert len(held) == 10  # nine whole years, one sum
    both = series(held, region="A and B", counter="rail")
    assert [(c.year, c.value, c.bound) for c in both] == [(2024, 800, "exact")]
    with pytest.raises(DataError, match="whole year"):
        whole_years(HELD[HELD["first"] == "2022-01"], column="trips")


def test_growth_by_hand() -> None:
    # Four times as many after two years: doubled every year.
    assert yearly_growth(made((2018, 100), (2020, 400))) == pytest.approx(1.0)
    assert yearly_growth(made((2020, 110), (2021, 121))) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        ("exact", "exact", "exact"),
        ("over", "exact", "over"),
        ("exact", "over", "under"),
        ("exact", "under", "over"),
        ("over", "under", "over"),
        ("under", "over", "under"),
        ("over", "over", "about"),
        ("about", "exact", "about"),
    ],
)
def test_bounds_of_a_ratio(upper: str, lower: str, expected: str) -> None:
    assert ratio_bound(upper, lower) == expected  # type: ignore[arg-type]


def test_a_line_through_three_counts_by_hand() -> None:
    """Counts 1, 2, 6 at 0, 1, 2: line 3 + 2.5 (t - 1), residuals 0.5, -1, 0.5, one left to judge.

    At t = 4: 10.5; s = sqrt(1.5), error s sqrt(1 + 1/3 + 9/2); t with one degree is 12.7062.
    """
    found = line_on(made((0, 1), (1, 2), (2, 6)), year=4, logs=False)
    half = 12.706204736 * np.sqrt(1.5) * np.sqrt(1 + 1 / 3 + 9 / 2)
    assert found.value == pytest.approx(10.5)
    assert found.high == pytest.approx(10.5 + half)
    assert found.low == 0.0  # fewer than none cannot be counted
    assert found.dof == 1
    # Steady growth: 1, e, e^2 lie on a line in logarithms, so nothing is left to judge by.
    grown = line_on(made((0, 1), (1, np.e), (2, np.e**2)), year=3, logs=True)
    assert [grown.value, grown.low, grown.high] == pytest.approx([np.e**3] * 3)
    assert np.isnan(line_on(made((0, 1), (1, 2)), year=4, logs=False).high)


def test_a_line_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    years, values = np.array([2017, 2019, 2020]), np.array([663.0, 1500, 2603])
    fitted = sm.OLS(np.log(values), sm.add_constant(years)).fit()
    told = fitted.get_prediction([[1, 2024]]).summary_frame(alpha=0.05)
    found = line_on(made(*zip(years.tolist(), values, strict=True)), year=2024, logs=True)
    expected = np.exp(told[["mean", "obs_ci_lower", "obs_ci_upper"]].to_numpy()[0])
    assert [found.value, found.low, found.high] == pytest.approx(expected, rel=1e-6)


def test_ways_to_go_on_by_hand() -> None:
    whole = series(whole_years(HELD, column="trips"), region="all", counter="rail")
    found = counterfactuals(made((2019, 200), (2020, 400)), whole, year=2024)
    # Nothing changes: 400. Share kept: 400 / 1,000 of 4,000. Gains of 200 a year; doubling.
    assert [way.value for way in found] == pytest.approx([400, 1_600, 1_200, 6_400])
    assert all(np.isnan(way.high) for way in found)
    assert [way.way for way in counterfactuals(made((2020, 400)), (), year=2024)] == [
        "nothing changes"
    ]


def test_tables_put_the_rules_side_by_side() -> None:
    shown = count_tables.side_by_side(counts()).plain.splitlines()
    assert shown[1] == (
        "Year | A, operator | A, rail | A and B, operator | A and B, rail | B, rail | all, rail"
    )
    assert shown[3] == "2019 | over 200" + " | not published" * 5
    assert shown[-1] == "2024 | not published | 300 | not published | 800 | 500 | 4,000"
    share = count_tables.shares(counts()).plain
    assert "2021 | A and B | operator | rail | over 50.0%" in share
    assert "2024 | A and B | rail | rail | 20.0%" in share
    growth = count_tables.growth(counts()).plain
    assert "A | operator | 2018, 2019, 2020 | +100% | none | too few counts" in growth
    ways = count_tables.ways(counts()).plain
    assert "A | 3, by operator | 2024 | nothing changes | 400 | none | 300, by rail | " in ways
    assert "\N{MINUS SIGN}25.0%" in ways
    said = count_tables.refusals(counts()).plain
    assert "A | 3 | 1 | refused: expected at least 4 times before the reform" in said


def test_what_is_glued_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, str] = {}
    monkeypatch.setattr(myst_nb, "glue", lambda key, text, **_: kept.update({key: str(text)}))
    count_tables.glue_counts(counts())
    assert kept["points"] == "3"
    assert kept["lowest-p"] == "0.250"  # one over three years before and one after
    assert kept["same-rule"] == "none"
    assert kept["share-first"] == "over 50.0%"
    assert kept["share-last"] == "20.0%"
    assert kept["ratio"] == "over 1.25"  # 1,000 by operators over 800 by rail
    # 300 against 6,400 of steady growth, and against 400 where nothing changes.
    assert kept["lowest"] == "\N{MINUS SIGN}95.3%"
    assert kept["highest"] == "\N{MINUS SIGN}25.0%"


def test_the_figure_tells_its_floors() -> None:
    drawn = plots.picture(
        count_plots.counts,
        counts().held,
        since=2021,
        unit="trips",
        caption="Trips",
        alt=count_plots.describe_counts,
    )
    assert "A by operator: 100 in 2018, over 200 in 2019, 400 in 2020" in drawn.alt
    assert drawn.svg.startswith("<?xml")
    assert "over" in pictures.csv(count_plots.tabulate_counts(counts().held))


def test_the_published_counts_are_read(root: Path) -> None:
    findings = run("china-europe-trains", root=root)
    held = count_tables.counts(findings, source="trains", column="trips", whole="China")
    assert held.since == 2021
    both = series(held.held, region="Chengdu and Chongqing", counter="CRCT")
    assert [(c.year, c.value) for c in both] == [(2024, 2285 + 2059)]
    assert len(series(held.held, region="Chengdu and Chongqing", counter="operator")) == 3
