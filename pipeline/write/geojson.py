"""GeoJSON as RFC 7946 wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from pipeline.write.table import Credited

DECIMALS = 7
"""Of a degree: about a centimetre, finer than any ledger."""


def write_geojson(frame: gpd.GeoDataFrame, path: Path, credit: Credited | None = None) -> None:
    """Write a layer as GeoJSON, one feature per line.

    RFC 7946 knows WGS 84 only; JGD2011 agrees with it to within a metre (EPSG operation
    'JGD2011 to WGS 84 (1)'), so coordinates are written as they are. Rings follow the
    right-hand rule (3.1.6), ``id`` is the feature id (3.2), a feature without a place has the
    geometry ``null`` (3.2).

    Parameters
    ----------
    frame
        With an integer column ``id``; geometry in EPSG:6668 degrees.
    path
        File to write; equal frames give equal bytes.
    credit
        Licence and attribution, which become members of the collection (6.1).
    """
    said = {"license": credit.licence, "attribution": credit.attribution} if credit else {}
    members = b"".join(b"%s:%s," % (orjson.dumps(k), orjson.dumps(v)) for k, v in said.items())
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection",%s"features":[\n' % members)
        for position, feature in enumerate(feature_texts(frame)):
            out.write((b",\n" if position else b"") + feature)
        out.write(b"\n]}\n")


def feature_texts(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_] | None = None
) -> Iterator[bytes]:
    """Yield each feature of a layer as one line of GeoJSON; see :func:`write_geojson`.

    Parameters
    ----------
    frame
        As for :func:`write_geojson`.
    shapes
        What :func:`rounded` makes of its geometry, if that is known already.
    """
    shapes = rounded(frame.geometry.to_numpy()) if shapes is None else shapes
    texts = shapely.to_geojson(shapes)
    table = pd.DataFrame(frame.drop(columns=["id", "geometry"])).astype(object)
    records = table.where(table.notna(), None).to_dict("records")
    for identity, record, shape in zip(frame["id"], records, texts, strict=True):
        yield b'{"type":"Feature","id":%d,"properties":%s,"geometry":%s}' % (
            identity,
            orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY),
            b"null" if shape is None else shape.encode(),
        )


def rounded(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Round and orient shapes as they are published, so that what was valid stays valid.

    A ring that touches itself once its points are rounded is rounded by an overlay instead; a
    sliver too thin for the grid keeps its own coordinates.
    """
    grid = 10.0**-DECIMALS
    rounded = shapely.set_precision(shapes, grid, mode="pointwise")
    broken = np.flatnonzero(~shapely.is_valid(rounded) & shapely.is_valid(shapes))
    snapped = shapely.set_precision(shapes[broken], grid)
    rounded[broken] = np.where(shapely.is_empty(snapped), shapes[broken], snapped)
    oriented: NDArray[np.object_] = shapely.orient_polygons(rounded)
    oriented[shapely.is_empty(oriented)] = None
    return oriented
