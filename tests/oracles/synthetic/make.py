"""Write what other packages find on Proposition 99, to be held against our own methods.

Run in an environment of its own:
pip install pysyncon==1.7.0 azcausal==0.2.5 synthdid-py==0.1.0 scinference==0.1.0
python tests/oracles/synthetic/make.py                 # everything, about five minutes
python tests/oracles/synthetic/make.py synthdid-py     # one package again, the others kept

Writes ``peers.csv``: quantity, unit, value, package, version.
"""

from __future__ import annotations

import csv
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from azcausal.core.panel import CausalPanel
from azcausal.estimators.panel.sdid import SDID
from pysyncon import Dataprep, PenalizedSynth, Synth
from scinference.conformal import confidence_interval, movingblock
from synthdid import panel_matrices, staggered_synthdid_estimate, synthdid_estimate, synthdid_se

HERE = Path(__file__).resolve().parent
DATA = pd.read_csv(HERE / "prop99.csv")
WIDE = DATA.pivot(index="year", columns="state", values="cigsale")
DONORS = [state for state in WIDE.columns if state != "California"]


def outcomes_only(treated: str, donors: list[str]) -> pd.Series:
    """Weights of pysyncon when every outcome before counts as it stands."""
    before = WIDE.loc[:1988, [*donors, treated]]
    model = Synth()
    model.fit(
        X0=before[donors],
        X1=before[treated],
        Z0=before[donors],
        Z1=before[treated],
        custom_V=before.var(axis=1, ddof=1).to_numpy(),
    )
    return pd.Series(model.W, index=donors)


def penalised(penalty: float) -> pd.Series:
    """Weights of pysyncon's penalised synthetic control."""
    before = WIDE.loc[:1988, [*DONORS, "California"]]
    model = PenalizedSynth()
    model.fit(
        X0=before[DONORS],
        X1=before["California"],
        lambda_=penalty,
        custom_V=before.var(axis=1, ddof=1).to_numpy(),
    )
    return pd.Series(model.W, index=DONORS)


#: Thirty times the Frank-Wolfe steps of synthdid, and no dropping of small weights: the more steps,
#: the nearer it comes to the solution of the programme (with a million it still moves by 5e-6).
EXACT = {"min_decrease": 1e-9, "max_iter": 300_000, "sparsify": None}
#: The later wave has four years more to fit, and is slower to come near.
LONGER = EXACT | {"max_iter": 1_500_000}


def several(firsts: dict[str, int]) -> pd.DataFrame:
    """Proposition 99 as if the states named had the reform from the years named."""
    first = DATA["state"].map(firsts)
    return DATA[["state", "year", "cigsale"]].assign(treated=(DATA["year"] >= first).astype(int))


def synthdid_rows() -> list[tuple[str, str, float, str]]:
    """Synthetic DiD of one and several treated states, as R's synthdid finds them."""
    rows = []
    one = panel_matrices(several({"California": 1989}))
    plain = synthdid_estimate(one.Y, one.N0, one.T0)
    rows.append(("SDID ATT, early stop", "California", float(plain), "synthdid-py"))
    exact = synthdid_estimate(one.Y, one.N0, one.T0, **EXACT)
    rows.append(("SDID ATT, exact", "California", float(exact), "synthdid-py"))
    two = panel_matrices(several({"California": 1989, "Colorado": 1989}))
    both = synthdid_estimate(two.Y, two.N0, two.T0, **EXACT)
    rows.append(("SDID ATT, exact", "California and Colorado", float(both), "synthdid-py"))
    error = synthdid_se(both, method="jackknife")
    rows.append(("SDID jackknife error", "California and Colorado", error, "synthdid-py"))
    early = synthdid_estimate(two.Y, two.N0, two.T0)
    error = synthdid_se(early, method="bootstrap", replications=100, random_state=1)
    rows.append(
        ("SDID bootstrap error, 100 draws", "California and Colorado", error, "synthdid-py")
    )
    waves = several({"California": 1989, "Colorado": 1993})
    later = staggered_synthdid_estimate(
        waves, unit="state", time="year", outcome="cigsale", treatment="treated", **LONGER
    )
    rows.append(("SDID ATT, exact", "California, then Colorado", float(later.att), "synthdid-py"))
    return rows


def conformal_rows() -> list[tuple[str, str, float, str]]:
    """P-values of constant effects and one interval, as scinference of the authors finds them."""
    own, donors = WIDE["California"].to_numpy(), WIDE[DONORS].to_numpy()
    rows = []
    for effect in (0.0, -5.0, -10.0, -20.0, -30.0, -40.0):
        p = movingblock(own, donors, 12, 19, effect, "sc")
        rows.append(("conformal p-value", f"{effect:g}", p, "scinference"))
    keep = [*range(19), 30]  # the times before, and 2000
    grid = np.arange(-60.0, 10.0, 0.05)
    ends = confidence_interval(own[keep], donors[keep], 1, 19, "sc", 0.1, grid)
    rows.append(("conformal 90% low", "2000", float(ends["lb"][0]), "scinference"))
    rows.append(("conformal 90% high", "2000", float(ends["ub"][0]), "scinference"))
    return rows


def germany_rows() -> list[tuple[str, str, float, str]]:
    """German reunification: pysyncon with the two windows of the paper, and outcomes only."""
    table = pd.read_csv(HERE / "germany.csv")
    wide = table.pivot(index="year", columns="country", values="gdp").astype(float)
    others = [name for name in wide.columns if name != "West Germany"]

    def prepared(first: int, school: list[int], invest: str, fit: range) -> Dataprep:
        window = range(first, first + 10)
        return Dataprep(
            foo=table,
            predictors=["gdp", "trade", "infrate"],
            predictors_op="mean",
            time_predictors_prior=window,
            special_predictors=[
                ("industry", window, "mean"),
                ("schooling", school, "mean"),
                (invest, [1980], "mean"),
            ],
            dependent="gdp",
            unit_variable="country",
            time_variable="year",
            treatment_identifier="West Germany",
            controls_identifier=others,
            time_optimize_ssr=fit,
        )

    training, model = Synth(), Synth()
    training.fit(
        dataprep=prepared(1971, [1970, 1975], "invest70", range(1981, 1991)),
        optim_method="Nelder-Mead",
        optim_initial="equal",
    )
    model.fit(
        dataprep=prepared(1981, [1980, 1985], "invest80", range(1960, 1990)),
        custom_V=training.V,
    )
    rows = []
    for name, weight in zip(others, model.W, strict=True):
        rows.append(("Germany weight", name, float(weight), "pysyncon"))
    before = wide.loc[:1989]
    alone = Synth()
    alone.fit(
        X0=before[others],
        X1=before["West Germany"],
        Z0=before[others],
        Z1=before["West Germany"],
        custom_V=before.var(axis=1, ddof=1).to_numpy(),
    )
    for kind, weights in (("", model.W), (" outcomes-only", alone.W)):
        gap = wide["West Germany"] - wide[others] @ weights
        att, loss = float(gap.loc[1990:].mean()), float((gap.loc[:1989] ** 2).mean())
        rows.append((f"Germany{kind} ATT", "West Germany", att, "pysyncon"))
        rows.append((f"Germany{kind} loss", "West Germany", loss, "pysyncon"))
    return rows


def california_rows() -> list[tuple[str, str, float, str]]:
    """Proposition 99: what pysyncon and azcausal find."""
    rows: list[tuple[str, str, float, str]] = []
    weights = outcomes_only("California", DONORS)
    for state, weight in weights.items():
        rows.append(("outcomes-only weight", str(state), float(weight), "pysyncon"))
    gap = WIDE["California"] - WIDE[DONORS] @ weights
    rows.append(("outcomes-only ATT", "California", float(gap.loc[1989:].mean()), "pysyncon"))
    for state in DONORS[:6]:
        others = [name for name in DONORS if name != state]
        own = outcomes_only(state, others)
        away = WIDE[state] - WIDE[others] @ own
        rows.append(("outcomes-only ATT", state, float(away.loc[1989:].mean()), "pysyncon"))
        loss = float((away.loc[:1988] ** 2).mean())
        rows.append(("outcomes-only loss", state, loss, "pysyncon"))
    for state, weight in penalised(0.1).items():
        rows.append(("penalised 0.1 weight", str(state), float(weight), "pysyncon"))
    treated = (WIDE.index.to_numpy()[:, None] >= 1989) & (WIDE.columns == "California")[None, :]
    panel = CausalPanel(
        {"outcome": WIDE, "intervention": pd.DataFrame(treated, WIDE.index, WIDE.columns)}
    ).setup(outcome="outcome", intervention="intervention")
    result = SDID().fit(panel)
    rows.append(("SDID ATT", "California", float(np.asarray(result.effect.value)), "azcausal"))
    return rows


def main() -> None:
    """Write the file, or the rows of one package into it."""
    path = HERE / "peers.csv"
    if sys.argv[1:] == ["synthdid-py"]:
        kept = [row for row in csv.reader(path.open(encoding="utf-8")) if row[3] != "synthdid-py"]
        made = synthdid_rows()
        rows = [*kept[1:], *([*row, version(row[3])] for row in made)]
    else:
        made = [*california_rows(), *synthdid_rows(), *conformal_rows(), *germany_rows()]
        rows = [[*row, version(row[3])] for row in made]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quantity", "unit", "value", "package", "version"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
