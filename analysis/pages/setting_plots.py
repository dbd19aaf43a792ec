"""Pictures of where and when: a map with zones and corridors, and a timeline of reforms."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.pictures import CONTROL, RULE, SECOND, TREATED, axes
from analysis.setting import Chronology, Geography, years

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Light ground behind names, so that lines do not cross them.
_GROUND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
#: What the map shows: degrees east and north.
EAST, NORTH = (97.0, 112.2), (21.0, 37.0)
#: Degrees: a region is wide beyond `_WIDE`; west of `_DIVIDE` words stand left of their place.
_WIDE, _DIVIDE = 8.0, 106.0
#: A line of its own for every corridor, told apart without colour too.
_LINES = ("-", "--", ":", "-.")
_WIDTH = 46


def region_map(geography: Geography, *, ax: Axes | None = None) -> Axes:
    """Draw the regions, the cities with areas of a zone, and the corridors between places.

    Parameters
    ----------
    geography : Geography
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    for (region, _), ring in geography.outlines.groupby(["region", "ring"]):
        own = region in geography.regions
        ax.fill(
            ring["longitude"],
            ring["latitude"],
            facecolor="#DCEAF5" if own else "#F4F4F4",
            edgecolor=TREATED if own else "#B5B5B5",
            linewidth=1.4 if own else 0.6,
            zorder=2 if own else 1,
        )
        if own:
            _inside(ax, str(region), ring)
    _corridors(ax, geography.corridors)
    _places(ax, geography.places)
    ax.set_xlim(*EAST)
    ax.set_ylim(*NORTH)
    ax.set_aspect(1 / np.cos(np.deg2rad(np.mean(NORTH))))
    ax.set_xlabel("Degrees east")
    ax.set_ylabel("Degrees north")
    ax.legend(loc="lower left", fontsize=8, frameon=True, framealpha=0.95)
    ax.figure.set_size_inches(5.8, 6.4)  # type: ignore[union-attr]
    return ax


def _inside(ax: Axes, name: str, ring: pd.DataFrame) -> None:
    """Name a region off its middle, where the lines of corridors leave room."""
    ends = ring[["longitude", "latitude"]].agg(["min", "max"])
    (west, south), (east, north) = ends.to_numpy(dtype=float)
    wide = east - west > _WIDE
    across, up = (0.3, 0.7) if wide else (0.62, 0.76)
    ax.text(
        west + across * (east - west),
        south + up * (north - south),
        name,
        ha="center",
        fontweight="bold",
        color=TREATED,
        zorder=6,
        bbox=_GROUND,
    )


def _corridors(ax: Axes, steps: pd.DataFrame) -> None:
    inks = dict(zip(steps["corridor"].unique(), (SECOND, "#009E73", "#56B4E9"), strict=False))
    lines = dict(zip(inks, _LINES, strict=False))
    named: set[str] = set()
    for (name, _), branch in steps.groupby(["corridor", "branch"]):
        label = "" if name in named else f"{name} (schematic)"
        named.add(str(name))
        ax.plot(
            branch["longitude"],
            branch["latitude"],
            color=inks[str(name)],
            linestyle=lines[str(name)],
            linewidth=2,
            label=label or None,
            zorder=4,
        )


def _places(ax: Axes, places: pd.DataFrame) -> None:
    zones = places[places["role"] == "zone"]
    others = places[places["role"] != "zone"]
    ax.scatter(
        zones["longitude"],
        zones["latitude"],
        s=60,
        color=TREATED,
        zorder=5,
        label="city with areas of a free trade zone",
    )
    ax.scatter(
        others["longitude"],
        others["latitude"],
        s=26,
        facecolor="white",
        edgecolor=RULE,
        zorder=5,
        label="port, or place on the way",
    )
    for row in places.to_dict("records"):
        zone, x = row["role"] == "zone", row["longitude"]
        edge = x > EAST[1] - 2
        west = edge or x < _DIVIDE
        ax.annotate(
            "\n".join(textwrap.wrap(str(row["label"]), 21)),
            (x, row["latitude"]),
            xytext=(-2 if edge else -7 if west else 8, -6 if edge else -3),
            textcoords="offset points",
            ha="right" if west else "left",
            va="center" if zone and west else "top",
            fontsize=8,
            zorder=7,
            bbox=_GROUND,
        )


def describe_region_map(geography: Geography) -> str:
    """Say what `region_map` shows."""
    zones = geography.places[geography.places["role"] == "zone"]
    routes = [
        f"{name} ({'; '.join(_route(branch) for _, branch in corridor.groupby('branch'))})"
        for name, corridor in geography.corridors.groupby("corridor", sort=False)
    ]
    return (
        f"Map of {' and '.join(geography.regions)} among the provinces around them. Dots mark "
        f"{len(zones)} cities with areas of a free trade zone: {'; '.join(zones['label'])}. "
        f"Lines join places of {len(routes)} corridors: {', '.join(routes)}."
    )


def _route(branch: pd.DataFrame) -> str:
    return " to ".join(branch.sort_values("step")["place"])


def tabulate_region_map(geography: Geography) -> pd.DataFrame:
    """Give the places and corridors of `region_map`."""
    wanted = ["corridor", "branch", "step", "place", "longitude", "latitude"]
    held = geography.places[["place", "role", "label"]]
    return geography.corridors[wanted].merge(held, on="place", how="outer")


def timeline(when: Chronology, *, ax: Axes | None = None) -> Axes:
    """Draw reforms and other policies by date, each on its own line.

    Parameters
    ----------
    when : Chronology
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = axes(ax)
    rows = _rows(when)
    at = np.arange(len(rows))[::-1]
    first = np.floor(rows["year"].min())
    for kind, ink, face, size, label in (
        ("reform", TREATED, TREATED, 48, "reform of this report"),
        ("other", CONTROL, "white", 40, "other policy or shock"),
    ):
        own = (rows["kind"] == kind).to_numpy()
        ax.hlines(at[own], first, rows["year"][own], color=ink, linewidth=0.5, alpha=0.5)
        ax.scatter(
            rows["year"][own], at[own], s=size, facecolor=face, edgecolor=ink, zorder=3, label=label
        )
    ax.set_yticks(at, ["\n".join(textwrap.wrap(name, _WIDTH)) for name in rows["name"]], fontsize=8)
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.set_xlim(first, np.ceil(rows["year"].max() + 0.2))
    ax.set_xticks(np.arange(first, np.ceil(rows["year"].max()) + 1, 2))
    ax.set_xlabel("Year")
    ax.legend(loc="upper right", fontsize=8, frameon=True)
    ax.figure.set_figheight(1.0 + 0.42 * len(rows))  # type: ignore[union-attr]
    return ax


def describe_timeline(when: Chronology) -> str:
    """Say what `timeline` shows."""
    rows = _rows(when)
    own = rows[rows["kind"] == "reform"]
    other = rows[rows["kind"] == "other"]
    between = other[other["year"].between(own["year"].min(), own["year"].max())]
    return (
        f"Timeline from {rows['date'].iloc[0]} to {rows['date'].iloc[-1]} with {len(own)} dated "
        f"reforms and {len(other)} other policies or shocks, {len(between)} of them between the "
        f"first and the last reform. {len(when.undated)} more reforms have no published date."
    )


def tabulate_timeline(when: Chronology) -> pd.DataFrame:
    """Give the events of `timeline`."""
    return _rows(when)[["date", "kind", "name", "what"]]


def _rows(when: Chronology) -> pd.DataFrame:
    rows = when.events.assign(year=years(when.events["date"]))
    return rows.sort_values(["year", "kind", "name"], kind="stable").reset_index(drop=True)
