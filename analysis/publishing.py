"""Putting a finished folder in the place of an old one: in one move, or not at all.

A reader, or a process killed at any moment, finds the old folder or the new one, each whole.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from analysis.errors import BuildError

_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS
_HERE = -100  # AT_FDCWD
_LOCK = ".lock"


def publish(built: Path, *, out: Path) -> None:
    """Put the folder `built` in the place of `out`; what stood there goes last.

    Parameters
    ----------
    built : Path
        A finished folder. It is gone from its old place afterwards.
    out : Path
        Where it goes. It may be on another disk.

    Notes
    -----
    The new folder is first brought beside `out` under a hidden name. Then the system exchanges
    the two names in one step (Linux, macOS). Where it cannot, the old folder is renamed, and the
    new one takes its name; `recover` puts the old one back if the process is killed between.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    recover(out)
    fresh = Path(tempfile.mkdtemp(prefix=_hidden(out), dir=out.parent))
    try:
        new, old = fresh / "new", fresh / "old"
        shutil.move(built, new)
        new.chmod(0o755)
        if not out.exists():
            new.rename(out)
        elif not _exchange(new, out):
            _swap(new, out, old)
    finally:
        if out.exists():
            shutil.rmtree(fresh, ignore_errors=True)


def recover(out: Path) -> None:
    """Clear away what a killed process left beside `out`, and put an old folder back if needed."""
    for left in sorted(out.parent.glob(f"{_hidden(out)}*")):
        old = left / "old"
        if old.is_dir() and not out.exists():
            old.rename(out)
        shutil.rmtree(left, ignore_errors=True)


def _hidden(out: Path) -> str:
    return f".{out.name}-publishing-"


def _swap(new: Path, out: Path, old: Path) -> None:
    out.rename(old)
    try:
        new.rename(out)
    except OSError:
        old.rename(out)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the disk cannot."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        first, second = os.fsencode(one), os.fsencode(other)
        if sys.platform == "darwin":
            return bool(library.renamex_np(first, second, _EXCHANGE) == 0)
        return bool(library.renameat2(_HERE, first, _HERE, second, _EXCHANGE) == 0)
    except (AttributeError, OSError, TypeError):
        return False


@contextmanager
def alone(place: Path, *, doing: str) -> Iterator[None]:
    """Hold `place` for this process; the system lets go of it when the process ends, killed or not.

    Parameters
    ----------
    place : Path
        A folder; its lock lies beside it under a hidden name.
    doing : str
        What the process does, for the message to a second one.

    Raises
    ------
    BuildError
        Another process holds it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock_of(place)
    with _opened(lock) as file:
        if not _taken(file.fileno()):
            raise BuildError.of(
                file=str(place),
                expected=f"one process {doing} at a time",
                found="another one that is still at work",
                mend="wait until it has ended, or give another folder",
            )
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()


@contextmanager
def _opened(lock: Path) -> Iterator[BinaryIO]:
    """Open the lock file that bears the name now: one that was just taken away does not count."""
    while True:
        with lock.open("a+b") as file:
            with suppress(OSError):
                if os.fstat(file.fileno()).st_ino != lock.stat().st_ino:
                    continue
            yield file
            return


def forget(folder: Path, *, beginning: str = "") -> None:
    """Remove the locks of things in a folder, of a given beginning, that killed processes left."""
    for lock in folder.glob(f".{beginning}*{_LOCK}"):
        place = folder / lock.name[1:].removesuffix(_LOCK)
        if not place.exists() and not is_held(place):
            lock.unlink(missing_ok=True)


def is_held(place: Path) -> bool:
    """Whether a living process holds `place`."""
    lock = _lock_of(place)
    if not lock.is_file():
        return False
    with lock.open("r+b") as file:
        return not _taken(file.fileno())


def _lock_of(place: Path) -> Path:
    return place.parent / f".{place.name}{_LOCK}"


def _taken(descriptor: int) -> bool:
    """Take the lock of an open file, if nobody holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
