"""The scenario explorer in a real browser: the numbers of Python, by mouse, by key and by link."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup

from analysis import catalog, projections
from analysis.browser import Tab, browser, find_browser
from analysis.errors import DeclarationError
from analysis.methods.effects import number
from analysis.pages.scenario_explorer import answer, explorer, fields, verdict
from analysis.scenarios import ScenarioResult, project

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = 300
CLOSE = 1e-6
in_a_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium on the search path")

PAGE = """<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'self' file:; script-src file:">
<title>Explorer</title><link rel="stylesheet" href="{static}/explorer.css">
<script src="{static}/explorer.js"></script></head><body><main>{markup}</main></body></html>"""

SET = """(values) => {
  const field = (id) => document.querySelector(`[data-field="${id}"] input[type=number]`);
  Object.entries(values).forEach(([id, value]) => { field(id).value = value; });
  field(Object.keys(values)[0]).dispatchEvent(new Event("input", { bubbles: true }));
  const shown = (key) => document.querySelector(`[data-out="${key}"]`).textContent;
  const { net, low, high, yearly, even } = document.querySelector(".explorer").dataset;
  const said = document.querySelector("[data-verdict]:not([hidden])").dataset.verdict;
  return { net, low, high, yearly, even, said, text: ["net", "low", "high"].map(shown) };
}"""


@pytest.fixture(scope="module")
def result() -> ScenarioResult:
    every = tuple(project(one, draws=500) for one in catalog.load_scenarios(ROOT))
    return projections.pick(every, "spare-parts")


@pytest.fixture(scope="module")
def page(result: ScenarioResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("explorer")
    text = PAGE.format(static=(ROOT / "book/_static").as_uri(), markup=explorer(result).html)
    (folder / "page.html").write_text(text, encoding="utf-8")
    return (folder / "page.html").as_uri()


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as made:
        made.look(width=1440)
        yield made


def central(result: ScenarioResult) -> dict[str, float]:
    return {one.id: one.value for one in fields(result)}


def agrees(seen: Mapping[str, str], values: Mapping[str, float]) -> None:
    wanted = answer(values)
    for key, value in (
        ("net", wanted.net),
        ("low", wanted.low),
        ("high", wanted.high),
        ("yearly", wanted.yearly),
        ("even", wanted.break_even_hours),
    ):
        assert float(seen[key].replace("Infinity", "inf")) == pytest.approx(
            value, rel=CLOSE, abs=CLOSE
        ), (key, values)


def chosen(result: ScenarioResult, random: np.random.Generator) -> dict[str, float]:
    """Draw a setting anywhere in the ranges; one field in five lies at an end."""
    made = {}
    for one in fields(result):
        value = float(random.uniform(one.least, one.most))
        if random.random() < 0.2:
            value = float(random.choice([one.least, one.most]))
        made[one.id] = float(round(value)) if one.id == "years" else value
    return made


# ---------------------------------------------------------------- without a browser


def test_the_fields_start_at_the_declared_scenario(result: ScenarioResult) -> None:
    values = central(result)
    # A quarter of 32.02 hours; 590.55 x 1.002 x 0.383 x 0.05 x 0.6 billion; 5 + 5 million.
    assert values["hours"] == 8.0
    assert values["covered"] == 6800
    assert values["value_of_day"] == 0.6
    assert values["elasticity"] == 2.0
    assert (values["setup"], values["running"]) == (30, 10)
    assert (values["rate"], values["years"]) == (8, 10)
    assert values["value_factor"] == pytest.approx(math.sqrt(2.1 / 0.2), abs=0.05)


def test_a_factor_spans_the_band(result: ScenarioResult) -> None:
    """With hours alone unsure, the band ends at the answers for hours over f and hours times f."""
    values = {**central(result), "hours_factor": 1.7, "value_factor": 1.0}
    made = answer(values)
    assert made.low == pytest.approx(answer({**values, "hours": 8 / 1.7}).net)
    assert made.high == pytest.approx(answer({**values, "hours": 8 * 1.7}).net)


def test_other_scenarios_are_refused() -> None:
    other = project(catalog.load_scenario(ROOT, "dry-port"), draws=50)
    with pytest.raises(DeclarationError, match="customs"):
        fields(other)


def test_markup_names_every_field_and_hides_the_form(result: ScenarioResult) -> None:
    made = explorer(result)
    soup = BeautifulSoup(made.html, "html.parser")
    (form,) = soup.select("form")
    assert form.has_attr("hidden"), "the script shows it"
    for field in soup.select("[data-field]"):
        value, slider = field.select("input[type=number]")[0], field.select("input[type=range]")[0]
        assert field.find("label", attrs={"for": value["id"]}) is not None
        assert slider["aria-label"]
        for one in (value, slider):
            assert soup.find(id=one["aria-describedby"]) is not None
    assert len(soup.select("[data-field]")) == 10
    assert not re.search(r"\son\w+=|style=", made.html), "the policy of the page forbids these"
    (shown,) = soup.select("[data-verdict]:not([hidden])")
    assert shown["data-verdict"] == verdict(answer(central(result)))
    rows = soup.select("tbody tr")
    assert len(rows) == 15
    assert number(answer(central(result)).net) in rows[0].get_text()


# ---------------------------------------------------------------- in a browser


@in_a_browser
def test_the_numbers_are_those_of_python(tab: Tab, page: str, result: ScenarioResult) -> None:
    tab.open(page)
    random = np.random.default_rng(9)
    settings = [central(result), *(chosen(result, random) for _ in range(SETTINGS))]
    settings += [
        {**central(result), "rate": 0.0},
        {**central(result), "covered": 0.0},
        {**central(result), "value_of_day": 0.0},
        {**central(result), "hours_factor": 1.0, "value_factor": 1.0},
    ]
    seen = tab.run(f"({json.dumps(settings)}).map({SET})")
    assert len({one["net"] for one in seen}) > SETTINGS
    for values, one in zip(settings, seen, strict=True):
        agrees(one, values)
        wanted = answer(values)
        assert one["text"] == [number(v) for v in (wanted.net, wanted.low, wanted.high)]
        assert one["said"] == verdict(wanted)
    assert tab.complaints == ()


@in_a_browser
def test_keys_move_a_slider_and_the_link_keeps_the_values(
    tab: Tab, page: str, result: ScenarioResult
) -> None:
    tab.open("about:blank")
    requests = tab.open(page)
    assert all(address.startswith("file:") for address in requests)
    tab.run("document.querySelector('[data-field=hours] input[type=range]').focus()")
    tab.press("ArrowRight", times=3)
    values = {**central(result), "hours": 9.5}
    agrees(tab.run("({...document.querySelector('.explorer').dataset})"), values)
    tab.press("Tab")
    assert tab.run("document.activeElement.id") == "explorer-hours", "the field follows the slider"
    tab.run("document.activeElement.select()")
    tab.write("12.25")
    values["hours"] = 12.25
    agrees(tab.run("({...document.querySelector('.explorer').dataset})"), values)
    link = tab.run("location.href")
    assert link.endswith("#explorer?hours=12.25")
    assert tab.run("document.querySelector('.explorer-link').href") == link
    tab.open("about:blank")
    tab.open(link + "&rate=3&elasticity=oops&running=-4&value_factor=2")
    values |= {"rate": 3.0, "value_factor": 2.0}
    agrees(tab.run("({...document.querySelector('.explorer').dataset})"), values)
    assert tab.run("document.querySelector('details').open"), "what differs is shown"
    tab.run("document.querySelector('button[type=reset]').click()")
    agrees(
        tab.run(
            "new Promise((done) => setTimeout(() => "
            "done({...document.querySelector('.explorer').dataset}), 50))"
        ),
        central(result),
    )
    assert tab.run("location.hash") == "#explorer"


@in_a_browser
def test_the_answer_is_read_aloud_once_the_reader_rests(
    tab: Tab, page: str, result: ScenarioResult
) -> None:
    tab.open("about:blank")
    tab.open(page)
    spoken = "document.querySelector('[role=status]').textContent"
    tab.run("document.querySelector('[data-field=setup] input[type=range]').focus()")
    tab.press("End")
    assert tab.run(spoken) == "", "not while the slider moves"
    said = tab.run(f"new Promise((done) => setTimeout(() => done({spoken}), 900))")
    wanted = answer({**central(result), "setup": 300.0})
    assert f"Net benefit: {number(wanted.net)} million yuan" in said
    assert said.count("band") == 2
    assert "A field holds no number" not in said


@in_a_browser
def test_a_wrong_number_is_said_and_does_not_count(
    tab: Tab, page: str, result: ScenarioResult
) -> None:
    tab.open("about:blank")
    tab.open(page)
    tab.run(f"({SET})({{ hours: 99 }})")
    agrees(tab.run("({...document.querySelector('.explorer').dataset})"), central(result))
    assert tab.run("document.querySelector('#explorer-hours').getAttribute('aria-invalid')") == (
        "true"
    )
    assert not tab.run("document.querySelector('.explorer-wrong').hidden")


@in_a_browser
def test_paper_and_readers_without_script_get_the_table(tab: Tab, page: str) -> None:
    tab.open("about:blank")
    tab.open(page)
    seen = "getComputedStyle(document.querySelector('{}')).display"
    assert tab.run(seen.format(".explorer")) != "none"
    tab.do("Emulation.setEmulatedMedia", media="print")
    assert tab.run(seen.format(".explorer")) == "none"
    assert tab.run(seen.format(".report-table")) == "table"
    tab.do("Emulation.setEmulatedMedia", media="screen")
    tab.do("Emulation.setScriptExecutionDisabled", value=True)
    tab.open("about:blank")
    tab.open(page)
    tab.do("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.run("document.querySelector('form').hidden")
    assert tab.run(seen.format(".report-table")) == "table"
