"""Effects of many levels are solved to rounding, in as few steps as that takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.methods import factors as room
from analysis.methods.factors import Factors


def blocks(*, sides: int, years: int, pairs: bool = False) -> Factors:
    """Exporter-year and importer-year: one unconnected block a year, no flow to oneself."""
    i, j, year = (axis.ravel() for axis in np.indices((sides, sides, years)))
    apart = i != j
    i, j, year = i[apart], j[apart], year[apart]
    codes = [i * years + year, j * years + year]
    if pairs:  # the largest factor stands first
        codes.insert(0, pd.factorize(i * sides + j)[0])
    return Factors(codes=tuple(codes), sizes=tuple(int(code.max()) + 1 for code in codes))


def dummies(factors: Factors) -> np.ndarray:
    return np.hstack([pd.get_dummies(code).to_numpy(dtype=float) for code in factors.codes])


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("equal", [True, False])
def test_iterated_residuals_against_least_squares(
    monkeypatch: pytest.MonkeyPatch, equal: bool, pairs: bool
) -> None:
    """By all dummies; and no more steps than the answer takes, also where nothing is left."""
    monkeypatch.setattr(Factors, "dense", property(lambda _: False))
    steps = []
    image = room._System.image

    def counted(self: room._System, *given: np.ndarray) -> np.ndarray:
        steps.append(1)
        return image(self, *given)

    monkeypatch.setattr(room._System, "image", counted)
    held = blocks(sides=7, years=3, pairs=pairs)
    rng = np.random.default_rng(2)
    count = len(held.codes[0])
    weights = np.ones(count) if equal else rng.uniform(0.5, 2.0, count)
    known = rng.normal(size=held.sizes[0])[held.codes[0]] * 1e3
    columns = np.array([15 + 8 * rng.normal(size=count), known])
    found = held.residuals(columns, weights)
    root = np.sqrt(weights)
    design = dummies(held) * root[:, None]
    for column, left in zip(columns, found, strict=True):
        fit = np.linalg.lstsq(design, column * root, rcond=None)[0]
        np.testing.assert_allclose(
            left, column - dummies(held) @ fit, atol=1e-10 * np.abs(column).max()
        )
    assert len(steps) < 80
    assert room.CG_STEPS > 1_000
