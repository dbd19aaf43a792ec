"""Searching in Chinese: no spaces part its words, so every pair of neighbours is indexed."""

from __future__ import annotations

import re

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

_HAN = "\u3400-\u9fff"
_PIECE = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")

#: The same cut in the browser: what is looked for falls into the pairs that were indexed.
_SPLITTER = r"""
var splitQuery = (query) => (query.match(/[\u3400-\u9fff]+|[\p{Letter}\p{Number}_]+/gu) ?? [])
  .flatMap((piece) => /^[\u3400-\u9fff]{3,}$/.test(piece)
    ? Array.from({ length: piece.length - 1 }, (_, n) => piece.slice(n, n + 2))
    : [piece.toLowerCase()]);
"""


class Chinese(SearchLanguage):
    """Index Chinese text by its pairs of characters, and other words as they are."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = _SPLITTER

    def split(self, input: str) -> list[str]:
        """Cut a text into pairs of Chinese characters and other words."""
        return [word for piece in _PIECE.findall(input) for word in _cut(piece)]

    def stem(self, word: str) -> str:
        """Leave a word as it is."""
        return word.lower()

    def word_filter(self, word: str) -> bool:
        """Keep all words."""
        return bool(word)


def _cut(piece: str) -> list[str]:
    if not re.match(rf"[{_HAN}]", piece) or len(piece) < 3:
        return [piece]
    return [piece[n : n + 2] for n in range(len(piece) - 1)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the language."""
    app.add_search_language(Chinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
