"""Declarations of how offices write our columns, and of what a user decided about their data."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from analysis.declarations.base import Identifier, Number, Record, Text, Whole


class Heading(Record):
    """How offices head one column, in Chinese and otherwise.

    Attributes
    ----------
    chinese : str
        Heading that Chinese templates carry.
    also : tuple of str
        Other headings that mean the same; case, blanks and width of letters do not matter.
    example : str or None
        One cell, as a template shows it.
    usual : tuple of two numbers or None
        Where the median of the column lies; used where the column itself does not say.
    between : tuple of two names or None
        The column is the time from the first of two moments to the second.
    month_of : str or None
        The column is the month of this moment.
    """

    chinese: Text
    also: tuple[Text, ...] = ()
    example: Text | None = None
    usual: tuple[Number, Number] | None = None
    between: tuple[Identifier, Identifier] | None = None
    month_of: Identifier | None = None


class Moment(Record):
    """A time stamp that offices hold and our tables do not; it only serves to compute columns.

    `not_before` names the moment that cannot lie later; `office_hours` says whether it is an act
    of people at work, so that its times of day tell local time from universal time.
    """

    chinese: Text
    also: tuple[Text, ...] = ()
    example: Text
    description: Text
    not_before: Identifier | None = None
    office_hours: bool = False


class Office(Record):
    """Headings by column, time stamps, and other names of the entries of closed lists."""

    columns: dict[Identifier, Heading] = Field(default_factory=dict)
    moments: dict[Identifier, Moment] = Field(default_factory=dict)
    names: dict[Identifier, dict[Text, tuple[Text, ...]]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_moments(self) -> Self:
        used = [name for one in self.columns.values() for name in one.between or ()]
        used += [one.month_of for one in self.columns.values() if one.month_of]
        used += [one.not_before for one in self.moments.values() if one.not_before]
        strange = sorted(set(used) - set(self.moments))
        if strange:
            raise ValueError(f"moments that are declared, not {', '.join(strange)}")
        return self


class Decision(Record):
    """What a user decided about one doubt.

    `rows` repeats how many rows the doubt was about; when the data change, it is asked again.
    """

    doubt: Text
    answer: Text
    rows: Annotated[Whole, Field(ge=0)] | None = None
    reason: Text | None = None


class Decisions(Record):
    """All that a user decided about a folder; `files` says which table a file holds.

    `open` names sources of which every number may be shown to anybody: no disclosure control.
    """

    decision: tuple[Decision, ...] = ()
    open: tuple[Identifier, ...] = ()
    files: dict[Text, Identifier] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        doubts = [one.doubt for one in self.decision]
        twice = sorted({one for one in doubts if doubts.count(one) > 1})
        if twice:
            raise ValueError(f"one decision on each doubt, not two on {', '.join(twice)}")
        return self
