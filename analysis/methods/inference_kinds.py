"""Every kind of inference: raw estimates in, intervals out, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.estimates import (
    Asked,
    Conley,
    Estimates,
    Made,
    Multiplier,
    WildBootstrap,
    cannot,
    nothing,
)
from analysis.methods.few_clusters import (
    ClusterCovariance,
    LeastSquares,
    bias_reduced,
    jackknife,
    lost_clusters,
)
from analysis.methods.influence import Plain
from analysis.methods.layout import lay_out, loadings
from analysis.methods.panel import Panel
from analysis.methods.recommend import (
    FEW_CLUSTERS,
    LEAST_BEFORE,
    LEAST_CLUSTERS,
    LEAST_CONTROLS,
    MANY_CLUSTERS,
    MAX_SCALED_UNITS,
)
from analysis.methods.regression import Absorber
from analysis.methods.scaled import scaled_variance
from analysis.methods.spatial import great_circle_km, spatial_covariance
from analysis.methods.wild_bootstrap import wild_test


def none(asked: Asked) -> Made:
    """Print estimates without uncertainty."""
    return replace(nothing(asked.count, "none asked for"), notes=())


def cluster_robust(asked: Asked, *, corrected: bool) -> Made:
    """CR1 (`corrected`) or CR0, t with G - 1 degrees of freedom."""
    name = "CR1" if corrected else "CR0"
    influence = asked.estimates.product or Plain(_influence(asked.estimates, name))
    n_clusters = influence.n_clusters
    if n_clusters < LEAST_CLUSTERS:
        return _too_few(asked, n_clusters)
    factor = asked.estimates.factor if corrected else 1.0
    return _t_based(
        asked,
        factor * influence.covariance(),
        dof=n_clusters - 1,
        name=f"{name}, t with {n_clusters - 1} degrees of freedom",
        notes=_few_treated(asked.panel),
    )


def bias_reduced_t(asked: Asked) -> Made:
    """CR2 with Satterthwaite degrees of freedom."""
    return _adjusted(asked, bias_reduced, "CR2, t with Satterthwaite degrees of freedom")


def jackknife_t(asked: Asked) -> Made:
    """CR3, the jackknife, t with G - 1 degrees of freedom."""
    made = _adjusted(asked, jackknife, "CR3 (jackknife), t with G \u2212 1 degrees of freedom")
    return replace(made, notes=(*made.notes, *_few_treated(asked.panel)))


def wild_bootstrap(asked: Asked, *, options: WildBootstrap) -> Made:
    """Wild cluster bootstrap-t, every estimate on its own."""
    fitted = _least_squares(asked, "wild_bootstrap")
    estimates = asked.estimates
    if fitted.n_clusters < LEAST_CLUSTERS:
        return _too_few(asked, fitted.n_clusters)
    lost = lost_clusters(fitted, _rows(estimates))
    if len(lost):
        return nothing(asked.count, _lost(asked, lost))
    tests = [
        wild_test(
            fitted,
            row,
            estimate=float(value),
            factor=estimates.factor,
            weights=options.weights,
            null=options.null,
            n_draws=options.draws,
            conf_level=asked.conf_level,
            seed=asked.seed,
        )
        if np.any(row)
        else None
        for row, value in zip(_rows(estimates), estimates.estimate, strict=True)
    ]
    live = next(test for test in tests if test is not None)
    covariance = numeric.covariance(_influence(estimates, "wild"), factor=estimates.factor)
    base = numeric.t_intervals(
        estimates.estimate,
        covariance,
        dof=fitted.n_clusters - 1,
        conf_level=asked.conf_level,
        seed=asked.seed,
    )
    named = ("p_value", "conf_low", "conf_high")
    columns = {
        name: np.array([np.nan if test is None else getattr(test, name) for test in tests])
        for name in named
    }
    blank = np.full(asked.count, np.nan)
    kind = "all" if live.exact else f"{live.n_draws:,}"
    null = "null imposed" if options.null == "imposed" else "null not imposed"
    return Made(
        name=f"wild cluster bootstrap, {kind} {live.weights} draws, {null}",
        intervals=replace(base, **columns, band_low=blank, band_high=blank),
        covariance=covariance,
        notes=_few_treated(asked.panel),
    )


def scaled_t(asked: Asked) -> Made:
    """Size-scaled t: the controls' errors, scaled to the size of the treated units."""
    layout = lay_out(asked.panel)
    short = _why_not_scaled(asked, layout.control, layout.before, coarse=layout.coarse)
    if short:
        return nothing(asked.count, f"no interval: {short}")
    weights = loadings(asked.panel, asked.estimates, layout)
    if weights is None:
        raise cannot("scaled_t", why="the estimate is not linear in the outcome")
    made = scaled_variance(
        layout.outcome[None],
        weights,
        sizes=layout.sizes,
        before=layout.before,
        control=layout.control,
        seen=layout.seen,
    )
    dof = made.dof[0]
    shown = dof[asked.estimates.headline]
    return _t_based(
        asked,
        made.covariance[0],
        dof=dof,
        name=f"size-scaled t with {shown:.1f} degrees of freedom",
        notes=(),
    )


def _why_not_scaled(asked: Asked, control: np.ndarray, before: np.ndarray, *, coarse: bool) -> str:
    if coarse:
        return "the size-scaled t takes units as independent, but clusters hold several units"
    if control.sum() < LEAST_CONTROLS:
        return f"{int(control.sum())} control units; the size-scaled t needs {LEAST_CONTROLS}"
    if before.sum() < LEAST_BEFORE:
        return f"{int(before.sum())} times before; the size-scaled t needs {LEAST_BEFORE}"
    if asked.panel.n_units > MAX_SCALED_UNITS:
        return f"{asked.panel.n_units:,} units; the size-scaled t takes {MAX_SCALED_UNITS}"
    return ""


def conley(asked: Asked, *, options: Conley | None) -> Made:
    """Spatial HAC over units, any dependence over time within a unit."""
    if options is None:
        raise IdentificationError.of(
            expected="coordinates of the units and a cutoff for Conley inference",
            found="the word 'conley' alone",
            mend="use inference=Conley(coordinates=frame, cutoff_km=300)",
        )
    units = asked.panel.units
    places = options.coordinates.reindex(units)
    missing = [name for name in ("latitude", "longitude") if name not in places]
    if missing or places[["latitude", "longitude"]].isna().any(axis=None):
        raise IdentificationError.of(
            expected="latitude and longitude of every unit",
            found=f"none for {missing or list(units[places.isna().any(axis=1)][:5])}",
            mend="complete the table of coordinates (index unit)",
        )
    distance = great_circle_km(places["latitude"].to_numpy(), places["longitude"].to_numpy())
    covariance = spatial_covariance(
        _unit_influence(asked), distance, cutoff=options.cutoff_km, kernel=options.kernel
    )
    name = f"Conley, {options.kernel} kernel to {options.cutoff_km:g} km"
    if len(units) < LEAST_CLUSTERS:
        return _too_few(asked, len(units))
    return _t_based(
        asked,
        covariance * asked.estimates.factor,
        dof=len(units) - 1,
        name=f"{name}, t with {len(units) - 1} degrees of freedom",
        notes=_few_treated(asked.panel),
    )


def multiplier(asked: Asked, *, options: Multiplier) -> Made:
    """Multiplier bootstrap of the clusters' influence; the band is simultaneous."""
    influence = asked.estimates.product or Plain(_influence(asked.estimates, "multiplier"))
    if influence.n_clusters < LEAST_CLUSTERS:
        return _too_few(asked, influence.n_clusters)
    factor = asked.estimates.factor
    drawn = influence.multiply(n_draws=options.draws, seed=asked.seed, weights=options.weights)
    intervals = numeric.multiplier_intervals(
        asked.estimates.estimate, np.sqrt(factor) * drawn, conf_level=asked.conf_level
    )
    return Made(
        name=f"multiplier bootstrap, {options.draws:,} {options.weights} draws",
        intervals=intervals,
        covariance=factor * influence.covariance(),
        notes=_few_treated(asked.panel),
    )


def _t_based(
    asked: Asked,
    covariance: np.ndarray,
    *,
    dof: float | np.ndarray,
    name: str,
    notes: tuple[str, ...],
) -> Made:
    intervals = numeric.t_intervals(
        asked.estimates.estimate,
        covariance,
        dof=dof,
        conf_level=asked.conf_level,
        seed=asked.seed,
    )
    return Made(name=name, intervals=intervals, covariance=covariance, notes=notes)


def _adjusted(
    asked: Asked,
    maker: Callable[[LeastSquares, np.ndarray], ClusterCovariance],
    name: str,
) -> Made:
    fitted = _least_squares(asked, name[:3])
    if fitted.n_clusters < LEAST_CLUSTERS:
        return _too_few(asked, fitted.n_clusters)
    made = maker(fitted, _rows(asked.estimates))
    if len(made.lost):
        return nothing(asked.count, _lost(asked, made.lost))
    return _t_based(asked, made.covariance, dof=made.dof, name=name, notes=())


def _least_squares(asked: Asked, name: str) -> LeastSquares:
    estimates = asked.estimates
    fitted = estimates.regression
    if fitted is None or estimates.rows is None:
        raise cannot(name, why=estimates.lacks)
    if estimates.absorb is None and fitted.absorption is not None:
        return fitted.least_squares
    root = np.sqrt(fitted.weights)[:, None]
    take_out = estimates.absorb or Absorber.of(asked.panel).residuals
    return LeastSquares(
        design=fitted.design * root,
        residuals=fitted.residuals * root[:, 0],
        bread=fitted.bread,
        clusters=fitted.clusters,
        absorb=lambda columns: take_out(columns / root) * root,
    )


def _rows(estimates: Estimates) -> np.ndarray:
    if estimates.rows is None:
        raise cannot("this")
    return estimates.rows


def _influence(estimates: Estimates, name: str) -> np.ndarray:
    if estimates.influence is not None:
        return estimates.influence
    if estimates.product is None:
        raise cannot(name)
    return estimates.product.dense()


def _unit_influence(asked: Asked) -> np.ndarray:
    """Contribution of every unit, (n_units, k)."""
    estimates, panel = asked.estimates, asked.panel
    fitted = estimates.regression
    if fitted is None or estimates.rows is None:
        influence = _influence(estimates, "conley")
        if len(influence) != panel.n_units:
            raise cannot("conley")
        return influence
    codes = panel.cohorts.index.get_indexer(pd.Index(panel.cells["unit"]))
    codes = codes if estimates.source is None else codes[estimates.source]
    return np.asarray(fitted.scores_by(codes) @ fitted.bread @ estimates.rows.T)


def _few_treated(panel: Panel) -> tuple[str, ...]:
    n_control = panel.n_units - panel.n_treated
    fewest = min(panel.n_treated, n_control)
    if fewest >= MANY_CLUSTERS:
        return ()
    if fewest >= FEW_CLUSTERS:
        return (
            f"Cluster-robust t-tests still reject too often with {panel.n_treated} treated and "
            f"{n_control} control units of unequal size; CR2 and the recommended choice hold.",
        )
    return (
        f"Cluster-robust t-tests reject far too often with {panel.n_treated} treated and "
        f"{n_control} control units; shown only for comparison.",
    )


def _too_few(asked: Asked, n_clusters: int) -> Made:
    reason = f"no interval: {n_clusters} clusters are too few for any cluster-robust test"
    return nothing(asked.count, reason)


def _lost(asked: Asked, clusters: np.ndarray) -> str:
    held, source = asked.panel.cells["cluster"].to_numpy(), asked.estimates.source
    names = np.unique(held if source is None else held[source])[clusters]
    return f"no interval: the effect hangs on one cluster, {', '.join(map(str, names[:3]))}"
