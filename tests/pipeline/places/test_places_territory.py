"""The land of municipalities: codes of every kind, distances, and what the table is made from."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.places.build import runs
from pipeline.places.territory import COLUMNS_PER_DEGREE, ROWS_PER_DEGREE, names_at, territory

HALLS = {
    "401005": (130.8752, 33.8835),
    "352012": (130.9410, 33.9578),
    "011002": (141.3544, 43.0621),
    "131016": (139.7536, 35.6940),
    "141003": (139.6380, 35.4437),
    "141305": (139.7029, 35.5308),
    "141500": (139.3732, 35.5714),
    "221309": (137.7261, 34.7108),
    "271403": (135.4830, 34.5733),
    "134210": (142.1918, 27.0944),
    "473821": (123.0047, 24.4680),
}
"""City, ward and village halls, longitude first; rounded to some 10 m."""


def distance(code, lon, lat):
    return territory(code).distance_km(np.array([lon]), np.array([lat]))[0]


@pytest.mark.parametrize("code", HALLS)
def test_a_hall_lies_in_its_municipality_and_in_no_other(code):
    assert distance(code, *HALLS[code]) == 0
    others = [other for other in HALLS if other != code]
    assert min(distance(other, *HALLS[code]) for other in others) > 0


def test_the_wards_of_one_designated_city_are_not_those_of_the_next():
    yokohama, kawasaki, sagamihara = (
        set(territory(code).meshes) for code in ("141003", "141305", "141500")
    )
    shared = len(yokohama & kawasaki)
    assert 0 < shared < len(kawasaki) / 4, "meshes on the border, no more"
    assert not sagamihara & (yokohama | kawasaki)


def test_a_prefecture_is_all_its_municipalities():
    assert set(territory("401005").meshes) < set(territory("400009").meshes)


def test_a_municipality_younger_than_the_list_is_taken_for_its_prefecture():
    found = territory("402991")
    assert not found.whole
    assert set(found.meshes) == set(territory("400009").meshes)


def test_a_place_that_is_none_is_infinitely_far():
    assert np.isinf(distance("401005", np.nan, 33.9))
    assert np.isinf(distance("401005", -17500.0, 98500.0))


def test_distance_is_told_to_about_a_kilometre():
    """Due north of 若松 there is only sea: one degree of latitude is 111 km."""
    near, far = distance("401005", 130.75, 34.2), distance("401005", 130.75, 34.7)
    assert far - near == pytest.approx(55.6, abs=1)


def test_a_place_has_the_name_of_its_municipality():
    places = np.array([HALLS["352012"], (129.9, 34.2), (np.nan, np.nan)])
    assert names_at(places[:, 0], places[:, 1]) == ["下関市", "", ""]


WHEREVER = st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), max_size=20)
NEARBY = st.lists(st.tuples(st.floats(129, 132), st.floats(32, 35)), max_size=20)


@given(st.one_of(WHEREVER, NEARBY))
def test_many_positions_are_measured_as_each_alone(places):
    """Far apart or side by side: the shortcut for one area changes no distance."""
    lon, lat = np.array(places, float).reshape(-1, 2).T
    alone = [distance("401005", *place) for place in places]
    assert territory("401005").distance_km(lon, lat).tolist() == alone


MESHES = st.sets(st.tuples(st.integers(3600, 3640), st.integers(2300, 2320)), min_size=1)


@given(MESHES)
def test_runs_hold_every_mesh_once(cells):
    """JIS X 0410 written out by its definition, read by the table's maker."""

    def code(row, column):
        (p, q, r), (u, v, w) = (
            (number // 80, number % 80 // 10, number % 10) for number in (row, column)
        )
        return f"{p:02}{u:02}{q}{v}{r}{w}"

    listed = [{"code": "40101", "name": "門司区", "mesh": code(*cell)} for cell in cells]
    made = runs(pd.DataFrame(listed * 2))
    back = [(run.row, run.column + step) for run in made.itertuples() for step in range(run.count)]
    assert sorted(back) == sorted(cells)
    assert ROWS_PER_DEGREE * 2 == COLUMNS_PER_DEGREE * 3
