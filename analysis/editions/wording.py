"""What is translated: a text with its numbers taken out, so that no edition can change a number."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A number as the report writes it; digits that belong to a name (CR2) are part of the name.
_NUMBER = re.compile(r"(?:(?<![\w)\]])[+\u2212-])?(?<![A-Za-z_])\d(?:[\d,]*\d)?(?:\.\d+)?")
_SLOT = re.compile(r"\{(\d+)\}")
#: Small letters in a row: anything less (units, formulas) reads the same in every language.
_WORD = re.compile(r"[A-Za-z]?[a-z]{2}")
#: Addresses, files and identifiers are names, not words.
_NAME = re.compile(r"\S*(?:[_/=@]|\w[.:]\w|\d)\S*|[A-Z]{2,}s?|[a-z]+(?:-[a-z]+)*\.[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text without its numbers.

    Attributes
    ----------
    pattern : str
        The text with ``{0}``, ``{1}``, ... where its numbers stood, each space single.
    numbers : tuple of str
        The numbers as they were written, in their order.
    """

    pattern: str
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Wording:
        """Take the numbers out of a text."""
        plain = " ".join(text.split())
        if _SLOT.search(plain):  # nothing of ours is written so; keep it whole
            return cls(pattern=plain, numbers=())
        numbers = tuple(_NUMBER.findall(plain))
        count = iter(range(len(numbers)))
        return cls(pattern=_NUMBER.sub(lambda _: f"{{{next(count)}}}", plain), numbers=numbers)

    @property
    def says(self) -> bool:
        """Whether there is something to translate: words, not names, signs or numbers alone."""
        words = _SLOT.sub("", self.pattern)
        listed = words.strip().split(", ")
        return bool(_WORD.search(words)) and not all(map(_NAME.fullmatch, listed))

    def fill(self, pattern: str) -> str:
        """Put the numbers into the pattern of another language."""
        return (
            _SLOT.sub(lambda slot: self.numbers[int(slot[1])], pattern) if self.numbers else pattern
        )


def slots(pattern: str) -> list[int]:
    """List the numbers that a pattern holds, in order of their place in the first language."""
    return sorted(int(found) for found in _SLOT.findall(pattern))
