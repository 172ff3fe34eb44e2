"""Rules change what they say and nothing else; every change has a trace and its original."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.borders.analysis import analyse
from pipeline.borders.mending import digest, mended, provenance
from pipeline.borders.reference import local_plane, reference_of
from pipeline.borders.snapping import snap_areas, tracks_of

WEST, EAST, NORTH = "401005", "406210", "402044"


def mend(subject, reference):
    return mended(subject, reference, analyse(subject, reference))


def rows_of(areas):
    return [(code, shapely.Polygon(ring)) for code, ring in areas.items()]


def wavering(shape, metres, phase):
    """Move a shape along a smooth field, as a careless drawing does."""

    def field(c):
        return c + metres * np.column_stack(
            [np.sin(c[:, 1] / 120 + phase), np.cos(c[:, 0] / 150 + phase)]
        )

    return shapely.transform(shapely.segmentize(shape, 37.0), field)


@settings(max_examples=12)
@given(metres=st.floats(0.05, 2.0), phase=st.floats(0, 6), which=st.integers(0, 2))
def test_snapped_sides_are_a_valid_coverage_and_no_other_vertex_moves(metres, phase, which):
    y = np.linspace(0, 2000, 201)
    line = np.column_stack([15 * np.sin(y / 90), y])
    west = shapely.Polygon([(-2000, 0), *line.tolist(), (-2000, 2000)])
    east = shapely.Polygon([(2000, 0), (2000, 2000), *line[::-1].tolist()])
    north = shapely.Polygon(
        [(-2000, 2000), tuple(line[-1]), (2000, 2000), (2000, 3000), (-2000, 3000)]
    )
    corner = np.array([-20_000.0, 90_000.0])
    plane = local_plane(shapely.Point(130.78, 33.8))
    import geopandas as gpd

    def degrees(shapes):
        moved = [shapely.transform(shape, lambda c: c + corner) for shape in shapes]
        return gpd.GeoSeries(moved, crs="EPSG:6670").to_crs("EPSG:6668")

    true = [west, east, north]
    reference = reference_of(
        gpd.GeoDataFrame({"municipality_code": [WEST, EAST, NORTH]}, geometry=degrees(true))
    )
    drawn = list(true)
    drawn[which] = wavering(true[which], metres, phase)
    shapes = degrees(drawn).to_numpy()
    tracks = tracks_of(list(reference.lines.values()), "EPSG:6668", plane)
    tolerance = 2 * metres + 0.5
    made = snap_areas(shapes, tracks, "EPSG:6668", plane, tolerance)
    assert made.undone == []
    assert shapely.is_valid(made.shapes).all()
    assert shapely.coverage_is_valid(made.shapes)
    assert made.moved.max() <= tolerance
    near = gpd.GeoSeries(list(reference.lines.values()), crs="EPSG:6668").to_crs(plane).union_all()
    for before, after in zip(shapes, made.shapes, strict=True):
        there = shapely.points(shapely.get_coordinates(before))
        flat = gpd.GeoSeries(there, crs="EPSG:6668").to_crs(plane)
        far = shapely.get_coordinates(before)[flat.distance(near).to_numpy() > tolerance]
        kept = {tuple(c) for c in shapely.get_coordinates(after)}
        assert {tuple(c) for c in far} <= kept


def test_snapping_leaves_a_coverage_that_fits_as_it_is_to_the_last_digit(
    areas, degrees, reference, subject
):
    frame = degrees(rows_of(areas))
    state = mend(subject(frame, rule="snap", tolerance=1.0, full=True), reference)
    assert all(not rules for rules in state.rules)
    assert shapely.equals_identical(state.shapes, frame.geometry.to_numpy()).all()


def test_a_feature_thinner_than_the_tolerance_is_told_and_left(areas, degrees, reference, subject):
    strip = shapely.box(-0.4, 95, 0.6, 100)
    frame = degrees(
        [*rows_of(areas), (EAST, shapely.transform(strip, lambda c: c + np.array([13.0, 0.0])))]
    )
    state = mend(subject(frame, rule="snap", tolerance=5.0), reference)
    told = [row for table in state.observed for row in table.itertuples()]
    assert [(row.kind, row.id_a) for row in told] == [("tolerance", "4")]
    assert shapely.equals_identical(state.shapes[3], frame.geometry.iloc[3])


def test_clip_leaves_each_city_its_own_area(areas, degrees, reference, subject):
    bulge = shapely.box(-50, 400, 50, 450)
    rows = [(c, s.union(bulge) if c == EAST else s) for c, s in rows_of(areas)]
    frame = degrees(rows)
    state = mend(subject(frame, rule="clip"), reference)
    assert state.rules == [[], ["clip"], []]
    assert shapely.area(shapely.intersection(*state.shapes[:2])) == pytest.approx(0, abs=1e-14)


def test_prefer_takes_what_both_claim_from_the_other_side(areas, degrees, reference, subject):
    bulge = shapely.box(-50, 400, 50, 450)
    frame = degrees([(c, s.union(bulge) if c == EAST else s) for c, s in rows_of(areas)])
    state = mend(subject(frame, rule="prefer", prefer=["west"], full=True), reference)
    assert state.rules == [[], [], []]  # no such municipality here: nothing is guessed
    state = mend(subject(frame, rule="prefer", prefer=[], newest="id"), reference)
    assert state.rules == [["prefer"], [], []]
    assert shapely.area(shapely.intersection(*state.shapes[:2])) == pytest.approx(0, abs=1e-14)


def test_fill_gives_a_narrow_gap_to_a_neighbour_and_leaves_a_wide_one(
    areas, degrees, reference, subject, line
):
    sliver = shapely.LineString(line[40:60]).buffer(0.3, cap_style="flat")
    wide = shapely.box(-20, 1500, 40, 1540)
    rows = [
        (c, s.difference(sliver).difference(wide) if c == EAST else s) for c, s in rows_of(areas)
    ]
    frame = degrees(rows)
    options = {"rule": "fill", "tolerance": 1.0, "full": True}
    state = mend(subject(frame, **options), reference)
    after = frame.set_geometry(state.shapes, crs=frame.crs)
    left = analyse(subject(after, **options), reference)
    assert list(left["kind"]) == ["gap"]
    assert left["size"].iloc[0] > 1000


def test_linked_rows_stay_both_and_share_an_id(degrees, reference, subject):
    frame = degrees(
        [
            (WEST, shapely.Point(-10, 50)),
            (EAST, shapely.Point(10, 50)),
            (EAST, shapely.Point(900, 50)),
        ],
        name=["中央公民館", "中央　公民館", "中央公民館"],
    )
    chosen = subject(frame, rule="link", name="name")
    state = mend(chosen, reference)
    assert list(state.links) == ["1", "1", ""]
    columns = provenance(chosen, state)
    assert columns["border_link"].tolist()[:2] == ["1", "1"]
    assert len(state.shapes) == 3


def test_ends_within_tolerance_become_one_point_and_the_rest_stays(degrees, reference, subject):
    frame = degrees(
        [
            (WEST, shapely.LineString([(-400, 300), (-200, 310), (-3, 300)])),
            (EAST, shapely.LineString([(-2.5, 300.3), (400, 300)])),
        ]
    )
    state = mend(subject(frame, rule="snap", tolerance=1.0), reference)
    first, second = (shapely.get_coordinates(shape) for shape in state.shapes)
    assert tuple(first[-1]) == tuple(second[0])
    before = shapely.get_coordinates(frame.geometry.iloc[0])
    assert np.array_equal(first[:-1], before[:-1])
    assert 0 < state.moved.max() < 1.0


def test_the_digest_does_not_depend_on_where_a_ring_starts():
    ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
    turned = [*ring[2:], *ring[:2]]
    assert digest(shapely.Polygon(ring)) == digest(shapely.Polygon(turned))
    assert digest(shapely.Polygon(ring)) != digest(shapely.Polygon([*ring, (0, 0.5)]))
