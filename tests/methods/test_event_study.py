"""Event study: by hand, by plain least squares, by reassignment, by algebra."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from analysis.errors import IdentificationError
from analysis.methods import Panel, event_study
from tests.contract import check_contract

KINDS = ("none", "CR1", "CR2", "CR3", "randomisation", "recommended")


def made(rows: list[tuple[str, int, float, int | None]]) -> Panel:
    frame = pd.DataFrame(rows, columns=["unit", "time", "y", "first"])
    return Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="first")


def noisy(*, seed: int = 3, drop: int = 0) -> Panel:
    rng = np.random.default_rng(seed)
    first = {"u0": 5, "u1": 5, "u2": 7}
    rows = [
        (f"u{i}", t, i + 0.3 * t + rng.standard_normal(), first.get(f"u{i}"))
        for i in range(9)
        for t in range(1, 9)
    ]
    return made([row for number, row in enumerate(rows) if not drop or number % drop])


def plain(panel: Panel, *, base: int) -> dict[int, float]:
    """Least squares on dummies of units, times and event times but the base."""
    event_time = panel.cell_event_time
    seen = [int(e) for e in np.unique(event_time[~np.isnan(event_time)]) if e != base]
    dummies = pd.get_dummies(panel.cells[["unit", "time"]].astype(str)).to_numpy(dtype=float)
    design = np.column_stack([*((event_time == e).astype(float) for e in seen), dummies])
    found = np.linalg.lstsq(design, panel.cells["outcome"].to_numpy(), rcond=None)[0]
    return dict(zip(seen, found[: len(seen)].tolist(), strict=True))


def test_three_times_by_hand() -> None:
    # treated 1, 4, 9; control 1, 2, 3; both less their value at the base, time 2:
    # before -3 + 1 = -2, after 5 - 1 = 4
    panel = made(
        [
            *(("a", 1, 1, 3), ("a", 2, 4, 3), ("a", 3, 9, 3)),
            *(("b", 1, 1, None), ("b", 2, 2, None), ("b", 3, 3, None)),
            *(("c", 1, 1, None), ("c", 2, 2, None), ("c", 3, 3, None)),
        ]
    )
    frame = event_study(panel, inference="none").tidy()
    assert list(frame["event_time"].iloc[:3]) == [-2, -1, 0]
    np.testing.assert_allclose(frame["estimate"], [-2, 0, 4, 4], atol=1e-12)
    assert list(frame["estimand"]) == ["ATT(-2)", "ATT(-1)", "ATT(0)", "ATT overall"]
    assert frame["inference"].iloc[1] == "base period"
    assert frame["std_error"].isna().iloc[1]


@pytest.mark.parametrize("anticipation", [0, 1])
@pytest.mark.parametrize("drop", [0, 11])
def test_estimates_are_those_of_dummies(anticipation: int, drop: int) -> None:
    panel = noisy(drop=drop)
    expected = plain(panel, base=-1 - anticipation)
    table = event_study(panel, anticipation=anticipation, inference="none")
    frame = table.tidy().set_index("event_time")
    for event_time, value in expected.items():
        assert frame.loc[event_time, "estimate"] == pytest.approx(value, abs=1e-9), event_time
    counts = {e: int((panel.cell_event_time == e).sum()) for e in expected if e >= 0}
    mean = np.average([expected[e] for e in counts], weights=list(counts.values()))
    assert table.overall.estimate == pytest.approx(mean, abs=1e-9)
    assert table.overall.term == "overall"


def test_effects_that_grow_are_found_exactly_where_there_is_no_noise() -> None:
    rows = [
        (f"u{i}", t, 5 * i + t**2 - (t - 3.0) * (i < 2 and t >= 4), 4 if i < 2 else None)
        for i in range(6)
        for t in range(1, 7)
    ]
    frame = event_study(made(rows), inference="none").tidy()
    np.testing.assert_allclose(frame["estimate"], [0, 0, 0, -1, -2, -3, -2], atol=1e-11)


def test_randomisation_is_that_of_every_pair() -> None:
    rng = np.random.default_rng(8)
    rows = [
        (f"u{i}", t, i + rng.standard_normal(), 4 if i < 2 else None)
        for i in range(7)
        for t in range(1, 7)
    ]
    panel = made(rows)
    ways = [
        plain(panel.with_cohorts(dict.fromkeys(pair, 4)), base=-1)
        for pair in itertools.combinations(panel.units, 2)
    ]
    frame = event_study(panel, inference="randomisation").tidy()
    for _, row in frame[frame["event_time"].notna() & frame["std_error"].notna()].iterrows():
        values = np.array([way[int(row["event_time"])] for way in ways])
        share = np.mean(np.abs(values) >= abs(values[0]) - 1e-12)
        assert row["p_value"] == pytest.approx(share, abs=1e-12)
        assert row["std_error"] == pytest.approx(values[1:].std(ddof=1), abs=1e-9)


@pytest.mark.parametrize("inference", KINDS)
def test_every_kind_of_inference_keeps_the_contract(inference: str) -> None:
    table = event_study(noisy(), inference=inference)  # type: ignore[arg-type]
    check_contract(table)
    frame = table.tidy()
    assert frame["event_time"].iloc[:-1].is_monotonic_increasing
    base = frame[frame["event_time"] == -1]
    assert base["estimate"].tolist() == [0.0]
    assert base[["std_error", "p_value", "conf_low", "band_high"]].isna().all().all()


def test_bands_are_wider_than_intervals() -> None:
    frame = event_study(noisy(), inference="CR1").tidy().dropna(subset="std_error")
    assert (frame["band_low"] < frame["conf_low"]).all()
    assert (frame["band_high"] > frame["conf_high"]).all()


def test_the_same_seed_gives_the_same_bands() -> None:
    one, two = (event_study(noisy(), inference="CR1", seed=5).tidy() for _ in range(2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_constants_of_units_and_times_do_not_move_estimates() -> None:
    panel = noisy(drop=11)
    cells = panel.cells
    numbers = cells["unit"].map({unit: n**2 for n, unit in enumerate(panel.units)})
    moved = panel.with_outcome((cells["outcome"] + numbers + 10 * np.sin(cells["time"])).to_numpy())
    one, two = (event_study(p, inference="none").tidy()["estimate"] for p in (panel, moved))
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_the_choice_of_base_shifts_all_estimates_alike() -> None:
    rows = [
        (f"u{i}", t, np.sin(7 * i + t) + t * i, 5 if i < 2 else None)
        for i in range(6)
        for t in range(1, 9)
    ]
    panel = made(rows)
    first, second = (
        event_study(panel, anticipation=a, inference="none").tidy()["estimate"].iloc[:-1]
        for a in (0, 1)
    )
    shift = (first - second).to_numpy()
    np.testing.assert_allclose(shift, shift[0], atol=1e-10)
    assert abs(shift[0]) > 0.01


def test_refusals() -> None:
    panel = noisy()
    with pytest.raises(IdentificationError):
        event_study(panel.with_cohorts({}))
    with pytest.raises(IdentificationError):
        event_study(panel.keep_times(1, 4))
    with pytest.raises(IdentificationError, match="base period"):
        event_study(panel.with_cohorts({"u0": 5}), anticipation=6)
    with pytest.raises(IdentificationError, match=r"never treated|not treated"):
        event_study(panel.with_cohorts(dict.fromkeys(panel.units, 5)))
    with pytest.raises(IdentificationError, match="observed while treated"):
        event_study(panel.keep((panel.cell_event_time < 0) | np.isnan(panel.cell_event_time)))
