"""What validators say, said once and in the planner's words."""

from __future__ import annotations

import datetime as dt
import json
from html.parser import HTMLParser

import gtfs_guru
import pytest
from ruamel.yaml import YAML

import gtfs.validate as subject
from gtfs.errors import FeedUnreadable
from gtfs.feed.write import write_zip
from gtfs.validate import Notice, freshness, validate, validation_html, validation_json
from gtfs.validate.notice import merge, sentences
from gtfs.validate.run import allow
from gtfs.validate.tools import TOOLS
from pipeline.findings import Severity

ON = dt.date(2026, 11, 23)
CANONICAL = ("gtfs-guru", "gtfs-validator")


def checked(feed, tmp_path, tools=CANONICAL):
    write_zip(feed, tmp_path / "ferry.zip")
    return validate(tmp_path / "ferry.zip", on=ON, tools=tools)


def by_rule(validation):
    return {notice.rule: notice for notice in validation.notices}


@pytest.fixture
def broken(ferry):
    times = ferry["stop_times"]
    ferry["stop_times"] = times.assign(stop_id=times.stop_id.replace("tobata", "戸畑<b>"))
    return ferry


def test_what_two_validators_say_is_said_once(broken, tmp_path):
    notice = by_rule(checked(broken, tmp_path))["foreign_key_violation"]
    assert notice.tools == CANONICAL
    assert (notice.severity, notice.file, notice.field) == ("error", "stop_times.txt", "stop_id")
    assert notice.count == 3
    assert notice.row is not None
    assert "戸畑<b>" in notice.message_ja
    assert "stops.txt" in notice.message_en


def test_the_japanese_profile_is_checked(ferry, tmp_path):
    notice = by_rule(checked(ferry, tmp_path, ["gtfs-analyzer"]))["JPN_004"]
    assert notice.severity is Severity.ERROR
    assert "translations.txt" in notice.message_ja
    assert notice.message_ja != notice.message_en


def test_japanese_names_without_capitals_are_allowed_with_a_reason(ferry, tmp_path):
    ferry["routes"] = ferry["routes"].assign(route_desc="小児 50円、自転車 50円")
    validation = checked(ferry, tmp_path)
    notice = by_rule(validation)["mixed_case_recommended_field"]
    assert "大文字" in notice.allowed_ja
    assert notice.finding().severity is Severity.INFO
    assert notice.rule not in {f.code for f in validation.findings()}


def test_shouting_in_english_is_not_allowed(ferry, tmp_path):
    ferry["routes"] = ferry["routes"].assign(route_desc="WAKATO FERRY")
    assert not by_rule(checked(ferry, tmp_path))["mixed_case_recommended_field"].allowed_ja


def test_an_error_is_never_allowed():
    error = Notice("mixed_case_recommended_field", Severity.ERROR, ("x",), "", "", value="渡場")
    assert not allow([error])[0].allowed_ja


def test_some_reasons_hold_only_for_feeds_with_a_certain_file():
    notice = Notice("DQ_006", Severity.WARNING, ("gtfs-analyzer",), "", "", file="trips.txt")
    assert not allow([notice], ["trips.txt"])[0].allowed_ja
    assert allow([notice], ["trips.txt", "locations.geojson"])[0].allowed_ja


def test_a_validator_that_is_not_installed_is_reported(ferry, tmp_path):
    validation = checked(ferry, tmp_path, ["gtfs-guru", "gtfs-oracle"])
    assert validation.absent == ["gtfs-oracle"]
    assert [f.value for f in validation.findings() if f.code == "validator-absent"] == [
        "gtfs-oracle"
    ]


def test_the_day_is_pinned(ferry, tmp_path):
    write_zip(ferry, tmp_path / "a.zip")
    late = validate(tmp_path / "a.zip", on=dt.date(2027, 5, 1), tools=CANONICAL)
    assert "expired_calendar" in by_rule(late)
    assert "expired_calendar" not in by_rule(checked(ferry, tmp_path))


def test_json_is_the_same_every_time_and_counts(broken, tmp_path):
    validation = checked(broken, tmp_path)
    document = json.loads(validation_json(validation))
    assert validation_json(validation) == validation_json(checked(broken, tmp_path))
    assert document["date"] == "2026-11-23"
    assert document["counts"]["error"] == sum(n["severity"] == "error" for n in document["notices"])
    assert sorted(document["tools"]) == list(CANONICAL)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.headers, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "th":
            self.headers.append(dict(attrs))

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_readable_in_both_languages_and_by_a_screen_reader(broken, tmp_path):
    page = Page(validation_html(checked(broken, tmp_path)))
    text = " ".join(page.text)
    assert "直すまで公開できません" in text
    assert "must not be published" in text
    assert page.tags.count("table") == page.tags.count("caption")
    assert all(header.get("scope") in ("row", "col") for header in page.headers)
    assert "script" not in page.tags
    assert "b" not in page.tags  # the stop id 戸畑<b> is text


def test_the_page_shows_what_the_json_says(broken, tmp_path):
    validation = checked(broken, tmp_path)
    text = " ".join(Page(validation_html(validation)).text)
    assert all(notice.rule in text for notice in validation.notices)


def test_what_is_no_feed_stops_the_work(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"not a zip")
    with pytest.raises(FeedUnreadable, match="cannot be opened as a GTFS zip"):
        validate(tmp_path / "a.zip", on=ON)
    for tool in ("gtfs-guru", "gtfs-validator", "gtfs-analyzer"):
        with pytest.raises(FeedUnreadable, match=tool):
            TOOLS[tool](tmp_path / "a.zip", ON)


def test_places_of_one_tool_add_up_and_the_first_is_named():
    one = Notice("r", Severity.INFO, ("x",), "", "", file="a.txt", row=9)
    two = Notice("r", Severity.INFO, ("x",), "", "", file="a.txt", row=4, count=2)
    merged = merge([one, two])
    assert [(n.row, n.count) for n in merged] == [(4, 3)]


def test_every_sentence_belongs_to_a_rule_and_can_be_said():
    path = subject.__path__[0] + "/sentences.yaml"
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        rules = set(YAML(typ="safe").load(file)) - {"otherwise"}
    assert rules <= set(gtfs_guru.notice_codes())
    for rule in rules | {"a_rule_of_tomorrow"}:
        words = sentences(rule, {})
        assert all(words.values())
    assert "a_rule_of_tomorrow" in sentences("a_rule_of_tomorrow", {})["message_ja"]


@pytest.mark.parametrize(
    ("today", "code"),
    [
        (dt.date(2027, 2, 1), None),
        (dt.date(2027, 3, 10), "feed-ends-soon"),
        (dt.date(2027, 3, 25), "feed-ends-now"),
        (dt.date(2027, 4, 1), "feed-expired"),
    ],
)
def test_a_feed_that_ends_soon_is_reported(ferry, today, code):
    assert [f.code for f in freshness(ferry, today)] == ([code] if code else [])


def test_a_feed_without_any_day_is_an_error(ferry):
    del ferry["calendar"]
    assert [f.code for f in freshness(ferry, ON)] == ["feed-without-service"]


@pytest.mark.real
@pytest.mark.slow
def test_real_feeds_are_judged_by_all_three(transit):
    small = [p for p in transit.glob("gtfs-jp-2019/*.zip") if p.stat().st_size < 60_000]
    assert len(small) >= 5
    for path in sorted(small):
        validation = validate(path, on=dt.date(2019, 4, 15))
        assert len(validation.tools) == 3
        assert validation.notices, path.name
        assert all(n.message_ja and n.message_en for n in validation.notices)
