"""The reusable half: panels, estimators and effects of any reform."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.methods.difference_in_differences import difference_in_differences
    from analysis.methods.effects import Effect, EffectTable
    from analysis.methods.event_study import event_study
    from analysis.methods.panel import Panel

_ROOMS = {
    "Effect": "effects",
    "EffectTable": "effects",
    "Panel": "panel",
    "difference_in_differences": "difference_in_differences",
    "event_study": "event_study",
}

__all__ = ["Effect", "EffectTable", "Panel", "difference_in_differences", "event_study"]


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"analysis.methods.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value
