"""Goodman-Bacon decomposition: adds up, equals an outside program, by hand, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.errors import IdentificationError
from analysis.methods.decompose import decompose
from analysis.methods.difference_in_differences import difference_in_differences
from analysis.methods.linear import bare
from tests.contract import check_contract
from tests.methods.did_cases import CLOSE, as_panel, by_hand, mpdta_frame, outside, staggered


def test_equals_outside_program_and_adds_up() -> None:
    panel = as_panel(mpdta_frame())
    table = decompose(panel)
    check_contract(table)
    pieces = table.comparisons.astype(object).where(table.comparisons.notna(), "never_treated")
    ours = {(str(row.cohort), str(row.against)): row for row in pieces.itertuples()}
    theirs = outside()["bacon"]
    assert len(theirs) == len(ours) == 9
    for cohort, against, _, estimate, weight in theirs:
        row = ours[cohort, against]
        np.testing.assert_allclose([row.estimate, row.weight], [estimate, weight], **CLOSE)
    late = table.comparisons["kind"] == "later against earlier"
    assert round(table.comparisons.loc[late, "weight"].sum(), 4) == 0.0539
    twfe = difference_in_differences(panel, inference="none").overall.estimate
    assert table.overall.estimate == pytest.approx(twfe, abs=1e-12)


def test_by_hand() -> None:
    """a against b: mean(6, 5) - 9 - (mean(8, 9) - 8) = -4; c against b: 6 - 7.5 - (9 - 8)."""
    pieces = decompose(by_hand()).comparisons
    assert list(pieces["estimate"]) == pytest.approx([-4.0, -2.5, -4.0, -1.0])
    assert list(pieces["weight"]) == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6])


def test_adds_up_with_units_treated_before_the_window() -> None:
    panel = bare(staggered(3))
    early = panel.with_cohorts(panel.cohorts.mask(panel.cohorts.index < 5, 1))
    table, twfe = decompose(early), difference_in_differences(early, inference="none")
    assert table.overall.estimate == pytest.approx(twfe.overall.estimate, abs=1e-12)
    assert table.comparisons["weight"].sum() == pytest.approx(1.0)


def test_unbalanced_is_refused() -> None:
    panel = staggered(1)
    with pytest.raises(IdentificationError, match="1 cells absent"):
        decompose(panel.keep(np.arange(len(panel.cells)) != 3))
