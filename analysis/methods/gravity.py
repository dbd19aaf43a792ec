"""Gravity of trade: flows between pairs with exporter-time, importer-time and pair effects."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
import pandas as pd

from analysis.errors import IdentificationError, PanelError
from analysis.methods.effects import EffectTable
from analysis.methods.factors import Factor, Factors
from analysis.methods.generalised import Data, Fitted, fit
from analysis.methods.influence import Influence
from analysis.methods.panel import Panel
from analysis.methods.ratio import refuse_logs
from analysis.methods.uncertainty import Estimates, attach

#: What is absorbed: all three sets of effects, or only those of the two sides.
Absorbed = Literal["sides_and_pair", "sides"]


def flows(
    frame: pd.DataFrame,
    *,
    exporter: str,
    importer: str,
    time: str,
    flow: str,
    covariates: Sequence[str] = (),
    cohort: str | None = None,
    cluster: str | None = None,
    unit_of_measure: str = "",
) -> Panel:
    """Make a table of flows a panel of pairs: what `gravity` takes.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per exporter, importer and time.
    exporter, importer, time, flow : str
        Names of columns; flows in levels, zeros kept as zeros.
    covariates : sequence of str
        Numeric columns, such as days at the border.
    cohort : str, optional
        First treated time of the pair; without it no pair is treated.
    cluster : str, optional
        Without it the pair is the cluster.
    unit_of_measure : str
        Of the flow.

    Returns
    -------
    Panel
        Unit = pair, named ``exporter > importer``; categories ``exporter`` and ``importer``.

    Raises
    ------
    PanelError
        As `Panel.from_frame`, and for missing names of exporters or importers.

    Examples
    --------
    >>> table = pd.DataFrame({"from": ["CN", "DE"], "to": ["DE", "CN"], "year": [1, 1],
    ...                       "value": [5.0, 0.0]})
    >>> panel = flows(table, exporter="from", importer="to", time="year", flow="value")
    >>> list(panel.units), panel.categories
    (['CN > DE', 'DE > CN'], ('exporter', 'importer'))
    """
    _refuse_unnamed(frame, exporter, importer)
    coded = [pd.factorize(frame[name].astype(str)) for name in (exporter, importer)]
    (out, exporters), (into, importers) = coded
    number, known = pd.factorize(out * len(importers) + into)
    sides = pd.DataFrame(
        {
            "exporter": exporters[known // len(importers)],
            "importer": importers[known % len(importers)],
        }
    )
    sides.index = pd.Index(sides["exporter"] + " > " + sides["importer"])
    sides["number"] = np.arange(len(sides))
    sides = sides.sort_index()
    rows = frame.reset_index(drop=True).assign(
        _pair=np.argsort(sides.pop("number").to_numpy())[number],
        _cohort=np.nan if cohort is None else frame[cohort].array,
    )

    def made(rows: pd.DataFrame) -> Panel:
        return Panel.from_frame(
            rows,
            unit="_pair",
            time=time,
            outcome=flow,
            cohort="_cohort",
            covariates=covariates,
            cluster=cluster,
            unit_of_measure=unit_of_measure,
        )

    # Pairs as numbers, as names of all rows take longer than all checks; faults say the names.
    with suppress(PanelError):
        return _named(made(rows), sides, clustered=cluster is not None)
    return made(rows.assign(_pair=sides.index.take(rows["_pair"].to_numpy())))


def _named(panel: Panel, sides: pd.DataFrame, *, clustered: bool) -> Panel:
    """Put the names of pairs and sides in place of the numbers of pairs."""
    kept = sides.iloc[panel.cohorts.index]
    places = cast(np.ndarray, panel.positions)
    pair = kept.index.array.take(places)
    named = {"unit": pair} if clustered else {"unit": pair, "cluster": pair}
    beside = {name: kept[name].array.take(places) for name in ("exporter", "importer")}
    return replace(
        panel,
        cells=panel.cells.assign(**named, **beside),
        cohorts=panel.cohorts.set_axis(kept.index),
        categories=(*panel.categories, "exporter", "importer"),
    )


def gravity(
    panel: Panel,
    *,
    regressors: Sequence[str] = (),
    exporter: str = "exporter",
    importer: str = "importer",
    absorb: Absorbed = "sides_and_pair",
    inference: Literal["CR1", "multiway", "none"] = "CR1",
    conf_level: float = 0.95,
    seed: int = 0,
) -> EffectTable:
    r"""Estimate how trade flows answer to a day at the border, or to a reform of a pair.

    Parameters
    ----------
    panel : Panel
        Pairs over time, made by `flows`. If some pairs have a cohort, the treatment is the first
        regressor.
    regressors : sequence of str
        Covariates of the panel whose response is wanted. A covariate in days gives the log
        change of trade for one day more (a semi-elasticity, `to_percent` makes it percent a
        day); a covariate in log days gives the elasticity.
    exporter, importer : str
        Categories of the panel that name the two sides.
    absorb : {"sides_and_pair", "sides"}
        Exporter-time and importer-time effects, with pair effects or without. Without pair
        effects the response is also identified by differences between pairs that never change.
    inference : {"CR1", "multiway", "none"}
        CR1 by the cluster of the panel (the pair, unless another was named); ``"multiway"`` by
        exporter and by importer at once, whatever the pair or the time.
    conf_level : float
        Between 0 and 1.
    seed : int
        Of the draws behind the bands.

    Returns
    -------
    EffectTable
        One row a regressor, in log points of trade for one unit of the regressor;
        ``n_treated`` counts the pairs in which the regressor changes.

    Raises
    ------
    PanelError, IdentificationError
        If flows are negative or in logs, a side is not in the panel, or a regressor does not vary
        beyond the effects.

    Notes
    -----
    .. math:: E[x_{ijt}] = \exp(\pi_{it} + \chi_{jt} + \mu_{ij} + \beta z_{ijt})

    The exporter-time and importer-time effects hold outward and inward multilateral resistance,
    so a regressor must vary between the partners of one exporter in one time: days that depend
    on the importer alone cannot be told from the importer. Estimates are partial: they hold
    the incomes and price indices of all countries fixed. With pair effects and short panels the
    clustered errors are too small and the estimate has a bias of order one over the number of
    countries (Weidner and Zylkin 2021).

    Multiway: :math:`V = V_{exporter} + V_{importer} - V_{pair}`, each with the CR1 factor of its
    own number of clusters, t with the smaller number of sides less one; flows of pairs that
    share no country count as independent. Clustering by pair besides would change nothing, as a
    pair lies within both its sides. Negative eigenvalues are set to zero, and told.

    References
    ----------
    Santos Silva and Tenreyro (2006), doi:10.1162/rest.88.4.641. Head and Mayer (2014),
    doi:10.1016/B978-0-444-54314-1.00003-3. Djankov, Freund and Pham (2010),
    doi:10.1162/rest.2009.11498. Weidner and Zylkin (2021), doi:10.1016/j.jinteco.2021.103513.
    Cameron, Gelbach and Miller (2011), doi:10.1198/jbes.2010.07136.

    Examples
    --------
    Flows that fall by a tenth for every day, exactly:

    >>> names = ["A", "B", "C", "D"]
    >>> rows = [(i, j, t, (3 * a + 2 * b + a * b * t) % 5)
    ...         for a, i in enumerate(names) for b, j in enumerate(names)
    ...         for t in (1, 2, 3) if i != j]
    >>> table = pd.DataFrame(rows, columns=["from", "to", "year", "days"])
    >>> table["value"] = 100 * 0.9 ** table["days"]
    >>> panel = flows(table, exporter="from", importer="to", time="year", flow="value",
    ...               covariates=["days"])
    >>> table = gravity(panel, regressors=["days"], inference="none")
    >>> round(table.to_percent().overall.estimate, 6)
    -10.0
    """
    refuse_logs(panel)
    data = _data(panel, regressors, exporter=exporter, importer=importer, absorb=absorb)
    fitted = fit(data, model="poisson")
    kept = panel.keep(fitted.kept) if not fitted.kept.all() else panel
    estimates = _estimates(kept, data, fitted, lost=len(panel.cells) - len(kept.cells))
    if inference == "multiway":
        estimates = _multiway(kept, fitted, estimates, sides=(exporter, importer))
    table = attach(
        replace(kept, scale="log", unit_of_measure="log points"),
        estimates,
        estimator="gravity",
        inference="CR1" if inference == "multiway" else inference,
        conf_level=conf_level,
        seed=seed,
    )
    if inference == "multiway":
        named = table.frame["inference"].str.replace("CR1", "CR1 by exporter and importer")
        table = replace(table, frame=table.frame.assign(inference=named))
    if kept.n_treated == 0:  # nobody is treated: warnings on few treated units do not apply
        table = replace(table, notes=tuple(n for n in table.notes if "treated and" not in n))
    return table


def _data(
    panel: Panel, regressors: Sequence[str], *, exporter: str, importer: str, absorb: Absorbed
) -> Data:
    negative = int((panel.cells["outcome"] < 0).sum())
    if negative:
        raise PanelError.of(
            column=panel.outcome,
            expected="flows of zero or more",
            found=f"{negative} below zero",
            mend="use gross flows, or correct the values",
        )
    absent = [name for name in regressors if name not in panel.covariates]
    if absent:
        raise IdentificationError.of(
            expected=f"covariates of the panel ({', '.join(panel.covariates) or 'none'})",
            found=", ".join(absent),
            mend="name them in flows(..., covariates=[...])",
        )
    wanted, columns = list(regressors), [panel.cells[list(regressors)].to_numpy(dtype=float)]
    if panel.n_treated:
        wanted = ["treatment", *wanted]
        columns = [(panel.cell_event_time >= 0).astype(float)[:, None], *columns]
    if not wanted:
        raise IdentificationError.of(
            expected="a regressor, or pairs with a cohort",
            found="neither",
            mend="name regressors=['days'], or give flows(...) the cohort of every pair",
        )
    sides: list[Factor] = [(exporter, "time"), (importer, "time")]
    return Data(
        outcome=panel.cells["outcome"].to_numpy(dtype=float),
        weights=panel.cells["weight"].to_numpy(dtype=float),
        terms=np.hstack(columns),
        names=tuple(wanted),
        factors=Factors.of(panel, sides if absorb == "sides" else [*sides, "unit"]),
    )


def _estimates(panel: Panel, data: Data, fitted: Fitted, *, lost: int) -> Estimates:
    influence = fitted.influence(panel.cells["cluster"])
    said = [
        "ATT overall" if name == "treatment" else f"response to one unit of {name}"
        for name in data.names
    ]
    note = f"{lost:,} flows left out: the effects fit them perfectly (separation)."
    exposed = [_exposed(panel, name) for name in data.names]
    labels = pd.DataFrame({"estimand": said, "term": list(data.names), "n_treated": exposed})
    return Estimates(
        labels=labels.assign(n_control=panel.n_units - labels["n_treated"]),
        estimate=fitted.coefficients,
        influence=influence,
        factor=fitted.factor(n_obs=panel.n_obs, n_clusters=len(influence)),
        notes=(note,) if lost else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Multiway:
    """Covariance by several sets of clusters at once, in the place of an `Influence`.

    Attributes
    ----------
    matrix : numpy.ndarray
        Shape (k, k).
    n_clusters : int
        Of the smallest set.
    """

    matrix: np.ndarray
    n_clusters: int

    def covariance(self) -> np.ndarray:
        """Return the covariance, (k, k)."""
        return self.matrix


def _multiway(
    panel: Panel, fitted: Fitted, estimates: Estimates, *, sides: tuple[str, str]
) -> Estimates:
    cells = panel.cells
    sets = {
        "exporter": (1.0, cells[sides[0]]),
        "importer": (1.0, cells[sides[1]]),
        "pair": (-1.0, cells[sides[0]].astype(str) + " > " + cells[sides[1]].astype(str)),
    }
    total = np.zeros(2 * (len(estimates.estimate),))
    for sign, clusters in sets.values():
        influence = fitted.influence(clusters)
        factor = fitted.factor(n_obs=panel.n_obs, n_clusters=len(influence))
        total += sign * factor * influence.T @ influence
    values, vectors = np.linalg.eigh(total)
    note = "Negative eigenvalues of the multiway covariance were set to zero."
    made = _Multiway(
        matrix=(vectors * np.clip(values, 0.0, None)) @ vectors.T,
        n_clusters=min(cells[side].nunique() for side in sides),
    )
    return replace(
        estimates,
        influence=None,
        product=cast("Influence", made),
        factor=1.0,
        notes=(*estimates.notes, *((note,) if values.min() < 0 else ())),
    )


def _exposed(panel: Panel, name: str) -> int:
    """Pairs that are treated, or whose regressor changes (all pairs where none changes)."""
    if name == "treatment":
        return panel.n_treated
    by_pair = panel.cells.groupby("unit", observed=True)[name]
    return int((by_pair.max() > by_pair.min()).sum()) or panel.n_units


def _refuse_unnamed(frame: pd.DataFrame, exporter: str, importer: str) -> None:
    for name in (exporter, importer):
        if name not in frame.columns:
            raise PanelError.of(
                column=name,
                expected="a column of this name",
                found=f"columns {', '.join(map(str, frame.columns))}",
                mend="rename the column or name another one",
            )
        if frame[name].isna().any():
            raise PanelError.of(
                column=name,
                expected="a name in every row",
                found=f"{int(frame[name].isna().sum())} missing",
                mend="fill in the name or leave the row out",
            )
