"""Names of the fields that one published file of a layer holds, by its kind."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.features.reading import FeatureIndex
from pipeline.standardise.search_keys import search_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SEARCH = frozenset({"names", "keys", "also", "ids", "x", "y"})
"""Columns of a file of names, which are not fields."""
_BORDERS = frozenset(
    {"kind", "a", "b", "id_a", "id_b", "unit", "grade", "field", "value_a", "value_b"}
    | {"size", "distance", "row_a", "row_b"}
)
"""Columns of a file of findings about borders, which are not fields either."""


def in_parquet(path: Path) -> Iterator[str]:
    """Yield the columns of a Parquet file, and those its metadata of pandas names."""
    schema = pq.read_schema(path)
    yield from schema.names
    raw = (schema.metadata or {}).get(b"pandas")
    if raw:
        for column in json.loads(raw).get("columns", []):
            name = column.get("name") or column.get("field_name")
            if name and not str(name).startswith("__index"):
                yield str(name)


def in_geojson(path: Path) -> Iterator[str]:
    """Yield the properties of every feature of a GeoJSON file."""
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        yield from feature.get("properties") or {}


def in_csv(path: Path) -> Iterator[str]:
    """Yield the headings of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from next(csv.reader(file), [])


def in_table_schema(path: Path) -> Iterator[str]:
    """Yield the columns that the description of a CSV file names (W3C CSVW)."""
    said = json.loads(path.read_text(encoding="utf-8"))
    for column in said.get("tableSchema", {}).get("columns", []):
        yield column["name"]


def in_features(path: Path) -> Iterator[str]:
    """Yield the indexed fields and the properties of every feature of a feature index."""
    index = FeatureIndex(path)
    yield from index.kinds
    for text in index.texts(range(index.rows)):
        yield from json.loads(text).get("properties") or {}


def in_originals(path: Path) -> Iterator[str]:
    """Yield the columns of the file of what features were before a border rule moved them."""
    yield from (name for name in in_parquet(path) if name != "sha256")


def in_borders(path: Path) -> Iterator[str]:
    """Yield the fields whose values, or names, a file of findings about borders holds."""
    yield from (name for name in in_parquet(path) if name not in _BORDERS)
    table = pq.read_table(path, columns=["field", "row_a", "row_b"]).to_pylist()
    for row in table:
        if row["field"]:
            yield row["field"]
        for side in ("row_a", "row_b"):
            yield from json.loads(row[side] or "{}")


def in_search(path: Path) -> Iterator[str]:
    """Yield what a file of names holds beside the words of the published features.

    A word that is in no published value of its feature comes from a field that is not published;
    the column it stands in is named, never the word.
    """
    found = json.loads(path.read_text(encoding="utf-8"))
    yield from (name for name in found if name not in _SEARCH)
    words = _published_words(path.with_suffix(".parquet"))
    columns = [found[name].split("\n") for name in ("names", "also")]
    for identity, name, also in zip(found["ids"], *columns, strict=True):
        known = words.get(identity, set())
        if not set(search_key(name).split()) <= known:
            yield "names"
        if not set(also.split()) <= known:
            yield "also"


def _published_words(path: Path) -> dict[int, set[str]]:
    table = pq.read_table(path)
    texts = [field.name for field in table.schema if _flat(field.type)]
    rows = table.select(list(dict.fromkeys(["id", *texts]))).to_pylist()
    return {
        row["id"]: {w for n in texts if row[n] is not None for w in search_key(str(row[n])).split()}
        for row in rows
    }


def _flat(kind: pa.DataType) -> bool:
    return not pa.types.is_nested(kind) and not pa.types.is_binary(kind)
