"""Whatever rows go from a feed, nothing is left that names what is gone."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gtfs.errors import FeedUnreadable
from gtfs.feed.ids import HOMES, LOCATION, ids, references
from gtfs.feed.schema import tables
from gtfs.feed.tables import Feed
from gtfs.republish import modernise, succession, together
from gtfs.republish.change import Changing
from gtfs.republish.unused import dangling, known_ids, settle
from pipeline.findings import Severity, has_error

INFO = {"feed_publisher_name": "市", "feed_publisher_url": "https://example.jp", "feed_lang": "ja"}
NAMES = ["a", "b", "c"]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
DAILY = dict.fromkeys(
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1
)


def row_of(draw, table):
    """Return a row of a table: ids of few names, and what makes trips run."""
    fields = table.fields
    linked = {r.column for r in references() if r.table == table.name}
    homes = {
        h.partition(".")[2] for hs in HOMES.values() for h in hs if h.startswith(table.name + ".")
    }
    row = {}
    for column in fields:
        if column in homes | linked:
            blank = [""] if column not in table.primary_key else []
            row[column] = draw(st.sampled_from(NAMES + blank))
    return row


@st.composite
def feeds(draw):
    made = {}
    for name, table in tables().items():
        if name in ("translations", "feed_info", "calendar_dates"):
            continue
        rows = draw(st.lists(st.builds(lambda: None), min_size=2, max_size=4))
        frame = pd.DataFrame([row_of(draw, table) for _ in rows])
        key = [c for c in table.primary_key if c in frame.columns]
        if name == "stop_times":
            frame["stop_sequence"] = range(len(frame))
            frame[["arrival_time", "departure_time"]] = 30000
        elif name == "calendar":
            starts = draw(
                st.lists(st.sampled_from(["20260101", "20270301"]), min_size=4, max_size=4)
            )
            frame = frame.assign(**DAILY, start_date=starts[: len(frame)], end_date="20270131")
        elif key:
            frame = frame.drop_duplicates(key)
        if len(frame.columns):
            made[name] = frame
    made["stops"] = made["stops"].assign(
        location_type=draw(st.sampled_from([0, 1, 2])), parent_station=""
    )
    made["translations"] = pd.DataFrame(
        {"table_name": ["stops", "trips", "fare_products"], "field_name": "x", "language": "en",
         "translation": "x", "record_id": NAMES}
    )  # fmt: skip
    made["feed_info"] = pd.DataFrame([INFO])
    zone = {"type": "Feature", "id": "c", "properties": {}, "geometry": None}
    feed = Feed(made, locations={"type": "FeatureCollection", "features": [zone]})
    # A feed as it should be: what names nothing from the beginning is not ours to take out.
    settle(Changing(feed), {kind: set(NAMES) for kind in (*HOMES, LOCATION)})
    return feed


@settings(max_examples=12, deadline=None, phases=PHASES)
@given(feeds())
def test_renewing_leaves_no_id_that_names_nothing(feed):
    known = known_ids(feed)
    before = dangling(feed, known)
    new, findings = modernise(feed)
    assert before == {}
    assert dangling(new, known) == {}
    gone = {"trips-all-gone"} if len(feed.table("trips")) and new.table("trips").empty else set()
    assert {f.code for f in findings if f.severity is Severity.ERROR} == gone


@settings(max_examples=8, deadline=None, phases=PHASES)
@given(feeds(), feeds())
def test_joined_feeds_have_no_new_lost_id_or_are_refused(one, other):
    known = [known_ids(one), known_ids(other)]
    both = {kind: known[0][kind] | known[1][kind] for kind in known[0]}
    try:
        joined, findings = succession(one, other, start=dt.date(2026, 6, 1))
    except FeedUnreadable:
        return
    assert has_error(findings) or dangling(joined, both) == {}
    side, said = together({"x": one, "y": other}, info=INFO)
    every = {k: {f"{n}.{i}" for n in "xy" for i in both[k]} | both[k] for k in both}
    assert has_error(said) or dangling(side, every) == {}


def test_every_reference_of_the_specification_is_in_the_table():
    listed = {(r.table, r.column): r.kind for r in references()}
    for table in tables().values():
        for field in table.fields.values():
            if field.references and (table.name, field.name) != ("calendar_dates", "service_id"):
                assert (table.name, field.name) in listed, f"{table.name}.{field.name}"
    assert set(listed.values()) <= {*HOMES, LOCATION}


def with_more(ferry, **more):
    for name, rows in more.items():
        old = ferry.table(name)
        ferry[name] = pd.concat([f for f in (old, pd.DataFrame(rows)) if len(f)])
    return ferry


@pytest.fixture
def spare(ferry):
    """Return the ferry with a third pier and a day nobody sails."""
    return with_more(
        ferry,
        stops=[{"stop_id": "umashima", "stop_name": "馬島", "location_type": 0, "zone_id": "u"}],
        calendar=[{"service_id": "weekend", **DAILY, "start_date": "20261001",
                   "end_date": "20270331"}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("transfers", {"from_stop_id": "tobata", "to_stop_id": "umashima"}),
        ("stop_areas", {"area_id": "A", "stop_id": "umashima"}),
        ("location_group_stops", {"location_group_id": "G", "stop_id": "umashima"}),
        ("pathways", {"pathway_id": "p", "from_stop_id": "umashima", "to_stop_id": "tobata"}),
        ("location_groups", {"location_group_id": "G", "location_id": "umashima"}),
    ],
)
def test_a_stop_that_something_names_stays(spare, table, row):
    assert "umashima" in ids(modernise(with_more(spare, **{table: [row]}))[0], "stop")


def test_a_stop_that_nothing_names_goes_with_the_fares_of_its_zone(spare):
    with_more(
        spare,
        fare_attributes=[{"fare_id": f, "price": 100} for f in ("island", "everywhere", "via")],
        fare_rules=[
            {"fare_id": "island", "origin_id": "u"},
            {"fare_id": "via", "contains_id": "u"},
            {"fare_id": "via", "contains_id": "t"},
        ],
    )
    spare["stops"] = spare["stops"].assign(zone_id=["t", "w", "u"])
    new, findings = modernise(spare)
    assert ids(new, "fare") == {"everywhere"}
    assert new["fare_rules"].empty
    rules = sum(f.count for f in findings if f.file == "fare_rules.txt")
    assert rules == 3


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("timeframes", {"timeframe_group_id": "t", "service_id": "weekend"}),
        ("booking_rules", {"booking_rule_id": "b", "prior_notice_service_id": "weekend"}),
    ],
)
def test_a_service_that_something_names_stays(spare, table, row):
    assert "weekend" in ids(modernise(with_more(spare, **{table: [row]}))[0], "service")


def test_a_named_service_without_a_day_stays_without_one(spare):
    never = {"service_id": "never", "date": "20261103", "exception_type": 2}
    timeframe = {"timeframe_group_id": "t", "service_id": "never"}
    with_more(spare, timeframes=[timeframe], calendar_dates=[never])
    row = modernise(spare)[0]["calendar"].set_index("service_id").loc["never"]
    assert [row[day] for day in DAILY] == [0] * 7


def test_the_entrance_of_a_station_in_use_stays_and_that_of_another_goes(ferry):
    ferry["stops"] = ferry["stops"].assign(parent_station=["T", ""])
    with_more(
        ferry,
        stops=[
            {"stop_id": "T", "location_type": 1},
            {"stop_id": "gate", "location_type": 2, "parent_station": "T"},
            {"stop_id": "M", "location_type": 1},
            {"stop_id": "door", "location_type": 2, "parent_station": "M"},
        ],
    )
    assert ids(modernise(ferry)[0], "stop") == {"tobata", "wakamatsu", "T", "gate"}


@pytest.mark.parametrize("place", ["stop_id", "location_group_id", "location_id"])
def test_a_ride_on_demand_stays_whichever_draft_it_follows(ferry, place):
    trips = ferry["trips"].iloc[[0]].assign(trip_id="ride")
    ferry["trips"] = pd.concat([ferry["trips"], trips])
    with_more(ferry, location_groups=[{"location_group_id": "G"}],
              stop_times=[{"trip_id": "ride", place: "G", "stop_sequence": 1}])  # fmt: skip
    assert "ride" in ids(modernise(ferry)[0], "trip")


def with_value(feed, table, column, value):
    """Return a feed with `value` in the first row of a table."""
    changed = feed.copy()
    frame = changed[table].copy()
    frame.loc[frame.index[0], column] = value
    changed[table] = frame
    return changed


def said(feed):
    return {(f.code, f.severity.value, f.file, f.field, f.value) for f in modernise(feed)[1]}


def test_what_named_nothing_from_the_beginning_is_an_error_and_not_written_on(ferry):
    """A journey planner rejects such a feed; what was meant nobody can tell but its maker."""
    lost = with_value(ferry, "stop_times", "stop_id", "NOWHERE")
    told = ("reference-unknown", "error", "stop_times.txt", "stop_id", "NOWHERE")
    assert told in said(lost)
    assert not {code for code, *_ in said(ferry)} & {"reference-unknown", "described-unknown"}


def test_a_row_about_nothing_is_left_and_told(ferry):
    about = with_more(ferry, routes_jp=[{"route_id": "gone", "origin_stop": "戸畑"}])
    assert ("described-unknown", "warning", "routes_jp.txt", "route_id", "gone") in said(about)


def test_a_fare_below_nothing_is_an_error(ferry):
    fare = {"fare_id": "below", "price": -100.0, "currency_type": "JPY", "payment_method": 0}
    told = {
        (code, severity) for code, severity, *_ in said(with_more(ferry, fare_attributes=[fare]))
    }
    assert ("price-negative", "error") in told
