"""A strict reader of Mapbox Vector Tiles 2.1, written from the specification alone.

It shares nothing with the encoder it judges: the protobuf wire format is read by hand, and every
rule of the specification that a tile can break is one line of complaint. Rules marked SHOULD in
the specification are rules here too.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import shapely

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
POINT, LINE, POLYGON = 1, 2, 3
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
VALUE_WIRES = {1: LENGTH, 2: FIXED32, 3: FIXED64, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT}


@dataclass
class Feature:
    """One feature as the wire holds it, and its parts as lists of points."""

    id: int | None
    type: int
    tags: list[int]
    commands: list[int]
    parts: list[list[tuple[int, int]]] = field(default_factory=list)


@dataclass
class Layer:
    """One layer as the wire holds it."""

    name: str
    version: int | None
    extent: int
    keys: list[str]
    values: list[tuple[int, Any]]
    features: list[Feature]


def read(tile: bytes) -> tuple[list[Layer], list[str]]:
    """Return the layers of an uncompressed tile, and everything that breaks a rule."""
    problems: list[str] = []
    layers = []
    for number, wire, value in fields(tile):
        if (number, wire) == (3, LENGTH):
            layers.append(_layer(value, problems))
        else:
            problems.append(f"tile has an unknown field {number}")
    names = Counter(layer.name for layer in layers)
    problems += [f"layer name {name!r} is used {n} times" for name, n in names.items() if n > 1]
    return layers, problems


def complaints(tile: bytes, *, buffer: int = 80) -> list[str]:
    """Return every rule an uncompressed tile breaks; an empty list is praise.

    Parameters
    ----------
    buffer
        How far, in units of the extent, coordinates may lie outside the tile.
    """
    layers, problems = read(tile)
    for layer in layers:
        problems += [f"{layer.name}: {problem}" for problem in _layer_problems(layer)]
        for position, feature in enumerate(layer.features):
            found = [*_tag_problems(layer, feature), *_geometry_problems(feature)]
            found += _reach_problems(layer, feature, buffer)
            problems += [f"{layer.name}[{position}] id {feature.id}: {text}" for text in found]
    return problems


def fields(message: bytes):
    """Yield field number, wire type and value of a protobuf message."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, position = _varint(message, position)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
            value, position = message[position : position + size], position + size
        elif wire == LENGTH:
            size, position = _varint(message, position)
            value, position = message[position : position + size], position + size
            if len(value) != size:
                raise ValueError("a field ends beyond its message")
        else:
            raise ValueError(f"wire type {wire} does not exist here")
        yield number, wire, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[position]
        position += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a varint has more than ten bytes")


def _packed(data: bytes) -> list[int]:
    values, position = [], 0
    while position < len(data):
        value, position = _varint(data, position)
        values.append(value)
    return values


def _layer(message: bytes, problems: list[str]) -> Layer:
    layer = Layer("", None, 4096, [], [], [])
    for number, wire, value in fields(message):
        if (number, wire) == (1, LENGTH):
            layer.name = value.decode("utf-8")
        elif (number, wire) == (2, LENGTH):
            layer.features.append(_feature(value, problems))
        elif (number, wire) == (3, LENGTH):
            layer.keys.append(value.decode("utf-8"))
        elif (number, wire) == (4, LENGTH):
            layer.values.append(_value(value, problems))
        elif (number, wire) == (5, VARINT):
            layer.extent = value
        elif (number, wire) == (15, VARINT):
            layer.version = value
        else:
            problems.append(f"layer has an unknown field {number} of wire type {wire}")
    return layer


def _value(message: bytes, problems: list[str]) -> tuple[int, Any]:
    found = list(fields(message))
    if len(found) != 1 or VALUE_WIRES.get(found[0][0]) != found[0][1]:
        problems.append(f"a value holds {[n for n, _, _ in found]}, not one field of its type")
        return 0, message
    number, _, value = found[0]
    if number == 7 and value not in (0, 1):
        problems.append(f"a boolean is {value}")
    return number, _VALUE_READERS.get(number, int)(value)


def _feature(message: bytes, problems: list[str]) -> Feature:
    feature = Feature(None, 0, [], [])
    for number, wire, value in fields(message):
        if (number, wire) == (1, VARINT):
            feature.id = value
        elif (number, wire) == (2, LENGTH):
            feature.tags += _packed(value)
        elif (number, wire) == (3, VARINT):
            feature.type = value
        elif (number, wire) == (4, LENGTH):
            feature.commands += _packed(value)
        else:
            problems.append(f"feature has an unknown field {number} of wire type {wire}")
    return feature


def _layer_problems(layer: Layer) -> list[str]:
    problems = []
    if layer.version != 2:
        problems.append(f"version is {layer.version}, not 2")
    if not layer.name:
        problems.append("has no name")
    if layer.extent != 4096:
        problems.append(f"extent is {layer.extent}, not 4096")
    if not layer.features:
        problems.append("has no feature")
    for what, items in (("key", layer.keys), ("value", layer.values)):
        repeated = [item for item, count in Counter(map(repr, items)).items() if count > 1]
        problems += [f"{what} {item} is stored more than once" for item in repeated]
    ids = Counter(f.id for f in layer.features if f.id is not None)
    problems += [f"id {number} is on {n} features" for number, n in ids.items() if n > 1]
    used_keys = {k for f in layer.features for k in f.tags[::2]}
    used_values = {v for f in layer.features for v in f.tags[1::2]}
    problems += [f"key {k!r} is never used" for i, k in enumerate(layer.keys) if i not in used_keys]
    unused = [v for i, v in enumerate(layer.values) if i not in used_values]
    return problems + [f"value {value!r} is never used" for value in unused]


def _tag_problems(layer: Layer, feature: Feature) -> list[str]:
    problems = []
    keys, values = feature.tags[::2], feature.tags[1::2]
    if len(feature.tags) % 2:
        problems.append("has an odd number of tags")
    if any(key >= len(layer.keys) for key in keys):
        problems.append("a tag points beyond the keys")
    if any(value >= len(layer.values) for value in values):
        problems.append("a tag points beyond the values")
    if len(set(keys)) != len(keys):
        problems.append("names one key twice")
    return problems


def _geometry_problems(feature: Feature) -> list[str]:
    if feature.type not in (POINT, LINE, POLYGON):
        return [f"geometry type is {feature.type}"]
    if not feature.commands:
        return ["has no geometry"]
    problems: list[str] = []
    expected = {POINT: _read_points, LINE: _read_lines, POLYGON: _read_rings}
    try:
        feature.parts = expected[feature.type](_Cursor(feature.commands, problems))
    except ValueError as error:
        return [*problems, str(error)]
    if feature.type == POLYGON:
        problems += _polygon_problems(feature.parts)
    return problems


class _Cursor:
    """Walks over commands and keeps the position, which nothing but a command moves."""

    def __init__(self, commands: list[int], problems: list[str]) -> None:
        self.commands, self.problems = commands, problems
        self.next = self.x = self.y = 0

    def more(self) -> bool:
        return self.next < len(self.commands)

    def command(self, expected: int, least: int, most: int | None) -> int:
        if not self.more():
            raise ValueError(f"ends where command {expected} should stand")
        word = self.commands[self.next]
        self.next += 1
        kind, count = word & 7, word >> 3
        if kind != expected or count < least or (most is not None and count > most):
            raise ValueError(f"command {kind} with count {count} where {expected} should stand")
        return count

    def move(self, *, may_stay: bool) -> tuple[int, int]:
        if self.next + 2 > len(self.commands):
            raise ValueError("parameters are missing")
        dx, dy = (_unzigzag(word) for word in self.commands[self.next : self.next + 2])
        self.next += 2
        if dx == dy == 0 and not may_stay:
            self.problems.append("a LineTo goes nowhere")
        if max(abs(dx), abs(dy)) >= 1 << 31:
            self.problems.append("a parameter does not fit 32 bits")
        self.x, self.y = self.x + dx, self.y + dy
        return self.x, self.y


def _read_points(cursor: _Cursor) -> list[list[tuple[int, int]]]:
    count = cursor.command(MOVE_TO, 1, None)
    points = [cursor.move(may_stay=True) for _ in range(count)]
    if cursor.more():
        raise ValueError("something follows the points")
    return [[point] for point in points]


def _read_lines(cursor: _Cursor) -> list[list[tuple[int, int]]]:
    lines = []
    while cursor.more():
        cursor.command(MOVE_TO, 1, 1)
        line = [cursor.move(may_stay=True)]
        line += [cursor.move(may_stay=False) for _ in range(cursor.command(LINE_TO, 1, None))]
        lines.append(line)
    return lines


def _read_rings(cursor: _Cursor) -> list[list[tuple[int, int]]]:
    rings = []
    while cursor.more():
        cursor.command(MOVE_TO, 1, 1)
        ring = [cursor.move(may_stay=True)]
        ring += [cursor.move(may_stay=False) for _ in range(cursor.command(LINE_TO, 2, None))]
        cursor.command(CLOSE_PATH, 1, 1)
        if ring[-1] == ring[0]:
            cursor.problems.append("a ring repeats its first point before ClosePath")
        rings.append(ring)
    return rings


def _polygon_problems(rings: list[list[tuple[int, int]]]) -> list[str]:
    """Exterior rings turn clockwise on the screen, holes the other way and after their shell."""
    polygons: list[list[list[tuple[int, int]]]] = []
    for ring in rings:
        area = twice_area(ring)
        if area == 0:
            return ["a ring has no area"]
        if area > 0:
            polygons.append([ring])
        elif polygons:
            polygons[-1].append(ring)
        else:
            return ["the first ring is a hole"]
    shapes = [shapely.Polygon(shell, holes) for shell, *holes in polygons]
    problems = [
        f"polygon: {shapely.is_valid_reason(shape)}" for shape in shapes if not shape.is_valid
    ]
    if not problems:
        whole = shapely.MultiPolygon(shapes)
        if not whole.is_valid:
            problems.append(f"multipolygon: {shapely.is_valid_reason(whole)}")
    return problems


def _reach_problems(layer: Layer, feature: Feature, buffer: int) -> list[str]:
    low, high = -buffer, layer.extent + buffer
    inside = all(low <= c <= high for part in feature.parts for point in part for c in point)
    return [] if inside else [f"reaches beyond {low}..{high}"]


def twice_area(ring: list[tuple[int, int]]) -> int:
    """Return twice the signed area by the surveyor's formula, y pointing down."""
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)


def _unzigzag(word: int) -> int:
    return (word >> 1) ^ -(word & 1)


_VALUE_READERS = {
    1: lambda raw: raw.decode("utf-8"),
    2: lambda raw: struct.unpack("<f", raw)[0],
    3: lambda raw: struct.unpack("<d", raw)[0],
    4: lambda word: word - (1 << 64) if word >> 63 else word,  # negative: two's complement
    6: _unzigzag,
}
