"""The map and the timeline show what is declared, each thing once and in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from analysis import catalog, setting
from analysis.pages import setting_plots
from analysis.pictures import TREATED
from analysis.setting import Chronology, Geography

#: Corners of the two regions as an atlas gives them, to half a degree: west, east, south, north.
ATLAS = {"Sichuan": (97.3, 108.5, 26.0, 34.3), "Chongqing": (105.3, 110.2, 28.2, 32.2)}


@pytest.fixture(scope="module")
def regions(root: Path) -> Geography:
    return setting.geography("Sichuan", "Chongqing", root=root)


@pytest.fixture(scope="module")
def when(root: Path) -> Chronology:
    return setting.chronology(root=root)


def test_outlines_lie_where_the_regions_lie(regions: Geography) -> None:
    for region, corners in ATLAS.items():
        own = regions.outlines[regions.outlines["region"] == region]
        found = (
            own["longitude"].min(),
            own["longitude"].max(),
            own["latitude"].min(),
            own["latitude"].max(),
        )
        assert found == pytest.approx(corners, abs=0.5), region


def test_outlines_are_closed(regions: Geography) -> None:
    for name, ring in regions.outlines.groupby(["region", "ring"]):
        ends = ring.sort_values("point")[["longitude", "latitude"]].to_numpy()[[0, -1]]
        assert np.allclose(ends[0], ends[1]), name


def test_corridors_join_known_places(regions: Geography) -> None:
    assert regions.corridors[["longitude", "latitude"]].notna().all().all()
    assert set(regions.corridors["place"]) <= set(regions.places["place"])


def test_zones_lie_inside_their_region(regions: Geography) -> None:
    """By crossing number: Chengdu and Luzhou in Sichuan, Chongqing in Chongqing."""
    home = {"Chengdu": "Sichuan", "Luzhou": "Sichuan", "Chongqing": "Chongqing"}
    places = regions.places.set_index("place")
    for city, region in home.items():
        outlines = regions.outlines
        ring = outlines[(outlines["region"] == region) & (outlines["ring"] == 1)]
        x, y = places.loc[city, ["longitude", "latitude"]]
        a = ring[["longitude", "latitude"]].to_numpy(dtype=float)
        b = np.roll(a, -1, axis=0)
        crosses = (a[:, 1] > y) != (b[:, 1] > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        assert (crosses & (at > x)).sum() % 2 == 1, city


def test_the_map_marks_both_regions_in_one_ink(regions: Geography) -> None:
    ax = setting_plots.region_map(regions, ax=Figure().subplots())
    inked = [p for p in ax.patches if to_hex(p.get_edgecolor()) == TREATED.lower()]
    assert len(inked) == 2
    words = {text.get_text().replace("\n", " ") for text in ax.texts}
    assert {"Sichuan", "Chongqing", "Qinzhou port"} <= words
    said = setting_plots.describe_region_map(regions)
    assert "3 cities with areas of a free trade zone" in said
    assert "Chongqing to Guiyang to Nanning to Qinzhou" in said


def test_every_dated_reform_is_on_the_timeline_and_the_others_are_counted(
    root: Path, when: Chronology
) -> None:
    reforms = [catalog.load_reform(root, one) for one in catalog.list_reforms(root)]
    dated = {one.title for one in reforms if one.in_force is not None}
    own = when.events[when.events["kind"] == "reform"]
    assert set(own["name"]) == dated
    assert len(own) == len(dated)
    assert len(when.undated) == len(reforms) - len(dated)
    assert f"{len(when.undated)} more reforms" in setting_plots.describe_timeline(when)


def test_nothing_stands_on_the_timeline_twice(when: Chronology) -> None:
    assert not when.events.duplicated(["date", "name"]).any()
    others = when.events[when.events["kind"] == "other"]
    reforms = when.events[when.events["kind"] == "reform"]
    assert not set(others["date"]) & set(reforms["date"])


def test_dots_stand_at_their_dates_in_order(when: Chronology) -> None:
    ax = setting_plots.timeline(when, ax=Figure().subplots())
    dots = np.concatenate(
        [np.asarray(c.get_offsets()) for c in ax.collections if not hasattr(c, "get_segments")]
    )
    dots = dots[np.argsort(-dots[:, 1])]
    assert np.all(np.diff(dots[:, 0]) >= 0), "the earliest on top"
    table = setting_plots.tabulate_timeline(when)
    assert len(table) == len(dots) == len(ax.get_yticks())


def test_dates_become_years() -> None:
    made = setting.years(pd.Series(["2021", "2021-07", "2021-07-02"]))
    assert made.tolist() == pytest.approx([2021, 2021.5, 2021.5 + 1 / 365.25])
