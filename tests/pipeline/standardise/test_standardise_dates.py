"""Dates by era or western year become ISO 8601, as precise as they were written."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.standardise.moments import read_date, read_datetime

ERAS = [
    ("明治", "M", dt.date(1873, 1, 1), dt.date(1912, 7, 30)),
    ("大正", "T", dt.date(1912, 7, 30), dt.date(1926, 12, 25)),
    ("昭和", "S", dt.date(1926, 12, 25), dt.date(1989, 1, 7)),
    ("平成", "H", dt.date(1989, 1, 8), dt.date(2019, 4, 30)),
    ("令和", "R", dt.date(2019, 5, 1), dt.date(2099, 12, 31)),
]
FIRST_YEARS = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019}


def iso_date(text):
    found = read_date(text)
    return found and found.iso


def notes(text, read=read_date):
    return read(text).notes


FULL_WIDTH = str.maketrans("0123456789./-", "０１２３４５６７８９．／－")


@st.composite
def era_dates(draw):
    name, letter, first, last = draw(st.sampled_from(ERAS))
    day = draw(st.dates(first, last))
    year = day.year - FIRST_YEARS[name] + 1
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
        assert notes(text) == ()


@given(st.dates(dt.date(1000, 1, 1)))
def test_every_western_day_comes_back(day):
    for text in (
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day.isoformat()}T00:00:00",
        f"{day.year}/{day.month}/{day.day} 0:00",
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
        "平成0年1月1日",
        "平成32年1月1日",
        "令合元年5月1日",
        "25/4/1",
        "2025-09-15 25:10",
        "2025-09-15 10:61",
        "2025-09-15T10:54+25:00",
    ],
)
def test_what_is_no_date_is_not_guessed(text):
    assert iso_date(text) is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("昭和64年12月31日", "1989-12-31"),
        ("平成31年5月1日", "2019-05-01"),
        ("平成31年5月", "2019-05"),
        ("令和元年1月1日", "2019-01-01"),
        ("令和元年4月", "2019-04"),
        ("大正15年12月26日", "1926-12-26"),
        ("H1.1.7", "1989-01-07"),
    ],
)
def test_a_day_outside_its_era_is_told(text, iso):
    assert (iso_date(text), notes(text)) == (iso, ("date-era-bounds",))


@pytest.mark.parametrize(
    "text", ["平成31年", "令和元年", "平成31年4月", "令和元年5月", "昭和64年1月"]
)
def test_a_year_or_month_that_touches_its_era_is_not(text):
    assert notes(text) == ()


@given(st.dates(dt.date(1873, 1, 1), dt.date(2099, 12, 31)))
def test_no_day_is_within_more_eras_than_one_but_the_days_of_change(day):
    within = []
    for name, first_year in FIRST_YEARS.items():
        year = day.year - first_year + 1
        found = read_date(f"{name}{year}年{day.month}月{day.day}日") if year > 0 else None
        within += [name] if found and found.notes == () else []
    changes = (dt.date(1912, 7, 30), dt.date(1926, 12, 25))
    assert len(within) == (2 if day in changes else 1)


@pytest.mark.parametrize("text", ["令和99年12月31日", "9999-12-31", "2101"])
def test_a_year_no_plan_reaches_is_told(text):
    assert "date-implausible" in notes(text)


@pytest.mark.parametrize("text", ["令和元年5月1", "2019年5月1", "令和元年5"])
def test_a_date_cut_short_is_told(text):
    assert notes(text) == ("date-incomplete",)


def test_a_date_of_the_old_calendar_is_its_year():
    """明治5年10月1日 was 1872-11-01; 明治5年12月3日 never was."""
    assert (iso_date("明治5年10月1日"), notes("明治5年10月1日")) == ("1872", ("date-lunisolar",))
    assert (iso_date("明治6年1月1日"), notes("明治6年1月1日")) == ("1873-01-01", ())
    assert notes("明治元年") == ()


# ---- time of day


def test_a_time_in_a_date_field_is_told_unless_it_is_midnight():
    assert notes("2025-09-15T10:54:37") == ("date-had-time",)
    assert notes("2025/9/15 0:00:00") == ()


def test_a_day_written_in_universal_time_is_the_day_in_japan():
    """What JavaScript writes for 2025-09-15 in Japan."""
    found = read_date("2025-09-14T15:00:00.000Z")
    assert (found.iso, found.notes) == ("2025-09-15", ("datetime-moved",))


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2099, 12, 31)))
def test_every_moment_comes_back_with_japans_offset(moment):
    moment = moment.replace(microsecond=0)
    iso = f"{moment.isoformat()}+09:00"
    half, hour = ("午前", moment.hour) if moment.hour < 12 else ("午後", moment.hour - 12)
    for text in (
        iso,
        moment.isoformat(),
        f"{moment:%Y/%m/%d %H:%M:%S}",
        f"{moment:%Y年%m月%d日　%H時%M分%S秒}",
        f"{moment:%Y年%m月%d日}{half}{hour}時{moment.minute}分{moment.second}秒",
        f"{moment:%Y/%m/%d}（月） {moment:%H:%M:%S}",
        f"{moment:%Y%m%dT%H%M%S}",
    ):
        assert (read_datetime(text).iso, read_datetime(text).notes) == (iso, ())


OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))


@given(st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2099, 1, 1)), OFFSETS)
def test_a_moment_is_the_same_wherever_its_clock_stands(moment, zone):
    aware = moment.replace(tzinfo=zone)
    found = read_datetime(aware.isoformat())
    assert dt.datetime.fromisoformat(found.iso) == aware
    assert found.iso.endswith("+09:00")
    assert ("datetime-moved" in found.notes) == (zone.utcoffset(None) != dt.timedelta(hours=9))


def test_the_end_of_a_day_is_the_start_of_the_next_and_is_told():
    found = read_datetime("2025-12-31 24:00")
    assert (found.iso, found.notes) == ("2026-01-01T00:00:00+09:00", ("datetime-midnight",))


def test_a_day_alone_is_midnight_and_is_told():
    assert notes("2025-09-15", read_datetime) == ("datetime-no-time",)


@pytest.mark.parametrize(
    "text", ["10:54", "2025-09", "2025-09-15 24:01", "2025-09-15 10:5", "2025-02-30 10:00", "不明"]
)
def test_what_is_no_moment_is_not_guessed(text):
    assert read_datetime(text) is None
