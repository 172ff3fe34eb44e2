"""Every tile cut from real layers keeps every rule of Mapbox Vector Tiles 2.1, at every zoom."""

import gzip

import pytest

from pipeline.tiling import TileOptions, tile
from pipeline.tiling.archive import PMTilesReader, zxy

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(scope="module")
def tileset(real_layers, tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "city.pmtiles"
    report = tile(real_layers, path, TileOptions(minzoom=0, maxzoom=14))
    return path, report


def test_every_tile_is_strictly_conformant(strict_mvt, tileset):
    found = []
    with PMTilesReader(tileset[0]) as reader:
        for number, data in reader.tiles():
            name = "/".join(map(str, zxy(number)))
            found += [f"{name} {text}" for text in strict_mvt.complaints(gzip.decompress(data))]
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found[:20])


def test_every_feature_is_in_the_last_zoom(strict_mvt, real_layers, tileset):
    seen = {name: set() for name in real_layers}
    with PMTilesReader(tileset[0]) as reader:
        for number, data in reader.tiles():
            if zxy(number)[0] == 14:
                for layer in strict_mvt.read(gzip.decompress(data))[0]:
                    seen[layer.name].update(feature.id for feature in layer.features)
    drawn = {
        name: (~t.geometry.is_empty & t.geometry.notna()).sum() for name, t in real_layers.items()
    }
    assert {name: len(ids) for name, ids in seen.items()} == drawn


def test_the_report_counts_the_tiles_that_are_there(tileset):
    path, report = tileset
    with PMTilesReader(path) as reader:
        entries = reader.entries()
    assert sum(zoom.tiles for zoom in report.zooms) == int(entries.run_lengths.sum())
