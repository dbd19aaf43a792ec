"""Words shared by all declarations: the frozen base record, checked texts, numbers and dates."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, StringConstraints

SourceKind = Literal["real", "published", "simulated"]
ClaimKind = Literal["effect", "output", "milestone", "forecast"]
Bound = Literal["exact", "about", "over", "under"]
Missing = Literal[
    "baseline",
    "date",
    "sample",
    "comparison",
    "definition",
    "uncertainty",
    "figure",
    "independent_source",
]
CheckName = Literal[
    "pre_trends",
    "placebo_in_time",
    "placebo_in_space",
    "leave_one_out",
    "minimum_detectable_effect",
    "own_trends",
    "spillover",
    "anticipation",
    "missing_cells",
    "composition",
    "trend_power",
    "trend_bounds",
    "unobserved",
]


def _no_edge_space(text: str) -> str:
    if text != text.strip():
        raise ValueError("text without leading or trailing spaces")
    return text


def check_when(text: str) -> str:
    """Return `text` if it is a year, a month or a day that exists: 2021, 2021-09 or 2021-09-08."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
        raise ValueError("a date such as 2021, 2021-09 or 2021-09-08")
    dt.date.fromisoformat((text + "-01-01")[:10])
    return text


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number


Text = Annotated[str, Strict(), StringConstraints(min_length=1), AfterValidator(_no_edge_space)]
Identifier = Annotated[str, Strict(), StringConstraints(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")]
Reference = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Z]+\d{3,}$")]
When = Annotated[str, Strict(), AfterValidator(check_when)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), AfterValidator(_finite)]
Flag = Annotated[bool, Strict()]
Option = Flag | Whole | Number | Text


class Record(BaseModel):
    """Base of all declarations: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")
