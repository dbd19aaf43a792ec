"""Both studies again, from the files up, in a few lines of numpy; and what `run` promises.

The expected numbers come from `tests.studies`: files read with `csv` and `tomllib`, effects from
dummies and least squares, p-values from all reassignments one by one, intervals from tests on both
sides of their ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import run, studies
from analysis.auditing import Audit, audit
from analysis.catalog import open_sources, stage_data
from analysis.errors import DataError, DeclarationError
from analysis.panels import _logs
from analysis.study import Findings, kind_of, reestimated
from tests.contract import check_contract
from tests.studies import (
    LINEAR,
    STUDIES,
    assignments,
    by_dummies,
    by_means,
    declared,
    lean_project,
    linear,
    load,
    share_as_large,
)

CHECKED = ("trade-west",)


# ---------------------------------------------------------------- fixtures


@pytest.fixture(scope="module")
def lean(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the real data and every design by least squares, few checks."""
    keep = {name for study in STUDIES for name in linear(root, study)}
    folder = tmp_path_factory.mktemp("studies") / "project"
    return lean_project(root, folder, designs=keep, checked=CHECKED)


@pytest.fixture(scope="module")
def found(lean: Path) -> dict[str, Findings]:
    return {study: run(study, root=lean) for study in STUDIES}


@pytest.fixture(scope="module")
def collaboration(found: dict[str, Findings]) -> Findings:
    return found["collaboration-era"]


def _cases() -> list[tuple[str, str]]:
    root = Path(__file__).resolve().parent.parent
    return [(study, name) for study in STUDIES for name in linear(root, study)]


every_design = pytest.mark.parametrize(("study", "design"), _cases())


# ---------------------------------------------------------------- the estimates again


def test_both_studies_have_designs_by_least_squares() -> None:
    names = _cases()
    assert len(names) >= 28
    assert {("collaboration-era", "trade-main"), ("pilot-zones", "trade-main")} <= set(names)


@every_design
def test_estimates_are_those_of_plain_least_squares(
    root: Path, found: dict[str, Findings], study: str, design: str
) -> None:
    spec = declared(root, study)[design]
    expected = by_dummies(load(root, spec), spec["estimator"])
    frame = found[study].result(design).effects.tidy().set_index("term")
    for term, value in expected.items():
        assert frame.loc[term, "estimate"] == pytest.approx(value, abs=1e-8), term
    others = frame.drop(index=list(expected))
    assert (others["estimate"] == 0).all(), "only the base period is left"
    assert len(others) == (spec["estimator"] == "event_study")


@every_design
def test_counts_are_those_of_the_files(
    root: Path, found: dict[str, Findings], study: str, design: str
) -> None:
    spec = declared(root, study)[design]
    table = load(root, spec)
    overall = found[study].result(design).effects.overall
    lost = (table.event_time < 0) & (table.event_time >= -table.anticipation)
    rows = ~np.isnan(table.y) & ~(lost if spec["estimator"] == LINEAR[0] else False)
    assert overall.n_obs == rows.sum()
    assert overall.n_units == len(table.units)
    assert overall.n_treated == (~np.isnan(table.first)).sum()
    assert overall.n_control == np.isnan(table.first).sum()


@every_design
def test_p_values_and_intervals_are_those_of_all_reassignments(
    root: Path, found: dict[str, Findings], study: str, design: str
) -> None:
    spec = declared(root, study)[design]
    table = load(root, spec)
    if not table.once:
        pytest.skip("several cohorts: too many reassignments to list")
    ways = list(assignments(table))
    effects = found[study].result(design).effects
    frame = effects.tidy()
    assert f"all {len(ways)} assignments" in effects.overall.inference
    estimator = spec["estimator"]
    values = [by_means(table, way, table.y, base=estimator) for way in ways]
    for _, row in frame[frame["std_error"].notna()].iterrows():
        drawn = [value[row["term"]] for value in values]
        assert row["estimate"] == pytest.approx(drawn[0], abs=1e-8)
        assert row["p_value"] == pytest.approx(share_as_large(drawn), abs=1e-12), row["term"]
        assert row["std_error"] == pytest.approx(np.std(drawn[1:], ddof=1), abs=1e-8)
    overall = effects.overall
    exposure = np.nan_to_num(table.event_time, nan=-1) >= 0

    def p_value(effect: float) -> float:
        y = table.y - effect * exposure
        return share_as_large([by_means(table, w, y, base=estimator)[overall.term] for w in ways])

    width = overall.conf_high - overall.conf_low
    assert p_value(overall.conf_low + 1e-6 * width) > 0.05
    assert p_value(overall.conf_high - 1e-6 * width) > 0.05
    assert p_value(overall.conf_low - 1e-6 * width) <= 0.05
    assert p_value(overall.conf_high + 1e-6 * width) <= 0.05
    if design == "trade-main":
        for effect in np.linspace(overall.conf_low - width, overall.conf_high + 1.1 * width, 25):
            inside = overall.conf_low <= effect <= overall.conf_high
            assert (p_value(float(effect)) > 0.05) == inside, effect


def test_the_pair_has_465_and_55_assignments(found: dict[str, Findings]) -> None:
    for study, count in (("collaboration-era", 465), ("pilot-zones", 55)):
        draws = found[study].result("trade-main").effects.draws
        assert draws is not None
        assert len(draws) == count


def test_drawn_assignments_of_all_batches_agree_with_other_draws(
    root: Path, found: dict[str, Findings]
) -> None:
    """Too many to list: 1,000 draws of our own must agree within their error."""
    table = load(root, declared(root, "pilot-zones")["trade-batches-twfe"])
    n, t = table.y.shape
    dummies = np.column_stack(
        [np.kron(np.eye(n), np.ones((t, 1))), np.kron(np.ones((n, 1)), np.eye(t))[:, 1:]]
    )
    maker = np.eye(n * t) - dummies @ np.linalg.pinv(dummies)
    assert not np.isnan(table.y).any()
    rng = np.random.default_rng(1)
    years, values = np.array(table.years), []
    for number in range(1_001):
        first = table.first if number == 0 else rng.permutation(table.first)
        d = maker @ (years >= np.nan_to_num(first, nan=np.inf)[:, None]).ravel().astype(float)
        values.append(float(d @ table.y.ravel() / (d @ d)))
    effects = found["pilot-zones"].result("trade-batches-twfe").effects
    assert effects.draws is not None
    p_value = effects.overall.p_value
    error = np.sqrt(p_value * (1 - p_value) * (1 / 1_000 + 1 / len(effects.draws)))
    assert share_as_large(values) == pytest.approx(p_value, abs=4 * error + 1 / 1_000)


@every_design
def test_every_table_keeps_the_contract(
    found: dict[str, Findings], study: str, design: str
) -> None:
    check_contract(found[study].result(design).effects)


# ---------------------------------------------------------------- what run promises


def test_the_same_files_and_seed_give_the_same_numbers(root: Path, tmp_path: Path) -> None:
    lean = lean_project(root, tmp_path / "p", designs=["grp-batches-twfe"])
    _drop_role(lean)
    first, second = (run("pilot-zones", root=lean).results[0].effects for _ in range(2))
    pd.testing.assert_frame_equal(first.tidy(), second.tidy(), check_exact=True)


def _drop_role(lean: Path) -> None:
    path = lean / "data" / "reforms" / "pilot-zones.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('role = "variant"', 'role = "headline"', 1), encoding="utf-8")


def test_every_step_is_told_as_it_begins(root: Path) -> None:
    told: list[str] = []
    chosen = ["trade-main", "trade-path"]
    findings = run(
        "collaboration-era", designs=chosen, checks=False, root=root, progress=told.append
    )
    labels = [result.design.label for result in findings.results]
    read = sorted(source.id for source in findings.sources)
    assert told[0] == f"reading {', '.join(read)}"
    assert told[1:] == [f"design {n} of 2: {label}" for n, label in enumerate(labels, start=1)]


def test_evaluated_studies_are_listed(root: Path) -> None:
    assert set(STUDIES) <= set(studies(root=root))
    assert "rules-benchmarking" not in studies(root=root)


def test_findings_say_what_they_rest_on(collaboration: Findings) -> None:
    assert collaboration.kind == "published"
    assert [source.id for source in collaboration.sources] == ["grp", "trade"]
    assert {one.outcome for one in collaboration.evidence} == {"trade", "grp"}
    assert all(one.kind == "published" for one in collaboration.evidence)
    assert collaboration.headline.design.id == "trade-main"
    used = {fact.id for fact in collaboration.facts}
    assert used == set(collaboration.study.fact_ids())


def test_all_batches_rest_on_the_launch_dates_too(found: dict[str, Findings]) -> None:
    assert "launch-dates" in [source.id for source in found["pilot-zones"].sources]


def test_results_and_checks_are_asked_for_by_name(collaboration: Findings) -> None:
    west = collaboration.result("trade-west")
    assert west.check("pre_trends").name == "pre_trends"
    with pytest.raises(DeclarationError, match=r"pre_trends.*own_trends"):
        west.check("own_trends")
    with pytest.raises(DeclarationError, match=r"trade-main.*trade-man"):
        collaboration.result("trade-man")


def test_an_overview_has_one_row_a_design(root: Path, collaboration: Findings) -> None:
    overview = collaboration.overview_of("trade")
    names = [n for n in linear(root, "collaboration-era") if n.startswith("trade")]
    assert list(overview["design"]) == names
    assert list(overview.columns)[-4:] == ["design", "label", "role", "minimum_detectable_effect"]
    for _, row in overview.iterrows():
        effect = collaboration.result(row["design"]).effects.overall
        assert row["estimate"] == effect.estimate
        # (high - low) / 2 + z(0.8) x standard error, z(0.8) from a printed table
        size = (effect.conf_high - effect.conf_low) / 2 + 0.8416212336 * effect.std_error
        assert row["minimum_detectable_effect"] == pytest.approx(size, rel=1e-9)
    with pytest.raises(DeclarationError, match="hours"):
        collaboration.overview_of("hours")


def test_outcomes_carry_the_words_of_the_declaration(collaboration: Findings) -> None:
    effect = collaboration.result("trade-west").effects.overall
    assert effect.outcome == collaboration.result("trade-west").outcome.label
    assert effect.scale == "log"


def test_another_inference_moves_no_estimate_and_is_named(collaboration: Findings) -> None:
    west = collaboration.result("trade-west")
    other = reestimated(west, inference="CR1")
    check_contract(other)
    assert other.overall.estimate == pytest.approx(west.effects.overall.estimate, abs=1e-12)
    assert other.overall.inference.startswith("CR1")
    assert any("reject far too often" in note for note in other.notes)


def test_simulated_is_what_one_simulated_source_makes_of_all(collaboration: Findings) -> None:
    trade, grp = collaboration.sources

    def kind(one: str, two: str) -> str:
        return kind_of(
            [trade.model_copy(update={"kind": one}), grp.model_copy(update={"kind": two})]
        )

    assert kind("real", "real") == "real"
    assert kind("real", "published") == "published"
    assert kind("published", "simulated") == "simulated"
    assert kind("real", "simulated") == "simulated"


@pytest.fixture(scope="module")
def audited(root: Path, collaboration: Findings) -> Audit:
    return audit(collaboration, root=root)


def test_the_audit_counts_every_claim_once(audited: Audit) -> None:
    counts = audited.counts()
    assert counts.sum() == len(audited.verdicts) == 43
    for status, count in counts.items():
        assert count == sum(verdict.status == status for verdict in audited.verdicts)
    assert len(counts) == 5


def test_the_audit_compares_with_what_the_headline_can_detect(
    audited: Audit, collaboration: Findings
) -> None:
    effect = collaboration.result("trade-main").effects.overall
    size = (effect.conf_high - effect.conf_low) / 2 + 0.8416212336 * effect.std_error
    assert audited.arithmetic.detectable == pytest.approx(100 * (np.exp(size) - 1), rel=1e-9)


# ---------------------------------------------------------------- a changed cell, a broken input


def supplied(root: Path, folder: Path, change: Callable[[str], str]) -> Path:
    folder.mkdir()
    text = (root / "data" / "published" / "provincial_trade.csv").read_text(encoding="utf-8")
    after = change(text)
    assert after != text
    (folder / "provincial_trade.csv").write_text(after, encoding="utf-8")
    (folder / "decisions.toml").write_text('open = ["trade"]\n', encoding="utf-8")
    return folder


def times_e(unit: str, year: int) -> Callable[[str], str]:
    """Raise the log of one cell by one."""

    def change(text: str) -> str:
        lines = text.splitlines()
        (at,) = [n for n, line in enumerate(lines) if line.startswith(f"{unit},{year},")]
        value = float(lines[at].split(",")[2])
        lines[at] = f"{unit},{year},{value * np.e!r}"
        return "\n".join(lines) + "\n"

    return change


@pytest.mark.parametrize(
    ("unit", "year", "moved"),
    [
        ("Sichuan", 2022, 1 / (2 * 4)),  # one of eight treated cells
        ("Sichuan", 2017, -1 / (2 * 5)),  # one of ten cells of the base years
        ("Yunnan", 2022, -1 / (10 * 4)),  # one of forty control cells
    ],
)
def test_one_changed_cell_changes_the_sentence_by_what_algebra_says(
    root: Path,
    tmp_path: Path,
    collaboration: Findings,
    unit: str,
    year: int,
    moved: float,
) -> None:
    lean = lean_project(root, tmp_path / "lean", designs=["trade-main", "trade-west"])
    mine = supplied(root, tmp_path / "mine", times_e(unit, year))
    staged = tmp_path / "staged"
    stage_data(lean, staged, mine)
    open_sources(staged, mine)
    changed = run("collaboration-era", root=staged)
    before = collaboration.result("trade-west").effects.overall
    after = changed.result("trade-west").effects.overall
    assert after.estimate - before.estimate == pytest.approx(moved, abs=1e-9)
    assert after.sentence() != before.sentence()
    assert changed.kind == "real"


def accept(project: Path, change: Callable[[str], str]) -> None:
    """Change the trade figures of a project and record the new checksum."""
    path = project / "data" / "published" / "provincial_trade.csv"
    before = path.read_bytes()
    path.write_text(change(before.decode()), encoding="utf-8")
    record = project / "data" / "sources.toml"
    old, new = (hashlib.sha256(raw).hexdigest() for raw in (before, path.read_bytes()))
    record.write_text(record.read_text("utf-8").replace(old, new), encoding="utf-8")


def test_simulated_sources_mark_the_findings_and_decide_nothing(root: Path, tmp_path: Path) -> None:
    lean = lean_project(root, tmp_path / "p", designs=["trade-main"])
    record = lean / "data" / "sources.toml"
    text = record.read_text(encoding="utf-8")
    start = text.index('id = "trade"')
    record.write_text(text[:start] + text[start:].replace('"published"', '"simulated"', 1), "utf-8")
    findings = run("collaboration-era", root=lean)
    assert findings.kind == "simulated"
    assert {one.kind for one in findings.evidence} == {"simulated"}


def test_a_treated_unit_without_rows_is_named(root: Path, tmp_path: Path) -> None:
    lean = lean_project(root, tmp_path / "p", designs=["trade-main"])

    def drop(text: str) -> str:
        return "".join(li for li in text.splitlines(True) if not li.startswith("Sichuan,"))

    accept(lean, drop)
    with pytest.raises(DataError, match=r"trade-main.*Sichuan"):
        run("collaboration-era", root=lean)


def test_a_log_of_zero_is_refused_not_infinite(collaboration: Findings) -> None:
    outcome = collaboration.result("trade-west").outcome
    with pytest.raises(DataError, match="2 values at or below zero") as caught:
        _logs(pd.Series([1.0, 0.0, -1.0]), outcome)
    assert caught.value.faults[0].column == "trade_musd"
    logs = _logs(pd.Series([1.0, np.e]), outcome)
    np.testing.assert_allclose(logs, [0.0, 1.0], atol=1e-15)


def test_an_unknown_study_names_the_known_ones(root: Path) -> None:
    with pytest.raises(DeclarationError, match="pilot-zones"):
        run("pilot-zone", root=root)
