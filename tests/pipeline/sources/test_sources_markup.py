"""KML and GML: names and values as written, nothing fetched, nothing left beside the file."""

import contextlib
import http.server
import threading

import pytest

from pipeline.confined import Limits, confined
from pipeline.errors import SourceError
from pipeline.sources.gdal import ENVIRONMENT

GML = (
    '<?xml version="1.0" encoding="utf-8"?><o:FeatureCollection xmlns:o="http://x.jp/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:gml="http://www.opengis.net/gml/3.2" {root}>{body}</o:FeatureCollection>'
)
ONE = (
    '<o:featureMember><o:k gml:id="k.{n}"><o:place><gml:Point srsName="{crs}"'
    ' gml:id="g{n}"><gml:pos>33.9 130.8</gml:pos></gml:Point></o:place>{values}</o:k>'
    "</o:featureMember>"
)
JGD2011 = "urn:ogc:def:crs:EPSG::6668"


def gml(*values, root="", crs=JGD2011):
    body = "".join(ONE.format(n=n, values=v, crs=crs) for n, v in enumerate(values))
    return GML.format(root=root, body=body)


def kml(*placemarks):
    placed = "".join(
        f"<Placemark><name>{n}</name><ExtendedData>{p}</ExtendedData>"
        "<Point><coordinates>130.8,33.9</coordinates></Point></Placemark>"
        for n, p in enumerate(placemarks)
    )
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{placed}</Document></kml>'


def data(**values):
    return "".join(f'<Data name="{k}"><value>{v}</value></Data>' for k, v in values.items())


@pytest.fixture
def put(tmp_path):
    def write(name, text, encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return name

    return write


def refused(read, name):
    with pytest.raises(SourceError) as caught:
        read(name)
    (finding,) = caught.value.findings
    return finding


def test_japanese_names_of_kml_columns_stay_apart(read, put):
    table = read(put("a.kml", kml(data(住所="一丁目", 電話="093", 備考="-"), data(電話="094"))))
    assert table.frame["住所"].fillna("").tolist() == ["一丁目", ""]
    assert table.frame["電話"].tolist() == ["093", "094"]
    assert table.findings == []


def test_kml_values_are_text_as_written(read, put):
    schema = (
        '<Schema name="s" id="s"><SimpleField name="コード" type="int"/></Schema>'
        '<Placemark><ExtendedData><SchemaData schemaUrl="#s"><SimpleData name="コード">0012'
        "</SimpleData></SchemaData></ExtendedData><Point><coordinates>130.8,33.9</coordinates>"
        "</Point></Placemark>"
    )
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{schema}</Document></kml>'
    assert read(put("a.kml", text)).frame["コード"].tolist() == ["0012"]


def test_a_kml_column_twice_in_one_place_is_reported_and_both_kept(read, put):
    table = read(put("a.kml", kml(data(住所="一") + data(住所="二"))))
    assert table.frame["住所"].tolist() == ["一"]
    assert table.frame["住所.2"].tolist() == ["二"]
    assert [(f.code, f.field) for f in table.findings] == [("column-repeated", "住所")]


def test_a_kml_column_called_like_one_of_kml_itself_is_kept(read, put):
    table = read(put("a.kml", kml(data(Name="別名", geometry="点"))))
    assert table.frame["Name"].tolist() == ["0"]
    assert table.frame["Name.2"].tolist() == ["別名"]


def test_gml_codes_keep_their_zeros_and_a_dash_is_a_dash(read, put):
    table = read(put("a.gml", gml("<o:市コード>012025</o:市コード>", "<o:市コード>-</o:市コード>")))
    assert table.frame["市コード"].tolist() == ["012025", "-"]


def test_a_description_beside_a_gml_changes_nothing_and_none_is_left(read, put, tmp_path):
    name = put("a.gml", gml("<o:c>012025</o:c>"))
    (tmp_path / "a.gfs").write_text(
        "<GMLFeatureClassList><GMLFeatureClass><Name>k</Name><ElementPath>k</ElementPath>"
        "<GeometryElementPath>place</GeometryElementPath><PropertyDefn><Name>c</Name>"
        "<ElementPath>c</ElementPath><Type>Integer</Type></PropertyDefn></GMLFeatureClass>"
        "</GMLFeatureClassList>"
    )
    assert read(name).frame["c"].tolist() == ["012025"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gfs", "a.gml"]


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-16", "utf-8-sig"])
def test_xml_in_the_encoding_it_names_is_read(read, put, encoding):
    named = {"cp932": "Shift_JIS", "euc_jp": "EUC-JP"}.get(encoding, encoding[:6])
    text = gml("<o:名称>①公園</o:名称>" if encoding == "cp932" else "<o:名称>公園</o:名称>")
    table = read(put("a.gml", text.replace('"utf-8"', f'"{named}"'), encoding))
    assert table.frame["名称"].iloc[0].endswith("公園")


def test_xml_that_pulls_in_other_files_is_refused(read, put):
    text = kml("&x;").replace("<kml", '<!DOCTYPE kml [<!ENTITY x SYSTEM "/etc/hostname">]><kml')
    finding = refused(read, put("a.kml", text))
    assert finding.code == "source-unreadable"
    assert "DOCTYPE" in finding.message_ja


def test_xml_cut_short_says_so(read, put):
    finding = refused(read, put("a.kml", kml(data(a="1"))[:-60]))
    assert "途中で切れています" in finding.message_ja


def test_xml_nested_without_end_is_refused(read, put):
    finding = refused(read, put("a.kml", "<kml>" + "<Folder>" * 5000))
    assert finding.code == "source-unreadable"


@contextlib.contextmanager
def listening():
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_no_address_in_a_gml_is_asked(read, put):
    with listening() as (address, asked):
        text = gml(
            f'<o:a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="{address}/x.gml#y"/>',
            root=f'xsi:schemaLocation="http://x.jp/ {address}/x.xsd"',
            crs=f"{address}/crs",
        )
        with contextlib.suppress(SourceError):
            read(put("a.gml", text))
    assert asked == []


@pytest.mark.parametrize("ending", ["geojson", "gml", "kml", "gpkg", "fgb", "shp", "csv", "xlsx"])
def test_a_file_that_names_other_files_is_not_opened_under_any_ending(read, put, ending):
    with listening() as (address, asked):
        text = (
            '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>'
            f"/vsicurl/{address}/x.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
        )
        finding = refused(read, put(f"a.{ending}", text))
    assert asked == []
    assert finding.code == "source-unreadable"


def test_gdal_has_no_driver_but_those_that_may_read():
    limits = Limits(2 << 30, 60)
    confined("pyogrio", "pipeline.sources.vector:require_own_drivers", (), limits, ENVIRONMENT)
