"""Disclosure control: only numbers that no firm can be read from pass from data to pages."""

from analysis.disclosure.auditing import Ranges, reachable
from analysis.disclosure.clearing import Cleared, clear
from analysis.disclosure.holders import OPEN, behind, population, unknown
from analysis.disclosure.overlap import Population, overlapping
from analysis.disclosure.rules import RULES, Rules
from analysis.disclosure.suppression import MARK, Protected, protect
from analysis.disclosure.withheld import Withheld, listed

__all__ = [
    "MARK",
    "OPEN",
    "RULES",
    "Cleared",
    "Population",
    "Protected",
    "Ranges",
    "Rules",
    "Withheld",
    "behind",
    "clear",
    "listed",
    "overlapping",
    "population",
    "protect",
    "reachable",
    "unknown",
]
