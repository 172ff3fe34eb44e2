"""Layers that GDAL opens: shapes from GDAL, text and ids as the format has them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipeline.errors import TilingError
from pipeline.findings import Catalogue
from pipeline.tiling.arrow import contiguous, numbers
from pipeline.tiling.mvt.encoding import NO_ID
from pipeline.tiling.reading import geojson, jsonblocks
from pipeline.tiling.reading.shapefile import Encoding, encoding_of, with_text
from pipeline.tiling.reading.transform import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.tiling.reading.source import Source

_CATALOGUE = Catalogue.of("pipeline.tiling")
_BATCH_ROWS = 16_384
_MANY_COLUMNS = 1_000
"""Beyond, GDAL takes longer to leave columns out, each looked up among all, than to read them."""


@dataclass(frozen=True)
class GdalLayer:
    """One layer of a file.

    Attributes
    ----------
    title, path, layer
        Its name in the tileset, the file, its name there.
    columns
        Names of its attributes.
    rows
        How many features; 0 if the file does not say.
    keyed
        Whether the format stores a primary key, which is what features are called by.
    members
        Layout of its attributes, if it is GeoJSON.
    encoding
        How its text is read, if it is a Shapefile.
    findings
        What was noticed on opening it.
    """

    title: str
    path: Path
    layer: str
    columns: tuple[str, ...]
    rows: int
    keyed: bool
    members: geojson.Layout | None
    encoding: Encoding | None
    findings: list[Finding]

    def parts(self, limit: int | None = None) -> Iterator[Source]:
        """Yield the layer in parts of about `limit` bytes, or as one; at least one part.

        Raises
        ------
        TilingError
            If it cannot be read to its end.
        """
        from pyogrio.raw import open_arrow

        reading = open_arrow(
            self.path, layer=self.layer, use_pyarrow=True, batch_size=_BATCH_ROWS, **self._options()
        )
        steps = readable(self.path, self._read(reading, limit))
        yield from steps

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.members is not None and len(self.columns) <= _MANY_COLUMNS:
            options["columns"] = []
        if self.keyed:
            options["return_fids"] = True
        if self.encoding is not None:
            options["encoding"] = self.encoding.raw
        return options

    def _read(self, reading: Any, limit: int | None) -> Iterator[Source]:
        members = None if self.members is None else geojson.Members(self.path, self.members)
        first = 0
        with reading as (facts, reader):
            for table in grouped(reader, reader.schema, limit):
                yield self._source(table, facts, members, first)
                first += table.num_rows

    def _source(
        self, table: pa.Table, facts: dict[str, Any], members: geojson.Members | None, first: int
    ) -> Source:
        shape = facts["geometry_name"] or "wkb_geometry"
        ids, noticed = None, []
        if self.keyed:
            fids = numbers(contiguous(table.column(facts["fid_column"])))
            ids = np.where(fids >= 0, fids.astype(np.uint64), NO_ID)
            table = table.drop_columns([facts["fid_column"]])
        if members is not None:
            part = members.take(table.num_rows)
            ids, noticed = part.ids, part.noticed
            geometry = table.column(shape)
            shape = _free(shape, part.attributes.column_names)
            # In one go: a table without any column would have no rows either.
            named = zip(part.attributes.column_names, part.attributes.columns, strict=True)
            table = pa.table({**dict(named), shape: geometry})
        if self.encoding is not None:
            table = with_text(table, shape, self.encoding, first, noticed)
        return source_of(
            self.title, str(self.path), table, shape, facts["crs"], findings=self.findings,
            ids=ids, named=members is not None, noticed=noticed,
        )  # fmt: skip


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name


def readable(path: Path, steps: Iterator[Any]) -> Iterator[Any]:
    """Pass on what is read from a file, and give what goes wrong the file's name."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                step = next(steps)
        except StopIteration:
            return
        except faults() as error:
            raise TilingError(f"{path}: cannot be read: {error}") from error
        yield step


def faults() -> tuple[type[Exception], ...]:
    """Return what GDAL and Arrow raise over a damaged file."""
    from pyogrio import errors
    from shapely.errors import ShapelyError

    ours = tuple(
        kind for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    )  # fmt: skip
    return (*ours, pa.ArrowException, ShapelyError, OSError, ValueError, KeyError, RuntimeError)


def open_layers(name: str | None, path: Path) -> list[GdalLayer]:
    """Return the layers with geometry of a file GDAL reads.

    Raises
    ------
    TilingError
        If the file cannot be opened or has no geometry.
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = _open_layers(name, path)
    except faults() as error:
        raise TilingError(f"{path}: cannot be read: {error}") from error
    said = dict.fromkeys(str(one.message) for one in caught)
    found[0].findings.extend(
        _CATALOGUE.finding("reader-warning", file=str(path), reason=text) for text in said
    )
    return found


def _open_layers(name: str | None, path: Path) -> list[GdalLayer]:
    import pyogrio

    if path.suffix.lower() in (".json", ".geojson", ".geojsonl", ".geojsons", ".ndjson"):
        jsonblocks.require_utf8(path)
    layers = [str(layer) for layer, kind in pyogrio.list_layers(path) if kind is not None]
    if not layers:
        raise TilingError(f"{path}: has no geometry")
    return [_layer(title_of(name, layer, layers, path), path, layer) for layer in layers]


def _layer(title: str, path: Path, layer: str) -> GdalLayer:
    import pyogrio

    raw: dict[str, str] = {"encoding": "ISO-8859-1"} if path.suffix.lower() == ".shp" else {}
    facts = pyogrio.read_info(path, layer=layer, **raw)
    rows, findings = max(0, int(facts["features"])), list[Any]()
    members = encoding = None
    columns = tuple(map(str, facts["fields"]))
    if facts["driver"] in geojson.DRIVERS:
        members = geojson.layout_of(path)
        if members is None or members.rows != rows:
            members = None
            findings.append(_CATALOGUE.finding("members-as-gdal", file=str(path)))
        else:
            columns = members.columns
    elif facts["driver"] == "ESRI Shapefile":
        encoding = encoding_of(path, findings)
        columns = tuple(map(encoding.shown, columns))
    keyed = bool(facts["fid_column"])
    return GdalLayer(title, path, layer, columns, rows, keyed, members, encoding, findings)


def title_of(name: str | None, layer: str, layers: list[str], path: Path) -> str:
    """Return how a layer of a file is called in the tileset."""
    return name if name and len(layers) == 1 else layer if len(layers) > 1 else path.stem


def grouped(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, limit: int | None
) -> Iterator[pa.Table]:
    """Yield tables of about `limit` bytes, or one of all; at least one."""
    waiting: list[pa.RecordBatch] = []
    size = parts = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        if limit is not None and size >= limit:
            whole = pa.Table.from_batches(waiting, schema)
            waiting, size, parts = [], 0, parts + 1
            yield whole
            del whole
    if waiting or not parts:
        yield pa.Table.from_batches(waiting, schema)
