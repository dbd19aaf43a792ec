"""Make flows.csv and fepois.json with pyfixest: run in an environment that has it.

PYTHONHASHSEED=0 python tests/oracles/gravity/make.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

HERE = Path(__file__).parent
rng = np.random.default_rng(12)
names = [f"C{i:02d}" for i in range(9)]
rows = [(i, j, t) for i in names for j in names for t in range(2010, 2015) if i != j]
frame = pd.DataFrame(rows, columns=["exporter", "importer", "year"])
n = len(frame)
pair = frame["exporter"] + frame["importer"]
far = dict(zip(pair.unique(), rng.normal(0, 1, pair.nunique()), strict=True))
frame["days"] = rng.integers(1, 20, n)
mean = np.exp(2 + pair.map(far) - 0.05 * frame["days"] + rng.normal(0, 0.3, n))
frame["value"] = np.round(np.where(rng.uniform(size=n) < 0.25, 0, mean), 4)
frame.loc[pair == "C00C01", "value"] = 0  # a pair that never trades: separated
frame.to_csv(HERE / "flows.csv", index=False)
frame["pair"] = pair
full = pf.ssc(k_adj=True, k_fixef="full", G_adj=True, G_df="conventional")
out = {"pyfixest": version("pyfixest"), "numpy": version("numpy")}
for name, effects in (
    ("sides_and_pair", "exporter^year + importer^year + pair"),
    ("sides", "exporter^year + importer^year"),
):
    fit = pf.fepois(
        f"value ~ days | {effects}",
        frame,
        vcov={"CRV1": "pair"},
        ssc=full,
        iwls_tol=1e-13,
        fixef_tol=1e-12,
    )
    out[name] = [float(fit.coef().iloc[0]), float(fit.se().iloc[0]), int(fit._N)]
    both = pf.fepois(
        f"value ~ days | {effects}",
        frame,
        vcov={"CRV1": "exporter+importer"},
        ssc=full,
        iwls_tol=1e-13,
        fixef_tol=1e-12,
    )
    out[f"{name}, by exporter and importer"] = float(both.se().iloc[0])
(HERE / "fepois.json").write_text(json.dumps(out, indent=1) + "\n")
