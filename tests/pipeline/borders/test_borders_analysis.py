"""What does not fit at a border is measured in metres and square metres, each cause once."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.borders.analysis import analyse
from pipeline.borders.reference import local_plane, plane_of, reference_of
from pipeline.borders.shift import shift_of

WEST, EAST, NORTH = "401005", "406210", "402044"


def polygons(areas):
    return [(code, shapely.Polygon(ring)) for code, ring in areas.items()]


def moved(areas, code, by):
    return [
        (c, shapely.transform(shapely.Polygon(ring), lambda xy: xy + by if c == code else xy))  # noqa: B023
        for c, ring in areas.items()
    ]


def kinds(table):
    return sorted(set(table["kind"]))


def test_a_coverage_that_fits_has_no_finding(areas, degrees, reference, subject):
    found = analyse(subject(degrees(polygons(areas)), full=True, agree=()), reference)
    assert found.empty


def test_a_dent_is_a_gap_of_its_size_between_its_two_features(areas, degrees, reference, subject):
    rows = polygons(areas)
    hole = shapely.box(-20, 500, 40, 540)
    rows = [(c, s.difference(hole) if c == EAST else s) for c, s in rows]
    expected = shapely.Polygon(areas[EAST]).intersection(hole).area
    found = analyse(subject(degrees(rows), full=True), reference)
    assert kinds(found) == ["gap"]
    assert found["size"].sum() == pytest.approx(expected, rel=1e-6)
    assert list(zip(found["id_a"], found["id_b"], strict=True)) == [("1", "2")]


def test_a_bulge_is_an_overlap_and_a_square_inside_is_claimed_twice(
    areas, degrees, reference, subject
):
    sliver, square = shapely.box(-30, 300, 30, 302), shapely.box(-100, 900, 100, 1100)
    rows = [(c, s.union(sliver).union(square) if c == EAST else s) for c, s in polygons(areas)]
    found = analyse(subject(degrees(rows), full=True), reference)
    # One feature of each side: their common pieces are one row.
    west = shapely.Polygon(areas[WEST])
    expected = west.intersection(sliver).area + west.intersection(square).area
    assert set(found["kind"]) <= {"overlap", "double"}
    assert found["size"].sum() == pytest.approx(expected, rel=1e-6)


def test_a_hole_far_from_the_line_is_no_gap_of_the_border(areas, degrees, reference, subject):
    hole = shapely.box(700, 900, 800, 1000)
    rows = [(c, s.difference(hole) if c == EAST else s) for c, s in polygons(areas)]
    assert analyse(subject(degrees(rows), full=True), reference).empty


def test_a_drawing_moved_as_a_whole_is_one_finding(areas, degrees, reference, subject):
    found = analyse(subject(degrees(moved(areas, EAST, [1.5, 2.0])), full=True), reference)
    assert kinds(found) == ["shift"]
    assert found["size"].iloc[0] == pytest.approx(2.5, abs=0.05)
    assert found["a"].iloc[0] == EAST


def test_a_drawing_left_on_the_old_datum_is_one_finding_that_says_so(
    areas, degrees, reference, subject
):
    found = analyse(subject(degrees(moved(areas, EAST, [219, -363])), full=True), reference)
    assert kinds(found) == ["datum"]
    assert found["size"].iloc[0] == pytest.approx(np.hypot(219, 363), abs=2)


def test_points_lines_and_areas_in_the_other_municipality_are_strays(degrees, reference, subject):
    rows = [
        (WEST, shapely.Point(120, 800)),
        (WEST, shapely.Point(-120, 800)),
        (WEST, shapely.LineString([(-500, 1000), (220, 1000)])),
        (WEST, shapely.box(400, 100, 500, 200)),
        (EAST, shapely.Point(500, 500)),
        (NORTH, shapely.Point(0, 2500)),
    ]
    found = analyse(subject(degrees(rows)), reference)
    strays = found[found["kind"] == "stray"].set_index("id_a")["size"]
    assert sorted(strays.index) == ["1", "3", "4"]
    assert strays["1"] == pytest.approx(120, abs=15)
    assert strays["4"] == pytest.approx(10_000, rel=1e-4)


def test_what_lies_at_sea_is_no_stray(degrees, reference, subject):
    rows = [(WEST, shapely.Point(-2500, 500)), (EAST, shapely.Point(500, 500))]
    assert analyse(subject(degrees(rows)), reference).empty


def test_roads_that_do_not_meet_are_told_with_their_distance_and_what_differs(
    degrees, reference, subject
):
    rows = [
        (WEST, shapely.LineString([(-400, 300), (-1, 300)])),
        (EAST, shapely.LineString([(1.5, 301), (400, 301)])),
        (WEST, shapely.LineString([(-400, 700), (16, 700)])),
        (EAST, shapely.LineString([(16, 700), (400, 700)])),
        (WEST, shapely.LineString([(-400, 1500), (-12, 1500)])),
    ]
    frame = degrees(
        rows,
        name=["国道３号", "国道3号", "谷田ヶ浴線", "谷田ケ浴線", "行き止まり"],
        width=[6.0, 6.5, 4.0, 4.0, 3.0],
    )
    found = analyse(subject(frame, agree=("name", "width"), reach=30), reference)
    unmet = found[found["kind"] == "unmet"]
    assert sorted(zip(unmet["grade"], unmet["id_a"], unmet["id_b"], strict=True)) == [
        ("alone", "5", ""), ("apart", "1", "2"),
    ]  # fmt: skip
    assert unmet.set_index("grade").loc["apart", "size"] == pytest.approx(
        np.hypot(2.5, 1), abs=0.01
    )
    values = found[found["kind"] == "value"]
    assert list(zip(values["field"], values["id_a"], strict=True)) == [("width", "1")]


def test_areas_side_by_side_that_say_otherwise_are_told_by_their_contact(
    areas, degrees, reference, subject
):
    frame = degrees(polygons(areas), zone=["商業地域", "近隣商業地域", "商業地域"])
    found = analyse(subject(frame, agree=("zone",), full=True), reference)
    sides = {(row.a, row.b) for row in found.itertuples()}
    assert kinds(found) == ["value"]
    assert sides == {tuple(sorted((WEST, EAST))), tuple(sorted((EAST, NORTH)))}
    line = found[found["b"] == EAST].iloc[0]
    assert line["size"] == pytest.approx(
        found[found["b"] == EAST].geometry.to_crs("EPSG:6670").length.iloc[0], rel=1e-6
    )


def test_the_same_place_in_two_lists_is_found_across_the_line(degrees, reference, subject):
    rows = [
        (WEST, shapely.Point(-40, 800)),
        (EAST, shapely.Point(40, 800)),
        (EAST, shapely.Point(44, 800)),
    ]
    frame = degrees(rows, name=["折尾高校　体育館", "折尾高等学校体育館", "折尾中学校"])
    found = analyse(subject(frame, name="name"), reference)
    same = found[(found["kind"] == "duplicate") & (found["grade"] == "same")]
    assert list(zip(same["id_a"], same["id_b"], strict=True)) == [("1", "2")]


def test_a_municipality_without_an_area_in_the_reference_is_told(areas, degrees, subject):
    shapes = degrees(polygons(areas))
    partial = reference_of(shapes[shapes["municipality_code"] != NORTH])
    found = analyse(subject(shapes, full=True), partial)
    assert ("no-reference", NORTH) in set(zip(found["kind"], found["a"], strict=True))


def test_a_strait_is_a_border_in_the_sea_and_no_gap(degrees, subject):
    rows = [(WEST, shapely.box(-2000, 0, -150, 2000)), (EAST, shapely.box(150, 0, 2000, 2000))]
    shapes = degrees(rows)
    found = analyse(subject(shapes, full=True), reference_of(shapes))
    assert kinds(found) == ["sea"]
    assert found["size"].iloc[0] == pytest.approx(300, rel=1e-3)


def test_an_enclave_has_a_border_of_its_own(degrees, subject):
    hole = shapely.box(500, 500, 900, 900)
    rows = [(WEST, shapely.box(0, 0, 2000, 2000).difference(hole)), (EAST, hole)]
    shapes = degrees(rows)
    reference = reference_of(shapes)
    (line,) = reference.lines.values()
    assert shapely.is_closed(line)
    smaller = degrees([rows[0], (EAST, shapely.box(500, 500, 900, 899))])
    found = analyse(subject(smaller, full=True), reference)
    assert found["size"].sum() == pytest.approx(400, rel=1e-3)
    assert kinds(found) == ["gap"]


def test_pairs_of_one_zone_are_measured_in_it_and_others_in_a_plane_of_their_own():
    place = shapely.Point(130.9, 33.9)
    assert plane_of(("EPSG:6670", "EPSG:6670"), place).to_epsg() == 6670
    across = plane_of(("EPSG:6670", "EPSG:6671"), place)
    assert across == local_plane(place)
    assert across.coordinate_operation.method_name == "Lambert Azimuthal Equal Area"


@settings(max_examples=15)
@given(st.floats(-300, 300).filter(lambda v: abs(v) > 0.5), st.floats(-300, 300))
def test_any_shift_of_an_outline_is_found_to_the_centimetre(east, north):
    angles = np.linspace(0, 2 * np.pi, 400)
    radius = 3000 + 400 * np.sin(5 * angles) + 250 * np.cos(9 * angles)
    outline = shapely.LinearRing(
        np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])
    )
    found = shift_of(shapely.transform(outline, lambda c: c + np.array([east, north])), outline)
    assert (found.east, found.north) == pytest.approx((east, north), abs=0.01)
