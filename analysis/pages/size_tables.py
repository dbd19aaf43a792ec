"""Sizes of cluster-robust tests from ten clusters on: when there are enough of them."""

from __future__ import annotations

import pandas as pd

from analysis import catalog
from analysis.markup import Table, show
from analysis.tables import say

#: Kinds of inference in the order of the columns.
KINDS = ("CR1", "CR2", "CR3", "scaled_t", "randomisation", "recommended")
MARK = "[Simulated data]"


def clusters() -> Table:
    """Show how often a true null is rejected with ten to a hundred clusters on either side."""
    held = _results()
    wide = held.pivot_table(index="name", columns="inference", values="size", sort=False)
    rows = [
        {
            "Treated + control": str(name),
            **{kind: f"{100 * row[kind]:.1f}" for kind in KINDS if kind in wide},
        }
        for name, row in wide.iterrows()
    ]
    caption = (
        f"Rejections of a true null at a level of 5%, in percent; {int(held['draws'].min()):,} "
        f"draws a design, AR(1) {held['ar1'].iloc[0]:g} {MARK}"
    )
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def glue_clusters() -> None:
    """Hand the largest sizes to prose: ``many-CR1``, ``many-CR2``, ``many-recommended``."""
    held = _results()
    for kind in ("CR1", "CR2", "recommended"):
        worst = held.loc[held["inference"] == kind, "size"].max()
        say(f"many-{kind}", f"{100 * worst:.1f}%")


def _results() -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(), "truth_many")
