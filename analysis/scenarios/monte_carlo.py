"""Draws of the inputs: declared ranges, declared correlations, effects with full covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.declarations.scenarios import Correlation, Input
from analysis.errors import DeclarationError, IdentificationError
from analysis.methods.effects import EffectTable

Z95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 percent above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """An estimate that takes the place of one or more inputs.

    Attributes
    ----------
    inputs : tuple of str
        Inputs or steps that the rows replace. One name with several rows is a path over years:
        the rows in order are years 1, 2, ..., the last one holds for the years after.
    table : EffectTable
        A log effect becomes exact percent in every draw; percent and level stay as they are.
    rows : tuple of int
        Positions in the table.
    unit : str
        Unit of the input; log and percent effects need ``percent``.
    simulated : bool
        Whether the estimate rests on simulated data.
    """

    inputs: tuple[str, ...]
    table: EffectTable
    rows: tuple[int, ...]
    unit: str = "percent"
    simulated: bool = False

    def __post_init__(self) -> None:
        """Refuse shapes and units that do not fit."""
        if len(self.inputs) not in (1, len(self.rows)) or not self.rows:
            raise IdentificationError.of(
                expected="one name, or a name for each row",
                found=f"{len(self.inputs)} names and {len(self.rows)} rows",
                mend="name the input each row replaces",
            )
        scales = {self.table.effect(row).scale for row in self.rows}
        if scales & {"log", "percent"} and self.unit != "percent":
            raise IdentificationError.of(
                expected="unit percent for an effect in logs or percent",
                found=self.unit,
                mend="carry it to an input in percent, or estimate the outcome in levels",
            )

    @property
    def estimate(self) -> np.ndarray:
        """Point estimates on the scale of the estimation, shape (rows,)."""
        return np.array([self.table.effect(row).estimate for row in self.rows])

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the estimates, shape (rows, rows).

        Without one in the table, rows are taken as independent with their standard errors, or
        with a quarter of the width of the 95 % interval where only an interval was made.
        """
        rows = list(self.rows)
        if self.table.covariance is not None:
            return np.asarray(self.table.covariance[np.ix_(rows, rows)])
        errors = []
        for row in rows:
            effect = self.table.effect(row)
            error = effect.std_error
            if not np.isfinite(error):
                level = stats.norm.ppf(0.5 + effect.conf_level / 2)
                error = (effect.conf_high - effect.conf_low) / (2 * level)
            errors.append(error)
        if not np.all(np.isfinite(errors)):
            raise IdentificationError.of(
                expected="a standard error, an interval or a covariance",
                found="an estimate without uncertainty",
                mend="choose an inference that gives one; no scenario carries a bare number",
            )
        return np.diag(np.square(errors))

    def moved(self, values: np.ndarray) -> np.ndarray:
        """Bring values (..., rows) from the scale of the estimation to that of the input."""
        logs = [self.table.effect(row).scale == "log" for row in self.rows]
        return np.asarray(np.where(logs, 100 * np.expm1(values), values))

    def drawn(self, draws: int, random: np.random.Generator) -> np.ndarray:
        """Draw from the joint normal distribution of the estimates, shape (draws, rows)."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        return self.moved(self.estimate + random.standard_normal((draws, len(self.rows))) @ root.T)


def quantile(one: Input, probability: np.ndarray) -> np.ndarray:
    """Quantiles of an input's distribution."""
    p, low, high = np.asarray(probability, dtype=float), one.low, one.high
    match one.distribution:
        case "fixed":
            return np.full(p.shape, one.value)
        case "uniform":
            return np.asarray(low + (high - low) * p)
        case "triangular":
            left, width = one.value - low, high - low
            rising = low + np.sqrt(p * width * left)
            falling = high - np.sqrt((1 - p) * width * (high - one.value))
            return np.asarray(np.where(p < left / width, rising, falling))
        case "normal":
            return np.asarray(one.value + (high - low) / (2 * Z95) * stats.norm.ppf(p))
        case "lognormal":
            spread = np.log(high / low) / (2 * Z95)
            return np.asarray(one.value * np.exp(spread * stats.norm.ppf(p)))


def draw(
    inputs: Sequence[Input],
    correlations: Sequence[Correlation],
    *,
    draws: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw all inputs together by a Gaussian copula.

    Returns
    -------
    numpy.ndarray
        Shape (draws, inputs), columns in the order given.

    Raises
    ------
    DeclarationError
        Correlations that no set of variables can have.
    """
    place = {one.id: position for position, one in enumerate(inputs)}
    matrix = np.eye(len(inputs))
    for pair in correlations:
        i, j = place[pair.first], place[pair.second]
        matrix[i, j] = matrix[j, i] = pair.value
    if np.linalg.eigvalsh(matrix)[0] < 1e-10:
        raise DeclarationError.of(
            expected="correlations that can hold together (a positive definite matrix)",
            found=f"a smallest eigenvalue of {np.linalg.eigvalsh(matrix)[0]:.3g}",
            mend="weaken or remove one of the correlations",
        )
    scores = random.standard_normal((draws, len(inputs))) @ np.linalg.cholesky(matrix).T
    uniform = stats.norm.cdf(scores)
    return np.column_stack([quantile(one, uniform[:, n]) for n, one in enumerate(inputs)])
