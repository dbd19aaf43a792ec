"""Texts of an edition in another language, kept as gettext catalogues in `locale/<language>/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.editions.wording import Wording, slots
from analysis.errors import BuildError, Fault

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

FOLDER = "locale"
#: One catalogue each: blocks of pages; texts of tables, captions and sentences; labels of figures.
DOMAINS = ("prose", "shown", "figures")
_WIDTH = 100
#: Without days and names, so that a catalogue changes only where a text does.
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
#: What a block of prose refers to or quotes, which is no text of its own.
_REFERENCES = re.compile(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|https?://\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text to translate: its catalogue, the text without its numbers, the file it stands in."""

    domain: str
    text: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The texts of one edition.

    Attributes
    ----------
    language : str
        As gettext names it: ``zh_CN``.
    texts : mapping
        By domain, the translation of every text.
    """

    language: str
    texts: Mapping[str, Mapping[str, str]]

    def say(self, domain: str, text: str) -> str:
        """Return a text in the language of the edition, with the numbers it came with.

        A text without a translation is returned as it is.
        """
        key = message_key(domain, text)
        if key is None:
            return text
        found = self.texts[domain].get(key)
        if found is None and domain == "figures":  # most labels stand in a table too
            found = self.texts["shown"].get(key)
        if found is None:
            return text
        return found if domain == "prose" else Wording.of(text).fill(found)


def message_key(domain: str, text: str) -> str | None:
    """Return what a text is looked up by, or None where there is nothing to translate."""
    if domain == "prose":
        return text if Wording.of(_REFERENCES.sub("", text)).says else None
    wording = Wording.of(text)
    return wording.pattern if wording.says else None


def languages(root: Path) -> tuple[str, ...]:
    """List the languages that a project has catalogues for."""
    return tuple(sorted(path.name for path in (root / FOLDER).glob("*") if path.is_dir()))


def read_catalogue(root: Path, language: str) -> Catalogue:
    """Read all catalogues of a language; uncertain translations do not count.

    Raises
    ------
    BuildError
        A file is not a gettext catalogue, or a translation adds or loses a number.
    """
    return Catalogue(
        language=language,
        texts={name: _texts(_path(root, language, name), language) for name in DOMAINS},
    )


def update_catalogues(root: Path, language: str, messages: Iterable[Message]) -> Mapping[str, int]:
    """Bring the catalogues of a language up to date with the texts that the report shows now.

    Parameters
    ----------
    root : Path
        Folder of the project.
    language : str
    messages : iterable of Message
        All texts, in the order of the report.

    Returns
    -------
    mapping
        By domain, how many texts wait for a translation. Where a text changed, the old
        translation stays with it, marked as uncertain; what is no longer shown is dropped.
    """
    from babel.messages.catalog import Catalog

    held = list(messages)
    waiting = {}
    for domain in DOMAINS:
        path = _path(root, language, domain)
        template = Catalog(charset="utf-8")
        for message in held:
            if message.domain == domain:
                template.add(message.text, locations=[(message.file, 0)])
        catalog = _opened(path, language) if path.is_file() else Catalog(locale=language)
        catalog.update(template, no_fuzzy_matching=False)
        catalog.obsolete.clear()
        _write(path, catalog, language=language)
        waiting[domain] = sum(1 for one in catalog if one.id and (one.fuzzy or not one.string))
    return waiting


def _path(root: Path, language: str, domain: str) -> Path:
    return root / FOLDER / language / f"{domain}.po"


def _texts(path: Path, language: str) -> dict[str, str]:
    if not path.is_file():
        return {}
    said = [one for one in _opened(path, language) if one.id and one.string and not one.fuzzy]
    pairs = [(str(one.id), str(one.string), one.lineno) for one in said]
    BuildError.raise_if(
        Fault(
            file=str(path),
            row=row,
            expected=f"each number of {text!r} once",
            found=other,
            mend="write every number in braces exactly as often as the first language has it",
        )
        for text, other, row in pairs
        if path.stem != "prose" and slots(text) != slots(other)
    )
    return {text: other for text, other, _ in pairs}


def _opened(path: Path, language: str) -> Catalog:
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            return read_po(file, locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise BuildError.of(
            file=str(path),
            expected="a gettext catalogue in UTF-8",
            found=str(error),
            mend="mend the line, or restore the file from version control",
        ) from error


def _write(path: Path, catalog: Catalog, *, language: str) -> None:
    from babel.messages.pofile import write_po

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(_HEADER.format(language=language).encode())
        write_po(file, catalog, width=_WIDTH, omit_header=True, sort_output=False)
    part.replace(path)
