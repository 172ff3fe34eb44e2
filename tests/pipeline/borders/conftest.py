"""Two or three municipalities drawn on a plane of metres: east, west, and one in the north."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.borders.reference import reference_of
from pipeline.borders.subject import Subject
from pipeline.config.borders import Borders

ZONE = "EPSG:6670"
WEST, EAST, NORTH = "401005", "406210", "402044"
ORIGIN = np.array([-20_000.0, 90_000.0])


def wavy(count=201):
    """Return vertices of a line northwards, 2,000 m long, that is not straight."""
    y = np.linspace(0, 2000, count)
    return np.column_stack([15 * np.sin(y / 90), y])


@pytest.fixture
def line():
    return wavy()


@pytest.fixture
def areas(line):
    """The reference: west and east of a wavy line, and a third one north of both."""
    west = [(-2000, 0), *line.tolist(), (-2000, 2000)]
    east = [(2000, 0), (2000, 2000), *line[::-1].tolist()]
    north = [(-2000, 2000), tuple(line[-1]), (2000, 2000), (2000, 3000), (-2000, 3000)]
    return {WEST: west, EAST: east, NORTH: north}


@pytest.fixture
def degrees():
    """Turn plane geometries (metres from a corner) into a layer in degrees."""

    def make(rows, **columns):
        shapes = [shapely.transform(shape, lambda c: c + ORIGIN) for _, shape in rows]
        frame = gpd.GeoDataFrame(
            {"id": range(1, len(rows) + 1), "municipality_code": [code for code, _ in rows]}
            | columns,
            geometry=shapes,
            crs=ZONE,
        )
        return frame.to_crs("EPSG:6668")

    return make


@pytest.fixture
def reference(areas, degrees):
    return reference_of(degrees([(code, shapely.Polygon(ring)) for code, ring in areas.items()]))


@pytest.fixture
def subject():
    def make(frame, **declared):
        return Subject(frame, Borders(**declared), dict.fromkeys((WEST, EAST, NORTH), ZONE))

    return make
