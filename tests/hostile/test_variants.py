"""Clean tables in harmless forms raise no alarm and come through cell by cell."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.hostile.outcomes import CLEAN_RESULTS
from tests.hostile.project import make_project
from tests.hostile.variants import try_variant


@pytest.mark.parametrize("seed", range(8))
def test_a_clean_variant_comes_through(seed: int, tmp_path: Path) -> None:
    found = try_variant(make_project(tmp_path / "project"), tmp_path / "mine", seed=seed)
    assert found.happened in ("mend", "keep"), found.said
    assert not found.silent


def test_at_most_one_in_a_hundred_clean_variants_raised_an_alarm() -> None:
    with CLEAN_RESULTS.open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert int(row["variants"]) >= 100
    assert int(row["alarms"]) <= 0.01 * int(row["variants"])
    assert int(row["silently_changed"]) == 0
