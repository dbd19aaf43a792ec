"""Templates tell an office what to write, and keep what it writes."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest

from analysis import catalog
from analysis.catalog.forms import HEADER


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forms") / "mine"
    catalog.write_templates(root, "spare-parts", folder=made, language="chinese")
    return made


def said(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "dictionary.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert tuple(lines[0]) == HEADER
    return {line["column"]: line for line in lines}


def test_the_dictionary_speaks_to_an_office(folder: Path) -> None:
    lines = said(folder)
    assert lines["declaration"]["type"] == lines["firm"]["type"] == "text"
    assert lines["declaration"]["allowed"] == ""
    assert len(lines["declaration"]["example"]) == 18
    assert lines["month"]["type"] == "month (2021-03), or counted from 1"
    assert not any("does not exist" in line["meaning"] for line in lines.values())
    assert lines["arrived"]["heading in Chinese"] == "到港时间"


def test_numbers_of_records_keep_all_digits_in_the_workbook(folder: Path) -> None:
    """A column that is formatted as text keeps what a spreadsheet would round."""
    sheet = openpyxl.load_workbook(folder / "excel" / "spare_parts_declarations.xlsx").active
    assert sheet is not None
    formats = {
        str(sheet.cell(1, number).value): sheet.column_dimensions[letter].number_format
        for number, letter in enumerate("ABCDEFG", start=1)
    }
    assert formats["报关单号"] == formats["企业编码"] == formats["综合保税区"] == "@"
    assert formats["通关时间（小时）"] == "General"
