"""A source that is not where its municipality is: one finding a cause, and what would be right."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import LineString, Point, Polygon, box

from pipeline.config.layers import Municipality
from pipeline.config.sources import PointColumns
from pipeline.sources.crs import operation_to_canonical
from pipeline.sources.datums import plane_zones
from pipeline.sources.position import Located, check_position

KOKURA = np.array([130.8752, 33.8835])
CITY = Municipality(code="401005", name={"ja": "北九州市", "en": "Kitakyushu"}, crs="EPSG:6670")
GRID = KOKURA + np.array([(i % 6 / 200, i // 6 / 200) for i in range(30)])
LEDGER = PointColumns(x="経度", y="緯度")
SURVEY = PointColumns(x="X座標", y="Y座標")


def plane(lonlat, code="EPSG:6670"):
    to_plane = Transformer.from_crs("EPSG:6668", code, always_xy=True)
    return np.column_stack(to_plane.transform(lonlat[:, 0], lonlat[:, 1]))


def checked(shapes, crs="EPSG:6668", columns=LEDGER, municipality=CITY, file="a.csv"):
    frame = gpd.GeoSeries([Point(*s) if not hasattr(s, "wkt") else s for s in shapes], crs=crs)
    move = operation_to_canonical(frame.crs).apply
    moved = frame.transform(move)
    rows = np.arange(2, len(frame) + 2)
    located = Located(frame.to_numpy(), moved.to_numpy(), frame.crs, rows, file)
    return check_position(located, municipality, columns)


def test_records_in_their_city_say_nothing():
    assert checked(GRID) == []
    assert checked(plane(GRID), "EPSG:6670") == []


@pytest.mark.parametrize(
    ("shapes", "crs", "reading"),
    [
        (GRID[:, ::-1], "EPSG:6668", "with x and y exchanged"),
        (plane(GRID)[:, ::-1], "EPSG:6670", "with x and y exchanged"),
        (plane(GRID), "EPSG:6671", "as JGD2011 plane rectangular CS 2 (EPSG:6670)"),
        (plane(GRID, "EPSG:30162"), "EPSG:30165", "as Tokyo datum plane rectangular CS 2"),
        (plane(GRID)[:, ::-1], "EPSG:6677", "plane rectangular CS 2 (EPSG:6670) with x and y"),
        (plane(GRID), "EPSG:6668", "as JGD2011 plane rectangular CS 2 (EPSG:6670)"),
        (plane(GRID) * 1000, "EPSG:6670", "in millimetres"),
        (GRID * 3600, "EPSG:6668", "in seconds"),
        (GRID * 1e6, "EPSG:6668", "in millionths of a degree"),
    ],
)
def test_a_slip_of_a_whole_source_is_one_error_with_the_reading_that_fits(shapes, crs, reading):
    (finding,) = checked(shapes, crs)
    assert (finding.code, finding.severity) == ("position-misread", "error")
    assert reading in finding.message_en
    assert (finding.count, finding.places) == (30, ())
    assert "nan" not in finding.line("ja") + finding.line("en")


def dms(degrees, scale):
    whole = np.round(degrees * 3600)
    degree, rest = np.divmod(whole, 3600)
    minute, second = np.divmod(rest, 60)
    return (degree * 10_000 + minute * 100 + second) / scale


@pytest.mark.parametrize(
    ("scale", "reading"),
    [(1, "as degreesminutesseconds"), (10_000, "as degrees.minutesseconds")],
)
def test_degrees_minutes_and_seconds_written_as_a_number_are_recognised(scale, reading):
    """33°53′ written 33.53 lies 39 km south of itself."""
    (finding,) = checked(dms(GRID, scale))
    assert finding.code == "position-misread"
    assert reading in finding.message_en


def test_some_rows_exchanged_are_one_finding_that_lists_them():
    mixed = GRID.copy()
    mixed[[3, 7, 8]] = mixed[[3, 7, 8], ::-1]
    (finding,) = checked(mixed)
    assert finding.code == "position-misread"
    assert [place.row for place in finding.places] == [5, 9, 10]


def test_a_park_far_out_at_sea_is_a_warning_with_row_place_and_distance():
    (finding,) = checked([*GRID, (129.9, 34.2)])
    assert (finding.code, finding.severity, finding.row) == ("position-far", "warning", 32)
    assert finding.value == "129.900000, 34.200000"
    assert "76 km" in finding.message_ja


def test_a_record_in_another_city_is_told_which():
    (finding,) = checked([*GRID, (134.0466, 34.3428)])
    assert "高松市" in finding.message_ja


@pytest.mark.parametrize("place", [(0, 0), (126.98, 50.5), (116.4, 39.9), (-17006, 99882)])
def test_a_place_outside_japan_is_an_error_with_row_and_value(place):
    (finding,) = checked([*GRID, place])
    assert (finding.code, finding.severity, finding.row) == ("coordinate-outside", "error", 32)
    assert finding.value == f"{place[0]:.6f}, {place[1]:.6f}"


def test_a_place_in_a_geometry_file_is_named_as_a_feature():
    (finding,) = checked([*GRID, (0, 0)], file="a.geojson")
    assert (finding.row, finding.feature) == (None, "32")


def test_many_places_outside_are_one_finding():
    (finding,) = checked([*GRID, *[(0, 0)] * 25])
    assert (finding.code, finding.count, len(finding.places)) == ("coordinate-outside", 25, 25)


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("473821", (122.93, 24.45)),
        ("134210", (136.07, 20.42)),
        ("134210", (153.98, 24.29)),
        ("016987", (146.5, 43.95)),
    ],
)
def test_the_four_ends_of_japan_are_inside(code, place):
    municipality = Municipality.model_construct(code=code, name=CITY.name, crs="")
    codes = {finding.code for finding in checked([place], municipality=municipality)}
    assert codes <= {"position-far"}


def test_a_wrong_zone_on_the_old_datum_is_not_also_outside_the_grid():
    (finding,) = checked(plane(GRID, "EPSG:30162"), "EPSG:30161")
    assert finding.code == "position-misread"


def test_what_the_grid_does_not_cover_is_told_by_its_own_coordinates():
    (finding,) = checked([*GRID, (126.0, 30.0)], "EPSG:4301")
    assert (finding.code, finding.value) == ("datum-outside-grid", "126.000000, 30.000000")


def test_an_area_that_leaves_the_grid_is_one_finding(read, tmp_path):
    reaches_sea = Polygon([(130.8, 34.6), (130.9, 33.85), (130.8, 33.85)])
    shapes = [box(130.8, 33.8, 130.85, 33.85), reaches_sea]
    gpd.GeoSeries(shapes, crs="EPSG:4301").to_file(tmp_path / "a.gpkg")
    (finding,) = read("a.gpkg").findings
    assert (finding.code, finding.feature, finding.count) == ("datum-outside-grid", "2", 1)


def test_a_declared_zone_against_the_files_own_is_one_finding(read, tmp_path):
    shapes = [Point(*xy) for xy in plane(GRID, "EPSG:30162")]
    gpd.GeoSeries(shapes, crs="EPSG:30162").to_file(tmp_path / "a.shp", encoding="utf-8")
    findings = read("a.shp", crs="EPSG:30161").findings
    assert [f.code for f in findings if f.severity != "info"] == ["position-misread"]


@pytest.mark.parametrize("default", ["", "EPSG:999999", "nonsense", "EPSG:6668"])
def test_a_municipality_without_a_usable_crs_of_its_own_does_not_matter(default):
    city = CITY.model_copy(update={"crs": default})
    (finding,) = checked(plane(GRID), "EPSG:6668", municipality=city)
    assert "plane rectangular CS 2 (EPSG:6670)" in finding.message_en


def test_one_vertex_astray_is_seen_in_a_line_and_an_area():
    road = LineString([GRID[0], GRID[7], (0.0, 0.0)])
    findings = checked([road, box(*GRID[0], *GRID[7])], columns=None)
    assert [(f.code, f.row) for f in findings] == [("coordinate-outside", 2)]


def test_records_without_a_place_are_none_of_this_checks_business():
    assert checked([*GRID[:3], Point(), Point()]) == []


def test_a_heading_x_declared_as_easting_is_doubted_unless_it_fits():
    doubtful = [f.code for f in checked([(98500.0, 5000.0)] * 3, "EPSG:6670", SURVEY)]
    assert "axis-headings" in doubtful
    assert checked(plane(GRID), "EPSG:6670", SURVEY) == []


@settings(max_examples=40)
@given(st.integers(0, 18), st.integers(0, 18), st.booleans())
def test_any_other_zone_is_found_out(true, declared, exchanged):
    zones = plane_zones("JGD2011")
    xy = plane(GRID, zones[true])
    findings = checked(xy[:, ::-1] if exchanged else xy, zones[declared])
    if true == declared and not exchanged:
        assert findings == []
    elif findings:
        (finding,) = findings
        assert finding.code == "position-misread"
        assert true == declared or zones[true] in finding.message_en
    else:  # too near to tell from the true place
        assert np.abs(plane(GRID, zones[declared]) - xy).max() < 20_000
