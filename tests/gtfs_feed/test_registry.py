"""Ids stay with what they stand for."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtfs.errors import RegistryError
from gtfs.registry import Registry
from gtfs.stops.identity import Wanted

ON = dt.date(2026, 10, 1)
LATER = dt.date(2027, 4, 1)
METRE = 1 / 111_195  # degrees of latitude

TOBATA = Wanted(key="1", name="戸畑渡場", lat=33.901292, lon=130.818836)
WAKAMATSU = Wanted(key="", name="若松渡場", lat=33.902258, lon=130.81444)


def again(registry, tmp_path):
    registry.write(tmp_path / "ferry.csv")
    return Registry.read(tmp_path / "ferry.csv")


def north(item, metres, **changes):
    return Wanted(
        **{"key": item.key, "name": item.name, "lat": item.lat + metres * METRE, "lon": item.lon}
        | changes
    )


@pytest.fixture
def first(tmp_path):
    registry = Registry()
    ids = registry.assign("stop", [TOBATA, WAKAMATSU], on=ON)
    return again(registry, tmp_path), ids


def test_the_same_input_gives_the_same_ids_and_changes_no_byte(first, tmp_path):
    registry, ids = first
    before = registry.text()
    assert registry.assign("stop", [WAKAMATSU, TOBATA], on=LATER) == ids[::-1]
    assert registry.text() == before


def test_ids_are_ascii(first):
    assert all(i.isascii() for i in first[1])


def test_a_stop_renamed_under_its_key_keeps_its_id(first):
    registry, ids = first
    assert registry.assign("stop", [north(TOBATA, 2000, name="戸畑港")], on=LATER) == ids[:1]
    assert [f.code for f in registry.findings] == ["id-renamed", "id-moved-far"]


def test_a_stop_without_key_keeps_its_id_within_300_metres(first):
    registry, ids = first
    assert registry.assign("stop", [north(WAKAMATSU, 290)], on=LATER) == ids[1:]


def test_the_same_name_further_away_is_another_stop(first):
    registry, ids = first
    assert registry.assign("stop", [north(WAKAMATSU, 310)], on=LATER) != ids[1:]


def test_a_stop_renamed_on_the_spot_keeps_its_id(first):
    registry, ids = first
    assert registry.assign("stop", [north(WAKAMATSU, 3, name="若松港")], on=LATER) == ids[1:]


def test_the_nearest_of_two_poles_with_one_name_is_meant(tmp_path):
    registry = Registry()
    poles = [WAKAMATSU, north(WAKAMATSU, 40)]
    ids = registry.assign("stop", poles, on=ON)
    moved = [north(WAKAMATSU, 45), north(WAKAMATSU, 2)]
    assert again(registry, tmp_path).assign("stop", moved, on=LATER) == ids[::-1]


def test_different_keys_at_one_place_are_different_stops(first):
    registry, ids = first
    assert registry.assign("stop", [north(TOBATA, 1, key="2")], on=LATER)[0] not in ids


def test_a_removed_id_is_never_given_to_something_else(first, tmp_path):
    registry, ids = first
    assert registry.retire_missing("stop", on=LATER) == sorted(ids)
    registry = again(registry, tmp_path)
    other = Wanted(name="馬島", lat=33.95, lon=130.85, prefer=ids[0])
    assert registry.assign("stop", [other], on=LATER)[0] not in ids


def test_what_comes_back_gets_its_id_back(first, tmp_path):
    registry, ids = first
    registry.retire_missing("stop", on=LATER)
    registry = again(registry, tmp_path)
    assert registry.assign("stop", [TOBATA, WAKAMATSU], on=LATER) == ids
    assert {f.code for f in registry.findings} == {"id-returned"}


def test_a_new_thing_gets_the_preferred_id_if_it_is_free():
    registry = Registry()
    assert registry.assign("stop", [Wanted(name="戸畑渡場", prefer="tobata")], on=ON) == ["tobata"]
    assert registry.assign("stop", [Wanted(name="別の渡場", prefer="tobata")], on=ON) != ["tobata"]


def test_the_file_is_sorted_and_readable(first):
    assert first[0].text().splitlines()[:2] == [
        "kind,id,key,name,lat,lon,first_seen,retired",
        "stop,1,1,戸畑渡場,33.901292,130.818836,2026-10-01,",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kind,id\n", "header"),
        ("kind,id,key,name,lat,lon,first_seen,retired\nstop,平日,,,,,,\n", "not ASCII"),
        ("kind,id,key,name,lat,lon,first_seen,retired\nstop,a,,,,,,\nstop,a,,,,,,\n", "twice"),
        ("kind,id,key,name,lat,lon,first_seen,retired\n<<<<<<< ours\n", "cannot be read|not ASCII"),
        ("kind,id,key,name,lat,lon,first_seen,retired\nstop,a,,,33.9,x,,\n", "cannot be read"),
    ],
)
def test_a_contradictory_register_stops_the_work(tmp_path, text, why):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RegistryError, match=why):
        Registry.read(tmp_path / "a.csv")


places = st.builds(
    Wanted,
    key=st.sampled_from(["", "", "a", "b", "c"]),
    name=st.sampled_from(["上", "中", "下"]),
    lat=st.floats(33.9, 33.902),
    lon=st.floats(130.8, 130.802),
)


@given(st.lists(st.lists(places, max_size=6), max_size=4))
def test_no_two_things_ever_share_an_id(releases):
    registry = Registry()
    for wanted in releases:
        registry = Registry(registry.entries.values())
        before = set(registry.entries)
        ids = registry.assign("stop", wanted, on=ON)
        assert len(set(ids)) == len(wanted)
        registry.retire_missing("stop", on=ON)
        assert before <= set(registry.entries)
