"""What the page on time and place says in words: reforms without a date, and counts."""

from __future__ import annotations

import pandas as pd

from analysis.markup import Table, show
from analysis.setting import Chronology
from analysis.tables import say


def events(when: Chronology) -> Table:
    """Show what happened when."""
    kinds = {"reform": "reform", "other": "other policy or shock"}
    rows = when.events.assign(kind=when.events["kind"].map(kinds))
    rows = rows.rename(columns={"date": "Date", "kind": "Kind", "name": "Name", "what": "What"})
    return show(rows, caption="Dated reforms, and other policies of the same time")


def undated(when: Chronology) -> Table:
    """Show the reforms for which no date is published."""
    frame = pd.DataFrame({"Reform": list(when.undated)})
    return show(frame, caption="Reforms without a published date")


def glue_chronology(when: Chronology) -> None:
    """Hand numbers to the prose.

    Keys: ``dated``, ``undated`` (numbers of reforms), ``others`` (other policies and shocks),
    ``first`` and ``last`` (dates of the first and the last dated reform).
    """
    own = when.events.loc[when.events["kind"] == "reform", "date"].sort_values()
    say("dated", str(len(own)))
    say("undated", str(len(when.undated)))
    say("others", str(len(when.events) - len(own)))
    say("first", str(own.iloc[0])[:4])
    say("last", str(own.iloc[-1])[:4])
