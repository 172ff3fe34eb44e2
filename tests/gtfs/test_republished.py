"""Feeds made elsewhere as a source: renewed, completed, joined, and nothing lost on the way."""

import datetime as dt
import shutil
from pathlib import Path

import gtfs_guru
import pytest

from gtfs.build.feed import build_feed
from gtfs.days.calendar import effective_dates
from gtfs.feed.read import read_feed
from gtfs.feed.write import write_zip
from pipeline.config.feeds import Feed
from pipeline.findings import Severity

CITY = "8000020401005"


def declaration(zips, first, last, **published):
    return {
        "title": {"ja": "再公開"},
        "operator": {"id": CITY, "name": {"ja": "北九州市"}, "url": "https://example.jp/"},
        "period": {"start": first, "end": last},
        "published": {"feeds": {name: {"file": file} for name, file in zips.items()}} | published,
    }


@pytest.fixture
def republish(tmp_path, publisher):
    def run(zips, first="2026-10-01", last="2027-09-30", **published):
        feed = Feed.model_validate(declaration(zips, first, last, **published))
        return build_feed("again", feed, root=tmp_path, publisher=publisher)

    return run


@pytest.fixture
def sample_zip(ferry, tmp_path):
    write_zip(ferry.tables, tmp_path / "ferry.zip")
    return "ferry.zip"


def errors(built):
    return [(f.code, f.file) for f in built.findings if f.severity is Severity.ERROR]


def test_every_departure_of_every_day_comes_through(republish, sample_zip):
    built = republish({"ferry": sample_zip})
    assert errors(built) == []
    counts = built.reconciliation
    assert counts.time_cells == counts.time_cells_matched == counts.stop_times
    assert counts.time_cells == 365 * 2 * 64 + 2 * 7 * len(effective_dates(built.tables)["weekday"])


def test_a_shorter_period_leaves_days_out_and_says_so(republish, sample_zip):
    built = republish({"ferry": sample_zip}, last="2026-10-31")
    assert max(max(d) for d in effective_dates(built.tables).values()) == dt.date(2026, 10, 31)
    assert "published-days-cut" in {f.code for f in built.findings}
    assert errors(built) == []


def test_readings_come_from_a_ledger(republish, ferry, tmp_path):
    bare = ferry.tables.copy()
    del bare["translations"]
    write_zip(bare, tmp_path / "bare.zip")
    text = "名称,よみ,英語\n戸畑渡場,とばたとじょう,Tobata Pier\n"
    (tmp_path / "names.csv").write_text(text, encoding="utf-8")
    names = {"file": "names.csv", "name": "名称", "reading": "よみ", "english": "英語"}
    built = republish({"ferry": "bare.zip"}, names=names)
    words = built.tables["translations"]
    told = {
        (w.record_id, w.language): w.translation
        for w in words.itertuples()
        if w.table_name == "stops"
    }
    assert told == {("TO", "ja-Hrkt"): "とばたとじょう", ("TO", "en"): "Tobata Pier"}
    [missing] = [f for f in built.findings if f.code == "published-reading-missing"]
    assert missing.value == "若松渡場"


NAMES = {"file": "names.csv", "name": "名称", "reading": "よみ", "english": "英語"}


@pytest.fixture
def two_kobe(ferry, tmp_path):
    """Write a zip whose two piers bear one name, and return a writer of its ledger of names."""
    bare = ferry.tables.copy()
    del bare["translations"]

    def ledger(lines, apart=0.0):
        stops = bare["stops"]
        north = stops.stop_lat.iloc[0] + apart
        lat = stops.stop_lat.where(stops.stop_id != "TO", north)
        bare["stops"] = stops.assign(stop_name="神戸", stop_lat=lat)
        write_zip(bare, tmp_path / "kobe.zip")
        text = "\n".join(["番号,名称,よみ,英語", *lines])
        (tmp_path / "names.csv").write_text(text, encoding="utf-8")
        return {"ferry": "kobe.zip"}

    return ledger


def readings(built):
    rows = built.tables["translations"]
    return dict(zip(rows.record_id, rows.translation, strict=True))


def test_two_places_of_one_name_are_told_apart_by_id(republish, two_kobe):
    zips = two_kobe(["TO,神戸,こうべ,", "WA,神戸,ごうど,"])
    built = republish(zips, names=NAMES | {"id": "番号"})
    told = {i: t for i, t in readings(built).items() if i in ("TO", "WA")}
    assert told == {"TO": "こうべ", "WA": "ごうど"}


def test_two_readings_of_one_name_without_ids_are_refused(republish, two_kobe):
    built = republish(two_kobe(["TO,神戸,こうべ,", "WA,神戸,ごうど,"]), names=NAMES)
    assert errors(built) == [("published-name-ambiguous", "names.csv")]


@pytest.mark.parametrize(("apart", "refused"), [(0.0, False), (0.2, True)])
def test_one_reading_is_not_given_to_a_place_far_away(republish, two_kobe, apart, refused):
    built = republish(two_kobe(["TO,神戸,こうべ,"], apart), names=NAMES)
    found = [code for code, _ in errors(built)]
    assert ("published-name-ambiguous" in found) is refused


def test_a_zip_outside_the_period_is_one_error_with_both_periods(republish, sample_zip):
    built = republish({"old": sample_zip}, first="2030-04-01", last="2031-03-31")
    (finding,) = built.findings
    assert finding.code == "published-outside-period"
    assert finding.severity is Severity.ERROR
    for day in ("2026-10-01", "2027-09-30", "2030-04-01", "2031-03-31"):
        assert day in finding.line("ja")


def test_two_feeds_side_by_side(republish, sample_zip, tmp_path):
    shutil.copy(tmp_path / sample_zip, tmp_path / "other.zip")
    built = republish({"one": sample_zip, "two": "other.zip"})
    assert errors(built) == []
    assert set(built.tables["routes"]["route_id"]) == {"one.wakato", "two.wakato"}


def test_the_current_and_the_next_feed_follow_each_other(republish, sample_zip, tmp_path):
    shutil.copy(tmp_path / sample_zip, tmp_path / "next.zip")
    built = republish(
        {"now": sample_zip, "then": "next.zip"}, join="succession", start="2027-04-01"
    )
    assert errors(built) == []
    counts = built.reconciliation
    assert counts.time_cells == counts.time_cells_matched


def test_what_is_no_feed_is_one_finding(republish, tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    assert errors(republish({"a": "broken.zip"})) == [("feed-unreadable", "broken.zip")]


def test_a_missing_zip_is_one_finding(republish):
    assert errors(republish({"a": "gone.zip"})) == [("feed-unreadable", "gone.zip")]


FEEDS = ["077434.zip", "GTFS(MB).zip", "citytoyamayatsuogtfs20190415.zip", "kamacitybus190401.zip"]


@pytest.mark.real
@pytest.mark.parametrize("name", FEEDS)
def test_an_old_feed_becomes_one_without_errors_and_without_loss(name, real, republish, tmp_path):
    shutil.copy(real / "transit/gtfs-jp-2019" / name, tmp_path / "old.zip")
    days = [
        d for s in effective_dates(read_feed(Path(tmp_path / "old.zip")).feed).values() for d in s
    ]
    built = republish({"old": "old.zip"}, min(days).isoformat(), max(days).isoformat())
    assert errors(built) == []
    counts = built.reconciliation
    assert counts.time_cells == counts.time_cells_matched == counts.stop_times > 5000
    write_zip(built.tables, tmp_path / "new.zip")
    assert gtfs_guru.validate(str(tmp_path / "old.zip")).error_count > 0
    assert gtfs_guru.validate(str(tmp_path / "new.zip")).error_count == 0
