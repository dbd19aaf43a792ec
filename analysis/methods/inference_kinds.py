"""Every kind of inference: raw estimates in, intervals out, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError
from analysis.methods import inference as numeric
from analysis.methods.estimates import (
    Conley,
    Estimates,
    Made,
    Multiplier,
    Refit,
    WildBootstrap,
    nothing,
)
from analysis.methods.few_clusters import ClusterCovariance, LeastSquares, bias_reduced, jackknife
from analysis.methods.influence import Plain
from analysis.methods.layout import lay_out, loadings
from analysis.methods.panel import Panel
from analysis.methods.recommend import (
    FEW_CLUSTERS,
    LEAST_ASSIGNMENTS,
    LEAST_BEFORE,
    LEAST_CLUSTERS,
    LEAST_CONTROLS,
    MAX_SCALED_UNITS,
)
from analysis.methods.regression import Absorber
from analysis.methods.scaled import scaled_variance
from analysis.methods.spatial import great_circle_km, spatial_covariance
from analysis.methods.wild_bootstrap import wild_test

#: Randomisation lists all assignments up to this number.
MAX_ASSIGNMENTS = 4_999
#: Beyond, it draws so many: a p-value of 0.05 then has a standard error of half a point.
RANDOM_ASSIGNMENTS = 1_999
#: Numbers handed to one refit at most, so that memory stays bounded.
LARGEST_REFIT = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What all kinds of inference need to know."""

    panel: Panel
    estimates: Estimates
    conf_level: float
    seed: int

    @property
    def count(self) -> int:
        """Number of estimates."""
        return len(self.estimates.estimate)


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
    lost = bias_reduced(fitted, _rows(estimates)).lost
    if len(lost):
        return nothing(asked.count, _lost(asked.panel, lost))
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
        raise _cannot("scaled_t (the estimate is not linear in the outcome)")
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


def randomisation(asked: Asked) -> Made:
    """Randomisation over the units, or over clusters where clusters hold several units."""
    estimates, panel = asked.estimates, asked.panel
    if estimates.refit is None:
        raise _cannot("randomisation")
    ways = _assignments(asked)
    if len(ways.order) < LEAST_ASSIGNMENTS:
        reason = f"no interval: only {len(ways.order)} ways to assign the treatment"
        return nothing(asked.count, reason)
    outcomes = panel.cells[["outcome"]].to_numpy(dtype=float)
    if estimates.exposure is not None:
        outcomes = np.column_stack([outcomes, estimates.exposure])
    refitted = _refitted(panel, ways, estimates.refit, outcomes)
    made = np.isfinite(refitted[:, 0, :]).all(axis=1)
    if not made[0] or made.sum() < LEAST_ASSIGNMENTS:
        return nothing(asked.count, "no interval: the effect is not defined when reassigned")
    refitted = refitted[made]
    draws = refitted[:, 0, :]
    kind = "all" if ways.exact else "a draw of"
    lost = int((~made).sum())
    note = f"{lost} reassignments under which the effect is not defined were left out"
    return Made(
        name=f"randomisation over {kind} {len(draws):,} assignments",
        intervals=_randomisation_intervals(estimates, refitted, conf_level=asked.conf_level),
        draws=draws,
        covariance=np.cov(draws[1:], rowvar=False, ddof=1).reshape(2 * (draws.shape[1],)),
        notes=(note,) if lost else (),
    )


def _refitted(
    panel: Panel, ways: numeric.Assignments, refit: Refit, outcomes: np.ndarray
) -> np.ndarray:
    """Estimates of m outcomes under every assignment, (n_assignments, m, k).

    To give unit i the cohort of unit j is to give unit j the outcomes of unit i, where units
    differ in nothing else: then one refit with exchanged outcomes serves all assignments.
    """
    if _exchangeable(panel):
        at_once = max(1, LARGEST_REFIT // outcomes.size)
        parts = np.split(ways.order, range(at_once, len(ways.order), at_once))
        return np.concatenate([_exchanged(panel, part, refit, outcomes) for part in parts])
    cohorts, index = panel.cohorts.array, panel.cohorts.index
    return np.array(
        [
            refit(replace(panel, cohorts=pd.Series(cohorts[row], index=index)), outcomes)
            for row in ways.order
        ]
    )


def _exchanged(panel: Panel, order: np.ndarray, refit: Refit, outcomes: np.ndarray) -> np.ndarray:
    shaped = outcomes.reshape(panel.n_units, -1, outcomes.shape[1])
    rows = shaped[np.argsort(order, axis=1)].reshape(len(order), *outcomes.shape)
    made = refit(panel, rows.transpose(1, 0, 2).reshape(len(outcomes), -1))
    return made.reshape(len(order), outcomes.shape[1], -1)


def _exchangeable(panel: Panel) -> bool:
    """Whether units differ in cohorts and outcomes only: same times and weights, nothing else."""
    cells = panel.cells
    if panel.categories or panel.covariates or len(cells) != panel.n_units * len(panel.times):
        return False
    return bool((cells["weight"] == cells["weight"].iloc[0]).all())


def _assignments(asked: Asked) -> numeric.Assignments:
    panel = asked.panel
    labels = panel.cohorts.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    layout = lay_out(panel)
    firsts = np.unique(layout.cluster, return_index=True)[1]
    if not layout.coarse:
        return numeric.assignments(
            labels, max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=asked.seed
        )
    by_cluster = np.nan_to_num(labels[firsts], nan=np.inf)
    if not np.array_equal(by_cluster[layout.cluster], np.nan_to_num(labels, nan=np.inf)):
        raise IdentificationError.of(
            expected="units of a cluster treated together, or clusters of one unit",
            found="clusters with units of several cohorts",
            mend="let the unit be the cluster, or compare within clusters",
        )
    ways = numeric.assignments(
        labels[firsts], max_draws=MAX_ASSIGNMENTS, draws=RANDOM_ASSIGNMENTS, seed=asked.seed
    )
    return replace(ways, order=firsts[ways.order][:, layout.cluster])


def _randomisation_intervals(
    estimates: Estimates, refitted: np.ndarray, *, conf_level: float
) -> numeric.Intervals:
    draws = refitted[:, 0, :]
    error = draws[1:].std(axis=0, ddof=1)
    low, high = np.full(len(error), np.nan), np.full(len(error), np.nan)
    if estimates.exposure is not None:
        for row in range(len(error)):
            low[row], high[row] = numeric.randomisation_interval(
                draws[:, row], refitted[:, 1 + row, row], conf_level=conf_level
            )
    band = numeric.draw_band(draws[1:], conf_level=conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(error > 0, estimates.estimate / error, np.nan)
    return numeric.Intervals(
        std_error=error,
        statistic=statistic,
        p_value=numeric.randomisation_p_value(draws),
        conf_low=low,
        conf_high=high,
        band_low=estimates.estimate - band * error,
        band_high=estimates.estimate + band * error,
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
        return nothing(asked.count, _lost(asked.panel, made.lost))
    return _t_based(asked, made.covariance, dof=made.dof, name=name, notes=())


def _least_squares(asked: Asked, name: str) -> LeastSquares:
    estimates = asked.estimates
    fitted = estimates.regression
    if fitted is None or estimates.rows is None:
        raise _cannot(name)
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
        raise _cannot("this")
    return estimates.rows


def _influence(estimates: Estimates, name: str) -> np.ndarray:
    if estimates.influence is None:
        raise _cannot(name)
    return estimates.influence


def _unit_influence(asked: Asked) -> np.ndarray:
    """Contribution of every unit, (n_units, k)."""
    estimates, panel = asked.estimates, asked.panel
    fitted = estimates.regression
    if fitted is None or estimates.rows is None:
        influence = _influence(estimates, "conley")
        if len(influence) != panel.n_units:
            raise _cannot("conley")
        return influence
    scores = fitted.design * (fitted.weights * fitted.residuals)[:, None]
    sums = np.zeros((panel.n_units, scores.shape[1]))
    np.add.at(sums, panel.cohorts.index.get_indexer(pd.Index(panel.cells["unit"])), scores)
    return np.asarray(sums @ fitted.bread @ estimates.rows.T)


def _few_treated(panel: Panel) -> tuple[str, ...]:
    n_control = panel.n_units - panel.n_treated
    if min(panel.n_treated, n_control) >= FEW_CLUSTERS:
        return ()
    return (
        f"Cluster-robust t-tests reject far too often with {panel.n_treated} treated and "
        f"{n_control} control units; shown only for comparison.",
    )


def _too_few(asked: Asked, n_clusters: int) -> Made:
    reason = f"no interval: {n_clusters} clusters are too few for any cluster-robust test"
    return nothing(asked.count, reason)


def _lost(panel: Panel, clusters: np.ndarray) -> str:
    names = np.unique(panel.cells["cluster"].to_numpy())[clusters]
    return f"no interval: the effect hangs on one cluster, {', '.join(map(str, names[:3]))}"


def _cannot(name: str) -> IdentificationError:
    error = IdentificationError.of(
        expected="an inference this method can give",
        found=name,
        mend="use inference='recommended', or another kind",
    )
    return IdentificationError(*error.faults)
