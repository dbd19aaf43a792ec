"""Which heading of a supplied table means which declared column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.declarations.data import Source
from analysis.declarations.office import Office

#: Units that headings carry in brackets, and the factor that turns them into hours.
IN_HOURS = {
    "hours": 1.0,
    "hour": 1.0,
    "h": 1.0,
    "小时": 1.0,
    "minutes": 1 / 60,
    "minute": 1 / 60,
    "min": 1 / 60,
    "分钟": 1 / 60,
    "分": 1 / 60,
    "seconds": 1 / 3600,
    "秒": 1 / 3600,
    "days": 24.0,
    "day": 24.0,
    "d": 24.0,
    "天": 24.0,
    "日": 24.0,
}
_BRACKET = re.compile(r"[(\[](?P<unit>[^()\[\]]*)[)\]]$")
_HIDDEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What one heading means.

    Attributes
    ----------
    heading : str
        As it stands in the file.
    name : str
        Declared column, or moment to compute columns from.
    exact : bool
        Whether the heading is the declared name itself.
    unit : str or None
        Unit that the heading names in brackets.
    """

    heading: str
    name: str
    exact: bool
    unit: str | None = None


def plain(text: str) -> str:
    """Take away what does not matter in a heading: width, case, blanks, underscores.

    Examples
    --------
    >>> plain(" Ｒelease_Time （小时）")
    'releasetime(小时)'
    """
    narrow = unicodedata.normalize("NFKC", text.translate(_HIDDEN)).casefold()
    return re.sub(r"[\s_\-]+", "", narrow)


class Headings:
    """All headings that mean a column of one source, or a moment."""

    def __init__(self, source: Source, office: Office) -> None:
        self.source, self.office = source, office
        self.known: dict[str, str] = {}
        for name in source.columns:
            said = office.columns.get(name)
            words = (said.chinese, *said.also) if said else ()
            for word in (name, name.replace("_", " "), *words):
                self.known.setdefault(plain(word), name)
        for name, moment in office.moments.items():
            if name not in source.columns and self._serves(name):
                for word in (name, moment.chinese, *moment.also):
                    self.known.setdefault(plain(word), name)

    def _serves(self, moment: str) -> bool:
        """Whether a column of this source is computed from a moment, or from one beside it."""
        used = self.moments_used()
        others = {one.not_before for name, one in self.office.moments.items() if name == moment}
        return moment in used or bool(others & used)

    def moments_used(self) -> set[str]:
        """Return the moments from which columns of this source can be computed."""
        used: set[str] = set()
        for name in self.source.columns:
            said = self.office.columns.get(name)
            if said is not None:
                used |= {*(said.between or ()), *filter(None, (said.month_of,))}
        return used

    def match(self, heading: str) -> Match | None:
        """Return what a heading means, or None."""
        text = plain(heading)
        if text in self.known:
            name = self.known[text]
            return Match(heading=heading, name=name, exact=heading == name, unit=_unit(text))
        bracket = _BRACKET.search(text)
        if bracket and text[: bracket.start()] in self.known:
            name = self.known[text[: bracket.start()]]
            return Match(heading=heading, name=name, exact=False, unit=bracket["unit"])
        stripped = {_BRACKET.sub("", known): name for known, name in self.known.items()}
        if bracket and text[: bracket.start()] in stripped:
            name = stripped[text[: bracket.start()]]
            return Match(heading=heading, name=name, exact=False, unit=bracket["unit"])
        if text in stripped:
            return Match(heading=heading, name=stripped[text], exact=False)
        return None

    def score(self, cells: Sequence[str]) -> int:
        """Count the columns that a line of text heads, each once."""
        found = {match.name for cell in cells if (match := self.match(cell)) is not None}
        return len(found)

    def lacking(self, names: Mapping[str, int] | set[str]) -> tuple[str, ...]:
        """Return the declared columns that are neither there nor can be computed."""
        return tuple(
            name
            for name in self.source.columns
            if name not in names and not self.computable(name, set(names))
        )

    def computable(self, name: str, names: set[str]) -> bool:
        """Whether a column can be computed from the moments that are there."""
        said = self.office.columns.get(name)
        if said is None:
            return False
        needed = set(said.between or ()) | set(filter(None, (said.month_of,)))
        return bool(needed) and needed <= names


def _unit(text: str) -> str | None:
    bracket = _BRACKET.search(text)
    return bracket["unit"] if bracket else None
