"""Cells: times however written read back, and the second reader sees what openpyxl sees."""

import datetime as dt
import re
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gtfs.build.japan import check_digit
from gtfs.flex.windows import read_window
from gtfs.reconcile.rawbook import RawBook
from gtfs.reconcile.secondreader import seconds_of
from gtfs.timetable.clock import CellReader, Reading, after_midnight
from gtfs.timetable.grid import COLUMNS, cell_code, cell_name, column_index, column_name, open_book

MINUTES = st.integers(0, 47 * 60 + 59)
WIDE = str.maketrans("0123456789:", "０１２３４５６７８９：")
STYLES = {
    "colon": lambda h, m: f"{h}:{m:02d}",
    "two digits": lambda h, m: f"{h:02d}:{m:02d}",
    "full width": lambda h, m: f"{h}:{m:02d}".translate(WIDE),
    "dot": lambda h, m: f"{h}.{m:02d}",
    "kanji": lambda h, m: f"{h}時{m:02d}分",
    "duration": lambda h, m: dt.timedelta(hours=h, minutes=m),
    "minute alone": lambda h, m: f"{h}時{m}分",
    "no colon": lambda h, m: f"{h:02d}{m:02d}",
    "spaces": lambda h, m: f" {h}:{m:02d} ",
}


@pytest.mark.parametrize("style", STYLES)
@given(minutes=MINUTES)
def test_a_time_reads_back_in_every_style(style, minutes):
    cell = STYLES[style](*divmod(minutes, 60))
    assert CellReader().read(cell).seconds == minutes * 60
    assert seconds_of(cell, ()) == minutes * 60


@given(minutes=st.integers(0, 24 * 60 - 1), style=st.sampled_from(sorted(STYLES)))
def test_half_days_and_next_days_read_back(minutes, style):
    hour, minute = divmod(minutes, 60)
    said = STYLES[style]
    next_day = said(hour, minute)
    if isinstance(next_day, str):
        assert_both("翌" + next_day.strip(), (minutes + 1440) * 60)
        half = f"{'午前' if hour < 12 else '午後'}{said(hour % 12, minute).strip()}"
        assert_both(half, minutes * 60)


def assert_both(cell, seconds):
    assert CellReader().read(cell).seconds == seconds
    assert seconds_of(cell, ()) == seconds


@given(minutes=st.integers(1, 24 * 60 - 1), day=st.dates(dt.date(1950, 1, 1), dt.date(2080, 1, 1)))
def test_a_date_with_a_time_of_day_is_that_time(minutes, day):
    cell = dt.datetime.combine(day, dt.time(*divmod(minutes, 60)))
    assert_both(cell, minutes * 60)


def test_a_date_alone_is_no_time():
    assert CellReader().read(dt.datetime(2026, 4, 1)).unreadable


@given(minutes=st.integers(1, 24 * 60 - 1).filter(lambda m: m % 72))
def test_a_serial_number_is_rounded_to_its_minute(minutes):
    assert CellReader().read(minutes / 1440).seconds == minutes * 60


@pytest.mark.parametrize("number", [0.5, 0.25, 1.05, 7.5, 12.1], ids=repr)
def test_a_number_that_can_mean_two_times_is_neither(number):
    assert CellReader().read(number).ambiguous


@pytest.mark.parametrize("text", ["7.5", "7:5", "午後12:10", "12:10 PM", "午前12:00"], ids=repr)
def test_a_text_that_can_mean_two_times_is_neither(text):
    assert CellReader().read(text).ambiguous


@pytest.mark.parametrize("sign", [*'〃々同″〝〟"×○?=≡_A0', "同上", "ー×ー", "レ→"])
def test_what_nobody_declared_is_no_pass_mark(sign):
    reading = CellReader().read(sign)
    assert reading.passes == (sign == "=")
    assert reading.passes or reading.unreadable


@given(sign=st.characters(exclude_categories=("Zs", "Cc", "Zl", "Zp", "Cs", "Cf")))
def test_only_the_listed_signs_say_that_a_trip_passes(sign):
    listed = "レﾚ｜|…‥・･↓↑→=＝‖∥/／－-ー―─│┃\uffe8\uffea\uffeb\uffec\u2225\uff70︰﹣﹦㇄"
    assert not CellReader().read(sign).passes or sign in listed


@pytest.mark.parametrize("text", ["①7:05", "⑴7:05", "7:05²", "1 7:05", "7:05\n8:05", "㏠7:05"])
def test_a_sign_that_hides_a_digit_changes_no_time(text):
    assert CellReader().read(text).unreadable
    assert seconds_of(text, ()) is None


@given(minutes=MINUTES, mark=st.sampled_from(["1", "①", "ア", "*", "（）", "学"]))
def test_a_mark_beside_a_time_is_told_from_the_time(minutes, mark):
    time = f"{minutes // 60}:{minutes % 60:02d}"
    cell = f"({time})" if mark == "（）" else f"{mark} {time}"
    reader = CellReader(footnotes=["1", "①", "ア", "*", "（）", "学"])
    assert reader.read(cell) == Reading(minutes * 60, (mark,))
    assert reader.read(time) == Reading(minutes * 60)
    assert seconds_of(cell, ["1", "①", "ア", "*", "（）", "学"]) == minutes * 60


@given(text=st.text(max_size=12))
def test_any_text_is_a_time_a_pass_mark_nothing_or_unreadable(text):
    reading = CellReader(footnotes=("★", "学")).read(text)
    said = [reading.seconds is not None, reading.passes, reading.unreadable]
    assert sum(said) <= 1


@given(minutes=st.integers(0, 24 * 60 - 1), starts=st.integers(0, 6 * 60))
def test_moving_past_midnight_keeps_the_clock(minutes, starts):
    moved = after_midnight(minutes * 60, starts * 60)
    assert moved % 86_400 == minutes * 60
    assert starts * 60 <= moved < starts * 60 + 86_400 or moved == minutes * 60


@given(start=st.integers(180, 24 * 60 - 1), length=st.integers(0, 120))
def test_a_window_reads_back(start, length):
    ends = [f"{m // 60}:{m % 60:02d}" for m in (start, start + length)]
    assert read_window("～".join(ends), 0) == (start * 60, (start + length) * 60)


@given(index=st.integers(0, 16_383))
def test_columns_are_named_as_a_spreadsheet_does(index):
    assert column_index(column_name(index)) == index
    assert cell_name(0, index) == f"{openpyxl.utils.get_column_letter(index + 1)}1"


CELLS = st.one_of(
    st.none(),
    st.integers(-(10**6), 10**6),
    st.floats(0, 3, allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8),
    st.times().map(lambda t: t.replace(microsecond=0, second=0, tzinfo=None)),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_the_second_reader_sees_the_cells_openpyxl_wrote(rows, tmp_path):
    book = openpyxl.Workbook()
    written = {}
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, str) and value.startswith("="):
                continue
            book.active.cell(r + 1, c + 1, value)
            if value not in (None, ""):
                written[r, c] = value
    book.active.title = "表 & <1>"
    book.save(tmp_path / "book.xlsx")
    cells = RawBook(tmp_path / "book.xlsx").cells("表 & <1>")
    for (row, column), value in written.items():
        if isinstance(value, dt.time):
            assert (
                round(cells[cell_code(row, column)] * 86_400)
                == value.hour * 3600 + value.minute * 60
            )
        elif isinstance(value, str):
            assert cells[cell_code(row, column)] == value.replace("\r\n", "\n")
        else:
            assert cells[cell_code(row, column)] == pytest.approx(value)


def test_the_second_reader_reads_the_sample_as_the_first_does(tmp_path, root):
    book = open_book(root, "data/sample/transit/wakato.xlsx")
    raw = RawBook(root / "data/sample/transit/wakato.xlsx")
    for sheet in book.sheets:
        for cell, value in raw.cells(sheet).items():
            if isinstance(value, str):
                assert book.grid(sheet).at(*divmod(cell, COLUMNS)) == value


@pytest.mark.parametrize(
    "edit",
    [
        lambda xml: re.sub(r'<c r="[A-Z]+\d+"', "<c", re.sub(r'<row r="\d+"', "<row", xml)),
        lambda xml: re.sub(r'<c r="([A-Z]+\d+)"( s="\d+")?', r'<c\2 r="\1"', xml),
        lambda xml: re.sub(r"<(/?)(row|c|v|is|t|f)\b", r"<\1x:\2", xml),
    ],
    ids=["places not written", "attributes in another order", "names with a prefix"],
)
def test_the_second_reader_reads_what_other_programs_write(tmp_path, edit):
    book = openpyxl.Workbook()
    for row in (["停留所", "1便", "2便"], ["駅前", dt.time(9), 0.5], ["病院", "9:10", 1010]):
        book.active.append(row)
    book.save(tmp_path / "as_openpyxl.xlsx")
    with (
        zipfile.ZipFile(tmp_path / "as_openpyxl.xlsx") as old,
        zipfile.ZipFile(tmp_path / "other.xlsx", "w") as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            is_sheet = name.startswith("xl/worksheets/sheet")
            new.writestr(name, edit(part.decode()).encode() if is_sheet else part)
    cells = RawBook(tmp_path / "other.xlsx").cells("Sheet")
    assert cells == RawBook(tmp_path / "as_openpyxl.xlsx").cells("Sheet")
    assert len(cells) == 9


# 法人番号 of bodies as the National Tax Agency publishes them.
@pytest.mark.parametrize("number", ["8000020401005", "1430001056880", "7000012050002"])
def test_check_digits_of_real_corporate_numbers(number):
    assert check_digit(number[1:]) == int(number[0])


@given(base=st.text("0123456789", min_size=12, max_size=12), place=st.integers(0, 11))
def test_one_wrong_digit_changes_the_check_digit_unless_it_differs_by_nine(base, place):
    wrong = base[:place] + str((int(base[place]) + 1) % 10) + base[place + 1 :]
    weight = 1 + (11 - place) % 2
    same = (int(wrong[place]) - int(base[place])) * weight % 9 == 0
    assert (check_digit(wrong) == check_digit(base)) == same
