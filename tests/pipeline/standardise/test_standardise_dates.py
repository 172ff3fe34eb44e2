"""Dates by era or western year become ISO 8601, as precise as they were written."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.standardise.dates import iso_date

ERAS = [
    ("明治", "M", dt.date(1868, 10, 23), dt.date(1912, 7, 29)),
    ("大正", "T", dt.date(1912, 7, 30), dt.date(1926, 12, 24)),
    ("昭和", "S", dt.date(1926, 12, 25), dt.date(1989, 1, 7)),
    ("平成", "H", dt.date(1989, 1, 8), dt.date(2019, 4, 30)),
    ("令和", "R", dt.date(2019, 5, 1), dt.date(2099, 12, 31)),
]
FULL_WIDTH = str.maketrans("0123456789./-", "０１２３４５６７８９．／－")


@st.composite
def era_dates(draw):
    name, letter, first, last = draw(st.sampled_from(ERAS))
    day = draw(st.dates(first, last))
    year = day.year - first.year + 1
    return name, letter, year, day


@given(era_dates(), st.booleans())
def test_every_day_of_every_era_comes_back(one, wide):
    name, letter, year, day = one
    first = "元" if year == 1 else year
    for text in (
        f"{name}{first}年{day.month}月{day.day}日",
        f"{name[0]}{year}.{day.month}.{day.day}",
        f"{letter}{year}.{day.month:02}.{day.day:02}",
        f"{letter.lower()}{year}/{day.month}/{day.day}",
    ):
        assert iso_date(text.translate(FULL_WIDTH) if wide else text) == day.isoformat()


@given(st.dates(dt.date(1000, 1, 1)))
def test_every_western_day_comes_back(day):
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day.isoformat()}T09:30:00",
        f"{day.year}/{day.month}/{day.day} 9:30",
        f"{day.year}年{day.month}月{day.day}日（水）",
    ):
        assert iso_date(text) == day.isoformat()


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("平成31年2月", "2019-02"),
        ("H31.2", "2019-02"),
        ("令和元年", "2019"),
        ("S63", "1988"),
        ("2019年", "2019"),
        ("㍻31年2月1日", "2019-02-01"),
    ],
)
def test_a_month_or_a_year_is_not_made_a_day(text, iso):
    assert iso_date(text) == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "不明",
        "2019年13月",
        "2019-02-30",
        "平成元年2月30日",
        "12",
        "43891",
        "19年2月1日",
        "2/1",
        "T",
    ],
)
def test_what_is_no_date_is_not_guessed(text):
    assert iso_date(text) is None
