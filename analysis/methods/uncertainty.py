"""Turn raw estimates of any method into an EffectTable with the inference asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods import inference_kinds as kinds
from analysis.methods.comovement import comovement_notes
from analysis.methods.effects import EffectTable, frame_of
from analysis.methods.estimates import (
    Asked,
    Conley,
    Estimates,
    Inference,
    Made,
    Multiplier,
    Refit,
    WildBootstrap,
    nothing,
)
from analysis.methods.guards import doubts
from analysis.methods.panel import Panel
from analysis.methods.randomisation import randomisation
from analysis.methods.recommend import Recommendation, recommended

__all__ = [
    "Conley",
    "Estimates",
    "Inference",
    "Multiplier",
    "Recommendation",
    "Refit",
    "WildBootstrap",
    "attach",
    "recommended",
]

#: Largest residual over largest outcome that counts as rounding.
EXACT = 1e-13

_KINDS: dict[str, Callable[[Asked], Made]] = {
    "none": kinds.none,
    "CR0": partial(kinds.cluster_robust, corrected=False),
    "CR1": partial(kinds.cluster_robust, corrected=True),
    "CR2": kinds.bias_reduced_t,
    "CR3": kinds.jackknife_t,
    "wild_bootstrap": partial(kinds.wild_bootstrap, options=WildBootstrap()),
    "randomisation": randomisation,
    "scaled_t": kinds.scaled_t,
    "conley": partial(kinds.conley, options=None),
    "multiplier": partial(kinds.multiplier, options=Multiplier()),
}


def attach(
    panel: Panel,
    estimates: Estimates,
    *,
    estimator: str,
    inference: Inference,
    conf_level: float,
    seed: int,
) -> EffectTable:
    """Attach uncertainty to estimates.

    Parameters
    ----------
    panel : Panel
        What the estimates were made from.
    estimates : Estimates
    estimator : str
        Name of the method.
    inference : str or Conley or Multiplier or WildBootstrap
        See `Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable

    Raises
    ------
    IdentificationError
        If the inference is not known or the method cannot give it, if the confidence level is
        not between 0 and 1, or if an estimate is not a number.
    """
    _refuse(conf_level)
    asked = Asked(panel=panel, estimates=estimates, conf_level=conf_level, seed=seed)
    made = _made(asked, inference)
    n_treated = panel.n_treated
    columns = {
        "n_treated": n_treated,
        "n_control": panel.n_units - n_treated,
        **{str(name): column.array for name, column in estimates.labels.items()},
        "outcome": panel.outcome,
        "estimator": estimator,
        "estimate": estimates.estimate,
        **{name: getattr(made.intervals, name) for name in numeric.Intervals.__slots__},
        "unit_of_measure": panel.unit_of_measure,
        "scale": panel.scale,
        "conf_level": conf_level,
        "inference": made.name,
        "n_obs": panel.n_obs,
        "n_units": panel.n_units,
    }
    return EffectTable(
        frame=frame_of(columns, size=asked.count),
        headline=estimates.headline,
        covariance=made.covariance,
        influence=estimates.influence,
        draws=made.draws,
        augmented=estimates.augmented,
        refit=estimates.refit if estimates.linear else None,
        notes=(*estimates.notes, *made.notes, *doubts(panel)),
    )


def _made(asked: Asked, inference: Inference) -> Made:
    if inference != "none" and _fits_exactly(asked):
        reason = "no interval: unit and time effects and treatment fit the outcome exactly"
        return nothing(len(asked.estimates.estimate), reason)
    if isinstance(inference, WildBootstrap):
        return kinds.wild_bootstrap(asked, options=inference)
    if isinstance(inference, Conley):
        return kinds.conley(asked, options=inference)
    if isinstance(inference, Multiplier):
        return kinds.multiplier(asked, options=inference)
    if inference == "recommended":
        choice = recommended(asked.panel, asked.estimates)
        if choice.name == "none":
            return nothing(len(asked.estimates.estimate), f"no p-value: {choice.reason}")
        made = _KINDS[choice.name](asked)
        said = (f"{made.name}, recommended: {choice.reason}", *comovement_notes(asked.panel))
        return replace(made, notes=(*said, *made.notes))
    if inference not in _KINDS:
        raise IdentificationError.of(
            expected=f"inference {', '.join(['recommended', *_KINDS])}",
            found=str(inference),
            mend="choose one of these",
        )
    return _KINDS[inference](asked)


def _refuse(conf_level: float) -> None:
    if not 0 < conf_level < 1:
        raise IdentificationError.of(
            expected="a confidence level between 0 and 1",
            found=str(conf_level),
            mend="use a share such as 0.95",
        )


def _fits_exactly(asked: Asked) -> bool:
    fitted = asked.estimates.regression
    if fitted is None or len(fitted.residuals) == 0:
        return False
    outcome = asked.panel.cells["outcome"].to_numpy(dtype=float)
    return bool(np.abs(fitted.residuals).max() <= EXACT * np.abs(outcome).max())
