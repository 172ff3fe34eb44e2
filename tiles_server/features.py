"""Features of a layer by place, attribute or id, as GeoJSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tiles_server.errors import BadQueryError, UnknownNameError
from tiles_server.parquet import COVERING, GEOMETRY, ID, equal_to, index_of, read_rows
from tiles_server.table import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tiles_server.manifest import Layer
    from tiles_server.releases import Release

DEFAULT_LIMIT, MOST = 100, 10_000
DECIMALS = 7
"""Of a degree in GeoJSON: a centimetre."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Query:
    """Which features are asked for.

    Attributes
    ----------
    bbox
        West, south, east, north in degrees; features whose box meets it.
    equal
        Values that fields must have, as text.
    limit, offset
        How many features, and how many to pass over.
    """

    bbox: Box | None = None
    equal: Mapping[str, str] = field(default_factory=dict)
    limit: int = DEFAULT_LIMIT
    offset: int = 0


@dataclass(frozen=True)
class Answer:
    """Features found, and how many there are without limit and offset."""

    features: list[dict[str, Any]]
    matched: int


def read_query(given: Mapping[str, str], layer: Layer) -> Query:
    """Read a query from the parameters of a request.

    Raises
    ------
    BadQueryError
        If a parameter is unknown or cannot be understood (OGC API - Features 1.0, 7.15).
    """
    columns = {column.name for column in layer.columns}
    equal = {name: value for name, value in given.items() if name in columns}
    # No layer has times of its own, so a datetime chooses nothing (7.15.4).
    unknown = set(given) - columns - {"bbox", "limit", "offset", "datetime", "f", "lang"}
    if unknown:
        raise BadQueryError(f"unknown parameter {', '.join(sorted(unknown))}")
    if given.get("f", "json") not in ("json", "geojson"):
        raise BadQueryError("f must be json")
    return Query(
        bbox=_read_box(given["bbox"]) if "bbox" in given else None,
        equal=equal,
        limit=min(MOST, whole_number("limit", given.get("limit", str(DEFAULT_LIMIT)), least=1)),
        offset=whole_number("offset", given.get("offset", "0"), least=0),
    )


def _read_box(text: str) -> Box:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # with heights, which the layers do not have
        numbers = [*numbers[0:2], *numbers[3:5]]
    if len(numbers) != 4 or not np.isfinite(numbers).all() or numbers[1] > numbers[3]:
        raise BadQueryError(f"bbox must be west,south,east,north in degrees, not '{text}'")
    return (numbers[0], numbers[1], numbers[2], numbers[3])


def find(release: Release, layer: Layer, query: Query) -> Answer:
    """Return the features of `layer` that `query` asks for, in the order of the file."""
    path, sha256 = _file(release, layer)
    index = index_of(path, sha256)
    chosen = np.ones(len(index.ids), dtype=bool) if query.bbox is None else index.within(query.bbox)
    for name, value in query.equal.items():
        chosen = chosen & equal_to(path, name, value)
    rows = np.flatnonzero(chosen)
    page = rows[query.offset : query.offset + query.limit]
    return Answer(_features(path, page, layer), len(rows))


def feature(release: Release, layer: Layer, feature_id: str) -> dict[str, Any]:
    """Return one feature; raise UnknownNameError if the layer has none with this id."""
    path, sha256 = _file(release, layer)
    known = feature_id.isascii() and feature_id.isdecimal() and len(feature_id) < 17
    rows = np.flatnonzero(index_of(path, sha256).ids == int(feature_id)) if known else ()
    if len(rows) == 0:
        raise UnknownNameError(f"no feature {feature_id}")
    return _features(path, np.asarray(rows[:1]), layer)[0]


def _file(release: Release, layer: Layer) -> tuple[Path, str]:
    path = layer.artefacts.get("parquet")
    if path is None:
        raise UnknownNameError("this layer is not published as features")
    return release.folder / path, release.files[path].sha256


def _features(path: Path, rows: np.ndarray[Any, Any], layer: Layer) -> list[dict[str, Any]]:
    import shapely  # noqa: PLC0415 - only for those who ask for features

    names = [column.name for column in layer.columns if column.name not in (ID, COVERING)]
    records = read_rows(path, rows, [ID, *names, GEOMETRY])
    shapes = shapely.from_wkb([record.get(GEOMETRY) for record in records])
    rounded = shapely.set_precision(shapes, 10.0**-DECIMALS, mode="pointwise")
    return [
        {
            "type": "Feature",
            "id": record[ID],
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
            "properties": {name: record.get(name) for name in names},
        }
        for record, shape in zip(records, rounded, strict=True)
    ]
