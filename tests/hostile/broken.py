"""Makers of the broken files that `faults.toml` lists: each breaks clean tables in one way."""

from __future__ import annotations

import codecs
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.project import ZONES, Clean, write_csv

CHINESE = {
    "declaration": "报关单号",
    "zone": "综合保税区",
    "firm": "企业编码",
    "month": "月份",
    "items": "items",
    "hours": "通关时间（小时）",
    "first_month": "首次适用月份",
    "arrived": "到港时间",
    "released": "放行时间",
    "gate_out": "出区时间",
}


@dataclass(slots=True, kw_only=True)
class Case:
    """A folder in the making.

    `rows` and `stamps` are what the report has to read in the end, when nothing is wrong: they
    are changed only where the fault is one that has to be kept or was meant.
    """

    folder: Path
    clean: Clean
    expected: pd.DataFrame = field(init=False)
    starts: pd.DataFrame = field(init=False)
    path: Path | None = None

    def __post_init__(self) -> None:
        self.expected = self.clean.rows.copy()
        self.starts = self.clean.starts.copy()

    @property
    def rows(self) -> pd.DataFrame:
        return self.clean.rows.copy()

    @property
    def stamps(self) -> pd.DataFrame:
        return self.clean.stamps.copy()

    @property
    def csv(self) -> Path:
        return self.folder / "stamped.csv"

    @property
    def xlsx(self) -> Path:
        return self.folder / "stamped.xlsx"

    def put(self, table: pd.DataFrame) -> None:
        write_csv(self.csv, table)

    def text(self, table: pd.DataFrame | None = None) -> str:
        held = self.rows if table is None else table
        return held.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d %H:%M:%S")

    def write(self, text: str, encoding: str = "utf-8") -> None:
        self.csv.write_bytes(text.encode(encoding))

    def put_starts(self, table: pd.DataFrame) -> None:
        write_csv(self.folder / "zone_starts.csv", table)


Maker = Callable[[Case], None]
MAKERS: dict[str, Maker] = {}


def maker(name: str) -> Callable[[Maker], Maker]:
    """Register the maker of one fault."""

    def keep(function: Maker) -> Maker:
        assert name not in MAKERS, name
        MAKERS[name] = function
        return function

    return keep


def cell(case: Case, column: str, value: object, row: int = 7) -> None:
    """Write another value into one cell of the rows."""
    table = case.rows.astype(object)
    table.loc[row, column] = value
    case.put(table)


def _cell_maker(name: str, column: str, value: object) -> None:
    MAKERS[name] = lambda case: cell(case, column, value)


# ---------------------------------------------------------------- encoding

MAKERS["bom"] = lambda case: case.csv.write_bytes(codecs.BOM_UTF8 + case.text().encode())
MAKERS["gb18030"] = lambda case: case.write(case.text(case.rows.rename(columns=CHINESE)), "gb18030")
MAKERS["utf16"] = lambda case: case.write(case.text(), "utf-16")
MAKERS["replacement"] = lambda case: cell(case, "zone", "重庆\ufffd\ufffd综合保税区")
MAKERS["nul-byte"] = lambda case: case.write(case.text().replace("泸州", "泸\0州", 1))


@maker("gb18030-late")
def _(case: Case) -> None:
    table = case.rows.sort_values("zone", key=lambda held: held != "NA", kind="stable")
    case.expected = table.reset_index(drop=True)
    case.write(case.text(table), "gb18030")


@maker("mixed-encoding")
def _(case: Case) -> None:
    lines = case.text().splitlines(keepends=True)
    half = len(lines) // 2
    case.csv.write_bytes(
        "".join(lines[:half]).encode("gb18030") + "".join(lines[half:]).encode("utf-8")
    )


@maker("latin1-byte")
def _(case: Case) -> None:
    case.csv.write_bytes(case.text().encode().replace(b"\nNA", b"\nN\xe9A", 1) + b"")
    raw = case.csv.read_bytes()
    case.csv.write_bytes(raw.replace(b",NA,", b",N\xe9,", 1))


_cell_maker("control-character", "zone", "重庆\x1b[31m西永")
_cell_maker("bidi", "zone", "成都\u202e高新综合保税区")

# ---------------------------------------------------------------- shape of text files


def _lines(case: Case) -> list[str]:
    return case.text().splitlines()


def _line_maker(name: str, change: Callable[[list[str]], object]) -> None:
    def make(case: Case) -> None:
        lines = _lines(case)
        change(lines)
        case.write("\n".join(lines) + "\n")

    MAKERS[name] = make


_line_maker("extra-field", lambda lines: lines.__setitem__(9, lines[9] + ",7"))
_line_maker("short-row", lambda lines: lines.__setitem__(9, lines[9].rpartition(",")[0]))
_line_maker("open-quote", lambda lines: lines.__setitem__(9, '"' + lines[9]))
_line_maker("title-above", lambda lines: lines.insert(0, "2021年通关时间统计表,,,,,"))
_line_maker("footnote", lambda lines: lines.append("注：数据来源于海关"))
_line_maker("header-twice", lambda lines: lines.insert(40, lines[0]))
_line_maker("no-header", lambda lines: lines.pop(0))
_line_maker("header-only", lambda lines: lines.__delitem__(slice(1, None)))
_line_maker("blank-lines", lambda lines: (lines.insert(5, ""), lines.append(",,,,,")))
MAKERS["empty-file"] = lambda case: case.write("")
MAKERS["semicolons"] = lambda case: case.write(case.text().replace(",", ";"))
MAKERS["tabs"] = lambda case: case.write(case.text().replace(",", "\t"))
MAKERS["full-width-commas"] = lambda case: case.write(case.text().replace(",", "，"))
MAKERS["cut-off"] = lambda case: case.write(case.text()[:-27])
MAKERS["html-as-csv"] = lambda case: case.write(
    "<html><body>" + case.rows.to_html(index=False) + "</body></html>"
)
MAKERS["column-missing"] = lambda case: case.put(case.rows.drop(columns="firm"))
MAKERS["column-unknown"] = lambda case: case.put(case.rows.assign(remark="x"))
MAKERS["column-twice"] = lambda case: case.put(case.rows.assign(**{"企业编码": case.rows["firm"]}))
MAKERS["columns-swapped"] = lambda case: (
    case.put(case.rows[case.rows.columns[::-1]]),
    case.put_starts(case.clean.starts[["first_month", "zone"]]),
)
MAKERS["header-blanks"] = lambda case: case.put(
    case.rows.rename(columns={"zone": " Ｚｏｎｅ ", "hours": "Hours　"})
)


@maker("total-row")
def _(case: Case) -> None:
    total = {"zone": "合计", "month": 1, "items": 9999, "hours": 50000.0}
    total |= {"declaration": "-1", "firm": "-"}
    case.put(pd.concat([case.rows, pd.DataFrame([total])], ignore_index=True))


# ---------------------------------------------------------------- numbers

WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


@maker("full-width-digits")
def _(case: Case) -> None:
    table = case.rows
    table["hours"] = table["hours"].map(str).str.translate(WIDE)
    table["items"] = table["items"].map(str).str.translate(WIDE)
    case.put(table)


@maker("thousands")
def _(case: Case) -> None:
    table = case.rows
    table.loc[3, "items"] = case.expected.loc[3, "items"] = 1234567
    table["items"] = table["items"].map("{:,}".format)
    case.put(table)


_cell_maker("thousands-wrong", "hours", "32,5")
_cell_maker("european", "hours", "1.234,56")
_cell_maker("infinite", "hours", "1e400")
_cell_maker("nan-word", "hours", "nan")
_cell_maker("na-number", "hours", "NA")
_cell_maker("dash-missing", "hours", "—")
_cell_maker("unit-in-cell", "hours", "32小时")
_cell_maker("ten-thousands", "items", "1.5万")
_cell_maker("about", "hours", "约32")
_cell_maker("percent", "hours", "32%")
_cell_maker("brackets", "hours", "(32.5)")
_cell_maker("hexadecimal", "items", "0x1F")
_cell_maker("underscores", "items", "1_000")
_cell_maker("two-numbers", "hours", "31/33")
_cell_maker("chinese-numeral", "hours", "三十二")
_cell_maker("half-count", "items", "12.5")
_cell_maker("huge-integer", "items", "9" * 5000)
_cell_maker("negative", "hours", "-3.5")
_cell_maker("zero-hours", "hours", "0")
_cell_maker("decimal-slip", "hours", "3250")


def _scaled(name: str, factor: float, where: Callable[[pd.DataFrame], pd.Series]) -> None:
    def make(case: Case) -> None:
        table = case.rows
        chosen = where(table)
        table.loc[chosen, "hours"] = (table.loc[chosen, "hours"] * factor).round(
            7
        )  # a day has 24 hours to lose digits in
        case.put(table)

    MAKERS[name] = make


_scaled("minutes", 60, lambda table: table["month"] > 0)
_scaled("seconds", 3600, lambda table: table["month"] > 0)
_scaled("days", 1 / 24, lambda table: table["month"] > 0)
_scaled("minutes-one-zone", 60, lambda table: table["zone"] == ZONES[3])
_scaled("minutes-since-a-month", 60, lambda table: table["month"] >= 9)
MAKERS["constant"] = lambda case: case.put(case.rows.assign(hours=24.0))


@maker("shifted-column")
def _(case: Case) -> None:
    table = case.rows
    case.put(table.rename(columns={"items": "hours", "hours": "items"}).assign())


# ---------------------------------------------------------------- names and numbers of records

MAKERS["na-zone"] = lambda case: case.put(case.rows)
MAKERS["leading-zeros"] = lambda case: case.put(case.rows)
MAKERS["eighteen-digits"] = lambda case: case.put(case.rows)
MAKERS["scientific-id"] = lambda case: case.put(
    case.rows.assign(declaration=case.rows["declaration"].map(lambda one: f"{float(one):.2E}"))
)


def book(case: Case, table: pd.DataFrame, change: Callable[..., object] | None = None) -> None:
    """Write rows into a workbook; texts stay texts."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(table.columns))
    for row in table.astype(object).itertuples(index=False):
        sheet.append([None if one is pd.NA else one for one in row])
    if change is not None:
        change(made, sheet)
    made.save(case.xlsx)


MAKERS["rounded-id"] = lambda case: book(
    case, case.rows.assign(declaration=case.rows["declaration"].map(lambda one: float(int(one))))
)
MAKERS["number-as-id"] = lambda case: book(case, case.rows.assign(firm=case.rows["firm"].map(int)))
MAKERS["excel-text-trick"] = lambda case: case.put(
    case.rows.assign(firm='="' + case.rows["firm"] + '"')
)
MAKERS["trailing-tab"] = lambda case: case.put(
    case.rows.assign(declaration=case.rows["declaration"] + "\t")
)
_cell_maker("formula-text", "firm", '=HYPERLINK("http://example.org","x")')
_cell_maker("very-long", "zone", "区" * 100_000)


def _renamed(name: str, new: str, *, old: str = ZONES[4], expected: str | None = None) -> None:
    """Call one zone otherwise in both tables, and read it as `expected` in the end."""

    def make(case: Case) -> None:
        case.put(case.rows.replace({"zone": {old: new}}))
        starts = case.clean.starts.replace({"zone": {old: new}})
        case.put_starts(starts)
        case.expected = case.expected.replace({"zone": {old: expected or new}})
        case.starts = case.starts.replace({"zone": {old: expected or new}})

    MAKERS[name] = make


_renamed("at-name", "@绵阳")
_renamed("script-name", "<script>alert(1)</script>")
_renamed("null-word", "NULL")
_renamed("full-width-name", "绵阳Ａ区１", expected="绵阳A区1")
_renamed("blanks-around", " \u3000绵阳综合保税区 ", expected=ZONES[4])
_renamed("zero-width", "绵阳\u200b综合\ufeff保税区", expected=ZONES[4])
MAKERS["script-header"] = lambda case: case.put(
    case.rows.rename(columns={"items": "<script>alert(1)</script>"})
)


@maker("blanks-inside")
def _(case: Case) -> None:
    table = case.rows
    table.loc[(table["zone"] == ZONES[0]) & (table.index % 5 == 0), "zone"] = "重庆西永 综合保税区"
    case.put(table)


@maker("case-differs")
def _(case: Case) -> None:
    table = case.rows
    table.loc[(table["zone"] == "NA") & (table.index % 2 == 0), "zone"] = "Na"
    case.put(table)


# ---------------------------------------------------------------- times


def _spelled(name: str, form: Callable[[pd.Series], pd.Series]) -> None:
    def make(case: Case) -> None:
        table = case.stamps
        for column in ("arrived", "released", "gate_out"):
            table[column] = form(table[column])
        case.put(table.assign(month=case.rows["month"]))

    MAKERS[name] = make


def serial(moments: pd.Series) -> pd.Series:
    """Count days since 1899-12-30, as spreadsheets do."""
    return (moments - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)


_spelled("excel-serial", lambda held: serial(held).map(lambda one: f"{one:.10f}"))
_spelled(
    "chinese-date",
    lambda held: held.map(lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t.minute:02d}分"),
)
_spelled(
    "slashes",
    lambda held: held.map(lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t.minute:02d}"),
)
_spelled("compact", lambda held: held.dt.strftime("%Y%m%d%H%M%S"))
_spelled("zone-offset", lambda held: held.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
_spelled("utc", lambda held: held - pd.Timedelta(hours=8))


def _stamp_maker(name: str, column: str, value: str) -> None:
    def make(case: Case) -> None:
        table = case.stamps.assign(month=case.rows["month"])
        table[column] = table[column].dt.strftime("%Y-%m-%d %H:%M:%S")
        table.loc[7, column] = value
        case.put(table)

    MAKERS[name] = make


_stamp_maker("ambiguous-date", "released", "03/05/2021 14:30")
_stamp_maker("two-digit-year", "released", "21-03-05 14:30")
_stamp_maker("no-such-day", "released", "2021-02-30 14:30:00")
_stamp_maker("hour-24", "released", "2021-03-05 24:10:00")
_stamp_maker("future", "released", "2203-03-05 14:30:00")


def _stamps(name: str, change: Callable[[pd.DataFrame], None]) -> None:
    def make(case: Case) -> None:
        table = case.stamps.assign(month=case.rows["month"])
        change(table)
        case.put(table)

    MAKERS[name] = make


def _shift(column: str, hours: int, rows: slice = slice(None)) -> Callable[[pd.DataFrame], None]:
    def change(table: pd.DataFrame) -> None:
        place = table.index[rows]
        table.loc[place, column] = table.loc[place, column] + pd.Timedelta(hours=hours)

    return change


_stamps("utc-one-column", _shift("released", -8))
_stamps("release-after-gate-out", _shift("gate_out", -24, slice(3, 9)))
_stamps("release-before-arrival", _shift("arrived", 24 * 60, slice(3, 5)))


@maker("date-without-time")
def _(case: Case) -> None:
    table = case.stamps.assign(month=case.rows["month"])
    for column in ("arrived", "released", "gate_out"):
        table[column] = table[column].dt.strftime("%Y-%m-%d")
    case.put(table)


@maker("year-1970")
def _(case: Case) -> None:
    table = case.stamps.assign(month=case.rows["month"])
    for column in ("arrived", "released", "gate_out"):
        table[column] = pd.to_datetime(table[column].astype("int64") // 10**3, unit="ms")
        table[column] = pd.Timestamp("1970-01-20") + (table[column] - table[column].min()) / 1000
    case.put(table)


def calendar(months: pd.Series) -> pd.Series:
    """Write counted months as months of the calendar; month 1 is 2021-03."""
    number = months.astype("Int64") + 1
    year, month = number // 12 + 2021, number % 12 + 1
    said = year.astype("string") + "-" + month.astype("string").str.zfill(2)
    return said.fillna("").astype(object)


@maker("calendar-months")
def _(case: Case) -> None:
    case.put(case.rows.assign(month=calendar(case.rows["month"])))
    case.put_starts(case.clean.starts.assign(first_month=calendar(case.starts["first_month"])))


_cell_maker("month-13", "month", "2021-13")


def _without(name: str, where: Callable[[pd.DataFrame], pd.Series]) -> None:
    def make(case: Case) -> None:
        kept = case.rows[~where(case.rows)]
        case.put(kept)
        case.expected = kept.reset_index(drop=True)

    MAKERS[name] = make


_without("month-missing", lambda table: table["month"] == 6)
_without("month-missing-one-zone", lambda table: (table["month"] == 6) & (table["zone"] == "NA"))
_without("half-month", lambda table: (table["month"] == 12) & (table.index % 5 < 3))

# ---------------------------------------------------------------- keys and treatment


@maker("duplicate-same")
def _(case: Case) -> None:
    case.put(pd.concat([case.rows, case.rows.iloc[[4, 5]]], ignore_index=True))


@maker("duplicate-differs")
def _(case: Case) -> None:
    again = case.rows.iloc[[4]].assign(hours=77.5)
    case.put(pd.concat([case.rows, again], ignore_index=True))


@maker("duplicate-declaration")
def _(case: Case) -> None:
    table = case.rows
    table.loc[5, "declaration"] = table.loc[4, "declaration"]
    case.put(table)


@maker("same-but-number")
def _(case: Case) -> None:
    again = case.rows.iloc[:200].copy()
    again["declaration"] = [f"530120231{n:09d}" for n in range(900_000, 900_200)]
    case.put(pd.concat([case.rows, again], ignore_index=True))


def _starts(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    MAKERS[name] = lambda case: case.put_starts(change(case.clean.starts.copy()))


def _start_of(zone: str, first: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[table["zone"] == zone, "first_month"] = first
        return table

    return change


_starts(
    "two-cohorts",
    lambda table: pd.concat(
        [table, pd.DataFrame({"zone": [ZONES[0]], "first_month": [9]})], ignore_index=True
    ),
)
_starts("start-before", _start_of(ZONES[0], 1))
_starts("start-after", _start_of(ZONES[0], 40))
_starts("zone-without-start", lambda table: table[table["zone"] != ZONES[5]])
_starts(
    "start-without-zone",
    lambda table: pd.concat(
        [table, pd.DataFrame({"zone": ["万州综合保税区"], "first_month": [6]})], ignore_index=True
    ),
)
_starts("all-treated-zero", lambda table: table.fillna({"first_month": 0}))
_starts("nobody-treated", lambda table: table.assign(first_month=pd.NA))
MAKERS["other-table"] = lambda case: case.put(case.clean.starts)

# ---------------------------------------------------------------- workbooks

MAKERS["formula-cell"] = lambda case: book(
    case, case.rows, lambda _, sheet: sheet.__setitem__("F9", "=F8*2")
)


@maker("error-cell")
def _(case: Case) -> None:
    def change(_: object, sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet["F9"] = "#REF!"
        sheet["F9"].data_type = "e"

    book(case, case.rows, change)


@maker("merged-cells")
def _(case: Case) -> None:
    table = case.rows.sort_values(["zone", "month"], kind="stable")
    table["zone"] = table["zone"].where(~table["zone"].duplicated(), None)
    book(case, table)


@maker("two-sheets")
def _(case: Case) -> None:
    def change(made: openpyxl.Workbook, sheet: object) -> None:
        other = made.copy_worksheet(sheet)
        other.title = "2022"

    book(case, case.rows, change)


@maker("excel-date-cells")
def _(case: Case) -> None:
    book(case, case.stamps.assign(month=case.rows["month"]))


@maker("numbers-as-text")
def _(case: Case) -> None:
    table = case.rows
    table["hours"] = " " + table["hours"].map(str) + "\u00a0"
    book(case, table)


@maker("hidden-rows")
def _(case: Case) -> None:
    def change(_: object, sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for row in range(5, 30):
            sheet.row_dimensions[row].hidden = True

    book(case, case.rows, change)


@maker("old-xls")
def _(case: Case) -> None:
    (case.folder / "stamped.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000)


@maker("macro-workbook")
def _(case: Case) -> None:
    book(case, case.rows)
    with zipfile.ZipFile(case.xlsx, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"Sub AutoOpen()")


@maker("locked-workbook")
def _(case: Case) -> None:
    case.xlsx.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + os.urandom(5000))


# ---------------------------------------------------------------- hostile files


def _packed(case: Case, parts: dict[str, bytes]) -> None:
    book(case, case.rows)
    held = {}
    with zipfile.ZipFile(case.xlsx) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held |= parts
    with zipfile.ZipFile(case.xlsx, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in held.items():
            archive.writestr(name, raw)


@maker("zip-bomb")
def _(case: Case) -> None:
    book(case, case.rows)
    with (
        zipfile.ZipFile(case.xlsx, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet9.xml", "w", force_zip64=True) as part,
    ):
        piece = b"<row><c><v>1</v></c></row>" * 40_000
        for _ in range(650):
            part.write(piece)


@maker("xml-entities")
def _(case: Case) -> None:
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 10}">' for n in range(12)
    )
    strings = (
        f'<?xml version="1.0"?><!DOCTYPE sst [{entities}]><sst xmlns="http://schemas.openxmlformats'
        '.org/spreadsheetml/2006/main"><si><t>&e11;</t></si></sst>'
    )
    _packed(case, {"xl/sharedStrings.xml": strings.encode()})


@maker("wide-sheet")
def _(case: Case) -> None:
    book(case, case.rows, lambda _, sheet: sheet.__setitem__("XFD1048576", "x"))


MAKERS["zip-traversal"] = lambda case: _packed(case, {"../../escaped.txt": b"out"})
MAKERS["not-a-workbook"] = lambda case: case.xlsx.write_bytes(os.urandom(4000))


@maker("parquet-row-bomb")
def _(case: Case) -> None:
    names = list(case.rows.columns)
    zeros = pa.repeat(pa.scalar("x").cast(pa.string()), 4_000_000)
    table = pa.table({name: zeros.dictionary_encode() for name in names})
    with pq.ParquetWriter(case.folder / "stamped.parquet", table.schema) as writer:
        for _ in range(10):
            writer.write_table(table)


@maker("parquet-cut")
def _(case: Case) -> None:
    path = case.folder / "stamped.parquet"
    case.rows.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-500])


@maker("parquet-nested")
def _(case: Case) -> None:
    table = case.rows.astype(object)
    table["zone"] = [[one] for one in table["zone"]]
    table.to_parquet(case.folder / "stamped.parquet")


MAKERS["pickle"] = lambda case: case.csv.write_bytes(pickle.dumps(case.rows))


@maker("archive")
def _(case: Case) -> None:
    with zipfile.ZipFile(case.folder / "stamped.zip", "w") as archive:
        archive.writestr("stamped.csv", case.text())


@maker("link-out")
def _(case: Case) -> None:
    outside = case.folder.parent / "outside.csv"
    outside.write_text(case.text(), encoding="utf-8")
    case.csv.symlink_to(outside)


MAKERS["folder-as-file"] = lambda case: case.csv.mkdir()
MAKERS["fifo"] = lambda case: os.mkfifo(case.csv)


@maker("address")
def _(case: Case) -> None:
    case.path = Path("https://example.org/data")


MAKERS["unknown-name"] = lambda case: (case.folder / "通关数据.csv").write_text(
    case.text(), encoding="utf-8"
)


@maker("two-files")
def _(case: Case) -> None:
    case.put(case.rows)
    book(case, case.rows)


@maker("office-litter")
def _(case: Case) -> None:
    case.put(case.rows)
    for name in ("~$stamped.xlsx", "Thumbs.db", ".DS_Store", "desktop.ini"):
        (case.folder / name).write_bytes(b"\0" * 10)


MAKERS["million-columns"] = lambda case: case.write(
    ",".join(f"c{n}" for n in range(1_000_000)) + "\n" + "," * 999_999 + "\n"
)


def _decided(name: str, text: str) -> None:
    def make(case: Case) -> None:
        case.put(case.rows)
        (case.folder / "decisions.toml").write_text(text, encoding="utf-8")

    MAKERS[name] = make


_decided("decisions-twice", '[files]\n"a.csv" = "stamped"\n"a.csv" = "stamped"\n')
_decided("decisions-nested", "decision = " + "[" * 10_000 + "]" * 10_000 + "\n")
_decided(
    "decisions-integer", '[[decision]]\ndoubt = "x"\nanswer = "y"\nrows = ' + "9" * 5000 + "\n"
)
_decided("decisions-unknown", '[[decision]]\ndoubt = "stamped/nothing"\nanswer = "keep"\n')


@maker("decisions-stale")
def _(case: Case) -> None:
    case.put(pd.concat([case.rows, case.rows.iloc[[4, 5]]], ignore_index=True))
    (case.folder / "decisions.toml").write_text(
        '[[decision]]\ndoubt = "stamped/copied/declaration"\nanswer = "keep one"\nrows = 1\n',
        encoding="utf-8",
    )


# ---------------------------------------------------------------- thought of later


def _wrong(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Write rows that are wrong but whole: what the file says is what has to be read."""

    def make(case: Case) -> None:
        table = change(case.rows).reset_index(drop=True)
        case.expected = table
        case.put(table)

    MAKERS[name] = make


def _last_cell(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[len(table) - 1, "hours"] = float(str(table["hours"].iloc[-1])[:1])
    return table


def _slip(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[7, "hours"] = 325.0
    return table


def _scattered(table: pd.DataFrame) -> pd.DataFrame:
    chosen = table.index % 10 == 3
    table.loc[chosen, "hours"] = (table.loc[chosen, "hours"] * 60).round(2)
    return table


def _typo(table: pd.DataFrame) -> pd.DataFrame:
    firm = str(table.loc[7, "firm"])
    table.loc[7, "firm"] = firm[:-2] + firm[-1] + firm[-2]
    return table


def _exchanged(table: pd.DataFrame) -> pd.DataFrame:
    other = {ZONES[0]: ZONES[1], ZONES[1]: ZONES[0]}
    chosen = table["month"] == 6
    table.loc[chosen, "zone"] = table.loc[chosen, "zone"].replace(other)
    return table


def _month_copied(table: pd.DataFrame) -> pd.DataFrame:
    again = table[table["month"] == 5].assign(month=6)
    again["declaration"] = [f"53012023{n:010d}" for n in range(len(again))]
    return pd.concat([table[table["month"] != 6], again])


_wrong("cut-off-last-cell", _last_cell)
_wrong("slip-of-ten", _slip)
_wrong("minutes-scattered", _scattered)
_wrong("rows-lost", lambda table: table[table.index % 100 != 3])
_wrong("firm-typo", _typo)
_wrong("zones-exchanged", _exchanged)
_wrong("month-copied", _month_copied)
_wrong("whole-hours", lambda table: table.assign(hours=table["hours"].round().clip(lower=1)))


@maker("start-late")
def _(case: Case) -> None:
    case.starts.loc[case.starts["zone"] == ZONES[0], "first_month"] = 6
    case.put_starts(case.starts)


def _year_early(table: pd.DataFrame) -> None:
    for column in ("arrived", "released", "gate_out"):
        table.loc[7, column] = table.loc[7, column] - pd.Timedelta(days=365)


def _late_evenings(table: pd.DataFrame) -> None:
    for column in ("arrived", "released", "gate_out"):
        last = (table["released"] + pd.Timedelta(days=3)).dt.month != table["released"].dt.month
        table.loc[last, column] = table.loc[last, column] + pd.Timedelta(days=3)


_stamps("year-slip", _year_early)
_stamps("utc-beside-month", _late_evenings)


def make(name: str, case: Case) -> None:
    """Break clean tables in one way; what the maker does not write is written clean."""
    MAKERS[name](case)
    if case.path is not None:
        return
    there = {path.stem for path in case.folder.iterdir()}
    if "stamped" not in there and "通关数据" not in there:
        case.put(case.rows)
    if "zone_starts" not in there:
        case.put_starts(case.clean.starts)
