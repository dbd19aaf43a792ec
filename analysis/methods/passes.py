"""Run one long query: tell how far it is, stop at once when asked, leave nothing behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.errors import DataError

if TYPE_CHECKING:
    import ibis
    from ibis.backends import BaseBackend

#: Called now and then with the share of the work done, 0 to 1.
Progress = Callable[[float], None]

#: Seconds between two looks, and before the first word on a terminal.
LOOK_EVERY = 0.2
SILENT_FOR = 2.0


def run(
    expression: ibis.Expr, connection: BaseBackend, *, progress: Progress | None = None
) -> pd.DataFrame:
    """Execute `expression` and return its rows.

    Parameters
    ----------
    expression : ibis.Expr
    connection : ibis backend
    progress : callable, optional
        Called with the share done; without it a long pass tells on the terminal, if there is one.

    Raises
    ------
    DataError
        If the engine cannot read the data or runs out of memory or disk.
    KeyboardInterrupt
        If the user stops it; the engine has stopped too.
    """
    if connection.name != "duckdb":
        return pd.DataFrame(connection.execute(expression))
    engine = connection.con
    tell = progress or _terminal()
    with ThreadPoolExecutor(max_workers=1) as pool:
        work = pool.submit(lambda: connection.to_pyarrow(expression).to_pandas())
        try:
            _wait(work, engine, tell)
        finally:
            if not work.done():  # the user stopped it, or telling failed
                engine.interrupt()
        return _result(work)


def _wait(work: Future[pd.DataFrame], engine: Any, tell: Progress | None) -> None:
    while True:
        try:
            work.exception(timeout=LOOK_EVERY)
        except NotYet:
            if tell is not None:
                tell(min(1.0, max(0.0, engine.query_progress() / 100)))
        else:
            return


def _result(work: Future[pd.DataFrame]) -> pd.DataFrame:
    import duckdb

    try:
        return work.result()
    except duckdb.OutOfMemoryException as error:
        raise DataError.of(
            expected="enough memory and temporary disk for one pass",
            found=str(error).splitlines()[0],
            mend="free memory, use fewer categories or bins, or pass engine= of a larger machine",
        ) from error
    except (duckdb.DataError, duckdb.InvalidInputException, duckdb.IOException) as error:
        raise DataError.of(
            expected="data that can be read as the columns asked for",
            found=" ".join(str(error).split())[:300],
            mend="correct the value or the file, or name another column",
        ) from error


def _terminal() -> Progress | None:
    if not sys.stderr.isatty():
        return None
    begun = time.monotonic()

    def tell(share: float) -> None:
        if time.monotonic() - begun > SILENT_FOR:
            end = "\n" if share >= 1 else ""
            sys.stderr.write(f"\rReading the microdata: {share:4.0%}{end}")
            sys.stderr.flush()

    return tell
