"""Tables with margins: unsafe cells are withheld, and others with them, until bounds are wide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.disclosure.auditing import Ranges, reachable
from analysis.disclosure.rules import Rules
from analysis.methods.contributions import Contributions

#: What stands in the place of a number that is withheld.
MARK = "withheld"
#: Rounds of adding cells before the inside of the table is given up as a whole.
ROUNDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """A table of records by two keys that may be published.

    Attributes
    ----------
    shown : pandas.DataFrame
        Rows and columns with their sums; withheld cells are missing, counts are rounded.
    first, second : numpy.ndarray
        Boolean (r, c): cells withheld because of their firms, and those withheld to protect them.
    ranges : Ranges
        What a reader can work out about every cell from the unrounded sums, as solved.
    need : numpy.ndarray
        How far each range must reach to either side of the value, (r, c); 0 where nothing.
    """

    shown: pd.DataFrame
    first: np.ndarray
    second: np.ndarray
    ranges: Ranges
    need: np.ndarray

    @property
    def hidden(self) -> np.ndarray:
        """All withheld cells, boolean (r, c)."""
        return np.asarray(self.first | self.second)


def protect(
    contributions: Contributions, *, rows: np.ndarray, columns: np.ndarray, rules: Rules
) -> Protected:
    """Count records by two keys of the cells, and withhold what would tell about a firm.

    Parameters
    ----------
    contributions : Contributions
        Who stands behind the cells.
    rows, columns : numpy.ndarray
        Keys of every cell of `contributions`, (n_cells,).
    rules : Rules

    Returns
    -------
    Protected
        Rows and columns that break the rules as a whole are joined into one named "other" first:
        their names would tell of them. If that is still unsafe it is left out of all sums.
    """
    given = pd.DataFrame({"row": _joined(contributions, rows, rules)})
    given["column"] = _joined(contributions, columns, rules)
    kept = (given["row"] != "") & (given["column"] != "")
    row_codes, row_names = pd.factorize(given["row"].where(kept), sort=True)
    column_codes, column_names = pd.factorize(given["column"].where(kept), sort=True)
    shape = (len(row_names), len(column_names))
    values = np.zeros(shape)
    inside = kept.to_numpy()
    n = contributions.cells["n"].to_numpy(dtype=float)
    np.add.at(values, (row_codes[inside], column_codes[inside]), n[inside])
    first, largest, alone = _unsafe(contributions, row_codes, column_codes, shape, rules)
    need = np.where(first, np.maximum(rules.p / 100 * largest, 1.0), 0.0)
    second = _complement(values, first, need=need, alone=alone)
    hidden = first | second
    ranges = reachable(values, hidden)
    return Protected(
        shown=_shown(values, hidden, list(row_names), list(column_names), rules),
        first=first,
        second=second,
        ranges=ranges,
        need=need,
    )


def _joined(contributions: Contributions, keys: np.ndarray, rules: Rules) -> np.ndarray:
    """Give keys as text; those unsafe as a whole become one, "other", or "" if that is unsafe."""
    text = np.asarray([str(key) for key in keys], dtype=object)
    unsafe = [
        name for name in dict.fromkeys(text) if rules.why_not(contributions.brought(text == name))
    ]
    if not unsafe:
        return text
    among = np.isin(text, np.array(unsafe, dtype=object))
    together = "other" if rules.why_not(contributions.brought(among)) is None else ""
    return np.where(among, together, text)


def _unsafe(
    contributions: Contributions,
    rows: np.ndarray,
    columns: np.ndarray,
    shape: tuple[int, int],
    rules: Rules,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find cells that break a rule, what the largest firm brings, and cells of one firm alone."""
    first, alone = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    largest = np.zeros(shape)
    for i in range(shape[0]):
        for j in range(shape[1]):
            brought = contributions.brought((rows == i) & (columns == j))
            if not brought.any():
                continue
            largest[i, j] = brought.max()
            alone[i, j] = (brought > 0).sum() == 1
            totals = contributions.brought((rows == i) & (columns == j), of="total")
            first[i, j] = bool(rules.why_not(brought) or rules.dominated(totals))
    return first, largest, alone


def _complement(
    values: np.ndarray, first: np.ndarray, *, need: np.ndarray, alone: np.ndarray
) -> np.ndarray:
    """Choose the cells to withhold beside the unsafe ones: few records, one circuit at a time."""
    second = np.zeros_like(first)
    if not first.any():
        return second
    for _ in range(ROUNDS):
        exposed = _exposed(values, first | second, first=first, need=need, alone=alone)
        if not len(exposed):
            return second
        grown = False
        for place in exposed:
            grown |= _add_circuit(values, first | second, second, tuple(place))
        if not grown:
            break
    return np.asarray((values > 0) & ~first)  # nothing inside is published: only the sums are


def _exposed(
    values: np.ndarray,
    hidden: np.ndarray,
    *,
    first: np.ndarray,
    need: np.ndarray,
    alone: np.ndarray,
) -> np.ndarray:
    """Unsafe cells whose bounds are too narrow, for a stranger or for a firm alone in a cell."""
    narrow = reachable(values, hidden, wanted=first).too_narrow(values, need=need)
    for i, j in np.argwhere(hidden & alone):
        beside = np.zeros_like(first)
        beside[i, :] = beside[:, j] = True
        beside[i, j] = False
        wanted = first & beside & ~narrow
        if wanted.any():
            seen = reachable(values, hidden, wanted=wanted, known=[(i, j)])
            narrow |= seen.too_narrow(values, need=np.where(wanted, need, 0.0))
    return np.argwhere(narrow)


def _add_circuit(
    values: np.ndarray, hidden: np.ndarray, second: np.ndarray, place: tuple[int, ...]
) -> bool:
    """Withhold the cheapest rectangle through `place`; cells withheld already cost nothing."""
    i, j = place
    cost = np.where(hidden, 0.0, np.where(values > 0, values, np.inf))
    corner = cost[i, :][None, :] + cost[:, j][:, None] + cost
    corner[i, :] = corner[:, j] = np.inf
    corner[corner == 0] = np.inf  # a rectangle that stands already did not help
    if not np.isfinite(corner).any():
        return False
    far = np.unravel_index(int(np.argmin(corner)), corner.shape)
    for at in ((i, far[1]), (far[0], j), (far[0], far[1])):
        second[at] |= not hidden[at]
    return True


def _shown(
    values: np.ndarray, hidden: np.ndarray, rows: list[str], columns: list[str], rules: Rules
) -> pd.DataFrame:
    step = rules.base
    rounded = np.floor(values / step + 0.5) * step
    table = pd.DataFrame(np.where(hidden, np.nan, rounded), index=rows, columns=columns)
    table["All"] = np.floor(values.sum(axis=1) / step + 0.5) * step
    sums = [*values.sum(axis=0), values.sum()]
    table.loc["All"] = np.floor(np.array(sums) / step + 0.5) * step
    return table
