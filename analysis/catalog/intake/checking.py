"""`check` of a supplied folder: everything that was found, and a file with the open questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from analysis.catalog.intake.folder import PROPOSED
from analysis.catalog.intake.take import taken_in
from analysis.supply.intake import Intake, proposal


def check_supplied(root: Path, folder: Path, *, say: Callable[[str], None]) -> Intake:
    """Check a supplied folder; where something is to be decided, write a proposal into it.

    Raises
    ------
    DataError, DeclarationError
        No folder, or declarations or a decisions file with faults.
    """
    with taken_in(root, folder, say=say) as handover:
        intake = handover.intake
    path = folder / PROPOSED
    if intake.doubts:
        path.write_text(proposal(intake.doubts), encoding="utf-8", newline="\n")
    else:
        path.unlink(missing_ok=True)
    return intake
