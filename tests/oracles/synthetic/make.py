"""Write what other packages find on Proposition 99, to be held against our own methods.

Run in an environment of its own: pip install pysyncon==1.7.0 azcausal==0.2.5
python tests/oracles/synthetic/make.py

Writes ``peers.csv``: quantity, unit, value, package, version.
"""

from __future__ import annotations

import csv
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from azcausal.core.panel import CausalPanel
from azcausal.estimators.panel.sdid import SDID
from pysyncon import PenalizedSynth, Synth

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


def main() -> None:
    """Write the file."""
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
    with (HERE / "peers.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quantity", "unit", "value", "package", "version"])
        writer.writerows([*row, version(row[3])] for row in rows)


if __name__ == "__main__":
    main()
