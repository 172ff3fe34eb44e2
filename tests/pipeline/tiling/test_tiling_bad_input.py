"""Bad input is counted and named; it neither stops the work nor slows it without bound."""

import struct
import time

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from pipeline.tiling.engine import cut_sources
from pipeline.tiling.options import TileOptions
from pipeline.tiling.reading.source import Source

HERE = Point(130.8, 33.9)


def to_world(geometry):
    """Project degrees to a square of side 1."""

    def project(xy):
        sine = np.sin(np.radians(xy[:, 1]))
        y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
        return np.column_stack([xy[:, 0] / 360 + 0.5, y])

    return shapely.transform(geometry, project)


def codes(found):
    return {f.code: f.count for f in found.report.findings if f.code != "tile-over-budget"}


def cut_wkb(tmp_path, *geometry, **options):
    """Cut raw WKB, which need not be what shapely would write."""
    rows = pa.array(list(geometry), pa.large_binary())
    source = Source("layer", "", pa.table({"n": list(range(len(rows)))}), rows)
    return cut_sources([source], tmp_path / "a.pmtiles", TileOptions(maxzoom=4, **options))


def test_null_and_empty_geometries_are_counted_together(cut):
    found = cut([HERE, None, Point(), Polygon(), LineString()], maxzoom=2)
    assert codes(found) == {"geometry-empty": 4}
    assert found.report.zooms[-1].features == 1


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_coordinate_that_is_no_number_leaves_its_feature_out(cut, wrong):
    found = cut([HERE, LineString([(130, 33), (wrong, 34)])], maxzoom=2)
    assert codes(found) == {"coordinate-not-finite": 1}
    assert {f["id"] for f in found.features()} == {0}


def test_metres_declared_as_degrees_are_an_error(cut):
    found = cut([HERE, Point(-12_345.6, 100_000.0)], maxzoom=2)
    assert codes(found) == {"coordinate-outside": 1}
    assert found.report.findings[0].severity == "error"


def test_poles_are_moved_to_the_edge_of_the_map_and_counted(cut):
    found = cut([Point(130, 90), Point(130, -90), box(0, 80, 10, 90)], maxzoom=3)
    assert codes(found) == {"coordinate-polar": 3}
    assert {f["id"] for f in found.features(3)} == {0, 1, 2}


def test_a_feature_beyond_the_antimeridian_is_drawn_on_both_sides(cut):
    found = cut([box(175, -5, 185, 5)], minzoom=3, maxzoom=3)
    assert codes(found) == {"antimeridian": 1}
    assert {x for _, x, _ in found.addresses(3)} == {0, 7}


def test_a_feature_across_half_the_world_is_questioned(cut):
    found = cut([LineString([(-179, 0), (179, 1)])], maxzoom=2)
    assert codes(found) == {"spans-world": 1}


def test_a_line_of_one_point_keeps_the_least_length(cut):
    found = cut([LineString([(130, 33), (130, 33)])], minzoom=3, maxzoom=5)
    assert codes(found) == {"geometry-degenerate": 1}
    assert len(found.features(5)) == 1


def test_a_bow_tie_becomes_two_triangles(cut):
    tie = Polygon([(130, 33), (131, 34), (131, 33), (130, 34)])
    found = cut([tie], minzoom=8, maxzoom=8)
    assert codes(found) == {"geometry-invalid": 1}
    ideal = shapely.make_valid(tie)
    for tile in found.tiles():
        assert shapely.is_valid(tile.geometry).all()
        expected = tile.of_input(ideal)
        assert tile.geometry[0].symmetric_difference(expected).area < 2 * expected.length + 8


def test_shells_inside_shells_are_made_valid(cut):
    nested = MultiPolygon([box(130, 33, 131, 34), box(130.2, 33.2, 130.8, 33.8)])
    found = cut([nested], minzoom=6, maxzoom=9)
    assert codes(found) == {"geometry-invalid": 1}
    assert all(shapely.is_valid(t.geometry).all() for t in found.tiles())


def test_colliding_ids_are_counted_and_nothing_is_lost(cut):
    data = gpd.GeoDataFrame({"key": [1, 1, 2]}, geometry=[HERE] * 3, crs=4326)
    found = cut(data, id_column="key", maxzoom=0)
    assert codes(found) == {"id-collision": 1}
    assert sorted(f["id"] for f in found.features()) == [1, 1, 2]


def test_ids_that_are_no_whole_numbers_are_left_out_and_counted(cut):
    data = gpd.GeoDataFrame({"key": ["7", "A-3", None, "-1"]}, geometry=[HERE] * 4, crs=4326)
    found = cut(data, id_column="key", maxzoom=0)
    assert codes(found) == {"id-unusable": 3}
    # The decoder reads an absent id as 0.
    assert sorted(f["id"] for f in found.features()) == [0, 0, 0, 7]


def test_infinite_numbers_are_left_out_and_counted(cut):
    data = gpd.GeoDataFrame({"v": [1.5, np.inf, -np.inf]}, geometry=[HERE] * 3, crs=4326)
    found = cut(data, maxzoom=0)
    assert codes(found) == {"value-infinite": 2}
    assert sorted(f["properties"].get("v", 0) for f in found.features()) == [0, 0, 1.5]


def test_damaged_wkb_is_counted(tmp_path):
    good = shapely.to_wkb(HERE)
    huge = struct.pack("<BII", 1, 2, 2**31)
    report = cut_wkb(tmp_path, good, good[:12], b"\x01", huge, b"\x07" + good[1:])
    assert {f.code: f.count for f in report.findings} == {"geometry-malformed": 4}


def test_kinds_without_a_shape_of_their_own_are_named_as_unsupported(tmp_path):
    abstract = struct.pack("<BII", 1, 13, 0)
    report = cut_wkb(tmp_path, shapely.to_wkb(HERE), abstract)
    assert [f.code for f in report.findings] == ["geometry-unsupported"]


@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("byte_order", [0, 1])
def test_heights_and_byte_orders_are_understood(tmp_path, flavor, byte_order):
    high = LineString([(130, 33, 5), (131, 34, 7)])
    raw = shapely.to_wkb(high, flavor=flavor, byte_order=byte_order, output_dimension=3)
    report = cut_wkb(tmp_path, raw)
    assert report.findings == []
    assert report.bounds == pytest.approx((130, 33, 131, 34), abs=1e-6)


def test_random_bytes_never_stop_the_engine(tmp_path):
    rng = np.random.default_rng(11)
    rows = [shapely.to_wkb(HERE)]
    for _ in range(3000):
        raw = bytearray(shapely.to_wkb(box(130, 33, 131, 34)))
        for at in rng.integers(0, len(raw), 3):
            raw[at] = rng.integers(0, 256)
        rows.append(bytes(raw))
    report = cut_wkb(tmp_path, *rows)
    assert report.zooms[-1].features > 0


def test_a_hundred_thousand_distinct_texts_and_three_hundred_columns(cut):
    many = gpd.GeoDataFrame(
        {"text": [f"値{i}" for i in range(100_000)]},
        geometry=shapely.points(130 + np.arange(100_000) / 1e6, 33.0),
        crs=4326,
    )
    assert cut(many, minzoom=14, maxzoom=14).report.zooms[0].features >= 100_000
    wide = gpd.GeoDataFrame({f"c{i}": [i] for i in range(300)}, geometry=[HERE], crs=4326)
    assert cut(wide, maxzoom=0).features()[0]["properties"]["c299"] == 299


def _seconds(run):
    """Return processor time, which other work on the machine does not lengthen."""
    started = time.process_time()
    run()
    return time.process_time() - started


@pytest.mark.slow
def test_work_on_a_ring_made_to_be_slow_grows_with_its_size(cut):
    """A spiral whose farthest vertex is always the next one: n squared for Douglas-Peucker."""

    def spiral(count):
        turn = np.arange(count) * 0.5
        reach = np.linspace(1, 0.01, count)
        return LineString(np.column_stack([130 + reach * np.cos(turn), 33 + reach * np.sin(turn)]))

    cut([spiral(100)], maxzoom=0)
    small = _seconds(lambda: cut([spiral(20_000)], maxzoom=0))
    large = _seconds(lambda: cut([spiral(200_000)], maxzoom=0))
    assert large < 40 * small + 2


def test_a_ring_of_three_hundred_thousand_vertices_is_cut(cut):
    turn = np.linspace(0, 2 * np.pi, 300_000, endpoint=False)
    reach = 0.5 + 0.05 * np.sin(97 * turn)
    ring = Polygon(np.column_stack([130 + reach * np.cos(turn), 33 + reach * np.sin(turn)]))
    found = cut([ring], minzoom=9, maxzoom=9)
    core = [shapely.clip_by_rect(t.geometry, 0, 0, 4096, 4096) for t in found.tiles()]
    ideal = shapely.transform(to_world(ring), lambda xy: xy * 4096 * 2**9)
    assert abs(shapely.area(np.concatenate(core)).sum() - ideal.area) < 0.5 * ideal.length
