"""Declarations of any number, made by DuckDB without holding them in memory."""

from __future__ import annotations

from pathlib import Path

#: 240 zones over 48 months; a third of them reformed in month 24: 24 leads and 24 lags.
ZONES, MONTHS, TREATED, REFORM, EFFECT = 240, 48, 80, 24, -2.0


def make(rows: int, folder: Path) -> Path:
    """Write `rows` declarations as one Parquet file, unless it is there; return its path."""
    import duckdb

    path = folder / f"declarations-{rows}.parquet"
    if path.exists():
        return path
    part = path.with_suffix(".part")
    query = f"""
        SELECT zone::USMALLINT AS zone, month::UTINYINT AS month,
               CASE WHEN zone < {TREATED} THEN {REFORM}::UTINYINT END AS first,
               round(24 + zone / 16.0 + month / 8.0 + (draw % 90001) / 5000.0
                     + CASE WHEN zone < {TREATED} AND month >= {REFORM} THEN {EFFECT} ELSE 0 END,
                     2)::DOUBLE AS hours
        FROM (SELECT draw, (draw >> 32) % {ZONES} AS zone, i * {MONTHS} // {rows} AS month
              FROM (SELECT i, hash(i) AS draw FROM range({rows}) r(i)))
    """
    connection = duckdb.connect(config={"memory_limit": "2GB", "preserve_insertion_order": True})
    connection.execute(f"COPY ({query}) TO '{part}' (FORMAT parquet, ROW_GROUP_SIZE 1000000)")
    connection.close()
    part.rename(path)
    return path
