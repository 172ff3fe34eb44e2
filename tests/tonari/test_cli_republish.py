"""Existing feeds on the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from gtfs.feed.read import read_feed
from tonari.cli import main

OLD = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n1,市,https://x.jp,Asia/Tokyo\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\na,戸畑,33.90,130.82\nb,若松,33.91,130.81\n",
    "routes.txt": "route_id,route_short_name,route_type\nr,渡船,4\n",
    "trips.txt": "route_id,service_id,trip_id\nr,平日,t\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t,6:00:00,6:00:00,a,1\nt,6:03:00,6:03:00,b,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\n平日,1,1,1,1,1,0,0,20261001,20270331\n",
    "translations.txt": "trans_id,lang,translation\n戸畑,en,Tobata\n",
}


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in OLD.items():
            archive.writestr(name, text)
    return path


def tonari(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_renew_writes_a_feed_of_today_and_lists_what_changed(old, tmp_path):
    run = tonari("gtfs", "renew", old, "-o", tmp_path / "out" / "new.zip", "--json")
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    assert {f["code"] for f in document["findings"]} >= {"translation-rewritten", "id-made-ascii"}
    assert document["counts"]["trips"] == 1
    assert "table_name" in read_feed(tmp_path / "out" / "new.zip").feed["translations"]


def test_succeed_joins_two_timetables_at_the_day_of_the_change(old, tmp_path):
    run = tonari("gtfs", "succeed", old, old, "--from", "2027-01-04", "-o", tmp_path / "both.zip")
    assert run.exit_code == 0, run.output
    trips = read_feed(tmp_path / "both.zip").feed["trips"].trip_id.tolist()
    assert trips == ["t", "t_20270104"]


def test_join_puts_names_in_front_of_ids(old, tmp_path):
    out = tmp_path / "all.zip"
    run = tonari(
        "gtfs",
        "join",
        f"a={old}",
        f"b={old}",
        "--publisher",
        "市",
        "--url",
        "https://x.jp",
        "-o",
        out,
    )
    assert run.exit_code == 0, run.output
    assert read_feed(out).feed["trips"].trip_id.tolist() == ["a.t", "b.t"]


@pytest.mark.parametrize("word", ["old.zip", "名=old.zip", "a=missing.zip"])
def test_join_called_wrongly_says_how(word, tmp_path):
    run = tonari(
        "gtfs", "join", word, "--publisher", "x", "--url", "https://x.jp", "-o", Path("o.zip")
    )
    assert run.exit_code == 2


def test_what_is_no_feed_ends_with_one_line(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    run = tonari("gtfs", "renew", tmp_path / "x.zip", "-o", tmp_path / "y.zip")
    assert run.exit_code == 1
    assert "[feed-unreadable]" in run.stderr
