"""Labels of drawings in other words."""

from __future__ import annotations

import io
import re

import pytest
from matplotlib.figure import Figure

from analysis import pictures
from analysis.editions import labels


def drawn(label: str, **options: object) -> str:
    with pictures.style():
        figure = Figure()
        figure.text(0.5, 0.5, label, **options)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def instead(said: str) -> labels.Translate:
    return lambda text: said if "first" in text else text


def places(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'translate\(([-\d.]+) ([-\d.]+)\)"', svg)
    return [(float(x), float(y)) for x, y in found]


def test_labels_are_text_and_translated_without_becoming_markup() -> None:
    made = labels.translated(drawn("first < 3"), instead("时长 < 3"))
    assert ">时长 &lt; 3</text>" in made


def test_a_label_of_two_lines_is_translated_whole() -> None:
    seen: list[str] = []
    labels.translated(drawn("the first\nand second"), lambda t: seen.append(t) or t)
    assert seen == ["the first and second"]


@pytest.mark.parametrize(
    ("side", "anchor"), [("left", "start"), ("center", "middle"), ("right", "end")]
)
def test_lines_stay_aligned_as_they_were(side: str, anchor: str) -> None:
    """At the middle of a figure 7.2 inches wide and 4.2 high, at 72 points an inch."""
    old = drawn("the first line is long\nthe second", ha=side, va="center", multialignment=side)
    made = labels.translated(old, instead("第一行文字再加上第二行的文字"))
    assert made.count(f"text-anchor: {anchor}") == 2
    assert [x for x, _ in places(made)] == pytest.approx([7.2 * 36] * 2, abs=0.6)
    (_, above), (_, below) = places(made)
    assert above < 4.2 * 36 < below + 6


def test_what_fits_on_one_line_stands_between_the_old_ones() -> None:
    old = drawn("the first line\nthe second", va="center")
    made = labels.translated(old, instead("一行"))
    (_, above), (_, below) = places(old)
    assert [y for _, y in places(made)] == pytest.approx([(above + below) / 2], abs=0.1)


def test_a_box_made_for_other_words_gives_way_to_a_halo() -> None:
    boxed = drawn("first", bbox={"facecolor": "white"})
    assert "patch_2" in boxed
    made = labels.translated(boxed, instead("一"))
    assert "patch_2" not in made
    assert "paint-order: stroke" in made


def test_powers_of_ten_stay() -> None:
    old = drawn("$\\mathdefault{10^{3}}$ first")
    assert labels.translated(old, lambda _: "X") == old


@pytest.mark.parametrize(
    ("text", "lines", "made"),
    [
        ("一二三四", 2, ["一二", "三四"]),
        ("一二", 3, ["一", "二", ""]),
        ("铁海联运“一单制”", 2, ["铁海联运", "“一单制”"]),
        ("关于 COVID-19 的说明", 2, ["关于 COVID-19", "的说明"]),
        ("一，二", 1, ["一，二"]),
    ],
)
def test_lines_are_broken_between_words(text: str, lines: int, made: list[str]) -> None:
    assert labels.broken(text, lines) == made
