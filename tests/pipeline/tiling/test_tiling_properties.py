"""What must hold for any input: checked with shapely and an independent decoder."""

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.tiling import TileOptions

PROPERTY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LAST = 10
DEGREES_A_UNIT = 360 / 2**LAST / 4096


@st.composite
def vertices(draw, least, most):
    """Positions in a window of a few tiles at the last zoom."""
    units = draw(
        st.lists(
            st.tuples(st.integers(0, 12_000), st.integers(0, 12_000)),
            min_size=least,
            max_size=most,
            unique=True,
        )
    )
    return [(130 + x * DEGREES_A_UNIT * 1.13, 33 + y * DEGREES_A_UNIT * 0.91) for x, y in units]


@st.composite
def polygons(draw):
    """A valid polygon: whatever GEOS makes of an arbitrary ring."""
    shape = shapely.make_valid(shapely.Polygon(draw(vertices(4, 14))), method="structure")
    return shapely.MultiPolygon(
        [g for g in shapely.get_parts(shape) if g.geom_type == "Polygon" and g.area > 0]
    )


LINES = vertices(2, 12).map(shapely.linestrings)


def pieces_in_their_tiles(found, zoom=LAST):
    """Return what tiles hold of each feature without buffers, in units of the zoom."""
    inner = {}
    for tile in found.tiles(zoom):
        core = shapely.clip_by_rect(tile.geometry, 0, 0, 4096, 4096)
        for feature, geometry in zip(tile.features, core, strict=True):
            inner.setdefault(feature["id"], []).append((tile, geometry))
    return inner


@given(polygons().filter(lambda p: p.area > 0))
@PROPERTY
def test_area_at_the_last_zoom_stays_within_the_snapping_tolerance(cut, polygon):
    found = cut([polygon], minzoom=LAST, maxzoom=LAST)
    drawn = sum(g.area for _, g in pieces_in_their_tiles(found).get(0, []))
    side = 4096 * 2**LAST
    ideal = shapely.transform(_world(polygon), lambda xy: xy * side)
    assert abs(drawn - ideal.area) <= 1.3 * ideal.length + 8


def _world(geometry):
    def project(xy):
        sine = np.sin(np.radians(xy[:, 1]))
        y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
        return np.column_stack([xy[:, 0] / 360 + 0.5, y])

    return shapely.transform(geometry, project)


@given(LINES)
@PROPERTY
def test_length_at_the_last_zoom_stays_within_the_snapping_tolerance(cut, line):
    found = cut([line], minzoom=LAST, maxzoom=LAST)
    drawn = sum(g.length for _, g in pieces_in_their_tiles(found).get(0, []))
    side = 4096 * 2**LAST
    ideal = shapely.transform(_world(line), lambda xy: xy * side)
    assert abs(drawn - ideal.length) <= 3 * shapely.get_num_coordinates(line) + 8


@given(st.lists(st.one_of(polygons().filter(lambda p: p.area > 0), LINES), min_size=1, max_size=4))
@PROPERTY
def test_a_feature_is_in_every_tile_it_touches_and_its_clip_is_within_a_unit(cut, shapes):
    found = cut(shapes, minzoom=LAST, maxzoom=LAST)
    held = {(t.x, t.y): t for t in found.tiles(LAST)}
    for (x, y), tile in held.items():
        for number, shape in enumerate(shapes):
            expected = tile.of_input(shape)
            own = [
                g for f, g in zip(tile.features, tile.geometry, strict=True) if f["id"] == number
            ]
            inside = shapely.clip_by_rect(expected, 2, 2, 4094, 4094)
            if not inside.is_empty:
                assert own, f"feature {number} is missing in {x}/{y}"
                assert shapely.hausdorff_distance(own[0], expected) <= 3 or (
                    own[0].symmetric_difference(expected).area <= 1.6 * expected.length + 8
                )


@given(st.lists(polygons().filter(lambda p: p.area > 0), min_size=1, max_size=5))
@PROPERTY
def test_polygons_are_valid_at_every_zoom_and_turn_the_right_way(cut, shapes):
    found = cut(shapes, minzoom=3, maxzoom=LAST)
    for tile in found.tiles():
        assert shapely.is_valid(tile.geometry).all(), shapely.is_valid_reason(tile.geometry)


@given(st.lists(st.one_of(polygons().filter(lambda p: p.area > 0), LINES), min_size=1, max_size=6))
@PROPERTY
def test_the_wire_format_has_no_empty_commands(cut, shapes):
    found = cut(shapes, minzoom=6, maxzoom=LAST)
    for address in found.addresses():
        for layer in _parse(found.raw(*address)).layers:
            assert layer.version == 2
            assert layer.extent == 4096
            for feature in layer.features:
                _check_commands(list(feature.geometry), feature.type)


def _parse(raw):
    from mapbox_vector_tile.Mapbox import vector_tile_pb2

    message = vector_tile_pb2.tile()
    message.ParseFromString(raw)
    return message


def _check_commands(numbers, kind):
    """Follow the grammar of section 4.3 and refuse repeated points."""
    at = 0
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        assert count > 0
        at += 1
        if command == 7:
            assert kind == 3
            assert count == 1
            continue
        steps = np.array(numbers[at : at + 2 * count]).reshape(-1, 2)
        at += 2 * count
        if command == 2:
            assert (steps != 0).any(axis=1).all()
            assert count >= (2 if kind == 3 else 1)
        elif kind != 1:
            assert count == 1


VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)


@given(st.data())
@PROPERTY
def test_attributes_survive_encoding(cut, data):
    kind = data.draw(
        st.sampled_from(
            [st.text(max_size=20), st.integers(-(2**62), 2**62), st.booleans(),
             st.floats(allow_nan=False, allow_infinity=False)]
        )
    )  # fmt: skip
    values = data.draw(st.lists(kind, min_size=1, max_size=12))
    ids = data.draw(
        st.lists(st.integers(0, 2**63 - 1), min_size=len(values), max_size=len(values), unique=True)
    )
    frame = gpd.GeoDataFrame(
        {"key": np.array(ids, np.uint64), "value": values},
        geometry=shapely.points(130 + np.arange(len(values)) / 1000, 33.0),
        crs=4326,
    )
    found = cut(frame, id_column="key", minzoom=7, maxzoom=7)
    assert {f["id"]: f["properties"]["value"] for f in found.features()} == dict(
        zip(ids, values, strict=True)
    )


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=60))
@PROPERTY
def test_neighbours_in_a_coverage_keep_their_border(cut, sites):
    """Cells of a Voronoi diagram: no gaps and no overlaps after simplification at any zoom."""
    points = shapely.multipoints([(130 + x / 41 + y / 977, 33 + y / 53) for x, y in sites])
    window = shapely.box(130, 33, 131, 34)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=window))
    cells = shapely.intersection(cells, window)
    cells = [c for c in cells if c.geom_type == "Polygon" and c.area > 0.001]
    found = cut(shapely.segmentize(cells, 0.02), minzoom=6, maxzoom=9)
    for tile in found.tiles():
        union = shapely.union_all(tile.geometry)
        overlap = shapely.area(tile.geometry).sum() - union.area
        assert overlap <= 1.5 * len(tile.features)


def test_gdal_reads_the_same_features(cut, tmp_path):
    rng = np.random.default_rng(5)
    x, y = 130 + rng.random(200), 33 + rng.random(200)
    frame = gpd.GeoDataFrame(
        {"kind": rng.integers(0, 9, 200)}, geometry=shapely.box(x, y, x + 0.1, y + 0.1), crs=4326
    )
    found = cut(frame, minzoom=8, maxzoom=8)
    for z, tx, ty in found.addresses():
        raw = found.raw(z, tx, ty)
        path = tmp_path / f"{z}-{tx}-{ty}.mvt"
        path.write_bytes(raw)
        ours = mapbox_vector_tile.decode(raw)["layer"]["features"]
        theirs = gpd.read_file(path, engine="pyogrio", CLIP="NO")
        assert sorted(theirs["kind"]) == sorted(f["properties"]["kind"] for f in ours)
        assert (theirs.geometry.area > 0).all()


def test_options_are_plain_values():
    assert TileOptions() == TileOptions(minzoom=0, maxzoom=14)
