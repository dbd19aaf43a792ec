"""Clean tables in harmless forms raise no alarm and come through cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.project import make_project
from tests.hostile.variants import try_variant


@pytest.mark.parametrize("seed", range(8))
def test_a_clean_variant_comes_through(seed: int, tmp_path: Path) -> None:
    found = try_variant(make_project(tmp_path / "project"), tmp_path / "mine", seed=seed)
    assert found.happened in ("mend", "keep"), found.said
    assert not found.silent
