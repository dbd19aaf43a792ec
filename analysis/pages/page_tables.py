"""What was measured on the built pages in a browser: tables, and their sentence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis import catalog
from analysis.markup import Table, show
from analysis.methods.effects import number
from analysis.tables import say

#: Heads of the columns, as stored and as shown.
_PAGES = {
    "page": "Page",
    "views": "Views",
    "axe_violations": "Violations found by axe",
    "foreign_requests": "Requests to elsewhere",
    "complaints": "Errors",
    "overflow_px": "Wider than the screen (pixels)",
    "compressed_kb": "Weight (kB, compressed)",
}
_SCORES = {
    "performance": "Speed",
    "accessibility": "Accessibility",
    "best_practices": "Good practice",
    "seo": "For search engines",
}


def pages(*, root: Path | None = None) -> Table:
    """Show what was seen of the pages at two widths, light and dark."""
    frame = _read("browser_pages", root)[list(_PAGES)].rename(columns=_PAGES)
    return show(
        frame,
        caption="Pages in Chromium, 1440 and 390 pixels wide, light and dark",
        interactive=True,
    )


def scores(*, root: Path | None = None) -> Table:
    """Show what Lighthouse gave each page it scored: speed by profile, the rest at worst."""
    given = _read("browser_lighthouse", root)
    speed = given.pivot_table(index="page", columns="profile", values="performance", sort=False)
    shown = speed.astype(int)[["phone", "desktop"]]
    shown.columns = pd.Index([f"Speed on a {profile}" for profile in shown.columns])
    others = given.groupby("page", sort=False)[list(_SCORES)[1:]].min().rename(columns=_SCORES)
    frame = shown.join(others).rename_axis("Page").reset_index()
    return show(frame, caption="Scores by Lighthouse, of a hundred", interactive=True)


def glue_pages(*, root: Path | None = None) -> None:
    """Hand numbers to the prose.

    Keys: ``pages``, ``views``, ``violations``, ``requests``, ``heaviest`` (with its unit),
    ``scored`` (pages), ``phone`` and ``desktop`` (the lowest score of any page and kind).
    """
    frame = _read("browser_pages", root)
    say("pages", str(len(frame)))
    say("views", str(int(frame["views"].sum())))
    say("violations", str(int(frame["axe_violations"].sum())))
    say("requests", str(int(frame["foreign_requests"].sum())))
    say("heaviest", f"{number(float(frame['compressed_kb'].max()), signed=False)} kB")
    given = _read("browser_lighthouse", root)
    say("scored", str(given["page"].nunique()))
    lowest = given.set_index("profile")[list(_SCORES)].min(axis=1).groupby("profile").min()
    for profile in ("phone", "desktop"):
        say(profile, str(int(lowest[profile])))


def _read(name: str, root: Path | None) -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(root), name)
