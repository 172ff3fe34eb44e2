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


def test_a_date_is_text_as_shown_and_a_value_in_iso_8601(read, workbook):
    table = read(workbook(台帳=HEADED), geometry=AT, header=3)
    assert table.frame["開園"].iloc[0] == "1989-01-08 0:00:00"
    assert table.exact["開園"] == {0: "1989-01-08"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.timedelta(hours=30), "30:00"),
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


# ---- what a sheet shows


@pytest.fixture
def sheet(tmp_path):
    """Write a sheet of rows; a pair of value and number format is a formatted cell."""

    def write(*rows, merge=(), change=lambda sheet: None):
        book = openpyxl.Workbook()
        active = book.active
        active.title = "台帳"
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row, start=1):
                value, form = cell if isinstance(cell, tuple) else (cell, "General")
                active.cell(number, column, value).number_format = form
        for area in merge:
            active.merge_cells(area)
        change(active)
        book.save(tmp_path / "daicho.xlsx")
        return "daicho.xlsx"

    return write


HEADS = ["名称", "経度", "緯度"]
PLACED = [130.8, 33.9]


def codes(table):
    return [f.code for f in table.findings]


def test_codes_times_and_money_are_text_as_shown(read, sheet):
    path = sheet(
        [*HEADS, "郵便番号", "終了", "料金", "割合"],
        ["A", *PLACED, (8030001, "000-0000"), (1.25, "[h]:mm"), (1200, '"¥"#,##0'), (0.15, "0%")],
    )
    table = read(path, geometry=AT)
    shown = table.frame[["郵便番号", "終了", "料金", "割合"]].iloc[0].tolist()
    assert shown == ["803-0001", "30:00", "¥1,200", "15%"]
    assert table.exact["料金"] == {0: "1200"}
    assert table.exact["割合"] == {0: "0.15"}


def test_coordinates_are_values_however_few_digits_are_shown(read, sheet):
    table = read(sheet(HEADS, ["A", (130.818836, "0.00"), (33.882, "0.0")]), geometry=AT)
    assert table.frame.geometry.iloc[0].coords[0] == pytest.approx((130.818836, 33.882), abs=1e-9)
    (finding,) = table.findings
    assert (finding.code, finding.cell, finding.count) == ("cells-rounded", "B2", 2)
    assert finding.value == "130.82 (130.818836)"


def test_a_format_that_is_not_known_is_named(read, sheet):
    table = read(sheet([*HEADS, "幅"], ["A", *PLACED, (0.75, "# ?/?")]), geometry=AT)
    (finding,) = table.findings
    assert (finding.code, finding.cell, finding.value) == (
        "cell-format-unknown",
        "D2",
        "0.75 (# ?/?)",
    )
    assert table.frame["幅"].tolist() == ["0.75"]


def test_a_merged_range_gives_its_value_to_every_row_and_is_named(read, sheet):
    rows = [
        ["若松", "A", *PLACED],
        [None, "B", *PLACED],
        [None, "C", *PLACED],
        ["戸畑", "D", *PLACED],
    ]
    table = read(sheet(["区", *HEADS], *rows, merge=["A2:A4"]), geometry=AT)
    assert table.frame["区"].tolist() == ["若松", "若松", "若松", "戸畑"]
    (finding,) = table.findings
    assert (finding.code, finding.cell, finding.value) == ("cells-merged", "A2:A4", "若松")
    assert "A2:A4" in finding.message_ja


def test_a_merged_range_gives_its_value_to_every_column(read, sheet):
    rows = [[*HEADS, "平日", "休日"], ["A", *PLACED, "休館", None]]
    table = read(sheet(*rows, merge=["D2:E2"]), geometry=AT)
    assert table.frame[["平日", "休日"]].iloc[0].tolist() == ["休館", "休館"]


def test_a_merged_date_is_a_date_in_every_row(read, sheet):
    rows = [["A", *PLACED, (dt.datetime(2024, 4, 1), "yyyy/m/d")], ["B", *PLACED, None]]
    table = read(sheet([*HEADS, "開設"], *rows, merge=["D2:D3"]), geometry=AT)
    assert table.frame["開設"].tolist() == ["2024/4/1", "2024/4/1"]
    assert table.exact["開設"] == {0: "2024-04-01", 1: "2024-04-01"}


def test_headings_merged_over_two_rows_are_the_headings(read, sheet):
    rows = [["名称", "位置", None], [None, "経度", "緯度"], ["A", *PLACED]]
    table = read(sheet(*rows, merge=["A1:A2", "B1:C1"]), geometry=AT, header=2)
    assert table.frame["名称"].tolist() == ["A"]
    assert table.findings == []


def test_a_merged_note_over_the_whole_width_is_not_the_value_of_each_column(read, sheet):
    rows = [["A", *PLACED], ["※ 令和6年現在", None, None]]
    table = read(sheet(HEADS, *rows, merge=["A3:C3"]), geometry=AT)
    assert codes(table) == ["coordinate-missing"]


def test_hidden_rows_and_columns_are_read_and_named(read, sheet):
    def hide(active):
        active.row_dimensions[3].hidden = True
        active.column_dimensions["D"].hidden = True

    rows = [["A", *PLACED, "x"], ["B", *PLACED, "y"]]
    table = read(sheet([*HEADS, "担当者"], *rows, change=hide), geometry=AT)
    assert len(table.frame) == 2
    assert codes(table) == ["rows-hidden", "columns-hidden"]
    assert "担当者" in table.findings[1].message_ja


def test_rows_behind_a_filter_are_read_and_named(read, sheet):
    def hide(active):
        active.auto_filter.ref = "A1:C3"
        active.auto_filter.add_filter_column(0, ["A"])
        active.row_dimensions[3].hidden = True

    table = read(sheet(HEADS, ["A", *PLACED], ["B", *PLACED], change=hide), geometry=AT)
    assert codes(table) == ["rows-filtered"]


def test_readings_above_characters_are_not_part_of_the_text(read, workbook, tmp_path):
    path = workbook(台帳=[HEADS, ["PLAIN", *PLACED]])
    rich = '<r><t>若</t></r><r><rPr><b/></rPr><t>松</t></r><rPh sb="0" eb="2"><t>ワカマツ</t></rPh>'
    replace_part(tmp_path / path, "xl/worksheets/sheet1.xml", "<t>PLAIN</t>", rich)
    assert read(path, geometry=AT).frame["名称"].tolist() == ["若松"]


def replace_part(path, name, old, new):
    with zipfile.ZipFile(path) as book:
        parts = {part: book.read(part) for part in book.namelist()}
    assert old.encode() in parts[name]
    parts[name] = parts[name].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, content)


# ---- workbooks that cannot be read


def refused(read, name):
    with pytest.raises(SourceError) as caught:
        read(name, geometry=AT)
    (finding,) = caught.value.findings
    assert finding.code == "source-unreadable"
    return finding


@pytest.mark.parametrize("cell", ["XFD1048576", "A1048576", "XFD2"])
def test_a_cell_far_from_the_table_is_named_or_read(read, sheet, cell):
    def put(active):
        active[cell] = "x"

    path = sheet(HEADS, *[["A", *PLACED]] * 3, change=put)
    if cell.endswith("1048576"):
        assert cell in refused(read, path).message_ja
    else:
        assert len(read(path, geometry=AT).frame) >= 3


def test_a_sheet_made_to_burst_is_refused_before_it_is_unpacked(read, workbook, tmp_path):
    path = workbook(台帳=[HEADS, ["A", *PLACED]])
    with (
        zipfile.ZipFile(tmp_path / path, "a", zipfile.ZIP_DEFLATED) as book,
        book.open("xl/media/fill.bin", "w", force_zip64=True) as part,
    ):
        for _ in range(300):
            part.write(b"\0" * (1 << 20))
    assert "300 MB" in refused(read, path).message_ja


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_cut_short_is_refused(read, workbook, tmp_path, share):
    path = workbook(台帳=[HEADS, *[["公園", *PLACED]] * 200])
    content = (tmp_path / path).read_bytes()
    (tmp_path / path).write_bytes(content[: int(len(content) * share)])
    refused(read, path)


def test_a_sheet_whose_xml_is_cut_is_refused(read, workbook, tmp_path):
    path = workbook(台帳=[HEADS, ["A", *PLACED]])
    replace_part(tmp_path / path, "xl/worksheets/sheet1.xml", "</sheetData>", "")
    refused(read, path)


def test_a_sheet_that_is_not_in_the_file_is_refused(read, workbook, tmp_path):
    path = workbook(台帳=[HEADS, ["A", *PLACED]])
    with zipfile.ZipFile(tmp_path / path) as book:
        parts = {name: book.read(name) for name in book.namelist() if "sheet1" not in name}
    with zipfile.ZipFile(tmp_path / path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    assert "sheet1.xml" in refused(read, path).message_ja


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", "名称,経度\nA,130\n".encode("cp932"), "文字だけのファイル"),
        ("a.xls", b"<html><table><tr><td>A</td></tr></table></html>", "Web ページ"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000, "古い Excel 形式"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "パスワード",
        ),
    ],
)
def test_what_a_file_is_instead_is_named(read, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in refused(read, name).message_ja


def test_a_new_workbook_under_an_old_ending_is_named(read, workbook, tmp_path):
    (tmp_path / workbook(台帳=[HEADS])).rename(tmp_path / "a.xls")
    assert "Excel 形式（.xlsx）" in refused(read, "a.xls").message_ja
