"""Supplied microdata with a thousand things in them that nobody may ever see."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.confidential.scan import Secret

#: How many of each kind make a thousand.
SHARES = {"firm": 0.45, "declaration": 0.3, "value": 0.2, "category": 0.05}
_LETTERS = np.array(list(string.ascii_uppercase + string.digits))


def plant(
    table: pd.DataFrame,
    *,
    firm: str,
    record: str,
    unit: str,
    value: str,
    count: int = 1_000,
    seed: int = 20240321,
) -> tuple[pd.DataFrame, tuple[Secret, ...]]:
    """Plant secrets in a table of records; give the table and what was planted.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a record.
    firm, record, unit, value : str
        Names of columns: every firm and record gets a name that is a secret where chosen, some
        records get a value far out, and a few records get a unit of their own.
    count : int
    seed : int
    """
    rng = np.random.default_rng(seed)
    rows = table.copy()
    number = {kind: round(share * count) for kind, share in SHARES.items()}
    secrets: list[Secret] = []

    firms = pd.Series(rows[firm].unique())
    chosen = firms.sample(min(number["firm"], len(firms)), random_state=seed)
    named = {old: _name(rng, 12) for old in chosen}
    rows[firm] = rows[firm].map(lambda old: named.get(old, old))
    secrets += [Secret(kind="firm", text=name) for name in named.values()]

    at = rng.permutation(len(rows))
    numbered, far, rare = np.split(
        at[: number["declaration"] + number["value"] + number["category"]],
        [number["declaration"], number["declaration"] + number["value"]],
    )
    ids = [f"53{rng.integers(10**15, 10**16 - 1)}" for _ in numbered]
    rows[record] = rows[record].astype("str").astype(object)
    rows.iloc[numbered, rows.columns.get_loc(record)] = ids
    secrets += [Secret(kind="declaration", text=one) for one in ids]

    values = np.round(rng.uniform(40_000, 90_000, len(far)), 4)
    rows.iloc[far, rows.columns.get_loc(value)] = values
    secrets += [Secret(kind="value", text=repr(v), number=v) for v in values.tolist()]

    places = [f"Zone {_name(rng, 9)}" for _ in rare]
    rows[unit] = rows[unit].astype(object)
    rows.iloc[rare, rows.columns.get_loc(unit)] = places
    secrets += [Secret(kind="category", text=place.removeprefix("Zone ")) for place in places]
    return rows, tuple(secrets)


def _name(rng: np.random.Generator, size: int) -> str:
    return "".join(rng.choice(_LETTERS, size))


def read(path: Path) -> pd.DataFrame:
    """Read a table of records as it stands in the data folder."""
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
