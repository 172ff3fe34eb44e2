"""Excel ledgers: sheets, titles above the header, numbers that are codes, dates."""

import datetime as dt
import zipfile

import openpyxl
import pytest

from pipeline.errors import SourceError
from pipeline.sources.workbook import cell_text

AT = {"x": "経度", "y": "緯度", "crs": "EPSG:6668"}


@pytest.fixture
def workbook(tmp_path):
    def write(**sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / "daicho.xlsx")
        return "daicho.xlsx"

    return write


HEADED = [
    ["公園台帳"],
    [],
    ["番号", "名称", "経度", "緯度", "開園"],
    [401005, "①㈱髙﨑公園", 130.8, 33.9, dt.datetime(1989, 1, 8)],
    [],
    [7.5, "一枝公園", 130.9, 33.9, None],
]


def test_titles_above_the_header_and_blank_rows_keep_the_row_numbers(read, workbook):
    table = read(workbook(台帳=HEADED), geometry=AT, header=3)
    assert list(table.rows) == [4, 6]
    assert list(table.frame["名称"]) == ["①㈱髙﨑公園", "一枝公園"]


def test_numbers_that_are_codes_have_no_decimals(read, workbook):
    table = read(workbook(台帳=HEADED), geometry=AT, header=3)
    assert list(table.frame["番号"]) == ["401005", "7.5"]


def test_dates_are_iso_8601(read, workbook):
    assert read(workbook(台帳=HEADED), geometry=AT, header=3).frame["開園"].iloc[0] == "1989-01-08"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (True, "1"),
        (False, "0"),
        (dt.datetime(2026, 4, 1, 9, 30), "2026-04-01T09:30:00"),
        (dt.date(2026, 4, 1), "2026-04-01"),
        (dt.time(9, 30), "09:30:00"),
        ("", ""),
    ],
)
def test_a_cell_is_what_a_person_reads(cell, text):
    assert cell_text(cell) == text


def test_the_first_sheet_is_taken_and_the_others_named(read, workbook):
    table = read(workbook(台帳=HEADED, 説明=[["x"]]), geometry=AT, header=3)
    (finding,) = table.findings
    assert (finding.code, finding.sheet) == ("sheet-assumed", "台帳")
    assert "説明" in finding.remedy_ja


def test_a_missing_sheet_is_refused_and_the_others_listed(read, workbook):
    path = workbook(台帳=HEADED, 説明=[["x"]])
    with pytest.raises(SourceError) as caught:
        read(path, geometry=AT, table="公園")
    (finding,) = caught.value.findings
    assert (finding.code, finding.file, finding.sheet) == ("sheet-missing", path, "公園")
    assert "台帳, 説明" in finding.remedy_en


def test_an_empty_sheet_is_refused(read, workbook):
    with pytest.raises(SourceError) as caught:
        read(workbook(台帳=[]), geometry=AT)
    assert [f.code for f in caught.value.findings] == ["header-missing"]


def test_a_file_that_is_no_workbook_is_refused(read, tmp_path):
    (tmp_path / "daicho.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(SourceError) as caught:
        read("daicho.xlsx", geometry=AT)
    (finding,) = caught.value.findings
    assert finding.code == "source-unreadable"
    assert str(tmp_path) not in finding.message_en


def test_error_cells_and_uncomputed_formulas_are_counted_not_taken_for_blank(read, workbook):
    rows = [
        ["名称", "経度", "緯度", "人数"],
        ["A", 130.8, 33.9, "#N/A"],
        ["B", 130.8, 33.9, "=1/0"],
        ["C", 130.8, 33.9, 3],
    ]
    (finding,) = read(workbook(台帳=rows), geometry=AT).findings
    assert (finding.code, finding.sheet, finding.count) == ("cell-without-value", "台帳", 2)
    assert (finding.cell, finding.value) == ("D2", "#N/A")


def test_a_text_that_mentions_an_error_is_text(read, workbook):
    rows = [["名称", "経度", "緯度"], ["N/A 公園", 130.8, 33.9]]
    assert read(workbook(台帳=rows), geometry=AT).findings == []


def test_a_formula_that_results_in_an_empty_text_is_blank(read, workbook, tmp_path):
    path = workbook(
        台帳=[["名称", "経度", "緯度", "備考"], ["A", 130.8, 33.9, '=IF(A2="","x","")']]
    )
    with zipfile.ZipFile(tmp_path / path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'<c r="D2"', b'<c r="D2" t="str"')
    with zipfile.ZipFile(tmp_path / path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    assert b't="str"' in parts[sheet]
    assert read(path, geometry=AT).findings == []
