"""Measured sizes, coverages and times, stored by the benchmarks of the project."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.errors import DataError, Fault

RESULTS = "benchmarks/results"


def read_results(root: Path, name: str) -> pd.DataFrame:
    """Read one stored table of measurements as it stands.

    Parameters
    ----------
    root : Path
        Folder of the project, or of the copy a report is built from.
    name : str
        Name of the table, without its ending.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    DataError
        No such table.
    """
    folder = root / RESULTS
    path = folder / f"{name}.csv"
    known = sorted(held.stem for held in folder.glob("*.csv"))
    if name not in known:
        raise DataError(
            Fault(
                expected=f"a stored table of measurements: {', '.join(known) or 'none is there'}",
                found=repr(name),
                mend=f"run the benchmark that writes it into {RESULTS}",
                file=f"{RESULTS}/{name}.csv",
            )
        )
    return pd.read_csv(path, keep_default_na=False, na_values=[""])
