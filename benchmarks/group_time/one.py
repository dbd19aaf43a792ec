"""Time one library on one panel; prints seconds and peak memory as JSON."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
import warnings

import numpy as np
import pandas as pd

DRAWS = 999
TIMES = 40


def make(n_units: int, seed: int) -> pd.DataFrame:
    """Draw n_units x 40 times, seven cohorts and never treated units, effects that grow."""
    rng = np.random.default_rng(seed)
    first = rng.choice([0, 10, 14, 18, 22, 26, 30, 34], n_units)
    time_ = np.arange(1, TIMES + 1)
    outcome = rng.normal(size=(n_units, 1)) + 0.02 * time_ + rng.normal(size=(n_units, TIMES))
    since = time_[None, :] - first[:, None]
    outcome += 0.05 * np.where((first[:, None] > 0) & (since >= 0), since + 1, 0)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(n_units), TIMES),
            "time": np.tile(time_, n_units),
            "y": outcome.ravel(),
            "first": np.repeat(first, TIMES),
        }
    )


def ours(frame: pd.DataFrame) -> float:
    from analysis.methods.group_time_att import group_time_att
    from analysis.methods.panel import Panel

    given = frame.assign(first=frame["first"].where(frame["first"] > 0))
    panel = Panel.from_frame(given, unit="unit", time="time", outcome="y", cohort="first")
    table = group_time_att(panel, control_group="never_treated", inference="multiplier")
    return table.aggregate("dynamic").overall.estimate


def diff_diff(frame: pd.DataFrame) -> float:
    from diff_diff import CallawaySantAnna

    model = CallawaySantAnna(n_bootstrap=DRAWS, bootstrap_weights="rademacher", seed=0)
    made = model.fit(
        frame, outcome="y", unit="unit", time="time", first_treat="first", aggregate="event_study"
    )
    after = [v["effect"] for e, v in made.event_study_effects.items() if e >= 0]
    return float(np.mean(after))


def csdid(frame: pd.DataFrame) -> float:
    from csdid.att_gt import ATTgt

    model = ATTgt(
        yname="y",
        tname="time",
        idname="unit",
        gname="first",
        data=frame,
        control_group=["nevertreated"],
        biters=DRAWS,
        cband=True,
    )
    made = model.fit(est_method="reg", bstrap=True).aggte("dynamic")
    return float(made.atte["overall_att"])


def moderndid(frame: pd.DataFrame) -> float:
    from moderndid import aggte, att_gt

    made = att_gt(
        data=frame,
        yname="y",
        tname="time",
        idname="unit",
        gname="first",
        est_method="reg",
        boot=True,
        biters=DRAWS,
        random_state=0,
    )
    return float(aggte(made, type="dynamic", random_state=0).overall_att)


def differences(frame: pd.DataFrame) -> float:
    from differences import ATTgt

    given = frame.assign(first=frame["first"].where(frame["first"] > 0))
    model = ATTgt(data=given.set_index(["unit", "time"]), cohort_column="first")
    model.fit("y", boot_iterations=DRAWS, random_state=0, progress_bar=False)
    made = model.aggregate("event", overall=True, boot_iterations=DRAWS, random_state=0)
    return float(made.iloc[0, 0])


TOOLS = {f.__name__: f for f in (ours, diff_diff, csdid, moderndid, differences)}

if __name__ == "__main__":
    tool, n_units, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):
        TOOLS[tool](make(200, seed))  # imports and compiles outside the clock
        frame = make(n_units, seed)
        start, used = time.perf_counter(), time.process_time()
        overall = TOOLS[tool](frame)
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "mb": megabytes, "overall": overall}))
