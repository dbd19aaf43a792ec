"""Supplied tables of very many rows are read as small ones are, in less memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from analysis.catalog import large
from analysis.declarations import Source
from analysis.errors import DataError
from tests.disclosure.test_holders import source


def made(root: Path) -> Source:
    table = pd.DataFrame(
        {
            "zone": ["a", "b", "a"],
            "month": [1, 2, 2],
            "firm": ["x", "y", "x"],
            "hours": [1.5, 2.5, 3.5],
            "number": ["D1", "D2", "D3"],
        }
    )
    path = root / "data" / "simulated" / "rows.parquet"
    path.parent.mkdir(parents=True)
    table.to_parquet(path, index=False)
    kinds = {"month": "whole", "hours": "number"}
    columns = {
        name: {
            "type": kinds.get(name, "text"),
            "unit": "none",
            "description": name,
            "role": {"firm": "firm", "number": "record"}.get(name),
            "maximum": 600 if name == "month" else None,
        }
        for name in table.columns
    }
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return source({}, file="simulated/rows.parquet", columns=columns, sha256=digest)


def test_columns_are_small_and_numbers_of_records_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(tmp_path)
    assert not large.is_large(tmp_path, one)
    monkeypatch.setattr(large, "MANY_ROWS", 2)
    assert large.is_large(tmp_path, one)
    found = large.read_large(tmp_path, one)
    assert found.columns.tolist() == ["zone", "month", "firm", "hours"]
    assert found["zone"].tolist() == ["a", "b", "a"]
    assert isinstance(found["zone"].dtype, pd.CategoricalDtype)
    assert (found["month"].dtype, found["hours"].dtype) == ("int16", "float64")
    assert found["hours"].tolist() == [1.5, 2.5, 3.5]


def test_a_file_that_changed_since_it_was_checked_is_refused(tmp_path: Path) -> None:
    one = made(tmp_path)
    with (tmp_path / "data" / one.file).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(DataError):
        large.read_large(tmp_path, one.model_copy(update={"sha256": "0" * 64}))


def test_only_supplied_parquet_goes_this_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(tmp_path)
    monkeypatch.setattr(large, "MANY_ROWS", 0)
    assert large.is_large(tmp_path, one)
    assert not large.is_large(tmp_path, one.model_copy(update={"kind": "simulated"}))
    assert not large.is_large(tmp_path, one.model_copy(update={"file": "simulated/absent.parquet"}))
