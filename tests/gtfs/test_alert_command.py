"""``tonari gtfs alert``: a cancelled sailing reaches passengers, and can be taken back."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from google.transit import gtfs_realtime_pb2

from gtfs.build.feed import build_feed
from gtfs.feed.write import write_zip
from pipeline.config.feeds import Feed
from tonari.commands.gtfs import command


@pytest.fixture
def tomorrow():
    return dt.date.today() + dt.timedelta(days=1)


@pytest.fixture
def data(wakato, root, publisher, tmp_path, tomorrow):
    """Lay out a release whose ferry runs in the coming days."""
    end = tomorrow + dt.timedelta(days=40)
    wakato["period"] = {"start": tomorrow.isoformat(), "end": end.isoformat()}
    built = build_feed("wakato_ferry", Feed.model_validate(wakato), root=root, publisher=publisher)
    release = tmp_path / "releases/current"
    (release / "feeds/wakato_ferry").mkdir(parents=True)
    artefacts = {"gtfs": "feeds/wakato_ferry/wakato_ferry.zip"}
    write_zip(built.tables, release / artefacts["gtfs"])
    manifest = {"feeds": {"wakato_ferry": {"artefacts": artefacts}}}
    (release / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(data):
    def invoke(*arguments, data_folder=data):
        words = ["alert", *map(str, arguments), "--data", str(data_folder), "--json"]
        result = CliRunner().invoke(command, words, catch_exceptions=False)
        return result.exit_code, json.loads(result.stdout)

    return invoke


def test_a_stormy_evening_is_cancelled(run, tomorrow):
    code, made = run(
        "cancel", "wakato_ferry", "--date", tomorrow, "--after", "20:00", "--by", "港湾 太郎"
    )
    assert code == 0
    assert made["cause"] == "WEATHER"
    assert len(made["trips"]) > 5
    _, shown = run("list", "wakato_ferry")
    assert [a["id"] for a in shown["alerts"]] == [made["id"]]


def test_the_message_names_every_cancelled_trip(run, tomorrow, tmp_path):
    _, made = run("cancel", "wakato_ferry", "--date", tomorrow, "--by", "港湾 太郎")
    run("list", "wakato_ferry", "--pb", tmp_path / "alerts.pb")
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString((tmp_path / "alerts.pb").read_bytes())
    told = {e.trip_update.trip.trip_id for e in message.entity if e.HasField("trip_update")}
    assert told == {trip["trip_id"] for trip in made["trips"]}


def test_a_dry_run_stores_nothing(run, tomorrow):
    code, shown = run(
        "cancel",
        "wakato_ferry",
        "--date",
        tomorrow,
        "--before",
        "7:00",
        "--by",
        "港湾 太郎",
        "--dry-run",
    )
    assert code == 0
    assert {t["departure"] for t in shown["trips"]} >= {"05:55", "06:13"}
    assert run("list", "wakato_ferry")[1] == {"alerts": [], "findings": []}


def test_what_was_announced_can_be_withdrawn_and_both_are_remembered(run, tomorrow):
    ends = tomorrow + dt.timedelta(days=7)
    _, made = run(
        "announce",
        "wakato_ferry",
        "--header",
        "のりばが変わります",
        "--ends",
        ends,
        "--stop",
        "TO",
        "--effect",
        "STOP_MOVED",
        "--by",
        "港湾 太郎",
    )
    assert run("withdraw", made["id"], "--by", "港湾 花子")[0] == 0
    assert run("list", "wakato_ferry")[1] == {"alerts": [], "findings": []}
    _, shown = run("list", "wakato_ferry", "--history")
    assert [act["who"] for act in shown["history"]] == ["港湾 花子", "港湾 太郎"]


@pytest.mark.parametrize(("ends", "until"), [("{}", 24), ("{}T09:30", 9.5)])
def test_what_ends_on_a_date_is_shown_on_that_whole_day(run, tomorrow, ends, until):
    words = ("--header", "工事", "--by", "港湾 太郎", "--begins", tomorrow)
    code, made = run("announce", "wakato_ferry", *words, "--ends", ends.format(tomorrow))
    assert code == 0
    midnight = dt.datetime.combine(tomorrow, dt.time(), dt.timezone(dt.timedelta(hours=9)))
    assert dt.datetime.fromisoformat(made["starts"]) == midnight
    assert dt.datetime.fromisoformat(made["ends"]) == midnight + dt.timedelta(hours=until)


def test_a_day_without_service_is_one_line(run):
    code, told = run("cancel", "wakato_ferry", "--date", "2020-01-01", "--by", "港湾 太郎")
    assert code == 1
    assert "2020-01-01" in told["error"]


def test_without_a_release_there_is_nothing_to_cancel(run, tmp_path, tomorrow):
    code, told = run(
        "cancel",
        "wakato_ferry",
        "--date",
        tomorrow,
        "--by",
        "港湾 太郎",
        data_folder=tmp_path / "empty",
    )
    assert code == 1
    assert "tonari build" in told["error"]
