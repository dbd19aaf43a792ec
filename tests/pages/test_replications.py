"""Published evaluations come out as they were published, to the digits that were printed."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.pages import replications
from analysis.pages.replications import NAMES, Found, compare, results

#: Published numbers that must come out in every printed digit, of all that are compared.
EQUAL = {"minimum-wage": 24, "enterprise-zones": 1, "hong-kong": 7}


@pytest.fixture(scope="module", autouse=True)
def once() -> None:
    """Compute every replication once for this file."""
    held = {name: results(name) for name in NAMES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replications, "results", held.__getitem__)
        yield


@pytest.mark.parametrize("name", NAMES)
def test_every_published_number_has_one_of_ours(name: str) -> None:
    held = replications._compared(name)
    assert len(held) > 0
    assert held["ours"].notna().all(), held.loc[held["ours"].isna(), "quantity"].tolist()


@pytest.mark.parametrize("name", EQUAL)
def test_estimates_agree_in_every_printed_digit(name: str) -> None:
    held = replications._compared(name)
    assert len(held) == EQUAL[name]
    assert held["same"].all(), held.loc[~held["same"], ["quantity", "estimate", "ours"]]


def test_drawn_errors_agree_within_their_noise() -> None:
    """The published errors are those of a bootstrap: two digits at best."""
    held = replications._compared("minimum-wage")
    ratio = held["our_error"] / held["std_error"]
    assert ratio.between(0.9, 1.1).all()
    assert abs(np.log(ratio).mean()) < 0.03


def test_tobacco_differs_only_where_the_page_says_why() -> None:
    held = replications._compared("tobacco").set_index(["table", "quantity"])
    means = held.loc["Mean effect 1989-2000, packs a head"]
    assert means.loc["difference in differences", "same"]
    assert means.loc["synthetic difference in differences", "same"]
    assert means["gap"].max() < 0.15
    weights = held.drop(index="Mean effect 1989-2000, packs a head", level=0)
    assert weights["gap"].max() < 0.03


def test_a_number_is_the_same_if_it_rounds_to_what_was_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(value: float) -> bool:
        made = (
            Found(table="Change of log claims", quantity="new enterprise zone", estimate=value),
        )
        monkeypatch.setattr(replications, "results", lambda _: made)
        return bool(replications._compared("enterprise-zones")["same"].iloc[0])

    assert said(-0.1825)
    assert said(-0.1816)
    assert not said(-0.1826)
    assert not said(0.182)


def test_the_table_shows_both_numbers_and_whether_they_agree() -> None:
    plain = compare("enterprise-zones", table="Change of log claims").plain
    assert "new enterprise zone | \N{MINUS SIGN}0.182 | \N{MINUS SIGN}0.1819 | yes" in plain
    assert "0.078 | 0.078" in plain
