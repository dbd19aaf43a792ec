"""The Chinese edition: every text of the stored pages is translated, and none is left over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from analysis.editions import collect, read_catalogue, slots

ROLE = re.compile(r"\{(?!term)[\w:]+\}`[^`]*`")
LINK = re.compile(r"\]\(([^)]*)\)")
TERM = re.compile(r"\{term\}`([^`]*)`")


@pytest.fixture(scope="module")
def texts(root: Path) -> Mapping[str, Mapping[str, str]]:
    return read_catalogue(root, "zh_CN").texts


@pytest.fixture(scope="module")
def wanted(root: Path) -> Mapping[str, set[str]]:
    messages = collect(root)
    return {
        domain: {one.text for one in messages if one.domain == domain}
        for domain in ("prose", "shown")
    }


@pytest.mark.parametrize("domain", ["prose", "shown"])
def test_every_text_is_translated_and_none_is_left_over(
    domain: str, texts: Mapping[str, Mapping[str, str]], wanted: Mapping[str, set[str]]
) -> None:
    """`python -m analysis words` lists what is missing; labels of drawings are seen in the book."""
    assert wanted[domain] - set(texts[domain]) == set(), "not translated"
    assert set(texts[domain]) - wanted[domain] == set(), "no longer shown"


@pytest.mark.parametrize("domain", ["shown", "figures"])
def test_no_number_is_added_or_lost(domain: str, texts: Mapping[str, Mapping[str, str]]) -> None:
    digits = re.compile(r"\d+")
    for first, other in texts[domain].items():
        assert slots(first) == slots(other)
        assert sorted(digits.findall(first)) == sorted(digits.findall(other)), first


def test_roles_and_links_are_those_of_the_first_language(
    texts: Mapping[str, Mapping[str, str]],
) -> None:
    for first, other in texts["prose"].items():
        for kind in (ROLE, LINK):
            assert sorted(kind.findall(first)) == sorted(kind.findall(other)), first
        assert len(TERM.findall(other)) <= len(TERM.findall(first)), first
