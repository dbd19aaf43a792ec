"""Which supplied sources the user has declared open: no disclosure control holds for them."""

from __future__ import annotations

import re
from pathlib import Path

from analysis.catalog.files import SOURCES, read_toml
from analysis.catalog.intake.folder import DECISIONS
from analysis.catalog.intake.take import read_decisions
from analysis.catalog.tables import load_sources
from analysis.errors import DeclarationError, Fault


def open_sources(staging: Path, supplied: Path) -> tuple[str, ...]:
    """Mark in the staged records what the decisions beside the supplied files declare open.

    Parameters
    ----------
    staging : Path
        With the supplied files laid in.
    supplied : Path
        Folder of the user.

    Returns
    -------
    tuple of str
        Ids of the sources that are open now.

    Raises
    ------
    DeclarationError
        A source is named that was not supplied.
    """
    named = read_decisions(supplied).open
    real = [one.id for one in load_sources(staging) if one.kind == "real"]
    DeclarationError.raise_if(
        Fault(
            file=DECISIONS,
            column="open",
            expected="sources you supply: " + (", ".join(real) or "none is there"),
            found=repr(name),
            mend="correct the name, or take it out",
        )
        for name in named
        if name not in real
    )
    text, _ = read_toml(staging, SOURCES)
    head, *records = re.split(r"(?m)^(?=\[\[source\]\]$)", text)
    for number, record in enumerate(records):
        found = re.search(r'(?m)^id = "(.*)"$', record)
        if found is not None and found[1] in named:
            records[number] = re.sub(r"(?m)^(kind = .*)$", r"\1\nopen = true", record, count=1)
    whole = "".join([head, *records])
    (staging / SOURCES).write_text(whole, encoding="utf-8", newline="\n")
    return tuple(one.id for one in load_sources(staging) if one.open)
