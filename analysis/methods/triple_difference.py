"""Triple difference: the effect on what the reform reaches, less that on what it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import Fault, IdentificationError
from analysis.methods.effects import EffectTable
from analysis.methods.guards import refuse_degenerate
from analysis.methods.linear import Linear, linear_estimates
from analysis.methods.panel import Panel
from analysis.methods.uncertainty import Inference, attach


def triple_difference(
    panel: Panel,
    *,
    partition: str,
    affected: object,
    inference: Inference = "recommended",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate the ATT overall on the affected part of treated units.

    Parameters
    ----------
    panel : Panel
        Either cells split by a category (goods within a zone), or units that each belong to one
        part, named by a covariate that is constant within the unit.
    partition : str
        Name of that category or covariate.
    affected : object
        Its value where the reform bites; all others are the unaffected part.
    inference : str
        See `analysis.methods.uncertainty.Inference`.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of all draws.

    Returns
    -------
    EffectTable
        One row, estimand ``ATT overall``.

    Raises
    ------
    IdentificationError
        If the partition is not there, varies within a unit, or lacks a part among treated or
        untreated units.

    Notes
    -----
    With a category c: the difference between affected and unaffected cells of the same unit and
    time, then a two-way difference of that:

    .. math:: y_{itc} = \alpha_{ic} + \lambda_{tc} + \gamma_{it} + \tau D_{it} A_c + u_{itc}

    exactly, by weights :math:`w_1 w_0/(w_1+w_0)`; unit-times that lack a part drop out, with a
    note. With a part p(i) of units:

    .. math:: y_{it} = \alpha_i + \lambda_{t,p(i)} + \delta D_{it} + \tau D_{it} A_{p(i)} + u_{it}.

    Parallel trends may fail between treated and untreated units, as long as they fail alike in
    both parts; the reform must not reach the unaffected part. With several cohorts whose effects
    differ, the coefficient mixes them as a two-way one does.

    References
    ----------
    Olden and Moen (2022), doi:10.1093/ectj/utac010.
    Ortiz-Villavicencio and Sant'Anna (2025), arXiv:2505.09942.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": [1, 1, 2, 2, 3, 3, 4, 4], "time": [1, 2] * 4,
    ...     "hours": [9.0, 6.0, 8.0, 8.0, 7.0, 8.0, 5.0, 5.0],
    ...     "first": 4 * [2] + 4 * [None], "food": [1, 1, 0, 0] * 2})
    >>> panel = Panel.from_frame(frame, unit="unit", time="time", outcome="hours",
    ...     cohort="first", covariates=["food"])
    >>> triple_difference(panel, partition="food", affected=1, inference="none").overall.estimate
    -4.0
    """
    if partition in panel.categories:
        return _within_units(panel, partition, affected, inference, conf_level, seed)
    refuse_degenerate(panel)
    part = _part(panel, partition, affected)
    rest = tuple(name for name in panel.covariates if name != partition)
    cells = panel.cells.drop(columns=partition).assign(part=part.astype(int))
    plain = replace(panel, cells=cells, covariates=rest)

    def terms(other: Panel) -> np.ndarray:
        treated = other.cell_event_time >= 0
        return np.column_stack([treated, treated & part]).astype(float)

    linear = Linear(
        terms=terms,
        names=("treatment", "treatment of the affected part"),
        rows=lambda _: np.array([[0.0, 1.0]]),
        labels=pd.DataFrame([{"estimand": "ATT overall", "term": "treatment x affected"}]),
        exposure=terms(plain)[:, 1:],
        effects=("unit", ("part", "time")),
    )
    return attach(
        plain,
        linear_estimates(plain, linear),
        estimator="triple_difference",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


def _within_units(
    panel: Panel,
    partition: str,
    affected: object,
    inference: Inference,
    conf_level: float,
    seed: int,
) -> EffectTable:
    gaps, notes = _gaps(panel, partition, affected)
    refuse_degenerate(gaps)
    treated = (gaps.cell_event_time >= 0).astype(float)[:, None]
    linear = Linear(
        terms=lambda other: (other.cell_event_time >= 0).astype(float)[:, None],
        names=("treatment of the affected part",),
        rows=lambda _: np.eye(1),
        labels=pd.DataFrame([{"estimand": "ATT overall", "term": "treatment x affected"}]),
        exposure=treated,
        notes=notes,
    )
    return attach(
        gaps,
        linear_estimates(gaps, linear),
        estimator="triple_difference",
        inference=inference,
        conf_level=conf_level,
        seed=seed,
    )


def _gaps(panel: Panel, partition: str, affected: object) -> tuple[Panel, tuple[str, ...]]:
    """Affected less unaffected outcome of every unit and time."""
    cells = panel.cells[["unit", "time", "cluster", "n", "weight", "outcome"]].copy()
    cells["part"] = (panel.cells[partition] == affected).to_numpy()
    if cells["part"].nunique() < 2:
        raise _absent(partition, affected, panel.cells[partition].unique())
    cells["outcome"] *= cells["weight"]
    keys = ["unit", "time"]
    sides = [
        cells[cells["part"] == side]
        .groupby(keys, observed=True)
        .agg({"weight": "sum", "outcome": "sum", "n": "sum", "cluster": "first"})
        for side in (True, False)
    ]
    sums = sides[0].join(sides[1].add_suffix("_0"), how="inner")
    lost = len(cells[keys].drop_duplicates()) - len(sums)
    w1, w0 = sums["weight"].to_numpy(), sums["weight_0"].to_numpy()
    gap = sums["outcome"].to_numpy() / w1 - sums["outcome_0"].to_numpy() / w0
    frame = pd.DataFrame(
        {
            "unit": sums.index.get_level_values("unit"),
            "time": sums.index.get_level_values("time"),
            "cluster": sums["cluster"].to_numpy(),
            "n": (sums["n"] + sums["n_0"]).to_numpy(),
            "weight": w1 * w0 / (w1 + w0),
            "outcome": gap,
            "ss": 0.0,
        }
    )
    note = f"{lost} unit-times without both parts are left out."
    made = replace(
        panel,
        cells=frame,
        cohorts=panel.cohorts[panel.cohorts.index.isin(frame["unit"])],
        categories=(),
        covariates=(),
        positions=None,  # found anew, for other cells
    )
    return made, (note,) if lost else ()


def _part(panel: Panel, partition: str, affected: object) -> np.ndarray:
    if partition not in panel.covariates:
        raise IdentificationError.of(
            column=partition,
            expected=f"one of {', '.join((*panel.categories, *panel.covariates)) or 'no columns'}",
            found=partition,
            mend="name a category, or a covariate that is constant within units",
        )
    part = panel.cells[partition].to_numpy() == affected
    varies = panel.cells.groupby("unit", sort=False)[partition].nunique().max() > 1
    treated = panel.cell_event_time >= 0
    here = {(bool(a), bool(b)) for a, b in zip(part, treated, strict=True)}
    if varies or len(here) < 4:
        raise _absent(partition, affected, panel.cells[partition].unique())
    return np.asarray(part)


def _absent(partition: str, affected: object, found: np.ndarray) -> IdentificationError:
    return IdentificationError(
        Fault(
            column=partition,
            expected=(
                f"an affected part ({affected}) and an unaffected one, both among treated and "
                "untreated, constant within units"
            ),
            found=f"values {', '.join(map(str, found[:5]))}",
            mend="check the value of `affected` and who has it",
        )
    )
