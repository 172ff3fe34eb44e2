"""A feed as a workbook and back: the same trips, times, fares and days."""

import collections
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gtfs.build.feed import build_feed
from gtfs.days.calendar import effective_dates
from gtfs.export import export_feed
from gtfs.feed.read import read_feed
from pipeline.config.feeds import Feed
from pipeline.findings import Severity

CITY = "8000020401005"


def rebuilt(tables, folder, publisher):
    """Export a feed, read the written declaration again, build it."""
    exported = export_feed(tables, "feed", folder)
    text = (folder / "feed.yaml").read_text(encoding="utf-8")
    declared = YAML(typ="safe").load(text)["feeds"]["feed"]
    assert declared == exported.declaration
    declared["operator"]["id"] = CITY  # old feeds put names or placeholders there
    built = build_feed("feed", Feed.model_validate(declared), root=folder, publisher=publisher)
    return exported, built


def trips(tables, names=None):
    """Count trips by route, days and calls; names of the declaration instead of routes' ids."""
    days = effective_dates(tables)
    table = tables["trips"].set_index("trip_id")
    calls = collections.defaultdict(list)
    columns = ["trip_id", "stop_id", "arrival_time", "departure_time"]
    times = tables["stop_times"].sort_values(["trip_id", "stop_sequence"])[columns].astype(object)
    for row in times.itertuples(index=False):
        known = [t for t in (row.arrival_time, row.departure_time) if isinstance(t, int)]
        if known:
            calls[row.trip_id].append((row.stop_id, known[0], known[-1]))
    counted = collections.Counter()
    for trip_id, visited in calls.items():
        route, service = table.loc[trip_id, ["route_id", "service_id"]]
        running = days.get(service, frozenset())
        if running and len(visited) > 1:
            counted[names[route] if names else route, running, tuple(visited)] += 1
    return counted


def fares(tables, names=None):
    attributes = tables["fare_attributes"]
    prices = dict(zip(attributes["fare_id"], attributes["price"], strict=True))
    rules = tables.table("fare_rules", "fare_id", "route_id", "origin_id", "destination_id")
    return {
        (
            names.get(r.route_id, "") if names else r.route_id,
            r.origin_id,
            r.destination_id,
            float(prices[r.fare_id]),
        )
        for r in rules.itertuples(index=False)
    }


def test_the_sample_ferry_comes_back_from_its_own_feed(ferry, tmp_path, publisher):
    exported, built = rebuilt(ferry.tables, tmp_path, publisher)
    assert exported.findings == []
    assert trips(built.tables) == trips(ferry.tables)
    assert fares(built.tables) == fares(ferry.tables)


@pytest.mark.real
def test_the_citys_own_ferry_feed_comes_back(real, tmp_path, publisher):
    source = read_feed(real / "transit/kitakyushu-ferry/401005_shieitosengtfs.zip").feed
    exported, built = rebuilt(source, tmp_path, publisher)
    assert sum(trips(source).values()) == 292
    assert trips(built.tables) == trips(source, exported.routes)
    assert fares(built.tables) == fares(source, exported.routes)
    assert built.reconciliation.stop_times_matched == 606


WRONG = {  # what the originals have wrong is reported, not copied
    "GTFS(tamarin-gunma-jp).zip": {"fare-conflict"},
}
FEEDS = [
    "077434.zip",
    "402303tosengtfs.zip",
    "GFTS_hekinan.zip",
    "GTFS(2019-03-13_1606).zip",
    "GTFS(MB).zip",
    "GTFS(tamarin-gunma-jp).zip",
    "GTFS_regular_line.zip",
    "chutetsu.zip",
    "city-toyama-kureha-gtfs.zip",
    "city_kurobe_shinkansen_ikuji_gtfs.zip",
    "citytoyamayatsuogtfs20190415.zip",
    "gtfs.0003.lim.GMA.zip",
    "gtfs.1008.gunma_chuo_bus.zip",
    "gtfs.1024.tatebayashishi_com.zip",
    "gtfs.1029.tomiokashi_com.zip",
    "gtfs.1037.nanmokumura_com.zip",
    "gtfs.1040.gunma_takayamamura_com.zip",
    "gtfs.1043.showamura_com.zip",
    "gtfs.1048.oizumimachi_com.zip",
    "gtfs2019.4-.zip",
    "kamacitybus190401.zip",
    "satukibus_kbus.zip",
    "town_tateyama_gtfs.zip",
]


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", FEEDS)
def test_a_published_feed_comes_back_from_its_workbook(name, real, tmp_path, publisher):
    source = read_feed(Path(real / "transit/gtfs-jp-2019" / name)).feed
    exported, built = rebuilt(source, tmp_path, publisher)
    codes = {f.code for f in built.findings if f.severity is Severity.ERROR}
    assert codes == WRONG.get(name, set())
    if codes:
        return
    assert trips(built.tables) == trips(source, exported.routes)
    if {"fare_attributes", "fare_rules"} <= set(source) and len(source["fare_rules"]):
        assert fares(built.tables) == fares(source, exported.routes)
