"""Catalogues read, used and brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.editions import Message, read_catalogue, update_catalogues
from analysis.errors import BuildError

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def write(root: Path, domain: str, body: str) -> Path:
    path = root / "locale" / "zh_CN" / f"{domain}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + body, encoding="utf-8")
    return path


def test_numbers_come_from_the_report_and_not_from_the_catalogue(tmp_path: Path) -> None:
    write(tmp_path, "shown", 'msgid "{0} of {1} claims"\nmsgstr "{1} 项主张中的 {0} 项"\n')
    held = read_catalogue(tmp_path, "zh_CN")
    assert held.say("shown", "3 of 43 claims") == "43 项主张中的 3 项"
    assert held.say("shown", "17.5 of 1,000 claims") == "1,000 项主张中的 17.5 项"


def test_a_text_without_translation_stays(tmp_path: Path) -> None:
    write(tmp_path, "prose", 'msgid "One."\nmsgstr ""\n\n#, fuzzy\nmsgid "Two."\nmsgstr "二。"\n')
    held = read_catalogue(tmp_path, "zh_CN")
    assert [held.say("prose", text) for text in ("One.", "Two.", "Three.")] == [
        "One.",
        "Two.",
        "Three.",
    ]


def test_labels_may_stand_in_a_table_too(tmp_path: Path) -> None:
    write(tmp_path, "shown", 'msgid "Years"\nmsgstr "年份"\n\nmsgid "Area"\nmsgstr "区域"\n')
    write(tmp_path, "figures", 'msgid "Area"\nmsgstr "区"\n')
    held = read_catalogue(tmp_path, "zh_CN")
    assert held.say("figures", "Years") == "年份"
    assert held.say("figures", "Area") == "区"


def test_changed_texts_wait_and_gone_ones_are_dropped(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "prose",
        'msgid "A claim is not an effect of it."\nmsgstr "主张不是效应。"\n\n'
        'msgid "Gone."\nmsgstr "已删。"\n\nmsgid "Kept."\nmsgstr "保留。"\n',
    )
    texts = ("Kept.", "A claim is not an effect at all.", "Quite new")
    messages = [Message(domain="prose", text=text, file="book/x.md") for text in texts]
    assert update_catalogues(tmp_path, "zh_CN", messages)["prose"] == 2
    held = read_catalogue(tmp_path, "zh_CN")
    assert held.say("prose", "Kept.") == "保留。"
    assert held.say("prose", texts[1]) == texts[1]
    written = path.read_text(encoding="utf-8")
    assert "Gone." not in written
    assert "主张不是效应。" in written
    assert "book/x.md" in written


def test_a_broken_catalogue_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "shown", 'msgid "A"\nno such keyword\n')
    with pytest.raises(BuildError, match="gettext") as caught:
        read_catalogue(tmp_path, "zh_CN")
    assert caught.value.faults[0].file == str(path)


def test_a_lost_number_is_named_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "shown", 'msgid "{0} of {1}s"\nmsgstr "{1} 之 {1}"\n')
    with pytest.raises(BuildError, match="each number") as caught:
        read_catalogue(tmp_path, "zh_CN")
    assert caught.value.faults[0].row == 4
