"""Imputation: outside programs, by hand, dummy regression, recovery."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.methods.imputation import imputation
from tests.contract import check_contract
from tests.methods.did_cases import CLOSE, as_panel, by_hand, mpdta_frame, outside, staggered


@pytest.mark.parametrize("variant", ["imputation", "two_stage"])
def test_equals_outside_programs(variant: str) -> None:
    table = imputation(as_panel(mpdta_frame()), variant=variant, inference="CR0")
    check_contract(table)
    one = [table.overall.estimate, table.overall.std_error]
    np.testing.assert_allclose(one, outside()[variant], **CLOSE)
    wanted = np.array(outside()[f"{variant} rows"])[1:]
    got = table.tidy().iloc[:-1][["event_time", "estimate", "std_error"]].astype(float)
    np.testing.assert_allclose(got, wanted, **CLOSE)


def test_by_hand() -> None:
    """Untreated cells: a1 = 9, b = 8, 8, 9, c1 = 7, c2 = 8, times 2 and 1 apart by 0.5.

    Time effects from b and c: t2 - t1 = 0.5, t3 - t1 = 1.25 (b alone at 3: its own mean less).
    """
    panel = by_hand()
    table = imputation(panel, inference="none")
    cells = panel.cells
    first = panel.cell_cohort
    free = ~(cells["time"].to_numpy() >= first)
    dummies = np.column_stack(
        [cells["unit"] == u for u in "abc"] + [cells["time"] == t for t in (2, 3)]
    ).astype(float)
    beta = np.linalg.lstsq(dummies[free], cells["outcome"][free], rcond=None)[0]
    gap = cells["outcome"] - dummies @ beta
    assert table.overall.estimate == pytest.approx(gap[~free].mean())
    np.testing.assert_allclose(table.augment()["gap"], gap, atol=1e-12)
    assert gap[1] == pytest.approx(6 - (9 + 0.5))


def test_covariate_equals_dummy_regression() -> None:
    panel = staggered(7)
    rng = np.random.default_rng(1)
    from dataclasses import replace

    moving = panel.cells.assign(size=rng.normal(size=len(panel.cells)))
    panel = replace(panel, cells=moving)
    cells = panel.cells
    free = ~(cells["time"].to_numpy() >= panel.cell_cohort)
    units, times = cells["unit"].to_numpy(), cells["time"].to_numpy()
    dummies = np.column_stack(
        [units[:, None] == np.unique(units), times[:, None] == np.unique(times)[1:], cells["size"]]
    ).astype(float)
    beta = np.linalg.lstsq(dummies[free], cells["outcome"][free], rcond=None)[0]
    gap = cells["outcome"] - dummies @ beta
    table = imputation(panel, covariates=["size"], inference="CR0")
    assert table.overall.estimate == pytest.approx(gap[~free].mean(), abs=1e-10)
    check_contract(table)


def test_recovers() -> None:
    """Effects grow by one a time: mean over treated cells is 2.4 (five and three times)."""
    found = [imputation(staggered(s), inference="none").overall.estimate for s in range(60)]
    truth = (15 + 6) / 8
    assert abs(np.mean(found) - truth) < 4 * np.std(found) / np.sqrt(60)


def test_units_never_untreated_are_left_out() -> None:
    panel = staggered(2)
    early = panel.with_cohorts(panel.cohorts.mask((panel.cohorts == 4).fillna(False), 1))
    table = imputation(early, inference="none")
    assert any("cannot be imputed" in note for note in table.notes)
    assert table.tidy()["event_time"].max() == 2
