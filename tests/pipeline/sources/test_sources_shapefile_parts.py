"""The parts of a Shapefile must be whole and of one export, or nothing of it is read."""

import shutil

import geopandas as gpd
import pytest
import shapely

from pipeline.errors import SourceError


@pytest.fixture
def shapefile(tmp_path):
    def write(name="a", count=40):
        shapes = shapely.points([130.8 + i / 1000 for i in range(count)], [33.9] * count)
        shapes = shapely.buffer(shapes, 0.0004, quad_segs=2)
        frame = gpd.GeoDataFrame({"n": range(count)}, geometry=list(shapes), crs=6668)
        frame.to_file(tmp_path / f"{name}.shp", engine="pyogrio")
        return tmp_path / f"{name}.shp"

    return write


def code_of(read):
    with pytest.raises(SourceError) as caught:
        read("a.shp")
    (finding,) = caught.value.findings
    return finding


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def test_a_whole_one_is_read(read, shapefile):
    shapefile()
    assert len(read("a.shp").frame) == 40


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.99])
def test_a_part_cut_short_is_refused(read, shapefile, part, share):
    path = shapefile().with_suffix(part)
    cut(path, share)
    assert code_of(read).severity == "error"


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_a_part_of_another_export_is_refused(read, shapefile, part):
    ours, theirs = shapefile("a", 40), shapefile("b", 31)
    shutil.copy(theirs.with_suffix(part), ours.with_suffix(part))
    assert code_of(read).code in ("shapefile-parts-disagree", "records-broken")


def test_counts_are_named_when_only_the_table_differs(read, shapefile):
    ours, theirs = shapefile("a", 40), shapefile("b", 31)
    shutil.copy(theirs.with_suffix(".dbf"), ours.with_suffix(".dbf"))
    finding = code_of(read)
    assert finding.code == "shapefile-parts-disagree"
    assert ".shp 40 件、.shx 40 件、.dbf 31 件" in finding.message_ja


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_a_missing_part_is_named(read, shapefile, part):
    shapefile().with_suffix(part).unlink()
    finding = code_of(read)
    assert (finding.code, finding.value) == ("shapefile-part-missing", part)


def test_a_record_with_a_wrong_length_is_named(read, shapefile):
    path = shapefile()
    content = bytearray(path.read_bytes())
    start = 2 * int.from_bytes(path.with_suffix(".shx").read_bytes()[100 + 8 * 6 :][:4], "big")
    content[start + 4 : start + 8] = (9999).to_bytes(4, "big")
    path.write_bytes(content)
    finding = code_of(read)
    assert (finding.code, finding.feature) == ("records-broken", "7")


@pytest.mark.parametrize(
    "at, claimed",
    [(36, 2**31 - 1), (36, -1), (36, 2), (40, 2**31 - 1), (40, -1), (40, 10_000), (44, 9), (0, 99)],
    ids=["parts", "no-parts", "part", "points", "no-points", "point", "start", "kind"],
)
def test_a_record_that_claims_more_than_it_has_is_named(read, shapefile, at, claimed):
    """GDAL gives it no shape, and the area would be missing from the map."""
    path = shapefile()
    content = bytearray(path.read_bytes())
    start = 2 * int.from_bytes(path.with_suffix(".shx").read_bytes()[100 + 8 * 6 :][:4], "big")
    content[start + 8 + at : start + 12 + at] = claimed.to_bytes(4, "little", signed=True)
    path.write_bytes(content)
    finding = code_of(read)
    assert (finding.code, finding.feature) == ("records-broken", "7")


KINDS = {
    "point": shapely.Point(130.8, 33.9),
    "point-z": shapely.Point(130.8, 33.9, 7),
    "multipoint": shapely.MultiPoint([(130.8, 33.9), (130.9, 33.8)]),
    "multipoint-z": shapely.MultiPoint([(130.8, 33.9, 1), (130.9, 33.8, 2)]),
    "line": shapely.LineString([(130.8, 33.9), (130.9, 33.8)]),
    "lines-z": shapely.MultiLineString(
        [[(130.8, 33.9, 0), (130.9, 33.8, 1)], [(130.7, 33.9, 0), (130.8, 33.8, 1)]]
    ),
    "area": shapely.box(130.7, 33.8, 130.9, 33.9),
    "hole": shapely.box(130.7, 33.8, 130.9, 33.9) - shapely.box(130.75, 33.85, 130.8, 33.88),
    "areas": shapely.MultiPolygon(
        [shapely.box(130.7, 33.8, 130.71, 33.9), shapely.box(130.8, 33.8, 130.81, 33.9)]
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whole_records_of_every_kind_are_read_and_so_is_one_without_a_shape(read, tmp_path, kind):
    shapes = [KINDS[kind], None, KINDS[kind]]
    frame = gpd.GeoDataFrame({"n": range(3)}, geometry=shapes, crs=6668)
    frame.to_file(tmp_path / "a.shp", engine="pyogrio")
    found = read("a.shp").frame.geometry
    assert [shape is None or shape.is_empty for shape in found] == [False, True, False]
    assert shapely.equals(shapely.force_2d(found.iloc[0]), shapely.force_2d(KINDS[kind]))


def test_rows_beyond_the_count_in_the_table_are_not_dropped(read, shapefile):
    path = shapefile().with_suffix(".dbf")
    content = bytearray(path.read_bytes())
    content[4:8] = (30).to_bytes(4, "little")
    path.write_bytes(content)
    assert code_of(read).code == "source-unreadable"


def test_a_shape_written_again_by_an_editor_is_one_record(read, shapefile):
    """What OGR does to a shape that grew: the old one stays, the index points to the new one."""
    path = shapefile()
    content, index = bytearray(path.read_bytes()), bytearray(path.with_suffix(".shx").read_bytes())
    start, words = (int.from_bytes(index[100 + i : 104 + i], "big") for i in (0, 4))
    record = content[2 * start : 2 * start + 8 + 2 * words]
    index[100:104] = (len(content) // 2).to_bytes(4, "big")
    content += record
    content[24:28] = (len(content) // 2).to_bytes(4, "big")
    path.write_bytes(content)
    path.with_suffix(".shx").write_bytes(index)
    assert len(read("a.shp").frame) == 40


def test_what_lies_beside_is_not_used_and_nothing_is_left_there(read, shapefile, tmp_path):
    path = shapefile()
    for ending in (".qix", ".sbn", ".shp.xml", ".aux.xml", ".qmd"):
        path.with_suffix(ending).write_bytes(b"\0" * 64)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert len(read("a.shp").frame) == 40
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_parts_with_endings_of_any_case_belong_together(read, shapefile):
    path = shapefile()
    for ending in (".shx", ".dbf"):
        path.with_suffix(ending).rename(path.with_suffix(ending.title()))
    assert len(read("a.shp").frame) == 40
