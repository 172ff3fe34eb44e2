"""Looking into tilesets: what is said of them is what was put into them."""

import gzip
import io
import json
import sqlite3

import mapbox_vector_tile
import pyogrio
import pytest
from rich.console import Console
from shapely.geometry import Point, Polygon, box, shape

from pipeline.errors import TilingError
from pipeline.tiling.archive import (
    CorruptArchiveError,
    ForeignFileError,
    tile_id,
    writer_for,
    zoom_ids,
)
from pipeline.tiling.inspect.archive import inspect_tileset
from pipeline.tiling.inspect.tile import tile_geojson
from tonari.commands.inspect_archive import inspect_archive, print_archive

WARD = Polygon(
    [(0, 0), (4096, 0), (4096, 2048), (0, 2048)], [[(10, 10), (10, 90), (90, 90), (90, 10)]]
)
TILE = (12, 3537, 1637)  # 小倉北区
METADATA = {
    "name": "[bold]防災[/x]",
    "attribution": "北九州市",
    "vector_layers": [{"id": "wards", "fields": {"name": "String"}, "minzoom": 4, "maxzoom": 12}],
}


def vector_tile():
    wards = {
        "name": "wards",
        "features": [
            {"geometry": WARD, "properties": {"name": "小倉北区"}, "id": 7},
            {"geometry": Point(2048, 1024), "properties": {"floors": 3}},
        ],
    }
    raw = mapbox_vector_tile.encode([wards], default_options={"y_coord_down": True})
    return gzip.compress(raw, mtime=0)


@pytest.fixture(params=["pmtiles", "mbtiles"])
def tileset(request, tmp_path):
    path = tmp_path / f"city.{request.param}"
    options = {"minzoom": 4, "maxzoom": 12, "bounds": (130.67, 33.72, 131.03, 33.98)}
    with writer_for(path)(path, metadata=METADATA, **options) as writer:
        for number in zoom_ids(4):
            writer.write(number, gzip.compress(b"", mtime=0))
        writer.write(tile_id(*TILE), vector_tile())
    return path


def test_sizes_are_counted_by_zoom(tileset):
    zooms = {zoom.z: zoom for zoom in inspect_tileset(tileset).zooms}
    empty = len(gzip.compress(b"", mtime=0))
    assert (zooms[4].tiles, zooms[4].bytes, zooms[4].median) == (256, 256 * empty, empty)
    assert (zooms[12].tiles, zooms[12].largest) == (1, len(vector_tile()))


def test_the_largest_tiles_come_first(tileset):
    largest = inspect_tileset(tileset).largest
    assert (largest[0].z, largest[0].x, largest[0].y) == TILE
    assert largest[0].bytes == len(vector_tile())


def test_layers_and_metadata_are_shown(tileset):
    report = inspect_tileset(tileset)
    assert report.layers == METADATA["vector_layers"]
    assert report.metadata["attribution"] == "北九州市"
    assert (report.minzoom, report.maxzoom) == (4, 12)
    assert report.bounds == (130.67, 33.72, 131.03, 33.98)
    assert report.compression == "gzip"
    assert report.fault == ""


def test_one_tile_becomes_geojson_where_gdal_sees_it_too(tileset):
    tile = tile_geojson(tileset, *TILE)
    ours = {f["properties"].get("name"): f for f in tile["geojson"]["features"]}
    theirs = pyogrio.read_dataframe(tileset, layer="wards", ZOOM_LEVEL=12, CLIP="NO").to_crs(4326)
    assert tile["layers"] == [{"name": "wards", "version": 2, "extent": 4096, "features": 2}]
    ward = theirs[theirs.geom_type.str.endswith("Polygon")].geometry.union_all()
    assert shape(ours["小倉北区"]["geometry"]).hausdorff_distance(ward) < 2e-7  # degrees: 2 cm
    assert ours["小倉北区"]["id"] == 7
    assert ours["小倉北区"]["layer"] == "wards"


def test_geojson_rings_turn_as_rfc_7946_wants(tileset):
    ward = shape(tile_geojson(tileset, *TILE)["geojson"]["features"][0]["geometry"])
    assert ward.exterior.is_ccw
    assert not ward.interiors[0].is_ccw
    assert ward.within(box(130.86, 33.86, 130.96, 33.96))


def test_a_tile_that_is_not_there_is_named(tileset):
    with pytest.raises(TilingError, match="no tile 5/1/2"):
        tile_geojson(tileset, 5, 1, 2)


def test_a_tile_that_is_no_vector_tile_is_called_damaged(tmp_path):
    path = tmp_path / "a.pmtiles"
    with writer_for(path)(path, metadata={}, minzoom=0, maxzoom=0, bounds=(0, 0, 1, 1)) as writer:
        writer.write(0, gzip.compress(b"\xff\xff\xff", mtime=0))
    with pytest.raises(CorruptArchiveError, match="tile 0/0/0: not a vector tile"):
        tile_geojson(path, 0, 0, 0)


def test_raster_tiles_are_not_turned_into_geojson(tmp_path):
    path = tmp_path / "a.pmtiles"
    raster = {"compression": "none", "tile_type": "png"}
    with writer_for(path)(
        path, metadata={}, minzoom=0, maxzoom=0, bounds=(0, 0, 1, 1), **raster
    ) as writer:
        writer.write(0, b"\x89PNG")
    with pytest.raises(TilingError, match="tiles are png"):
        tile_geojson(path, 0, 0, 0)


@pytest.mark.parametrize("tileset", ["pmtiles"], indirect=True)
def test_what_verification_finds_is_in_the_report(tileset):
    data = bytearray(tileset.read_bytes())
    data[80] += 1
    tileset.write_bytes(data)
    assert "the header says" in inspect_tileset(tileset).fault


def test_a_foreign_file_is_called_so(tmp_path):
    (tmp_path / "a.pmtiles").write_bytes(b"PK\x03\x04" * 50)
    with pytest.raises(ForeignFileError):
        inspect_tileset(tmp_path / "a.pmtiles")
    sqlite3.connect(tmp_path / "a.mbtiles").close()
    with pytest.raises(ForeignFileError):
        inspect_tileset(tmp_path / "a.mbtiles")


def printed(report):
    console = Console(file=io.StringIO(), width=120)
    print_archive(report, console)
    return console.file.getvalue()


def test_a_person_reads_tables(tileset):
    text = printed(inspect_archive(tileset))
    assert "[bold]防災[/x]" in text  # a name is text, never markup
    assert "12/3537/1637" in text
    assert "name: String" in text


def test_a_tile_is_printed_as_geojson_that_another_program_reads(tileset):
    features = json.loads(printed(inspect_archive(tileset, TILE)))["features"]
    assert {feature["layer"] for feature in features} == {"wards"}


def test_the_report_is_ready_for_json(tileset):
    assert json.loads(json.dumps(inspect_archive(tileset)))["tiles"] == 257
