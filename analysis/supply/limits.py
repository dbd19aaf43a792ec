"""How much of a supplied file is taken before it is looked at: the one place with all limits."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Largest sizes of what a user may supply; what is larger is refused, not read.

    Attributes
    ----------
    text_bytes, parquet_bytes, workbook_bytes, toml_bytes : int
        Size of one file on disk.
    files : int
        Files in the folder.
    unpacked_bytes, unpacked_ratio, members : int
        A workbook once unpacked: bytes, bytes for each byte on disk, and parts.
    rows : int
        Rows of one table.
    rows_a_byte, few_rows : int
        A Parquet file that claims more rows than `few_rows` may claim so many for each byte.
    columns : int
        Columns of one table.
    cell : int
        Characters of one cell.
    in_python_bytes : int
        Text files up to this size are read cell by cell; larger ones by the database.
    shown : int
        Rows of one kind of fault that are shown; the others are counted.
    """

    text_bytes: int = 64 * 1024 * MIB
    parquet_bytes: int = 64 * 1024 * MIB
    workbook_bytes: int = 100 * MIB
    toml_bytes: int = MIB
    files: int = 500
    unpacked_bytes: int = 600 * MIB
    unpacked_ratio: int = 150
    members: int = 2_000
    rows: int = 1_000_000_000
    rows_a_byte: int = 16
    few_rows: int = 10_000_000
    columns: int = 200
    cell: int = 2_000
    in_python_bytes: int = 32 * MIB
    shown: int = 5


LIMITS = Limits()
