"""From bytes to typed tables, held to the column contracts of their sources. Opens no file."""

from analysis.contracts.parquet import parse_parquet
from analysis.contracts.strict import decode, parse_cell, parse_table

__all__ = ["decode", "parse_cell", "parse_parquet", "parse_table"]
