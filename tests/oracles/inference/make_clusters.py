"""Make clusters.csv and clusters.json with pyfixest, wildboottest and statsmodels.

PYTHONHASHSEED=0 python tests/oracles/inference/make_clusters.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf
import statsmodels.formula.api as smf
from wildboottest.wildboottest import wildboottest

HERE = Path(__file__).parent
rng = np.random.default_rng(3)
rows = [
    {"unit": u, "time": t, "size": 1 + (3 * u) % 5, "first": 4.0 if u in (1, 4, 6) else np.nan}
    for u in range(8)
    for t in range(1, 8)
    if (u, t) not in {(2, 3), (5, 7), (6, 1)}
]
data = pd.DataFrame(rows)
level = rng.standard_normal(8)
shock = rng.standard_normal((8, 8)).cumsum(axis=1) * 0.5
data["y"] = [
    round(float(level[u] + shock[u, t] + 0.1 * t - 0.8 * float(t >= f)), 6)
    for u, t, f in zip(data["unit"], data["time"], data["first"], strict=True)
]
data["d"] = (data["time"] >= data["first"]).astype(float)
data.to_csv(HERE / "clusters.csv", index=False)

plain = pf.ssc(k_adj=False, G_adj=False)
out = {"versions": {n: version(n) for n in ("pyfixest", "wildboottest", "statsmodels", "numpy")}}
for name, weights in (("equal", None), ("weighted", "size")):
    fitted = pf.feols(
        "y ~ d | unit + time", data, weights=weights, vcov={"CRV1": "unit"}, ssc=plain
    )
    out[name] = {"estimate": float(fitted.coef()["d"]), "CR0": float(fitted.se()["d"])}
    if weights is None:
        slow = pf.feols("y ~ d + C(unit) + C(time)", data, vcov={"CRV3": "unit"}, ssc=plain)
        out[name]["CR3_unscaled"] = float(slow.se()["d"])
model = smf.ols("y ~ d + C(unit) + C(time)", data)
for null in (True, False):
    made = wildboottest(
        model,
        param="d",
        cluster=data["unit"],
        B=9999,
        weights_type="rademacher",
        impose_null=null,
        bootstrap_type="11",
        seed=1,
        show=False,
    )
    out["equal"][f"wild_enumerated_{'imposed' if null else 'free'}"] = float(
        made["p-value"].iloc[0]
    )
HERE.joinpath("clusters.json").write_text(json.dumps(out, indent=1))
print(json.dumps(out, indent=1))
