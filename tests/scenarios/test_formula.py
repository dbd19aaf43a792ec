"""Units and formulas: hours, days, percent, billions, currencies and base years."""

import numpy as np
import pytest

from analysis.declarations.units import Unit
from analysis.errors import DeclarationError
from analysis.scenarios.formula import CONSTANTS, Quantity, evaluate, names, written


def test_units_multiply_and_divide() -> None:
    assert Unit.of("bn RMB_2022 / year") / Unit.of("bn RMB_2022") == Unit.of("1 / year")
    assert Unit.of("percent / day") * Unit.of("day") == Unit.of("percent")
    assert Unit.of("percent / year / year") == Unit.of("percent / year^2")
    assert Unit.of("1").pure
    assert not Unit.of("hour").pure


@pytest.mark.parametrize("text", ["RMB", "USD / year", "hours", "week", "RMB_1850", "m^0", "%"])
def test_money_without_a_base_year_and_unknown_units_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a unit made of"):
        Unit.of(text)


def test_units_are_written_for_readers() -> None:
    assert str(Unit.of("bn RMB_2022 / year")) == "RMB bn per year (2022 prices)"
    assert str(Unit.of("RMB_2023 / USD_2023")) == "RMB per USD (2023 prices)"
    assert str(Unit.of("percent / year^2")) == "percent per year per year"
    assert str(Unit.of("1")) == "number"


def scope(**given: tuple[float, str]) -> dict[str, Quantity]:
    return {**CONSTANTS, **{name: Quantity.of(*pair) for name, pair in given.items()}}


def test_hours_become_days_only_by_the_constant() -> None:
    held = scope(hours=(36, "hour"), rate=(2, "percent / day"))
    made = evaluate("hours / hours_a_day * rate", held)
    assert made.value == pytest.approx(3.0)
    assert made.unit == Unit.of("percent")
    assert evaluate("hours * rate", held).unit == Unit.of("hour percent / day")
    with pytest.raises(DeclarationError, match="the same unit on both sides"):
        evaluate("hours + one_year", held)


def test_base_years_and_currencies_do_not_mix() -> None:
    held = scope(
        old=(100, "bn RMB_2022"), new=(100, "bn RMB_2023"), usd=(1, "bn USD_2023"),
        prices=(1.1, "RMB_2023 / RMB_2022"), rate=(7, "RMB_2023 / USD_2023"),
    )  # fmt: skip
    for formula in ("old + new", "new + usd", "old * rate + new"):
        with pytest.raises(DeclarationError, match="the same unit"):
            evaluate(formula, held)
    made = evaluate("old * prices + new + usd * rate", held)
    assert made.value == pytest.approx(217.0)
    assert made.unit == Unit.of("bn RMB_2023")


def test_millions_and_billions_do_not_mix() -> None:
    held = scope(small=(500, "m RMB_2023"), large=(2, "bn RMB_2023"))
    with pytest.raises(DeclarationError, match="the same unit"):
        evaluate("small + large", held)
    assert evaluate("small + large * thousand", held).value == pytest.approx(2500.0)


def test_powers_need_pure_numbers() -> None:
    held = scope(growth=(10, "percent"), year=(3, "year"))
    made = evaluate("(1 + growth / hundred) ** (year / one_year)", held)
    assert made.value == pytest.approx(1.331)
    with pytest.raises(DeclarationError, match="a power of a pure number"):
        evaluate("year ** 2", held)


def test_smaller_and_larger() -> None:
    held = scope(a=(3, "year"), b=(2, "year"))
    assert evaluate("min(a, b)", held).value == 2
    assert evaluate("max(a, b)", held).value == 3
    assert evaluate("-a - b", held).value == -5


@pytest.mark.parametrize(
    "formula", ["unknown + 1", "__import__('os')", "a.real", "[1]", "a if a else a", "min(a)"]
)
def test_anything_else_is_refused(formula: str) -> None:
    with pytest.raises(DeclarationError):
        evaluate(formula, scope(a=(1, "year")))


def test_values_keep_their_shape() -> None:
    held = {
        "draws": Quantity(value=np.arange(4.0)[:, None], unit=Unit()),
        "years": Quantity(value=np.arange(3.0), unit=Unit()),
    }
    assert evaluate("draws * years", held).value.shape == (4, 3)


def test_a_formula_is_written_with_letters() -> None:
    letters = {"a": "A", "b": "B", "c": "C"}
    assert written("a * (b + c) / 2", letters) == "A × (B + C) ÷ 2"
    assert written("a / (b * c) - (a - b)", letters) == "A ÷ (B × C) − (A − B)"
    assert written("a * min(1, b / c)", letters) == "A × smaller of (1, B ÷ C)"
    assert written("-a * b", letters) == "(−A) × B"
    assert names("b * min(1, a / b)") == ("b", "a")
