"""What is written on demand: transfers, files of GTFS-JP 3, and what is left out otherwise."""

import pytest

TABLE = {"sheet": "表", "times": "B2", "stops": "A", "trip_names": "1", "day_type": "daily"}
TIMES = [["", "1便"], ["駅前", "9:00"], ["駅南口", "9:05"], ["病院", "9:20"]]
STOPS = """名称,よみ,緯度,経度,乗り場,親,番号
駅前,えきまえ,33.8800,130.87,,,A
駅南口,えきみなみぐち,33.8809,130.87,,,B
病院,びょういん,33.8840,130.874,,,C
"""


@pytest.fixture
def built(write_book, bus, build):
    def run(**more):
        return build(bus(write_book({"表": TIMES}), [TABLE], stops=STOPS, **more)).tables

    return run


def test_stops_within_reach_are_places_to_change(built):
    rows = built(transfers_within=150)["transfers"]
    told = {(r.from_stop_id, r.to_stop_id): r.min_transfer_time for r in rows.itertuples()}
    assert told == {("A", "B"): 120, ("B", "A"): 120}  # 100 m at a slow walk


def test_without_asking_there_are_no_transfers(built):
    assert "transfers" not in built()


def test_files_of_gtfs_jp_3_are_written_on_demand(built):
    tables = built(profile="jp3")
    assert list(tables["agency_jp"]["agency_official_name"]) == ["北九州市"]
    assert list(tables["routes_jp"]["route_id"]) == ["line"]
    assert "agency_jp" not in built()
