"""Texts without their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.editions import Wording, slots


@pytest.mark.parametrize(
    ("text", "pattern", "numbers"),
    [
        ("no number", "no number", ()),
        ("+8.1% (\u221222 to +50)", "{0}% ({1} to {2})", ("+8.1", "\u221222", "+50")),
        ("CR2 with 1,000 draws, p = 0.62.", "CR2 with {0} draws, p = {1}.", ("1,000", "0.62")),
        ("2021-11 and 3-4", "{0}-{1} and {2}-{3}", ("2021", "11", "3", "4")),
        ("from  1\n to 2", "from {0} to {1}", ("1", "2")),
    ],
)
def test_numbers_are_taken_out(text: str, pattern: str, numbers: tuple[str, ...]) -> None:
    assert Wording.of(text) == Wording(pattern=pattern, numbers=numbers)


def test_numbers_may_change_places() -> None:
    assert Wording.of("3 of 43 claims").fill("{1} 项中的 {0} 项") == "43 项中的 3 项"


@given(st.text())
def test_no_text_is_lost(text: str) -> None:
    """Filled into its own pattern, a text is what it was, spaces apart."""
    wording = Wording.of(text)
    assert wording.fill(wording.pattern) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Treated", True),
        ("12 of 31", True),
        ("\u221212%", False),
        ("GDP", False),
        ("published/facts.csv", False),
        ("published/facts.csv, reforms/dry-port.toml", False),
        ("reforms/ (22 files), sources.toml", True),
        ("CR2", False),
        ("AB \u00d7 M \u00f7 T", False),
        ("https://example.org/page", False),
        ("", False),
    ],
)
def test_names_and_numbers_alone_say_nothing(text: str, says: bool) -> None:
    assert Wording.of(text).says is says


def test_slots_are_listed_in_their_order() -> None:
    assert slots("{1} of {0}, {1}") == [0, 1, 1]
