"""From TOML text to records; every fault of a text named at once, with its line. Opens no file."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from analysis.declarations.base import Record
from analysis.errors import DeclarationError, Fault

R = TypeVar("R", bound=Record)

_TAGS = ("read", "table")


def parse_toml(text: str, *, file: str) -> Mapping[str, Any]:
    """Read TOML text.

    Raises
    ------
    DeclarationError
        The text is not TOML: a syntax error, a key that stands twice, brackets in brackets in
        brackets without end, or an integer of thousands of digits.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
        place = re.search(r"\(at line (\d+)", str(error))
        raise DeclarationError(
            Fault(
                expected="TOML in which every key stands once",
                found=re.sub(r" \(at .*\)$", "", str(error)),
                mend="correct this line; the error may begin on the line before",
                file=file,
                row=int(place.group(1)) if place else None,
            )
        ) from None


def declare(
    model: type[R],
    content: object,
    *,
    file: str,
    text: str = "",
    under: Sequence[str | int] = (),
    row: int | None = None,
) -> R:
    """Make one record of `content`, or name all its faults.

    Parameters
    ----------
    model : type
        The record to make.
    content : object
        What the TOML file (or the row of a table) holds.
    file : str
        File as the user knows it.
    text : str, optional
        Text of the file; with it every fault names its line.
    under : sequence of str and int, optional
        Where `content` stands in the file, such as ("source", 2).
    row : int, optional
        Line of the file where `content` is a row of a table.

    Raises
    ------
    DeclarationError
        One fault for each error.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DeclarationError(
            *(
                _fault(detail, content, file=file, text=text, under=under, row=row)
                for detail in error.errors(include_url=False)
            )
        ) from None


def _fault(
    detail: ErrorDetails,
    content: object,
    *,
    file: str,
    text: str,
    under: Sequence[str | int],
    row: int | None,
) -> Fault:
    place = [part for part in detail["loc"] if part not in _TAGS]
    words = _words(detail)
    return Fault(
        expected=words.expected,
        found=words.found,
        mend=words.mend,
        file=file,
        row=line_of(text, [*under, *place]) if text else row,
        column=_column(under, place, content),
    )


def _column(under: Sequence[str | int], place: Sequence[str | int], content: object) -> str | None:
    outer = dotted(under, None)
    if under and isinstance(content, dict) and "id" in content:
        outer = re.sub(r"\[\d+\]$", f"[{content['id']}]", outer)
    return ".".join(part for part in (outer, dotted(place, content)) if part) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Expected, found and how to mend it."""

    expected: str
    found: str
    mend: str


def _words(detail: ErrorDetails) -> _Words:
    key = str(detail["loc"][-1]) if detail["loc"] else "the table"
    match detail["type"]:
        case "missing":
            return _Words(expected=f"a key `{key}`", found="nothing", mend=f"add `{key} = ...`")
        case "extra_forbidden":
            near = difflib.get_close_matches(key, sorted(_all_keys()), n=1)
            meant = f" (did you mean `{near[0]}`?)" if near else ""
            return _Words(
                expected="only known keys",
                found=f"unknown key `{key}`",
                mend=f"remove or rename it{meant}",
            )
        case "literal_error":
            allowed = str(detail.get("ctx", {}).get("expected", "one of the allowed words"))
            return _Words(
                expected=allowed,
                found=_short(detail["input"]),
                mend="use one of the allowed words",
            )
        case "value_error":
            wanted = detail["msg"].removeprefix("Value error, ")
            return _Words(
                expected=wanted,
                found=_short(detail["input"]),
                mend="change the declaration so that this holds",
            )
        case _:
            return _Words(
                expected=detail["msg"],
                found=_short(detail["input"]),
                mend=f"correct the value of `{key}`",
            )


def _short(value: object) -> str:
    if isinstance(value, dict):
        return "a table that does not hold to this"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _all_keys() -> Iterator[str]:
    kinds = list(Record.__subclasses__())
    while kinds:
        kind = kinds.pop()
        kinds.extend(kind.__subclasses__())
        yield from kind.model_fields


def dotted(place: Sequence[str | int], content: object) -> str:
    """Write a place as a reader would look for it: claims[S007].grade.scale."""
    words = ""
    for part in place:
        if isinstance(part, int):
            content = content[part] if isinstance(content, list) else None
            name = content.get("id", part + 1) if isinstance(content, dict) else part + 1
            words += f"[{name}]"
        else:
            content = content.get(part) if isinstance(content, dict) else None
            words += f".{part}" if words else part
    return words


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Return the line (from 1) that holds `place`, or that of the nearest table around it."""
    lines = text.splitlines()
    found: int | None = None
    start, path = 0, ""
    for position, part in enumerate(place):
        if isinstance(part, int):
            heads = [n for n in range(start, len(lines)) if lines[n].strip() == f"[[{path}]]"]
            if part >= len(heads):
                break
            found = start = heads[part]
            continue
        path = f"{path}.{part}" if path else part
        counted = position + 1 < len(place) and isinstance(place[position + 1], int)
        if counted and f"[[{path}]]" in (line.strip() for line in lines[start:]):
            continue
        line = _header_or_key(lines, start, path, part)
        if line is not None:
            found = start = line
    return None if found is None else found + 1


def _header_or_key(lines: Sequence[str], start: int, path: str, key: str) -> int | None:
    inside = True
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if line == f"[{path}]":
            return number
        if line.startswith("[") and number > start:
            inside = False
            if line.startswith("[[") and path.startswith(line.strip("[]") + "."):
                return None  # the next record of the same list
        if inside and re.match(rf"{re.escape(key)}\s*=", line):
            return number
    return None
