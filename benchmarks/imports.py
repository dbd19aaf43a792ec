"""Time to import the package and to show its help: ``python -m benchmarks.imports``.

Each round starts all commands one after another in fresh processes; the medians and the ratios of
the same round are stored.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).resolve().parent / "results" / "imports.csv"
ROUNDS = 21
COMMANDS = {
    "import pandas": ["-c", "import pandas"],
    "import analysis": ["-c", "import analysis"],
    "analysis --help": ["-m", "analysis", "--help"],
}


def main() -> None:
    rows = []
    for number in range(ROUNDS + 1):
        for name, command in COMMANDS.items():
            begun = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            took = time.perf_counter() - begun
            if number:  # the first round fills the disk cache
                rows.append({"round": number, "command": name, "seconds": took})
    wide = pd.DataFrame(rows).pivot_table(index="round", columns="command", values="seconds")
    ratio = wide.div(wide["import pandas"], axis=0)
    table = pd.DataFrame({"seconds": wide.median(), "to_pandas": ratio.median(), "rounds": ROUNDS})
    table.loc[list(COMMANDS)].to_csv(RESULTS, index_label="command", float_format="%.4g")
    print(table.loc[list(COMMANDS)].to_string())


if __name__ == "__main__":
    main()
