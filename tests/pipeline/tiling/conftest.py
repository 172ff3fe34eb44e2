"""An independent view of what the engine writes: mapbox-vector-tile decodes, shapely judges."""

import gzip
import json
from dataclasses import dataclass

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from pipeline.tiling import TileOptions, tile
from pipeline.tiling.archive import PMTilesReader, zxy


def to_world(geometry):
    """Project degrees to a square of side 1, x to the east and y to the south."""

    def project(xy):
        sine = np.sin(np.radians(xy[:, 1]))
        y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
        return np.column_stack([xy[:, 0] / 360 + 0.5, y])

    return shapely.transform(geometry, project)


@dataclass
class DecodedTile:
    """One layer of one tile in units of its own grid."""

    z: int
    x: int
    y: int
    features: list

    @property
    def geometry(self):
        """Geometries as shapely objects."""
        return shapely.from_geojson([json.dumps(f["geometry"]) for f in self.features])

    def of_input(self, geometry, buffer=80):
        """Return what of an input geometry in degrees lies in this tile, on its grid."""
        side = 4096 * 2**self.z
        corner = np.array([self.x, self.y]) * 4096
        moved = shapely.transform(to_world(geometry), lambda xy: xy * side - corner)
        return shapely.clip_by_rect(
            shapely.make_valid(moved), -buffer, -buffer, 4096 + buffer, 4096 + buffer
        )


class Tileset:
    """A finished archive, tile by tile."""

    def __init__(self, path, report):
        self.path, self.report = path, report
        self.reader = PMTilesReader(path)

    def raw(self, z, x, y):
        """Return the bytes of a tile without their gzip cover."""
        return gzip.decompress(bytes(self.reader.get(z, x, y)))

    def addresses(self, zoom=None):
        """Return (z, x, y) of every tile."""
        found = [zxy(tile) for tile, _ in self.reader.tiles()]
        return [a for a in found if zoom is None or a[0] == zoom]

    def tiles(self, zoom=None, layer="layer"):
        """Yield every tile that has the layer, decoded."""
        for z, x, y in self.addresses(zoom):
            content = mapbox_vector_tile.decode(
                self.raw(z, x, y), default_options={"y_coord_down": True}
            )
            if layer in content:
                yield DecodedTile(z, x, y, content[layer]["features"])

    def features(self, zoom=None, layer="layer"):
        """Return the decoded features of all tiles."""
        return [f for t in self.tiles(zoom, layer) for f in t.features]


@pytest.fixture
def cut(tmp_path):
    """Return a function that cuts geometries (degrees) or a frame and opens the archive."""

    def run(data, *, id_column=None, **options):
        if not hasattr(data, "items") and not hasattr(data, "to_arrow"):
            data = gpd.GeoDataFrame(geometry=gpd.GeoSeries(list(data), crs=4326))
        out = tmp_path / f"tiles{len(list(tmp_path.iterdir()))}.pmtiles"
        report = tile(data, out, TileOptions(**options), id_column=id_column, name="test")
        return Tileset(out, report)

    return run
