"""Units of scenario inputs: products of a closed list of atoms, money always with a base year.

Nothing is converted silently. An hour is not a part of a day here, a percent is not a hundredth
and yuan of 2022 are not yuan of 2023: a formula has to multiply by the stated constant, which a
reader with a pocket calculator has to do as well. That is why no general library of units is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

PLAIN = ("hour", "day", "month", "year", "percent", "TEU", "bill", "firm", "m", "bn")
_MONEY = re.compile(r"(RMB|USD)_(19|20)\d\d")
_PIECE = re.compile(r"(?P<name>[A-Za-z]+(_\d+)?)(\^(?P<power>[1-9]))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A product of powers of atoms.

    Attributes
    ----------
    powers : tuple of (str, int)
        Atoms with their powers, sorted by name, none zero; empty for a pure number.
    """

    powers: tuple[tuple[str, int], ...] = ()

    @classmethod
    @cache
    def of(cls, text: str) -> Unit:
        """Read a unit such as ``bn RMB_2022 / year``; ``1`` is a pure number.

        Raises
        ------
        ValueError
            An atom that is not on the list, or money without a base year.

        Examples
        --------
        >>> Unit.of("m RMB_2023 / year") == Unit.of("m RMB_2023") / Unit.of("year")
        True
        """
        powers: dict[str, int] = {}
        for position, part in enumerate(text.split("/")):
            for piece in part.replace("*", " ").split():
                if piece == "1":
                    continue
                name, power = _atom(piece)
                powers[name] = powers.get(name, 0) + (-power if position else power)
        return cls._from(powers)

    @classmethod
    def _from(cls, powers: dict[str, int]) -> Unit:
        return cls(powers=tuple(sorted((name, n) for name, n in powers.items() if n)))

    @property
    def pure(self) -> bool:
        """Whether this is a number without a unit."""
        return not self.powers

    def __mul__(self, other: Unit) -> Unit:
        """Multiply two units."""
        return _times(self, other)

    def __truediv__(self, other: Unit) -> Unit:
        """Divide by another unit."""
        return self * other.power(-1)

    def power(self, exponent: int) -> Unit:
        """Raise to a whole power."""
        return Unit._from({name: power * exponent for name, power in self.powers})

    def __str__(self) -> str:
        """Write the unit as a reader knows it: RMB bn a year (2022 prices)."""
        if self.pure:
            return "number"
        over = [(name, power) for name, power in self.powers if power > 0]
        under = [(name, -power) for name, power in self.powers if power < 0]
        money = [name for name, _ in over if _MONEY.fullmatch(name)]
        scales = [name for name, _ in over if name in ("m", "bn")]
        rest = [_raised(name, n) for name, n in over if name not in money and name not in scales]
        words = [name[:3] for name in money] + scales + rest
        text = " ".join(words) or "1"
        names = [
            name[:3] if _MONEY.fullmatch(name) else name for name, n in under for _ in range(n)
        ]
        below = " per ".join(names)
        text += f" per {below}" if below else ""
        years = sorted({name[4:] for name, _ in self.powers if _MONEY.fullmatch(name)})
        return text + (f" ({' and '.join(years)} prices)" if years else "")


@cache
def _times(left: Unit, right: Unit) -> Unit:
    powers = dict(left.powers)
    for name, power in right.powers:
        powers[name] = powers.get(name, 0) + power
    return Unit(powers=tuple(sorted((name, n) for name, n in powers.items() if n)))


def _raised(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"


def _atom(piece: str) -> tuple[str, int]:
    match = _PIECE.fullmatch(piece)
    name = match["name"] if match else piece
    if match is None or not (name in PLAIN or _MONEY.fullmatch(name)):
        raise ValueError(
            f"a unit made of {', '.join(PLAIN)}, RMB_<base year> or USD_<base year>, not {piece!r}"
        )
    return name, int(match["power"] or 1)
