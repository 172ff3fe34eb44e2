"""Shapefiles as Japanese offices keep them: CP932, half characters, wrong marks, missing parts."""

import fiona
import geopandas as gpd
import pytest
from shapely.geometry import Point

from pipeline.errors import SourceError

NAMES = ["①番公園", "㈱髙﨑ビル", "～若松－"]
"""Characters that CP932 has and Shift_JIS lacks or maps otherwise."""


@pytest.fixture
def shapefile(tmp_path, points):
    """Write a Shapefile; without a .cpg unless one is given."""

    def write(columns, encoding="cp932", cpg=None, name="koen.shp", **options):
        points(columns).to_file(tmp_path / name, encoding=encoding, **options)
        (tmp_path / name).with_suffix(".cpg").unlink()
        if cpg is not None:
            (tmp_path / name).with_suffix(".cpg").write_bytes(cpg)
        return name

    return write


def codes(table):
    return [finding.code for finding in table.findings]


def refused(read, *arguments, **declared):
    with pytest.raises(SourceError) as caught:
        read(*arguments, **declared)
    (finding,) = caught.value.findings
    return finding


def test_cp932_without_cpg_is_assumed_and_said(read, shapefile):
    table = read(shapefile({"名称": NAMES}))
    assert list(table.frame["名称"]) == NAMES
    assert table.facts.encoding == "cp932"
    assert codes(table) == ["encoding-assumed"]


def test_a_declared_encoding_needs_no_remark(read, shapefile):
    table = read(shapefile({"名称": NAMES}), encoding="Shift_JIS")
    assert list(table.frame["名称"]) == NAMES
    assert table.findings == []


def test_a_lying_cpg_is_found_out(read, shapefile):
    table = read(shapefile({"名称": NAMES}, cpg=b"UTF-8"))
    assert list(table.frame["名称"]) == NAMES
    assert codes(table) == ["encoding-corrected"]


def test_a_cpg_of_utf8_with_byte_order_mark_is_understood(read, shapefile):
    table = read(shapefile({"名称": NAMES}, encoding="utf-8", cpg=b"\xef\xbb\xbfUTF-8\r\n"))
    assert list(table.frame["名称"]) == NAMES
    assert table.facts.encoding == "utf-8"
    assert table.findings == []


def test_utf8_without_cpg_is_not_garbled_into_cp932(read, shapefile):
    table = read(shapefile({"名称": NAMES}, encoding="utf-8"))
    assert list(table.frame["名称"]) == NAMES
    assert codes(table) == ["encoding-corrected"]


@pytest.mark.parametrize(("actual", "declared"), [("cp932", "utf-8"), ("utf-8", "cp932")])
def test_a_wrong_declared_encoding_is_refused_with_the_right_one(read, shapefile, actual, declared):
    path = shapefile({"名称": NAMES}, encoding=actual)
    finding = refused(read, path, encoding=declared)
    assert (finding.code, finding.file) == ("encoding-wrong", path)
    assert f"encoding: {actual}" in finding.remedy_ja


def test_an_encoding_nobody_knows_is_refused(read, shapefile):
    assert (
        refused(read, shapefile({"名称": NAMES}), encoding="sjis-win2").code == "encoding-unknown"
    )


def test_a_name_cut_in_the_middle_of_a_character_keeps_its_rest(read, tmp_path, shapefile):
    path = shapefile({"名称": ["あいうえ公園", "かき", "あいうえ公園"]})
    dbf = tmp_path / "koen.dbf"
    whole = "あいうえ公園".encode("cp932")
    dbf.write_bytes(dbf.read_bytes().replace(whole, whole[:-1] + b" "))
    table = read(path, encoding="cp932")
    assert list(table.frame["名称"]) == ["あいうえ公", "かき", "あいうえ公"]
    (finding,) = table.findings
    assert (finding.code, finding.count, finding.value) == ("text-cut", 2, "あいうえ公")


def test_bytes_that_are_no_character_empty_one_value_and_are_listed(read, tmp_path, shapefile):
    path = shapefile({"名称": ["あいう公園", *["一枝"] * 3]})
    dbf = tmp_path / "koen.dbf"
    dbf.write_bytes(dbf.read_bytes().replace("あい".encode("cp932"), b"\x82\x20\xff\x82"))
    table = read(path, encoding="cp932")
    assert table.frame["名称"].isna().tolist() == [True, False, False, False]
    assert codes(table) == ["text-undecodable"]


def test_japanese_column_names_are_decoded(read, shapefile):
    table = read(shapefile({"容積率": [100, 200]}), encoding="cp932")
    assert list(table.frame["容積率"]) == [100, 200]


def test_text_in_a_number_column_is_left_empty_not_zero(read, tmp_path, shapefile):
    path = shapefile({"人数": [120, 7, 80, 7]})
    dbf = tmp_path / "koen.dbf"
    raw = dbf.read_bytes()
    dbf.write_bytes(raw.replace(b"7".rjust(18), "不明".encode("cp932").rjust(18)))
    table = read(path, encoding="cp932")
    assert table.frame["人数"].isna().tolist() == [False, True, False, True]
    (finding,) = table.findings
    assert (finding.code, finding.feature) == ("number-unreadable", "2")
    assert (finding.field, finding.value, finding.count) == ("人数", "不明", 2)


def test_an_empty_number_is_missing_without_remark(read, shapefile):
    table = read(shapefile({"人数": [120.5, None, 80.0]}), encoding="cp932")
    assert table.frame["人数"].isna().tolist() == [False, True, False]
    assert table.findings == []


def test_two_columns_of_one_name_are_not_mixed_up(read, tmp_path, shapefile):
    path = shapefile({"AAA": ["1", "2"], "AAB": ["x", "y"], "N": [5, 6]})
    dbf = tmp_path / "koen.dbf"
    dbf.write_bytes(dbf.read_bytes().replace(b"AAB", b"AAA", 1))
    table = read(path, encoding="cp932")
    assert list(table.frame.columns) == ["N", "geometry"]
    assert [(f.code, f.field) for f in table.findings] == [("column-ambiguous", "AAA")]


@pytest.mark.parametrize("ending", [".dbf", ".shx"])
def test_a_missing_part_is_named(read, tmp_path, shapefile, ending):
    path = shapefile({"名称": NAMES})
    (tmp_path / path).with_suffix(ending).unlink()
    finding = refused(read, path)
    assert (finding.code, finding.value) == ("shapefile-part-missing", ending)


def test_endings_in_capital_letters_are_read_and_counted(read, tmp_path, shapefile):
    shapefile({"名称": NAMES})
    for part in list(tmp_path.glob("koen.*")):
        part.rename(tmp_path / f"KOEN{part.suffix.upper()}")
    table = read("KOEN.SHP", encoding="cp932")
    assert list(table.frame["名称"]) == NAMES
    assert table.facts.bytes == sum(p.stat().st_size for p in tmp_path.glob("KOEN.*"))


def test_a_name_that_differs_in_case_is_hinted_at(read, tmp_path, shapefile):
    shapefile({"名称": NAMES})
    finding = refused(read, "KOEN.shp")
    assert finding.code == "source-missing"
    assert "koen.shp" in finding.remedy_ja


def test_a_cut_off_file_is_refused_without_naming_this_machine(read, tmp_path, shapefile):
    path = shapefile({"名称": NAMES})
    (tmp_path / path).write_bytes((tmp_path / path).read_bytes()[:60])
    with pytest.raises(SourceError) as caught:
        read(path)
    assert {f.code for f in caught.value.findings} <= {"source-unreadable", "records-broken"}
    assert str(tmp_path) not in str(caught.value)


def test_a_shapefile_without_records_is_refused(read, tmp_path):
    schema = {"geometry": "Point", "properties": {"NAME": "str"}}
    with fiona.open(tmp_path / "none.shp", "w", "ESRI Shapefile", schema, crs="EPSG:6668"):
        pass
    assert refused(read, "none.shp").code == "source-empty"


def test_the_provenance_is_that_of_all_parts(read, tmp_path, shapefile):
    path = shapefile({"名称": NAMES})
    before = read(path).facts
    dbf = tmp_path / "koen.dbf"
    dbf.write_bytes(dbf.read_bytes().replace("番".encode("cp932"), "号".encode("cp932")))
    after = read(path).facts
    assert before.sha256 != after.sha256
    assert (before.features, before.crs) == (3, "EPSG:6668")


def test_a_place_with_three_coordinates_is_published_with_two(read, tmp_path):
    high = gpd.GeoDataFrame({"a": ["x"]}, geometry=[Point(130.8, 33.9, 12.5)], crs="EPSG:6668")
    high.to_file(tmp_path / "z.shp")
    assert read("z.shp").frame.geometry.iloc[0].wkt == "POINT (130.8 33.9)"
