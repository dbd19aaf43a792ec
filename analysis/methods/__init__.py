"""The reusable half: panels, estimators and effects of any reform."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.methods.bins import LogBins
    from analysis.methods.compress import compress
    from analysis.methods.cox import cox
    from analysis.methods.decompose import decompose
    from analysis.methods.difference_in_differences import difference_in_differences
    from analysis.methods.distribution import distribution, share_within
    from analysis.methods.dose_response import dose_response
    from analysis.methods.effects import Effect, EffectTable
    from analysis.methods.event_study import event_study
    from analysis.methods.extended_twfe import extended_twfe
    from analysis.methods.gravity import flows, gravity
    from analysis.methods.group_time_att import group_time_att
    from analysis.methods.hazard import hazard
    from analysis.methods.imputation import imputation
    from analysis.methods.interrupted_time_series import interrupted_time_series
    from analysis.methods.panel import Panel
    from analysis.methods.panel_approach import panel_approach
    from analysis.methods.poisson import poisson
    from analysis.methods.spells import Spells, spells_to_panel
    from analysis.methods.stacked import stacked
    from analysis.methods.synthetic_control import synthetic_control
    from analysis.methods.synthetic_did import synthetic_did
    from analysis.methods.triple_difference import triple_difference

_ROOMS = {
    "Effect": "effects",
    "EffectTable": "effects",
    "LogBins": "bins",
    "Panel": "panel",
    "Spells": "spells",
    "compress": "compress",
    "cox": "cox",
    "decompose": "decompose",
    "difference_in_differences": "difference_in_differences",
    "distribution": "distribution",
    "dose_response": "dose_response",
    "event_study": "event_study",
    "extended_twfe": "extended_twfe",
    "flows": "gravity",
    "gravity": "gravity",
    "group_time_att": "group_time_att",
    "hazard": "hazard",
    "imputation": "imputation",
    "interrupted_time_series": "interrupted_time_series",
    "panel_approach": "panel_approach",
    "poisson": "poisson",
    "spells_to_panel": "spells",
    "stacked": "stacked",
    "synthetic_control": "synthetic_control",
    "synthetic_did": "synthetic_did",
    "triple_difference": "triple_difference",
    "share_within": "distribution",
}

__all__ = [
    "Effect",
    "EffectTable",
    "LogBins",
    "Panel",
    "Spells",
    "compress",
    "cox",
    "decompose",
    "difference_in_differences",
    "distribution",
    "dose_response",
    "event_study",
    "extended_twfe",
    "flows",
    "gravity",
    "group_time_att",
    "hazard",
    "imputation",
    "interrupted_time_series",
    "panel_approach",
    "poisson",
    "share_within",
    "spells_to_panel",
    "stacked",
    "synthetic_control",
    "synthetic_did",
    "triple_difference",
]


class _Face(ModuleType):
    """Keeps the names of the verbs for the verbs.

    Importing a room makes Python put the module on the package under the same name, where it
    would hide the function of that name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _ROOMS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"analysis.methods.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value
