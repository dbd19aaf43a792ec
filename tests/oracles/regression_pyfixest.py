"""Write regression_pyfixest.csv: pyfixest on the rows of tests/methods/test_regression.py.

Singletons are kept, as on our side (pyfixest drops them by default).
Run with pyfixest 0.60.0: ``python tests/oracles/regression_pyfixest.py``.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pyfixest

HERE = Path(__file__).resolve().parent
KINDS = {
    "iid": "iid",
    "HC1": "hetero",
    "CR1 zone": {"CRV1": "zone"},
    "CR1 broker": {"CRV1": "broker"},
    "CR1 broker + month": {"CRV1": "broker + month"},
    "CR3 broker": {"CRV3": "broker"},
}
MODELS = {
    "plain": ("hours ~ d | zone + month", None),
    "weights": ("hours ~ d | zone + month", "weight"),
    "three effects": ("hours ~ d | zone + month + mode", None),
    "covariates": ("hours ~ d + value + lines | zone + month", None),
}


def rows() -> pd.DataFrame:
    place = HERE.parent / "methods" / "test_regression.py"
    spec = importlib.util.spec_from_file_location("test_regression", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    frame = module.microdata().dropna(subset="hours").reset_index(drop=True)
    return frame.assign(d=(frame["month"] >= frame["first"]).astype(float))


def main() -> None:
    frame, found = rows(), []
    for model, (formula, weights) in MODELS.items():
        for kind, vcov in KINDS.items():
            if (kind == "HC1" and model == "covariates") or (kind == "CR3 broker" and weights):
                continue
            fitted = pyfixest.feols(
                formula,
                frame,
                vcov=vcov,
                weights=weights,
                fixef_tol=1e-12,
                fixef_maxiter=100_000,
                fixef_rm="none",
            )
            found += [
                {
                    "model": model,
                    "kind": kind,
                    "term": term,
                    "estimate": fitted.coef()[term],
                    "std_error": fitted.se()[term],
                    "version": pyfixest.__version__,
                }
                for term in fitted.coef().index
            ]
    pd.DataFrame(found).to_csv(HERE / "regression_pyfixest.csv", index=False, float_format="%.16g")


if __name__ == "__main__":
    main()
