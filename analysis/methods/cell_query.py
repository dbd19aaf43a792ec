"""The one Ibis expression that turns microdata into cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Literal

from analysis.errors import Fault, PanelError
from analysis.methods.bins import LogBins

if TYPE_CHECKING:
    import ibis

Frequency = Literal["M", "Q", "Y"]

#: Rows that are looked at to choose the shift.
LOOK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to read and how; names of columns of the source.

    Attributes
    ----------
    unit, time, cohort, outcome, cluster, weights : str
        `cluster` and `weights` may be None.
    categories, covariates : tuple of str
    log : bool
        Whether the outcome is taken in logarithms.
    freq : str or None
        Period that dates are counted in.
    thresholds : tuple of float
    bins : LogBins or None
    """

    unit: str
    time: str
    cohort: str
    outcome: str
    cluster: str | None
    weights: str | None
    categories: tuple[str, ...]
    covariates: tuple[str, ...]
    log: bool
    freq: Frequency | None
    thresholds: tuple[float, ...]
    bins: LogBins | None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, once."""
        named = (self.unit, self.time, self.cohort, self.outcome, self.cluster, self.weights)
        every = (*(name for name in named if name), *self.categories, *self.covariates)
        return tuple(dict.fromkeys(every))

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the cell keys in the answer, without the bin."""
        own = ("cluster",) if self.cluster and self.cluster != self.unit else ()
        return ("unit", "time", *own, *(f"key {i}" for i in range(len(self.categories))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifts:
    """Constants taken off before anything is squared: of the outcome and of every covariate."""

    outcome: float
    covariates: tuple[float, ...]


def faults(table: ibis.Table, plan: Plan, *, text: bool) -> Iterator[Fault]:
    """Find columns that are absent or of a kind that cannot be used."""
    schema = table.schema()
    for name in plan.columns:
        if name not in schema:
            yield Fault(
                column=name,
                expected="a column of this name",
                found=f"columns {', '.join(schema.names)}",
                mend="rename the column or name another one",
            )
    if text or any(name not in schema for name in plan.columns):
        return
    numbers = filter(None, (plan.outcome, plan.weights, *plan.covariates))
    for name in numbers:
        if not schema[name].is_numeric():
            yield _kind(name, "numbers", schema[name], "convert the column to numbers")
    for name in (plan.time, plan.cohort):
        if plan.freq is None and not schema[name].is_numeric():
            yield _kind(name, "whole numbers", schema[name], "number the periods, or give freq=")
        if plan.freq is not None and not schema[name].is_temporal():
            yield _kind(name, "dates", schema[name], "convert to dates, or leave freq out")
        if schema[name].is_timestamp() and schema[name].timezone is not None:
            mend = "convert to local dates first: another time zone moves rows to another period"
            yield _kind(name, "dates without a time zone", schema[name], mend)


def _kind(name: str, expected: str, found: object, mend: str) -> Fault:
    return Fault(column=name, expected=expected, found=str(found), mend=mend)


def shifts(table: ibis.Table, plan: Plan) -> ibis.Expr:
    """Ask for the means of the first rows; columns ``outcome``, ``z 0``, ..."""
    head = table.select(*plan.columns).limit(LOOK)
    values = {"outcome": _outcome(head, plan, clean=True)}
    values |= {f"z {i}": number(head[name]) for i, name in enumerate(plan.covariates)}
    finite = {key: _finite(value) for key, value in values.items()}
    return head.aggregate(**{key: value.mean() for key, value in finite.items()})


def cells(table: ibis.Table, plan: Plan, shift: Shifts, *, clean: bool) -> ibis.Expr:
    """Ask for the cells.

    Parameters
    ----------
    table : ibis.Table
    plan : Plan
    shift : Shifts
    clean : bool
        Whether not-a-number outcomes are to be made missing first.
    """
    outcome = _outcome(table, plan, clean=clean) - shift.outcome
    keys = {"unit": table[plan.unit], "time": period(table[plan.time], plan.freq)}
    if "cluster" in plan.keys:
        keys["cluster"] = table[plan.cluster]
    keys |= {f"key {i}": table[name] for i, name in enumerate(plan.categories)}
    raw = number(table[plan.outcome])
    if plan.bins is not None:
        keys["bin"] = _bin(raw, plan.bins)
    cohort = period(table[plan.cohort], plan.freq)
    sums = {
        "rows": table.count(),
        "n": outcome.count(),
        "mean": outcome.mean(),
        "variance": outcome.var(how="pop"),
        "cohort_low": cohort.min(),
        "cohort_high": cohort.max(),
        "cohort_count": cohort.count(),
    }
    if plan.log:
        sums["seen"] = (_where(~raw.isnan(), raw) if clean else raw).count()
    weight = _where(outcome.notnull(), number(table[plan.weights])) if plan.weights else None
    if weight is not None:
        sums |= _weighted(weight, outcome)
    sums |= _covariates(table, plan, shift, outcome, weight)
    one = 1.0 if weight is None else weight
    for i, threshold in enumerate(plan.thresholds):
        sums[f"within {i}"] = _where(outcome.notnull() & (raw <= threshold), one).sum()
    return table.group_by(**keys).aggregate(**sums)


def not_finite(table: ibis.Table, plan: Plan) -> ibis.Expr:
    """Ask how many values are infinite or not a number; columns ``inf 0``, ``nan 0``, ..."""
    counts = {}
    for i, name in enumerate(numbers(plan)):
        value = number(table[name])
        counts[f"inf {i}"] = _where(value.isinf(), 1).sum()
        counts[f"nan {i}"] = _where(value.isnan(), 1).sum()
    return table.aggregate(**counts)


def numbers(plan: Plan) -> tuple[str, ...]:
    """Columns that must hold finite numbers, in the order of `not_finite`."""
    return (plan.outcome, *(name for name in (plan.weights, *plan.covariates) if name))


def _outcome(table: ibis.Table, plan: Plan, *, clean: bool) -> Any:
    value = number(table[plan.outcome])
    if clean:
        value = _where(~value.isnan(), value)
    return _where(value > 0, value.ln()) if plan.log else value


def number(column: Any) -> Any:
    """Read a column as numbers."""
    return column if column.type().is_float64() else column.cast("float64")


def _finite(value: Any) -> Any:
    return _where(~(value.isnan() | value.isinf()), value)


def _where(condition: Any, value: Any) -> Any:
    import ibis

    kept = ibis.literal(value) if isinstance(value, int | float) else value
    return ibis.ifelse(condition, kept, ibis.null(kept.type()))


def period(column: Any, freq: Frequency | None) -> Any:
    """Count dates in periods; whole numbers stay as they are."""
    if freq is None:
        return column.cast("float64") if column.type().is_string() else column
    date = column.cast("date") if column.type().is_string() else column
    years = date.year() - 1970
    if freq == "M":
        return years * 12 + date.month() - 1
    return years * 4 + date.quarter() - 1 if freq == "Q" else years


def _bin(raw: Any, bins: LogBins) -> Any:
    import ibis

    steps = (raw / bins.low).ln() / bins.step
    inside = steps.floor().cast("int64").clip(lower=0, upper=bins.count) + 1
    return ibis.ifelse(raw < bins.low, 0, ibis.ifelse(raw >= bins.high, bins.count + 1, inside))


def _weighted(weight: Any, outcome: Any) -> dict[str, Any]:
    return {
        "weight_count": weight.count(),
        "weight_least": weight.min(),
        "w": weight.sum(),
        "wy": (weight * outcome).sum(),
        "wyy": (weight * outcome * outcome).sum(),
        "w2": (weight * weight).sum(),
        "w2y": (weight * weight * outcome).sum(),
        "w2yy": (weight * weight * outcome * outcome).sum(),
    }


def _covariates(
    table: ibis.Table, plan: Plan, shift: Shifts, outcome: Any, weight: Any
) -> dict[str, Any]:
    z = [
        _where(outcome.notnull(), number(table[name]) - away)
        for name, away in zip(plan.covariates, shift.covariates, strict=True)
    ]
    sums = {}
    for i, value in enumerate(z):
        heavy = value if weight is None else weight * value
        sums[f"count {i}"] = value.count()
        sums[f"wz {i}"] = heavy.sum()
        sums[f"wzy {i}"] = (heavy * outcome).sum()
    for i, j in combinations_with_replacement(range(len(z)), 2):
        heavy = z[i] if weight is None else weight * z[i]
        sums[f"wzz {i} {j}"] = (heavy * z[j]).sum()
    return sums


def refuse_names(plan: Plan, reserved: tuple[str, ...]) -> None:
    """Refuse categories and covariates whose names a table of cells needs for itself."""
    PanelError.raise_if(
        Fault(
            column=name,
            expected="a name that the cells do not use themselves",
            found=name,
            mend="rename the column",
        )
        for name in (*plan.categories, *plan.covariates)
        if name in reserved
    )
