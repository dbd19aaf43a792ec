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

# Sparse counts: the cells that two-way effects separate, as pyfixest finds them by iterated
# rectifiers; in the last case the treated cells after the reform hold only zeros.
tables, told = [], {}
for case, level, seed in (("sparse", -0.9, 3), ("sparser", -1.5, 4), ("treated", -0.2, 5)):
    rng = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(12), 8), np.tile(np.arange(8), 12)
    first = np.where(unit < 4, 5.0, np.nan)
    post = time >= first
    count = rng.poisson(np.exp(level + 0.1 * (unit % 5) - 0.3 * post))
    if case == "treated":
        count[post] = 0
    small = pd.DataFrame({"case": case, "unit": unit, "time": time, "count": count, "first": first})
    tables.append(small)
    if case == "treated":
        told[case] = {"n": None, "estimate": None}  # pyfixest stops: all variables collinear
        continue
    fit = pf.fepois(
        "count ~ treated | unit + time",
        small.assign(treated=post.astype(int)),
        vcov={"CRV1": "unit"},
        ssc=full,
        iwls_tol=1e-13,
        separation_check=["fe", "ir"],
    )
    told[case] = {"n": int(fit._N), "estimate": float(fit.coef().iloc[0])}
pd.concat(tables).to_csv(HERE / "separation.csv", index=False)
told["pyfixest"] = version("pyfixest")
(HERE / "separation.json").write_text(json.dumps(told, indent=1) + "\n")
