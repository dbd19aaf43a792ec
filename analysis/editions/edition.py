"""The report in another language: the same executed pages with other words, and no other number."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from analysis.editions import prose, shown
from analysis.editions.catalogue import (
    Catalogue,
    Message,
    languages,
    message_key,
    read_catalogue,
)

#: Receives the catalogue a text belongs to and the text, returns what takes its place.
Say = Callable[[str, str], str]

CONFIG, CONTENTS, BOOK = "_config.yml", "_toc.yml", "book"
#: Beside the pages, what the frame of a page is made from.
_FRAME = ("CITATION.cff", "data/sources.toml")
#: Where the other editions are built: the builder of the first passes over its own output.
_STAGE = "_build/editions"


def collect(staging: Path) -> tuple[Message, ...]:
    """List every text of a report whose notebooks have been run, in the order of its contents.

    Parameters
    ----------
    staging : Path
        Folder with `_config.yml`, `_toc.yml` and `book/`.
    """
    found: dict[tuple[str, str], Message] = {}
    for place, rewrite in _parts(staging):

        def keep(domain: str, text: str, place: str = place) -> str:
            key = message_key(domain, text)
            if key is not None:
                found.setdefault((domain, key), Message(domain=domain, text=key, file=place))
            return text

        rewrite(keep)
    shown_too = {key for domain, key in found if domain == "shown"}
    return tuple(
        one for one in found.values() if one.domain != "figures" or one.text not in shown_too
    )


def write_editions(staging: Path) -> dict[str, Path]:
    """Write the report in every other language beside the first, ready to be built.

    Parameters
    ----------
    staging : Path
        Folder with the executed report and its `locale/`. Its settings are told of the editions,
        so that every page can lead to its twins.

    Returns
    -------
    dict
        By folder of the address (``zh``), the folder to build.
    """
    from babel import Locale

    first = str(_sphinx(_settings(staging)).get("language", "en"))
    folders = {first: staging}
    for language in languages(staging):
        folders[language] = staging / _STAGE / language
        _write_edition(staging, folders[language], texts=read_catalogue(staging, language))
    locales = {language: Locale.parse(language) for language in folders}
    for language, folder in folders.items():
        up = "" if language == first else "../"
        twins = [
            {
                "tag": other.replace("_", "-"),
                "name": str(locale.get_language_name()),
                "path": up if other == first else f"{up}{locale.language}/",
            }
            for other, locale in locales.items()
            if other != language
        ]
        _tell(folder, language=language, twins=twins)
    return {locales[name].language: path for name, path in folders.items() if name != first}


def _write_edition(staging: Path, target: Path, *, texts: Catalogue) -> None:
    target.mkdir(parents=True)
    shutil.copytree(staging / BOOK, target / BOOK)
    for name in (CONFIG, CONTENTS, *_FRAME):
        if (staging / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(staging / name, target / name)
    for place, rewrite in _parts(target):
        (target / place).write_text(rewrite(texts.say), encoding="utf-8")


def _parts(folder: Path) -> Iterator[tuple[str, Callable[[Say], str]]]:
    """Yield every file that holds words, with a function that returns it in other words."""
    yield CONFIG, lambda say: _config(folder / CONFIG, say)
    yield CONTENTS, lambda say: _contents(folder / CONTENTS, say)
    for name in _pages(folder):
        path = folder / name
        make = _notebook if path.suffix == ".ipynb" else _page
        yield name, lambda say, make=make, path=path: make(path, say)  # type: ignore[misc]


def _pages(folder: Path) -> Iterator[str]:
    """Yield the pages in the order of the contents."""
    held = yaml.safe_load((folder / CONTENTS).read_text(encoding="utf-8"))

    def names(node: dict[str, Any]) -> Iterator[str]:
        yield from (str(node[key]) for key in ("root", "file") if key in node)
        for below in ("parts", "chapters", "sections"):
            for child in node.get(below, []):
                yield from names(child)

    for name in names(held):
        yield next(
            f"{name}{kind}" for kind in (".ipynb", ".md") if (folder / f"{name}{kind}").is_file()
        )


def _page(path: Path, say: Say) -> str:
    source = path.read_text(encoding="utf-8")
    return prose.rewrite(source, lambda block: say("prose", block))


def _notebook(path: Path, say: Say) -> str:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            source = "".join(cell["source"])
            cell["source"] = prose.rewrite(source, lambda block: say("prose", block))
        for output in cell.get("outputs", ()):
            if "data" in output:
                output["data"] = shown.translated(
                    output["data"],
                    lambda text: say("shown", text),
                    label=lambda text: say("figures", text),
                )
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _config(path: Path, say: Say) -> str:
    settings = _settings(path.parent)
    for name in ("title", "author"):
        if name in settings:
            settings[name] = say("shown", settings[name])
    options = _sphinx(settings).get("html_theme_options", {})
    if "search_bar_text" in options:
        options["search_bar_text"] = say("shown", options["search_bar_text"])
    return str(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False))


def _contents(path: Path, say: Say) -> str:
    held = yaml.safe_load(path.read_text(encoding="utf-8"))
    for part in held.get("parts", []):
        if "caption" in part:
            part["caption"] = say("shown", part["caption"])
    return str(yaml.safe_dump(held, allow_unicode=True, sort_keys=False))


def _tell(folder: Path, *, language: str, twins: list[dict[str, str]]) -> None:
    """Write into the settings of an edition its language, and where the others lie."""
    settings = _settings(folder)
    _sphinx(settings).update(language=language, editions=twins)
    written = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)
    (folder / CONFIG).write_text(written, encoding="utf-8")


def _settings(folder: Path) -> dict[str, Any]:
    held: dict[str, Any] = yaml.safe_load((folder / CONFIG).read_text(encoding="utf-8"))
    return held


def _sphinx(settings: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = settings.setdefault("sphinx", {}).setdefault("config", {})
    return config
