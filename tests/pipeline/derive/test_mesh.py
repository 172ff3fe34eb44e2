"""Codes of JIS X 0410: cells at every level, their corners and areas."""

from fractions import Fraction

import jismesh.utils
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.derive.mesh import LEVELS, areas, codes, corner, level_of, position, squares, texts

PEERS = {"80km": 1, "10km": 2, "1km": 3, "500m": 4, "250m": 5, "125m": 6}


def code(longitude, latitude, level):
    row, column = position(np.array([longitude]), np.array([latitude]))
    return texts(codes(row, column, LEVELS[level]), LEVELS[level])[0]


@pytest.mark.parametrize(
    ("latitude", "longitude", "level", "expected"),
    [
        (33.8834, 130.8752, "125m", "50306760111"),
        (35.681236, 139.767125, "125m", "53394611323"),
        (34.3428, 134.0466, "125m", "51344013214"),
        (34.0, 131.0, "1km", "51310000"),
        (33.8834, 130.8752, "5km", "5030673"),
        (33.8834, 130.8752, "2km", "503067605"),
    ],
)
def test_a_point_is_in_the_cell_of_the_published_examples(latitude, longitude, level, expected):
    assert code(longitude, latitude, level) == expected


@pytest.mark.parametrize(
    ("text", "south", "west", "size"),
    [
        ("3622", Fraction(24), Fraction(122), 640),
        ("503067", Fraction(203, 6), Fraction(1047, 8), 80),
        ("5030673", Fraction(271, 8), Fraction(1047, 8), 40),
        ("503067605", Fraction(2033, 60), Fraction(1047, 8), 16),
        ("5339461132", Fraction(8563, 240), Fraction(139765625, 10**6), 2),
        ("53394611324", Fraction(34253, 960), Fraction(1397671875, 10**7), 1),
    ],
)
def test_corners_are_exact(text, south, west, size):
    row, column, level = corner(text)
    assert (Fraction(row, 960), 100 + Fraction(column, 640), level.size) == (south, west, size)


def test_every_corner_between_yonaguni_and_wakkanai_is_in_its_own_cell():
    rows, columns = np.arange(24 * 960, 46 * 960), np.arange(22 * 640, 54 * 640)
    found, _ = position(np.full(len(rows), 130.0), rows / 960)
    assert (found == rows).all()
    _, found = position((columns + 64000) / 640, np.full(len(columns), 35.0))
    assert (found == columns).all()


def test_the_last_number_before_an_edge_is_in_the_cell_before():
    edges = np.arange(24 * 960, 46 * 960)
    found, _ = position(np.full(len(edges), 130.0), np.nextafter(edges / 960, 0))
    assert (found == edges - 1).all()


@given(
    st.sampled_from(list(LEVELS.values())),
    st.integers(24 * 960, 46 * 960 - 1),
    st.integers(22 * 640, 54 * 640 - 1),
)
def test_a_code_leads_back_to_its_cell(level, row, column):
    text = texts(codes(np.array([row]), np.array([column]), level), level)[0]
    assert corner(text) == (
        row // level.size * level.size,
        column // level.size * level.size,
        level,
    )


@pytest.mark.parametrize("level", ["80km", "10km", "1km", "500m", "250m", "125m"])
def test_centres_have_the_codes_jismesh_gives_them(level):
    chance = np.random.default_rng(10)
    size = LEVELS[level].size
    row = chance.integers(24 * 960, 45 * 960, 300) // size * size
    column = chance.integers(22 * 640, 53 * 640, 300) // size * size
    centres = (row + size / 2) / 960, 100 + (column + size / 2) / 640
    peer = jismesh.utils.to_meshcode(*centres, PEERS[level])
    assert (codes(row, column, LEVELS[level]) == peer.astype(np.int64)).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50",
        "503080",
        "5030670",
        "50306760115",
        "503067155",
        "503067606",
        "5030676０",
        "-5030676",
    ],
)
def test_what_is_no_code_is_told_from_one(text):
    assert level_of(text) is None
    with pytest.raises(ValueError, match="^" + text):
        corner(text)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(-0.1, 130), (66.67, 130), (35, 99.99), (35, 200), (np.nan, 130), (35, np.inf)],
)
def test_a_point_without_a_code_has_no_cell(latitude, longitude):
    row, column = position(np.array([longitude]), np.array([latitude]))
    assert (row[0], column[0]) == (-1, -1)


@pytest.mark.parametrize(
    ("text", "square_km"), [("53394611", 1.046), ("50306760", 1.069), ("36220000", 1.174)]
)
def test_areas_are_those_of_the_ellipsoid(text, square_km):
    row, _, level = corner(text)
    assert areas(np.array([row]), level.size)[0] / 1e6 == pytest.approx(square_km, abs=6e-4)


def test_quarters_cover_their_cell_without_a_gap():
    whole = squares(np.array([32528]), np.array([19760]), 8)[0]
    row, column = np.repeat([32528, 32532], 2), np.tile([19760, 19764], 2)
    quarters = squares(row, column, 4)
    assert {q.bounds[0] for q in quarters} | {q.bounds[2] for q in quarters} >= {
        whole.bounds[0],
        whole.bounds[2],
    }
    assert areas(row, 4).sum() == pytest.approx(areas(np.array([32528]), 8)[0], rel=1e-12)
