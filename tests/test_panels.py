"""Rows become cells, counts and spells as declared, checked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.declarations import Cells, Design, Lasting, Outcome, Window
from analysis.errors import DataError
from analysis.methods.panel import Panel
from analysis.panels import panel_of

ROWS = pd.DataFrame(
    {
        "zone": ["a"] * 6 + ["b"] * 5,
        "month": [1, 1, 1, 1, 3, 3, 1, 1, 2, 2, 3],
        "goods": [
            *("parts", "parts", "parts", "other", "parts", "other"),
            *("parts", "other", "parts", "other", "parts"),
        ],
        "hours": [1.0, 2.0, 4.0, 8.0, 3.0, 6.0, 5.0, 10.0, 7.0, 7.0, 9.0],
    }
)
COHORTS = {"a": 3}


def outcome(**changed: object) -> Outcome:
    options: dict[str, object] = {
        "id": "time",
        "source": "rows",
        "column": "hours",
        "unit_column": "zone",
        "time_column": "month",
        "label": "Time",
        "unit": "hours",
    }
    return Outcome(**(options | changed))  # type: ignore[arg-type]


def design(**changed: object) -> Design:
    options: dict[str, object] = {
        "id": "main",
        "title": "Main",
        "label": "Main",
        "role": "headline",
        "estimand": "ATT",
        "outcome": "time",
        "window": Window(first=1, last=3),
        "cohorts": COHORTS,
        "estimator": "imputation",
        "seed": 1,
    }
    return Design(**(options | changed))  # type: ignore[arg-type]


def panel(rows: pd.DataFrame = ROWS, **changed: object) -> Panel:
    return panel_of(rows, design=design(), outcome=outcome(**changed), cohorts=COHORTS)


def cells(made: Panel) -> list[tuple[object, ...]]:
    held = made.cells[["unit", "time", "outcome", "weight"]]
    return [tuple(row) for row in held.round(6).itertuples(index=False)]


def test_means_by_hand() -> None:
    made = panel(cells=Cells(), keep={"goods": "parts"})
    assert cells(made) == [
        ("a", 1, 2.333333, 3.0),
        ("a", 3, 3.0, 1.0),
        ("b", 1, 5.0, 1.0),
        ("b", 2, 7.0, 1.0),
        ("b", 3, 9.0, 1.0),
    ]
    assert made.cohorts.dropna().to_dict() == {"a": 3}
    assert made.scale == "level"


def test_logs_give_geometric_means_and_ratios_against_other_rows() -> None:
    made = panel(cells=Cells(), keep={"goods": "parts"}, transform="log")
    assert np.exp(made.cells["outcome"].iloc[0]) == pytest.approx(2.0)  # (1 * 2 * 4) ** (1 / 3)
    assert made.scale == "log"
    ratio = panel(cells=Cells(against={"goods": "other"}), transform="log")
    found = {(u, t): np.exp(y) for u, t, y, _ in cells(ratio)}
    assert found == pytest.approx({("a", 1): 2 / 8, ("a", 3): 3 / 6, ("b", 1): 0.5, ("b", 2): 1.0})
    assert ratio.cells["weight"].tolist() == [3.0, 1.0, 1.0, 1.0], "rows that the reform can bite"


def test_quantiles_are_those_of_pandas() -> None:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame(
        {
            "zone": rng.choice(["a", "b", "c"], 400),
            "month": rng.integers(1, 4, 400),
            "goods": "parts",
            "hours": rng.lognormal(size=400),
        }
    )
    logs = rows.assign(hours=np.log(rows["hours"])).groupby(["zone", "month"])["hours"]
    expected = {"median": logs.quantile(0.5), "p90": logs.quantile(0.9)}
    expected["spread"] = expected["p90"] - expected["median"]
    for name, values in expected.items():
        made = panel(rows, cells=Cells(statistic=name), transform="log")  # type: ignore[arg-type]
        np.testing.assert_allclose(made.cells["outcome"], values.to_numpy())
        np.testing.assert_array_equal(made.cells["weight"], logs.size())


def test_counts_fill_months_without_rows_but_not_before_or_after() -> None:
    made = panel(cells=Cells(statistic="count"), keep={"goods": "other"})
    # b has no other goods in month 3, its last; a has none in month 2, between two.
    assert cells(made) == [
        ("a", 1, 1.0, 1.0),
        ("a", 2, 0.0, 1.0),
        ("a", 3, 1.0, 1.0),
        ("b", 1, 1.0, 1.0),
        ("b", 2, 1.0, 1.0),
    ]


def test_dropped_rows_and_other_months_play_no_part() -> None:
    short = design(window=Window(first=1, last=2), cohorts={"b": 2})
    made = panel_of(
        ROWS,
        design=short,
        outcome=outcome(cells=Cells(), drop={"goods": "other"}),
        cohorts={"b": 2},
    )
    assert cells(made) == [("a", 1, 2.333333, 3.0), ("b", 1, 5.0, 1.0), ("b", 2, 7.0, 1.0)]


def test_spells_are_at_risk_until_they_end_or_the_window_closes() -> None:
    rows = pd.DataFrame(
        {"court": ["a", "a", "b"], "month": [1, 2, 1], "months": [2, 1, 3], "closed": [1, 0, 1]}
    )
    lasting = Lasting(ended="closed", edges=(1.0, 2.0, 3.0), per_time=1.0)
    made = panel(rows, column="months", unit_column="court", spells=lasting)
    held = made.cells[["unit", "time", "duration", "n", "outcome"]]
    assert [tuple(row) for row in held.itertuples(index=False)] == [
        ("a", 1, 1, 1.0, 0.0),
        ("a", 2, 1, 1.0, 0.0),
        ("a", 2, 2, 1.0, 1.0),
        ("b", 1, 1, 1.0, 0.0),
        ("b", 2, 2, 1.0, 0.0),
        ("b", 3, 3, 1.0, 1.0),
    ]


def test_values_without_a_logarithm_are_refused() -> None:
    rows = ROWS.assign(hours=ROWS["hours"].where(ROWS.index > 0, 0.0))
    with pytest.raises(DataError, match="1 values at or below zero"):
        panel(rows, cells=Cells(), transform="log")


def test_a_treated_unit_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="no row for nowhere"):
        panel_of(
            ROWS,
            design=design(),
            outcome=outcome(cells=Cells()),
            cohorts={"a": 3, "nowhere": 2},
        )
