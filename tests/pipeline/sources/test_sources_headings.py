"""Names of columns that take several rows, as survey tables and the census have them."""

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.config.sources import Source
from pipeline.sources.headings import joined
from pipeline.sources.read import read_records

THREE = [
    ["町丁", "人口", "", "", "世帯数"],
    ["", "総数", "うち", "", ""],
    ["", "", "男", "女", ""],
]
NAMES = ["町丁", "人口 総数", "人口 うち 男", "人口 うち 女", "世帯数"]


def test_parts_are_joined_and_a_merged_cell_reaches_over_its_columns():
    assert joined(THREE) == NAMES


def test_a_name_that_ends_above_is_no_heading_of_its_neighbour():
    assert joined([["番号", "", ""], ["", "男", "女"]]) == ["番号", "男", "女"]


def test_a_cell_merged_downwards_is_said_once():
    assert joined([["町丁", "人口"], ["町丁", "人口"]]) == ["町丁", "人口"]


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), max_size=3), max_size=6))
def test_one_row_is_as_it_stands(row):
    assert joined([row]) == [cell.strip() for cell in row]


@given(st.integers(1, 4), st.integers(1, 6), st.data())
def test_no_part_is_lost(height, width, data):
    cells = st.sampled_from(["", "甲", "乙", "丙"])
    rows = [[data.draw(cells) for _ in range(width)] for _ in range(height)]
    names = joined(rows)
    assert len(names) == width
    for column, name in enumerate(names):
        own = [row[column] for row in rows if row[column]]
        parts = iter(name.split(" "))
        kept = [part for at, part in enumerate(own) if at == 0 or part != own[at - 1]]
        assert all(any(part == one for one in parts) for part in kept), (rows, names)


def read(path, **declared):
    return read_records(path, Source(municipality="own", path=path.name, **declared))


def test_csv_with_three_rows_of_headings_is_read(tmp_path):
    lines = [",".join(row) for row in [["令和4年", "", "", "", ""], *THREE]]
    lines += ["一枝,12,5,7,6", "浅生,9,4,5,4"]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    table = read(tmp_path / "a.csv", header=4, header_rows=3, encoding="utf-8")
    assert list(table.frame.columns) == NAMES
    assert list(table.frame["人口 うち 女"]) == ["7", "5"]
    assert list(table.rows) == [5, 6]


def test_a_workbook_with_merged_headings_is_read(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["人口（見本）"])
    for row in THREE:
        sheet.append([cell or None for cell in row])
    sheet.append(["一枝", 12, 5, 7, 6])
    for area in ("A1:E1", "A2:A4", "B2:D2", "C3:D3", "E2:E4", "B3:B4"):
        sheet.merge_cells(area)
    book.save(tmp_path / "a.xlsx")
    table = read(tmp_path / "a.xlsx", header=4, header_rows=3)
    assert list(table.frame.columns) == NAMES
    assert table.frame.iloc[0].tolist() == ["一枝", "12", "5", "7", "6"]
    assert table.findings == []


def test_more_rows_than_there_are_is_refused():
    with pytest.raises(ValidationError) as caught:
        Source(municipality="own", path="a.csv", header=2, header_rows=3)
    assert caught.value.errors()[0]["type"] == "header-rows-above"
