"""GeoJSON, GeoPackage, KML, GML: what each may hold that a table of points does not."""

import datetime as dt
import json

import pandas as pd
import pytest

from pipeline.errors import SourceError

PLACE = {"type": "Point", "coordinates": [130.8, 33.9]}


@pytest.fixture
def geojson(tmp_path):
    def write(*features, encoding="utf-8", **members):
        records = [
            {"type": "Feature", "properties": properties, "geometry": geometry}
            for properties, geometry in features
        ]
        document = {"type": "FeatureCollection", "features": records} | members
        text = json.dumps(document, ensure_ascii=False)
        (tmp_path / "a.geojson").write_bytes(text.encode(encoding))
        return "a.geojson"

    return write


def refused(read, *arguments, **declared):
    with pytest.raises(SourceError) as caught:
        read(*arguments, **declared)
    (finding,) = caught.value.findings
    return finding


def test_geojson_in_another_encoding_is_refused(read, geojson):
    finding = refused(read, geojson(({"名称": "公園"}, PLACE), encoding="cp932"))
    assert (finding.code, finding.file) == ("geojson-not-utf8", "a.geojson")


def test_geojson_may_begin_with_a_byte_order_mark(read, geojson):
    table = read(geojson(({"名称": "公園"}, PLACE), encoding="utf-8-sig"))
    assert table.frame["名称"].tolist() == ["公園"]


def test_geojson_is_wgs84_unless_it_says_otherwise(read, geojson):
    assert read(geojson(({"a": "x"}, PLACE))).facts.crs == "EPSG:4326"


def test_the_old_crs_member_is_believed(read, geojson):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6670"}}
    plane = {"type": "Point", "coordinates": [-17006.0, 99882.0]}
    table = read(geojson(({"a": "x"}, plane), crs=crs))
    assert table.facts.crs == "EPSG:6670"
    assert 33.8 < table.frame.geometry.iloc[0].y < 34.0


def test_mixed_kinds_of_geometry_are_one_table(read, geojson):
    line = {"type": "LineString", "coordinates": [[130.8, 33.9], [130.9, 33.9]]}
    many = {"type": "MultiPoint", "coordinates": [[130.8, 33.9], [130.9, 33.9]]}
    table = read(geojson(({"a": "1"}, PLACE), ({"a": "2"}, line), ({"a": "3"}, many)))
    assert table.frame.geometry.geom_type.tolist() == ["Point", "LineString", "MultiPoint"]


def test_values_made_of_parts_become_json_text(read, geojson):
    table = read(geojson(({"設備": {"便所": 2}, "種別": ["近隣", "街区"]}, PLACE)))
    assert table.frame["設備"].tolist() == ['{"便所": 2}']
    assert table.frame["種別"].tolist() == ['["近隣", "街区"]']


def test_a_property_called_geometry_is_not_lost_to_the_shape(read, geojson):
    table = read(geojson(({"geometry": "点"}, PLACE)))
    assert table.frame["geometry.2"].tolist() == ["点"]
    assert table.frame.geometry.iloc[0].x == 130.8
    assert [f.code for f in table.findings] == ["column-repeated"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "source-empty"),
        (b'{"type": "FeatureCollection", "features": []}', "source-empty"),
        (b'{"type": "FeatureCollection", "features": [{"ty', "source-unreadable"),
        (b"<html>not found</html>", "source-unreadable"),
    ],
)
def test_files_without_anything_readable_are_refused(read, tmp_path, content, code):
    (tmp_path / "a.geojson").write_bytes(content)
    finding = refused(read, "a.geojson")
    assert finding.code == code
    assert str(tmp_path) not in finding.message_en


# ---- GeoPackage


def test_yes_and_no_stay_so_beside_missing_values(read, tmp_path, points):
    frame = points({"b": pd.array([True, False, None], dtype="boolean")})
    frame.to_file(tmp_path / "a.gpkg")
    assert read("a.gpkg").frame["b"].tolist() == [True, False, pd.NA]


def test_dates_are_iso_8601(read, tmp_path, points):
    points({"d": [dt.date(1989, 1, 8), None]}).to_file(tmp_path / "a.gpkg")
    assert read("a.gpkg").frame["d"].iloc[0] == "1989-01-08"


def test_a_missing_table_is_named_and_the_others_listed(read, tmp_path, points):
    points({"a": ["x"]}).to_file(tmp_path / "a.gpkg", layer="公園")
    finding = refused(read, "a.gpkg", table="道路")
    assert (finding.code, finding.sheet) == ("sheet-missing", "道路")
    assert "公園" in finding.remedy_ja


def test_the_first_table_is_taken_and_the_others_named(read, tmp_path, points):
    for layer in ("公園", "道路"):
        points({"a": [layer]}).to_file(tmp_path / "a.gpkg", layer=layer)
    table = read("a.gpkg")
    assert table.frame["a"].tolist() == ["公園"]
    assert [(f.code, f.sheet) for f in table.findings] == [("sheet-assumed", "公園")]


def test_a_table_without_geometry_is_refused(read, tmp_path, points):
    frame = points({"a": ["x"]})
    frame.to_file(tmp_path / "a.gpkg", layer="公園")
    from pyogrio import write_dataframe

    write_dataframe(pd.DataFrame({"a": ["x"]}), tmp_path / "a.gpkg", layer="表")
    assert refused(read, "a.gpkg", table="表").code == "geometry-none"


# ---- KML, GML


def test_kml_is_read(read, tmp_path):
    (tmp_path / "a.kml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        "<Document><Placemark><name>①公園</name><Point><coordinates>130.8,33.9,5</coordinates>"
        "</Point></Placemark></Document></kml>",
        encoding="utf-8",
    )
    table = read("a.kml")
    assert table.frame["Name"].tolist() == ["①公園"]
    assert table.frame.geometry.iloc[0].wkt == "POINT (130.8 33.9)"


def test_gml_with_latitude_first_is_read_and_leaves_no_file_behind(read, tmp_path):
    (tmp_path / "a.gml").write_text(
        '<?xml version="1.0" encoding="utf-8"?><o:FeatureCollection xmlns:o="http://x.jp/"'
        ' xmlns:gml="http://www.opengis.net/gml/3.2"><o:featureMember><o:k gml:id="k.0">'
        '<o:place><gml:Point srsName="urn:ogc:def:crs:EPSG::6668" gml:id="g0">'
        "<gml:pos>33.9 130.8</gml:pos></gml:Point></o:place><o:name>公園</o:name></o:k>"
        "</o:featureMember></o:FeatureCollection>",
        encoding="utf-8",
    )
    assert read("a.gml").frame.geometry.iloc[0].wkt == "POINT (130.8 33.9)"
    assert [p.name for p in tmp_path.iterdir()] == ["a.gml"]
