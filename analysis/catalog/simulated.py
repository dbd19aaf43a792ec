"""Simulated tables written from the truth a reform declares; the only room that makes data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.catalog.files import REFORMS, SOURCES, read_toml
from analysis.catalog.reforms import list_reforms, load_study
from analysis.catalog.tables import load_source
from analysis.declarations import Source, Truth
from analysis.errors import DeclarationError, Fault

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Rows of a piece written at once: bounds memory, whatever the size of the file.
PIECE = 1_000_000
#: How hard bytes are pressed: for the repository, and where there are very many.
SMALL, QUICK = 12, 1


def write_simulated(root: Path, *, only: str | None = None) -> tuple[Path, ...]:
    """Draw the tables of every reform that declares a truth, and note their checksums.

    Parameters
    ----------
    root : pathlib.Path
    only : str, optional
        Id of the one reform whose tables are wanted.

    Returns
    -------
    tuple of Path
        Files written, ``data/sources.toml`` not counted.

    Raises
    ------
    DeclarationError
        A truth names a source that is not of kind simulated: real data are never overwritten.
    """
    written: list[Path] = []
    for reform_id in list_reforms(root) if only is None else (only,):
        truth = load_study(root, reform_id).truth
        if truth is not None:
            written += _write(root, truth, file=f"{REFORMS}/{reform_id}.toml")
    return tuple(written)


def write_many(root: Path, reform_id: str, *, rows: int, folder: Path) -> tuple[Path, ...]:
    """Draw the tables of one reform with about so many rows, in pieces, outside the project.

    Parameters
    ----------
    root : pathlib.Path
    reform_id : str
    rows : int
        Rows wanted; cells, shocks and effects stay those of the declared truth.
    folder : pathlib.Path
        Where the files go; made if it is not there.

    Returns
    -------
    tuple of Path
        Parquet files of the names the sources declare.

    Raises
    ------
    DeclarationError
        The reform declares no truth.
    """
    from analysis import simulation

    truth = load_study(root, reform_id).truth
    if truth is None:
        raise DeclarationError.of(
            expected="a reform that declares a truth",
            found=reform_id,
            mend="choose another one, or declare a [truth] table",
        )
    held = simulation.world(truth)
    big = simulation.enlarged(held, rows=rows)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, tables in (
        (truth.rows, simulation.pieces(big, at_most=PIECE)),
        (truth.starts, [simulation.starts(held)]),
    ):
        source = load_source(root, name)
        paths.append(folder / Path(source.file).name)
        _write_parquet(paths[-1], source, tables, level=QUICK)
    return tuple(paths)


def _write(root: Path, truth: Truth, *, file: str) -> list[Path]:
    from analysis import simulation

    sources = [load_source(root, name) for name in (truth.rows, truth.starts)]
    DeclarationError.raise_if(
        [
            Fault(
                expected="a source of kind simulated",
                found=f"{source.id}, which is {source.kind}",
                mend="name another source: only simulated data are drawn",
                file=file,
                column="truth",
            )
            for source in sources
            if source.kind != "simulated"
        ]
    )
    drawn = simulation.draw(truth)
    paths = []
    for source, table in zip(sources, (drawn.rows, drawn.starts), strict=True):
        path = root / "data" / source.file
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_parquet(path, source, [table], level=SMALL)
        _note(root, source.id, hashlib.sha256(path.read_bytes()).hexdigest())
        paths.append(path)
    return paths


def _write_parquet(
    path: Path, source: Source, tables: Iterable[pd.DataFrame], *, level: int
) -> None:
    """Write tables one after the other; nothing but the rows and the writer goes into the bytes."""
    import pyarrow.parquet as pq

    schema = _schema(source)
    texts = [name for name, column in source.columns.items() if column.type == "text"]
    counted = {name: "DELTA_BINARY_PACKED" for name in source.key if name not in texts}
    single = counted if len(source.key) == 1 else {}
    numbers = [n for n in source.columns if n not in single]
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=level,
        use_dictionary=numbers,
        column_encoding=single or None,
        store_schema=False,
    ) as writer:
        for table in _arrow(tables, schema):
            writer.write_table(table, row_group_size=PIECE)


def _schema(source: Source) -> pa.Schema:
    import pyarrow as pa

    kinds = {"whole": pa.int32(), "number": pa.float64()}
    return pa.schema(
        [(name, kinds.get(column.type, pa.string())) for name, column in source.columns.items()]
    )


def _arrow(tables: Iterable[pd.DataFrame], schema: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa

    for table in tables:
        made = pa.Table.from_pandas(table[schema.names], preserve_index=False)
        yield made.cast(schema).replace_schema_metadata(None)


def _note(root: Path, source_id: str, sha256: str) -> None:
    """Put a checksum into the record of a source; every key stands on a line of its own."""
    text, _ = read_toml(root, SOURCES)
    head, *held = re.split(r"(?m)^(?=\[\[source\]\]$)", text)
    for number, record in enumerate(held):
        if re.search(rf'(?m)^id = "{re.escape(source_id)}"$', record):
            held[number] = re.sub(r'(?m)^sha256 = ".*"$', f'sha256 = "{sha256}"', record, count=1)
    (root / SOURCES).write_text("".join([head, *held]), encoding="utf-8", newline="\n")
