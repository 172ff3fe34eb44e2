"""Curves and surfaces of ISO SQL/MM become the lines and polygons tiles are made of."""

import math
import struct

import numpy as np
import pyarrow as pa
import pytest
import shapely

from pipeline.tiling.engine import cut_sources
from pipeline.tiling.geometry.curves import linearised
from pipeline.tiling.options import TileOptions
from pipeline.tiling.reading.source import Source
from pipeline.tiling.reading.transform import source_of


def head(kind, count, order="<"):
    return struct.pack(f"{order}BII", order == "<", kind, count)


def points(*xy, order="<"):
    return b"".join(struct.pack(f"{order}{len(p)}d", *p) for p in xy)


def arcs(*xy, order="<", kind=8):
    return head(kind, len(xy), order) + points(*xy, order=order)


HALF = [(-1, 0), (0, 1), (1, 0)]
TRIANGLE = [(0, 0), (1, 0), (0, 1), (0, 0)]


def read(raw):
    return shapely.from_wkb(linearised(raw))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [8, 1008, 2008, 3008])
def test_an_arc_keeps_its_points_and_stays_on_its_circle(order, kind):
    deep = [(*p, *([9] * {8: 0, 1008: 1, 2008: 1, 3008: 2}[kind])) for p in HALF]
    line = read(arcs(*deep, order=order, kind=kind))
    xy = shapely.get_coordinates(line)
    assert {tuple(p) for p in np.round(xy, 12)} >= set(HALF)
    assert np.hypot(*xy.T) == pytest.approx(1)
    assert line.length == pytest.approx(math.pi, rel=3e-4)
    assert not line.has_z


def test_arcs_turn_the_way_their_middle_lies_and_close_to_circles():
    assert read(arcs((-1, 0), (0, -1), (1, 0))).bounds == pytest.approx((-1, -1, 1, 0))
    circle = read(arcs((1, 0), (-1, 0), (1, 0)))
    assert shapely.Polygon(circle.coords).area == pytest.approx(math.pi, rel=2e-3)
    assert read(arcs((0, 0), (1, 1), (3, 3))).equals(shapely.LineString([(0, 0), (1, 1), (3, 3)]))


def test_compound_curves_and_polygons_of_curves_are_joined():
    compound = head(9, 2) + arcs(*HALF) + head(2, 2) + points((1, 0), (-1, 0))
    assert read(compound).is_closed
    disc = read(head(10, 1) + compound)
    assert disc.geom_type == "Polygon"
    assert disc.area == pytest.approx(math.pi / 2, rel=2e-3)


@pytest.mark.parametrize("kind", [12, 15, 16])
def test_surfaces_of_straight_parts_keep_their_area(kind):
    part = head(17 if kind == 16 else 3, 1) + struct.pack("<I", 4) + points(*TRIANGLE)
    assert read(head(kind, 2) + part + part).area == pytest.approx(1)


def test_collections_give_all_they_hold():
    raw = head(7, 3) + arcs(*HALF) + struct.pack("<BI", 1, 1) + points((5, 5))
    raw += head(17, 1) + struct.pack("<I", 4) + points(*TRIANGLE)
    assert [part.geom_type for part in read(raw).geoms] == ["LineString", "Point", "Polygon"]


def test_damaged_curves_are_none_and_never_an_error():
    rng = np.random.default_rng(3)
    whole = head(11, 2) + arcs(*HALF) + head(9, 1) + arcs(*HALF)
    for _ in range(2000):
        raw = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        raw[rng.integers(0, len(raw))] = rng.integers(0, 256)
        linearised(bytes(raw))
    assert linearised(whole[:-1]) is None
    assert linearised(head(9, 1) * 100) is None


def test_curves_are_drawn_and_counted_in_degrees_and_in_metres(tmp_path):
    arc = pa.array([arcs((130, 33), (131, 34), (132, 33)), None], pa.large_binary())
    source = Source("layer", "f", pa.table({"n": [1, 2]}), arc)
    far = pa.table({"n": [1], "g": [arcs((0, 0), (500, 500), (1000, 0))]})
    moved = source_of("moved", "f", far, "g", "EPSG:6670")
    report = cut_sources([source, moved], tmp_path / "a.pmtiles", TileOptions(maxzoom=6))
    found = [f.code for f in report.findings]
    assert found.count("geometry-linearised") == 2
    assert "geometry-unsupported" not in found
    assert [layer.shapes for layer in report.layers] == [1, 1]
