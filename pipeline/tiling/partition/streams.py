"""Layers read batch by batch, and how much memory reading them whole would take."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import TilingError
from pipeline.tiling.partition.limits import ENGINE_BYTES
from pipeline.tiling.reading.gdal import grouped, open_layers
from pipeline.tiling.reading.layers import PARQUET, parquet_layout, read_layers
from pipeline.tiling.reading.transform import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.tiling.reading.source import Source

_BATCH_ROWS = 16_384
_PAGE_BYTES = 1 << 20
_ROW_BYTES = 300
_PARQUET_FACTOR, _TEXT_FACTOR, _BINARY_FACTOR, _FRAME_FACTOR = 4, 3, 5, 4
"""Bytes of memory the engine takes for a row and, on top, for a byte of input, as measured."""

_TEXT = (".json", ".geojson", ".geojsonl", ".geojsons", ".ndjson", ".csv", ".gml", ".kml")
_PROBE_BYTES = 1 << 16


@dataclass(frozen=True)
class Stream:
    """One layer that can be read from the beginning, in parts of bounded size.

    Attributes
    ----------
    name, file
        As in :class:`pipeline.tiling.reading.Source`.
    columns
        Names of its attributes.
    rows
        How many features; 0 if the file does not say.
    stamp
        What changes when the input does.
    read
        Takes a number of bytes and yields the layer in parts of about that size, in the order of
        the input and the same every time; at least one part, which may be empty.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    rows: int
    stamp: str
    read: Callable[[int], Iterator[Source]]


def needs(layers: Any) -> int:
    """Return about how many bytes of memory it would take to cut layers in one go."""
    items = layers.values() if _is_mapping(layers) else [layers]
    return ENGINE_BYTES + sum(_need(item) for item in items)


def _need(item: Any) -> int:
    if hasattr(item, "to_arrow"):
        return _ROW_BYTES * len(item) + _FRAME_FACTOR * int(item.memory_usage(deep=True).sum())
    path = Path(item)
    if not path.exists():
        raise TilingError(f"{path}: no such file")
    if path.suffix.lower() in PARQUET:
        facts = _parquet(path).metadata
        size = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
        return int(_ROW_BYTES * facts.num_rows + _PARQUET_FACTOR * size)
    size = sum(part.stat().st_size for part in _files_of(path))
    return size * (_TEXT_FACTOR if path.suffix.lower() in _TEXT else _BINARY_FACTOR)


def _is_mapping(layers: Any) -> bool:
    return hasattr(layers, "items") and not hasattr(layers, "geometry")


def streams_of(layers: Any) -> list[Stream]:
    """Return every layer of a tileset, to be read in parts.

    Parameters
    ----------
    layers
        As for :func:`pipeline.tiling.tile`. A table in memory stays there as a whole, and so does
        GeoParquet whose geometry is not written as WKB.

    Raises
    ------
    TilingError
        If a file is missing or cannot be read, or has no geometry.
    """
    named = layers.items() if _is_mapping(layers) else [(None, layers)]
    found = [stream for name, item in named for stream in _streams(name, item)]
    if not found:
        raise TilingError("there is no layer to cut")
    return found


def _streams(name: str | None, item: Any) -> list[Stream]:
    if hasattr(item, "to_arrow"):
        return [_from_source(source) for source in read_layers({name or "layer": item})]
    path = Path(item)
    if not path.exists():
        raise TilingError(f"{path}: no such file")
    if path.suffix.lower() not in PARQUET:
        return _from_gdal(name, path)
    if parquet_layout(_parquet(path).schema_arrow, path) is None:
        return [_from_source(source) for source in read_layers({name or path.stem: path})]
    return [_from_parquet(name or path.stem, path)]


def _from_source(source: Source) -> Stream:
    """Hand out a layer that is in memory anyway."""
    rows = len(source.geometry)
    size = max(1, source.geometry.nbytes + source.attributes.nbytes)

    def read(limit: int) -> Iterator[Source]:
        step = max(1, min(rows, rows * limit // size))
        for first in range(0, max(rows, 1), step):
            yield replace(
                source, attributes=source.attributes.slice(first, step),
                geometry=source.geometry.slice(first, step),
                ids=None if source.ids is None else source.ids[first : first + step],
                noticed=[] if first else source.noticed,
            )  # fmt: skip

    stamp = hashlib.blake2b(digest_size=16)
    stamp.update(f"{source.name} {rows} {source.attributes.schema}".encode())
    for column in (source.geometry, *source.attributes.columns):
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        for chunk in chunks:
            stamp.update(f"{chunk.offset} {len(chunk)}".encode())
            for buffer in chunk.buffers():
                stamp.update(buffer or b"-")
    columns = tuple(source.attributes.column_names)
    return Stream(source.name, source.file, columns, rows, stamp.hexdigest(), read)


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, pre_buffer=False, buffer_size=_PAGE_BYTES)
    except (OSError, pa.ArrowException) as error:
        raise TilingError(f"{path}: cannot be read as Parquet: {error}") from error


def _from_parquet(name: str, path: Path) -> Stream:
    file = _parquet(path)
    schema = file.schema_arrow
    layout = parquet_layout(schema, path)
    assert layout is not None
    column, dropped, crs = layout

    def read(limit: int) -> Iterator[Source]:
        try:
            batches = file.iter_batches(_BATCH_ROWS, use_threads=False)
            for table in grouped(batches, schema, limit):
                yield source_of(name, str(path), table.drop_columns(dropped), column, crs)
        except (OSError, pa.ArrowException) as error:
            raise TilingError(f"{path}: cannot be read as Parquet: {error}") from error

    columns = tuple(n for n in schema.names if n != column and n not in dropped)
    return Stream(name, str(path), columns, file.metadata.num_rows, file_stamp(path), read)


def _from_gdal(name: str | None, path: Path) -> list[Stream]:
    return [
        Stream(
            layer.title, str(path), layer.columns, layer.rows,
            file_stamp(path) + layer.layer, layer.parts,
        )
        for layer in open_layers(name, path)
    ]  # fmt: skip


def _files_of(path: Path) -> list[Path]:
    """Return all files of an input: those in a folder, those beside a ``.shp``."""
    if not path.is_dir() and path.suffix.lower() != ".shp":
        return [path]
    near = path.rglob("*") if path.is_dir() else path.parent.glob(f"{path.stem}.*")
    return sorted(part for part in near if part.is_file())


def file_stamp(path: Path) -> str:
    """Return what changes when a file does: place, size, time, and both of its ends."""
    digest = hashlib.blake2b(digest_size=16)
    for part in _files_of(path):
        facts = part.stat()
        digest.update(f"{part.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
        with part.open("rb") as file:
            digest.update(file.read(_PROBE_BYTES))
            file.seek(max(0, facts.st_size - _PROBE_BYTES), os.SEEK_SET)
            digest.update(file.read(_PROBE_BYTES))
    return digest.hexdigest()
