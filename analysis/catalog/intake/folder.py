"""What lies in a supplied folder: which files are taken, which are litter, which are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.declarations import Source
from analysis.errors import DataError, Fault
from analysis.supply.limits import LIMITS

DECISIONS = "decisions.toml"
PROPOSED = "decisions.proposed.toml"
DICTIONARY = ".dictionary.csv"
_OURS = (DECISIONS, PROPOSED, DICTIONARY)
_LITTER = re.compile(r"(\..*|~\$.*|thumbs\.db|desktop\.ini|__macosx)", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
TAKEN = (".csv", ".xlsx", ".parquet")
_INSTEAD = {
    ".xls": "open it in a spreadsheet and save it as .xlsx",
    ".xlsb": "open it in a spreadsheet and save it as .xlsx",
    ".xlsm": "save it as .xlsx, which holds no macros",
    ".et": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".zip": "unpack it, and put the tables into the folder",
    ".gz": "unpack it, and put the table into the folder",
    ".rar": "unpack it, and put the tables into the folder",
    ".7z": "unpack it, and put the tables into the folder",
    ".pkl": "write the table as CSV or Parquet: a pickle can run programs and is never opened",
    ".pickle": "write the table as CSV or Parquet: a pickle can run programs and is never opened",
}
#: First bytes of files, and what they are.
_MAGIC = (
    (b"PAR1", ".parquet", "a Parquet file"),
    (b"PK\x03\x04", ".xlsx", "a workbook or a zip archive"),
    (b"PK\x05\x06", ".zip", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", ".xls", "a workbook of an old kind, or one with a password"),
    (b"\x1f\x8b", ".gz", "a gzip archive"),
    (b"SQLite format 3", ".db", "a database"),
    (b"\x7fELF", ".exe", "a program"),
    (b"MZ", ".exe", "a program"),
    (b"%PDF", ".pdf", "a PDF"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One file of the folder, and the source it stands for."""

    path: Path
    source: Source
    kind: str

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was found in a folder."""

    offered: tuple[Offered, ...]
    litter: tuple[str, ...]
    faults: tuple[Fault, ...]


def check_folder(folder: Path) -> None:
    """Refuse what is no folder of this machine.

    Raises
    ------
    DataError
        An address, a file, or nothing there.
    """
    if _ADDRESS.match(str(folder)):
        raise DataError.of(
            file=str(folder),
            expected="a folder of this machine",
            found="an address",
            mend="fetch the files, put them into a folder, and name the folder",
        )
    if not folder.is_dir():
        raise DataError.of(
            file=str(folder),
            expected="a folder with data files",
            found="a file" if folder.exists() else "no such folder",
            mend="give the folder as DATA=folder",
        )


def list_files(folder: Path, sources: Sequence[Source], *, named: Mapping[str, str]) -> Listing:
    """Say what each file of a folder stands for; no file is opened beyond its first bytes.

    Parameters
    ----------
    folder : Path
    sources : sequence of Source
    named : mapping of str to str
        Files that a user said to hold a source.
    """
    known = _names(sources)
    offered: list[Offered] = []
    litter: list[str] = []
    faults: list[Fault] = []
    for path in sorted(folder.iterdir()):
        if _LITTER.fullmatch(path.name) or path.name.lower().endswith(_OURS):
            litter.append(path.name)
        else:
            fault = _refused(path)
            source = _meant(path, known, sources, named)
            if fault is None and source is None:
                fault = _unknown(path, known)
            if fault is not None:
                faults.append(fault)
            elif source is not None:
                offered.append(Offered(path=path, source=source, kind=path.suffix.lower()))
    faults.extend(_twice(offered))
    if not offered and not faults:
        faults.append(
            Fault(
                expected="at least one file named " + _few(sorted(known)),
                found="an empty folder" if not litter else "only " + _few(litter),
                mend="put the files into it; `python -m analysis template` shows their form",
                file=folder.name,
            )
        )
    if len(offered) > LIMITS.files:
        faults.append(_fault(folder, f"at most {LIMITS.files} files", f"{len(offered)}", "fewer"))
    return Listing(offered=tuple(offered), litter=tuple(litter), faults=tuple(faults))


def _names(sources: Sequence[Source]) -> dict[str, Source]:
    known: dict[str, Source] = {}
    for source in sources:
        for stem in (Path(source.file).stem, source.id, source.id.replace("-", "_")):
            known.setdefault(stem, source)
    return known


def _meant(
    path: Path, known: Mapping[str, Source], sources: Sequence[Source], named: Mapping[str, str]
) -> Source | None:
    if path.name in named:
        return next((one for one in sources if one.id == named[path.name]), None)
    return known.get(path.stem) or known.get(path.stem.lower())


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _fault(path: Path, expected: str, found: str, mend: str) -> Fault:
    return Fault(file=path.name, expected=expected, found=found, mend=mend)


def _unknown(path: Path, known: Mapping[str, Source]) -> Fault:
    names = sorted({Path(source.file).name for source in known.values()})
    near = [name for name in names if name[:4].lower() == path.name[:4].lower()] or names
    return _fault(
        path,
        "a file named " + ", ".join(near) + f" (or as {', '.join(TAKEN)})",
        repr(path.name),
        f'rename it, take it out, or write "{_plain(path.name)}" = "..." under [files] in '
        f"{DECISIONS}",
    )


def _plain(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode() if '"' in name else name


def _refused(path: Path) -> Fault | None:
    if path.is_symlink():
        return _fault(path, "a file", "a link", "put the file itself into the folder")
    if path.is_dir():
        return _fault(path, "a file", "a folder", "put the files directly into the data folder")
    if not path.is_file():
        return _fault(path, "a file", "a pipe or a device", "take it out of the folder")
    suffix = path.suffix.lower()
    if suffix in _INSTEAD:
        return _fault(path, f"a file as {', '.join(TAKEN)}", f"a {suffix} file", _INSTEAD[suffix])
    if suffix not in TAKEN:
        return None  # its name says more than its kind; see `_unknown`
    most = {
        ".csv": LIMITS.text_bytes,
        ".xlsx": LIMITS.workbook_bytes,
        ".parquet": LIMITS.parquet_bytes,
    }[suffix]
    if path.stat().st_size > most:
        return _fault(
            path,
            f"at most {most:,} bytes",
            f"{path.stat().st_size:,} bytes",
            "send large tables as Parquet or CSV" if suffix == ".xlsx" else "split the table",
        )
    return _content(path, suffix)


def _content(path: Path, suffix: str) -> Fault | None:
    with path.open("rb") as stream:
        head = stream.read(512)
    if not head.strip():
        return _fault(path, "a table", "an empty file", "fill it, or take it out of the folder")
    for magic, kind, what in _MAGIC:
        if head.startswith(magic) and kind != suffix:
            mend = _INSTEAD.get(kind, "put the table itself there, under the ending of its kind")
            return _fault(path, f"what the ending {suffix} says", what, mend)
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return _fault(path, f"what the ending {suffix} says", "a pickle", _INSTEAD[".pkl"])
    lower = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if lower.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        return _fault(
            path,
            f"what the ending {suffix} says",
            "a web page",
            "open it in a spreadsheet and save it as .xlsx or as CSV UTF-8",
        )
    wrong = {".parquet": b"PAR1", ".xlsx": b"PK\x03\x04"}.get(suffix)
    if wrong is not None and not head.startswith(wrong):
        return _fault(
            path,
            f"what the ending {suffix} says",
            "something else",
            "write the file again, or give it the ending of its kind",
        )
    return None


def _twice(offered: Sequence[Offered]) -> list[Fault]:
    held: dict[str, list[Offered]] = {}
    for one in offered:
        held.setdefault(one.source.id, []).append(one)
    return [
        _fault(
            group[-1].path,
            f"one file for the table {name}",
            "also " + ", ".join(one.path.name for one in group[:-1]),
            "keep one of them",
        )
        for name, group in held.items()
        if len(group) > 1
    ]
