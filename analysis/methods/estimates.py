"""What a method hands over before inference, and the words for the inference asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.inference import Intervals
from analysis.methods.influence import Influence
from analysis.methods.panel import Panel
from analysis.methods.regression import Regression
from analysis.methods.spatial import Kernel
from analysis.methods.wild_bootstrap import Null, Weights

#: Estimates (m, k) for a panel with other cohorts and outcomes (n_cells, m).
Refit = Callable[[Panel, np.ndarray], np.ndarray]

InferenceName = Literal[
    "recommended",
    "none",
    "CR0",
    "CR1",
    "CR2",
    "CR3",
    "wild_bootstrap",
    "randomisation",
    "scaled_t",
    "conley",
    "multiplier",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WildBootstrap:
    """Wild cluster bootstrap with options; ``"wild_bootstrap"`` means these defaults.

    Attributes
    ----------
    weights : {"auto", "rademacher", "webb", "mammen"}
        ``"auto"`` is Webb below 12 clusters, else Rademacher.
    null : {"imposed", "free"}
        Whether the residuals obey the null.
    draws : int
        All patterns are enumerated instead if they are fewer.
    """

    weights: Weights = "auto"
    null: Null = "imposed"
    draws: int = 9_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Conley:
    """Errors alike in places that lie close.

    Attributes
    ----------
    coordinates : pandas.DataFrame
        Index unit, columns ``latitude`` and ``longitude`` in degrees.
    cutoff_km : float
        Distance from which errors count as independent.
    kernel : {"bartlett", "uniform"}
    """

    coordinates: pd.DataFrame
    cutoff_km: float
    kernel: Kernel = "bartlett"


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """Multiplier bootstrap of the influence of clusters; ``"multiplier"`` means these defaults.

    Attributes
    ----------
    draws : int
    weights : {"rademacher", "mammen"}
    """

    draws: int = 999
    weights: Literal["rademacher", "mammen"] = "rademacher"


Inference = InferenceName | WildBootstrap | Conley | Multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What a method hands over before inference; k rows.

    Attributes
    ----------
    labels : pandas.DataFrame
        Columns ``estimand``, ``term`` and any of ``cohort``, ``time``, ``event_time``,
        ``n_treated``, ``n_control``; one row an estimate.
    estimate : numpy.ndarray
        Shape (k,).
    headline : int
        Row of the overall effect.
    influence : numpy.ndarray or None
        Shape (n_clusters, k), see `EffectTable`.
    product : Influence or None
        The same contributions as a product, where they are too many to lay out; `influence` may
        then be None.
    factor : float
        Small-sample factor of the covariance made from `influence`.
    refit : callable or None
        ``refit(panel, outcomes)`` gives the same k estimates for a panel with other cohorts and
        every column of outcomes (n_cells, m), as an array (m, k).
    linear : bool
        Whether `refit` takes outcomes as given; where not, it answers only to cohorts.
    regression : Regression or None
        The regression behind the estimates, for CR2, CR3, the wild bootstrap and Conley.
    rows : numpy.ndarray or None
        Shape (k, terms): ``estimate = rows @ regression.coefficients``.
    source : numpy.ndarray or None
        Cell of the panel behind every cell of the regression, where it is on other cells.
    absorb : callable or None
        Takes the absorbed effects out of columns (n_cells, c); None = unit and time effects.
    exposure : numpy.ndarray or None
        Treatment of every cell behind every estimate, shape (n_cells, k): the outcome with which
        `refit` gives the slopes of a randomisation interval.
    augmented : pandas.DataFrame or None
        See `EffectTable`.
    lacks : str
        Why the method cannot give what `regression` or `refit` are for, where they are None.
    notes : tuple of str
        See `EffectTable`.
    """

    labels: pd.DataFrame
    estimate: np.ndarray
    headline: int = 0
    influence: np.ndarray | None = None
    product: Influence | None = None
    factor: float = 1.0
    refit: Refit | None = None
    linear: bool = True
    regression: Regression | None = None
    rows: np.ndarray | None = None
    source: np.ndarray | None = None
    absorb: Callable[[np.ndarray], np.ndarray] | None = None
    exposure: np.ndarray | None = None
    augmented: pd.DataFrame | None = None
    lacks: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Uncertainty of k estimates as one kind of inference made it."""

    name: str
    intervals: Intervals
    covariance: np.ndarray | None = None
    draws: np.ndarray | None = None
    notes: tuple[str, ...] = field(default=())


def nothing(count: int, reason: str) -> Made:
    """Print no interval for `count` estimates, and say why."""
    empty = np.full(count, np.nan)
    intervals = Intervals(**dict.fromkeys(Intervals.__slots__, empty))
    return Made(name=reason, intervals=intervals, notes=(reason,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What all kinds of inference need to know."""

    panel: Panel
    estimates: Estimates
    conf_level: float
    seed: int

    @property
    def count(self) -> int:
        """Number of estimates."""
        return len(self.estimates.estimate)


def cannot(name: str, *, why: str = "") -> IdentificationError:
    """Say that a method cannot give the inference `name`, and why."""
    error = IdentificationError.of(
        expected="an inference this method can give",
        found=f"{name}: {why}" if why else name,
        mend="use inference='recommended', or another kind",
    )
    return IdentificationError(*error.faults)
