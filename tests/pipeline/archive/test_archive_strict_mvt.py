"""The strict reader itself: it accepts what the specification shows and refuses what it forbids.

The accepted geometries are the examples of MVT 2.1, section 4.3.5.
"""

import mapbox_vector_tile
import pytest
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from shapely.geometry import Point

OUTER = [9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15]
INNER = [9, 4, 13, 26, 0, 8, 8, 0, 0, 7, 15]
GOOD = {
    "point": (1, [9, 50, 34]),
    "multipoint": (1, [17, 10, 14, 3, 9]),
    "line": (2, [9, 4, 4, 18, 0, 16, 16, 0]),
    "multiline": (2, [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]),
    "polygon": (3, [9, 6, 12, 18, 10, 12, 24, 44, 15]),
    "multipolygon": (3, [*OUTER, 9, 22, 2, 26, 18, 0, 0, 18, 17, 0, 15, *INNER]),
}
BAD = {
    "a line of one point": (2, [9, 4, 4], "ends where command 2"),
    "a line that stands still": (2, [9, 4, 4, 10, 0, 0], "LineTo goes nowhere"),
    "a ring of two points": (3, [9, 0, 0, 10, 2, 2, 15], "command 2 with count 1"),
    "a ring closed by hand": (3, [*OUTER[:3], 34, *OUTER[4:10], 0, 19, 15], "repeats its first"),
    "a ring left open": (3, OUTER[:-1], "ends where command 7"),
    "a hole without a shell": (3, [9, 0, 0, 26, 0, 20, 20, 0, 0, 19, 15], "first ring is a hole"),
    "a ring without area": (3, [9, 0, 0, 18, 20, 0, 19, 0, 15], "no area"),
    "a bow-tie": (3, [9, 0, 0, 26, 0, 20, 40, 19, 0, 40, 15], "Self-intersection"),
    "a hole outside its shell": (
        3,
        [*OUTER, 9, 100, 101, 26, 0, 8, 8, 0, 0, 7, 15],
        "outside",
    ),
    "points after points": (1, [9, 2, 2, 9, 2, 2], "something follows"),
    "an unknown command": (1, [12, 2, 2], "command 4"),
    "a missing parameter": (2, [9, 4, 4, 18, 0, 16, 16], "parameters are missing"),
    "no geometry": (1, [], "has no geometry"),
    "no type": (0, [9, 50, 34], "geometry type is 0"),
    "far outside": (1, [9, 10000, 34], "reaches beyond"),
}


def tile(kind, commands, **layer_options):
    message = vector_tile_pb2.tile()
    layer = message.layers.add(name="a", version=2, extent=4096)
    for name, value in layer_options.items():
        setattr(layer, name, value)
    layer.keys.append("k")
    layer.values.add(int_value=1)
    layer.features.add(id=1, tags=[0, 0], type=kind, geometry=commands)
    return message


@pytest.mark.parametrize("name", GOOD)
def test_the_examples_of_the_specification_are_accepted(strict_mvt, name):
    assert strict_mvt.complaints(tile(*GOOD[name]).SerializeToString()) == []


@pytest.mark.parametrize("name", BAD)
def test_what_the_specification_forbids_is_refused(strict_mvt, name):
    kind, commands, expected = BAD[name]
    found = strict_mvt.complaints(tile(kind, commands).SerializeToString())
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"version": 1}, "version is 1"),
        ({"extent": 512}, "extent is 512"),
        ({"name": ""}, "no name"),
    ],
)
def test_a_layer_that_breaks_a_rule_is_refused(strict_mvt, options, expected):
    found = strict_mvt.complaints(tile(*GOOD["point"], **options).SerializeToString())
    assert any(expected in problem for problem in found), found


def broken_layers():
    def change(action):
        message = tile(*GOOD["point"])
        action(message, message.layers[0])
        return message.SerializeToString()

    yield "used 2 times", change(lambda m, layer: m.layers.add().CopyFrom(layer))
    yield "beyond the keys", change(lambda m, layer: layer.features[0].tags.extend([9, 0]))
    yield "beyond the values", change(lambda m, layer: layer.features[0].tags.extend([0, 9]))
    yield "one key twice", change(lambda m, layer: layer.features[0].tags.extend([0, 0]))
    yield "odd number", change(lambda m, layer: layer.features[0].tags.append(0))
    yield "on 2 features", change(lambda m, layer: layer.features.add().CopyFrom(layer.features[0]))
    yield "stored more than once", change(lambda m, layer: layer.values.add(int_value=1))
    yield "not one field", change(lambda m, layer: layer.values.add())
    yield "never used", change(lambda m, layer: layer.keys.append("unused"))


@pytest.mark.parametrize(
    ("expected", "raw"), list(broken_layers()), ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_tile_that_breaks_a_rule_is_refused(strict_mvt, expected, raw):
    found = strict_mvt.complaints(raw)
    assert any(expected in problem for problem in found), found


def test_values_are_read_as_the_independent_decoder_reads_them(strict_mvt):
    values = {"text": "渡船", "int": -5, "float": 0.25, "bool": True, "big": 2**40}
    layer = {"name": "a", "features": [{"geometry": Point(1, 2), "properties": values}]}
    raw = mapbox_vector_tile.encode([layer])
    (read,), problems = strict_mvt.read(raw)
    assert {k: v for k, (_, v) in zip(read.keys, read.values, strict=True)} == values
    assert problems == []
