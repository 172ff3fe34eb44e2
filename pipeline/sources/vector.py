"""Geometry files: Shapefile (with its text decoded by us), GeoJSON, GeoPackage, FlatGeobuf …"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import fiona
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from fiona.errors import FionaError
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.dbf import NUMERIC, read_dbf
from pipeline.sources.table import Raw
from pipeline.sources.text import decode, is_utf8, python_codec

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.layers import Source

RAW_BYTES = "ISO-8859-1"
"""Reading as Latin-1 keeps every byte, so that we decide what the text is, value by value."""


def read_vector(path: Path, source: Source) -> Raw:
    """Read a geometry file.

    Raises
    ------
    SourceError
        If the file is damaged beyond reading, lacks a part, or its text cannot be decoded.
    """
    shapefile = path.suffix.lower() == ".shp"
    if shapefile:
        _require_parts(path, source)
    elif path.suffix.lower() in (".geojson", ".json"):
        _require_utf8(path, source)
    if path.stat().st_size == 0:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    layer, notes = _chosen_layer(path, source)
    frame, warned = _read(path, source, layer, RAW_BYTES if shapefile else None)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    raw = Raw(frame, rows, "", notes + warned)
    if shapefile:
        _look_behind_gdal(raw, path, source)
        _decode_attributes(raw, path, source)
    return raw


def _require_parts(path: Path, source: Source) -> None:
    missing = [
        ending
        for ending in (".dbf", ".shx")
        if not any(path.with_suffix(e).exists() for e in (ending, ending.upper()))
    ]
    if missing:
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "shapefile-part-missing", file=source.path, value=", ".join(missing)
                )
            ]
        )


def _require_utf8(path: Path, source: Source) -> None:
    try:
        path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            [Catalogue.of("pipeline").finding("geojson-not-utf8", file=source.path)]
        ) from error


def _chosen_layer(path: Path, source: Source) -> tuple[str | None, list[Finding]]:
    """Return the layer of a file that may hold several, and a note if nobody chose it.

    Raises
    ------
    SourceError
        If the declared layer is not in the file.
    """
    catalogue = Catalogue.of("pipeline")
    if path.suffix.lower() == ".gml":
        # Listing its layers would make GDAL write a description (.gfs) beside the source.
        return source.table or None, []
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except (DataSourceError, DataLayerError, ValueError):
        return source.table or None, []
    if source.table and source.table not in names:
        listed = ", ".join(names)
        raise SourceError(
            [catalogue.finding("sheet-missing", file=source.path, sheet=source.table, known=listed)]
        )
    if source.table or len(names) < 2:
        return source.table or None, []
    others = ", ".join(names[1:])
    note = catalogue.finding("sheet-assumed", file=source.path, sheet=names[0], others=others)
    return names[0], [note]


def _read(
    path: Path, source: Source, layer: str | None, encoding: str | None
) -> tuple[Any, list[Finding]]:
    options = {"WRITE_GFS": "NO"} if path.suffix.lower() == ".gml" else {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = pyogrio.read_dataframe(
                path, layer=layer, encoding=encoding, datetime_as_string=True, **options
            )
            info = pyogrio.read_info(path, layer=layer, encoding=encoding, **options)
        except (DataSourceError, DataLayerError, ValueError, ShapelyError) as error:
            frame = _salvage(path, source, error)
    notes = _explain_warnings([str(w.message) for w in caught], source)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError([Catalogue.of("pipeline").finding("geometry-none", file=source.path)])
    if "geometry" in info["fields"]:
        notes.append(_keep_column_called_geometry(frame, path, source, layer, encoding))
    _keep_kinds(frame, info)
    return frame, notes


def _keep_column_called_geometry(
    frame: Any, path: Path, source: Source, layer: str | None, encoding: str | None
) -> Finding:
    """Give an attribute that the shapes would replace a name of its own."""
    plain = pyogrio.read_dataframe(
        path, layer=layer, encoding=encoding, columns=["geometry"], read_geometry=False
    )
    frame["geometry.2"] = plain["geometry"]
    return Catalogue.of("pipeline").finding("column-repeated", file=source.path, field="geometry")


def _keep_kinds(frame: Any, info: dict[str, Any]) -> None:
    """Keep what pandas loses: yes and no beside missing values, and values made of parts."""
    for name, kind in zip(info["fields"], info["dtypes"], strict=True):
        if name == frame.geometry.name or list(frame.columns).count(name) != 1:
            continue
        if kind == "bool":
            frame[name] = frame[name].astype("boolean")
        elif frame[name].dtype == object:
            frame[name] = frame[name].map(_flat, na_action="ignore")


def _flat(cell: Any) -> Any:
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell


def _look_behind_gdal(raw: Raw, path: Path, source: Source) -> None:
    """Undo what GDAL does silently to a ``.dbf``: zeros for text, one value for two columns."""
    endings = (".dbf", ".DBF", ".Dbf")
    table = read_dbf(next(p for e in endings if (p := path.with_suffix(e)).exists()))
    if table is None:
        return
    catalogue = Catalogue.of("pipeline")
    for repeated in sorted(table.repeated_names()):
        shown = repeated.decode("cp932", "replace")
        raw.findings.append(catalogue.finding("column-ambiguous", file=source.path, field=shown))
        raw.frame = raw.frame.drop(columns=repeated.decode(RAW_BYTES), errors="ignore")
    if len(table.records) != len(raw.frame):
        return
    for column in table.columns:
        wrong = table.unreadable_numbers(column) if column.kind in NUMERIC else {}
        name = column.name.decode(RAW_BYTES)
        if wrong and name in raw.frame:
            raw.frame[name] = raw.frame[name].astype("Float64")
            raw.frame.loc[raw.frame.index[list(wrong)], name] = pd.NA
            raw.findings.append(_number_unreadable(raw, column.name, wrong, source))


def _number_unreadable(raw: Raw, name: bytes, wrong: dict[int, bytes], source: Source) -> Finding:
    first = min(wrong)
    return Catalogue.of("pipeline").finding(
        "number-unreadable",
        file=source.path,
        feature=str(raw.rows[first]),
        field=name.decode("cp932", "replace"),
        value=wrong[first].decode("cp932", "replace"),
        count=len(wrong),
    )


def _salvage(path: Path, source: Source, error: Exception) -> Any:
    """Say which records of a damaged file are unreadable, going through it one by one."""
    catalogue = Catalogue.of("pipeline")
    broken: list[int] = []
    try:
        with fiona.open(path, layer=source.table or None) as collection:
            for position in range(len(collection)):
                try:
                    collection[position]
                except (FionaError, ValueError, IndexError, KeyError):
                    broken.append(position + 1)
    except (FionaError, ValueError):
        broken = []
    if broken:
        listed = ", ".join(map(str, broken[:10]))
        finding = catalogue.finding(
            "records-broken", file=source.path, feature=listed, count=len(broken)
        )
    else:
        reason = str(error).replace(str(path), source.path)
        finding = catalogue.finding("source-unreadable", file=source.path, reason=reason)
    raise SourceError([finding]) from error


def _explain_warnings(messages: list[str], source: Source) -> list[Finding]:
    """Turn what GDAL only mutters into findings."""
    catalogue = Catalogue.of("pipeline")
    return [
        catalogue.finding("reader-warning", file=source.path, reason=message)
        for message in dict.fromkeys(messages)
    ]


def _declared_codec(path: Path, source: Source) -> tuple[str, str]:
    """Return the codec to try and where it comes from: declared, cpg or assumed."""
    if source.encoding:
        codec = python_codec(source.encoding)
        if codec is None:
            raise SourceError(
                [
                    Catalogue.of("pipeline").finding(
                        "encoding-unknown", file=source.path, value=source.encoding
                    )
                ]
            )
        return codec, "declared"
    for cpg in (path.with_suffix(".cpg"), path.with_suffix(".CPG")):
        if cpg.exists():
            codec = python_codec(cpg.read_bytes().decode("utf-8-sig", "replace"))
            if codec:
                return codec, "cpg"
    return "cp932", "assumed"


def _decode_attributes(raw: Raw, path: Path, source: Source) -> None:
    frame = raw.frame
    geometry = frame.geometry.name
    texts = [
        name
        for name in frame.columns
        if name != geometry and not pd.api.types.is_numeric_dtype(frame[name])
    ]
    values = {
        name: {v: str(v).encode(RAW_BYTES) for v in frame[name].dropna().unique()} for name in texts
    }
    samples = [b for column in values.values() for b in column.values()]
    codec = _choose_codec(path, source, samples, raw.findings)
    for name, column in values.items():
        decoded = {v: decode(b, codec) for v, b in column.items()}
        shown = decode(str(name).encode(RAW_BYTES), codec).text or str(name)
        raw.findings += _text_findings(raw, name, shown, decoded, source)
        frame[name] = frame[name].map({v: d.text for v, d in decoded.items()}).astype(object)
    names = {
        name: decode(str(name).encode(RAW_BYTES), codec).text or str(name)
        for name in frame.columns
        if name != geometry
    }
    raw.frame = frame.rename(columns=names)
    raw.encoding = codec


def _choose_codec(path: Path, source: Source, samples: list[bytes], findings: list[Finding]) -> str:
    catalogue = Catalogue.of("pipeline")
    codec, origin = _declared_codec(path, source)
    telling = [raw for raw in samples if not raw.isascii()]
    if not telling:
        return codec
    unreadable = sum(decode(raw, codec).text is None for raw in telling)
    wrong = unreadable * 2 > len(telling) or (codec == "cp932" and is_utf8(telling))
    if wrong:
        other = next(
            (
                c
                for c in ("utf-8", "cp932")
                if c != codec and all(decode(raw, c).text is not None for raw in telling)
            ),
            "",
        )
        if origin == "declared" or not other:
            raise SourceError(
                [
                    catalogue.finding(
                        "encoding-wrong",
                        file=source.path,
                        value=codec,
                        remedy_ja=f"layers.yaml に encoding: {other or 'cp932'} と書いてください。",
                        remedy_en=f"Write encoding: {other or 'cp932'} in layers.yaml.",
                    )
                ]
            )
        findings.append(
            catalogue.finding("encoding-corrected", file=source.path, value=codec, used=other)
        )
        return other
    if origin == "assumed":
        findings.append(catalogue.finding("encoding-assumed", file=source.path, value=codec))
    return codec


def _text_findings(
    raw: Raw, name: Any, shown: str, decoded: dict[Any, Any], source: Source
) -> list[Finding]:
    found = []
    for code, bad in (
        ("text-cut", {v for v, d in decoded.items() if d.cut}),
        ("text-undecodable", {v for v, d in decoded.items() if d.text is None}),
    ):
        if bad:
            hits = np.flatnonzero(raw.frame[name].isin(bad).to_numpy())
            first = raw.frame[name].iloc[hits[0]]
            found.append(
                Catalogue.of("pipeline").finding(
                    code,
                    file=source.path,
                    feature=str(raw.rows[hits[0]]),
                    field=shown,
                    value=decoded[first].text or "",
                    count=len(hits),
                )
            )
    return found
