"""A small report written in a second language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from analysis.editions import collect, write_editions

PAGE = "# Title\n\nA claim is not an effect.\n"
CELLS = [
    {"cell_type": "markdown", "metadata": {}, "source": ["## Result"]},
    {
        "cell_type": "code",
        "metadata": {},
        "source": ["show()"],
        "outputs": [{"output_type": "display_data", "data": {"text/html": ["<p>Rose by 3%</p>"]}}],
    },
]
WORDS = {
    "prose": {"A claim is not an effect.": "主张不是效应。", "## Result": "## 结果"},
    "shown": {"Rose by {0}%": "上升 {0}%", "Report": "报告", "Part": "部分"},
}


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    book = tmp_path / "book"
    book.mkdir()
    (book / "intro.md").write_text(PAGE, encoding="utf-8")
    (book / "result.ipynb").write_text(json.dumps({"cells": CELLS}), encoding="utf-8")
    part = {"caption": "Part", "chapters": [{"file": "book/result"}]}
    contents = {"root": "book/intro", "parts": [part]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    (tmp_path / "_config.yml").write_text("title: Report\n", encoding="utf-8")
    for domain, texts in WORDS.items():
        path = tmp_path / "locale" / "zh_CN" / f"{domain}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        pairs = [("", "Content-Type: text/plain; charset=utf-8\\n"), *texts.items()]
        path.write_text(
            "".join(f'msgid "{one}"\nmsgstr "{other}"\n\n' for one, other in pairs),
            encoding="utf-8",
        )
    return tmp_path


def settings(folder: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8")))


def test_other_words_and_the_same_numbers(staging: Path) -> None:
    made = write_editions(staging)
    assert set(made) == {"zh"}
    page = (made["zh"] / "book/intro.md").read_text(encoding="utf-8")
    assert page == "# Title\n\n主张不是效应。\n"  # the title has no translation yet
    cells = json.loads((made["zh"] / "book/result.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells[0]["source"] == "## 结果"
    assert cells[1]["source"] == ["show()"]
    assert cells[1]["outputs"][0]["data"]["text/html"] == "<p>上升 3%</p>"
    assert settings(made["zh"])["title"] == "报告"
    assert "部分" in (made["zh"] / "_toc.yml").read_text(encoding="utf-8")
    assert (staging / "book/intro.md").read_text(encoding="utf-8") == PAGE


def test_editions_know_their_twins(staging: Path) -> None:
    made = write_editions(staging)
    here = settings(staging)["sphinx"]["config"]
    there = settings(made["zh"])["sphinx"]["config"]
    assert here["language"] == "en"
    assert there["language"] == "zh_CN"
    assert here["editions"] == [{"tag": "zh-CN", "name": "中文", "path": "zh/"}]
    assert there["editions"] == [{"tag": "en", "name": "English", "path": "../"}]


def test_a_report_written_in_another_language_keeps_it(staging: Path) -> None:
    config = "title: Informe\nsphinx: {config: {language: es}}\n"
    (staging / "_config.yml").write_text(config, encoding="utf-8")
    made = write_editions(staging)
    assert settings(staging)["sphinx"]["config"]["language"] == "es"
    (twin,) = settings(made["zh"])["sphinx"]["config"]["editions"]
    assert (twin["tag"], twin["path"]) == ("es", "../")


def test_all_texts_are_listed_with_their_files(staging: Path) -> None:
    found = {(one.domain, one.text): one.file for one in collect(staging)}
    assert found == {
        ("shown", "Report"): "_config.yml",
        ("shown", "Part"): "_toc.yml",
        ("prose", "# Title"): "book/intro.md",
        ("prose", "A claim is not an effect."): "book/intro.md",
        ("prose", "## Result"): "book/result.ipynb",
        ("shown", "Rose by {0}%"): "book/result.ipynb",
    }
