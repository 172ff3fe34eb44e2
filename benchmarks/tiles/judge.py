"""What an archive is worth: features present at each zoom, polygons that are valid on the wire.

Read by the ``pmtiles`` package and the protobuf classes of ``mapbox-vector-tile``: by no code of
ours, and the same for us and for every peer.
"""

from __future__ import annotations

import gzip
import mmap
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from pmtiles.reader import all_tiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

POLYGONS_PER_ZOOM = 3_000
_POLYGON = 3


@dataclass
class Verdict:
    """What was found in an archive.

    Attributes
    ----------
    bytes, tiles
        Size of the file, number of tiles.
    present
        Zoom -> how many different features appear in it, for the zooms asked about.
    kinds
        Geometry types in the tiles decoded, for noticing polygons that came back as points.
    polygons, invalid
        Polygon features looked at (an even sample of each zoom's tiles), and how many of them
        shapely calls invalid.
    largest_tile
        Stored bytes of the largest tile.
    """

    bytes: int
    tiles: int = 0
    present: dict[int, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    polygons: int = 0
    invalid: int = 0
    largest_tile: int = 0


def judge(path: Path, zooms: Collection[int]) -> Verdict:
    """Count the features of some zooms, and sample the polygons of all.

    Parameters
    ----------
    path
        The archive.
    zooms
        Zooms whose features are counted; decoding every tile of every zoom takes longer than
        cutting them.
    """
    verdict = Verdict(bytes=path.stat().st_size)
    ids: dict[int, set[int]] = defaultdict(set)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:

        def part(offset: int, length: int) -> bytes:
            return data[offset : offset + length]

        per_zoom = Counter(z for (z, _, _), _ in all_tiles(part))
        seen: Counter[int] = Counter()
        checked: Counter[int] = Counter()
        kinds: Counter[str] = Counter()
        for (z, _, _), stored in all_tiles(part):
            verdict.tiles += 1
            verdict.largest_tile = max(verdict.largest_tile, len(stored))
            seen[z] += 1
            room = int(POLYGONS_PER_ZOOM * seen[z] / per_zoom[z]) - checked[z]
            if z not in zooms and room <= 0:
                continue
            tile = vector_tile_pb2.tile()
            tile.ParseFromString(gzip.decompress(stored))
            for layer in tile.layers:
                if z in zooms:
                    ids[z].update(_ids(layer))
                kinds.update(_kinds(layer))
                found, invalid = _check(layer, max(room, 0))
                room -= found
                checked[z] += found
                verdict.invalid += invalid
        verdict.polygons = checked.total()
        verdict.kinds = dict(kinds)
    verdict.present = {z: len(found) for z, found in sorted(ids.items())}
    return verdict


def _ids(layer: Any) -> Iterator[int]:
    """Yield the attribute ``id`` of every feature, or the feature's own id where it is none."""
    key = next((i for i, name in enumerate(layer.keys) if name == "id"), None)
    values = [_number(value) for value in layer.values]
    for feature in layer.features:
        tags = list(feature.tags)
        keys = tags[::2]
        yield values[tags[2 * keys.index(key) + 1]] if key in keys else feature.id


def _number(value: Any) -> int:
    for name in ("int_value", "uint_value", "sint_value", "double_value", "float_value"):
        if value.HasField(name):
            return int(getattr(value, name))
    return -1


def _kinds(layer: Any) -> Iterable[str]:
    names = ("unknown", "point", "line", "polygon")
    return (names[feature.type] for feature in layer.features)


def _check(layer: Any, room: int) -> tuple[int, int]:
    """Return how many polygon features were looked at, and how many of them are invalid."""
    chosen = [feature for feature in layer.features if feature.type == _POLYGON][:room]
    polygons = [_polygon(list(feature.geometry)) for feature in chosen]
    whole = np.array([polygon for polygon in polygons if polygon is not None], object)
    invalid = len(polygons) - len(whole) + int((~shapely.is_valid(whole)).sum())
    return len(polygons), invalid


def _polygon(commands: Sequence[int]) -> shapely.MultiPolygon | None:
    """Build a polygon as a renderer would; None if a ring cannot be a ring."""
    parts: list[list[NDArray[np.int64]]] = []
    outward = 0
    for ring in rings(commands):
        if len(ring) < 3:
            return None
        area = _area(ring)
        outward = outward or int(np.sign(area))
        if np.sign(area) == outward or not parts:
            parts.append([ring])
        else:
            parts[-1].append(ring)
    return shapely.MultiPolygon([(part[0], part[1:]) for part in parts]) if parts else None


def rings(commands: Sequence[int]) -> Iterator[NDArray[np.int64]]:
    """Yield the rings of a polygon's commands, open, in tile units (MVT 2.1, section 4.3)."""
    position, x, y = 0, 0, 0
    ring: list[tuple[int, int]] = []
    while position < len(commands):
        command, count = commands[position] & 7, commands[position] >> 3
        position += 1
        if command == 7:
            yield np.array(ring)
            ring = []
            continue
        for _ in range(count):
            across, down = commands[position], commands[position + 1]
            x += (across >> 1) ^ -(across & 1)
            y += (down >> 1) ^ -(down & 1)
            position += 2
            ring.append((x, y))


def _area(ring: NDArray[np.int64]) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2
