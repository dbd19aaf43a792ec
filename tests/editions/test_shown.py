"""What cells show, in other words."""

from __future__ import annotations

from analysis.editions import shown


def upper(text: str) -> str:
    return text.upper()


def test_cells_headings_and_what_is_told_of_a_table_are_translated() -> None:
    made = shown.html('<td data-label="Area" class="short">plain <b>bold</b> &lt;3</td>', upper)
    assert made == '<td class="short" data-label="AREA">PLAIN <b>BOLD</b> &lt;3</td>'


def test_translations_never_become_markup() -> None:
    assert shown.html("<td>x</td>", lambda _: "<script>") == "<td>&lt;script&gt;</td>"


def test_scripts_and_styles_are_left_alone() -> None:
    markup = "<style>a {b: c}</style><script>let word = 1;</script>"
    assert shown.html(markup, upper) == markup


def test_glued_sentences_are_translated_whole() -> None:
    kept = {"mime_prefix": "application/papermill.record/"}
    made = shown.translated({shown.SAID: ["one ", "two"], **kept}, upper, label=str.lower)
    assert made == {shown.SAID: "ONE TWO", **kept}


def test_caption_and_alternative_text_of_a_figure_are_two_texts() -> None:
    seen: list[str] = []
    bundle = {shown.PLAIN: "Caption\n\nWhat is seen", shown.SVG: "<svg></svg>"}
    shown.translated(bundle, lambda t: seen.append(t) or t, label=upper)
    assert seen == ["Caption", "What is seen"]


def test_plain_text_behind_a_table_is_left_alone() -> None:
    bundle = {shown.PLAIN: "a | b", shown.HTML: "<p>a</p>"}
    made = shown.translated(bundle, upper, label=upper)
    assert made == {shown.PLAIN: "a | b", shown.HTML: "<p>A</p>"}


def test_what_a_program_said_is_quoted_as_it_was_said() -> None:
    cell = '<td>said: <samp lang="en">row 3: <b>expected</b> text</samp></td>'
    assert shown.html(cell, upper) == cell.replace("said:", "SAID:")
