"""What is run: ours, the bare engine, and the peers; each function gives the headline estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

COLUMNS = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}
Answer = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing to run.

    Attributes
    ----------
    model : str
        ``"did"``, ``"event study"``, or ``"floor"``.
    tool : str
        Who does the work.
    modules : tuple of str
        Imported before the clock starts.
    most_rows : int
        Beyond, it is not tried: memory or patience.
    run : callable
        Of the path of the data.
    """

    model: str
    tool: str
    modules: tuple[str, ...]
    most_rows: int
    run: Callable[[str], Answer]


def ours_did(path: str) -> Answer:
    from analysis.methods import compress, difference_in_differences

    found = difference_in_differences(compress(path, **COLUMNS), inference="CR1").overall
    return found.estimate, found.std_error


def ours_event(path: str) -> Answer:
    from analysis.methods import compress, event_study

    table = event_study(compress(path, **COLUMNS), inference="CR1").tidy()
    at_zero = table[table["event_time"] == 0].iloc[0]
    return float(at_zero["estimate"]), float(at_zero["std_error"])


def bare_read(path: str) -> Answer:
    return _duckdb(f"SELECT sum(zone), sum(month), sum(first), sum(hours) FROM '{path}'")


def bare_group(path: str) -> Answer:
    return _duckdb(
        "SELECT zone, month, first, count(*), sum(hours), sum(hours * hours) "
        f"FROM '{path}' GROUP BY ALL"
    )


def bare_group_min(path: str) -> Answer:
    return _duckdb(
        "SELECT zone, month, min(first), count(*), sum(hours), sum(hours * hours) "
        f"FROM '{path}' GROUP BY zone, month"
    )


def _duckdb(query: str) -> Answer:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(query).fetchall()
    return float("nan"), float("nan")


def pyfixest_did(path: str) -> Answer:
    import pyfixest

    fitted = pyfixest.feols("hours ~ d | zone + month", _frame(path), vcov={"CRV1": "zone"})
    return float(fitted.coef()["d"]), float(fitted.se()["d"])


def pyfixest_event(path: str) -> Answer:
    import pyfixest

    frame = _frame(path)
    fitted = pyfixest.feols(
        "hours ~ i(since, ref=-1) | zone + month",
        frame.assign(since=(frame["month"] - frame["first"]).fillna(-1).astype("int64")),
        vcov={"CRV1": "zone"},
    )
    name = next(term for term in fitted.coef().index if term.endswith(("::0", "[0]", "[T.0]")))
    return float(fitted.coef()[name]), float(fitted.se()[name])


def linearmodels_did(path: str) -> Answer:
    from linearmodels.iv.absorbing import AbsorbingLS

    frame = _frame(path)
    effects = frame[["zone", "month"]].astype("category")
    fitted = AbsorbingLS(frame["hours"], frame[["d"]], absorb=effects).fit(
        cov_type="clustered", clusters=frame["zone"], debiased=True
    )
    return float(fitted.params["d"]), float(fitted.std_errors["d"])


def duckreg_did(path: str) -> Answer:
    import duckdb
    from duckreg.estimators import DuckMundlak

    connection = duckdb.DuckDBPyConnection
    if not hasattr(connection, "fetch_arrow_table"):  # duckreg 0.4.1 knows it by its former name
        connection.fetch_arrow_table = connection.to_arrow_table
    _, file = _database(path)
    model = DuckMundlak(
        db_name=str(file),
        table_name="rows",
        outcome_var="hours",
        covariates=["d"],
        unit_col="zone",
        time_col="month",
        seed=0,
        n_bootstraps=0,
    )
    model.fit()
    return float(model.summary()["point_estimate"].ravel()[1]), float("nan")


def statsmodels_did(path: str) -> Answer:
    import pandas as pd
    import statsmodels.api as sm

    frame = _frame(path)
    design = pd.concat(
        [
            frame["d"].astype(float),
            pd.get_dummies(frame["zone"], dtype=float),
            pd.get_dummies(frame["month"], dtype=float, drop_first=True),
        ],
        axis=1,
    )
    fitted = sm.OLS(frame["hours"].to_numpy(), design.to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": frame["zone"].to_numpy()}
    )
    return float(fitted.params[0]), float(fitted.bse[0])


def _frame(path: str):  # type: ignore[no-untyped-def]
    import pandas as pd

    frame = pd.read_parquet(path)
    return frame.assign(
        d=(frame["month"] >= frame["first"]).astype("int8"),
        zone=frame["zone"].astype("int64"),
        month=frame["month"].astype("int64"),
    )


def _database(path: str):  # type: ignore[no-untyped-def]
    """Duckreg reads a DuckDB file only: a view on the Parquet file, with the treatment."""
    import tempfile
    from pathlib import Path

    import duckdb

    folder = tempfile.mkdtemp(prefix="duckreg-")
    file = Path(folder) / "rows.db"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"CREATE VIEW rows AS SELECT *, coalesce(month >= first, false)::INT AS d FROM '{path}'"
        )
    return folder, file


_ENGINE = (
    "ibis",
    "ibis.backends.duckdb",
    "duckdb",
    "pyarrow.parquet",
    "statsmodels.regression.linear_model",
    "analysis.methods.compress",
    "analysis.methods.event_study",
    "analysis.methods.difference_in_differences",
    "scipy.stats",
)
_MILLION = 1_000_000

CASES = {
    "bare read": Case(
        model="floor", tool="DuckDB", modules=("duckdb",), most_rows=1000 * _MILLION, run=bare_read
    ),
    "bare group-by": Case(
        model="floor", tool="DuckDB", modules=("duckdb",), most_rows=1000 * _MILLION, run=bare_group
    ),
    "bare group-by, cohort as minimum": Case(
        model="floor",
        tool="DuckDB",
        modules=("duckdb",),
        most_rows=1000 * _MILLION,
        run=bare_group_min,
    ),
    "ours, DiD": Case(
        model="did", tool="ours", modules=_ENGINE, most_rows=1000 * _MILLION, run=ours_did
    ),
    "ours, event study": Case(
        model="event study", tool="ours", modules=_ENGINE, most_rows=1000 * _MILLION, run=ours_event
    ),
    "pyfixest, DiD": Case(
        model="did",
        tool="pyfixest",
        modules=("pyfixest.estimation.api.feols", "pandas"),
        most_rows=10 * _MILLION,
        run=pyfixest_did,
    ),
    "pyfixest, event study": Case(
        model="event study",
        tool="pyfixest",
        modules=("pyfixest.estimation.api.feols", "pandas"),
        most_rows=10 * _MILLION,
        run=pyfixest_event,
    ),
    "linearmodels, DiD": Case(
        model="did",
        tool="linearmodels",
        modules=("linearmodels.iv.absorbing",),
        most_rows=10 * _MILLION,
        run=linearmodels_did,
    ),
    "duckreg, DiD (point estimate)": Case(
        model="did",
        tool="duckreg",
        modules=("duckreg.estimators",),
        most_rows=100 * _MILLION,
        run=duckreg_did,
    ),
    "statsmodels with dummies, DiD": Case(
        model="did",
        tool="statsmodels",
        modules=("statsmodels.api", "pandas"),
        most_rows=_MILLION,
        run=statsmodels_did,
    ),
}


def prepare(case: Case) -> None:
    """Import what the case needs, so that the clock sees work only."""
    for name in case.modules:
        import_module(name)
