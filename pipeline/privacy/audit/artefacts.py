"""Names of fields in every file of a layer, decoded: none may be there that is not declared."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipeline.features.reading import FeatureIndex
from pipeline.standardise.headings import LABEL
from pipeline.tiling.archive.reader import PMTilesReader
from pipeline.tiling.inspect.tile import decode_tile, inflate_tile
from pipeline.tiling.reduce.strategies import CLUSTER_FIELD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

OWN = frozenset({"id", "municipality_code", "geometry", "longitude", "latitude", "bbox"})
"""Fields that published files get by themselves."""


def undeclared(
    path: Path, kind: str, declared: set[str], headings: Mapping[str, str] | None = None
) -> list[str]:
    """Return names of fields in a file that are neither declared nor our own, in order.

    Parameters
    ----------
    headings
        Of the columns of a CSV file, by name; words of a code are of the field that has it.
    """
    reader = _READERS.get(kind)
    found = dict.fromkeys(reader(path)) if reader is not None else {}
    if kind == "csv":
        column = {said: name for name, said in (headings or {}).items()}
        found = dict.fromkeys(column.get(name, name) for name in found)
    words = {name + LABEL for name in declared}
    known = declared | OWN | (words if headings else set())
    return [name for name in found if name not in known and not _of_ours(name)]


def _of_ours(name: str) -> bool:
    """Tell whether our own engine puts such a field into tiles (how many were put together)."""
    return name == CLUSTER_FIELD


def _parquet(path: Path) -> Iterator[str]:
    schema = pq.read_schema(path)
    yield from schema.names
    raw = (schema.metadata or {}).get(b"pandas")
    if raw:
        for column in json.loads(raw).get("columns", []):
            name = column.get("name") or column.get("field_name")
            if name and not str(name).startswith("__index"):
                yield str(name)


def _geojson(path: Path) -> Iterator[str]:
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        yield from feature.get("properties") or {}


def _csv(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from next(csv.reader(file), [])


def _features(path: Path) -> Iterator[str]:
    index = FeatureIndex(path)
    yield from index.kinds
    for text in index.texts(range(index.rows)):
        yield from json.loads(text).get("properties") or {}


def _pmtiles(path: Path) -> Iterator[str]:
    with closing(PMTilesReader(path)) as reader:
        metadata: dict[str, Any] = reader.metadata
        for layer in metadata.get("vector_layers", []):
            yield from layer.get("fields", {})
        for _, stored in reader.tiles():
            for layer in decode_tile(inflate_tile(bytes(stored), path.name)).values():
                for feature in layer["features"]:
                    yield from feature["properties"]


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    "parquet": _parquet,
    "geojson": _geojson,
    "csv": _csv,
    "features": _features,
    "pmtiles": _pmtiles,
}
