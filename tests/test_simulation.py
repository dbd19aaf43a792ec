"""Simulated data: reproducible byte for byte, recoverable, and never able to decide a claim."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis import catalog, simulation, simulation_plots, tables
from analysis.claims import judge
from analysis.declarations import Truth
from analysis.errors import AnalysisError, DeclarationError
from analysis.study import Findings, run

STUDY = "spare-parts"


@pytest.fixture(scope="module")
def truth(root: Path) -> Truth:
    made = catalog.load_study(root, STUDY).truth
    assert made is not None
    return made


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    return run(STUDY, designs=["main", "spread"], root=root)


def _copy(root: Path, folder: Path) -> Path:
    shutil.copytree(root / "data", folder / "data")
    return folder


def test_the_command_writes_the_same_bytes_again(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    shutil.rmtree(project / "data" / "simulated")
    written = catalog.write_simulated(project)
    assert len(written) >= 2
    for path in (*written, project / "data" / "sources.toml"):
        assert path.read_bytes() == (root / path.relative_to(project)).read_bytes(), path.name


def test_simulated_files_are_small(root: Path) -> None:
    files = list((root / "data" / "simulated").iterdir())
    assert files
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_another_seed_gives_other_data_and_another_checksum(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    declared = project / "data" / "reforms" / f"{STUDY}.toml"
    text = declared.read_text(encoding="utf-8")
    seed = text.index("[truth]")
    declared.write_text(
        text[:seed] + text[seed:].replace("seed = 20240321", "seed = 7", 1), encoding="utf-8"
    )
    before = (project / "data" / "sources.toml").read_text(encoding="utf-8")
    catalog.write_simulated(project)
    assert (project / "data" / "sources.toml").read_text(encoding="utf-8") != before
    catalog.check_project(project)


def test_data_that_are_not_simulated_are_never_overwritten(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    declared = project / "data" / "reforms" / f"{STUDY}.toml"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(text.replace('cells = "spare-parts-cells"', 'cells = "trade"'), "utf-8")
    before = (project / "data" / "published" / "provincial_trade.csv").read_bytes()
    with pytest.raises(DeclarationError, match="which is published"):
        catalog.write_simulated(project)
    assert (project / "data" / "published" / "provincial_trade.csv").read_bytes() == before


def test_a_check_names_strays_and_columns_that_no_source_holds(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    (project / "data" / "simulated" / "more.csv").write_text("a\n1\n", encoding="utf-8")
    declared = project / "data" / "reforms" / f"{STUDY}.toml"
    text = declared.read_text(encoding="utf-8")
    text = text.replace('median = "median_hours"', 'median = "middle"')
    declared.write_text(text.replace('starts = "spare-parts-zones"', 'starts = "nowhere"'), "utf-8")
    with pytest.raises(AnalysisError) as caught:
        catalog.check_project(project)
    told = {(fault.column or fault.file, fault.found) for fault in caught.value.faults}
    assert told == {
        ("truth.columns", "'middle'"),
        ("truth.starts", "'nowhere'"),
        ("data/simulated/more.csv", "a file without a record"),
    }


def test_what_was_planted_by_hand(truth: Truth) -> None:
    since = np.array([-1.0, 0.0, 3.0, 20.0])
    changed = truth.model_copy(
        update={"effect": (-0.04, -0.08, -0.12, -0.16), "spread_effect": -0.1, "within": 0.8}
    )
    mean = simulation.planted(changed, "hours", since)
    np.testing.assert_allclose(mean, [0.0, -0.04, -0.16, -0.16])
    # 1.2815515655 is the 90 percent point of the normal, 0.8 (exp(-0.1) - 1) = -0.0761300656.
    spread = simulation.planted(changed, "spread", since)
    np.testing.assert_allclose(spread, [0.0] + 3 * [1.2815515655 * -0.0761300656])
    p90 = simulation.planted(changed, "p90_hours", since)
    np.testing.assert_allclose(p90, mean + spread)
    assert not simulation.planted(changed, "declarations", since).any()


def test_the_planted_effect_is_not_the_claimed_one(root: Path, truth: Truth) -> None:
    claimed = [c.expected for c in catalog.load_study(root, STUDY).claims if c.kind == "effect"]
    assert min(truth.effect) > max(claimed) + 0.05


def test_intervals_hold_what_was_planted(findings: Findings, truth: Truth) -> None:
    for result in findings.results:
        since = result.panel.cell_event_time
        true = simulation.planted(truth, result.outcome.column, since[since >= 0]).mean()
        effect = result.effects.overall
        assert effect.conf_low <= true <= effect.conf_high, result.design.id
        assert effect.conf_high < 0, result.design.id


def test_simulated_data_decide_nothing(findings: Findings) -> None:
    assert findings.kind == "simulated"
    effects = [v for v in findings.verdicts if v.claim.kind == "effect"]
    assert [v.claim.id for v in effects] == ["S007", "S008"]
    assert {v.status for v in effects} == {"untested"}
    assert "simulated data, which cannot decide" in effects[0].sentence
    assert all(v.effect_used is None for v in effects)


def test_the_mark_is_driven_by_the_kind_of_the_sources(
    root: Path, tmp_path: Path, findings: Findings
) -> None:
    assert tables.caption(findings, "main").endswith("[Simulated data]")
    assert "Simulated data" in tables.banner(findings).html
    assert "dashed line" in simulation_plots.describe_recovered(findings, design="main")
    supplied = tmp_path / "own"
    shutil.copytree(root / "data" / "simulated", supplied)
    staged = tmp_path / "staged"
    catalog.stage_data(root, staged, supplied)
    own = run(STUDY, designs=["main"], root=staged)
    assert own.kind == "real"
    assert "Simulated" not in tables.caption(own, "main") + tables.banner(own).html
    assert "dashed line" not in simulation_plots.describe_recovered(own, design="main")
    (claim,) = [v for v in own.verdicts if v.claim.id == "S007"]
    assert claim.status != "untested"


def test_half_the_files_supplied_is_still_simulated(root: Path, tmp_path: Path) -> None:
    supplied = tmp_path / "own"
    supplied.mkdir()
    shutil.copy(root / "data" / "simulated" / "spare_parts_cells.csv", supplied)
    staged = tmp_path / "staged"
    catalog.stage_data(root, staged, supplied)
    own = run(STUDY, designs=["main"], root=staged)
    assert own.kind == "simulated"
    assert {v.status for v in own.verdicts if v.claim.kind == "effect"} == {"untested"}


def test_no_verdict_of_any_reform_rests_on_simulated_data(root: Path, findings: Findings) -> None:
    facts = catalog.load_facts(root)
    for claim in catalog.list_claims(root):
        verdict = judge(claim, evidence=findings.evidence, facts=facts)
        without = judge(claim, evidence=(), facts=facts)
        assert verdict.status == without.status, claim.id
        assert verdict.effect_used is None, claim.id
