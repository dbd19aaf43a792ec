"""Make honest.json with moderndid and StatsPAI: run in an environment that has them.

python tests/oracles/inference/make_honest.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from moderndid import create_sensitivity_results_rm, create_sensitivity_results_sm

CASES = {}
rng = np.random.default_rng(7)
for name, n_before, n_after in (("short", 3, 2), ("longer", 4, 3)):
    size = n_before + n_after
    times = np.array([*range(-n_before, 0), *range(1, n_after + 1)])
    root = rng.standard_normal((size, size)) * 0.3 + np.eye(size)
    covariance = 0.01 * (root @ root.T + 0.5)
    estimate = 0.02 * times + 0.1 * rng.standard_normal(size) - 0.6 * (times > 0)
    weights = np.full(n_after, 1 / n_after)
    case = {
        "estimate": estimate.tolist(),
        "covariance": covariance.tolist(),
        "n_before": n_before,
        "rm": {},
        "sd": {},
    }
    for bound in (0.5, 2.0):
        made = create_sensitivity_results_rm(
            estimate,
            covariance,
            n_before,
            n_after,
            m_bar_vec=[bound],
            l_vec=weights.reshape(-1, 1),
            grid_points=301,
            grid_lb=-3.0,
            grid_ub=3.0,
        )
        row = made.iloc[0] if hasattr(made, "iloc") else made.row(0, named=True)
        case["rm"][str(bound)] = [float(row["lb"]), float(row["ub"])]
    for bound in (0.0, 0.02, 0.1):
        made = create_sensitivity_results_sm(
            estimate,
            covariance,
            n_before,
            n_after,
            method="FLCI",
            m_vec=[bound],
            l_vec=weights.reshape(-1, 1),
        )
        row = made.iloc[0] if hasattr(made, "iloc") else made.row(0, named=True)
        case["sd"][str(bound)] = [float(row["lb"]), float(row["ub"])]
    CASES[name] = case
out = {"versions": {"moderndid": version("moderndid"), "numpy": version("numpy")}, "cases": CASES}
Path(__file__).with_name("honest.json").write_text(json.dumps(out, indent=1))
