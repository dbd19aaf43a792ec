"""Did the treated units move together before the reform? Then a shock they share looks like it."""

from __future__ import annotations

import numpy as np
from scipy import stats

from analysis.methods.layout import Layout, lay_out
from analysis.methods.panel import Panel

#: Controls and times before the reform without which nothing can be said.
LEAST_CONTROLS, LEAST_BEFORE = 5, 6
#: More units than this are not compared pair by pair.
MOST_UNITS = 500
#: A p-value below this is told.
LEVEL = 0.01


def shared_movement(outcomes: np.ndarray, layout: Layout) -> np.ndarray:
    r"""One-sided p-values that treated units moved together before the reform.

    Parameters
    ----------
    outcomes : numpy.ndarray
        Shape (R, n_units, n_times).
    layout : Layout

    Returns
    -------
    numpy.ndarray
        Shape (R,), nan where it cannot be tested: fewer than two treated units, five controls or
        six times before, or cells missing before.

    Notes
    -----
    From what unit and time effects leave before the reform, once in levels and once in changes,
    the correlations of all pairs of treated units are averaged, :math:`\bar r_T`, and those of all
    pairs of controls, :math:`\bar r_C`, whose standard deviation is :math:`s`. Were units
    independent, :math:`(\bar r_T - \bar r_C) / (s \sqrt{1/P_T + 1/P_C})` would be nearly normal
    for :math:`P_T` and :math:`P_C` pairs, whatever the serial dependence, as it is alike in both.
    The smaller of the two p-values counts, doubled. Inference with few treated units takes units
    as independent: where this p-value is small, it does not hold.
    """
    blank = np.full(len(outcomes), np.nan)
    few = (~layout.control).sum() < 2 or layout.control.sum() < LEAST_CONTROLS
    if few or layout.before.sum() < LEAST_BEFORE or not layout.seen[:, layout.before].all():
        return blank
    before = outcomes[:, :, layout.before]
    left = before - before.mean(axis=2, keepdims=True)
    left = left - left.mean(axis=1, keepdims=True)
    p_values = [_pairs(moves, layout.control) for moves in (left, np.diff(left, axis=2))]
    return np.asarray(np.minimum(1.0, 2 * np.minimum(*p_values)))


def _pairs(moves: np.ndarray, control: np.ndarray) -> np.ndarray:
    size = np.sqrt((moves**2).sum(axis=2, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.where(size > 0, moves / size, 0.0)
    related = unit @ unit.transpose(0, 2, 1)
    means, counts, spread = [], [], np.zeros(len(moves))
    for group in (~control, control):
        upper = np.triu_indices(int(group.sum()), 1)
        pairs = related[:, group][:, :, group][:, upper[0], upper[1]]
        means.append(pairs.mean(axis=1))
        counts.append(pairs.shape[1])
        spread = pairs.std(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = (means[0] - means[1]) / (spread * np.sqrt(1 / counts[0] + 1 / counts[1]))
    return np.asarray(stats.norm.sf(np.nan_to_num(away)))


def comovement_notes(panel: Panel) -> tuple[str, ...]:
    """Say that treated units moved together before the reform, where they did."""
    if panel.n_units > MOST_UNITS:
        return ()
    layout = lay_out(panel)
    p_value = float(shared_movement(layout.outcome[None], layout)[0])
    if not p_value < LEVEL:
        return ()
    return (
        f"Flag: treated units moved together before the reform (p = {p_value:.2g}), more than "
        "controls did. A later shock that they share would look like an effect, and no interval "
        "here allows for it.",
    )
