"""Every error a user can meet: where it is, what was expected, what was found, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with an input.

    Attributes
    ----------
    expected, found, mend : str
        What should stand there, what stands there, and what to do about it.
    file : str or None
        File as the user knows it (relative to the project or the data folder).
    row : int or None
        Line of a text file, header included: the first data row of a CSV file is row 2.
    column : str or None
        Column of a table, or the dotted key of a declaration.
    """

    expected: str
    found: str
    mend: str
    file: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Say place, expectation, finding and mend in one line."""
        place = ", ".join(
            part
            for part in (
                self.file,
                None if self.row is None else f"row {self.row}",
                None if self.column is None else f"column {self.column}",
            )
            if part
        )
        said = f"expected {self.expected}; found {self.found}. To mend: {self.mend}"
        return f"{place}: {said}" if place else said


class AnalysisError(Exception):
    """Base of all errors of this package; carries every fault found, not only the first.

    Parameters
    ----------
    *faults : Fault
        At least one.
    """

    def __init__(self, *faults: Fault) -> None:
        if not faults:
            raise ValueError("an AnalysisError needs at least one Fault")
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))

    @classmethod
    def of(
        cls,
        *,
        expected: str,
        found: str,
        mend: str,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> Self:
        """Make the error from one fault; the arguments are those of `Fault`."""
        return cls(
            Fault(expected=expected, found=found, mend=mend, file=file, row=row, column=column)
        )

    @classmethod
    def raise_if(cls, faults: Iterable[Fault]) -> None:
        """Raise one error with all `faults`, or return when there are none."""
        gathered = tuple(faults)
        if gathered:
            raise cls(*gathered)


class DeclarationError(AnalysisError):
    """A declaration (TOML) that cannot be read, or says something it must not."""


class DataError(AnalysisError):
    """A data file that is missing, changed, or breaks its contract."""


class PanelError(AnalysisError):
    """A table that is not a panel of unit x time cells."""


class IdentificationError(AnalysisError):
    """An effect that the panel and the design cannot identify."""


class BuildError(AnalysisError):
    """A report that could not be built or published."""
