"""Every tile cut from a whole city keeps every rule of Mapbox Vector Tiles 2.1, at every zoom.

The city is generated (always) and real (wards, zoning, planned roads, shelters, when the real
data is there).
"""

import gzip

import pytest

from benchmarks.tiles import cities
from pipeline.tiling import TileOptions, tile
from pipeline.tiling.archive import PMTilesReader, verify, zxy

pytestmark = pytest.mark.slow

MAXZOOM = 14
SIZES = {"buildings": 4_000, "roads": 2_000, "points": 3_000, "flood": 20_000}


@pytest.fixture(scope="module", params=["generated", pytest.param("real", marks=pytest.mark.real)])
def city(request):
    """Layers by name, with the position of each feature as its id."""
    if request.param == "real":
        return request.getfixturevalue("real_layers")
    return {kind: cities.KINDS[kind](size) for kind, size in SIZES.items()}


@pytest.fixture(scope="module")
def tileset(city, tmp_path_factory):
    path = tmp_path_factory.mktemp("city") / "city.pmtiles"
    report = tile(city, path, TileOptions(minzoom=0, maxzoom=MAXZOOM))
    with PMTilesReader(path) as reader:
        verify(reader, sample=10**9)
        tiles = [(zxy(number), gzip.decompress(data)) for number, data in reader.tiles()]
    return tiles, report


def test_every_tile_is_strictly_conformant(strict_mvt, tileset):
    found = [
        f"{z}/{x}/{y} {complaint}"
        for (z, x, y), raw in tileset[0]
        for complaint in strict_mvt.complaints(raw)
    ]
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found[:20])


def test_every_feature_is_in_the_last_zoom(strict_mvt, city, tileset):
    seen = {name: set() for name in city}
    for (z, _, _), raw in tileset[0]:
        if z == MAXZOOM:
            for layer in strict_mvt.read(raw)[0]:
                seen[layer.name].update(feature.id for feature in layer.features)
    drawn = {name: len(table) for name, table in city.items()}
    assert {name: len(ids) for name, ids in seen.items()} == drawn


def test_every_zoom_has_tiles_and_the_report_counts_them(tileset):
    tiles, report = tileset
    counted = dict.fromkeys(range(MAXZOOM + 1), 0)
    for (z, _, _), _ in tiles:
        counted[z] += 1
    assert {zoom.zoom: zoom.tiles for zoom in report.zooms} == counted
    assert all(counted.values())
