"""A journey planner (cafein) asks the published feed, as passengers' apps do.

The feed is the sample ferry built from its workbook; what is expected is read from the timetable
by hand: 71 crossings each way on weekdays, 64 on other days, 05:55 to 22:25 from Tobata.
"""

from __future__ import annotations

import datetime as dt
import types
from pathlib import Path

import cafein
import openpyxl
import pandas as pd
import pytest
from google.transit import gtfs_realtime_pb2
from ruamel.yaml import YAML

from gtfs.build.feed import build_feed
from gtfs.feed.tables import Feed as Tables
from gtfs.feed.write import write_zip
from gtfs.realtime import AlertStore
from gtfs.realtime.desk import Desk
from pipeline.config.base import Text
from pipeline.config.feeds import Feed

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample" / "transit"
WEEKDAY, SATURDAY, SUNDAY = "2026-11-24", "2026-11-28", "2026-11-29"
HOLIDAY = "2027-03-22"
"""The Monday after the vernal equinox, a Sunday in 2027: a substitute holiday (振替休日)."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Build and publish the sample ferry."""
    declared = YAML(typ="safe").load((SAMPLE / "feed.yaml").read_text(encoding="utf-8"))["feeds"]
    publisher = types.SimpleNamespace(
        name=Text(ja="北九州市", en="City of Kitakyushu"),
        contact="gis@example.jp",
        url="https://x.jp",
    )
    feed = Feed.model_validate(declared["wakato_ferry"])
    built = build_feed("wakato_ferry", feed, root=ROOT, publisher=publisher)
    path = tmp_path_factory.mktemp("feed") / "wakato_ferry.zip"
    write_zip(built.tables, path)
    return path


@pytest.fixture(scope="module")
def piers(archive):
    """Return the stop ids of Tobata and Wakamatsu."""
    from gtfs.feed.read import read_feed

    stops = read_feed(archive).feed["stops"]
    ids = dict(zip(stops.stop_name, stops.stop_id, strict=True))
    return ids["戸畑渡場"], ids["若松渡場"]


@pytest.fixture(scope="module")
def network(archive):
    return cafein.TransportNetwork.from_gtfs(str(archive), leg_geometries=False)


def ask(network, piers, when, **options):
    """Return (departure, arrival) of the first journey as clock text, None if there is none."""
    journeys = network.route_between_stops(*piers, when, geometries=False, **options)
    if not journeys:
        return None
    ride = next(leg for leg in journeys[0]["legs"] if leg["type"] == "transit")
    return clock(ride["departure_s"]), clock(ride["arrival_s"])


def clock(seconds):
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}"


def on_paper(sheet):
    """Read the departures from Tobata off the workbook, knowing nothing of our readers."""
    row = next(
        openpyxl.load_workbook(SAMPLE / "wakato.xlsx")[sheet].iter_rows(min_row=5, max_row=5)
    )
    times = [cell.value for cell in row[2:] if cell.value is not None]
    return sorted(t.hour * 3600 + t.minute * 60 for t in times)


@pytest.mark.parametrize("day", [WEEKDAY, SATURDAY, SUNDAY, HOLIDAY])
def test_the_first_boat_of_the_day(network, piers, day):
    assert ask(network, piers, f"{day} 05:00") == ("5:55", "5:58")


@pytest.mark.parametrize("day", [WEEKDAY, SATURDAY, SUNDAY, HOLIDAY])
def test_the_last_boat_and_none_after_it(network, piers, day):
    assert ask(network, piers, f"{day} 22:25") == ("22:25", "22:28")
    assert ask(network, piers, f"{day} 22:26") is None


def all_departures(network, piers, day):
    """Return every departure the planner offers over a day."""
    journeys = network.route_between_stops(
        *piers, f"{day} 04:00", departure_time_window=22 * 60, geometries=False, max_rides=1
    )
    rides = [leg for j in journeys for leg in j["legs"] if leg["type"] == "transit"]
    return sorted({ride["departure_s"] for ride in rides})


def test_every_boat_on_paper_is_offered_and_no_other(network, piers):
    weekdays, others = on_paper("平日"), on_paper("土日祝")
    assert (len(weekdays), len(others)) == (71, 64)
    assert all_departures(network, piers, WEEKDAY) == weekdays
    for day in (SATURDAY, SUNDAY, HOLIDAY, "2026-12-31"):
        assert all_departures(network, piers, day) == others


def test_a_holiday_on_a_monday_runs_like_a_sunday(network, piers):
    assert dt.date.fromisoformat(HOLIDAY).weekday() == 0
    sunday = all_departures(network, piers, SUNDAY)
    assert all_departures(network, piers, HOLIDAY) == sunday
    assert all_departures(network, piers, "2027-03-29") != sunday


def test_none_outside_the_period_of_the_feed(network, piers):
    assert ask(network, piers, "2028-01-10 08:00") is None


def test_none_on_a_cancelled_day_for_a_planner_that_reads_the_realtime_feed(
    archive, network, piers, tmp_path
):
    now = dt.datetime(2026, 11, 24, 5, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    desk = Desk(AlertStore(tmp_path / "a.sqlite"), {"f": archive}.__getitem__, lambda: now)
    desk.cancel("f", WEEKDAY, by="港湾係", after="12:00")
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString(desk.protobuf("f"))
    gone = [e.trip_update.trip.trip_id for e in message.entity if e.HasField("trip_update")]
    assert ask(network, piers, f"{WEEKDAY} 11:00", exclude_trips=gone) is not None
    assert ask(network, piers, f"{WEEKDAY} 12:00", exclude_trips=gone) is None
    assert ask(network, piers, f"{WEEKDAY} 12:00") is not None


def test_boat_then_walk_then_bus(archive, piers, tmp_path):
    bus = {
        "agency": pd.DataFrame(
            {
                "agency_id": ["bus"],
                "agency_name": ["市営バス"],
                "agency_url": ["https://www.city.kitakyushu.lg.jp/"],
                "agency_timezone": ["Asia/Tokyo"],
            }
        ),
        "stops": pd.DataFrame(
            {
                "stop_id": ["wakamatsu_bus", "futajima"],
                "stop_name": ["若松渡場バス停", "二島"],
                "stop_lat": [33.9029, 33.8858],
                "stop_lon": [130.8139, 130.7589],
            }
        ),
        "routes": pd.DataFrame(
            {"route_id": ["1"], "agency_id": ["bus"], "route_short_name": ["1"], "route_type": [3]}
        ),
        "trips": pd.DataFrame({"route_id": "1", "service_id": "all", "trip_id": ["b1", "b2"]}),
        "stop_times": pd.DataFrame(
            {
                "trip_id": ["b1", "b1", "b2", "b2"],
                "arrival_time": ["06:00:00", "06:20:00", "06:10:00", "06:30:00"],
                "departure_time": ["06:00:00", "06:20:00", "06:10:00", "06:30:00"],
                "stop_id": ["wakamatsu_bus", "futajima"] * 2,
                "stop_sequence": [1, 2, 1, 2],
            }
        ),
        "calendar_dates": pd.DataFrame(
            {"service_id": ["all"], "date": ["20261124"], "exception_type": [1]}
        ),
    }
    write_zip(Tables(bus), tmp_path / "bus.zip")
    network = cafein.TransportNetwork.from_gtfs([str(archive), str(tmp_path / "bus.zip")])
    network.set_transfers([(piers[1], "wakamatsu_bus", 180, 90.0)])
    journey = network.route_between_stops(piers[0], "futajima", f"{WEEKDAY} 05:50")[0]
    legs = [
        (leg["type"], clock(leg["departure_s"]), clock(leg["arrival_s"]))
        for leg in journey["legs"]
        if leg["type"] in ("transit", "transfer")
    ]
    # The 5:55 boat lands at 5:58; three minutes' walk miss the bus at 6:00, the next is at 6:10.
    assert [leg[0] for leg in legs] == ["transit", "transfer", "transit"]
    assert legs[0][1:] == ("5:55", "5:58")
    assert legs[2][1:] == ("6:10", "6:30")
