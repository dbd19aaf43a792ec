"""Regressions of cells against pyfixest on the rows, stored in tests/oracles."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.methods.compress import compress
from analysis.methods.regression import fit

HERE = Path(__file__).resolve().parent
ORACLE = pd.read_csv(HERE.parent / "oracles" / "regression_pyfixest.csv")
NAMES = {"unit": "zone", "time": "month", "outcome": "hours", "cohort": "first"}


def microdata() -> pd.DataFrame:
    spec = importlib.util.spec_from_file_location("rows", HERE / "test_regression.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.microdata()


@pytest.mark.parametrize(("model", "kind"), list(ORACLE.groupby(["model", "kind"]).groups))
def test_equal_to_pyfixest(model: str, kind: str) -> None:
    expected = ORACLE[(ORACLE["model"] == model) & (ORACLE["kind"] == kind)]
    panel = compress(
        microdata(),
        **NAMES,
        cluster="broker" if "broker" in kind else None,
        weights="weight" if model == "weights" else None,
        categories=("mode",) if model == "three effects" else (),
        covariates=("value", "lines") if model == "covariates" else (),
    )
    treated = (panel.cell_event_time >= 0).astype(float)[:, None]
    ours = fit(panel, treated, names=("d",), with_covariates=True)
    second = panel.cells["time"].to_numpy() if "month" in kind else None
    covariance = ours.covariance(kind.split()[0], convention="fixest", second=second, two_way="min")
    assert list(ours.names) == expected["term"].tolist()
    np.testing.assert_allclose(ours.coefficients, expected["estimate"], rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), expected["std_error"], rtol=1e-9)
