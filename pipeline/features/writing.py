"""Making the feature index of a layer at build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import deflate
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.features.boxes import parents
from pipeline.features.layout import write_sections
from pipeline.features.values import Kind, ValueTypeError, query_key
from pipeline.write.geojson import feature_texts, rounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Content = dict[str, NDArray[Any] | bytes]

BLOCK_BYTES = 8_192
"""Text of neighbours that is compressed together: smaller takes more room, larger more time."""
LEVEL = 6
"""Of deflate."""
CHUNK_ROWS = 20_000
NO_FIELDS = ("id", "geometry")


def write_feature_index(
    frame: gpd.GeoDataFrame, path: Path, types: Mapping[str, str] | None = None
) -> None:
    """Write what a server needs to answer from a layer by place, value and id.

    It holds what the layer's GeoJSON holds, feature by feature in the same words, and nothing
    else: what the frame has no column for is not in it.

    Parameters
    ----------
    frame
        With an integer column ``id``; geometry in EPSG:6668 degrees. The order of its rows is
        the order of the features in every answer.
    path
        File to write; equal frames give equal bytes.
    types
        Declared types of fields by name; text fields that are not in it are compared as text.
    """
    shapes = rounded(frame.geometry.to_numpy())
    boxes = shapely.bounds(shapes)
    order, placed = along_the_curve(boxes)
    names = [name for name in frame.columns if name not in NO_FIELDS]
    facts: dict[str, Any] = {"rows": len(frame), "placed": placed, "fields": []}
    content = _boxes(boxes[order[:placed]]) | _identities(frame["id"].to_numpy(np.int64))
    content |= {"row": order.astype("<u4"), "position": np.argsort(order).astype("<u4")}
    content |= _texts(frame, shapes, order)
    for number, name in enumerate(names):
        kind, values = _value_index(frame[name], (types or {}).get(name, ""))
        facts["fields"].append({"name": name, "kind": kind.value})
        content |= {f"value{number}.{part}": data for part, data in values.items()}
    write_sections(path, facts, content)


def along_the_curve(boxes: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
    """Return the rows in the order of a Hilbert curve, those without a place last.

    Parameters
    ----------
    boxes
        Shape (rows, 4); NaN without geometry.

    Returns
    -------
    order
        Row numbers; equal places keep the order of the rows.
    placed
        How many have a place.
    """
    here = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    nowhere = np.setdiff1d(np.arange(len(boxes)), here, assume_unique=True)
    if here.size == 0:
        return nowhere, 0
    middles = (boxes[here, :2] + boxes[here, 2:]) / 2
    low, high = middles.min(axis=0), middles.max(axis=0)
    high = np.maximum(high, low + 1e-9)  # one place alone has no extent to divide
    distance = gpd.GeoSeries(shapely.points(middles)).hilbert_distance((*low, *high))
    order = here[np.argsort(distance.to_numpy(), kind="stable")]
    return np.concatenate([order, nowhere]), len(here)


def _boxes(boxes: NDArray[np.float64]) -> Content:
    levels = [boxes, *parents(boxes)] if len(boxes) else [boxes]
    return {f"box{height}": level.astype("<f8") for height, level in enumerate(levels)}


def _identities(ids: NDArray[np.int64]) -> Content:
    order = np.argsort(ids, kind="stable")
    return {"id": ids[order].astype("<i8"), "id.row": order.astype("<u4")}


def _texts(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], order: NDArray[np.int64]
) -> Content:
    """Compress the features' GeoJSON along the curve, in blocks of about `BLOCK_BYTES`."""
    blocks = _Blocks()
    starts = np.zeros(len(order), dtype="<u4")
    for position, text in enumerate(_in_order(frame, shapes, order)):
        starts[position] = blocks.add(position, text)
    return {"text.start": starts} | blocks.content()


class _Blocks:
    """Blocks of compressed text under way."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._sizes: list[int] = []
        self._packed: list[bytes] = []
        self._open: list[bytes] = []
        self._length = 0

    def add(self, position: int, text: bytes) -> int:
        """Take the text of the feature at `position`; return where it begins in its block."""
        if not self._open or self._length + len(text) > BLOCK_BYTES:
            self._close()
            self._firsts.append(position)
        start = self._length
        self._open.append(text)
        self._length += len(text)
        return start

    def content(self) -> Content:
        """Close the last block and return all of them."""
        self._close()
        return {
            "block.first": np.array(self._firsts, dtype="<u4"),
            "block.size": np.array(self._sizes, dtype="<u4"),
            "block.end": np.cumsum([0, *map(len, self._packed)]).astype("<u8"),
            "text": b"".join(self._packed),
        }

    def _close(self) -> None:
        if self._open:
            text = b"".join(self._open)
            self._sizes.append(len(text))
            self._packed.append(bytes(deflate.deflate_compress(text, LEVEL)))
        self._open, self._length = [], 0


def _in_order(
    frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], order: NDArray[np.int64]
) -> Iterator[bytes]:
    for start in range(0, len(order), CHUNK_ROWS):
        chunk = order[start : start + CHUNK_ROWS]
        yield from feature_texts(frame.iloc[chunk], shapes[chunk])


def _value_index(values: pd.Series, declared: str) -> tuple[Kind, Content]:
    """Sort the rows of a column by value; rows without a value are left out."""
    present = np.flatnonzero(values.notna().to_numpy())
    kind, keys = _keys(values.iloc[present], declared)
    unique: Content
    if kind in (Kind.STRING, Kind.DATE):
        codes, raw = _ranked(keys)
        ends = np.cumsum([0, *map(len, raw)]).astype("<u8")
        unique, count = {"text": b"".join(raw), "ends": ends}, len(raw)
    else:
        numbers, codes = np.unique(keys, return_inverse=True)
        unique = {"keys": numbers.astype("<f8" if kind is Kind.NUMBER else "<i8")}
        count = len(numbers)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(count + 1))
    return kind, unique | {"rows": present[order].astype("<u4"), "starts": starts.astype("<u4")}


def _ranked(texts: NDArray[np.object_]) -> tuple[NDArray[np.int64], list[bytes]]:
    """Return the rank of every text among the different ones, and those in order of bytes."""
    codes, different = pd.factorize(pd.Series(texts, dtype=object))
    raw = [text.encode("utf-8", "surrogatepass") for text in different]
    order = sorted(range(len(raw)), key=raw.__getitem__)
    ranks = np.empty(len(raw), dtype=np.int64)
    ranks[order] = np.arange(len(raw))
    return ranks[codes], [raw[number] for number in order]


def _keys(values: pd.Series, declared: str) -> tuple[Kind, NDArray[Any]]:
    """Return how a column is compared, and the keys of its values (none missing)."""
    if pd.api.types.is_bool_dtype(values):
        return Kind.BOOLEAN, values.to_numpy(bool).astype(np.int64)
    if pd.api.types.is_integer_dtype(values):
        return Kind.INTEGER, values.to_numpy(np.int64)
    if pd.api.types.is_float_dtype(values):
        return Kind.NUMBER, values.to_numpy(np.float64)
    texts = np.array([str(value) for value in values], dtype=object)
    if declared in (Kind.DATE, Kind.DATETIME):
        kind = Kind(declared)
        try:
            return kind, np.array(
                [query_key(kind, text) for text in texts],
                dtype=object if kind is Kind.DATE else np.int64,
            )
        except ValueTypeError:  # not dates throughout: they can only be compared as text
            return Kind.STRING, texts
    return Kind.STRING, texts
