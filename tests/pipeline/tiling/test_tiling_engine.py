"""What comes out of one call of the engine, seen through an independent decoder."""

import datetime as dt
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from pipeline.errors import TilingError
from pipeline.tiling import Filter, LayerOptions, TileOptions, tile

TOBATA = Point(130.818836, 33.901292)
BAY = LineString([(130.8188, 33.9013), (130.8166, 33.9018), (130.8144, 33.9022)])
BLOCK = box(130.80, 33.89, 130.82, 33.90)


def frame(geometry, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs="EPSG:6668")


def test_every_kind_of_geometry_arrives_as_itself(cut):
    found = cut([TOBATA, BAY, BLOCK, MultiPoint([TOBATA, (130.9, 33.9)])], minzoom=10, maxzoom=10)
    kinds = {(f["id"], f["geometry"]["type"]) for f in found.features()}
    assert kinds == {(0, "Point"), (1, "LineString"), (2, "Polygon"), (3, "MultiPoint")}


def test_a_collection_is_split_by_kind_and_keeps_its_id(cut):
    found = cut([GeometryCollection([TOBATA, BAY, BLOCK])], minzoom=11, maxzoom=11)
    kinds = sorted(f["geometry"]["type"] for f in found.features())
    assert {*kinds} == {"Point", "LineString", "Polygon"}
    assert {f["id"] for f in found.features()} == {0}


def test_attributes_keep_their_type_and_missing_ones_are_left_out(cut):
    data = frame(
        [TOBATA, TOBATA],
        name=["戸畑渡場", None],
        berths=[2, 3],
        depth=[4.5, math.nan],
        deep=[0.1, 1e300],
        covered=[True, False],
        debt=[-7, 2**40],
        opened=[dt.date(1889, 4, 1), dt.date(2020, 2, 29)],
        tags=[["ferry", 1], {"a": None}],
    )
    pier, other = cut(data, minzoom=14, maxzoom=14).features()
    assert pier["properties"] == {
        "name": "戸畑渡場",
        "berths": 2,
        "depth": 4.5,
        "deep": 0.1,
        "covered": True,
        "debt": -7,
        "opened": "1889-04-01",
        "tags": '["ferry",1]',
    }
    assert "name" not in other["properties"]
    assert "depth" not in other["properties"]
    assert other["properties"]["debt"] == 2**40
    assert other["properties"]["tags"] == '{"a":null}'


def test_a_column_of_distinct_whole_numbers_called_id_identifies_features(cut):
    data = frame([TOBATA, BAY], id=[2**53 - 1, 7], name=["a", "b"])
    found = {f["id"]: f["properties"] for f in cut(data, minzoom=14, maxzoom=14).features()}
    assert found == {2**53 - 1: {"name": "a"}, 7: {"name": "b"}}


def test_several_layers_share_one_tileset(cut):
    layers = {"piers": frame([TOBATA], name=["戸畑"]), "routes": frame([BAY], fare=[100])}
    found = cut(layers, minzoom=9, maxzoom=12)
    assert len(found.features(9, "piers")) == 1
    assert found.features(9, "routes")[0]["properties"] == {"fare": 100}
    assert [layer.name for layer in found.report.layers] == ["piers", "routes"]
    assert [v["id"] for v in found.reader.metadata["vector_layers"]] == ["piers", "routes"]


def test_a_layer_declared_for_some_zooms_appears_only_there(cut):
    layers = {"piers": frame([TOBATA]), "routes": frame([BAY])}
    found = cut(layers, minzoom=8, maxzoom=10, layers={"piers": LayerOptions(zooms=(9, 9))})
    assert [z for z in (8, 9, 10) if found.features(z, "piers")] == [9]
    assert found.report.zooms[0].causes["hidden"] == 1


def test_filters_give_each_class_its_zooms(cut):
    data = frame([BAY, BAY, BAY], kind=["ferry", "path", "road"])
    rules = LayerOptions(
        filters=(Filter("kind", ("path",), (10, 18)), Filter("kind", ("ferry",), (0, 8)))
    )
    found = cut(data, minzoom=8, maxzoom=10, layers={"layer": rules})
    shown = {z: {f["properties"]["kind"] for f in found.features(z)} for z in (8, 10)}
    assert shown == {8: {"ferry", "road"}, 10: {"path", "road"}}


def test_attributes_can_be_limited_to_some_zooms(cut):
    rules = LayerOptions(attributes=("name", "fare"), attribute_zooms={"fare": (10, 18)})
    data = frame([TOBATA], name=["戸畑"], fare=[100], inner=["secret"])
    found = cut(data, minzoom=9, maxzoom=10, layers={"layer": rules})
    assert found.features(9)[0]["properties"] == {"name": "戸畑"}
    assert found.features(10)[0]["properties"] == {"name": "戸畑", "fare": 100}


def test_nothing_vanishes_at_the_last_zoom(cut):
    speck = box(130.8, 33.9, 130.80000001, 33.90000001)
    sliver = Polygon([(130.7, 33.9), (130.71, 33.9), (130.71, 33.9000000001)])
    stub = LineString([(130.9, 33.9), (130.9000001, 33.9)])
    found = cut([speck, sliver, stub], minzoom=5, maxzoom=12)
    assert {f["id"] for f in found.features(12)} == {0, 1, 2}
    assert found.report.zooms[-1].causes == {"enlarged": 3}
    assert all(shapely.is_valid(t.geometry).all() for t in found.tiles())


def test_small_polygons_are_shown_by_area_and_counted(cut):
    grid = [box(130 + i / 5000, 33, 130 + i / 5000 + 1e-4, 33 + 1e-4) for i in range(400)]
    found = cut(grid, minzoom=6, maxzoom=14)
    low = found.report.zooms[0]
    assert low.causes["polygons_tiny"] == 400
    assert low.features == 400 - low.causes["polygons_merged"] > 0


def test_the_order_of_the_input_does_not_matter(cut):
    rng = np.random.default_rng(7)
    points = shapely.points(130 + rng.random(500), 33 + rng.random(500))
    data = frame(points, id=np.arange(500), name=[f"n{i % 9}" for i in range(500)])
    shuffled = data.sample(frac=1, random_state=3).reset_index(drop=True)
    one, two = cut(data, maxzoom=9), cut(shuffled, maxzoom=9)
    assert one.path.read_bytes() == two.path.read_bytes()


def test_the_same_input_gives_the_same_bytes_with_any_number_of_threads(cut):
    rng = np.random.default_rng(8)
    x, y = 130 + rng.random(3000), 33 + rng.random(3000)
    data = frame(shapely.box(x, y, x + 0.01, y + 0.02), kind=rng.integers(0, 5, 3000))
    one, two = cut(data, maxzoom=10, threads=1), cut(data, maxzoom=10, threads=4)
    assert one.path.read_bytes() == two.path.read_bytes()


def test_identical_tiles_inside_a_large_polygon_are_stored_once(cut):
    found = cut([box(129, 32, 133, 36)], maxzoom=10)
    assert found.reader.header.tile_contents < found.reader.header.addressed_tiles / 4


def test_holes_stay_holes_and_shells_turn_the_right_way(cut):
    ring = BLOCK.exterior.coords
    hole = box(130.805, 33.893, 130.815, 33.897).exterior.coords
    found = cut([Polygon(ring[::-1], [hole])], minzoom=14, maxzoom=15)
    for decoded in found.tiles():
        expected = decoded.of_input(Polygon(ring, [hole]))
        assert decoded.geometry[0].symmetric_difference(expected).area < 0.01 * expected.area


def test_a_shape_cut_apart_by_a_tile_border_becomes_several_valid_parts(cut):
    comb = shapely.union_all(
        [
            box(130.0, 33, 130.02, 34),
            *(box(130, 33 + i / 20, 131, 33.02 + i / 20) for i in range(20)),
        ]
    )
    found = cut([comb], minzoom=9, maxzoom=11)
    parts = [g for t in found.tiles() for g in t.geometry]
    assert all(shapely.is_valid(parts))
    assert any(isinstance(g, MultiPolygon) for g in parts)


def test_bounds_and_metadata_describe_the_input(cut):
    found = cut(frame([BLOCK], name=["街区"]), minzoom=3, maxzoom=5)
    assert found.report.bounds == pytest.approx(BLOCK.bounds, abs=1e-6)
    assert found.reader.metadata["vector_layers"] == [
        {
            "id": "layer",
            "description": "",
            "minzoom": 3,
            "maxzoom": 5,
            "fields": {"name": "String"},
        }
    ]


def test_tiles_above_the_budget_are_reported(cut):
    rng = np.random.default_rng(1)
    points = shapely.points(130 + rng.random(2000), 33 + rng.random(2000))
    found = cut(points, maxzoom=2, tile_bytes=1000)
    assert {f.code for f in found.report.findings} == {"tile-over-budget"}
    assert found.report.zooms[0].features == 2000


def test_plane_rectangular_coordinates_are_transformed_and_it_is_said(cut):
    data = frame([TOBATA]).to_crs("EPSG:6670")
    found = cut(data, minzoom=14, maxzoom=14)
    decoded = next(found.tiles())
    assert decoded.geometry[0].distance(decoded.of_input(TOBATA)) < 1
    assert [f.code for f in found.report.findings] == ["crs-transformed"]


@pytest.mark.parametrize("suffix", [".geojson", ".geojsonl", ".fgb", ".gpkg", ".parquet"])
def test_any_common_file_can_be_cut(tmp_path, suffix):
    data = frame([TOBATA, BAY, BLOCK][:1], name=["戸畑"])
    path = tmp_path / f"piers{suffix}"
    if suffix == ".parquet":
        data.to_parquet(path)
    else:
        data.to_crs(4326).to_file(path, driver="GeoJSONSeq" if suffix == ".geojsonl" else None)
    report = tile(path, tmp_path / "out.pmtiles", TileOptions(maxzoom=4))
    assert report.layers[0].name == "piers"
    assert report.zooms[-1].features == 1


def test_mbtiles_are_written_when_the_name_says_so(tmp_path):
    tile(frame([TOBATA]), tmp_path / "a.mbtiles", TileOptions(maxzoom=3))
    assert (tmp_path / "a.mbtiles").read_bytes().startswith(b"SQLite format 3")


def test_progress_is_told_in_features_and_zooms(tmp_path):
    steps = []
    tile(
        frame([TOBATA, TOBATA]),
        tmp_path / "a.pmtiles",
        TileOptions(maxzoom=2),
        progress=lambda *told: steps.append(told),
    )
    assert steps == [
        ("prepare", 0, 2), ("prepare", 2, 2), ("cut", 2, 6), ("cut", 4, 6), ("cut", 6, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"minzoom": 9, "maxzoom": 3}, "zooms 9-3"),
        ({"maxzoom": 19}, "use 0 to 18"),
        ({"buffer": 5000}, "buffer 5000"),
        ({"strategies": ("magic",)}, "unknown strategy 'magic'"),
    ],
)
def test_impossible_options_are_refused(wrong, says):
    with pytest.raises(TilingError, match=says):
        TileOptions(**wrong)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TilingError, match=r"nowhere\.parquet: no such file"):
        tile(tmp_path / "nowhere.parquet", tmp_path / "out.pmtiles")


def test_nothing_is_left_behind_when_cutting_fails(tmp_path):
    with pytest.raises(TilingError, match="nothing to draw"):
        tile(frame([None]), tmp_path / "out.pmtiles")
    assert list(tmp_path.iterdir()) == []
