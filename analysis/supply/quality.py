"""Records of the data quality report: counts only, no cell, no name of a unit or a firm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was repaired or decided, and how often it was met."""

    kind: str
    source: str
    column: str
    what: str
    answer: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One supplied table in numbers; `sha256` and `bytes` are those of the file as supplied."""

    source: str
    sha256: str
    bytes: int
    rows_supplied: int
    rows_used: int
    units: int
    times: int
    cells: int
    cells_without_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The whole report; empty when nothing was supplied."""

    lines: tuple[Line, ...]
    tables: tuple[Table, ...]
