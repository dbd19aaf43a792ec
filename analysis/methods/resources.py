"""Memory and disk that are there before a long pass begins."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import DataError

#: Least memory and disk with which a pass is begun, in bytes.
LEAST_MEMORY = 256 * 2**20
LEAST_DISK = 64 * 2**20
#: Share of the free memory and disk that a pass may take.
SHARE = 0.8
#: Memory to plan with where the system does not tell.
UNKNOWN_MEMORY = 2 * 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bytes of memory and disk that a pass may use."""

    memory: int
    disk: int


def room_to_work() -> Room:
    """Return what a pass may use.

    Raises
    ------
    DataError
        If there is too little to begin.
    """
    memory, disk = free_memory(), shutil.disk_usage(tempfile.gettempdir()).free
    for free, least, what in ((memory, LEAST_MEMORY, "memory"), (disk, LEAST_DISK, "disk")):
        if free < least:
            raise DataError.of(
                expected=f"at least {least // 2**20} MiB of free {what} to begin a pass",
                found=f"{free // 2**20} MiB",
                mend="close other programs, free some space, or pass engine= of a larger machine",
            )
    return Room(memory=max(LEAST_MEMORY, int(SHARE * memory)), disk=int(SHARE * disk))


def free_memory() -> int:
    """Free memory in bytes: of the machine, or of the container if that has less."""
    free = _field("/proc/meminfo", "MemAvailable:")
    known = UNKNOWN_MEMORY if free is None else free * 1024
    limit = _number("/sys/fs/cgroup/memory.max")
    if limit is None:
        return known
    return min(known, limit - (_number("/sys/fs/cgroup/memory.current") or 0))


def _field(file: str, name: str) -> int | None:
    path = Path(file)
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)


def _number(file: str) -> int | None:
    path = Path(file)
    text = path.read_text().strip() if path.is_file() else ""
    return int(text) if text.isdigit() else None
