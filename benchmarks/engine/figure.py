"""Time and memory against rows, one line a tool."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

INKS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#999999")
SHOWN = (
    "ours, event study",
    "bare group-by",
    "pyfixest, event study",
    "ours, DiD",
    "pyfixest, DiD",
    "linearmodels, DiD",
    "duckreg, DiD (point estimate)",
    "statsmodels with dummies, DiD",
)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Write the figure as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    with mpl.rc_context({"svg.hashsalt": "engine", "font.size": 9}):
        figure, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
        for axis, column, label in zip(
            axes, ("work_seconds", "peak_mib"), ("Work (seconds)", "Peak memory (MiB)"), strict=True
        ):
            for name, ink in zip(SHOWN, INKS, strict=True):
                line = table[table["case"] == name]
                style = "--" if name.startswith("bare") else "-"
                axis.plot(line["rows"], line[column], style, marker="o", color=ink, label=name)
            axis.set(xscale="log", yscale="log", xlabel="Rows", ylabel=label)
            axis.grid(visible=True, alpha=0.3)
        axes[0].legend(frameon=False, fontsize=7.5)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
