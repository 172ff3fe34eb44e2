"""Coordinate systems: every way to JGD2011 against values that PROJ did not compute."""

import math
from importlib import resources

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Geod, Transformer
from shapely.geometry import Point
from tky2jgd import bilinear, load_parameter

from pipeline.errors import SourceError
from pipeline.sources import tokyo
from pipeline.sources.table import CANONICAL_CRS

ORIGINS = {"EPSG:6670": (131.0, 33.0), "EPSG:6671": (132 + 10 / 60, 36.0)}
"""Origins of plane rectangular systems II and III (平成14年国土交通省告示第9号)."""
GRS80 = Geod(ellps="GRS80")


def plane_rectangular(lon, lat, origin):
    """Project by 河瀬 (2011), the series GSI publishes; returns northing x and easting y, metres.

    国土地理院「平面直角座標への換算」の計算式。
    """
    a, flattening, scale = 6378137.0, 298.257222101, 0.9999
    n = 1 / (2 * flattening - 1)
    big_a = [1 + n**2 / 4 + n**4 / 64, -3 / 2 * (n - n**3 / 8 - n**5 / 64)]
    big_a += [15 / 16 * (n**2 - n**4 / 4), -35 / 48 * (n**3 - 5 / 16 * n**5)]
    big_a += [315 / 512 * n**4, -693 / 1280 * n**5]
    alpha = [
        n / 2 - 2 / 3 * n**2 + 5 / 16 * n**3 + 41 / 180 * n**4 - 127 / 288 * n**5,
        13 / 48 * n**2 - 3 / 5 * n**3 + 557 / 1440 * n**4 + 281 / 630 * n**5,
        61 / 240 * n**3 - 103 / 140 * n**4 + 15061 / 26880 * n**5,
        49561 / 161280 * n**4 - 179 / 168 * n**5,
        34729 / 80640 * n**5,
    ]
    lon0, lat0 = map(math.radians, origin)
    phi, delta = math.radians(lat), math.radians(lon) - lon0
    radius = scale * a / (1 + n)
    arc = radius * (big_a[0] * lat0 + sum(big_a[j] * math.sin(2 * j * lat0) for j in range(1, 6)))
    e = 2 * math.sqrt(n) / (1 + n)
    t = math.sinh(math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi)))
    xi = math.atan2(t, math.cos(delta))
    eta = math.atanh(math.sin(delta) / math.hypot(1, t))
    series = list(enumerate(alpha, start=1))
    x = xi + sum(k * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, k in series)
    y = eta + sum(k * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, k in series)
    return radius * big_a[0] * x - arc, radius * big_a[0] * y


@pytest.fixture
def geojson_in(tmp_path):
    """Write points given in any CRS into a GeoPackage that names it, or no CRS."""

    def write(points, crs, name="p.gpkg"):
        gpd.GeoDataFrame({"a": ["x"] * len(points)}, geometry=points, crs=crs).to_file(
            tmp_path / name
        )
        return name

    return write


def distance_m(one, other):
    return GRS80.inv(*one, *other)[2]


def test_the_formula_of_this_test_agrees_with_an_origin():
    assert plane_rectangular(131.0, 33.0, ORIGINS["EPSG:6670"]) == pytest.approx((0, 0), abs=1e-6)


@pytest.mark.parametrize("crs", ORIGINS)
@pytest.mark.parametrize(
    "place", [(130.818836, 33.901292), (130.814440, 33.902258), (130.9407, 33.9578)]
)
def test_plane_rectangular_systems_two_and_three(read, geojson_in, crs, place):
    northing, easting = plane_rectangular(*place, ORIGINS[crs])
    table = read(geojson_in([Point(easting, northing)], crs))
    point = table.frame.geometry.iloc[0]
    assert distance_m((point.x, point.y), place) < 0.001
    assert table.frame.crs.to_string() == CANONICAL_CRS
    assert (table.facts.crs, table.facts.accuracy_m) == (crs, 0.0)


def test_jgd2000_is_jgd2011_in_kyushu(read, geojson_in):
    table = read(geojson_in([Point(130.8, 33.9)], "EPSG:4612"))
    point = table.frame.geometry.iloc[0]
    assert distance_m((point.x, point.y), (130.8, 33.9)) < 0.001
    assert table.findings == []


def test_jgd2000_in_the_east_is_reported_as_not_moved(read, geojson_in):
    table = read(geojson_in([Point(140.87, 38.27)], "EPSG:4612"))
    assert "transform-2011" in [f.code for f in table.findings]


# ---- Tokyo datum


@pytest.fixture(scope="module")
def gsi():
    """Lend the package's own interpolation: latitude, longitude in; seconds out."""
    load_parameter(str(resources.files("tky2jgd") / "data" / "TKY2JGD.par"))
    return bilinear


@pytest.mark.parametrize(("lon", "lat"), [(130.83, 33.90), (130.95, 33.96), (139.75, 35.68)])
def test_tokyo_datum_goes_through_the_grid(read, geojson_in, gsi, lon, lat):
    table = read(geojson_in([Point(lon, lat)], "EPSG:4301"))
    shift_lat, shift_lon = gsi(lat, lon)
    expected = (lon + shift_lon / 3600, lat + shift_lat / 3600)
    point = table.frame.geometry.iloc[0]
    assert distance_m((point.x, point.y), expected) < 0.01
    assert table.facts.operation.startswith("TKY2JGD")


def test_without_the_grid_kitakyushu_would_be_metres_off(read, geojson_in):
    """What PROJ alone does, and the reason why the grid is not optional."""
    lon, lat = 130.83, 33.90
    naive = Transformer.from_crs("EPSG:4301", "EPSG:6668", always_xy=True).transform(lon, lat)
    point = read(geojson_in([Point(lon, lat)], "EPSG:4301")).frame.geometry.iloc[0]
    assert 1.0 < distance_m((point.x, point.y), naive) < 10.0


@pytest.mark.parametrize("old", ["EPSG:30162", "EPSG:30163"])
def test_plane_coordinates_on_the_tokyo_datum_go_through_the_grid_too(read, geojson_in, old):
    geographic = gpd.GeoSeries([Point(130.83, 33.90)], crs="EPSG:4301")
    plane = geographic.to_crs(old).iloc[0]
    direct = read(geojson_in([Point(130.83, 33.90)], "EPSG:4301")).frame.geometry.iloc[0]
    table = read(geojson_in([plane], old, "q.gpkg"))
    point = table.frame.geometry.iloc[0]
    assert distance_m((point.x, point.y), (direct.x, direct.y)) < 0.001


def test_positions_the_grid_does_not_cover_are_refused(read, geojson_in):
    table = read(geojson_in([Point(130.83, 33.90), Point(126.0, 30.0)], "EPSG:4301"))
    (finding,) = table.findings
    assert (finding.code, finding.severity, finding.feature) == ("datum-outside-grid", "error", "2")


def test_the_edge_of_the_grid_is_outside_rather_than_wrong():
    lon, lat = tokyo.to_jgd2000(np.array([119.9, 155.1, 130.8]), np.array([33.9, 33.9, 19.9]))
    assert np.isnan(lon).all()
    assert np.isnan(lat).all()


@pytest.mark.real
def test_the_grid_agrees_with_one_that_proj_reads(real):
    """An NTv2 grid of the region, made from GSI's parameters by others, applied by PROJ."""
    (grid,) = (real / "tky2jgd").glob("*.gsb")
    lon, lat = np.random.default_rng(1).uniform((130.6, 33.7), (131.0, 33.95), (500, 2)).T
    by_proj = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"+step +proj=hgridshift +grids={grid.resolve()} "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    ).transform(lon, lat)
    ours = tokyo.to_jgd2000(lon, lat)
    on_land = ~np.isnan(ours[0])
    assert on_land.sum() > 200
    apart = GRS80.inv(ours[0][on_land], ours[1][on_land], by_proj[0][on_land], by_proj[1][on_land])
    assert max(apart[2]) < 0.001


# ---- which CRS


def write_csv(tmp_path):
    (tmp_path / "p.csv").write_text("x,y\n130.8,33.9\n", encoding="utf-8")
    return "p.csv"


def test_an_unknown_crs_is_refused_with_an_example(read, tmp_path):
    at = {"x": "x", "y": "y", "crs": "EPSG:99999"}
    with pytest.raises(SourceError) as caught:
        read(write_csv(tmp_path), geometry=at, encoding="utf-8")
    (finding,) = caught.value.findings
    assert (finding.code, finding.file, finding.value) == ("crs-unknown", "p.csv", "EPSG:99999")
    assert "EPSG:6670" in finding.remedy_ja


def test_a_crs_nobody_names_is_never_guessed(read, tmp_path):
    with pytest.raises(SourceError) as caught:
        read(write_csv(tmp_path), default_crs="", geometry={"x": "x", "y": "y"})
    assert [f.code for f in caught.value.findings] == ["crs-missing"]


def test_the_municipalitys_crs_is_used_and_said(read, tmp_path):
    table = read(write_csv(tmp_path), geometry={"x": "x", "y": "y"}, encoding="utf-8")
    assert [(f.code, f.value) for f in table.findings] == [("crs-from-municipality", "EPSG:6668")]


def test_a_declared_crs_that_contradicts_the_prj_is_used_and_reported(read, tmp_path, points):
    points({"a": ["x"]}, crs="EPSG:6668").to_file(tmp_path / "p.shp")
    table = read("p.shp", crs="EPSG:4301")
    assert [f.code for f in table.findings] == ["crs-disagrees"]
    assert table.facts.crs == "EPSG:4301"


def test_a_prj_in_esris_spelling_agrees_with_its_code(read, tmp_path, points):
    points({"a": ["x"]}, crs="EPSG:6668").to_crs("EPSG:6670").to_file(tmp_path / "p.shp")
    assert read("p.shp", crs="EPSG:6670").findings == []


def test_a_missing_prj_falls_back_to_the_municipality(read, tmp_path, points):
    points({"a": ["x"]}, crs="EPSG:6668").to_crs("EPSG:6670").to_file(tmp_path / "p.shp")
    (tmp_path / "p.prj").unlink()
    table = read("p.shp", default_crs="EPSG:6670")
    assert table.frame.geometry.iloc[0].x == pytest.approx(130.818836)
    assert [f.code for f in table.findings] == ["crs-from-municipality"]


@pytest.mark.parametrize(("x", "y"), [("x", "y"), ("y", "x")])
def test_degrees_are_not_read_as_metres(read, tmp_path, x, y):
    """Read in metres they would all lie at the origin of the system, inside Japan."""
    with pytest.raises(SourceError) as caught:
        read(write_csv(tmp_path), default_crs="EPSG:6670", geometry={"x": x, "y": y})
    (finding,) = caught.value.findings
    assert (finding.code, finding.file) == ("coordinates-in-degrees", "p.csv")
    assert "EPSG:6668" in finding.remedy_ja


def test_metres_near_an_origin_are_still_metres(read, tmp_path):
    (tmp_path / "p.csv").write_text("x,y\n130.8,33.9\n-5000,20\n", encoding="utf-8")
    table = read("p.csv", encoding="utf-8", geometry={"x": "x", "y": "y", "crs": "EPSG:6670"})
    assert table.frame.geometry.iloc[0].x == pytest.approx(131.0014, abs=1e-4)
