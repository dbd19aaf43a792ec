"""Notebooks run from beginning to end, and the tidy form in which they are stored."""

from __future__ import annotations

import asyncio
import atexit
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from analysis.errors import BuildError, Fault

Say = Callable[[str], None]

TIMEOUT = 600
"""Seconds a single cell may take."""

STARTUP = 300
"""Seconds that a kernel may take to start; on a machine at work a minute is not enough."""

AT_ONCE = 2
"""Notebooks that are run side by side."""

_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def find_notebooks(book: Path) -> tuple[Path, ...]:
    """All notebooks below `book`, in the order of their names."""
    return tuple(
        path for path in sorted(book.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts
    )


def execute(
    paths: Iterable[Path],
    *,
    say: Say,
    at_once: int = AT_ONCE,
    done: Callable[[Path], None] | None = None,
) -> None:
    """Run notebooks in their own folders and write their outputs back into them.

    Parameters
    ----------
    paths : iterable of Path
        Notebooks; each is run by a fresh kernel of this very Python.
    say : callable
        Receives a line of progress for every notebook.
    at_once : int
        How many kernels may run at the same time.
    done : callable, optional
        Called with every notebook that ran well, as soon as it is written.

    Raises
    ------
    BuildError
        With one fault for every notebook that failed, or that wrote to the error stream.
    """
    work = _execute_all(tuple(paths), say=say, at_once=at_once, done=done or _nothing)
    with asyncio.Runner(loop_factory=_Loop) as runner:
        faults = runner.run(work)
    BuildError.raise_if(faults)


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose runner alone answers signals.

    A client of a kernel would answer an interruption by ending its own kernel, and nothing else.
    """

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Any, *args: Any
    ) -> None:
        """Refuse, in the way that clients of kernels expect."""
        del sig, callback, args
        raise RuntimeError


def _nothing(path: Path) -> None:
    """Do nothing with a finished notebook."""
    del path


async def _execute_all(
    paths: tuple[Path, ...], *, say: Say, at_once: int, done: Callable[[Path], None]
) -> list[Fault]:
    gate = asyncio.Semaphore(at_once)
    count = 0

    async def one(path: Path) -> Fault | None:
        nonlocal count
        async with gate:
            begun = time.monotonic()
            fault = await _execute_one(path)
        count += 1
        if fault is None:
            done(path)
        state = "failed" if fault else f"{time.monotonic() - begun:.1f} s"
        say(f"  [{count}/{len(paths)}] {path.name}: {state}")
        return fault

    found = await asyncio.gather(*(one(path) for path in paths))
    return [fault for fault in found if fault is not None]


async def _execute_one(path: Path) -> Fault | None:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    _forget(notebook)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        startup_timeout=STARTUP,
        kernel_name="python3",
        record_timing=False,
        force_raise_errors=True,
    )
    try:
        # What a kernel says of itself is not for the analyst; what a cell says is kept in the page.
        await client.async_execute(
            cwd=str(path.parent), env=kernel_environment(), stderr=subprocess.DEVNULL
        )
    except CellExecutionError as error:
        return _failed(path, notebook, f"{error.ename}: {_one_line(error.evalue)}")
    except CellTimeoutError:
        return _failed(path, notebook, f"no answer within {TIMEOUT} seconds")
    except DeadKernelError:
        return _failed(path, notebook, "the kernel died")
    finally:
        if client.km is None:  # a client that was interrupted would end its kernel once more
            atexit.unregister(client._cleanup_kernel)
    _store(notebook, path)
    return _complaint(path, notebook)


def _store(notebook: Any, path: Path) -> None:
    """Write a notebook in one move: pages that read other pages never see half of one."""
    import nbformat

    part = path.with_suffix(".part")
    nbformat.write(notebook, part)
    part.replace(path)


def kernel_environment() -> dict[str, str]:
    """Environment of a kernel: this package can be imported, and nothing depends on the machine."""
    package_folder = str(Path(__file__).resolve().parent.parent)
    already = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (package_folder, already))),
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PATH": os.pathsep.join(
            filter(None, (str(Path(sys.executable).parent), os.environ.get("PATH")))
        ),
    }


def _code_cells(notebook: Any) -> Iterator[tuple[int, Any]]:
    return ((n, cell) for n, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code")


def _forget(notebook: Any) -> None:
    for _, cell in _code_cells(notebook):
        cell.outputs = []
        cell.execution_count = None


def _failed(path: Path, notebook: Any, found: str) -> Fault:
    number, source = max(
        (
            (n, cell.source)
            for n, cell in _code_cells(notebook)
            if cell.execution_count or cell.outputs
        ),
        default=(1, ""),
    )
    line = _first_line(source)
    return Fault(
        file=path.name,
        row=None,
        expected=f"cell {number} ({line!r}) to run",
        found=found,
        mend="run the cells of the page in Python one by one, and mend the cell or its data",
    )


def _complaint(path: Path, notebook: Any) -> Fault | None:
    """Say what a cell wrote to the error stream: warnings do not pass into a report."""
    for number, cell in _code_cells(notebook):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                return Fault(
                    file=path.name,
                    expected=f"cell {number} to write nothing to the error stream",
                    found=_last_line(output.text),
                    mend="treat the cause of the warning; do not silence it",
                )
    return None


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _one_line(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _last_line(text: str) -> str:
    return _first_line("\n".join(reversed(text.splitlines())))


def tidy(path: Path) -> None:
    """Store a notebook so that a change of it shows nothing but numbers and words.

    Pictures and clocks are taken out, the kernel is named `python3` on every machine.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.from_dict(_METADATA)
    for _, cell in _code_cells(notebook):
        cell.metadata.pop("execution", None)
        cell.metadata.pop("collapsed", None)
        for output in cell.outputs:
            output.get("metadata", {}).pop("image/png", None)
            for kind in [kind for kind in output.get("data", {}) if "image/" in kind]:
                del output.data[kind]
    nbformat.write(notebook, path)


def refresh(book: Path, *, say: Say) -> None:
    """Run every notebook below `book` in place and store it tidily."""
    paths = find_notebooks(book)
    execute(paths, say=say)
    for path in paths:
        tidy(path)
