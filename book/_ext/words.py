"""Words that the frame of every page shows, by language; pages themselves hold their own."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "read": "Read the report",
    "contents": "Contents of the report",
    "on_this_page": "On this page",
    "table": "Table",
    "task": "Task",
    "unfold": "Pages below",
    "button": "Button",
    "heading_link": "Link to this heading",
    "picture_file": "Picture (SVG)",
    "data_file": "Data (CSV)",
    "files_of": "of",
    "simulated": "Simulated data",
    "version": "Version {version}",
    "vintage": "data read in {accessed}, fingerprint {fingerprint}",
    "licence": "Text and figures CC BY 4.0, code MIT",
    "cite": "How to cite",
    "feedback": "Tell us about a mistake",
    "lost_title": "This page is not here",
    "lost": "The address may be old, or mistyped. The report begins on its first page, and its "
    "contents stand on the left of every page.",
    "subtitle": "What was claimed, what is known, how sure, and what is not known",
}
WORDS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH}


def words(language: str | None) -> Mapping[str, str]:
    """Return the words of a language, English where there are none."""
    return WORDS.get((language or "en").split("-")[0].split("_")[0], _ENGLISH)
