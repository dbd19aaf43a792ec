"""Every number in the prose of the real chapters is a number of `Findings`, and of nothing else.

The cells that glue are run here with a recorder in place of the page. What they hand over is
compared with numbers made again from the files or read from the tables of effects, written out by
a formatter of our own, and with what is stored in the pages.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import myst_nb
import nbformat
import numpy as np
import pytest

from analysis import auditing, study
from analysis.auditing import Audit
from analysis.study import Findings
from tests.studies import LINEAR, STUDIES, by_dummies, declared, load

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = {f"{name}.ipynb": name for name in STUDIES}
ROLE = re.compile(r"\{glue:[a-z]+\}`([^`]+?)(?::s)?`")
#: What is no result although it has digits: years, dates, names of claims, addresses, code.
NO_RESULT = re.compile(
    r"\{[a-z:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|\b(19|20)\d\d(-\d\d){0,2}\b|\bS\d{3}\b"
    r"|\b95%(?= interval)|\b80%(?= power)|\blevel 1\b"
)


def cells(page: str, kind: str) -> list[Any]:
    notebook = nbformat.read(BOOK / page, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def prose(page: str) -> str:
    return "\n\n".join(cell.source for cell in cells(page, "markdown"))


def roles(page: str) -> list[str]:
    return ROLE.findall(prose(page))


def stored(page: str) -> dict[str, str]:
    """Give what the stored outputs of a page hand over to prose."""
    found = {}
    for cell in cells(page, "code"):
        for output in cell.outputs:
            mark = output.get("metadata", {}).get("scrapbook")
            if mark:
                found[mark["name"]] = output.data[f"{mark['mime_prefix']}text/plain"]
    return found


def glued_designs(page: str) -> list[str]:
    """Give the designs whose numbers a page hands over, as its code names them."""
    return [
        argument.value
        for cell in cells(page, "code")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tables.glue"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]


def three(value: float, *, signed: bool = True) -> str:
    """Write three digits that count, by decimal arithmetic, with a true minus sign."""
    if value == 0:
        return "0"
    exact = Decimal(abs(value))
    leading = Context(prec=3).plus(exact).adjusted()  # after rounding: 99.96 leads with hundreds
    rounded = exact.quantize(Decimal(1).scaleb(min(0, max(leading - 2, -6))))
    sign = "\N{MINUS SIGN}" if value < 0 else "+" if signed else ""
    return f"{sign}{rounded:,f}"


def percent(value: float) -> float:
    return float(100 * (np.exp(value) - 1))


class Recorder:
    """Runs the gluing cells of pages, each study once, with the designs that are glued."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.findings: dict[str, Findings] = {}
        self.audited: list[Audit] = []
        self.glued: dict[str, dict[str, str]] = {}
        self._real, self._audit = study.run, auditing.audit
        self._patch = patch

    def run(self, name: str, *, designs: Iterable[str] | None = None) -> Findings:
        if name not in self.findings:
            page = f"{name}.ipynb"
            # A curve over all declared choices needs every design, not those that are glued alone.
            whole = any("multiverse" in cell.source for cell in cells(page, "code"))
            wanted = None if whole else glued_designs(page)
            self.findings[name] = self._real(name, designs=wanted)
        return self.findings[name]

    def audit(self, findings: Findings) -> Audit:
        self.audited.append(self._audit(findings))
        return self.audited[-1]

    def execute(self, page: str) -> dict[str, str]:
        found: dict[str, str] = {}

        def record(key: str, text: object, *, display: bool) -> None:
            assert not display, "glue shows nothing where it stands"
            assert key not in found, f"{key} is glued twice"
            found[key] = repr(text)

        with self._patch.context() as patch:
            patch.setattr(myst_nb, "glue", record)
            patch.setattr(study, "run", self.run)
            patch.setattr(auditing, "audit", self.audit)
            names: dict[str, object] = {}
            for cell in cells(page, "code"):
                if "glue" in cell.source:
                    exec(compile(cell.source, page, "exec"), names)
        self.glued[page] = found
        return found


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    made = Recorder(pytest.MonkeyPatch())
    for page in (*CHAPTERS, "claims.ipynb"):
        made.execute(page)
    return made


every_chapter = pytest.mark.parametrize("page", list(CHAPTERS))
pages_of_numbers = pytest.mark.parametrize("page", [*CHAPTERS, "claims.ipynb", "intro.ipynb"])


# ---------------------------------------------------------------- nothing is typed


@pages_of_numbers
def test_prose_holds_no_digit_of_its_own(page: str) -> None:
    left = NO_RESULT.sub(" ", prose(page))
    assert re.findall(r"\S*\d\S*", left) == []


@pages_of_numbers
def test_the_pages_do_glue(page: str) -> None:
    assert len(roles(page)) >= 5


@pytest.mark.parametrize("page", sorted(path.name for path in BOOK.glob("*.ipynb")))
def test_every_role_is_handed_over_by_the_page_it_names(page: str) -> None:
    for role in roles(page):
        home, _, key = role.partition("::")
        assert key in stored(home), f"{page} shows {role}, which {home} does not glue"


def test_keys_mean_one_thing_in_the_whole_book() -> None:
    """The page that glues stands in every role, so keys may repeat between pages, not within."""
    for path in sorted(BOOK.glob("*.ipynb")):
        names = [
            output.metadata["scrapbook"]["name"]
            for cell in cells(path.name, "code")
            for output in cell.outputs
            if "scrapbook" in output.get("metadata", {})
        ]
        assert len(names) == len(set(names)), path.name


# ---------------------------------------------------------------- what is glued is what was found


@pytest.mark.parametrize("page", [*CHAPTERS, "claims.ipynb"])
def test_stored_numbers_are_those_of_a_run_today(recorder: Recorder, page: str) -> None:
    assert stored(page) == recorder.glued[page], "make notebooks"


@pages_of_numbers
def test_every_number_of_the_prose_was_recorded(recorder: Recorder, page: str) -> None:
    for role in roles(page):
        home, _, key = role.partition("::")
        said = recorder.glued[home][key]
        assert said.strip(), role
        assert not re.search(r"\bnan\b|\binf\b|not available|None", said), f"{role}: {said}"


@every_chapter
def test_estimates_are_those_of_plain_least_squares(
    root: Path, recorder: Recorder, page: str
) -> None:
    specs = declared(root, CHAPTERS[page])
    names = [n for n in glued_designs(page) if specs[n]["estimator"] == LINEAR[0]]
    assert "trade-main" in names
    for name in names:
        effect = by_dummies(load(root, specs[name]), specs[name]["estimator"])["treatment"]
        assert recorder.glued[page][f"{name}-estimate"] == f"{three(percent(effect))}%", name


@every_chapter
def test_each_design_hands_over_its_row_of_the_table(recorder: Recorder, page: str) -> None:
    glued, findings = recorder.glued[page], recorder.findings[CHAPTERS[page]]
    for name in glued_designs(page):
        effects = findings.result(name).effects
        row = effects.tidy().iloc[effects.headline]
        low, high = three(percent(row["conf_low"])), three(percent(row["conf_high"]))
        assert glued[f"{name}-estimate"] == f"{three(percent(row['estimate']))}%"
        assert glued[f"{name}-interval"] == f"{low}% to {high}%"
        p_value = row["p_value"]
        digits = 3 if p_value < 0.1 else 2
        assert glued[f"{name}-p"] == ("< 0.001" if p_value < 0.001 else f"{p_value:.{digits}f}")
        size = (row["conf_high"] - row["conf_low"]) / 2 + 0.8416212336 * row["std_error"]
        assert glued[f"{name}-detectable"] == (
            f"{three(percent(-size))}% or {three(percent(size))}%"
        )
        assert glued[f"{name}-treated"] == str(row["n_treated"])
        assert glued[f"{name}-control"] == str(row["n_control"])
        assert glued[f"{name}-inference"] == row["inference"]
        for part in ("estimate", "p", "detectable", "inference"):
            assert glued[f"{name}-{part}"] in glued[name], f"the sentence of {name} says {part}"


@every_chapter
def test_checks_are_handed_over_as_they_were_seen(recorder: Recorder, page: str) -> None:
    glued, findings = recorder.glued[page], recorder.findings[CHAPTERS[page]]
    made = findings.result("trade-main").checks
    assert len(made) >= 5
    for check in made:
        assert glued[f"trade-main-{check.name}"] == check.seen
        assert glued[f"trade-main-{check.name}-status"] == check.status


def test_counts_of_claims_are_those_of_the_verdicts(recorder: Recorder) -> None:
    (audited,) = recorder.audited
    glued = recorder.glued["claims.ipynb"]
    assert glued["claims"] == str(len(audited.verdicts)) == "43"
    statuses = ("supported", "contradicted", "undecided", "untested", "not testable")
    for status in statuses:
        count = sum(verdict.status == status for verdict in audited.verdicts)
        assert glued[f"claims-{status.replace(' ', '-')}"] == str(count)


def test_the_arithmetic_is_handed_over_from_its_steps(recorder: Recorder) -> None:
    (audited,) = recorder.audited
    glued = recorder.glued["claims.ipynb"]
    last = audited.arithmetic.steps[-1]
    assert glued["gain-low"] == f"{three(audited.arithmetic.province_low, signed=False)}%"
    assert glued["gain-high"] == f"{three(audited.arithmetic.province_high, signed=False)}%"
    effect = recorder.findings["collaboration-era"].result("trade-main").effects.overall
    size = (effect.conf_high - effect.conf_low) / 2 + 0.8416212336 * effect.std_error
    assert glued["detectable"] == f"{three(percent(size), signed=False)}%"
    assert last.source


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (7.964, "+7.96"),
        (-0.0123456, "\N{MINUS SIGN}0.0123"),
        (99.96, "+100"),
        (12345.6, "+12,346"),
        (0.0, "0"),
    ],
)
def test_numbers_are_written_with_three_digits(value: float, said: str) -> None:
    assert three(value) == said
