"""Method pages hold what the code holds: every method, its inference, its options, its sources."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from analysis import catalog, methods
from analysis.errors import AnalysisError, DataError
from analysis.methods.estimates import Conley
from analysis.methods.panel import Panel
from analysis.pages import method_tables
from analysis.pages.method_examples import ESTIMATORS, example
from analysis.pages.method_features import FEATURES
from tests.book import test_pages as rules

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = sorted((BOOK / "methods").glob("*.ipynb"))
#: Public names that estimate nothing, and the page that tells of each.
HELPERS = {
    "LogBins": "durations",
    "Spells": "durations",
    "compress": "cells",
    "flows": "counts-and-flows",
    "share_within": "durations",
    "spells_to_panel": "durations",
}
RECORDS = {"Effect", "EffectTable", "Panel"}
PARTS = (
    "Estimand",
    "Equation",
    "Assumptions",
    "Standard errors",
    "Edge cases",
    "When not to use it",
)
WORDS = (
    *("CR0", "CR1", "CR2", "CR3", "wild_bootstrap", "randomisation", "scaled_t", "conley"),
    *("multiplier", "placebo", "placebo_rank", "jackknife", "bootstrap", "conformal"),
    *("prediction", "model", "multiway"),
)
every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
every_method = pytest.mark.parametrize("method", sorted(FEATURES))


def prose(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def small(*, cohorts: tuple[int, ...] = (7, 7, 7), n_units: int = 9) -> pd.DataFrame:
    """Counts of nine units over ten times; the first ones treated."""
    rng = np.random.default_rng(3)
    unit, time = np.repeat(np.arange(n_units), 10), np.tile(np.arange(1, 11), n_units)
    first = np.array([*map(float, cohorts), *[np.nan] * (n_units - len(cohorts))])[unit]
    y = rng.poisson(np.exp(2 + 0.1 * unit + 0.3 * (time >= first))).astype(float)
    share = np.where(np.isnan(first), 0.0, 0.2 + 0.1 * unit)
    return pd.DataFrame(
        {"unit": unit, "time": time, "y": y, "first": first, "part": unit % 2, "share": share}
    )


def panel(frame: pd.DataFrame, *covariates: str) -> Panel:
    return Panel.from_frame(
        frame, unit="unit", time="time", outcome="y", cohort="first", covariates=covariates
    )


def typed(method: str) -> set[str]:
    """Give the words of inference that a signature names itself, else nothing."""
    said = str(inspect.signature(getattr(methods, method)).parameters.get("inference", ""))
    return set(re.findall(r"'(\w+)'", said.partition("=")[0])) if "Literal[" in said else set()


def estimator(method: str) -> Callable[..., methods.EffectTable]:
    """Give a method as a function of a table and the inference."""
    verb = getattr(methods, method)
    more: dict[str, object] = {
        "stacked": {"before": 2, "after": 1},
        "triple_difference": {"partition": "part", "affected": 1},
        "dose_response": {"exposure": "share"},
    }.get(method, {})
    if method == "decompose":
        return lambda frame, inference: verb(panel(frame))  # noqa: ARG005
    if method == "cox":
        return lambda frame, inference: verb(_spells(frame), dummies=(), inference=inference)
    if method == "hazard":
        return lambda frame, inference: verb(
            methods.spells_to_panel(_spells(frame), edges=[2, 4]), inference=inference
        )
    if method == "gravity":
        return lambda frame, inference: verb(_flows(frame), inference=inference)
    if method == "distribution":
        return lambda frame, inference: verb(_binned(frame), inference=inference)
    held = {"triple_difference": ["part"], "dose_response": ["share"]}.get(method, [])
    return lambda frame, inference: verb(panel(frame, *held), inference=inference, **more)


def _flows(frame: pd.DataFrame) -> Panel:
    pair = frame["unit"] * 4 % 9  # treated pairs share no side
    table = frame.assign(side=pair // 3, other=10 + pair % 3)
    return methods.flows(
        table, exporter="side", importer="other", time="time", flow="y", cohort="first"
    )


def _spells(frame: pd.DataFrame) -> methods.Spells:
    rows = frame.loc[frame.index.repeat(4)].reset_index(drop=True)
    rows = rows.assign(length=1 + (rows.index * 7 + rows["y"]) % 6, ended=1)
    return methods.Spells.from_frame(
        rows, unit="unit", start="time", duration="length", event="ended", cohort="first"
    )


def _binned(frame: pd.DataFrame) -> Panel:
    rows = frame.loc[frame.index.repeat(30)].reset_index(drop=True)
    rows["y"] = np.exp(np.random.default_rng(1).normal(2, 0.5, len(rows)))
    names = {"unit": "unit", "time": "time", "outcome": "y", "cohort": "first"}
    return methods.compress(rows, **names, bins=methods.LogBins(low=0.5, high=100, per_decade=20))


# ---------------------------------------------------------------- the table against the code


def test_every_public_name_has_its_page() -> None:
    assert set(methods.__all__) == set(FEATURES) | set(HELPERS) | RECORDS
    assert set(ESTIMATORS) == set(FEATURES)
    for name, page in {**{m: held.page for m, held in FEATURES.items()}, **HELPERS}.items():
        assert f"`{name}`" in prose(BOOK / "methods" / f"{page}.ipynb"), name


@every_method
def test_every_part_of_a_method_is_told(method: str) -> None:
    text = prose(BOOK / "methods" / f"{FEATURES[method].page}.ipynb")
    section = text.split(f"## `{method}`")[1].split("\n## ")[0]
    assert [part for part in PARTS if f"*{part}.*" not in section] == []
    assert "{cite}" in section or method == "difference_in_differences"


@every_method
def test_options_are_those_of_the_signature(method: str) -> None:
    options = inspect.signature(getattr(methods, method)).parameters
    held = FEATURES[method]
    assert held.anticipation == ("anticipation" in options)
    assert ("inference" in options) == bool(held.inference)
    if "control_group" in options:
        assert held.control_group == "never or not yet treated"
    if "covariates" in options:
        assert held.covariates != "no"


@every_method
@pytest.mark.parametrize("word", WORDS)
def test_inference_is_taken_or_refused_as_the_table_says(method: str, word: str) -> None:
    if method == "decompose":
        assert FEATURES[method].inference == ()
        return
    wanted: object = word
    if word == "conley":
        places = pd.DataFrame({"latitude": np.arange(9.0), "longitude": 0.0}, index=range(9))
        wanted = Conley(coordinates=places, cutoff_km=300)
    run = estimator(method)
    if typed(method):  # what a signature spells out, a checker of types holds
        assert typed(method) - {"none", "recommended"} == set(FEATURES[method].inference)
        if word not in typed(method):
            return
    if word in FEATURES[method].inference:
        assert np.isfinite(run(small(), wanted).overall.estimate)
    else:
        with pytest.raises(AnalysisError):
            run(small(), wanted)


@every_method
def test_counterfactuals_are_given_as_the_table_says(method: str) -> None:
    table = estimator(method)(small(), "none")
    if FEATURES[method].augment:
        assert {"observed", "counterfactual", "gap"} <= set(table.augment())
    else:
        with pytest.raises(AnalysisError):
            table.augment()


@every_method
def test_cohorts_and_single_units_are_taken_as_the_table_says(method: str) -> None:
    run = estimator(method)
    cases = {
        FEATURES[method].several_cohorts: small(cohorts=(7, 7, 8, 8)),
        f"one: {FEATURES[method].one_treated}": small(cohorts=(7,)),
    }
    for said, frame in cases.items():
        if method == "triple_difference" and said.startswith("one"):
            continue  # a part needs a treated unit of its own unless goods split the cells
        if said.removeprefix("one: ") == "no":
            with pytest.raises(AnalysisError):
                run(frame, "none")
        else:
            assert np.isfinite(run(frame, "none").overall.estimate), said


# ---------------------------------------------------------------- examples and measurements


@pytest.mark.parametrize("method", ["difference_in_differences", "dose_response", "gravity"])
def test_examples_recover_what_was_planted(method: str) -> None:
    made = example(method)
    effect = made.estimate("CR1").overall
    assert abs(effect.estimate - made.planted) < 3 * effect.std_error
    assert "[Simulated data]" in method_tables.example(method, inference="none").plain


def test_results_are_read_or_missed_by_name(root: Path, tmp_path: Path) -> None:
    assert {"estimator", "input", "came"} <= set(catalog.read_results(root, "degenerate"))
    with pytest.raises(DataError, match="degenerate"):
        catalog.read_results(root, "no-such-table")
    with pytest.raises(DataError, match="none is there"):
        catalog.read_results(tmp_path, "degenerate")


def test_sizes_are_those_stored(root: Path) -> None:
    held = catalog.read_results(root, "truth_must_show")
    one = held[(held["name"] == "equal 2") & (held["inference"] == "CR1")]["size"].iloc[0]
    line = next(x for x in method_tables.sizes().plain.splitlines() if x.startswith("equal 2 "))
    assert f" {100 * one:.1f} |" in line


# ---------------------------------------------------------------- the rules of pages


@every_page
def test_pages_keep_the_rules_of_all_pages(path: Path) -> None:
    rules.test_cells_and_pages_are_short(path)
    rules.test_pages_only_call(path)
    rules.test_pages_import_from_analysis_only(path)
    rules.test_every_cell_was_run_once_from_top_to_bottom(path)
    rules.test_stored_outputs_are_text(path)
    rules.test_kernel_is_named_as_everywhere(path)


@every_page
def test_no_number_is_typed(path: Path) -> None:
    assert rules.typed_numbers(prose(path)) == []


@every_page
def test_pages_begin_with_their_finding_and_end_with_their_limits(path: Path) -> None:
    text = prose(path)
    assert re.match(r"# [^\n]+\n\n\*\*[^*]+\*\*", text)
    assert re.fullmatch(r"What .+ (cannot (do|say))", text.rpartition("\n## ")[2].split("\n")[0])


@every_page
def test_examples_are_marked_as_simulated(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    plain = [
        output.data["text/plain"]
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert plain
    assert path.stem == "features" or all("[Simulated data]" in text for text in plain)
    assert path.stem == "features" or "imulated data" in prose(path)


@every_page
def test_references_terms_and_pages_are_there(path: Path) -> None:
    text = prose(path)
    known = set(re.findall(r"@\w+\{(\w+),", (BOOK / "references.bib").read_text(encoding="utf-8")))
    cited = {k for keys in re.findall(r"\{cite\}`([^`]+)`", text) for k in keys.split(",")}
    assert cited <= known
    glossary = (BOOK / "glossary.md").read_text(encoding="utf-8")
    for term in re.findall(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`", text):
        assert re.search(rf"(?mi)^{re.escape(term)}$", glossary), term
    for page, _ in re.findall(r"\{glue:text\}`([^`:]+)::([^`]+)`", text):
        assert page == path.name
    assert f"book/methods/{path.stem}\n" in (BOOK.parent / "_toc.yml").read_text(encoding="utf-8")


def test_every_source_is_told_once() -> None:
    keys = re.findall(r"@\w+\{(\w+),", (BOOK / "references.bib").read_text(encoding="utf-8"))
    assert len(keys) == len(set(keys))
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"(?m)^(\w[^\n]*)\n  \S", text)
    assert len(terms) == len(set(terms)) > 40
