"""Three decoders that share no code read the same thing out of our tiles.

``mapbox-vector-tile`` (Python), GDAL (C++) and ``@mapbox/vector-tile`` (what web maps use). Each
decoder's answer is brought to the same plain form: layer -> id -> type, attributes, parts.
"""

import base64
import gzip
import json
import math
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import mapbox_vector_tile
import pyogrio
import pytest
import shapely
from shapely.geometry import (
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from pipeline.tiling import TileOptions, tile
from pipeline.tiling.archive import PMTilesReader, zxy

NODE = Path(__file__).resolve().parent / "node"
POINT, LINE, POLYGON = 1, 2, 3
_GDAL_TYPES = {"Point": POINT, "LineString": LINE, "Polygon": POLYGON}
_REAL_TILES = 150  # GDAL opens each tile as a file of its own: an even sample of all zooms


@pytest.fixture(scope="module")
def node():
    """Install the decoder of web maps once; without Node.js there is nothing to ask."""
    if not shutil.which("npm"):
        pytest.skip("Node.js is not installed: the decoder of web maps cannot be asked")
    lock, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=NODE, check=True)

    def decode(tiles):
        encoded = json.dumps([base64.b64encode(raw).decode() for raw in tiles])
        answer = subprocess.run(
            ["node", "decode.mjs"],
            cwd=NODE,
            input=encoded,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(answer.stdout)

    return decode


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory):
    """One layer for each kind of geometry, with every type of attribute, cut to zoom 7."""
    west, south = 130.80, 33.85
    square = box(west, south, west + 0.09, south + 0.06)
    hole = box(west + 0.02, south + 0.02, west + 0.05, south + 0.04)
    shapes = {
        "points": [Point(west, south), MultiPoint([(west, south), (west + 0.1, south + 0.1)])],
        "lines": [
            LineString([(west - 3, south), (west + 3, south + 2), (west + 4, south - 1)]),
            MultiLineString([[(west, south), (west + 1, south)], [(west, south + 1), (west, 35)]]),
        ],
        "areas": [
            Polygon(square.exterior, [hole.exterior]),
            MultiPolygon([box(130, 33, 131, 34), box(131.5, 33, 132, 33.5)]),
            box(120, 25, 140, 40),
        ],
    }
    layers = {}
    for name, geometry in shapes.items():
        count = len(geometry)
        attributes = {
            "name": [f"{name} ― 髙﨑① {i}" for i in range(count)],
            "count": [-5 + 2**40 * i for i in range(count)],
            "height": [0.1 + i for i in range(count)],
            "open": [i % 2 == 0 for i in range(count)],
            "note": [None, *["备注"] * (count - 1)],
            "id": [2**53 - 1 - i for i in range(count)],
        }
        layers[name] = gpd.GeoDataFrame(attributes, geometry=geometry, crs=6668)
    return cut(layers, tmp_path_factory.mktemp("kinds"), 7, id_column="id")


def cut(layers, folder, maxzoom, **options):
    path = folder / "city.pmtiles"
    tile(layers, path, TileOptions(minzoom=0, maxzoom=maxzoom), **options)
    with PMTilesReader(path) as reader:
        return [("-".join(map(str, zxy(n))), gzip.decompress(data)) for n, data in reader.tiles()]


def by_python(raw):
    decoded = mapbox_vector_tile.decode(raw, default_options={"y_coord_down": True})
    layers = {}
    for name, layer in decoded.items():
        assert (layer["version"], layer["extent"]) == (2, 4096)
        features = [
            (f["id"], f["properties"], shapely.geometry.shape(f["geometry"]))
            for f in layer["features"]
        ]
        layers[name] = plain_geometries(features)
    return layers


def by_gdal(path):
    layers = {}
    for name, _ in pyogrio.list_layers(path):
        table = pyogrio.read_dataframe(path, layer=name, CLIP="NO")
        flipped = shapely.transform(table.geometry.values, lambda xy: [0, 4096] + [1, -1] * xy)
        columns = [c for c in table.columns if c not in ("geometry", "mvt_id")]
        rows = table[columns].astype(object).to_dict("records")
        features = zip(table["mvt_id"].tolist(), rows, flipped, strict=True)
        layers[name] = plain_geometries(features)
    return layers


def by_web_maps(decoded):
    layers = {}
    for name, layer in decoded.items():
        assert (layer["version"], layer["extent"]) == (2, 4096)
        layers[name] = {
            f["id"]: (f["type"], plain_values(f["properties"]), plain_parts(f["type"], f["parts"]))
            for f in layer["features"]
        }
        assert len(layers[name]) == len(layer["features"])
    return layers


def plain_geometries(features):
    plain = {}
    for number, properties, geometry in features:
        kind = _GDAL_TYPES[geometry.geom_type.removeprefix("Multi")]
        parts = [
            ring
            for part in shapely.get_parts(geometry)
            for ring in ([part.exterior, *part.interiors] if kind == POLYGON else [part])
        ]
        coordinates = [shapely.get_coordinates(part).tolist() for part in parts]
        plain[int(number)] = (kind, plain_values(properties), plain_parts(kind, coordinates))
    return plain


def plain_values(properties):
    """Leave out nulls, which tiles do not have; round what passed through a text."""
    kept = {
        k: v
        for k, v in properties.items()
        if v is not None and not (isinstance(v, float) and math.isnan(v))
    }
    return {k: round(float(v), 9) if isinstance(v, int | float) else v for k, v in kept.items()}


def plain_parts(kind, parts):
    rounded = [[(round(x), round(y)) for x, y in part] for part in parts]
    return sorted(_ring(part[:-1]) if kind == POLYGON else part for part in rounded)


def _ring(ring):
    """Start every ring at its least point and go the lesser way round: decoders may turn it."""
    start = ring.index(min(ring))
    forward = ring[start:] + ring[:start]
    return min(forward, [forward[0], *forward[:0:-1]])


def assert_all_agree(tiles, node, folder):
    assert tiles
    for (name, raw), decoded in zip(tiles, node([raw for _, raw in tiles]), strict=True):
        expected = by_python(raw)
        path = folder / "tile.mvt"  # a name with numbers would make GDAL georeference it
        path.write_bytes(raw)
        assert by_web_maps(decoded) == expected, name
        assert by_gdal(path) == expected, name


def test_every_kind_of_geometry_and_attribute_means_the_same_to_all(every_kind, node, tmp_path):
    assert_all_agree(every_kind, node, tmp_path)


def test_the_last_zoom_holds_every_feature_with_its_id_and_attributes(every_kind):
    features = {}
    for name, raw in every_kind:
        if name.startswith("7-"):
            for layer in by_python(raw).values():
                features |= {(number, v["name"]): v for number, (_, v, _) in layer.items()}
    assert len(features) == 7
    assert features[2**53 - 2, "lines ― 髙﨑① 1"] == {
        "name": "lines ― 髙﨑① 1",
        "count": 2.0**40 - 5,
        "height": 1.1,
        "open": 0.0,
        "note": "备注",
    }


@pytest.mark.real
@pytest.mark.slow
def test_real_layers_mean_the_same_to_all(real_layers, node, tmp_path):
    tiles = cut(real_layers, tmp_path, 14)
    assert_all_agree(tiles[:: len(tiles) // _REAL_TILES], node, tmp_path)
