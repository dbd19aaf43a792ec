"""How offices head our columns: data/office.toml; a project may do without."""

from __future__ import annotations

from pathlib import Path

from analysis.catalog.files import read_toml
from analysis.declarations import declare
from analysis.declarations.office import Office

OFFICE = "data/office.toml"


def load_office(root: Path) -> Office:
    """Read the headings, time stamps and names that offices use.

    Raises
    ------
    DeclarationError
        The file has faults: all are named, with their lines.
    """
    if not (root / OFFICE).is_file():
        return Office()
    text, content = read_toml(root, OFFICE)
    return declare(Office, content, file=OFFICE, text=text)
