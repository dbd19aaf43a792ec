"""Policy impact evaluation of collaborative trade reforms: what a page may import."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis import listings, plots, tables
    from analysis.auditing import audit, holdings, studies
    from analysis.study import run

__all__ = ["audit", "holdings", "listings", "plots", "run", "studies", "tables"]


def __getattr__(name: str) -> object:
    if name in ("audit", "holdings", "studies"):
        return getattr(import_module("analysis.auditing"), name)
    if name == "run":
        return import_module("analysis.study").run
    if name in ("listings", "plots", "tables"):
        return import_module(f"analysis.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
