"""Effects as log ratios: from a generalised model to estimates, for counts and for hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods.factors import Factor, Factors
from analysis.methods.generalised import Data, Fitted, Path, fit, iterate
from analysis.methods.guards import wild_values
from analysis.methods.links import Model, mean_of
from analysis.methods.panel import Panel
from analysis.methods.regression import Regression
from analysis.methods.terms import Terms
from analysis.methods.uncertainty import Estimates, Refit

#: Smallest step by which an effect is taken out to measure the slope of a placebo estimate.
LEAST_STEP = 0.05
#: Placebo fits stop after a step of this many standard errors.
PLACEBO = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """What a method hands to `attach`.

    Attributes
    ----------
    panel : Panel
        Cells that are not separated; outcome = the working response less the absorbed effects,
        weight = the expected information, so that the estimates are its weighted regression.
    estimates : Estimates
    """

    panel: Panel
    estimates: Estimates


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
    At the maximum the estimates are a weighted regression of the working response: score over
    information, plus the terms. Inference that needs a linear estimate (CR2, CR3, wild
    bootstrap, scaled t) takes that regression. Randomisation makes the whole fit again.

    For randomisation intervals the effect at hand is taken out of the fitted mean,
    ``y - mu(eta) + mu(eta - s D)`` with ``s`` the estimate (at least 0.05 in size), and every
    placebo estimate made again: its slope in ``s`` is the secant between the two, exactly 1 for
    the assignment that happened.
    """
    before = len(panel.cells)
    data = Data(
        outcome=panel.cells["outcome"].to_numpy(dtype=float),
        weights=panel.cells["weight"].to_numpy(dtype=float),
        terms=np.hstack([terms.columns(panel), panel.cells[list(covariates)].to_numpy(float)]),
        names=(*terms.names, *covariates),
        factors=Factors.of(panel, absorb),
    )
    fitted = fit(data, model=model)
    if not fitted.kept.all():
        panel = panel.keep(fitted.kept)
        data = data.keep(fitted.kept)
    working = _working(panel, data, fitted, unit_of_measure=unit_of_measure)
    return Ratio(
        panel=working,
        estimates=_estimates(panel, working, data, fitted, terms, model, before=before),
    )


def _working(panel: Panel, data: Data, fitted: Fitted, *, unit_of_measure: str) -> Panel:
    response = data.terms @ fitted.coefficients + fitted.scores / fitted.weights
    return replace(
        panel,
        cells=panel.cells.assign(outcome=response, weight=fitted.weights),
        scale="log",
        unit_of_measure=unit_of_measure,
    )


def _estimates(
    panel: Panel,
    working: Panel,
    data: Data,
    fitted: Fitted,
    terms: Terms,
    model: Model,
    *,
    before: int,
) -> Estimates:
    beside = np.zeros((len(terms.rows), data.terms.shape[1] - len(terms.names)))
    rows = np.hstack([terms.rows, beside])
    influence = fitted.influence(panel.cells["cluster"])
    estimate = rows @ fitted.coefficients
    exposure = terms.exposure(panel)
    neutral = _neutral(data, fitted, model, exposure, estimate)
    treatment = data.terms[:, : len(terms.names)] @ fitted.coefficients[: len(terms.names)]
    return Estimates(
        labels=terms.labels,
        estimate=estimate,
        headline=len(terms.labels) - 1,
        influence=influence @ rows.T,
        factor=fitted.factor(n_obs=panel.n_obs, n_clusters=len(influence)),
        refit=_refit(working, data, fitted, model, terms, rows, neutral),
        regression=Regression(
            coefficients=fitted.coefficients,
            design=fitted.design,
            residuals=fitted.scores / fitted.weights,
            weights=fitted.weights,
            bread=fitted.bread,
            clusters=pd.factorize(panel.cells["cluster"], sort=True)[0],
            n_obs=panel.n_obs,
            rank=fitted.rank,
        ),
        rows=rows,
        absorb=lambda columns: data.factors.residuals(columns.T, fitted.weights).T,
        exposure=exposure,
        augmented=_augmented(panel, mean_of(fitted.eta - treatment, model=model)),
        notes=_notes(panel, before=before),
    )


def refuse_logs(panel: Panel) -> None:
    """Raise if the outcome is already in logarithms, or one value is far beyond all others."""
    IdentificationError.raise_if(wild_values(panel))
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
    columns = [
        data.outcome - fitted.mean + mean_of(fitted.eta - s * on, model=model)
        for s, on in zip(steps, exposure.T, strict=True)
    ]
    return _Neutral(outcomes=np.column_stack(columns), steps=steps)


def _refit(
    working: Panel,
    data: Data,
    fitted: Fitted,
    model: Model,
    terms: Terms,
    rows: np.ndarray,
    neutral: _Neutral,
) -> Refit:
    """Make the whole fit again for the outcome at hand; for other columns, its linear part."""
    response = working.cells["outcome"].to_numpy()
    beside = data.terms[:, len(terms.names) :]
    half = float((data.weights * data.outcome)[data.outcome > 0].min()) / 2
    loadings = (fitted.design * fitted.weights[:, None]) @ fitted.bread @ rows.T

    def one(design: np.ndarray, on: np.ndarray, outcome: np.ndarray, start: np.ndarray) -> Path:
        seen = _made_finite(outcome, data.weights, on, data.factors.codes[0], half)
        other = replace(data, outcome=seen, terms=design)
        return iterate(other, model=model, start=start, tolerance=PLACEBO, strict=False)

    def refit(panel: Panel, outcomes: np.ndarray) -> np.ndarray:
        if not np.array_equal(outcomes[:, 0], response):
            return np.asarray(outcomes.T @ loadings)
        design, on = np.hstack([terms.columns(panel), beside]), terms.exposure(panel)
        first = one(design, on, data.outcome, fitted.eta)
        made = [rows @ first.coefficients]
        for column, step in zip(neutral.outcomes.T, neutral.steps, strict=True):
            if len(made) == outcomes.shape[1]:
                break
            other = one(design, on, column, first.eta)
            made.append((made[0] - rows @ other.coefficients) / step)
        return np.array(made)

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


def _augmented(panel: Panel, counterfactual: np.ndarray) -> pd.DataFrame:
    cells = panel.cells
    made = cells[["unit", "time"]].assign(
        observed=cells["outcome"],
        counterfactual=counterfactual,
        gap=cells["outcome"] - counterfactual,
        weight=cells["weight"],
    )
    return made.assign(**{name: cells[name] for name in panel.categories})


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
