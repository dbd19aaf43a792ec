"""Declarations of data: sources, columns, facts, parameters and closed lists."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, StringConstraints, model_validator

from analysis.declarations.base import (
    Bound,
    Flag,
    Identifier,
    Number,
    Record,
    Reference,
    SourceKind,
    Text,
    When,
    Whole,
)


class Column(Record):
    """Contract of one column of a table.

    Attributes
    ----------
    type : str
        text, whole (number), number, date (2021, 2021-09 or 2021-09-08) or moment
        (2021-09-08 14:03:00, local time).
    unit : str
        Unit of measure; "none" for names and texts.
    role : str or None
        "firm" names or numbers the firm a row is about, "record" numbers the row itself (a
        declaration): neither ever leaves the machine. In a table of cells "firms" counts the
        firms of a row, "largest" is the share of its records that the largest of them brings, 0
        to 1, and "records" counts these. None for all other columns.
    missing : bool
        Whether an empty cell is allowed.
    minimum, maximum : float or None
        Allowed range of a number, both ends included.
    allowed : tuple of str
        Closed set of values; empty = any. `vocabulary` names a shared list instead.
    usual : tuple of two numbers or None
        Where the median of the column is expected to lie; outside it the unit is doubted.
    example : str or None
        One value as it stands in a file, for whoever has to fill the column.
    """

    type: Literal["text", "whole", "number", "date", "moment"]
    unit: Text
    description: Text
    role: Literal["firm", "record", "firms", "largest", "records"] | None = None
    missing: Flag = False
    minimum: Number | None = None
    maximum: Number | None = None
    allowed: tuple[Text, ...] = ()
    vocabulary: Identifier | None = None
    usual: tuple[Number, Number] | None = None
    example: Text | None = None

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum not above maximum")
        if self.usual is not None and self.usual[0] >= self.usual[1]:
            raise ValueError("the lower end of `usual` below the upper one")
        if self.allowed and self.vocabulary:
            raise ValueError("either `allowed` or `vocabulary`, not both")
        return self


class Source(Record):
    """Where one file came from, what it holds and whether it is real, published or simulated.

    `file` is a path inside the data folder; `gaps` are times for which nothing is held, and which
    stay empty; `breaks` say where the series changes its meaning or precision. `open` says that
    every number of a real file may be shown to anybody: without it disclosure control holds.
    """

    id: Identifier
    file: Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$")]
    title: Text
    producer: Text
    address: Text
    licence: Text
    accessed: When
    sha256: Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    kind: SourceKind
    key: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    columns: Annotated[dict[Identifier, Column], Field(min_length=1)]
    gaps: tuple[Whole, ...] = ()
    breaks: tuple[Text, ...] = ()
    open: Flag = False
    note: Text | None = None

    @property
    def controlled(self) -> bool:
        """Whether nothing of this file may be shown unless disclosure control lets it pass."""
        return self.kind == "real" and not self.open

    def column_of(self, role: str) -> str | None:
        """Name of the column that has a role."""
        return next((name for name, one in self.columns.items() if one.role == role), None)

    @model_validator(mode="after")
    def _key_is_held(self) -> Self:
        strange = [name for name in self.key if name not in self.columns]
        if strange:
            raise ValueError(f"a key made of declared columns, not {', '.join(strange)}")
        if any(self.columns[name].missing for name in self.key if name in self.columns):
            raise ValueError("key columns that are never empty")
        return self


class Area(Record):
    """One area of reform, in the order in which the report shows them."""

    id: Identifier
    title: Text
    order: Whole


class Document(Record):
    """A document that makes claims: who wrote it, when, and how it stands to what it says."""

    id: Identifier
    title: Text
    producer: Text
    date: When
    address: Text | None = None
    note: Text


class Vocabulary(Record):
    """Closed lists the tables draw on, areas of reform and documents that make claims."""

    lists: dict[Identifier, tuple[Text, ...]]
    areas: tuple[Area, ...]
    documents: tuple[Document, ...]


class Fact(Record):
    """A published figure or date that speaks to a claim (one row of facts.csv)."""

    id: Reference
    quantity: Text
    value: Text
    number: Number | None = None
    bound: Bound | None = None
    unit: Text
    period: Text
    actor: Text
    says: Text
    status: Literal["read", "derived", "inferred"]
    source_title: Text
    source_address: Text | None = None
    note: Text | None = None


class Parameter(Record):
    """A published parameter with its range (one row of parameters.csv)."""

    id: Reference
    quantity: Text
    low: Number
    high: Number
    unit: Text
    status: Literal["read", "derived", "inferred"]
    source_title: Text
    source_address: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low not above high")
        return self
