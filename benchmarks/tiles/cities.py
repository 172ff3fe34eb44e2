"""A city that does not exist, the same every time: buildings, roads, points, two floods.

The area grows with the number of features, so that a larger city is wider, not denser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.tiles import real

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SEED = 401005
CENTER = (130.85, 33.88)  # longitude, latitude of the middle of the city
METRES_PER_DEGREE = (111_320 * np.cos(np.radians(CENTER[1])), 110_922.0)
AREA_PER_FEATURE = 6_000.0  # square metres of city for each building

USES = (
    "住宅",
    "共同住宅",
    "商業",
    "業務",
    "工業",
    "倉庫",
    "学校",
    "病院",
    "寺社",
    "駐車場",
    "官公庁",
    "その他",
)
CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "service",
    "footway",
)


def buildings(count: int) -> gpd.GeoDataFrame:
    """Rectangles, L-shapes and U-shapes of 5 to 9 points along a turned street grid."""
    chance = np.random.default_rng([SEED, 1, count])
    kind = chance.choice(3, count, p=[0.6, 0.3, 0.1])
    outlines, sizes = _outlines()
    _, owner, place = _ragged(sizes[kind])
    unit = outlines[kind[owner], place]
    extent = np.column_stack(
        [chance.lognormal(np.log(11), 0.4, count), chance.lognormal(np.log(8), 0.35, count)]
    )
    local = unit * extent.clip(3, 70)[owner]
    turn = chance.normal(0.3, 0.25, count)[owner]
    turned = _rotate(local, turn)
    rings = shapely.linearrings(_degrees(_places(chance, count)[owner] + turned), indices=owner)
    geometry = shapely.polygons(rings)
    attributes = {
        "id": np.arange(1, count + 1),
        "use": np.array(USES)[chance.choice(len(USES), count, p=_falling(len(USES)))],
        "floors": chance.geometric(0.4, count).clip(1, 50),
        "area": np.round(extent.prod(axis=1), 1),
        "year": chance.integers(1950, 2026, count),
    }
    return gpd.GeoDataFrame(attributes, geometry=geometry, crs=4326)


def roads(count: int) -> gpd.GeoDataFrame:
    """Lines of 2 to 30 points that bend gently."""
    chance = np.random.default_rng([SEED, 2, count])
    total, owner, place = _ragged(chance.integers(2, 31, count))
    bend = np.where(place == 0, 0, chance.normal(0, 0.2, total))
    heading = chance.uniform(0, 2 * np.pi, count)[owner] + _running(bend, owner, place)
    stride = np.where(place == 0, 0, chance.lognormal(np.log(25), 0.5, total))
    east = _running(stride * np.cos(heading), owner, place)
    north = _running(stride * np.sin(heading), owner, place)
    walk = _places(chance, count)[owner] + np.column_stack([east, north])
    attributes = {
        "id": np.arange(1, count + 1),
        "class": np.array(CLASSES)[
            chance.choice(len(CLASSES), count, p=_falling(len(CLASSES))[::-1])
        ],
        "name": np.array([f"市道{i}号線" for i in range(5000)])[chance.integers(0, 5000, count)],
        "oneway": chance.random(count) < 0.2,
        "lanes": chance.integers(1, 5, count),
    }
    geometry = shapely.linestrings(_degrees(walk), indices=owner)
    return gpd.GeoDataFrame(attributes, geometry=geometry, crs=4326)


def points(count: int) -> gpd.GeoDataFrame:
    """Places with six attributes, one of them nearly unique."""
    chance = np.random.default_rng([SEED, 3, count])
    names = max(count // 15, 1)
    attributes = {
        "id": np.arange(1, count + 1),
        "kind": np.array([f"種別{i:02}" for i in range(40)])[chance.integers(0, 40, count)],
        "name": np.array([f"施設 {i}" for i in range(names)])[chance.integers(0, names, count)],
        "rank": chance.integers(0, 100, count),
        "value": np.round(chance.gamma(2, 50, count), 3),
        "open": chance.random(count) < 0.7,
    }
    geometry = shapely.points(_degrees(_places(chance, count)))
    return gpd.GeoDataFrame(attributes, geometry=geometry, crs=4326)


def floods(vertices: int) -> gpd.GeoDataFrame:
    """Two polygons of `vertices` points each, ragged at every scale, with 40 holes each."""
    chance = np.random.default_rng([SEED, 4, vertices])
    middles = np.array([(-8_000.0, -2_000.0), (9_000.0, 3_000.0)])
    polygons = [
        _flood(chance, vertices, middle, radius)
        for middle, radius in zip(middles, (7_500.0, 6_500.0), strict=True)
    ]
    attributes = {"id": [1, 2], "depth": [0.5, 3.0], "name": ["川A", "川B"]}
    return gpd.GeoDataFrame(attributes, geometry=shapely.make_valid(polygons), crs=4326)


KINDS: dict[str, Callable[[int], gpd.GeoDataFrame]] = {
    "buildings": buildings,
    "roads": roads,
    "points": points,
    "flood": floods,
}


def write(kind: str, count: int, folder: Path) -> Path:
    """Return the GeoParquet file of an input, making it if it is not there yet.

    Kinds that are not generated are read from the real data; `count` then only names the file.
    """
    path = folder / f"{kind}-{count}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        table = KINDS[kind](count) if kind in KINDS else real.KINDS[kind]()
        table.to_parquet(partial, compression="snappy", geometry_encoding="WKB")
        partial.replace(path)
    return path


def _flood(
    chance: np.random.Generator, vertices: int, middle: NDArray[np.float64], radius: float
) -> shapely.Polygon:
    angle = np.arange(vertices) * 2 * np.pi / vertices
    shape = np.ones(vertices)
    waves = [w for w in (2, 3, 5, 9, 17, 33, 70, 150, 400, 1_100, 3_000, 8_000) if w < vertices / 8]
    for wave in waves:
        shape += (
            chance.normal()
            * 0.25
            / wave**0.75
            * np.sin(wave * angle + chance.uniform(0, 2 * np.pi))
        )
    reach = radius * shape.clip(0.3, 1.5)
    shell = middle + np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
    turn = np.arange(200) * 2 * np.pi / 200
    unit = (
        np.column_stack([np.cos(turn), np.sin(turn)]) * (30 * (1 + 0.3 * np.sin(5 * turn)))[:, None]
    )
    spokes = 2 * np.pi * np.arange(40) / 40
    distance = radius * 0.06 * (1 + np.arange(40) % 4)
    centres = middle + np.column_stack([distance * np.cos(spokes), distance * np.sin(spokes)])
    return shapely.Polygon(_degrees(shell), [_degrees(centre + unit) for centre in centres])


def _outlines() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return closed unit outlines padded to nine points, and how many points each has."""
    shapes = [
        [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)],
        [(0, 0), (1, 0), (1, 0.45), (0.5, 0.45), (0.5, 1), (0, 1), (0, 0)],
        [(0, 0), (1, 0), (1, 1), (0.7, 1), (0.7, 0.4), (0.3, 0.4), (0.3, 1), (0, 1), (0, 0)],
    ]
    padded = np.zeros((len(shapes), 9, 2))
    for row, shape in zip(padded, shapes, strict=True):
        row[: len(shape)] = shape
    return padded, np.array([len(shape) for shape in shapes])


def _places(chance: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Return metres from the middle: seven in ten around town centres, the rest anywhere."""
    width = np.sqrt(max(count, 100) * AREA_PER_FEATURE * 4 / 3)
    half = np.array([width, width * 0.75]) / 2
    towns = max(count // 3_000, 4)
    centres = chance.uniform(-0.9, 0.9, (towns, 2)) * half
    spread = chance.uniform(600, 2_500, towns)
    town = chance.choice(towns, count, p=chance.dirichlet(np.full(towns, 1.5)))
    near = centres[town] + chance.normal(size=(count, 2)) * spread[town, None]
    anywhere = chance.uniform(-1, 1, (count, 2)) * half
    chosen: NDArray[np.float64] = np.where(chance.random((count, 1)) < 0.3, anywhere, near)
    return chosen.clip(-half, half)


def _degrees(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(np.array(CENTER) + metres / np.array(METRES_PER_DEGREE), 7)


def _rotate(xy: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([xy[:, 0] * cos - xy[:, 1] * sin, xy[:, 0] * sin + xy[:, 1] * cos])


def _ragged(sizes: NDArray[np.int64]) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """Return the total, and for every point its owner and its place within the owner."""
    owner = np.repeat(np.arange(sizes.size), sizes)
    start = np.cumsum(sizes) - sizes
    return int(sizes.sum()), owner, np.arange(owner.size) - start[owner]


def _running(
    steps: NDArray[np.float64], owner: NDArray[np.int64], place: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return running sums that start anew with every owner."""
    total = np.cumsum(steps)
    first = (total - steps)[place == 0]
    return total - first[owner]


def _falling(count: int) -> NDArray[np.float64]:
    weights = 0.6 ** np.arange(count)
    return weights / weights.sum()
