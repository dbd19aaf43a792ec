"""Tables that disclosure control let pass in this run: written once, read by pages."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from analysis.catalog.files import read_bytes

RELEASED = "data/supplied"


def write_released(root: Path, name: str, *, table: pd.DataFrame) -> Path:
    """Write one table that everybody may see beside the staged data."""
    path = root / RELEASED / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")
    return path


def read_released(root: Path, name: str) -> pd.DataFrame | None:
    """Read one of these tables as text; None where nothing was supplied."""
    path = f"{RELEASED}/{name}.csv"
    if not (root / path).is_file():
        return None
    raw = io.BytesIO(read_bytes(root, path))
    return pd.read_csv(raw, dtype="str", keep_default_na=False)
