"""Two numbers that differ by a few firms tell about these few: the second one is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.disclosure.rules import Rules
from analysis.methods.contributions import Contributions


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The records that a design uses, as cells of what stands behind its outcome.

    Attributes
    ----------
    name : str
        Study and design.
    cells : numpy.ndarray
        Boolean (n_cells,).
    """

    name: str
    cells: np.ndarray


def overlapping(
    populations: Sequence[Population], contributions: Contributions, *, rules: Rules
) -> dict[str, str]:
    """Find designs that may not be shown beside those before them.

    Parameters
    ----------
    populations : sequence of Population
        In the order in which they are shown.
    contributions : Contributions
    rules : Rules

    Returns
    -------
    dict of str to str
        Why, by the name of the design. What is refused does not count against those after it.
    """
    shown: list[Population] = []
    refused: dict[str, str] = {}
    for one in populations:
        near = next((other for other in shown if _few(one, other, contributions, rules)), None)
        if near is None:
            shown.append(one)
        else:
            refused[one.name] = f"differs from {near.name} by fewer than {rules.firms} firms"
    return refused


def _few(one: Population, other: Population, contributions: Contributions, rules: Rules) -> bool:
    for cells in (one.cells & ~other.cells, other.cells & ~one.cells):
        firms = int((contributions.brought(cells) > 0).sum())
        if 0 < firms < rules.firms:
            return True
    return False
