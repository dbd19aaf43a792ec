"""Effects as log ratios: from a generalised model to estimates, for counts and for hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.factors import Factor, Factors
from analysis.methods.generalised import Data, Fitted, Model, Path, fit, iterate, mean_of
from analysis.methods.panel import Panel
from analysis.methods.terms import Terms
from analysis.methods.uncertainty import (
    FEW_CLUSTERS,
    Estimates,
    Inference,
    Refit,
    attach,
)

#: Smallest step by which an effect is taken out to measure the slope of a placebo estimate.
LEAST_STEP = 0.05
#: Placebo fits stop after a step of this many standard errors.
PLACEBO = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A panel, the model fitted to it and the estimates made from both.

    Attributes
    ----------
    panel : Panel
        Cells that are not separated, on the scale of the estimates.
    estimates : Estimates
    """

    panel: Panel
    estimates: Estimates

    def table(
        self, *, estimator: str, inference: Inference, conf_level: float, seed: int
    ) -> EffectTable:
        """Attach inference; few treated or control units get randomisation, others CR1."""
        chosen = inference
        if inference == "recommended":
            few = min(self.panel.n_treated, self.panel.n_units - self.panel.n_treated)
            chosen = "randomisation" if few < FEW_CLUSTERS else "CR1"
        return attach(
            self.panel,
            self.estimates,
            estimator=estimator,
            inference=chosen,
            conf_level=conf_level,
            seed=seed,
        )


def ratio(
    panel: Panel,
    *,
    model: Model,
    terms: Terms,
    absorb: Sequence[Factor],
    covariates: Sequence[str],
    unit_of_measure: str,
) -> Ratio:
    """Fit the model and gather what inference needs.

    Parameters
    ----------
    panel : Panel
        Outcome in levels.
    model : {"poisson", "logit", "cloglog"}
    terms : Terms
        Of the treatment.
    absorb : sequence of str or tuple of str
        See `Factors.of`.
    covariates : sequence of str
        Columns of the cells that enter linearly; not reported.
    unit_of_measure : str
        Of the estimates.

    Notes
    -----
    For randomisation intervals the effect at hand is taken out of the outcome, ``y exp(-s D)``
    for counts and ``y - mu(eta) + mu(eta - s D)`` for shares with ``s`` the estimate (at least
    0.05 in size), and every placebo estimate made again: its slope in ``s`` is the secant
    between the two, exactly 1 for the assignment that happened.
    """
    before = len(panel.cells)
    beside = panel.cells[list(covariates)].to_numpy(dtype=float)
    data = Data(
        outcome=panel.cells["outcome"].to_numpy(dtype=float),
        weights=panel.cells["weight"].to_numpy(dtype=float),
        terms=np.hstack([terms.columns(panel), beside]),
        names=(*terms.names, *covariates),
        factors=Factors.of(panel, absorb),
    )
    fitted = fit(data, model=model)
    if not fitted.kept.all():
        panel = panel.keep(fitted.kept)
        data = data.keep(fitted.kept)
    rows = np.hstack([terms.rows, np.zeros((len(terms.rows), len(covariates)))])
    clusters = panel.cells["cluster"]
    influence = fitted.influence(clusters)
    estimate = rows @ fitted.coefficients
    neutral = _neutral(data, fitted, model, terms.exposure(panel), estimate)
    estimates = Estimates(
        labels=terms.labels,
        estimate=estimate,
        headline=len(terms.labels) - 1,
        influence=influence @ rows.T,
        factor=fitted.factor(n_obs=panel.n_obs, n_clusters=len(influence)),
        refit=_refit(data, fitted, model, terms, rows, neutral),
        exposure=neutral.outcomes,
        augmented=_augmented(panel, fitted, model, data.terms[:, : len(terms.names)]),
        notes=_notes(panel, before=before),
    )
    scaled = replace(panel, scale="log", unit_of_measure=unit_of_measure)
    return Ratio(panel=scaled, estimates=estimates)


def refuse_logs(panel: Panel) -> None:
    """Raise if the outcome is already in logarithms."""
    if panel.scale == "log":
        raise IdentificationError.of(
            expected="an outcome in levels: counts, amounts or shares",
            found="an outcome in logarithms",
            mend="give the outcome as it was counted; zeros are kept",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Neutral:
    outcomes: np.ndarray  # (N, r) with the effect of every row taken out
    steps: np.ndarray  # (r,) how much was taken out


def _neutral(
    data: Data, fitted: Fitted, model: Model, exposure: np.ndarray, estimate: np.ndarray
) -> _Neutral:
    steps = np.where(np.abs(estimate) >= LEAST_STEP, estimate, LEAST_STEP)
    y = data.outcome
    if model == "poisson":
        columns = [y * np.exp(-s * on) for s, on in zip(steps, exposure.T, strict=True)]
    else:
        columns = [
            y - fitted.mean + mean_of(fitted.eta - s * on, model=model)
            for s, on in zip(steps, exposure.T, strict=True)
        ]
    return _Neutral(outcomes=np.column_stack(columns), steps=steps)


def _refit(
    data: Data, fitted: Fitted, model: Model, terms: Terms, rows: np.ndarray, neutral: _Neutral
) -> Refit:
    beside = data.terms[:, len(terms.names) :]
    positive = (data.weights * data.outcome)[data.outcome > 0]
    half = float(positive.min()) / 2

    def one(design: np.ndarray, on: np.ndarray, outcome: np.ndarray, start: np.ndarray) -> Path:
        seen = _made_finite(outcome, data.weights, on, data.factors.codes[0], half)
        other = replace(data, outcome=seen, terms=design)
        return iterate(other, model=model, start=start, tolerance=PLACEBO, strict=False)

    def refit(panel: Panel, outcomes: np.ndarray) -> np.ndarray:
        design, on = np.hstack([terms.columns(panel), beside]), terms.exposure(panel)
        first = one(design, on, outcomes[:, 0], fitted.eta)
        paths = [first, *(one(design, on, column, first.eta) for column in outcomes[:, 1:].T)]
        made = np.array([rows @ path.coefficients for path in paths])
        if outcomes.shape[1] == 1 + len(rows) and np.array_equal(outcomes[:, 1:], neutral.outcomes):
            made[1:] = (made[0] - made[1:]) / neutral.steps[:, None]
        return made

    return refit


def _made_finite(
    outcome: np.ndarray, weights: np.ndarray, exposure: np.ndarray, group: np.ndarray, half: float
) -> np.ndarray:
    """Add half the smallest outcome where a placebo effect would otherwise be infinite."""
    made = outcome
    for on in exposure.T > 0:
        exposed = np.bincount(group, on, int(group.max()) + 1)[group] > 0
        for part in (on, exposed & ~on):
            total = float(weights[part] @ made[part])
            if part.any() and total < half:
                made = made + np.where(part, (half - total) / weights[part].sum(), 0.0)
    return made


def _augmented(panel: Panel, fitted: Fitted, model: Model, treatment: np.ndarray) -> pd.DataFrame:
    effect = treatment @ fitted.coefficients[: treatment.shape[1]]
    counterfactual = mean_of(fitted.eta - effect, model=model)
    cells = panel.cells
    return cells[["unit", "time", *panel.categories]].assign(
        observed=cells["outcome"],
        counterfactual=counterfactual,
        gap=cells["outcome"] - counterfactual,
        weight=cells["weight"],
    )


def _notes(panel: Panel, *, before: int) -> tuple[str, ...]:
    notes = []
    lost = before - len(panel.cells)
    if lost:
        notes.append(
            f"{lost:,} of {before:,} cells left out: the absorbed effects fit them perfectly "
            "(separation), so they carry no information."
        )
    if len(panel.cohorts[panel.treated].unique()) > 1:
        notes.append(
            "Several cohorts in one regression: where effects differ between cohorts or grow "
            "with time, the estimate mixes them with weights that may be negative."
        )
    return tuple(notes)
