"""Draw the declarations of rows.csv: 24 zones, 8 months, clearance times with a planted reform.

python tests/oracles/distribution/rows.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write 6,000 rows; the reform takes a fifth of the time from nine zones, in two waves."""
    rng = np.random.default_rng(20_260_601)
    zone, month = rng.integers(0, 24, 6_000), rng.integers(0, 8, 6_000)
    first = np.select([zone < 5, zone < 9], [4.0, 6.0], np.nan)
    level = np.exp(rng.normal(0, 0.05, (24, 8)) + 0.3 * rng.normal(size=(24, 1)))[zone, month]
    hours = 24 * level * np.exp(0.7 * rng.normal(size=len(zone)))
    hours = np.clip(np.where(month >= first, 0.8, 1.0) * hours, 1.1, 900).round(3)
    table = pd.DataFrame({"zone": zone, "month": month, "first": first, "hours": hours})
    table["first"] = table["first"].astype("Int64")
    table.to_csv(HERE / "rows.csv", index=False)


if __name__ == "__main__":
    main()
