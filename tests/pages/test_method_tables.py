"""Words and tables of the methods pages: what is handed to prose, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.pages import method_tables


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    said: dict[str, str] = {}
    monkeypatch.setattr(method_tables, "say", said.__setitem__)
    return said


def test_the_worst_of_the_recommended_with_its_error(
    words: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        ("equal", 1, "CR1", 0.7, 0.02, 1_000),
        ("equal", 12, "CR1", 0.08, 0.01, 1_000),
        ("equal", 1, "randomisation", 0.05, 0.01, 400),
        ("unequal", 4, "scaled_t", 0.09, 0.012, 1_000),
        ("equal", 12, "recommended", 0.04, 0.01, 500),
        ("unequal", 4, "recommended", 0.066, 0.013, 500),
        ("unequal", 1, "recommended", float("nan"), float("nan"), 500),
    ]
    names = ["sizes", "treated", "inference", "size", "size_error", "draws"]
    held = pd.DataFrame(rows, columns=names)
    monkeypatch.setattr(method_tables, "_results", lambda _: held)
    method_tables.glue_few_treated(estimator="hazard")
    assert words == {
        "cluster-one": "70.0%",
        "cluster-twelve": "8.0%",
        "permuted-one": "5.0%",
        "scaled-worst": "9.0%",
        "recommended-worst": "6.6%",
        "recommended-error": "1.3",
        "draws": "400",
    }


def test_least_draws_and_what_fails(words: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    # Two errors above five: 7.0 with an error of 0.9 fails, 7.0 with 1.1 does not.
    rows = [
        ("one", "sc_placebo", "Ranks", 95.0, 7.0, 1.1, 1_000, 1),
        ("one", "its_segmented", "Newey-West", 60.0, 40.0, 1.5, 1_000, 1),
        ("one", "pda_ar1", "Prediction", 93.0, 7.0, 0.9, 500, 1),
        ("two", "pda_ar1", "Prediction", 95.0, 5.0, 1.0, 500, 1),
        ("many", "sc_placebo", "Ranks", 80.0, 20.0, 1.0, 200, 4),
    ]
    names = ["design", "method", "what", "coverage_percent", "size_percent"]
    names += ["monte_carlo_error_percent", "draws", "n_treated"]
    held = pd.DataFrame(rows, columns=names)
    monkeypatch.setattr(method_tables, "_results", lambda _: held)
    method_tables.glue_one_treated()
    assert words == {
        "placebo": "95%",
        "series": "60%",
        "prediction": "93%",
        "draws": "1,000",
        "draws-least": "200",
        "holds": "Ranks",
        "fails": "Newey-West",
    }
