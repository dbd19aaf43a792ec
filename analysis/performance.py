"""Tables of what the benchmarks measured: time, memory and agreement, side by side in one run."""

from __future__ import annotations

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
            "Estimate": _text(row["estimate"]),
            "Standard error": _text(row["std_error"]),
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
    of ours at 10^9 rows against 10^8).
    """
    held = measured().set_index(["rows", "case"])
    for size in (100, 1_000):
        ours = held.loc[(size * MILLION, OURS)]
        say(f"floor-{size}", f"{float(ours['to_group_by']):.2f}")
        say(f"seconds-{size}", f"{float(ours['work_seconds']):.1f}")
        say(f"memory-{size}", f"{float(ours['peak_mib']):.0f}")
    more, less = held.loc[(1_000 * MILLION, OURS)], held.loc[(100 * MILLION, OURS)]
    say("growth", f"{float(more['work_seconds'] / less['work_seconds']):.1f}")
    say("heavier", f"{float(more['peak_mib'] / less['peak_mib']):.2f}")
    ours, peer = held.loc[(10 * MILLION, OURS)], held.loc[(10 * MILLION, PEER)]
    say("faster", f"{float(peer['work_seconds'] / ours['work_seconds']):.0f}")
    say("lighter", f"{float(peer['peak_mib'] / ours['peak_mib']):.0f}")


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


def _text(value: object) -> str:
    return "" if pd.isna(value) else f"{float(str(value)):.6g}"


def _results(name: str) -> pd.DataFrame:
    return catalog.read_results(catalog.find_root(), name)
