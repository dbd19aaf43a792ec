"""From a declared truth to tables of rows, and back to what was planted in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.declarations import CohortsFrom, Design, Outcome, Planted, Truth
from analysis.methods.microdata import (
    DrawnUnits,
    draw_ends,
    draw_firms,
    draw_population,
    draw_surface,
    path_at,
)
from analysis.methods.panel import Panel

#: Rows of a cell at least, where their number is not itself an outcome.
LEAST_ROWS = 5
#: Streams of random numbers: population, firms, outcomes from here on, units from here on.
POPULATION, FIRMS, OUTCOMES, UNITS = 0, 1, 10, 1_000
#: Where a unit lies.
PLACES = ("adopter", "neighbour", "far")
#: Rows of a piece.
MOST_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Tables drawn from a truth: one row a record, period or spell, and one row a unit."""

    rows: pd.DataFrame
    starts: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What rows are drawn around.

    Attributes
    ----------
    truth : Truth
    units : DrawnUnits
    surfaces : tuple of numpy.ndarray
        One an outcome: its log mean less its level, (n_units, n_times, 2).
    firms : tuple of numpy.ndarray
        Shares of the firms of every unit; empty without firms.
    names, firm_names : pandas.Index
        Of the units, and of all firms, unit by unit.
    """

    truth: Truth
    units: DrawnUnits
    surfaces: tuple[np.ndarray, ...]
    firms: tuple[np.ndarray, ...]
    names: pd.Index
    firm_names: pd.Index


def draw(truth: Truth) -> Drawn:
    """Draw the tables of a declared truth; the same truth gives the same tables."""
    held = world(truth)
    rows = pd.concat(list(pieces(held)), ignore_index=True)
    return Drawn(rows=rows, starts=starts(held))


def world(truth: Truth) -> World:
    """Draw units, and where every outcome lies in every cell."""
    population = truth.population
    units = draw_population(
        _rng(truth, POPULATION),
        n_units=population.units,
        n_times=population.times,
        cohorts=population.cohorts,
        **population.model_dump(include={"neighbours", "unequal", "missing", "moving"}),
    )
    surfaces = tuple(
        draw_surface(
            _rng(truth, OUTCOMES + number),
            units,
            **one.model_dump(
                exclude={"column", "measure", "spread_effect", "level", "within", "digits"}
            ),
        )
        for number, one in enumerate(truth.outcomes)
    )
    many = population.firms
    firms = draw_firms(_rng(truth, FIRMS), units.sizes, firms=many) if many else ()
    return World(
        truth=truth,
        units=units,
        surfaces=surfaces,
        firms=firms,
        names=_numbered(f"{population.unit_name} ", population.units),
        firm_names=_numbered("F", sum(map(len, firms)), least=5),
    )


def _numbered(word: str, count: int, *, least: int = 1) -> pd.Index:
    width = max(len(str(count)), least)
    return pd.Index([f"{word}{number:0{width}d}" for number in range(1, count + 1)], dtype="str")


def _rng(truth: Truth, stream: int) -> np.random.Generator:
    return np.random.default_rng([truth.seed, stream])


def starts(held: World) -> pd.DataFrame:
    """Give the first treated time of every unit, and that at which a neighbour is exposed."""
    columns, units = held.truth.columns, held.units
    made = {columns.unit: held.names, columns.start: pd.array(units.cohort).astype("Int64")}
    if columns.exposed:
        made[columns.exposed] = pd.array(units.exposed).astype("Int64")
    return pd.DataFrame(made)


def expected_rows(held: World) -> float:
    """Give the mean number of rows that `pieces` draws, effects and shocks left aside."""
    sizes = held.units.sizes if held.truth.kind != "periods" else np.ones(len(held.names))
    cells = held.units.seen.sum(axis=1)
    return float(sizes @ cells) * held.truth.volume * max(len(held.truth.groups), 1)


def enlarged(held: World, *, rows: int) -> World:
    """Return the same world with so many more rows in every cell that there are about `rows`."""
    volume = held.truth.volume * rows / expected_rows(held)
    return replace(held, truth=held.truth.model_copy(update={"volume": volume}))


def pieces(held: World, *, at_most: int = MOST_AT_ONCE) -> Iterator[pd.DataFrame]:
    """Draw rows unit by unit, in pieces, so that memory stays bounded; periods come at once.

    Parameters
    ----------
    held : World
    at_most : int
        Rows of a piece, unless a single cell has more. Another size gives other rows where a unit
        has more than this.
    """
    if held.truth.kind == "periods":
        yield _periods(held)
        return
    first = 1
    for unit in range(len(held.names)):
        made = [_spells_of(held, unit)] if held.truth.kind == "spells" else ()
        for rows in made or _records_of(held, unit, at_most=at_most):
            if held.truth.columns.row:
                rows.insert(0, held.truth.columns.row, np.arange(first, first + len(rows)))
            first += len(rows)
            yield rows


def _records_of(held: World, unit: int, *, at_most: int) -> Iterator[pd.DataFrame]:
    """Draw all records of one unit, in the order of times and groups."""
    rng = _rng(held.truth, UNITS + unit)
    groups = max(len(held.truth.groups), 1)
    count = (_counts(held, unit, rng, groups) * held.units.seen[unit][:, None]).ravel()
    part = np.cumsum(count) // at_most
    for number in np.unique(part):
        cells = np.flatnonzero(part == number)
        yield _records(held, unit, rng, np.repeat(cells, count[cells]))


def _records(held: World, unit: int, rng: np.random.Generator, where: np.ndarray) -> pd.DataFrame:
    """Draw the records of the cells `where`, one entry a record: time after time, by group."""
    truth, units = held.truth, held.units
    groups = max(len(truth.groups), 1)
    time, group = where // groups, where % groups
    made = _keys(held, unit, time, rng)
    if truth.columns.group:
        made[truth.columns.group] = _labelled(group, truth.groups)
    after = units.since[unit] >= 0
    for one, surface in zip(truth.outcomes, held.surfaces, strict=True):
        if one.column:
            wide = one.within * np.exp(one.spread_effect * (after[time] & (group == 0)))
            log = surface[unit, time, group] + wide * rng.standard_normal(len(where))
            made[one.column] = np.round(one.level * np.exp(log), one.digits)
    return pd.DataFrame(made)


def _counts(held: World, unit: int, rng: np.random.Generator, groups: int) -> np.ndarray:
    truth, size = held.truth, held.units.sizes[unit]
    shape = (held.units.seen.shape[1], groups)
    counted = [s for one, s in zip(truth.outcomes, held.surfaces, strict=True) if not one.column]
    if counted:
        return np.asarray(rng.poisson(truth.volume * size * np.exp(counted[0][unit, :, :groups])))
    more = rng.poisson(max(truth.volume * size - LEAST_ROWS, 0.0), shape)
    return np.asarray(LEAST_ROWS + more)


def _keys(held: World, unit: int, time: np.ndarray, rng: np.random.Generator) -> dict[str, object]:
    """Give unit, time and firm of the rows of a unit; `time` counts from 0."""
    columns = held.truth.columns
    codes = np.full(len(time), unit, dtype=np.int32)
    made: dict[str, object] = {
        columns.unit: pd.Categorical.from_codes(codes, categories=held.names),
        columns.time: (time + 1).astype(np.int32),
    }
    if columns.firm:
        before = sum(len(shares) for shares in held.firms[:unit])
        drawn = np.searchsorted(np.cumsum(held.firms[unit])[:-1], rng.random(len(time)))
        made[columns.firm] = pd.Categorical.from_codes(before + drawn, categories=held.firm_names)
    if columns.place:
        made[columns.place] = _place(held.units, codes)
    return made


def _place(units: DrawnUnits, unit: np.ndarray) -> pd.Categorical[str]:
    codes = np.select([np.isfinite(units.cohort), np.isfinite(units.exposed)], [0, 1], 2)
    return _labelled(codes[unit], PLACES)


def _labelled(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical[str]:
    """Give codes their names without writing each out."""
    return pd.Categorical.from_codes(codes.astype(np.int32), categories=pd.Index(list(names)))


def _periods(held: World) -> pd.DataFrame:
    """Draw the one row of every unit and time."""
    truth, units = held.truth, held.units
    rng = _rng(truth, UNITS)
    unit, time = np.nonzero(units.seen)
    columns = truth.columns
    made: dict[str, object] = {
        columns.unit: pd.Categorical.from_codes(unit, categories=held.names),
        columns.time: (time + 1).astype(np.int32),
    }
    if columns.place:
        made[columns.place] = _place(units, unit)
    for one, surface in zip(truth.outcomes, held.surfaces, strict=True):
        mean = one.level * units.sizes[unit] * np.exp(surface[unit, time, 0])
        values = rng.poisson(mean) if one.measure == "count" else np.round(mean, one.digits)
        made[one.column or ""] = values
    return pd.DataFrame(made)


def _spells_of(held: World, unit: int) -> pd.DataFrame:
    """Draw all spells of one unit, in the order in which they begin."""
    truth, (one,) = held.truth, held.truth.outcomes
    rng = _rng(truth, UNITS + unit)
    seen = held.units.seen[unit]
    count = rng.poisson(truth.volume * held.units.sizes[unit], len(seen)) * seen
    time = np.repeat(np.arange(len(seen)), count)
    made = _keys(held, unit, time, rng)
    log_hazard = np.log(one.level) + held.surfaces[0][unit, :, 0]
    length, ended = draw_ends(rng, start=time + 1, log_hazard=log_hazard)
    made[one.column or ""] = length.astype(np.int32)
    made[truth.columns.ended or ""] = ended.astype(np.int32)
    return pd.DataFrame(made)


def planted(
    truth: Truth, outcome: Outcome, event_time: np.ndarray, *, exposed: bool = False
) -> np.ndarray:
    """Give the effect planted in the logarithm of an outcome at every event time.

    Within a cell logarithms are normal, so a quantile moves by the shift of the mean and by the
    change of the standard deviation times its normal score.

    Parameters
    ----------
    truth : Truth
    outcome : Outcome
        A column of the drawn rows, or their number.
    event_time : numpy.ndarray
    exposed : bool
        Whether the effect on neighbours is asked for, in place of that on the treated.
    """
    statistic = outcome.cells.statistic if outcome.cells else "mean"
    one = _planted_in(truth, None if statistic == "count" else outcome.column)
    if one is None:
        return np.zeros(np.shape(event_time))
    shift = path_at(one.effect, event_time) * (one.spillover if exposed else 1.0)
    change = one.within * np.expm1(one.spread_effect)
    wider = np.where(np.nan_to_num(event_time, nan=-1.0) >= 0, ndtri(0.9) * change, 0.0)
    match statistic:
        case "p90":
            return np.asarray(shift + wider)
        case "spread":
            return np.asarray(wider)
        case _:
            return shift


def _planted_in(truth: Truth, column: str | None) -> Planted | None:
    return next((one for one in truth.outcomes if one.column == column), None)


def planted_overall(truth: Truth, *, design: Design, outcome: Outcome, panel: Panel) -> float:
    """Give the mean of the planted effect over the treated cells of a panel, weighted like them."""
    since = panel.cell_event_time
    on = since >= 0
    read = design.cohorts
    exposed = isinstance(read, CohortsFrom) and read.column == truth.columns.exposed
    path = planted(truth, outcome, since[on], exposed=exposed)
    return float(np.average(path, weights=panel.cells["weight"].to_numpy()[on]))
