"""The same pass on Spark through Ibis, in local mode; needs Java and pyspark."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods import LogBins, compress, event_study

pytest.importorskip("pyspark", reason="pyspark is not installed (optional extra: spark)")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java on this machine"),
    pytest.mark.filterwarnings("ignore"),  # Spark and its Ibis backend warn of their own parts
]
NAMES = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}


@pytest.mark.parametrize("transform", ["level", "log"])
def test_spark_gives_the_cells_and_effects_of_duckdb(tmp_path: Path, transform: str) -> None:
    import ibis
    from pyspark.sql import SparkSession

    rng = np.random.default_rng(5)
    n = 20_000
    frame = pd.DataFrame(
        {
            "zone": rng.integers(0, 30, n),
            "month": rng.integers(0, 10, n),
            "hours": rng.lognormal(3, 1, n),
            "weight": rng.uniform(0.5, 2, n),
            "value": rng.normal(size=n),
            "mode": rng.choice(["air", "sea"], n),
        }
    )
    frame["first"] = pd.array(np.where(frame["zone"] < 12, 5, -1), dtype="Int64")
    frame.loc[frame["zone"] >= 12, "first"] = pd.NA
    frame.loc[::40, "hours"] = np.nan
    file = tmp_path / "rows.parquet"
    frame.to_parquet(file, index=False)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    try:
        engine = ibis.pyspark.connect(session)
        for options in (
            {},
            {
                "weights": "weight",
                "covariates": ["value"],
                "categories": ["mode"],
                "thresholds": [24],
                "bins": LogBins(low=1, high=500, per_decade=10),
            },
        ):
            ours = compress(file, **NAMES, **options, transform=transform)
            spark = compress(file, **NAMES, **options, transform=transform, engine=engine)
            pd.testing.assert_frame_equal(
                spark.cells, ours.cells, check_dtype=False, rtol=1e-12, atol=1e-12
            )
        one = event_study(compress(file, **NAMES, transform=transform), inference="CR1").tidy()
        two = event_study(
            compress(file, **NAMES, transform=transform, engine=engine), inference="CR1"
        ).tidy()
        for name in ("estimate", "std_error"):
            np.testing.assert_allclose(one[name], two[name], rtol=1e-12)
    finally:
        session.stop()
