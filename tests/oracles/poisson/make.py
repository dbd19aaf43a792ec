"""Make counts.csv and fepois.json with pyfixest: run in an environment that has it.

PYTHONHASHSEED=0 python tests/oracles/poisson/make.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

HERE = Path(__file__).parent
rng = np.random.default_rng(11)
N, T = 14, 12
unit, time = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
first = np.where(unit < 5, 7.0, np.nan)
post = time >= first
level = rng.normal(1.0, 0.8, N)
mean = np.exp(level[unit] + 0.03 * time - 0.4 * post) * rng.gamma(4, 0.25, N * T)
count = rng.poisson(mean)
count[unit == 9] = 0  # a unit with only zeros: separated
frame = pd.DataFrame({"unit": unit, "time": time, "count": count, "first": first})
frame.to_csv(HERE / "counts.csv", index=False)

frame["treated"] = post.astype(int)
event = np.where(np.isnan(first), -1, time - first).astype(int)
for e in sorted(set(event) - {-1}):
    frame[f"e{e}".replace("-", "m")] = ((event == e) & ~np.isnan(first)).astype(int)
full = pf.ssc(k_adj=True, k_fixef="full", G_adj=True, G_df="conventional")
out = {"pyfixest": version("pyfixest"), "numpy": version("numpy")}
fit = pf.fepois(
    "count ~ treated | unit + time", frame, vcov={"CRV1": "unit"}, ssc=full, iwls_tol=1e-14
)
out["overall"] = {
    "estimate": float(fit.coef().iloc[0]),
    "std_error": float(fit.se().iloc[0]),
    "n": int(fit._N),
}
terms = [name for name in frame.columns if name[0] == "e"]
fit = pf.fepois(
    f"count ~ {' + '.join(terms)} | unit + time",
    frame,
    vcov={"CRV1": "unit"},
    ssc=full,
    iwls_tol=1e-14,
)
out["event_time"] = {
    name.replace("m", "-")[1:]: [float(fit.coef()[name]), float(fit.se()[name])] for name in terms
}
(HERE / "fepois.json").write_text(json.dumps(out, indent=1) + "\n")
