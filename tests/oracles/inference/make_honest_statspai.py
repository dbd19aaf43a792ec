"""Make honest_statspai.json from honest.json with StatsPAI (C-LF hybrid, grid step 0.005)."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import statspai as sp

HERE = Path(__file__).parent
case = json.loads((HERE / "honest.json").read_text())["cases"]["short"]
estimate, covariance = np.array(case["estimate"]), np.array(case["covariance"])
made = sp.honest_did_from_moments(
    estimate,
    covariance,
    num_pre_periods=case["n_before"],
    l_vec=np.full(2, 0.5),
    method="relative_magnitude",
    m_grid=[0.5, 2.0],
    grid_lb=-4.0,
    grid_ub=3.0,
    grid_points=1401,
    honestdid_method="C-LF",
)
rows = {str(r.M): [round(r.ci_lower, 6), round(r.ci_upper, 6)] for r in made.itertuples()}
out = {"versions": {"statspai": version("statspai")}, "rm": rows}
(HERE / "honest_statspai.json").write_text(json.dumps(out, indent=1))
