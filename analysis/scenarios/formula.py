"""Formulas of scenario steps: read once, used to compute, to check units and to show the reader.

One text does all three, so that the table on the page cannot differ from what was computed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from analysis.declarations.units import Unit
from analysis.errors import AnalysisError, DeclarationError

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "\u2212",
    ast.Mult: "\u00d7",
    ast.Div: "\u00f7",
    ast.Pow: "^",
}
_RANK: dict[type[ast.operator], int] = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.Pow: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Numbers with a unit.

    Attributes
    ----------
    value : numpy.ndarray
        Any shape that broadcasts; draws x years in a scenario.
    unit : Unit
    """

    value: np.ndarray
    unit: Unit

    @classmethod
    def of(cls, value: float | np.ndarray, unit: str) -> Quantity:
        """Make a quantity from a number and the text of its unit."""
        return cls(value=np.asarray(value, dtype=float), unit=Unit.of(unit))


#: Conversions a reader needs; they stand in the table like any other number.
CONSTANTS: Mapping[str, Quantity] = {
    "hours_a_day": Quantity.of(24, "hour / day"),
    "days_a_year": Quantity.of(365, "day / year"),
    "months_a_year": Quantity.of(12, "month / year"),
    "hundred": Quantity.of(100, "percent"),
    "thousand": Quantity.of(1000, "m / bn"),
    "million": Quantity.of(1_000_000, "1 / m"),
    "one_year": Quantity.of(1, "year"),
}


def evaluate(formula: str, scope: Mapping[str, Quantity]) -> Quantity:
    """Compute a formula; units are carried along and must fit.

    Parameters
    ----------
    formula : str
        Names, numbers, ``+ - * / **``, ``min`` and ``max``.
    scope : mapping
        Quantity of every name.

    Raises
    ------
    DeclarationError
        A sum of different units, a power of a unit that is not a whole number, an unknown name.
    """
    return _Evaluation(formula, scope).visit(_tree(formula))


def names(formula: str) -> tuple[str, ...]:
    """Return the names a formula uses, in order of first use."""
    found = [n.id for n in ast.walk(_tree(formula)) if isinstance(n, ast.Name)]
    return tuple(sorted({n for n in found if n not in ("min", "max")}, key=formula.index))


def written(formula: str, letters: Mapping[str, str]) -> str:
    """Write a formula for a reader, names replaced by the letters of the table."""
    return _written(_tree(formula), letters, 0)


@cache
def _tree(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _written(node: ast.expr, letters: Mapping[str, str], outer: int) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            rank = _RANK[type(op)]
            # The right side of a minus or a division needs brackets at the same rank.
            text = f"{_written(left, letters, rank)} {_SIGNS[type(op)]} "
            text += _written(right, letters, rank + 1)
            return f"({text})" if rank < outer else text
        case ast.UnaryOp(operand=operand):
            text = f"\u2212{_written(operand, letters, 3)}"
            return f"({text})" if outer > 1 else text
        case ast.Call(func=ast.Name(id=name), args=args):
            word = {"min": "smaller", "max": "larger"}[name]
            return f"{word} of ({', '.join(_written(one, letters, 0) for one in args)})"
        case ast.Name(id=name):
            return letters[name]
        case _:
            return f"{ast.literal_eval(node):g}"


class _Evaluation:
    """One walk over one formula."""

    def __init__(self, formula: str, scope: Mapping[str, Quantity]) -> None:
        self.formula, self.scope = formula, scope

    def fail(self, expected: str, found: str) -> AnalysisError:
        return DeclarationError.of(
            expected=expected,
            found=f"{found} in `{self.formula}`",
            mend="correct the unit of the input, or multiply by the constant that converts it",
        )

    def visit(self, node: ast.expr) -> Quantity:
        match node:
            case ast.Name(id=name):
                if name not in self.scope:
                    raise self.fail(f"an input or an earlier step `{name}`", "none")
                return self.scope[name]
            case ast.Constant(value=int() | float() as number):
                return Quantity(value=np.asarray(float(number)), unit=Unit())
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.visit(operand)
                return Quantity(value=-inner.value, unit=inner.unit)
            case ast.Call(func=ast.Name(id="min" | "max" as name), args=[first, second]):
                pick = np.minimum if name == "min" else np.maximum
                return self.same(self.visit(first), self.visit(second), pick)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.visit(left), self.visit(right))
            case _:
                raise self.fail("numbers, names, + - * / ** and min or max", ast.dump(node))

    def same(
        self,
        left: Quantity,
        right: Quantity,
        compute: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ) -> Quantity:
        if left.unit != right.unit:
            raise self.fail("the same unit on both sides", f"{left.unit} and {right.unit}")
        return Quantity(value=compute(left.value, right.value), unit=left.unit)

    def binary(self, op: ast.operator, left: Quantity, right: Quantity) -> Quantity:
        match op:
            case ast.Add():
                return self.same(left, right, np.add)
            case ast.Sub():
                return self.same(left, right, np.subtract)
            case ast.Mult():
                return Quantity(value=left.value * right.value, unit=left.unit * right.unit)
            case ast.Div():
                return Quantity(value=left.value / right.value, unit=left.unit / right.unit)
            case ast.Pow() if left.unit.pure and right.unit.pure:
                return Quantity(value=left.value**right.value, unit=Unit())
            case _:
                raise self.fail("a power of a pure number", f"{left.unit} to the {right.unit}")
