"""Figures draw the numbers they are given, and their twins say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from analysis import plots, run
from analysis.errors import IdentificationError
from analysis.methods import checks, difference_in_differences
from analysis.plots import CONTROL, TREATED, Picture, picture
from analysis.study import Findings
from tests.studies import lean_project

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def findings(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    drawn = ["trade-main", "trade-path"]
    lean = lean_project(root, tmp_path_factory.mktemp("plots") / "project", designs=drawn)
    return run("pilot-zones", designs=drawn, root=lean)


@pytest.fixture(scope="module")
def placebo(findings: Findings) -> checks.Check:
    points = partial(difference_in_differences, inference="none")
    return checks.placebo_in_space(findings.result("trade-main").panel, points)


@pytest.fixture(scope="module")
def things(findings: Findings, placebo: checks.Check) -> dict[str, Any]:
    """What each figure draws, by the name of its function."""
    counts = pd.Series({"supported": 0, "untested": 12}, name="Number of claims")
    return {
        "event_study": findings.result("trade-path").effects,
        "paths": findings.result("trade-main").panel,
        "placebo_cloud": findings.result("trade-main").effects,
        "forest": findings.overview_of("trade"),
        "placebo_units": placebo,
        "shares": counts,
    }


every_figure = pytest.mark.parametrize(
    "name", ["event_study", "paths", "placebo_cloud", "forest", "placebo_units", "shares"]
)


def draw(name: str) -> Callable[..., Axes]:
    made: Callable[..., Axes] = getattr(plots, name)
    return made


def describe(name: str) -> Callable[..., str]:
    made: Callable[..., str] = getattr(plots, f"describe_{name}")
    return made


def lines(ax: Axes) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.asarray(line.get_xdata(), dtype=float), np.asarray(line.get_ydata(), dtype=float))
        for line in ax.lines
    ]


def has_line(ax: Axes, x: object, y: object) -> bool:
    return any(
        len(a) == len(np.asarray(x)) and np.allclose(a, x) and np.allclose(b, y)  # type: ignore[arg-type]
        for a, b in lines(ax)
    )


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


# ---------------------------------------------------------------- all figures


def test_every_figure_has_a_twin() -> None:
    public = {name for name in vars(plots) if not name.startswith("_")}
    drawing = {name for name in public if f"describe_{name}" in public}
    with_axes = {
        name
        for name in public
        if "ax" in (getattr(getattr(plots, name), "__kwdefaults__", None) or {})
    }
    assert drawing == with_axes
    assert drawing == {"event_study", "paths", "placebo_cloud", "forest", "placebo_units", "shares"}


@every_figure
def test_figures_give_axes_and_touch_nothing_global(name: str, things: dict[str, Any]) -> None:
    before = dict(mpl.rcParams)
    given = Figure().subplots()
    assert draw(name)(things[name], ax=given) is given
    alone = draw(name)(things[name])
    assert isinstance(alone, Axes)
    assert alone is not given
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in vars(plots)


@every_figure
def test_pictures_are_the_same_bytes_each_time(name: str, things: dict[str, Any]) -> None:
    before = dict(mpl.rcParams)
    one, two = (
        picture(draw(name), things[name], caption="What is seen", alt=describe(name))
        for _ in range(2)
    )
    assert one == two
    assert one.svg.startswith("<?xml")
    assert "<dc:date>" not in one.svg
    assert dict(mpl.rcParams) == before
    bundle = one._repr_mimebundle_()
    assert bundle["image/svg+xml"] == one.svg
    assert bundle["text/plain"] == f"What is seen\n\n{describe(name)(things[name])}"


@every_figure
def test_what_is_given_is_not_changed(name: str, things: dict[str, Any]) -> None:
    thing = things[name]
    before = thing.copy() if hasattr(thing, "copy") else None
    first = describe(name)(thing)
    draw(name)(thing)
    assert describe(name)(thing) == first
    if before is not None:
        assert thing.equals(before)


@every_figure
def test_axes_are_labelled_with_a_quantity(name: str, things: dict[str, Any]) -> None:
    ax = draw(name)(things[name])
    assert ax.get_xlabel()
    if name not in ("forest", "placebo_units", "shares"):
        assert ax.get_ylabel()


def test_a_picture_hands_its_options_to_both_twins(findings: Findings) -> None:
    made = picture(
        plots.event_study,
        findings.result("trade-path").effects,
        caption="c",
        alt=plots.describe_event_study,
        since="zones",
    )
    assert isinstance(made, Picture)
    assert "before the zones" in made.alt


# ---------------------------------------------------------------- one by one


def test_an_event_study_draws_estimates_intervals_and_zero(findings: Findings) -> None:
    effects = findings.result("trade-path").effects
    frame = effects.tidy().dropna(subset="event_time")
    ax = plots.event_study(effects, since="zones of 2017")
    assert has_line(ax, frame["event_time"].astype(float), frame["estimate"])
    assert has_line(ax, [0, 1], [0, 0]), "zero is always drawn"
    assert has_line(ax, [-0.5, -0.5], [0, 1]), "so is the reform"
    assert "zones of 2017" in texts(ax)
    bars = next(c for c in ax.collections if hasattr(c, "get_segments"))
    drawn = {
        (round(ends[0][0], 9), round(ends[0][1], 9), round(ends[1][1], 9))
        for ends in bars.get_segments()
        if len(ends) == 2
    }
    live = frame.dropna(subset="conf_low")
    expected = {
        (float(e), round(low, 9), round(high, 9))
        for e, low, high in zip(
            live["event_time"], live["conf_low"], live["conf_high"], strict=True
        )
    }
    assert expected == drawn, "every effect but that of the base period has its interval"
    hollow = [line for line in ax.lines if to_hex(line.get_markerfacecolor()) == "#ffffff"]  # type: ignore[arg-type]
    assert [list(line.get_xdata()) for line in hollow] == [[-1.0]]  # type: ignore[arg-type]
    assert ax.get_ylabel() == f"{effects.overall.outcome} (log points)"


def test_a_long_label_of_the_upright_axis_stands_in_lines(findings: Findings) -> None:
    """Its ends would be cut off otherwise."""
    name = "Chance that a case is copied in a quarter, of cases not copied yet"
    effects = findings.result("trade-path").effects
    ax = plots.event_study(replace(effects, frame=effects.frame.assign(outcome=name)))
    assert ax.get_ylabel().split("\n") == [
        "Chance that a case is copied in a quarter, of cases",
        "not copied yet (log points)",
    ]


def test_the_words_of_an_event_study_count_intervals(findings: Findings) -> None:
    effects = findings.result("trade-path").effects
    frame = effects.tidy().dropna(subset="event_time")
    live = frame.dropna(subset="conf_low")
    clear = sum(
        low > 0 or high < 0 for low, high in zip(live["conf_low"], live["conf_high"], strict=True)
    )
    said = plots.describe_event_study(effects)
    assert f"{clear} of {len(live)} pointwise intervals leave out zero" in said
    after = frame.loc[frame["event_time"] >= 0, "estimate"]
    assert f"after it from {after.min():+.3f}".replace("-", MINUS) in said


def test_paths_start_from_zero_and_end_where_the_data_do(findings: Findings) -> None:
    panel = findings.result("trade-main").panel
    wide = panel.wide()
    moved = wide.sub(wide[2016], axis=0)
    ax = plots.paths(panel)
    for unit in ("Chongqing", "Sichuan"):
        assert has_line(ax, moved.columns, moved.loc[unit]), unit
        assert unit in texts(ax)
    controls = moved.drop(index=["Chongqing", "Sichuan"])
    assert has_line(ax, moved.columns, controls.mean())
    assert "control mean" in texts(ax)
    assert ax.get_ylabel() == "Change from 2016 (log points)"
    said = plots.describe_paths(panel)
    assert "zero in 2016" in said
    assert "mean of 9 control units" in said
    assert f"Sichuan {moved.loc['Sichuan', 2023]:+.2f}" in said
    other = plots.paths(panel, base=2010)
    assert other.get_ylabel() == "Change from 2010 (log points)"
    assert "zero in 2010" in plots.describe_paths(panel, base=2010)


def test_the_cloud_holds_all_placebos_and_one_estimate(findings: Findings) -> None:
    effects = findings.result("trade-main").effects
    ax = plots.placebo_cloud(effects)
    assert sum(bar.get_height() for bar in ax.patches) == 54  # type: ignore[attr-defined]
    value = effects.overall.estimate
    assert has_line(ax, [value, value], [0, 1])
    assert has_line(ax, [0, 0], [0, 1])
    said = plots.describe_placebo_cloud(effects)
    assert "Histogram of 54 placebo estimates" in said
    assert "; 1 placebo is at least as large, p = 0.036." in said


def test_a_cloud_without_draws_is_refused(findings: Findings) -> None:
    panel = findings.result("trade-main").panel
    bare = difference_in_differences(panel, inference="none")
    for one in (plots.placebo_cloud, plots.describe_placebo_cloud):
        with pytest.raises(IdentificationError, match="randomisation"):
            one(bare)


def test_a_forest_draws_each_design_in_its_place(findings: Findings) -> None:
    overview = findings.overview_of("trade")
    ax = plots.forest(overview)
    (points,) = [c for c in ax.collections if not hasattr(c, "get_segments")]
    at = np.asarray(points.get_offsets(), dtype=float)
    np.testing.assert_allclose(at[:, 0], overview["estimate"])
    names = [label.get_text() for label in ax.get_yticklabels()]
    labels = dict(zip(ax.get_yticks(), names, strict=True))
    assert [labels[y] for y in at[:, 1]] == list(overview["label"])
    inks = [to_hex(one) for one in np.asarray(points.get_facecolor())]  # type: ignore[attr-defined]
    roles = list(overview["role"])
    assert inks == [(TREATED if role == "headline" else CONTROL).lower() for role in roles]
    assert has_line(ax, [0, 0], [0, 1])
    assert ax.get_xlabel() == "Effect (log points)"
    said = plots.describe_forest(overview)
    assert said.startswith("2 designs of ")
    assert "2 of them above zero" in said


def test_placebo_units_stand_in_order_with_the_treated_in_their_ink(
    placebo: checks.Check,
) -> None:
    ax = plots.placebo_units(placebo)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == list(placebo.detail["unit"])
    bold = {t.get_text() for t in ax.get_yticklabels() if t.get_fontweight() == "bold"}
    assert bold == {"Chongqing", "Sichuan"}
    drawn = np.concatenate([np.asarray(c.get_offsets(), dtype=float) for c in ax.collections])
    order = np.argsort(drawn[:, 1])
    np.testing.assert_allclose(drawn[order, 0], placebo.detail["estimate"])
    assert placebo.seen in plots.describe_placebo_units(placebo)


def test_shares_are_bars_with_their_numbers() -> None:
    counts = pd.Series({"supported": 0, "untested": 12}, name="Number of claims")
    ax = plots.shares(counts)
    assert [bar.get_width() for bar in ax.patches] == [0, 12]  # type: ignore[attr-defined]
    assert texts(ax) == ["0", "12"]
    assert ax.get_xlabel() == "Number of claims"
    assert plots.describe_shares(counts) == "Bars: supported 0; untested 12."


@every_figure
def test_words_name_no_file_and_say_a_number(name: str, things: dict[str, Any]) -> None:
    said = describe(name)(things[name])
    assert re.search(r"\d", said)
    assert not re.search(r"\.(svg|png)\b|\bnan\b|not available", said)
    assert said.endswith(".")
