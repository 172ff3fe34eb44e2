"""Geometry rules: inside Japan, valid, present; nothing repaired or dropped unsaid."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPoint, Point, Polygon

from pipeline.check.geometry import check_geometry
from pipeline.sources.crs import NOWHERE
from pipeline.standardise.columns import ROW

PLACE = Point(130.8, 33.9)
BOW_TIE = Polygon([(130, 33), (130.1, 33.1), (130.1, 33), (130, 33.1)])


def checked(*shapes, file="a.csv", located=False):
    rows = {ROW: np.arange(2, len(shapes) + 2)}
    frame = gpd.GeoDataFrame(rows, geometry=list(shapes), crs="EPSG:6668")
    return check_geometry(frame, file, located=located)


def test_sound_shapes_of_every_kind_pass():
    shapes = [
        PLACE,
        MultiPoint([PLACE, (131, 34)]),
        LineString([PLACE, (131, 34)]),
        PLACE.buffer(1),
    ]
    frame, findings = checked(*shapes)
    assert findings == []
    assert frame.geometry.tolist() == shapes


def test_an_invalid_shape_is_repaired_and_counted():
    frame, (finding,) = checked(PLACE.buffer(1), BOW_TIE, BOW_TIE)
    assert frame.geometry.is_valid.all()
    assert frame.geometry.iloc[1].area == pytest.approx(0.005)
    assert (finding.code, finding.row, finding.count) == ("geometry-repaired", 3, 2)
    assert [place.row for place in finding.places] == [3, 4]
    assert "Self-intersection" in finding.message_en


def test_what_collapses_in_repair_is_said_to_have_no_place():
    frame, findings = checked(LineString([PLACE, PLACE]), PLACE)
    assert frame.geometry.isna().tolist() == [True, False]
    assert [f.code for f in findings] == ["geometry-repaired", "geometry-collapsed"]


def test_missing_and_empty_shapes_are_counted_alike():
    frame, (finding,) = checked(PLACE, None, Polygon(), MultiPoint())
    assert frame.geometry.isna().tolist() == [False, True, True, True]
    assert (finding.code, finding.count) == ("geometry-missing", 3)


def test_missing_points_are_not_reported_twice():
    assert checked(PLACE, None, located=True)[1] == []


def test_a_ring_that_uses_a_segment_twice_is_repaired_all_the_same():
    ring = [(130.5, 33), (130, 34), (131, 33), (130.5, 33), (130, 34), (130, 33)]
    frame, _ = checked(Polygon(ring))
    assert frame.geometry.is_valid.all()
    assert frame.geometry.iloc[0].area == pytest.approx(0.5)


COORDINATES = st.tuples(st.floats(130, 131), st.floats(33, 34))


@given(st.lists(COORDINATES, min_size=3, max_size=9))
def test_whatever_is_drawn_leaves_valid_or_not_at_all(ring):
    frame, _ = checked(Polygon(ring))
    shape = frame.geometry.iloc[0]
    assert shape is None or (shapely.is_valid(shape) and not shape.is_empty)


def test_what_a_transformation_did_not_reach_is_not_called_an_invalid_drawing():
    assert checked(NOWHERE, PLACE)[1] == []


def test_it_is_not_called_undrawn_either_once_it_has_been_kept_between_steps():
    kept = shapely.from_wkb(shapely.to_wkb(NOWHERE))
    frame, findings = checked(kept, PLACE)
    assert findings == []
    assert frame.geometry.isna().tolist() == [True, False]
