"""Tables escape what they show, and hand every number to prose as it was found."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import myst_nb
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from myst_nb.core.variables import format_plain_text

from analysis import run, tables
from analysis.markup import Link, Quoted, Table, Unfold, show
from analysis.study import Findings
from analysis.tables import Said

MINUS = "\N{MINUS SIGN}"
HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def findings(root: Path) -> Findings:
    return run("pilot-zones", designs=["trade-main", "trade-path"], root=root)


@pytest.fixture(scope="module")
def simulated(findings: Findings) -> Findings:
    sources = [source.model_copy(update={"kind": "simulated"}) for source in findings.sources]
    results = [replace(result, kind="simulated") for result in findings.results]
    return replace(findings, sources=tuple(sources), results=tuple(results))


def body(table: Table) -> list[list[str]]:
    soup = BeautifulSoup(table.html, "html.parser")
    return [[td.get_text() for td in tr.find_all("td")] for tr in soup.select("tbody tr")]


def head(table: Table) -> list[str]:
    soup = BeautifulSoup(table.html, "html.parser")
    return [th.get_text() for th in soup.select("thead th")]


def caption(table: Table) -> str:
    found = BeautifulSoup(table.html, "html.parser").caption
    assert found is not None
    return found.get_text()


# ---------------------------------------------------------------- markup


def test_hostile_text_stays_text_everywhere() -> None:
    table = show(
        pd.DataFrame(
            {
                HOSTILE: [HOSTILE, Link(text=HOSTILE, address="https://a.org/?q=" + HOSTILE)],
                'on"click=': ["a\"b'c", Unfold(anchor='x" onclick="y', summary=HOSTILE, parts=())],
            }
        ),
        caption=HOSTILE,
    )
    soup = BeautifulSoup(table.html, "html.parser")
    assert soup.find_all("script") == []
    assert not [tag for tag in soup.find_all(True) if any(name[:2] == "on" for name in tag.attrs)]
    assert caption(table) == HOSTILE
    assert head(table)[0] == HOSTILE
    assert body(table)[0] == [HOSTILE, "a\"b'c"]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "//a.org", ""]
)
def test_only_web_addresses_become_links(address: str) -> None:
    link = Link(text="read", address=address)
    assert "<a" not in link.html
    assert link.html.startswith("read ")


def test_links_lead_where_they_say() -> None:
    link = Link(text="A & B", address='https://a.org/?a=1&b="2"')
    anchor = BeautifulSoup(link.html, "html.parser").a
    assert anchor is not None
    assert anchor["href"] == 'https://a.org/?a=1&b="2"'
    assert anchor.get_text() == "A & B"
    assert str(link) == 'A & B <https://a.org/?a=1&b="2">'


def test_words_of_a_program_are_quoted_and_escaped() -> None:
    said = show(pd.DataFrame({"Said": [Quoted(text="found <b>"), Quoted(text="")]}), caption="c")
    assert '<samp lang="en">found &lt;b&gt;</samp>' in said.html
    assert said.html.count("<samp") == 1
    assert "found <b>" in said.plain


def test_what_unfolds_keeps_its_parts_and_leaves_empty_ones_out() -> None:
    line = Link(text="source", address="https://a.org")
    unfold = Unfold(anchor="s001", summary="Claim", parts=(("Why", (HOSTILE, line)), ("Note", ())))
    soup = BeautifulSoup(unfold.html, "html.parser")
    assert soup.details is not None
    assert soup.details["id"] == "s001"
    assert [item.get_text() for item in soup.find_all("li")] == [HOSTILE, "source"]
    assert [strong.get_text() for strong in soup.find_all("strong")] == ["Why"]
    assert str(unfold) == "Claim"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.25, f"{MINUS}0.250"),
        (1234.5, f"{1234:,}"),
        (np.float64(0.5), "0.500"),
        (12, "12"),
        (np.nan, ""),
        (None, ""),
        (pd.NA, ""),
        (True, "yes"),
        (np.False_, "no"),
        ("as it is", "as it is"),
    ],
)
def test_cells_are_written_as_a_reader_expects(value: object, said: str) -> None:
    table = show(pd.DataFrame({"a": pd.Series([value], dtype=object)}), caption="c")
    assert body(table) == [[said]]
    assert table.plain == f"c\na\n{said}"


def test_numbers_are_marked_for_alignment_and_cells_named_for_narrow_screens() -> None:
    soup = BeautifulSoup(
        show(pd.DataFrame({"n": [1.5], "w": ["x"]}), caption="c").html, "html.parser"
    )
    number, word = soup.find_all("td")
    assert number["class"] == ["number"]
    assert word["class"] == ["short"]
    assert [number["data-label"], word["data-label"]] == ["n", "w"]


def test_tables_can_be_reached_by_keyboard_and_have_named_headers() -> None:
    table = show(pd.DataFrame({"n": [1]}), caption="What", interactive=True)
    soup = BeautifulSoup(table.html, "html.parser")
    assert soup.div is not None
    assert (soup.div["role"], soup.div["tabindex"], soup.div["aria-label"]) == (
        *("region", "0", "What"),
    )
    assert soup.table is not None
    assert soup.table["class"] == ["report-table", "interactive"]
    assert [th["scope"] for th in soup.find_all("th")] == ["col"]
    bundle = table._repr_mimebundle_()
    assert bundle == {"text/html": table.html, "text/plain": table.plain}


def test_what_is_said_is_its_own_representation() -> None:
    said = Said("+7.96% 'quoted'")
    assert repr(said) == "+7.96% 'quoted'"
    assert said == "+7.96% 'quoted'"


@pytest.mark.parametrize("said", ["5,000", "0.250", "1.00", "11", "+7", "(1)", "+7.96% 'quoted'"])
def test_prose_shows_what_is_said_letter_by_letter(said: str) -> None:
    """Pages read what prose is handed as Python does, where 5,000 is a pair."""
    assert format_plain_text(repr(Said(said)), "s") == said


# ---------------------------------------------------------------- numbers of findings


def glued(monkeypatch: pytest.MonkeyPatch, findings: Findings, *designs: str) -> dict[str, str]:
    kept: dict[str, str] = {}

    def record(key: str, text: object, *, display: bool) -> None:
        assert not display
        kept[key] = repr(text)

    monkeypatch.setattr(myst_nb, "glue", record)
    tables.glue(findings, *designs)
    return kept


def test_every_number_of_a_design_has_its_key(
    monkeypatch: pytest.MonkeyPatch, findings: Findings
) -> None:
    kept = glued(monkeypatch, findings, "trade-main")
    parts = {
        *("estimate", "interval", "p", "detectable"),
        *("treated", "control", "inference", "reading"),
    }
    checks = {check.name for check in findings.result("trade-main").checks}
    assert len(checks) >= 5
    names = {*parts, *checks, *(f"{check}-status" for check in checks)}
    assert set(kept) == {"trade-main", *(f"trade-main-{name}" for name in names)}
    assert kept["trade-main"] == findings.result("trade-main").effects.overall.sentence()
    assert kept["trade-main-treated"] == "2"
    assert kept["trade-main-p"] == "0.036"  # 2 of 55


def test_the_table_of_effects_has_one_row_a_design_with_its_numbers(findings: Findings) -> None:
    table = tables.effects(findings, outcome="trade")
    labels = [result.design.label for result in findings.results]
    assert [line[0] for line in body(table)] == labels
    (line,) = [line for line in body(table) if line[0] == findings.headline.design.label]
    row = dict(zip(head(table), line, strict=True))
    effect = findings.headline.effects.overall
    assert row["Estimate"] == f"+{100 * np.expm1(effect.estimate):.0f}%"
    assert row["p"] == "0.036"
    assert (row["Treated"], row["Control"]) == ("2", "9")
    assert row["Inference"] == "randomisation over all 55 assignments"
    assert row["Detectable with 80% power"] == effect.detectable()


def test_the_table_by_event_time_leaves_the_base_period_without_numbers(
    findings: Findings,
) -> None:
    rows = body(tables.by_event_time(findings, "trade-path"))
    frame = findings.result("trade-path").effects.tidy()
    assert len(rows) == frame["event_time"].notna().sum()
    (base,) = [row for row in rows if row[0] == "-1"]
    assert base == ["-1", "base period", "", ""]
    for row in rows:
        (estimate,) = frame.loc[frame["event_time"] == int(row[0]), "estimate"]
        if row[0] != "-1":
            sign = MINUS if estimate < 0 else "+"
            assert row[1].startswith(sign)
            shown = float(row[1].strip("%+").replace(MINUS, "-").replace(",", ""))
            assert shown == pytest.approx(100 * np.expm1(estimate), rel=0.006)


def test_the_table_of_checks_says_what_was_seen(findings: Findings) -> None:
    rows = body(tables.checks(findings, "trade-main"))
    made = findings.result("trade-main").checks
    assert rows == [[c.question, c.required, c.seen, c.status] for c in made]


def test_an_inference_that_fails_stands_beside_the_declared_one(findings: Findings) -> None:
    table = tables.failing_inference(findings, "trade-main", inference="CR1")
    declared, other = body(table)
    assert declared[1] == other[1], "the same coefficient"
    assert declared[0].startswith("randomisation")
    assert other[0].startswith("CR1")
    assert "reject far too often" in other[4]


def test_an_effect_without_uncertainty_shows_none(findings: Findings) -> None:
    from analysis.study import reestimated

    bare = reestimated(findings.result("trade-main"), inference="none")
    result = replace(findings.result("trade-main"), effects=bare)
    table = tables.effects(replace(findings, results=(result,)), outcome="trade")
    (row,) = [dict(zip(head(table), line, strict=True)) for line in body(table)]
    assert (row["95% interval"], row["p"]) == ("none", "none")
    assert row["Detectable with 80% power"] == "not known"


def test_an_open_interval_is_not_shown_as_one(findings: Findings) -> None:
    main = findings.result("trade-main")
    frame = main.effects.tidy().assign(conf_high=np.inf)
    result = replace(main, effects=replace(main.effects, frame=frame))
    table = tables.effects(replace(findings, results=(result,)), outcome="trade")
    (row,) = [dict(zip(head(table), line, strict=True)) for line in body(table)]
    assert (row["95% interval"], row["Detectable with 80% power"]) == ("none", "not known")


def test_a_caption_says_estimand_estimator_counts_and_inference(findings: Findings) -> None:
    said = tables.caption(findings, "trade-main")
    effect = findings.headline.effects.overall
    for part in ("ATT overall", "difference in differences", "2007 to 2023", effect.inference):
        assert part in said
    assert f"2 treated, 9 control units, {effect.n_obs} rows" in said


def read(findings: Findings, low: float, high: float, *, failed: bool) -> str:
    main = findings.result("trade-main")
    frame = main.effects.tidy().assign(conf_low=low, conf_high=high)
    kept = tuple(one for one in main.checks if failed or one.status != "failed")
    effects = replace(main.effects, frame=frame)
    return tables.reading(replace(main, effects=effects, checks=kept))


def test_a_reading_never_calls_an_effect_what_failed_its_checks(findings: Findings) -> None:
    assert any(check.status == "failed" for check in findings.result("trade-main").checks)
    assert "compatible with no effect" in read(findings, -0.1, 2.0, failed=False)
    assert "compatible with no effect" in read(findings, 0.0, 2.0, failed=False)
    assert "an estimated effect" in read(findings, 0.1, 2.0, failed=False)
    assert "no check failed" in read(findings, 0.1, 2.0, failed=False)
    said = read(findings, 0.1, 2.0, failed=True)
    assert "not to be read as an effect; failed checks: pre trends" in said
    assert "without an interval" in read(findings, 0.1, np.inf, failed=False)


# ---------------------------------------------------------------- kinds of data


def test_simulated_data_are_marked_on_every_table(findings: Findings, simulated: Findings) -> None:
    for make in (
        lambda found: caption(tables.effects(found, outcome="trade")),
        lambda found: caption(tables.by_event_time(found, "trade-path")),
        lambda found: caption(tables.checks(found, "trade-main")),
        lambda found: caption(tables.failing_inference(found, "trade-main", inference="CR1")),
        lambda found: tables.caption(found, "trade-main"),
    ):
        assert "[Simulated data]" in make(simulated)
        assert "Simulated" not in make(findings)


def test_the_banner_says_what_numbers_rest_on(findings: Findings, simulated: Findings) -> None:
    assert tables.banner(findings).plain.startswith("Published figures (")
    assert findings.sources[0].producer in tables.banner(findings).plain
    assert tables.banner(simulated).plain.startswith("Simulated data")
    assert "data-kind-simulated" in tables.banner(simulated).html
    real = replace(
        findings,
        sources=tuple(one.model_copy(update={"kind": "real"}) for one in findings.sources),
    )
    assert tables.banner(real).plain.startswith("Data supplied for this run")
    assert tables.banner(replace(findings, sources=())).plain.startswith("No data")
    hostile = [one.model_copy(update={"producer": HOSTILE}) for one in findings.sources]
    assert "<script" not in tables.banner(replace(findings, sources=tuple(hostile))).html


# ---------------------------------------------------------------- plain text and files


def test_a_summary_says_title_kind_headline_checks_and_verdicts(root: Path) -> None:
    without = run("spare-parts", root=root)
    said = tables.summary(without)
    assert said.startswith(without.study.reform.title)
    for verdict in without.verdicts:
        assert f"{verdict.claim.id}: {verdict.status}." in said


def test_a_summary_tells_only_headlines(findings: Findings) -> None:
    said = tables.summary(findings)
    assert findings.headline.effects.overall.sentence() in said
    assert "pre trends: failed (" in said
    assert findings.result("trade-path").design.title not in said


def test_files_hold_the_numbers_in_full(findings: Findings, tmp_path: Path) -> None:
    written = tables.write(findings, folder=tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["effects.csv", "checks.csv", "verdicts.csv"]
    with written[0].open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    (row,) = [row for row in rows if row["design"] == "trade-main"]
    effect = findings.headline.effects.overall
    assert float(row["estimate"]) == effect.estimate
    assert float(row["p_value"]) == effect.p_value
    assert len(rows) == sum(len(result.effects.tidy()) for result in findings.results)
    assert b"\r" not in written[1].read_bytes()


def test_files_of_a_study_without_designs_are_written_too(root: Path, tmp_path: Path) -> None:
    written = tables.write(run("spare-parts", root=root), folder=tmp_path)
    assert "claim" in written[2].read_text(encoding="utf-8")
