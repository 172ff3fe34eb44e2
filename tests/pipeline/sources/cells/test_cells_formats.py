"""Number formats: what Excel for Windows in Japanese shows, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sources.cells.formats import show, show_text
from pipeline.sources.cells.moments import iso


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (400001, "0000000", "0400001"),
        (1, "000", "001"),
        (8030001, "000-0000", "803-0001"),
        (1.25, "[h]:mm", "30:00"),
        (90061.5 / 86400, "[h]:mm:ss", "25:01:02"),
        (0.0625, "[mm]:ss", "90:00"),
        (9.5 / 24, "h:mm", "9:30"),
        (9.5 / 24, "hh:mm:ss", "09:30:00"),
        (18.5 / 24, "h:mm AM/PM", "6:30 PM"),
        (0.153, "0%", "15%"),
        (0.1534, "0.0%", "15.3%"),
        (1234567, "#,##0", "1,234,567"),
        (999, "#,##0", "999"),
        (1234567, "#,##0,", "1,235"),
        (1200, '"¥"#,##0', "¥1,200"),
        (1200, "[$¥-411]#,##0;[Red]-[$¥-411]#,##0", "¥1,200"),
        (-1200, '"¥"#,##0;[Red]"¥"-#,##0', "¥-1,200"),
        (1200, '#,##0"円"', "1,200円"),
        (-5, "#,##0_);(#,##0)", "(5)"),
        (0, "0;-0;;@", ""),
        (3.14159, "0.00", "3.14"),
        (2.5, "0", "3"),
        (-0.4, "0", "0"),
        (0.5, "#.00", ".50"),
        (0.000123, "0.0####", "0.00012"),
        (12345, "0.00E+00", "1.23E+04"),
        (5, "[>=10]0;[<10]00", "05"),
        (5, 'General"人"', "5人"),
        (1e15, "#,##0", "1,000,000,000,000,000"),
        (45383, '[$-411]ggge"年"m"月"d"日"', "令和6年4月1日"),
        (43586, '[$-411]ggge"年"m"月"d"日"', "令和1年5月1日"),
        (43585, '[$-411]ggge"年"m"月"d"日"', "平成31年4月30日"),
        (32515, "ge.m.d", "S64.1.7"),
        (43586, '[$-ja-JP-x-gannen]ggge"年"m"月"d"日"', "令和元年5月1日"),
        (45383, "yyyy/m/d", "2024/4/1"),
        (45383, 'm"月"d"日"(aaa)', "4月1日(月)"),
        (45383, 'yyyy"年"m"月"', "2024年4月"),
        (45383.5, "yyyy/m/d h:mm", "2024/4/1 12:00"),
        (45383, "mmm-yy", "Apr-24"),
        (1, "yyyy/m/d", "1900/1/1"),
        (61, "yyyy/m/d", "1900/3/1"),
    ],
)
def test_a_number_shows_as_in_excel(value, code, text):
    assert show(value, code).text == text


@pytest.mark.parametrize(
    ("value", "code"), [(0.75, "# ?/?"), (3, "[DBNum1]0"), (60, "yyyy/m/d"), (-1, "h:mm")]
)
def test_what_cannot_be_reproduced_is_said_to_be_unknown(value, code):
    assert show(value, code).text is None


def test_a_section_for_texts_is_put_around_them():
    assert show_text("市役所", '0;-0;0;@"御中"') == "市役所御中"
    assert show_text("市役所", "0.00") == "市役所"


def test_days_may_be_counted_from_1904():
    assert show(43921, "yyyy-mm-dd", since_1904=True).text == "2024-04-01"
    assert iso(43921.5, since_1904=True) == "2024-04-01T12:00:00"


@given(st.integers(-(10**14), 10**14))
def test_a_whole_number_is_never_changed_by_zeros_and_commas(number):
    assert int(show(number, "#,##0").text.replace(",", "")) == number
    assert int(show(number, "0000000").text) == number


@given(st.floats(-1e9, 1e9), st.text('0#?.,%-@"\\[]hmsydgea;E+年月日 *_/', max_size=12))
def test_no_format_ends_in_an_exception(value, code):
    shown = show(value, code)
    assert shown.text is None or isinstance(shown.text, str)
