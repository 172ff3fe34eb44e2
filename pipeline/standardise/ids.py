"""Feature ids that stay the same from release to release."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from pipeline.findings import Catalogue, Finding
from pipeline.sources.table import places
from pipeline.standardise.columns import ROW, SOURCE

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

ID_BITS = 53
"""Ids fit a JavaScript number exactly, so every client compares them alike."""
CONTENT_GRID = 1e-7
"""Degrees (about a centimetre) to which geometry takes part in an id made from content."""


def feature_ids(
    frame: pd.DataFrame, key: tuple[str, ...], published: tuple[str, ...], layer: str
) -> tuple[NDArray[np.int64], list[Finding]]:
    """Make an id for each feature from its key fields, or from its content if there are none.

    Only what is published takes part in the content: an id made from withheld values would
    let anyone test guesses at them. Features that would share an id are told apart by their
    order and reported.

    Returns
    -------
    ids
        int64, shape ``(n,)``, positive and below 2**53.
    findings
        One warning that counts repeated keys or records.
    """
    fields = key or published
    columns = [
        ["" if pd.isna(v) else str(v) for v in frame[f].astype(object)]
        for f in ["municipality_code", *fields]
    ]
    shapes = [b""] * len(frame) if key else _content(frame)
    seen: Counter[bytes] = Counter()
    ids, repeated = np.empty(len(frame), np.int64), []
    for position, (shape, *cells) in enumerate(zip(shapes, *columns, strict=True)):
        identity = "\x1f".join(cells).encode() + b"\x1e" + shape
        if seen[identity]:
            repeated.append(position)
        ids[position] = _hashed(identity, seen[identity])
        seen[identity] += 1
    return ids, _repeats(frame, repeated, key, layer)


def _content(frame: pd.DataFrame) -> list[bytes]:
    if not hasattr(frame, "geom_type"):
        return [b""] * len(frame)
    rounded = shapely.set_precision(frame.geometry.to_numpy(), CONTENT_GRID, mode="pointwise")
    return [b"" if shape is None else shape for shape in shapely.to_wkb(rounded)]


def _hashed(identity: bytes, occurrence: int) -> int:
    salted = identity + (b"\x1d%d" % occurrence if occurrence else b"")
    digest = hashlib.blake2b(salted, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - ID_BITS) or 1


def _repeats(
    frame: gpd.GeoDataFrame, repeated: list[int], key: tuple[str, ...], layer: str
) -> list[Finding]:
    if not repeated:
        return []
    found = frame.iloc[repeated]
    return [
        _repeated(str(file), part, key, layer) for file, part in found.groupby(SOURCE, sort=False)
    ]


def _repeated(file: str, part: gpd.GeoDataFrame, key: tuple[str, ...], layer: str) -> Finding:
    values = [", ".join(map(str, cells)) for cells in part[list(key)].itertuples(index=False)]
    return Catalogue.of("pipeline").finding(
        "key-repeated" if key else "record-repeated",
        file=file,
        field=", ".join(key),
        places=places(file, part[ROW], values if key else ()),
        layer=layer,
    )
