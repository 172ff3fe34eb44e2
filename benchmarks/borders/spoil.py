"""Neighbours drawn wrongly on purpose, by a seed, with the truth written beside them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.reference import Reference, reference_of

ZONE = "EPSG:6670"
CRS = "EPSG:6668"
WEST, EAST, CONTROL_A, CONTROL_B = "401005", "406210", "402133", "406473"
LENGTH, DEPTH, BLOCK = 20_000.0, 600.0, 100.0
CORNER = np.array([-30_000.0, 70_000.0])
"""Where the made-up country begins in zone II (m)."""
FAR = 8_000.0
"""Metres between the spoiled pair and the control pair, north of it."""


@dataclass(frozen=True)
class Fault:
    """One thing made wrong: of what kind, whose, how large, and where (m in the zone)."""

    kind: str
    a: str
    b: str
    magnitude: float
    size: float
    place: tuple[float, float]
    grade: str = ""


def wave(y: np.ndarray) -> np.ndarray:
    """Return how far east the line is at `y` metres."""
    return 40 * np.sin(y / 300) + 12 * np.sin(y / 71)


def cells(west: bool, offset: float, count: int) -> np.ndarray:
    """Return `count` parcels along the line, one deep, edges as wavy as the line."""
    found = []
    for number in range(count):
        y = np.linspace(number * BLOCK, (number + 1) * BLOCK, 6)
        line = np.column_stack([wave(y), y])
        far = -DEPTH if west else DEPTH
        ring = [*line, (far, y[-1]), (far, y[0])]
        found.append(np.asarray(ring) + CORNER + [0, offset])
    return np.asarray(shapely.polygons(found), object)


def degrees(shapes: np.ndarray) -> np.ndarray:
    """Return shapes of the zone in degrees."""
    return np.asarray(gpd.GeoSeries(shapes, crs=ZONE).to_crs(CRS).to_numpy(), object)


def country(count: int = 200) -> gpd.GeoDataFrame:
    """Return two pairs of municipalities as parcels that fit to the last digit."""
    parts = [
        (code, cells(west, offset, count))
        for code, west, offset in (
            (WEST, True, 0.0), (EAST, False, 0.0),
            (CONTROL_A, True, LENGTH + FAR), (CONTROL_B, False, LENGTH + FAR),
        )
    ]  # fmt: skip
    codes = np.concatenate([[code] * len(shapes) for code, shapes in parts])
    shapes = degrees(np.concatenate([shapes for _, shapes in parts]))
    ids = np.arange(1, len(codes) + 1)
    return gpd.GeoDataFrame({"id": ids, "municipality_code": codes}, geometry=shapes, crs=CRS)


def reference(frame: gpd.GeoDataFrame) -> Reference:
    """Return the true areas of the country."""
    return reference_of(frame)


def spoiled_areas(magnitude: float, seed: int) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Cut back or push out every tenth parcel of the east by `magnitude` metres."""
    rng = np.random.default_rng(seed)
    frame = country()
    rows = np.flatnonzero(frame["municipality_code"] == EAST)[::10]
    flat = frame.geometry.iloc[rows].to_crs(ZONE).to_numpy()
    made, faults = [], []
    for shape in flat:
        inward = bool(rng.integers(2))
        ring = shapely.get_coordinates(shape).copy()
        # The vertices between the ends of its line; the ends belong to its neighbours too.
        inner = [i for i in range(len(ring)) if 0 < i % 8 < 5]
        before = shapely.polygons(ring)
        ring[inner, 0] += magnitude if inward else -magnitude
        after = shapely.polygons(ring)
        size = abs(after.area - before.area)
        middle = ring[2]
        kind = "gap" if inward else "overlap"
        faults.append(Fault(kind, EAST, WEST, magnitude, size, (middle[0], middle[1])))
        made.append(after)
    frame.loc[rows, "geometry"] = degrees(np.asarray(made, object))
    return frame, faults


def roads(magnitude: float) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return roads over the line of both pairs; every fourth of the first is short."""
    codes, shapes, names, widths, faults = [], [], [], [], []
    for a, b, offset, bad in (
        (WEST, EAST, 0.0, True), (CONTROL_A, CONTROL_B, LENGTH + FAR, False),
    ):  # fmt: skip
        for number in range(160):
            y = 50 + number * 120.0
            at = np.array([float(wave(np.array([y]))[0]), y + offset]) + CORNER
            short = magnitude if bad and number % 4 == 0 else 0.0
            ways = ([at - [400, 0], at], [at + np.array([short, 0.0]), at + np.array([400.0, 0.0])])
            width = 6.0
            other = 7.5 if bad and number % 4 == 1 else width
            renamed = bad and number % 4 == 2
            codes += [a, b]
            shapes += [shapely.LineString(way) for way in ways]
            names += [
                f"市道{number}号線",
                f"町道{number + 500}号線" if renamed else f"市道 {number}号線",
            ]
            widths += [width, other]
            place = (float(at[0]), float(at[1]))
            if short:
                faults.append(Fault("unmet", a, b, magnitude, short, place))
            if other != width:
                faults.append(Fault("value", a, b, magnitude, 0.0, place, "width"))
            if renamed:
                faults.append(Fault("value", a, b, magnitude, 0.0, place, "name"))
    said = {"name": names, "width": widths}
    frame = gpd.GeoDataFrame(
        {"id": np.arange(1, len(codes) + 1), "municipality_code": codes} | said,
        geometry=degrees(np.asarray(shapes, object)), crs=CRS,
    )  # fmt: skip
    return frame, faults


VARIANTS = (
    lambda name: name, lambda name: name.replace("公民館", "　公民館"),
    lambda name: name.replace("ヶ", "ケ"), lambda name: name.replace("第一", "第１"),
    lambda name: f"北九州市立{name}",
)  # fmt: skip
"""How the neighbour's list writes the same name."""


def places(magnitude: float, seed: int) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Return halls on the line in both lists, `magnitude` metres apart, and others near them."""
    rng = np.random.default_rng(seed)
    codes, points, names, faults = [], [], [], []
    kanji = np.array(list("山川田谷原野林森沢島浜松竹梅桜柳"))
    for number in range(190):
        y = 50 + number * 100.0
        at = np.array([float(wave(np.array([y]))[0]), y]) + CORNER
        stem = "".join(rng.choice(kanji, 3)) + "ヶ" + "".join(rng.choice(kanji, 1))
        name = f"第一{stem}公民館"
        turn = rng.uniform(0, 2 * np.pi)
        step = magnitude * np.array([np.cos(turn), np.sin(turn)])
        codes.append(WEST)
        points.append(at)
        names.append(name)
        codes.append(EAST)
        if number % 3 == 0:
            points.append(at + step)
            names.append(VARIANTS[number // 3 % len(VARIANTS)](name))
            place = (float(at[0]), float(at[1]))
            faults.append(Fault("duplicate", WEST, EAST, magnitude, magnitude, place, "same"))
        else:
            points.append(at + np.array([45.0, 0.0]))
            names.append(name.replace("第一", "第二"))
    frame = gpd.GeoDataFrame(
        {"id": np.arange(1, len(codes) + 1), "municipality_code": codes, "name": names},
        geometry=degrees(shapely.points(np.asarray(points))), crs=CRS,
    )  # fmt: skip
    return frame, faults
