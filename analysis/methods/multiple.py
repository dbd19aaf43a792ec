"""Many outcomes or many specifications: p-values that know how often one has looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable

#: Relative slack with which two statistics count as tied.
TIE = 1e-9


def benjamini_hochberg(p_values: Sequence[float]) -> np.ndarray:
    """Give adjusted p-values that control the false discovery rate; nan stays nan.

    Parameters
    ----------
    p_values : sequence of float
        Between 0 and 1, or nan.

    Returns
    -------
    numpy.ndarray
        Same length and order.

    References
    ----------
    Benjamini and Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    given = _checked(p_values)
    live = np.flatnonzero(~np.isnan(given))
    order = live[np.argsort(given[live])]
    scaled = given[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted = np.full(len(given), np.nan)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def romano_wolf(draws: np.ndarray) -> np.ndarray:
    """Give step-down p-values that control the chance of any false finding.

    Parameters
    ----------
    draws : numpy.ndarray
        Estimates or statistics under the same reassignments for every hypothesis,
        (n_draws, m), the observed first.

    Returns
    -------
    numpy.ndarray
        Shape (m,).

    Notes
    -----
    Every column is divided by its standard deviation over the draws. The largest observed value
    is held against the largest of all hypotheses in every draw, the next against the largest of
    those not yet judged, and so on; p-values never fall along the way. The observed draw counts.

    References
    ----------
    Romano and Wolf (2005), doi:10.1111/j.1468-0262.2005.00615.x; (2016),
    doi:10.1016/j.spl.2016.02.012.
    """
    table = _table(draws)
    error = table.std(axis=0, ddof=1)
    size = np.abs(np.divide(table, error, out=np.zeros_like(table), where=error > 0))
    order = np.argsort(-size[0], kind="stable")
    largest = np.maximum.accumulate(size[:, order][:, ::-1], axis=1)[:, ::-1]
    steps = (largest >= size[0, order] * (1 - TIE)).mean(axis=0)
    adjusted = np.empty(len(order))
    adjusted[order] = np.maximum.accumulate(steps)
    adjusted[error == 0] = np.nan
    return adjusted


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTest:
    """One test over many specifications.

    Attributes
    ----------
    p_value : float
        Of the smallest p-value among all specifications.
    smallest : float
        That p-value, unadjusted.
    n_draws, n_specifications : int
    """

    p_value: float
    smallest: float
    n_draws: int
    n_specifications: int


def min_p_test(draws: np.ndarray) -> JointTest:
    """Test that there is no effect in any of several specifications of one question.

    Parameters
    ----------
    draws : numpy.ndarray
        Estimates of every specification under the same reassignments, (n_draws, m), the observed
        first.

    Returns
    -------
    JointTest

    Notes
    -----
    In every draw, every specification gets the randomisation p-value that it would have had, were
    that draw the observed one; the smallest of them is compared with that of the observed draw.
    """
    table = np.abs(_table(draws))
    n_draws = len(table)
    ordered = np.sort(table, axis=0)
    beyond = np.column_stack(
        [
            n_draws - np.searchsorted(one, column * (1 - TIE), side="left")
            for one, column in zip(ordered.T, table.T, strict=True)
        ]
    )
    smallest = beyond.min(axis=1) / n_draws
    return JointTest(
        p_value=float((smallest <= smallest[0] * (1 + TIE)).mean()),
        smallest=float(smallest[0]),
        n_draws=n_draws,
        n_specifications=table.shape[1],
    )


def adjust(tables: Sequence[EffectTable]) -> pd.DataFrame:
    """Adjust the headlines of several tables for one another.

    Parameters
    ----------
    tables : sequence of EffectTable
        One an outcome. Romano-Wolf needs draws under the same reassignments in the same order:
        one panel shape, ``inference="randomisation"`` and one seed.

    Returns
    -------
    pandas.DataFrame
        Columns ``outcome``, ``estimate``, ``p_value``, ``benjamini_hochberg``, ``romano_wolf``
        (nan where there are no common draws).
    """
    heads = [table.overall for table in tables]
    p_values = [head.p_value for head in heads]
    draws = [None if t.draws is None else t.draws[:, t.headline] for t in tables]
    together = [one for one in draws if one is not None]
    common = len(together) == len(tables) > 0 and len({len(one) for one in together}) == 1
    stepped = romano_wolf(np.column_stack(together)) if common else np.full(len(heads), np.nan)
    return pd.DataFrame(
        {
            "outcome": [head.outcome for head in heads],
            "estimate": [head.estimate for head in heads],
            "p_value": p_values,
            "benjamini_hochberg": benjamini_hochberg(p_values),
            "romano_wolf": stepped,
        }
    )


def _checked(p_values: Sequence[float]) -> np.ndarray:
    given = np.asarray(p_values, dtype=float)
    wrong = (given < 0) | (given > 1)
    if given.ndim != 1 or wrong.any():
        raise IdentificationError.of(
            expected="p-values between 0 and 1 in one row",
            found=str(given[wrong][:3] if given.ndim == 1 else given.shape),
            mend="check what is handed over",
        )
    return given


def _table(draws: np.ndarray) -> np.ndarray:
    table = np.asarray(draws, dtype=float)
    if table.ndim != 2 or len(table) < 2 or not np.isfinite(table).all():
        raise IdentificationError.of(
            expected="finite draws (n_draws, m), at least two, the observed first",
            found=f"shape {table.shape}",
            mend="use the draws of inference='randomisation'",
        )
    return table
