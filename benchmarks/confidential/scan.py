"""Look for secrets in everything a folder holds: packed, encoded, in tables, in numbers."""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import math
import re
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Letters that a name must share with a text before they are compared whole.
SHARED = 8
#: Files in files are opened to this depth.
DEEPEST = 4
_WORD = re.compile(r"[0-9A-Za-z]{6,}")
#: Numbers as they stand between separators of any kind, and numbers with thousands set apart.
_NUMBERS = (
    re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"),
    re.compile(r"(?<!\d)\d{1,3}(?:[,\u2009\u202f]\d{3})+(?:\.\d+)?"),
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{32,}={0,2}")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One thing that must not be found: a name, or a number in any of its forms."""

    kind: str
    text: str
    number: float | None = None

    @property
    def core(self) -> str:
        """Letters and digits of the name."""
        return re.sub(r"[^0-9a-z]", "", self.text.lower())

    def forms(self) -> set[str]:
        """Ways to write the number with at least six digits that count."""
        if self.number is None:
            return set()
        value = self.number
        plain = {f"{value:.{digits}f}" for digits in range(1, 7)} | {repr(value), f"{value:.6g}"}
        short = {f"{value:.{digits}e}" for digits in (5, 6, 7)}
        logs = {f"{math.log(value):.{digits}f}" for digits in (4, 5, 6, 7, 8)} | {
            repr(math.log(value))
        }
        sums = {f"{value * 60:.2f}", f"{value / 24:.4f}"}  # in minutes, in days
        return plain | short | logs | sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret and the file it stands in."""

    secret: Secret
    file: str


def scan(folder: Path, secrets: Iterable[Secret]) -> list[Leak]:
    """Find secrets in all files below a folder, and in the names of the files."""
    by_start: dict[str, list[Secret]] = {}
    by_form: dict[str, Secret] = {}
    for secret in secrets:
        if secret.number is None:
            by_start.setdefault(secret.core[:SHARED], []).append(secret)
        by_form |= dict.fromkeys(secret.forms(), secret)
    found: list[Leak] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        views = [name, *(_views(path.read_bytes(), 0) if path.is_file() else ())]
        held = {secret for view in views for secret in _in(view, by_start, by_form)}
        found += [Leak(secret=secret, file=name) for secret in held]
    return found


def _in(
    view: str, by_start: dict[str, list[Secret]], by_form: dict[str, Secret]
) -> Iterator[Secret]:
    for word in {
        one.lower() for one in _WORD.findall(re.sub(r"(?<=\w)[-_ /.](?=\w)", "", view))
    } | {one.lower() for one in _WORD.findall(view)}:
        for at in range(len(word) - SHARED + 1):
            for secret in by_start.get(word[at : at + SHARED], ()):
                if secret.core in word:
                    yield secret
    for number in {number for form in _NUMBERS for number in form.findall(view)}:
        secret = by_form.get(re.sub(r"[,\u2009\u202f]", "", number))
        if secret is not None:
            yield secret


def _views(raw: bytes, depth: int) -> Iterator[str]:
    """Yield the bytes as text in every way they may be read."""
    if depth > DEEPEST or not raw:
        return
    for inner in _unpacked(raw):
        yield from _views(inner, depth + 1)
    text = raw.decode("utf-8", errors="ignore")
    yield text
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield raw.decode("utf-16", errors="ignore")
    for other in (html.unescape(text), urllib.parse.unquote_plus(text), _plain(text)):
        if other != text:
            yield other
    for run in _BASE64.findall(raw):
        try:
            decoded = base64.b64decode(run, validate=True)
        except binascii.Error:
            continue
        yield from _views(decoded, depth + 2)


def _plain(text: str) -> str:
    return _UNICODE.sub(lambda m: chr(int(m[1] or m[2], 16)), text)


def _unpacked(raw: bytes) -> Iterator[bytes]:
    if raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
    elif raw[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif raw[:4] == b"PAR1":
        import pyarrow.parquet as pq

        table = pq.read_table(io.BytesIO(raw))
        yield table.to_pandas().to_csv(index=False).encode()
        yield repr(table.schema.metadata).encode()
    elif raw[:1] == b"\x78":
        try:
            yield zlib.decompress(raw)
        except zlib.error:
            return
