"""Clean tables in the many harmless forms that offices give them: none may raise an alarm."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from tests.hostile.broken import CHINESE, WIDE, Case, book, serial
from tests.hostile.outcomes import Outcome, outcome
from tests.hostile.project import make_clean, write_csv

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gb18030")
DELIMITERS = (",", ",", ",", "\t", ";")


def try_variant(project: Path, folder: Path, *, seed: int) -> Outcome:
    """Draw clean tables and a harmless form for them, and check it."""
    rng = np.random.default_rng([20241123, seed])
    folder.mkdir()
    clean = make_clean(
        seed=seed + 10_000, months=int(rng.choice([12, 12, 18])), a_cell=int(rng.choice([8, 18]))
    )
    case = Case(folder=folder, clean=clean)
    keep = clean.rows["month"] <= 12
    case.expected = clean.rows[keep].reset_index(drop=True)
    stamped = rng.random() < 0.5
    table = (clean.stamps if stamped else clean.rows)[keep].reset_index(drop=True)
    if stamped:
        table = table.assign(month=case.expected["month"])
        if rng.random() < 0.3:
            table = table.drop(columns="gate_out")
    table = _spelled(rng, table)
    table = table[list(rng.permutation(list(table.columns)))]
    if rng.random() < 0.5:
        table = table.rename(columns=CHINESE)
    _write(rng, case, table)
    _write_starts(rng, folder, case.starts)
    found = outcome(project, folder, rows=case.expected, starts=case.starts)
    shutil.rmtree(folder)
    return found


def _spelled(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    made = table.copy()
    form = rng.integers(0, 5)
    for name in ("arrived", "released", "gate_out"):
        if name in made:
            made[name] = _moments(made[name], int(form))
    if rng.random() < 0.3:
        made["items"] = made["items"].map("{:,}".format)
    if rng.random() < 0.2:
        made["items"] = made["items"].astype(str).str.translate(WIDE)
    if "hours" in made:
        if rng.random() < 0.3:
            made["hours"] = made["hours"].map("{:.4f}".format)
        elif rng.random() < 0.2:
            made["hours"] = made["hours"].astype(str).str.translate(WIDE)
    if rng.random() < 0.3:
        made["zone"] = " " + made["zone"] + "\u3000"
    if rng.random() < 0.2:
        made["firm"] = '="' + made["firm"] + '"'
    if rng.random() < 0.2:
        made["declaration"] = made["declaration"] + "\t"
    return made


def _moments(held: pd.Series, form: int) -> pd.Series:
    match form:
        case 0:
            return held.dt.strftime("%Y/%m/%d %H:%M")
        case 1:
            return held.dt.strftime("%Y年%m月%d日 %H时%M分")
        case 2:
            return serial(held).map("{:.8f}".format)
        case 3:
            return held.dt.strftime("%Y%m%d%H%M%S")
        case _:
            return held.dt.strftime("%Y-%m-%d %H:%M:%S")


def _write(rng: np.random.Generator, case: Case, table: pd.DataFrame) -> None:
    form = rng.random()
    if form < 0.15:
        table.to_parquet(case.folder / "stamped.parquet", index=False)
        return
    if form < 0.3:
        book(case, table)
        return
    text = table.to_csv(
        index=False,
        lineterminator=str(rng.choice(["\n", "\r\n"])),
        sep=(delimiter := str(rng.choice(DELIMITERS))),
    )
    if rng.random() < 0.2:
        text = f"通关时间统计表{delimiter * (table.shape[1] - 1)}\n" + text
    if rng.random() < 0.2:
        text = text.rstrip("\r\n")
    case.write(text, str(rng.choice(ENCODINGS)))


def _write_starts(rng: np.random.Generator, folder: Path, starts: pd.DataFrame) -> None:
    table = starts.rename(columns=CHINESE) if rng.random() < 0.5 else starts
    order = rng.permutation(len(table))
    write_csv(folder / "zone_starts.csv", table.iloc[order])
    if rng.random() < 0.3:
        path = folder / "zone_starts.csv"
        path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
