"""Files that two editions have alike."""

from __future__ import annotations

from pathlib import Path

from analysis.editions import share


def test_only_what_is_alike_moves_and_every_address_follows(tmp_path: Path) -> None:
    files = {
        "_static/one.css": "a",
        "_static/deep/two.js": "b",
        "_static/words.js": "English",
        "zh/_static/one.css": "a",
        "zh/_static/deep/two.js": "b",
        "zh/_static/words.js": "中文",
        "zh/_static/own.js": "c",
        "_static/fonts/a.woff": "font",
        "zh/_static/fonts/a.woff": "font",
        "zh/_static/own.css": 'a{src:url("fonts/a.woff")}b{src:url("none.png")}c{src:url("data:")}',
        "zh/search.html": '<link href="_static/one.css?v=1"/><script src="_static/words.js">',
        "zh/book/page.html": '<script src="../_static/deep/two.js"></script>"../_static/own.js"',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    share(tmp_path, tmp_path / "zh")
    left = {p.name for p in (tmp_path / "zh" / "_static").rglob("*") if p.is_file()}
    assert left == {"words.js", "own.js", "own.css"}
    sheet = (tmp_path / "zh/_static/own.css").read_text(encoding="utf-8")
    assert sheet == (
        'a{src:url("../../_static/fonts/a.woff")}b{src:url("none.png")}c{src:url("data:")}'
    )
    search = (tmp_path / "zh/search.html").read_text(encoding="utf-8")
    assert search == '<link href="../_static/one.css?v=1"/><script src="_static/words.js">'
    page = (tmp_path / "zh/book/page.html").read_text(encoding="utf-8")
    assert page == '<script src="../../_static/deep/two.js"></script>"../_static/own.js"'
    assert (tmp_path / "_static/deep/two.js").read_text(encoding="utf-8") == "b"
