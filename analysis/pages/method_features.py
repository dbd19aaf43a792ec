"""What each method can do: the table of methods and features, held against the code by a test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import pandas as pd

from analysis.markup import Table, show

_CLUSTER = ("CR0", "CR1")
_ADJUSTED = ("CR2", "CR3", "wild_bootstrap")
_FEW = ("randomisation", "scaled_t")
_OTHER = ("conley", "multiplier")
_ALL = (*_CLUSTER, *_ADJUSTED, *_FEW, *_OTHER)
_INFLUENCE = (*_CLUSTER, *_FEW, *_OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What one method can do, in the words of the table; held against the code by a test.

    Attributes
    ----------
    page : str
        Page of the book below ``methods/``.
    control_group, anticipation, covariates, several_cohorts, one_treated, zeros : str
        Short answers.
    inference : tuple of str
        Names it takes beside ``"recommended"`` and ``"none"``.
    augment : bool
        Whether it gives a counterfactual for every treated cell.
    input : str
        Cells or spells.
    other_inference : str
        What a variant of the method takes instead.
    """

    page: str
    control_group: str
    anticipation: bool
    covariates: str
    several_cohorts: str
    one_treated: str
    zeros: str
    inference: tuple[str, ...]
    augment: bool
    input: str = "cells"
    other_inference: str = ""


_linear = partial(Features, zeros="in levels", one_treated="yes")
_alone = partial(
    Features,
    page="one-treated-unit",
    anticipation=False,
    one_treated="made for it",
    zeros="in levels",
    augment=True,
)

FEATURES: dict[str, Features] = {
    "difference_in_differences": _linear(
        page="difference-in-differences",
        control_group="all untreated cells",
        anticipation=True,
        covariates="those of the panel",
        several_cohorts="mixes them",
        inference=_ALL,
        augment=False,
    ),
    "event_study": _linear(
        page="difference-in-differences",
        control_group="never treated",
        anticipation=True,
        covariates="those of the panel",
        several_cohorts="yes, if interaction-weighted",
        inference=_ALL,
        augment=False,
    ),
    "group_time_att": _linear(
        page="staggered",
        control_group="never or not yet treated",
        anticipation=True,
        covariates="at the base period",
        several_cohorts="yes",
        inference=_INFLUENCE,
        augment=False,
    ),
    "imputation": _linear(
        page="staggered",
        control_group="all untreated cells",
        anticipation=True,
        covariates="varying over time",
        several_cohorts="yes",
        inference=_INFLUENCE,
        augment=True,
    ),
    "extended_twfe": Features(
        page="staggered",
        control_group="never or not yet treated",
        anticipation=True,
        covariates="constant over time",
        several_cohorts="yes",
        one_treated="yes",
        zeros="as ratios (Poisson)",
        inference=_ALL,
        augment=False,
        other_inference="Poisson: CR0, CR1, randomisation, conley, multiplier",
    ),
    "stacked": _linear(
        page="staggered",
        control_group="not treated within the window",
        anticipation=True,
        covariates="no",
        several_cohorts="yes",
        inference=_ALL,
        augment=False,
    ),
    "decompose": _linear(
        page="staggered",
        control_group="every other cohort",
        anticipation=False,
        covariates="no",
        several_cohorts="explains how they mix",
        inference=(),
        augment=False,
    ),
    "triple_difference": _linear(
        page="triple-difference",
        control_group="untreated units, unaffected part",
        anticipation=False,
        covariates="the part",
        several_cohorts="mixes them",
        inference=_ALL,
        augment=False,
    ),
    "dose_response": Features(
        page="triple-difference",
        control_group="never treated",
        anticipation=True,
        covariates="the exposure",
        several_cohorts="no",
        one_treated="no",
        zeros="in levels",
        inference=_INFLUENCE,
        augment=False,
    ),
    "synthetic_control": _alone(
        control_group="weighted donors",
        covariates="matched",
        several_cohorts="yes",
        inference=("placebo", "conformal"),
    ),
    "synthetic_did": _alone(
        control_group="weighted donors",
        covariates="no",
        several_cohorts="yes",
        inference=("placebo", "placebo_rank", "jackknife", "bootstrap"),
    ),
    "panel_approach": _alone(
        control_group="chosen donors",
        covariates="no",
        several_cohorts="yes",
        inference=("prediction", "placebo"),
    ),
    "interrupted_time_series": _alone(
        control_group="none: its own past",
        covariates="no",
        several_cohorts="yes",
        inference=("model",),
    ),
    "poisson": Features(
        page="counts-and-flows",
        control_group="all untreated cells",
        anticipation=True,
        covariates="linear",
        several_cohorts="mixes them",
        one_treated="yes",
        zeros="as ratios",
        inference=_ALL,
        augment=True,
    ),
    "gravity": Features(
        page="counts-and-flows",
        control_group="other partners of the same side",
        anticipation=False,
        covariates="the regressors",
        several_cohorts="mixes them",
        one_treated="yes",
        zeros="as ratios",
        inference=("CR1", "multiway"),
        augment=False,
    ),
    "hazard": Features(
        page="durations",
        control_group="all untreated cells",
        anticipation=True,
        covariates="no",
        several_cohorts="mixes them",
        one_treated="yes",
        zeros="bins without an end kept",
        inference=_ALL,
        augment=True,
    ),
    "cox": Features(
        page="durations",
        control_group="same stratum, untreated",
        anticipation=False,
        covariates="linear",
        several_cohorts="mixes them",
        one_treated="yes",
        zeros="refused: no length",
        inference=("CR1", "randomisation"),
        augment=False,
        input="spells",
    ),
    "distribution": Features(
        page="durations",
        control_group="all untreated cells",
        anticipation=True,
        covariates="no",
        several_cohorts="mixes them",
        one_treated="yes",
        zeros="below the first bin",
        inference=(*_CLUSTER, "randomisation", *_OTHER),
        augment=False,
        input="cells with bins",
    ),
}


def features() -> Table:
    """Show every public method with what it can do."""
    heads = {
        "control_group": "Compared with",
        "anticipation": "Anticipation",
        "covariates": "Covariates",
        "several_cohorts": "Several cohorts",
        "one_treated": "One treated unit",
        "zeros": "Zeros",
        "inference": "Inference beside recommended",
        "augment": "Counterfactual",
        "input": "Input",
    }
    rows = []
    for name, held in FEATURES.items():
        told = asdict(held)
        told["inference"] = ", ".join(held.inference) or "none"
        if held.other_inference:
            told["inference"] += f" ({held.other_inference})"
        rows.append({"Method": name, **{head: told[key] for key, head in heads.items()}})
    return show(pd.DataFrame(rows), caption="Methods and what they can do", interactive=True)
