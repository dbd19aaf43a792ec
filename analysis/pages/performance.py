"""Tables of what the benchmarks measured: time, memory and agreement, side by side in one run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis import catalog
from analysis.markup import Table, show
from analysis.methods.effects import number
from analysis.tables import say

#: The case that others are measured against, and the bare group-by below it.
OURS, FLOOR, PEER = "ours, event study", "bare group-by", "pyfixest, event study"
#: Rows at which peers still run.
MILLION = 1_000_000


def engine() -> Table:
    """Show seconds, memory and the ratio to the bare group-by of every tool at every size."""
    held = measured()
    rows = [
        {
            "Rows": f"{int(row['rows']):,}",
            "Tool and model": str(row["case"]),
            "Work, seconds": number(float(row["work_seconds"]), signed=False),
            "Against the bare group-by": f"{float(row['to_group_by']):.2f}",
            "Peak memory, MiB": f"{float(row['peak_mib']):,.0f}",
            "Estimate": _text(float(row["estimate"])),
            "Standard error": _text(float(row["std_error"])),
            "Runs": str(int(row["runs"])),
        }
        for _, row in held.iterrows()
    ]
    caption = "Work after import, medians of the rounds of one run [Simulated data]"
    return show(pd.DataFrame(rows), caption=caption, interactive=True)


def machine() -> Table:
    """Show the versions and the machine of the engine's benchmark."""
    held = _results("engine_machine").rename(columns={"fact": "What", "value": "Version or size"})
    return show(held, caption="Versions and machine")


def measured() -> pd.DataFrame:
    """Give the cases that ran to their end; one row a size and case."""
    held = _results("engine")
    return held[held["work_seconds"].notna()]


def glue_engine() -> None:
    """Hand the ratios that matter to prose.

    Keys: ``floor-100`` and ``floor-1000`` (ours against the bare group-by at 10^8 and 10^9 rows),
    ``seconds-100``, ``seconds-1000``, ``memory-100``, ``memory-1000`` (MiB), ``faster`` and
    ``lighter`` (pyfixest against ours at 10^7 rows), ``growth`` and ``heavier`` (time and memory
    of ours at 10^9 rows against 10^8), ``cores`` of the machine.
    """
    for size in (100, 1_000):
        say(f"floor-{size}", f"{_median('to_group_by', size):.2f}")
        say(f"seconds-{size}", f"{_median('work_seconds', size):.1f}")
        say(f"memory-{size}", f"{_median('peak_mib', size):.0f}")
    facts = _results("engine_machine").set_index("fact")["value"]
    say("cores", str(facts["cores"]))
    say("growth", f"{_median('work_seconds', 1_000) / _median('work_seconds', 100):.1f}")
    say("heavier", f"{_median('peak_mib', 1_000) / _median('peak_mib', 100):.2f}")
    say("faster", f"{_median('work_seconds', 10, PEER) / _median('work_seconds', 10):.0f}")
    say("lighter", f"{_median('peak_mib', 10, PEER) / _median('peak_mib', 10):.0f}")


def _median(column: str, millions: int, case: str = OURS) -> float:
    """Look up one stored median."""
    held = measured()
    at = (held["rows"] == millions * MILLION) & (held["case"] == case)
    return float(held.loc[at, column].iloc[0])


def imports() -> Table:
    """Show how long the package takes to import, against pandas."""
    held = _results("imports")
    rows = [
        {
            "Command": str(row["command"]),
            "Seconds": f"{float(row['seconds']):.2f}",
            "Against pandas": f"{float(row['to_pandas']):.2f}",
            "Rounds": str(int(row["rounds"])),
        }
        for _, row in held.iterrows()
    ]
    return show(pd.DataFrame(rows), caption="Start of a fresh process, medians of one run")


def glue_imports() -> None:
    """Hand the ratios to pandas to prose: ``import`` and ``help``."""
    held = _results("imports").set_index("command")["to_pandas"]
    say("import", f"{float(held['import analysis']):.2f}")
    say("help", f"{float(held['analysis --help']):.2f}")


def placebos() -> Table:
    """Show the time of a synthetic control with all its placebos, ours and pysyncon's."""
    rows = [
        {
            "Run": str(row["run"]),
            "Seconds": f"{float(row['seconds']):.3f}",
            "Times as fast as pysyncon": f"{float(row['times_faster']):.0f}",
            "Fits": int(row["fits"]),
            "Worse than the other": int(row["poorer_fits"]),
            "Weights sum to one within": f"{float(row['largest_slip']):.2g}",
            "ATT of California": f"{float(row['att']):.4f}",
        }
        for _, row in _results("synthetic_speed").iterrows()
    ]
    caption = "Synthetic control with all placebos in space, shortest of several runs"
    return show(pd.DataFrame(rows), caption=caption)


def flows() -> Table:
    """Show the time of a Poisson regression of a million flows, ours and fepois."""
    rows = [
        {
            "Effects": str(row["case"]),
            "Run": str(row["run"]),
            "Seconds": f"{float(row['seconds']):.2f}",
            "Times as fast as fepois": f"{float(row['times_faster']):.2f}",
            "Estimate": f"{float(row['estimate']):.10f}",
            "Standard error": f"{float(row['std_error']):.8f}",
            "Rows": f"{int(row['rows']):,}",
        }
        for _, row in _results("poisson_speed").iterrows()
    ]
    caption = (
        "Poisson regression with two sets of effects, shortest of several runs [Simulated data]"
    )
    return show(pd.DataFrame(rows), caption=caption)


def glue_alone() -> None:
    """Hand the ratios to pysyncon and fepois to prose.

    Keys: ``placebos-faster``, ``placebos-stopped`` (states that pysyncon fits worse),
    ``placebos-poorer`` (states that we fit worse), ``placebos-fits``, ``firms-share``,
    ``trade-share`` and ``trade-table-share`` (our time over that of the faster fepois),
    ``flows-gap`` and ``flows-error-gap`` (largest distance of estimates, and of errors).
    """
    held = _results("synthetic_speed").set_index("run")
    ours, poorer = held.iloc[0], held["poorer_fits"]
    say("placebos-faster", f"{float(ours['times_faster']):.0f}")
    say("placebos-stopped", str(int(poorer["pysyncon, fits alone"])))
    say("placebos-poorer", str(int(ours["poorer_fits"])))
    say("placebos-fits", str(int(ours["fits"])))
    times = _results("poisson_speed").set_index(["case", "run"])
    faster = times["times_faster"]
    firms, trade = "unit and time effects", "exporter-year and importer-year effects"
    say("firms-share", f"{100 / float(faster[firms, 'ours, from table']):.0f}%")
    say("trade-share", f"{100 / float(faster[trade, 'ours, from panel']):.0f}%")
    say("trade-table-share", f"{100 / float(faster[trade, 'ours, from table']):.0f}%")
    say("flows-gap", f"{float(times['gap'].max()):.1g}")
    say("flows-error-gap", f"{float(times['error_gap'].max()):.1g}")


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6g}"


def _results(name: str) -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(), name)
