"""Microdata to cells: counts by pandas, faults by hand, files that are not what they say."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from analysis.errors import AnalysisError, DataError, PanelError
from analysis.methods import LogBins, compress, passes, resources, sources

NAMES = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}


def rows(n: int = 2_000) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "zone": rng.choice(["a", "b", "NA", "007"], n),
            "month": rng.integers(0, 5, n),
            "hours": rng.lognormal(3, 1, n).round(3),
        }
    )
    frame["first"] = np.where(frame["zone"].isin(["a", "NA"]), 3.0, np.nan)
    frame["weight"] = rng.uniform(0.5, 2, n)
    frame["value"] = rng.normal(5, 2, n)
    frame["mode"] = rng.choice(["air", "sea"], n)
    frame.loc[::50, "hours"] = np.nan
    return frame


@pytest.fixture(scope="module")
def microdata() -> pd.DataFrame:
    return rows()


def test_cells_are_those_of_pandas(microdata: pd.DataFrame) -> None:
    cells = compress(microdata, **NAMES, categories=["mode"]).cells
    seen = microdata.dropna(subset="hours")
    by = seen.groupby(["zone", "month", "mode"])["hours"]
    np.testing.assert_array_equal(cells["n"], by.size())
    np.testing.assert_allclose(cells["outcome"], by.mean(), rtol=1e-13)
    np.testing.assert_allclose(cells["ss"], by.var(ddof=0) * by.size(), rtol=1e-11, atol=1e-9)
    assert cells["unit"].tolist() == [key[0] for key in by.groups]


def test_weights_and_covariates_are_centred_sums(microdata: pd.DataFrame) -> None:
    panel = compress(microdata, **NAMES, weights="weight", covariates=["value"])
    cell = panel.cells.iloc[7]
    own = microdata.dropna(subset="hours").query("zone == @cell.unit and month == @cell.time")
    w, y, z = (own[name].to_numpy() for name in ("weight", "hours", "value"))
    y_mean, z_mean = np.average(y, weights=w), np.average(z, weights=w)
    expected = {
        "weight": w.sum(),
        "outcome": y_mean,
        "value": z_mean,
        "ss": (w * (y - y_mean) ** 2).sum(),
        "weight2": (w**2).sum(),
        "weight2_outcome": (w**2 * (y - y_mean)).sum(),
        "weight2_ss": (w**2 * (y - y_mean) ** 2).sum(),
        "value * outcome": (w * (z - z_mean) * (y - y_mean)).sum(),
        "value * value": (w * (z - z_mean) ** 2).sum(),
    }
    for name, value in expected.items():
        assert cell[name] == pytest.approx(value, rel=1e-9, abs=1e-8), name


@pytest.mark.parametrize("kind", ["arrow", "ibis", "parquet", "glob", "csv", "csv.gz"])
def test_any_source_gives_the_same_cells(
    microdata: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    import ibis

    expected = compress(microdata, **NAMES)
    table = pa.Table.from_pandas(microdata, preserve_index=False)
    half = len(microdata) // 2
    if kind == "arrow":
        source: object = table
    elif kind == "ibis":
        source = ibis.memtable(table)
    elif kind in ("parquet", "glob"):
        parquet.write_table(table.slice(0, half), tmp_path / "one.parquet")
        parquet.write_table(table.slice(half), tmp_path / "two.parquet")
        parquet.write_table(table, tmp_path / "all.pq")
        source = tmp_path / "all.pq" if kind == "parquet" else str(tmp_path / "*.parquet")
    else:
        source = tmp_path / f"rows.{kind}"
        microdata.to_csv(source, index=False)
    panel = compress(source, **NAMES)
    pd.testing.assert_frame_equal(panel.cells, expected.cells, rtol=1e-12, check_dtype=False)
    assert panel.cohorts.to_dict() == expected.cohorts.to_dict()
    assert panel.n_missing == 40


def test_dates_are_counted_in_periods() -> None:
    dates = pd.to_datetime(["2020-01-31", "2020-02-01", "2020-02-29"])
    frame = pd.DataFrame(
        {
            "zone": ["a"] * 3,
            "month": dates,
            "hours": [1.0, 2.0, 4.0],
            "first": pd.to_datetime(["2020-02-15"] * 3),
        }
    )
    panel = compress(frame, **NAMES, freq="M")
    assert panel.cells["n"].tolist() == [1.0, 2.0]
    assert panel.cells["time"].tolist() == [pd.Period("2020-01").ordinal, 601]
    assert panel.time_labels is not None
    assert panel.time_labels.tolist() == ["2020-01", "2020-02"]
    assert panel.cell_event_time.tolist() == [-1.0, 0.0]
    quarters = compress(frame, **NAMES, freq="Q")
    assert quarters.cells["time"].tolist() == [pd.Period("2020Q1").ordinal]


def test_not_a_number_is_missing_infinity_is_not(microdata: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(microdata.dropna(), preserve_index=False)
    nan = np.array(table["hours"].to_numpy(), copy=True)
    nan[:3] = np.nan
    place = table.schema.get_field_index("hours")
    for transform in ("level", "log"):
        panel = compress(
            table.set_column(place, "hours", pa.array(nan)), **NAMES, transform=transform
        )
        assert panel.n_missing == 3
    nan[5] = np.inf
    with pytest.raises(PanelError, match="1 infinite"):
        compress(table.set_column(place, "hours", pa.array(nan)), **NAMES)


FAULTS = {
    "absent": ({}, {"covariates": ["nope"]}, "a column of this name"),
    "keys missing": (
        {"zone": [None, "a", "a"]},
        {},
        "zone: expected a value in every row; found 1",
    ),
    "cohort varies": ({"first": [1, 2, 2]}, {}, "one first treated time"),
    "cohort half empty": ({"first": [1, None, 1]}, {}, "1 rows empty"),
    "broken time": ({"month": [1.5, 2, 3]}, {}, "whole numbers; found 1.5"),
    "text time": ({"month": ["x", "y", "z"]}, {}, "whole numbers; found string"),
    "below zero": ({"hours": [0.0, -1, 2]}, {"transform": "log"}, "2 at or below zero"),
    "no outcome": ({"hours": [None, None, None]}, {}, "none with a value"),
    "weight zero": ({"w": [0.0, 1, 1]}, {"weights": "w"}, "weights above zero; found 0"),
    "weight missing": ({"w": [None, 1.0, 1]}, {"weights": "w"}, "w: expected a value in every"),
    "covariate missing": ({"z": [None, 1.0, 1]}, {"covariates": ["z"]}, "z: expected a value"),
    "reserved": ({"ss": [1.0, 1, 1]}, {"covariates": ["ss"]}, "cells do not use"),
    "dates": ({"month": pd.to_datetime(["2020-01-01"] * 3)}, {}, "or give freq="),
    "time zone": (
        {"month": pd.to_datetime(["2020-01-01"] * 3, utc=True)},
        {"freq": "M"},
        "without a time zone",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(name: str) -> None:
    changed, options, said = FAULTS[name]
    frame = pd.DataFrame(
        {"zone": ["a"] * 3, "month": [1, 2, 3], "hours": [1.0, 2, 3], "first": [2, 2, 2]}
    ).assign(**changed)
    if "hours" in changed:
        frame["hours"] = frame["hours"].astype(float)
    with pytest.raises(PanelError, match=said.replace("(", r"\(")):
        compress(frame, **{**NAMES, **options})


FILES = {
    "parquet": (b"PAR1 and nothing more", "rows.csv", "found Parquet"),
    "workbook": (b"PK\x03\x04 a sheet", "rows.csv", "a zip or a workbook"),
    "binary": (b"a,b\n\0\1\2", "rows.csv", "binary data"),
    "empty": (b"  \n", "rows.csv", "an empty file"),
    "latin": ("größe,b\n1,2\n".encode("latin-1"), "rows.csv", "not UTF-8 at position 2"),
    "no commas": (b"a;b\n1;2\n", "rows.csv", "without commas"),
    "packed": (gzip.compress(b"a,b\n"), "rows.csv", "gzip under another name"),
    "not packed": (b"a,b\n", "rows.csv.gz", "found no gzip"),
    "cut": (b"PAR1 cut short", "rows.parquet", "a whole Parquet file"),
    "unknown": (b"a,b\n", "rows.txt", "files of one kind"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_what_they_say(name: str, tmp_path: Path) -> None:
    content, file, said = FILES[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(DataError, match=said):
        compress(tmp_path / file, **NAMES)


def test_paths(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "no.csv", "nothing there"),
        (tmp_path, "a folder"),
        ("https://example.org/a.parquet", "an address"),
    ):
        with pytest.raises(DataError, match=said):
            compress(path, **NAMES)


def test_a_value_that_is_no_number_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("zone,month,hours,first\na,1,2.5,\na,2,two,\n")
    with pytest.raises(DataError, match="two"):
        compress(file, **NAMES)


def test_few_bytes_that_claim_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bomb.parquet"
    n = 300_000
    table = pa.table(
        {
            "zone": np.zeros(n, dtype="int8"),
            "month": np.zeros(n, dtype="int8"),
            "hours": np.ones(n),
            "first": np.zeros(n, dtype="int8"),
        }
    )
    parquet.write_table(table, file)
    monkeypatch.setattr("analysis.methods.sources.FEW_ROWS", 100_000)
    with pytest.raises(DataError, match=r"300,000 rows claimed .* max_rows=300000"):
        compress(file, **NAMES)
    assert compress(file, **NAMES, max_rows=n).n_obs == n
    with pytest.raises(DataError, match="at most 10 rows"):
        compress(file, **NAMES, max_rows=10)


@pytest.mark.parametrize("what", ["memory", "disk"])
def test_too_little_room_is_said_before_the_work(
    what: str, microdata: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, f"LEAST_{what.upper()}", 10**18)
    with pytest.raises(DataError, match=f"free {what}"):
        compress(microdata, **NAMES)


def test_running_out_of_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    small = resources.Room(memory=24 * 2**20, disk=2**20)
    monkeypatch.setattr(resources, "room_to_work", lambda: small)
    many = pd.DataFrame({"zone": np.arange(2_000_000), "month": 1, "hours": 1.0, "first": 1})
    with pytest.raises(DataError, match="enough memory"):
        compress(many, **NAMES)


def test_progress_is_told_and_a_stopped_pass_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(passes, "LOOK_EVERY", 0.001)
    big = pd.concat([rows(200_000)] * 5, ignore_index=True)
    told: list[float] = []
    compress(big, **NAMES, progress=told.append)
    assert told
    assert all(0 <= share <= 1 for share in told)

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compress(big, **NAMES, progress=stop)
    assert list(tmp_path.iterdir()) == []
    until = time.monotonic() + 5
    while any("ThreadPool" in t.name for t in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any("ThreadPool" in thread.name for thread in threading.enumerate())


def test_metamorphic_order_and_labels(microdata: pd.DataFrame) -> None:
    shuffled = microdata.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        compress(shuffled, **NAMES).cells, compress(microdata, **NAMES).cells, rtol=1e-12
    )


def test_bins_count_every_row_and_keep_the_moments(microdata: pd.DataFrame) -> None:
    bins = LogBins(low=5, high=50, per_decade=10)
    plain = compress(microdata, **NAMES)
    cells = compress(microdata, **NAMES, bins=bins, thresholds=[24, 48.5]).cells
    np.testing.assert_allclose(cells["outcome"], plain.cells["outcome"], rtol=1e-13)
    np.testing.assert_allclose(cells["ss"], plain.cells["ss"], rtol=1e-10)
    seen = microdata.dropna(subset="hours")
    for (zone, month), own in seen.groupby(["zone", "month"]):
        cell = cells[(cells["unit"] == zone) & (cells["time"] == month)].iloc[0]
        expected = np.histogram(own["hours"], bins=[0, *bins.edges, np.inf])[0]
        assert cell[list(bins.columns)].tolist() == expected.tolist()
        assert cell["within 24"] == (own["hours"] <= 24).sum()
        assert cell["within 48.5"] == (own["hours"] <= 48.5).sum()


def test_heavy_libraries_wait_until_they_are_used() -> None:
    code = (
        "import sys, analysis; from analysis.methods import Panel, compress;"
        "print([m for m in ('ibis', 'duckdb', 'statsmodels', 'matplotlib') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_not_a_table() -> None:
    with pytest.raises(AnalysisError, match="found list"):
        compress([1, 2], **NAMES)  # type: ignore[arg-type]


class _Warehouse:
    """Stands in for a connection to another machine, and says what it was asked to read."""

    name = "elsewhere"

    def read_parquet(self, place: str) -> tuple[str, str]:
        return "parquet", place

    def read_csv(self, place: str, **_: object) -> tuple[str, str]:
        return "csv", place


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("s3a://bucket/declarations/", "parquet"),
        ("gs://bucket/rows.parquet", "parquet"),
        ("s3a://bucket/rows.csv", "csv"),
        ("hdfs://host/rows.CSV.gz", "csv"),
    ],
)
def test_an_address_is_read_by_the_engine_as_its_ending_says(place: str, kind: str) -> None:
    with sources.opened(place, engine=_Warehouse(), max_rows=None) as opened:  # type: ignore[arg-type]
        assert opened.table == (kind, place)
        assert opened.text == (kind == "csv")
