"""The table on which supplied files are spread: an embedded database with bounds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from analysis.errors import DataError
from analysis.methods import resources
from analysis.supply.words import literal, quoted

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A database in a folder of its own that goes when the work is done.

    Attributes
    ----------
    backend : ibis backend
    folder : Path
        For links to supplied files and for copies in UTF-8.
    """

    backend: Any
    folder: Path

    def run(self, sql: str) -> None:
        """Run one statement.

        Raises
        ------
        DataError
            There is too little memory or disk, or a file is broken inside.
        """
        self.ask(sql)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one query and return its rows."""
        import duckdb

        try:
            return list(self.backend.con.execute(sql).fetchall())
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
        raise DataError.of(
            expected="files that can be read to their end, and memory and disk to do it",
            found=said,
            mend="write the file again; close other programs, or free some disk",
        )

    def table(self, name: str) -> ibis.Table:
        """Return a table as Ibis sees it."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
            found: ibis.Table = self.backend.table(name)
            return found

    def put(self, name: str, table: pa.Table) -> None:
        """Put an Arrow table on the desk."""
        self.backend.con.register("incoming", table)
        self.run(f"CREATE TABLE {quoted(name)} AS SELECT * FROM incoming")
        self.backend.con.unregister("incoming")

    def link(self, path: Path, *, name: str) -> str:
        """Give a supplied file a name of ours, so that no sign of its own is ever interpreted."""
        link = self.folder / name
        link.symlink_to(path.resolve())
        return literal(str(link))


@contextmanager
def laid_out(*, large: bool) -> Iterator[Desk]:
    """Give a desk; with `large` its tables lie on disk, not in memory."""
    import ibis

    room = resources.room_to_work()
    with TemporaryDirectory(prefix="analysis-") as name:
        folder = Path(name)
        backend = ibis.duckdb.connect(
            str(folder / "desk.duckdb") if large else ":memory:",
            temp_directory=str(folder / "spill"),
            memory_limit=f"{room.memory // 2**20}MiB",
            max_temp_directory_size=f"{room.disk // 2**20}MiB",
        )
        try:
            for setting in _SETTINGS:
                backend.con.execute(setting)
            yield Desk(backend=backend, folder=folder)
        finally:
            backend.disconnect()


#: Nothing is fetched or loaded on behalf of a file; a time stamp means the same everywhere.
_SETTINGS: Sequence[str] = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET TimeZone = 'UTC'",
    "SET enable_progress_bar = false",
)
