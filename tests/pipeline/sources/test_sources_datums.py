"""A datum known by its ellipsoid alone, whichever way a source says its CRS; names that stay."""

import geopandas as gpd
import pyogrio
import pytest
from pyproj import CRS, Geod
from shapely.geometry import Point

from pipeline.errors import SourceError
from pipeline.sources.crs import operation_to_canonical
from pipeline.sources.datums import crs_title, datum_of, plane_zones

GEOD = Geod(ellps="GRS80")
SPHEROIDS = {
    "bessel": 'SPHEROID["Bessel_1841",6377397.155,299.1528128]',
    "grs80": 'SPHEROID["GRS_1980",6378137.0,298.257222101]',
    "wgs84": 'SPHEROID["WGS_1984",6378137.0,298.257223563]',
    "clarke": 'SPHEROID["Clarke_1866",6378206.4,294.9786982]',
}


def degrees(spheroid, datum, shift=""):
    return (
        f'GEOGCS["g",DATUM["{datum}",{SPHEROIDS[spheroid]}{shift}],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    )


def plane(spheroid, datum, shift=""):
    return (
        f'PROJCS["p",{degrees(spheroid, datum, shift)},PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",131.0],PARAMETER["Scale_Factor",0.9999],'
        'PARAMETER["Latitude_Of_Origin",33.0],UNIT["Meter",1.0]]'
    )


MERIDIANS = [
    round(60 * degree)
    for degree in (
        129.5,
        131,
        132 + 1 / 6,
        133.5,
        134 + 1 / 3,
        136,
        137 + 1 / 6,
        138.5,
        139 + 5 / 6,
    )
] + [round(60 * degree) for degree in (140 + 5 / 6, 140.25, 142.25, 144.25, 142, 127.5, 124, 131)]
MERIDIANS += [60 * 136, 60 * 154]
"""Minutes of longitude of the origins of systems I to XIX (平成14年国土交通省告示第9号)."""
NAMELESS = [
    "D_Bessel_1841",
    "unknown",
    "D_User_Defined",
    "Tokyo_Datum",
    "日本測地系",
    "D_Japan_Old",
]
WAYS = [".prj", ".gpkg", "declared"]


@pytest.fixture
def located(tmp_path, read):
    """Read one point from a file that says its CRS in one of several ways."""

    def reader(x, y, wkt, way=".prj"):
        frame = gpd.GeoDataFrame({"a": ["x"]}, geometry=[Point(x, y)])
        if way == "declared":
            (tmp_path / "p.csv").write_text(f"a,x,y\nx,{x},{y}\n", encoding="utf-8")
            return read("p.csv", geometry={"x": "x", "y": "y", "crs": wkt})
        name = {".prj": "p.shp", ".gpkg": "p.gpkg"}[way]
        pyogrio.write_dataframe(frame.set_crs(CRS.from_wkt(wkt)), tmp_path / name)
        if way == ".prj":
            (tmp_path / "p.prj").write_text(wkt, encoding="utf-8")
        return read(name)

    return reader


def metres(table, lon, lat):
    point = table.frame.geometry.iloc[0]
    return GEOD.inv(point.x, point.y, lon, lat)[2]


@pytest.mark.parametrize("name", NAMELESS)
@pytest.mark.parametrize("way", WAYS)
def test_a_bessel_ellipsoid_is_the_tokyo_datum_whoever_says_it(located, way, name):
    x, y = -17500.0, 98500.0
    table = located(x, y, plane("bessel", name), way)
    true = located(x, y, "EPSG:30162", "declared").frame.geometry.iloc[0]
    assert metres(table, true.x, true.y) < 0.01
    assert table.facts.operation.startswith("TKY2JGD")


GML = (
    '<c xmlns:gml="http://www.opengis.net/gml" xmlns="t"><gml:featureMember><p><a>x</a><g>'
    '<gml:Point srsName="urn:ogc:def:crs:EPSG::4301"><gml:pos>33.88 130.8</gml:pos></gml:Point>'
    "</g></p></gml:featureMember></c>"
)
GEOJSON = (
    '{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":'
    '"urn:ogc:def:crs:EPSG::4301"}},"features":[{"type":"Feature","properties":{"a":"x"},'
    '"geometry":{"type":"Point","coordinates":[130.8,33.88]}}]}'
)


@pytest.mark.parametrize(("name", "text"), [("p.gml", GML), ("p.geojson", GEOJSON)])
def test_the_tokyo_datum_by_srs_name_and_by_crs_member_goes_through_the_grid(
    located, read, tmp_path, name, text
):
    (tmp_path / name).write_text(text, encoding="utf-8")
    table = read(name)
    true = located(130.8, 33.88, "EPSG:4301", "declared").frame.geometry.iloc[0]
    assert metres(table, true.x, true.y) < 0.01
    assert table.facts.operation.startswith("TKY2JGD")


def test_what_the_ellipsoid_decided_is_said(located):
    codes = [f.code for f in located(-17500.0, 98500.0, plane("bessel", "unknown")).findings]
    assert "datum-by-ellipsoid" in codes


@pytest.mark.parametrize("spheroid", ["grs80", "wgs84"])
def test_a_modern_ellipsoid_without_a_datum_is_jgd2011_and_is_said(located, spheroid):
    table = located(130.8, 33.9, degrees(spheroid, "D_Custom"))
    assert metres(table, 130.8, 33.9) < 0.01
    assert [f.code for f in table.findings if f.severity == "warning"] == ["datum-by-ellipsoid"]


def test_shift_parameters_that_a_file_carries_do_not_replace_the_grid(located):
    shift = ",TOWGS84[-146.414,507.337,680.507,0,0,0,0]"
    table = located(130.8, 33.88, degrees("bessel", "unknown", shift))
    true = located(130.8, 33.88, "EPSG:4301", "declared").frame.geometry.iloc[0]
    assert metres(table, true.x, true.y) < 0.01


def test_a_shape_of_the_earth_that_nobody_used_in_japan_is_refused(located):
    findings = located(130.8, 33.9, degrees("clarke", "D_Nobody")).findings
    assert ("transform-ballpark", "error") in [(f.code, f.severity) for f in findings]


@pytest.mark.parametrize(("spheroid", "datum"), [("bessel", "D_JGD_2011"), ("grs80", "D_Tokyo")])
def test_a_datum_with_the_ellipsoid_of_another_is_refused(located, spheroid, datum):
    with pytest.raises(SourceError) as refused:
        located(130.8, 33.9, degrees(spheroid, datum), "declared")
    assert [f.code for f in refused.value.findings] == ["datum-contradictory"]


@pytest.mark.parametrize(
    ("code", "name"),
    [(6670, "JGD2011"), (2444, "JGD2000"), (30162, "Tokyo"), (3857, "WGS84"), (6697, "JGD2011")],
)
def test_codes_have_the_datum_of_our_table(code, name):
    found = datum_of(CRS.from_epsg(code))
    assert (found.name, found.assumed, found.contradicts) == (name, False, False)


def test_no_name_of_the_registry_reaches_an_operation():
    """EPSG renames: what it calls JGD2011 today it may call otherwise tomorrow."""
    said = {operation_to_canonical(CRS.from_epsg(c)).name for c in (6668, 6670, 2444, 4326, 30162)}
    assert said == {
        "JGD2011",
        "JGD2000 to JGD2011",
        "WGS 84 to JGD2011",
        "TKY2JGD Ver.2.1.1 + JGD2000 to JGD2011",
    }


def test_a_datum_renamed_in_the_registry_is_still_ours():
    renamed = (
        CRS.from_epsg(6668)
        .to_wkt()
        .replace("Japanese Geodetic Datum 2011", "Japanese Geodetic Datum 2024")
    )
    found = datum_of(CRS.from_wkt(renamed))
    assert (found.name, found.assumed) == ("JGD2011", False)


@pytest.mark.parametrize("datum", ["JGD2011", "JGD2000", "Tokyo"])
def test_titles_of_the_nineteen_zones_agree_with_their_origins(datum):
    """The zones' central meridians as PROJ has them go with the numbers of our names."""
    for number, code in enumerate(plane_zones(datum), start=1):
        assert crs_title(code, "ja").endswith(f"第{number}系")
        meridian = CRS.from_user_input(code).coordinate_operation.params[1].value
        assert round(meridian * 60) == MERIDIANS[number - 1]
