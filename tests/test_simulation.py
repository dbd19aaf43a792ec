"""Simulated data: reproducible byte for byte, recoverable, and never able to decide a claim."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis import catalog, simulation, tables
from analysis.claims import judge
from analysis.contracts import parse_cell
from analysis.declarations import Claim, Outcome, Study, Truth
from analysis.errors import AnalysisError, DeclarationError
from analysis.pages import simulation_plots
from analysis.study import Findings, run

STUDY = "spare-parts"
ROOT = Path(__file__).resolve().parent.parent
#: Every reform that declares a truth.
DRAWN = tuple(n for n in catalog.list_reforms(ROOT) if catalog.load_study(ROOT, n).truth)


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return catalog.load_study(root, STUDY)


@pytest.fixture(scope="module")
def truth(study: Study) -> Truth:
    assert study.truth is not None
    return study.truth


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    return run(STUDY, designs=["main", "spread", "cost"], root=root)


def _copy(root: Path, folder: Path) -> Path:
    shutil.copytree(root / "data", folder / "data")
    return folder


def _outcome(study: Study, name: str) -> Outcome:
    return next(one for one in study.outcomes if one.id == name)


# ---------------------------------------------------------------- the same bytes


def test_the_command_writes_the_same_bytes_again(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    shutil.rmtree(project / "data" / "simulated")
    written = catalog.write_simulated(project)
    assert len(written) == 2 * len(DRAWN)
    for path in (*written, project / "data" / "sources.toml"):
        assert path.read_bytes() == (root / path.relative_to(project)).read_bytes(), path.name


def test_simulated_files_are_small(root: Path) -> None:
    files = list((root / "data" / "simulated").iterdir())
    assert {path.suffix for path in files} == {".parquet"}
    assert sum(path.stat().st_size for path in files) < 20_000_000


def test_another_seed_gives_other_data_and_another_checksum(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    declared = project / "data" / "reforms" / f"{STUDY}.toml"
    text = declared.read_text(encoding="utf-8")
    seed = text.index("[truth]")
    declared.write_text(
        text[:seed] + text[seed:].replace("seed = 20240321", "seed = 7", 1), encoding="utf-8"
    )
    before = (project / "data" / "sources.toml").read_text(encoding="utf-8")
    catalog.write_simulated(project, only=STUDY)
    assert (project / "data" / "sources.toml").read_text(encoding="utf-8") != before
    catalog.check_project(project)


def test_data_that_are_not_simulated_are_never_overwritten(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    declared = project / "data" / "reforms" / f"{STUDY}.toml"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(
        text.replace('rows = "spare-parts-declarations"', 'rows = "trade"'), "utf-8"
    )
    before = (project / "data" / "published" / "provincial_trade.csv").read_bytes()
    with pytest.raises(DeclarationError, match="which is published"):
        catalog.write_simulated(project, only=STUDY)
    assert (project / "data" / "published" / "provincial_trade.csv").read_bytes() == before


def test_a_check_names_strays_and_columns_that_no_source_holds(root: Path, tmp_path: Path) -> None:
    project = _copy(root, tmp_path)
    (project / "data" / "simulated" / "more.csv").write_text("a\n1\n", encoding="utf-8")
    declared = project / "data" / "reforms" / f"{STUDY}.toml"
    text = declared.read_text(encoding="utf-8")
    text = text.replace('firm = "firm"', 'firm = "trader"')
    declared.write_text(text.replace('starts = "spare-parts-zones"', 'starts = "nowhere"'), "utf-8")
    with pytest.raises(AnalysisError) as caught:
        catalog.check_project(project)
    told = {(fault.column or fault.file, fault.found) for fault in caught.value.faults}
    assert told == {
        ("truth.columns", "'trader'"),
        ("truth.starts", "'nowhere'"),
        ("data/simulated/more.csv", "a file without a record"),
    }


def test_any_number_of_rows_comes_in_pieces(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog.simulated, "PIECE", 20_000)
    rows, starts = catalog.write_many(root, STUDY, rows=300_000, folder=tmp_path / "many")
    held = pq.ParquetFile(rows)
    assert held.metadata.num_rows == pytest.approx(300_000, rel=0.05)
    assert held.metadata.num_row_groups > 15
    groups = [held.metadata.row_group(n).num_rows for n in range(held.metadata.num_row_groups)]
    assert max(groups) <= 20_000 + 5_000, "a piece ends with a cell"
    numbers = held.read(columns=["declaration"]).column(0).to_numpy()
    np.testing.assert_array_equal(numbers, np.arange(1, len(numbers) + 1))
    plain = pq.read_table(root / "data" / "simulated" / starts.name)
    assert pq.read_table(starts).equals(plain), "the same world, only more rows"


# ---------------------------------------------------------------- what is planted, by hand


def test_what_was_planted_by_hand(study: Study, truth: Truth) -> None:
    since = np.array([-1.0, 0.0, 3.0, 20.0])
    hours = truth.outcomes[0].model_copy(
        update={"effect": (-0.04, -0.08, -0.12, -0.16), "spread_effect": -0.1, "within": 0.8}
    )
    changed = truth.model_copy(update={"outcomes": (hours, *truth.outcomes[1:])})

    def planted(name: str) -> np.ndarray:
        return simulation.planted(changed, _outcome(study, name), since)

    mean = planted("release-time")
    np.testing.assert_allclose(mean, [0.0, -0.04, -0.16, -0.16])
    np.testing.assert_allclose(planted("release-time-against-other"), mean)
    np.testing.assert_allclose(planted("release-time-median"), mean)
    # 1.2815515655 is the 90 percent point of the normal, 0.8 (exp(-0.1) - 1) = -0.0761300656.
    spread = planted("release-time-spread")
    np.testing.assert_allclose(spread, [0.0] + 3 * [1.2815515655 * -0.0761300656])
    np.testing.assert_allclose(planted("release-time-p90"), mean + spread)


def test_neighbours_feel_the_declared_share(root: Path) -> None:
    study = catalog.load_study(root, "zone-areas")
    assert study.truth is not None
    since = np.array([-1.0, 0.0, 50.0])
    outcome = _outcome(study, "investment")
    own = simulation.planted(study.truth, outcome, since)
    beside = simulation.planted(study.truth, outcome, since, exposed=True)
    np.testing.assert_allclose(beside, study.truth.outcomes[0].spillover * own)
    assert own[1] > 0
    assert beside[2] > beside[1] > 0


def test_rows_have_the_means_and_groups_that_were_declared(truth: Truth) -> None:
    rows = simulation.draw(truth).rows
    assert list(rows.columns) == list(truth.names())
    logs = np.log(rows["hours"])
    assert logs.mean() == pytest.approx(np.log(truth.outcomes[0].level), abs=0.2)
    within = logs.groupby([rows["zone"], rows["month"], rows["goods"]], observed=True).std()
    assert within.mean() == pytest.approx(truth.outcomes[0].within, rel=0.05)
    assert set(rows["goods"]) == set(truth.groups)
    firms = rows.groupby("firm", observed=True)["zone"].nunique()
    assert (firms == 1).all(), "a firm stays in its zone"
    assert 100 < len(firms) < 1_000


def test_the_planted_effects_are_not_the_claimed_ones(study: Study, truth: Truth) -> None:
    claimed = {c.test.outcome: c.expected for c in study.claims if c.test is not None}
    assert set(claimed) == {"release-time", "clearance-cost"}
    for name, value in claimed.items():
        planted = simulation.planted(truth, _outcome(study, name), np.arange(40.0))
        assert planted.min() > value + 0.05, name


# ---------------------------------------------------------------- every reform that is drawn


@pytest.mark.parametrize("name", DRAWN)
def test_every_column_says_what_it_holds_and_shows_a_value(root: Path, name: str) -> None:
    truth = catalog.load_study(root, name).truth
    assert truth is not None
    for source_id in (truth.rows, truth.starts):
        source = catalog.load_source(root, source_id)
        assert source.kind == "simulated"
        for column, contract in source.columns.items():
            assert contract.example is not None, column
            assert parse_cell(contract.example, contract).expected is None, column
            assert len(contract.description) > 10, column


def test_microdata_name_the_firm_behind_a_row(root: Path) -> None:
    """Rows of one transaction carry a firm, or are one; sums over firms and rows of places not."""
    with_firm = []
    for name in DRAWN:
        truth = catalog.load_study(root, name).truth
        assert truth is not None
        columns = catalog.load_source(root, truth.rows).columns
        if any(column.role == "firm" for column in columns.values()):
            with_firm.append(name)
        else:
            assert truth.kind in ("periods", "spells"), name
    assert len(with_firm) >= 9


@pytest.mark.parametrize("name", DRAWN)
def test_headline_designs_recover_what_was_planted(root: Path, name: str) -> None:
    study = catalog.load_study(root, name)
    assert study.truth is not None
    own = [
        d.id for d in study.designs if d.headline and study.outcome(d).source == study.truth.rows
    ]
    found = run(name, designs=own, root=root)
    assert {result.kind for result in found.results} == {"simulated"}
    for result in found.results:
        assert result.design.inference == "recommended", "the recommended inference is the one used"
        effect = result.effects.overall
        true = simulation.planted_overall(
            study.truth, design=result.design, outcome=result.outcome, panel=result.panel
        )
        reach = effect.conf_high - effect.conf_low
        assert np.isfinite(reach), result.design.id
        assert abs(effect.estimate - true) < reach, result.design.id
        assert true != 0


@pytest.mark.parametrize("name", DRAWN)
def test_every_design_declares_what_it_needs(root: Path, name: str) -> None:
    study = catalog.load_study(root, name)
    assert study.reform.implementation
    assert len(study.reform.concurrent) >= 1
    for design in study.designs:
        named = [check.name for check in design.checks]
        assert not design.headline or "minimum_detectable_effect" in named, design.id


# ---------------------------------------------------------------- nothing is decided
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
    supplied.mkdir()
    for name in ("spare_parts_declarations.parquet", "spare_parts_zones.parquet"):
        shutil.copy(root / "data" / "simulated" / name, supplied)
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
    shutil.copy(root / "data" / "simulated" / "spare_parts_declarations.parquet", supplied)
    staged = tmp_path / "staged"
    catalog.stage_data(root, staged, supplied)
    own = run(STUDY, designs=["main"], root=staged)
    assert own.kind == "simulated"
    assert {v.status for v in own.verdicts if v.claim.kind == "effect"} == {"untested"}


def test_no_verdict_of_any_reform_rests_on_simulated_data(root: Path) -> None:
    """Every claim is judged with all evidence of its reform there is, and again without."""
    facts = catalog.load_facts(root)
    judged = 0
    for name in DRAWN:
        study = catalog.load_study(root, name)
        assert study.truth is not None
        own = [d.id for d in study.designs if study.outcome(d).source == study.truth.rows]
        found = run(name, designs=own[:1], root=root)
        for claim in study.claims:
            # Even the figure claimed, found exactly and with an interval of no width at all.
            exact = [replace(one, effect=_Exact(claim)) for one in found.evidence]
            without = judge(claim, evidence=(), facts=facts)
            for evidence in (found.evidence, exact):
                verdict = judge(claim, evidence=evidence, facts=facts)
                assert verdict.status == without.status, claim.id
                assert verdict.effect_used is None, claim.id
            judged += 1
    assert judged >= 30


@dataclass(frozen=True)
class _Exact:
    """An estimate that could not be better: the claimed figure, within a hair."""

    claim: Claim
    minimum_detectable_effect: float = 1e-6

    @property
    def conf_low(self) -> float:
        return self._value - 1e-6

    @property
    def conf_high(self) -> float:
        return self._value + 1e-6

    @property
    def _value(self) -> float:
        return self.claim.expected if self.claim.test else 0.0


def test_a_contrast_is_declared_to_fail_and_does(root: Path) -> None:
    found = run("zone-areas", designs=["main", "naive"], root=root)
    truth = found.study.truth
    assert truth is not None
    gaps = {
        result.design.id: result.effects.overall.estimate
        - simulation.planted_overall(
            truth, design=result.design, outcome=result.outcome, panel=result.panel
        )
        for result in found.results
    }
    assert gaps["naive"] < gaps["main"] - 0.005, "neighbours hide part of the effect"


# ---------------------------------------------------------------- how often intervals hold


@pytest.fixture(scope="module")
def measured(root: Path) -> pd.DataFrame:
    return pd.read_csv(root / "benchmarks" / "results" / "simulated_coverage.csv")


#: Draws at which a coverage counts as measured; fewer are shown with their Monte Carlo error.
ENOUGH = 1_000


def _designs(root: Path, *, headline: bool) -> set[tuple[str, str]]:
    found = set()
    for name in DRAWN:
        study = catalog.load_study(root, name)
        assert study.truth is not None
        found |= {
            (name, design.id)
            for design in study.designs
            if study.outcome(design).source == study.truth.rows and design.headline == headline
        }
    return found


def test_every_headline_on_simulated_data_was_drawn_again(
    root: Path, measured: pd.DataFrame
) -> None:
    found = set(zip(measured["study"], measured["design"], strict=True))
    assert _designs(root, headline=True) <= found
    assert found <= _designs(root, headline=True) | _designs(root, headline=False)
    assert (measured["seeds"] == "1 to " + measured["draws"].astype(str)).all()


def test_intervals_hold_the_truth_as_often_as_they_say(measured: pd.DataFrame) -> None:
    """Within 93 to 97 percent; with fewer than a thousand draws, not clearly outside."""
    own = measured[measured["role"] != "contrast"]
    error = np.sqrt(0.95 * 0.05 / own["intervals"])
    slack = np.where(own["draws"] >= ENOUGH, 0.0, 3 * error)
    outside = own[(own["coverage"] < 0.93 - slack) | (own["coverage"] > 0.97 + slack)]
    assert outside[["study", "design", "draws", "coverage"]].to_dict("records") == []
    assert (own["intervals"] >= 0.95 * own["draws"]).all()


def test_designs_without_a_flaw_are_not_biased(measured: pd.DataFrame) -> None:
    own = measured[measured["role"] != "contrast"]
    # An interval of 95% is about four standard errors wide.
    noise = np.where(own["draws"] >= ENOUGH, 0.0, 3 / 4 / np.sqrt(own["draws"]))
    assert (own["bias"].abs() < (0.1 + noise) * own["mean_width"]).all()
