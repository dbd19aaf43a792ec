"""Draw the small office-shaped tables of this folder: ``python -m tests.office.make``.

They have the shape that offices send: declarations in GB18030 with Chinese headings, time stamps
instead of hours and months, thousands separators, full-width digits and rows that stand twice; and
zones in a workbook with dates. Nothing in them exists; the effect is planted.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

FOLDER = Path(__file__).resolve().parent / "data"
FIRST, MONTHS = dt.date(2019, 1, 1), 48
ZONES = (
    "西永",
    "江北",
    "涪陵",
    "万州",
    "永川",
    "高新",
    "高新西",
    "泸州",
    "宜宾",
    "绵阳",
    "NA",
    "两路寸滩",
)
STARTS = {"西永": 25, "高新": 25, "泸州": 29, "江北": 29, "宜宾": 33}
EFFECT = -0.16
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
HEADINGS = (
    "报关单号",
    "综合保税区",
    "企业编码",
    "货物类别",
    "到港时间",
    "放行时间",
    "通关费用（元）",
)


def month_start(number: int) -> dt.datetime:
    """Return the first day of a counted month."""
    index = FIRST.month - 1 + number - 1
    return dt.datetime(FIRST.year + index // 12, index % 12 + 1, 1)


def draw(seed: int) -> pd.DataFrame:
    """Draw the declarations as the office holds them."""
    rng = np.random.default_rng(seed)
    level = np.log(30) + rng.normal(0, 0.15, len(ZONES))
    rows: list[tuple[str, ...]] = []
    for place, zone in enumerate(ZONES):
        shocks = rng.normal(0, 0.06, MONTHS)
        for month in range(1, MONTHS + 1):
            treated = month >= STARTS.get(zone, 999)
            for goods, number in (("备件", 4 + rng.poisson(1)), ("其他货物", 3)):
                effect = EFFECT if treated and goods == "备件" else 0.0
                for _ in range(number):
                    log = level[place] + shocks[month - 1] + effect + 0.5 * rng.standard_normal()
                    rows.append(_row(rng, zone, goods, month, float(np.exp(log)), len(rows)))
    order = rng.permutation(len(rows))
    table = pd.DataFrame([rows[one] for one in order], columns=list(HEADINGS))
    return pd.concat([table, table.iloc[[10, 11, 12]]], ignore_index=True)


def _row(
    rng: np.random.Generator, zone: str, goods: str, month: int, hours: float, number: int
) -> tuple[str, ...]:
    begin = month_start(month)
    minute = int(np.clip(rng.normal(13, 2), 8, 19) * 60)
    released = begin + dt.timedelta(days=int(rng.integers(0, 28)), minutes=minute)
    arrived = released - dt.timedelta(minutes=max(20, round(hours * 60)))
    cost = f"{round(float(np.exp(7.4 + 0.3 * rng.standard_normal()))):,}"
    firm = f"00519{int(rng.integers(10_000, 10_060)):05d}"
    return (
        f"5301{begin:%Y%m}{number:08d}",
        zone if number % 7 else f" {zone}　",
        firm,
        goods,
        _chinese(arrived) if number % 2 else f"{arrived:%Y/%m/%d %H:%M}",
        f"{released:%Y/%m/%d %H:%M}",
        cost.translate(WIDE) if number % 5 == 0 else cost,
    )


def _chinese(moment: dt.datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment.hour}时{moment.minute:02d}分"


def write() -> None:
    """Write both files."""
    text = "综合保税区报关单明细\r\n" + draw(20241123).to_csv(index=False, lineterminator="\r\n")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "spare_parts_declarations.csv").write_bytes(text.encode("gb18030"))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["综合保税区", "首次适用月份"])
    for zone in ZONES:
        sheet.append([zone, month_start(STARTS[zone]) if zone in STARTS else None])
        sheet.cell(sheet.max_row, 2).number_format = "yyyy-mm"
    book.save(FOLDER / "spare_parts_zones.xlsx")


if __name__ == "__main__":
    write()
