"""The performance page: ratios by hand, and a figure that draws what is stored."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.pages import performance, performance_plots

STORED = pd.DataFrame(
    [
        (10_000_000, "bare group-by", 0.5, 100.0, 1.0),
        (10_000_000, "ours, event study", 0.8, 300.0, 1.6),
        (10_000_000, "pyfixest, event study", 160.0, 12_000.0, 320.0),
        (100_000_000, "bare group-by", 2.0, 100.0, 1.0),
        (100_000_000, "ours, event study", 2.5, 310.0, 1.25),
        (1_000_000_000, "bare group-by", 20.0, 100.0, 1.0),
        (1_000_000_000, "ours, event study", 22.5, 341.0, 1.125),
        (1_000_000_000, "stopped", None, None, None),
    ],
    columns=["rows", "case", "work_seconds", "peak_mib", "to_group_by"],
).assign(estimate=-2.0, std_error=float("nan"), runs=5)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    words: dict[str, str] = {}
    facts = pd.DataFrame({"fact": ["cores"], "value": ["4"]})
    tables = {"engine": STORED, "engine_machine": facts}
    monkeypatch.setattr(performance, "_results", tables.__getitem__)
    monkeypatch.setattr(performance, "say", words.__setitem__)
    return words


def test_ratios_are_those_of_the_stored_medians(said: dict[str, str]) -> None:
    performance.glue_engine()
    assert said == {
        "floor-100": "1.25",
        "seconds-100": "2.5",
        "memory-100": "310",
        "floor-1000": "1.12",
        "seconds-1000": "22.5",
        "memory-1000": "341",
        "cores": "4",
        "growth": "9.0",
        "heavier": "1.10",
        "faster": "200",
        "lighter": "40",
    }


def test_a_case_that_did_not_end_is_not_shown(said: dict[str, str]) -> None:
    shown = performance.engine().plain
    assert "stopped" not in shown
    assert "1,000,000,000 | ours, event study | 22.5 | 1.12" in shown


def test_the_figure_draws_every_tool_against_rows() -> None:
    ax = performance_plots.by_rows(STORED.dropna(subset="work_seconds"))
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines["ours, event study"].get_xdata()) == [1e7, 1e8, 1e9]
    assert list(lines["ours, event study"].get_ydata()) == [0.8, 2.5, 22.5]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    told = performance_plots.describe_by_rows(STORED.dropna(subset="work_seconds"))
    assert "pyfixest, event study: 160 at 10,000,000 rows" in told


def test_stored_results_hold_what_was_promised() -> None:
    """Within 1.3 of the bare group-by at 10^8 rows, 1.2 at 10^9, below 400 MiB.

    At 10^7 rows a 28th of the memory of pyfixest and 150 times its speed.
    """
    held = performance.measured().set_index(["rows", "case"])
    for size, most in ((10**8, 1.3), (10**9, 1.2)):
        ours = held.loc[(size, performance.OURS)]
        assert ours["to_group_by"] <= most
        assert ours["peak_mib"] < 400
        assert ours["runs"] >= 5
    ours, peer = held.loc[(10**7, performance.OURS)], held.loc[(10**7, performance.PEER)]
    assert ours["peak_mib"] * 28 <= peer["peak_mib"]
    assert ours["work_seconds"] * 150 <= peer["work_seconds"]
    assert ours["estimate"] == pytest.approx(peer["estimate"], rel=1e-9)
