"""Power and minimum detectable effect of a design, by simulation on the data themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.panel import Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """How often effects of given sizes would be found.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns ``effect``, ``power``, ``mc_error``.
    minimum_detectable : float
        Effect found with the power asked for, by interpolation; infinite if none tried is.
    n_draws : int
        Placebo reforms behind every number.
    """

    frame: pd.DataFrame
    minimum_detectable: float
    n_draws: int


def simulated_power(
    panel: Panel,
    estimator: Callable[[Panel], EffectTable],
    *,
    effects: Sequence[float],
    power: float = 0.8,
    level: float = 0.05,
    n_draws: int = 200,
    seed: int = 0,
) -> Power:
    """Plant effects in placebo reforms among the controls and count how often they are found.

    Parameters
    ----------
    panel : Panel
        The panel of the reform; its treated units are left out.
    estimator : callable
        Takes a panel and gives an EffectTable with p-values, such as
        ``partial(difference_in_differences, inference="scaled_t")``.
    effects : sequence of float
        Sizes to plant, outcome units.
    power, level : float
        Power asked for, and level of the test.
    n_draws : int
        Placebo reforms: the cohorts are dealt to controls at random.
    seed : int

    Returns
    -------
    Power

    Raises
    ------
    IdentificationError
        If there are too few controls to play the treated, or no placebo gives a p-value.

    Notes
    -----
    Draws that print no p-value count as not found. The same placebos serve every size, so the
    curve is smooth.
    """
    controls = panel.keep_units([unit for unit in panel.units if unit not in set(panel.treated)])
    first = panel.cohorts[panel.treated]
    if controls.n_units < 2 * len(first) or len(first) == 0:
        raise IdentificationError.of(
            expected=f"at least {2 * max(len(first), 1)} control units",
            found=str(controls.n_units),
            mend="use the minimum detectable effect of the estimate instead",
        )
    rng = np.random.default_rng(seed)
    found = np.zeros((n_draws, len(effects)))
    said = 0
    for draw in range(n_draws):
        chosen = rng.choice(controls.units, len(first), replace=False)
        placebo = controls.with_cohorts(pd.Series(first.to_numpy(), index=chosen, dtype="Int64"))
        for column, size in enumerate(effects):
            p_value = estimator(_planted(placebo, size)).overall.p_value
            said += int(np.isfinite(p_value))
            found[draw, column] = p_value <= level
    if said == 0:
        raise IdentificationError.of(
            expected="an estimator that gives p-values", found="none", mend="choose an inference"
        )
    share = found.mean(axis=0)
    frame = pd.DataFrame(
        {
            "effect": list(effects),
            "power": share,
            "mc_error": np.sqrt(share * (1 - share) / n_draws),
        }
    )
    return Power(frame=frame, minimum_detectable=_where(frame, power), n_draws=n_draws)


def _planted(panel: Panel, size: float) -> Panel:
    after = panel.cell_event_time >= 0
    outcome = panel.cells["outcome"].to_numpy(dtype=float) + size * after
    return replace(panel, cells=panel.cells.assign(outcome=outcome))


def _where(frame: pd.DataFrame, power: float) -> float:
    ordered = frame.assign(size=frame["effect"].abs()).sort_values("size")
    sizes = ordered["size"].to_numpy(dtype=float)
    share = np.maximum.accumulate(ordered["power"].to_numpy(dtype=float))
    above = np.flatnonzero(share >= power)
    if not len(above):
        return float("inf")
    place = int(above[0])
    if place == 0 or share[place] == share[place - 1]:
        return float(sizes[place])
    part = (power - share[place - 1]) / (share[place] - share[place - 1])
    return float(sizes[place - 1] + part * (sizes[place] - sizes[place - 1]))
