"""A small project of one reform, and the clean tables an office would send for it."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]

SOURCES = """
[[source]]
id = "stamped"
file = "simulated/stamped.csv"
title = "Releases of goods"
producer = "Nobody"
address = "data/reforms/stamps.toml"
licence = "CC0"
accessed = "2026"
sha256 = "{zeros}"
kind = "simulated"
key = ["declaration"]

[source.columns.declaration]
type = "whole"
unit = "none"
description = "Number of the declaration"
role = "record"
minimum = 1

[source.columns.zone]
type = "text"
unit = "none"
description = "Bonded zone"

[source.columns.firm]
type = "text"
unit = "none"
description = "Code of the firm"
role = "firm"

[source.columns.month]
type = "whole"
unit = "month"
description = "Month of the window, counted from its first"
minimum = 1
maximum = 600

[source.columns.items]
type = "whole"
unit = "items"
description = "Items of the declaration"
minimum = 1

[source.columns.hours]
type = "number"
unit = "hours"
description = "Time from arrival to release"
minimum = 0.0001
maximum = 100000.0

[[source]]
id = "zone-starts"
file = "simulated/zone_starts.csv"
title = "First month by zone"
producer = "Nobody"
address = "data/reforms/stamps.toml"
licence = "CC0"
accessed = "2026"
sha256 = "{zeros}"
kind = "simulated"
key = ["zone"]

[source.columns.zone]
type = "text"
unit = "none"
description = "Bonded zone"

[source.columns.first_month]
type = "whole"
unit = "month"
description = "First month of the reform; empty = never"
missing = true
minimum = 1
maximum = 600
"""

REFORM = """
[reform]
id = "stamps"
title = "Stamps"
area = "trade"
summary = "A reform that serves as a test."
level = "declaration"
place = "Nowhere"
undated = "Nobody knows"
implementation = "None"

[[outcomes]]
id = "release"
source = "stamped"
column = "hours"
unit_column = "zone"
time_column = "month"
label = "Release time"
unit = "hours"
transform = "log"

[[designs]]
id = "main"
title = "Zones at different dates"
label = "Imputation"
role = "headline"
estimand = "ATT"
outcome = "release"
window = { first = 1, last = 12 }
cohorts = { source = "zone-starts", column = "first_month", unit_column = "zone" }
estimator = "imputation"
seed = 1
"""

ZONES = [
    "重庆西永综合保税区",
    "成都高新综合保税区",
    "泸州综合保税区",
    "NA",
    "绵阳综合保税区",
    "宜宾综合保税区",
]
STARTS = {ZONES[0]: 5, ZONES[1]: 7, ZONES[2]: 7}
ORIGIN = dt.datetime(2021, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Clean tables: releases with counted months and hours, time stamps beside them, starts."""

    rows: pd.DataFrame
    stamps: pd.DataFrame
    starts: pd.DataFrame


def make_project(folder: Path) -> Path:
    """Write the declarations of the project."""
    data = folder / "data"
    (data / "reforms").mkdir(parents=True)
    (data / "scenarios").mkdir()
    (data / "sources.toml").write_text(SOURCES.format(zeros="0" * 64), encoding="utf-8")
    (data / "reforms" / "stamps.toml").write_text(REFORM, encoding="utf-8")
    shutil.copy(ROOT / "data" / "vocabulary.toml", data)
    shutil.copy(ROOT / "data" / "office.toml", data)
    return folder


def make_clean(*, seed: int, months: int = 12, a_cell: int = 18) -> Clean:
    """Draw clean tables: skewed hours, working days, zones of unequal size."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.normal(0, 0.3, len(ZONES)))
    counts = rng.poisson(a_cell * sizes[:, None] * np.ones(months)) + 4
    zone = np.repeat(np.repeat(np.arange(len(ZONES)), months), counts.ravel())
    month = np.repeat(np.tile(np.arange(1, months + 1), len(ZONES)), counts.ravel())
    n = zone.size
    first = np.array([STARTS.get(name, 999) for name in ZONES])
    level = np.log(32) + rng.normal(0, 0.2, len(ZONES))[zone] - 0.1 * (month >= first[zone])
    seconds = np.round(np.exp(level + 0.8 * rng.standard_normal(n)) * 60) * 60
    released = _released(rng, month)
    arrived = released - seconds.astype("timedelta64[s]")
    out = released + rng.integers(600, 40_000, n).astype("timedelta64[s]")
    number = np.array([f"5301202310{i:08d}" for i in rng.permutation(n)])
    stamps = pd.DataFrame(
        {
            "declaration": number,
            "zone": np.array(ZONES)[zone],
            "firm": [f"{code:010d}" for code in rng.integers(51_000, 51_400, n)],
            "items": 1 + rng.poisson(3, n),
            "arrived": arrived,
            "released": released,
            "gate_out": out,
        }
    )
    rows = stamps[["declaration", "zone", "firm"]].assign(
        month=month, items=stamps["items"], hours=np.round(seconds / 3600, 4)
    )
    order = rng.permutation(n)
    starts = pd.DataFrame({"zone": ZONES, "first_month": [STARTS.get(z) for z in ZONES]})
    starts["first_month"] = starts["first_month"].astype("Int64")
    return Clean(
        rows=rows.iloc[order].reset_index(drop=True),
        stamps=stamps.iloc[order].reset_index(drop=True),
        starts=starts,
    )


def _released(rng: np.random.Generator, month: np.ndarray) -> np.ndarray:
    """Moments at work: 8 to 18 h local time, some in the evening."""
    begin = np.array(
        [np.datetime64(f"{(2 + m) // 12 + 2021:04d}-{(2 + m) % 12 + 1:02d}-01") for m in range(99)]
    )
    day = rng.integers(0, 28, month.size)
    hour = np.clip(rng.normal(13, 2.5, month.size), 7, 22)
    at = begin[month - 1].astype("datetime64[s]") + day.astype("timedelta64[D]")
    return np.asarray(at + (np.round(hour * 60) * 60).astype("timedelta64[s]"))


def write_csv(path: Path, table: pd.DataFrame) -> Path:
    """Write a table as the template wants it."""
    table.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%d %H:%M:%S")
    return path
