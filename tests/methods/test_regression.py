"""Regressions of cells against the same regressions of the rows, by statsmodels and by loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.errors import IdentificationError
from analysis.methods.compress import compress
from analysis.methods.panel import Panel
from analysis.methods.regression import Absorber, Regression, coefficients, fit

EXACT = 1e-9
NAMES = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}


def microdata(seed: int = 1, *, shift: float = 0.0, scale: float = 1.0) -> pd.DataFrame:
    """Unbalanced rows: few rows in some cells, none in others, a zone and a broker with one."""
    rng = np.random.default_rng(seed)
    n = 3_000
    zone = rng.choice(12, n, p=np.arange(1, 13) / 78)
    month = rng.integers(0, 9, n)
    rows = pd.DataFrame({"zone": zone, "month": month})
    rows = rows[~((rows["zone"] == 3) & (rows["month"] > 5))].reset_index(drop=True)
    first = np.where(rows["zone"] < 5, 4.0 + rows["zone"] % 3, np.nan)
    rows["first"] = first
    rows["mode"] = rng.choice(["air", "rail", "road"], len(rows))
    rows["broker"] = rng.integers(0, 40, len(rows))
    rows["weight"] = rng.uniform(0.3, 3.0, len(rows))
    rows["value"] = rng.gamma(2.0, 2.0, len(rows)) + 0.2 * rows["month"]
    rows["lines"] = rng.poisson(3.0, len(rows)) + 0.5 * (rows["mode"] == "air")
    noise = rng.normal(size=len(rows)) * (1 + 0.2 * rows["zone"])
    effect = -2.0 * (rows["month"] >= first)
    rows["hours"] = (
        30
        + rows["zone"]
        + 0.5 * rows["month"]
        + effect
        + 0.7 * rows["value"]
        - 0.4 * rows["lines"]
        + 3.0 * (rows["mode"] == "rail")
        + noise
        + rng.normal(size=40)[rows["broker"]]
    )
    rows.loc[rng.random(len(rows)) < 0.04, "hours"] = np.nan
    alone = pd.DataFrame([[99, 2, np.nan, "road", 77, 1.3, 4.0, 2.0, 41.0]], columns=rows.columns)
    rows = pd.concat([rows, alone], ignore_index=True)
    return rows.assign(hours=shift + scale * rows["hours"])


def event_terms(event_time: np.ndarray) -> np.ndarray:
    """One dummy for every event time from -4 to 4 but -1; the ends gather what lies beyond."""
    capped = np.clip(event_time, -4, 4)
    return np.column_stack([capped == e for e in (-4, -3, -2, 0, 1, 2, 3, 4)]).astype(float)


def treated(event_time: np.ndarray) -> np.ndarray:
    """One dummy."""
    return (event_time >= 0).astype(float)[:, None]


def row_level(
    rows: pd.DataFrame,
    terms: Callable[[np.ndarray], np.ndarray],
    *,
    effects: tuple[str, ...] = ("zone", "month"),
    covariates: tuple[str, ...] = (),
    weights: bool = False,
    log: bool = False,
) -> sm.WLS:
    """Statsmodels with every dummy written out, on the rows with an outcome."""
    design = [terms((rows["month"] - rows["first"]).to_numpy()), rows[list(covariates)]]
    for position, name in enumerate(effects):
        dummies = pd.get_dummies(rows[name]).to_numpy(dtype=float)
        design.append(dummies[:, min(position, 1) :])
    matrix = np.column_stack([np.asarray(part, dtype=float) for part in design])
    outcome = np.log(rows["hours"]) if log else rows["hours"]
    return sm.WLS(outcome.to_numpy(), matrix, weights=rows["weight"].to_numpy() if weights else 1.0)


def close(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal to 1e-9 relative, by the size of the largest entry's own row."""
    np.testing.assert_allclose(ours, theirs, rtol=EXACT, atol=0)


def errors(covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.diag(covariance))


CASES = {
    "plain": {},
    "log": {"log": True},
    "weights": {"weights": True},
    "three effects": {"effects": ("zone", "month", "mode")},
    "covariates": {"covariates": ("value", "lines")},
    "covariates, weights, three effects, log": {
        "covariates": ("value", "lines"),
        "weights": True,
        "effects": ("zone", "month", "mode"),
        "log": True,
    },
}
TERMS = {"one effect": treated, "event study": event_terms}


def both(
    case: str, terms: str, cluster: str = "zone", rows: pd.DataFrame | None = None
) -> tuple[Regression, sm.WLS, pd.DataFrame]:
    options = CASES[case]
    rows = microdata() if rows is None else rows
    panel = compress(
        rows,
        **NAMES,
        cluster=cluster,
        categories=("mode",) if "effects" in options else (),
        covariates=options.get("covariates", ()),
        weights="weight" if options.get("weights") else None,
        transform="log" if options.get("log") else "level",
    )
    build = TERMS[terms]
    columns = build(panel.cell_event_time)
    names = tuple(f"term {i}" for i in range(columns.shape[1]))
    ours = fit(panel, columns, names=names, with_covariates=True)
    kept = rows.dropna(subset="hours").reset_index(drop=True)
    return ours, row_level(kept, build, **options), kept


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cluster", ["zone", "broker"])
def test_equal_to_the_rows(case: str, terms: str, cluster: str) -> None:
    ours, model, kept = both(case, terms, cluster)
    k = len(ours.coefficients)
    iid = model.fit()
    close(ours.coefficients, iid.params[:k])
    close(errors(ours.covariance("iid")), iid.bse[:k])
    assert ours.rank == np.linalg.matrix_rank(model.exog)
    groups = pd.factorize(kept[cluster])[0]
    for kind, corrected in (("CR0", False), ("CR1", True)):
        theirs = model.fit(
            cov_type="cluster", cov_kwds={"groups": groups, "use_correction": corrected}
        )
        close(errors(ours.covariance(kind)), theirs.bse[:k])
    assert ours.factor == pytest.approx(
        ours.n_clusters / (ours.n_clusters - 1) * (len(kept) - 1) / (len(kept) - ours.rank)
    )


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("case", [name for name in CASES if "covariates" not in name])
def test_equal_to_the_rows_heteroskedastic(case: str, terms: str) -> None:
    ours, model, _ = both(case, terms)
    k = len(ours.coefficients)
    for kind in ("HC0", "HC1"):
        close(errors(ours.covariance(kind)), model.fit(cov_type=kind).bse[:k])


def test_heteroskedastic_with_covariates_is_refused() -> None:
    ours, _, _ = both("covariates", "one effect")
    with pytest.raises(IdentificationError, match="fourth moments"):
        ours.covariance("HC1")


@pytest.mark.parametrize("case", CASES)
def test_equal_to_the_rows_two_way(case: str) -> None:
    options = CASES[case]
    rows = microdata()
    panel = compress(
        rows,
        **NAMES,
        cluster="broker",
        categories=("mode",) if "effects" in options else (),
        covariates=options.get("covariates", ()),
        weights="weight" if options.get("weights") else None,
        transform="log" if options.get("log") else "level",
    )
    ours = fit(panel, treated(panel.cell_event_time), names=("treated",), with_covariates=True)
    k = len(ours.coefficients)
    kept = rows.dropna(subset="hours").reset_index(drop=True)
    model = row_level(kept, treated, **options)
    groups = np.column_stack([pd.factorize(kept[name])[0] for name in ("broker", "month")])
    theirs = model.fit(cov_type="cluster", cov_kwds={"groups": groups})
    second = panel.cells["time"].to_numpy()
    each = ours.covariance("CR1", second=second)
    close(np.diag(each), np.diag(theirs.cov_params())[:k])
    smallest = ours.covariance("CR1", second=second, two_way="min")
    n, K = len(kept), ours.rank
    by = [
        model.fit(cov_type="cluster", cov_kwds={"groups": g, "use_correction": False})
        for g in (groups[:, 0], groups[:, 1], groups[:, 0] * 100 + groups[:, 1])
    ]
    raw = by[0].cov_params() + by[1].cov_params() - by[2].cov_params()
    close(np.diag(smallest), np.diag(9 / 8 * (n - 1) / (n - K) * raw)[:k])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cluster", ["zone", "broker"])
def test_jackknife_is_the_regression_without_each_cluster(case: str, cluster: str) -> None:
    rows = microdata()
    rows = rows[rows["zone"] != 99]
    ours, _, kept = both(case, "one effect", cluster, rows=rows)
    k = len(ours.coefficients)
    full = row_level(kept, treated, **CASES[case]).fit().params[:k]
    moves = []
    for name in kept[cluster].unique():
        left = kept[kept[cluster] != name].reset_index(drop=True)
        moves.append(row_level(left, treated, **CASES[case]).fit().params[:k] - full)
    moves = np.array(moves)
    g = len(moves)
    close(np.diag(ours.covariance("CR3")), np.diag((g - 1) / g * moves.T @ moves))


@pytest.mark.parametrize(("shift", "scale"), [(1e6, 1.0), (1e9, 1e3), (-1e6, 1e-3)])
def test_large_values_lose_nothing(shift: float, scale: float) -> None:
    small, _, _ = both("plain", "event study")
    large, _, _ = both("plain", "event study", rows=microdata(shift=shift, scale=scale))
    # A value near 1e9 is itself stored to 1e-7: what moves is the data, not the arithmetic.
    stored = 30 * abs(shift) * np.finfo(float).eps / scale
    np.testing.assert_allclose(
        large.coefficients, scale * small.coefficients, rtol=1e-9, atol=scale * stored
    )
    for kind in ("iid", "HC1", "CR1"):
        np.testing.assert_allclose(
            errors(large.covariance(kind)),
            scale * errors(small.covariance(kind)),
            rtol=1e-9 + stored,
        )


def test_fixest_convention_counts_nested_effects_once() -> None:
    ours, _, kept = both("plain", "one effect")
    n, g = len(kept), kept["zone"].nunique()
    k = 1 + 9  # the term, nine months; the zones are the clusters
    factor = g / (g - 1) * (n - 1) / (n - k)
    close(ours.covariance("CR1", convention="fixest"), factor * ours.covariance("CR0"))
    close(
        ours.covariance("iid", convention="fixest"),
        ours.covariance("iid"),  # 1 + 13 + 9 - 1 either way: the graph is connected
    )


def test_parts_that_do_not_meet_count_their_own_levels() -> None:
    frame = pd.DataFrame(
        {
            "u": [1, 1, 2, 2, 3, 3, 4, 4],
            "t": [1, 2, 1, 2, 8, 9, 8, 9],
            "y": [3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0],
            "g": [2, 2, None, None, 9, 9, None, None],
        }
    )
    panel = Panel.from_frame(frame, unit="u", time="t", outcome="y", cohort="g")
    ours = fit(panel, treated(panel.cell_event_time), names=("treated",))
    # Two blocks of two units and two times: effects -2 - (-2.5) = 0.5 and 4 - 4 = 0, equal weight.
    assert ours.coefficients[0] == pytest.approx(0.25)
    assert ours.rank == 1 + 8 - 2


def test_collinear_terms_are_named() -> None:
    panel = compress(microdata(), **NAMES)
    dummies = treated(panel.cell_event_time)
    with pytest.raises(IdentificationError, match="collinear: twin"):
        fit(panel, np.column_stack([dummies, 2 * dummies]), names=("treated", "twin"))
    unit_constant = (panel.cells["unit"] < 4).to_numpy(dtype=float)[:, None]
    with pytest.raises(IdentificationError, match="collinear: ever"):
        fit(panel, unit_constant, names=("ever",))


def test_singletons_are_reported() -> None:
    panel = compress(microdata(), **NAMES)
    ours = fit(panel, treated(panel.cell_event_time), names=("treated",))
    assert ours.notes == ("1 of 13 levels of unit have a single row.",)


@pytest.mark.parametrize("case", ["plain", "three effects", "covariates", "weights"])
def test_many_outcomes_at_once_are_the_fit(case: str) -> None:
    options = CASES[case]
    panel = compress(
        microdata(),
        **NAMES,
        categories=("mode",) if "effects" in options else (),
        covariates=options.get("covariates", ()),
        weights="weight" if options.get("weights") else None,
    )
    terms = event_terms(panel.cell_event_time)
    names = tuple(f"e{i}" for i in range(terms.shape[1]))
    outcome = panel.cells["outcome"].to_numpy()
    other = np.sin(np.arange(len(outcome)))
    made = coefficients(Absorber.of(panel), terms, np.column_stack([outcome, other]))
    close(made[0], fit(panel, terms, names=names).coefficients)
    close(made[1], fit(panel.with_outcome(other), terms, names=names).coefficients)


def test_covariates_taken_out_or_shown_give_the_same_terms() -> None:
    panel = compress(microdata(), **NAMES, covariates=("value", "lines"))
    terms = event_terms(panel.cell_event_time)
    names = tuple(f"e{i}" for i in range(8))
    out = fit(panel, terms, names=names)
    shown = fit(panel, terms, names=names, with_covariates=True)
    assert shown.names == (*names, "value", "lines")
    for kind in ("iid", "CR0", "CR1"):
        close(np.diag(out.covariance(kind)), np.diag(shown.covariance(kind))[:8])
    close(out.grams.sum(axis=0), np.linalg.inv(out.bread))
    close(out.influence.T @ out.influence, out.covariance("CR0"))
    lone = treated(panel.cell_event_time)
    out, shown = (fit(panel, lone, names=("d",), with_covariates=way) for way in (False, True))
    close(out.covariance("CR3")[0, 0], shown.covariance("CR3")[0, 0])


def test_a_term_that_one_cluster_carries_has_no_jackknife() -> None:
    ours, _, _ = both("plain", "event study")
    with pytest.raises(IdentificationError, match="depends on alone"):
        ours.covariance("CR3")


def test_beyond_the_dense_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    dense, _, _ = both("three effects", "event study")
    monkeypatch.setattr("analysis.methods.absorption.DENSE", 5)
    iterated, _, _ = both("three effects", "event study")
    close(iterated.coefficients, dense.coefficients)
    close(errors(iterated.covariance("CR1")), errors(dense.covariance("CR1")))
