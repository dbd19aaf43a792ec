"""Means of group-time ATTs: which weights, and what their estimation adds to the error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

import numpy as np
import pandas as pd

from analysis.methods.group_time import Pairs, Wide

Aggregation = Literal["simple", "cohort", "calendar", "dynamic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Weighted means of K group-time ATTs; r of them, the overall one last.

    Attributes
    ----------
    make_labels : callable
        Makes the labels; randomisation asks thousands of times for weights, and never for these.
    weights : numpy.ndarray
        Shape (K, r); columns sum to one.
    by_size : numpy.ndarray
        Shape (K, r): 1 where a weight is proportional to the size of the cohort and so estimated.
    overall : numpy.ndarray
        Shape (r - 1,): weights of the rows in the overall mean.
    overall_by_size : bool
        Whether these are proportional to the sizes of cohorts.
    """

    make_labels: Callable[[], pd.DataFrame]
    weights: np.ndarray
    by_size: np.ndarray
    overall: np.ndarray
    overall_by_size: bool

    @property
    def labels(self) -> pd.DataFrame:
        """``estimand``, ``term``, ``cohort``, ``time``, ``event_time``; r rows."""
        return self.make_labels()


def means(wide: Wide, pairs: Pairs, kind: Aggregation | Literal["none"]) -> Means:
    """Weights of one aggregation; ``"none"`` keeps every group-time ATT and adds the simple mean.

    Notes
    -----
    With :math:`p_g` the weight of cohort g among all units:
    *simple* weights every post-reform ATT(g,t) by :math:`p_g`; *cohort* gives every cohort the
    plain mean over its post-reform times, overall by :math:`p_g`; *calendar* gives every time the
    mean by :math:`p_g` over cohorts treated by then, overall the plain mean over times;
    *dynamic* gives every event time the mean by :math:`p_g` over cohorts seen there, overall the
    plain mean over event times from 0.
    """
    first, time = wide.firsts[pairs.cohort], wide.times[pairs.time].astype(float)
    size, event = wide.class_weights[pairs.cohort], time - first
    post = event >= 0
    if kind in ("none", "simple"):
        kept = len(first) if kind == "none" else 0
        rows, by_size = np.eye(kept, len(first), dtype=bool), False
        make_labels = partial(_labels, first[:kept], time[:kept], event[:kept])
        overall, last = np.zeros(kept), size * post / (size @ post)
    else:
        key = {"cohort": first, "calendar": time, "dynamic": event}[kind]
        used = np.ones(len(first), dtype=bool) if kind == "dynamic" else post
        values = np.unique(key[used])
        rows = (key[None, :] == values[:, None]) & used
        named = cast(Aggregation, kind)
        by_size, make_labels = kind != "cohort", partial(_row_labels, named, values)
        overall, last = _overall(named, values, wide), None
    shares = rows * (size if by_size else 1.0)
    shares = shares / shares.sum(axis=1, keepdims=True)
    return Means(
        make_labels=make_labels,
        weights=np.vstack([shares, overall @ shares if last is None else last]).T,
        by_size=np.vstack([rows * by_size, post * (kind in ("none", "simple"))]).T,
        overall=overall,
        overall_by_size=kind == "cohort",
    )


def estimated_weights(wide: Wide, pairs: Pairs, found: Means, estimate: np.ndarray) -> np.ndarray:
    r"""Constant part of the influence of every class: cohort sizes are estimated too.

    Parameters
    ----------
    wide, pairs : Wide, Pairs
    found : Means
    estimate : numpy.ndarray
        Group-time ATTs, (K,).

    Returns
    -------
    numpy.ndarray
        Shape (C, r), times the weight of a unit.

    Notes
    -----
    For :math:`\theta = \sum_k p_{g_k} ATT_k / \sum_k p_{g_k}` a unit of cohort c with weight w
    adds :math:`w \sum_{k: g_k = c} (ATT_k - \theta) / \sum_k n p_{g_k}`: the influence of the
    estimated shares, whose parts common to all units cancel.
    """
    size = wide.class_weights[pairs.cohort]
    theta = estimate @ found.weights
    total = np.maximum(size @ found.by_size, np.finfo(float).tiny)
    lean = found.by_size * (estimate[:, None] - theta) / total
    constant = np.equal.outer(np.arange(len(wide.firsts)), pairs.cohort).astype(float) @ lean
    if found.overall_by_size:
        cohorts = np.searchsorted(wide.firsts, found.labels["cohort"].iloc[:-1].astype(float))
        constant[cohorts, -1] += (theta[:-1] - theta[-1]) / wide.class_weights[cohorts].sum()
    elif len(found.overall):
        constant[:, -1] += constant[:, :-1] @ found.overall
    return np.asarray(constant)


def _overall(kind: Aggregation, values: np.ndarray, wide: Wide) -> np.ndarray:
    if kind == "cohort":
        size = wide.class_weights[np.searchsorted(wide.firsts, values)]
        return np.asarray(size / size.sum())
    kept = values >= 0 if kind == "dynamic" else np.ones(len(values), dtype=bool)
    return np.asarray(kept / kept.sum())


def _row_labels(kind: Aggregation, values: np.ndarray) -> pd.DataFrame:
    column = {"cohort": "cohort", "calendar": "time", "dynamic": "event_time"}[kind]
    word = {"cohort": "cohort", "calendar": "time", "dynamic": "event time"}[kind]
    letter = {"cohort": "g = ", "calendar": "t = ", "dynamic": ""}[kind]
    whole = values.astype(int)
    return _with_overall(
        [f"ATT({letter}{value})" for value in whole],
        [f"{word} {value}" for value in whole],
        **{column: whole},
    )


def _labels(first: np.ndarray, time: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    g, t, e = first.astype(int), time.astype(int), event.astype(int)
    return _with_overall(
        [f"ATT({a},{b})" for a, b in zip(g, t, strict=True)],
        [f"cohort {a}, time {b}" for a, b in zip(g, t, strict=True)],
        cohort=g,
        time=t,
        event_time=e,
    )


def _with_overall(estimand: list[str], term: list[str], **keys: np.ndarray) -> pd.DataFrame:
    """Labels of the rows, and below them of the overall mean, which has no keys."""
    size = len(estimand)
    columns: dict[str, object] = {
        "estimand": [*estimand, "ATT overall"],
        "term": [*term, "overall"],
    }
    for name in ("cohort", "time", "event_time"):
        values = np.append(keys.get(name, np.zeros(size, dtype=int)), 0)
        absent = np.full(size + 1, name not in keys)
        absent[-1] = True
        columns[name] = pd.arrays.IntegerArray(values.astype(np.int64), absent)
    return pd.DataFrame(columns)
