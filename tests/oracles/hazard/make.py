"""Make heart.csv and cox.json with lifelines: run in an environment that has it.

    python tests/oracles/hazard/make.py

The Stanford heart transplant data (Crowley and Hu 1977, doi:10.1080/01621459.1977.10479903)
ship with lifelines (MIT licence). R's survival documents the same fit: ``coxph(Surv(start, stop,
event) ~ age + year + surgery + transplant, heart)`` gives 0.0272, -0.1463, -0.6372, -0.0103.
"""

import json
from importlib.metadata import version
from pathlib import Path

from lifelines import CoxTimeVaryingFitter
from lifelines.datasets import load_stanford_heart_transplants

HERE = Path(__file__).parent
heart = load_stanford_heart_transplants()
fit = CoxTimeVaryingFitter().fit(
    heart, id_col="id", event_col="event", start_col="start", stop_col="stop"
)
switch = heart[heart["transplant"] == 1].groupby("id")["start"].first()
spells = heart.groupby("id").agg(
    days=("stop", "max"),
    died=("event", "max"),
    age=("age", "first"),
    year=("year", "first"),
    surgery=("surgery", "first"),
)
spells["first"] = switch
spells.reset_index().to_csv(HERE / "heart.csv", index=False)
out = {"lifelines": version("lifelines"), "pandas": version("pandas")}
for name, row in fit.summary.iterrows():
    out[name] = [float(row["coef"]), float(row["se(coef)"])]
(HERE / "cox.json").write_text(json.dumps(out, indent=1) + "\n")
