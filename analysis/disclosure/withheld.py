"""What was withheld, listed for whoever checks the output; the list itself holds no number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """One thing that is not shown, or shown less exactly.

    Attributes
    ----------
    study, design : str
        Where it would stand; the design is empty for tables of a source.
    what : str
        Which number or table, without its value and without the name of a firm.
    rule : str
        The rule that forbids it.
    """

    study: str
    design: str
    what: str
    rule: str


COLUMNS = ("study", "design", "what", "rule")


def listed(withheld: Iterable[Withheld]) -> pd.DataFrame:
    """Lay out what was withheld, one row a thing, each once, in the order it was found."""
    rows = [[getattr(one, name) for name in COLUMNS] for one in dict.fromkeys(withheld)]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
