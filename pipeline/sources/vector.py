"""Geometry files: Shapefile (with its text decoded by us), GeoJSON, GeoPackage, FlatGeobuf …"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import fiona
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from fiona.errors import FionaError
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
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
    frame, notes = _read(path, source, RAW_BYTES if shapefile else None)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    raw = Raw(frame, rows, "", notes)
    if shapefile:
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


def _read(path: Path, source: Source, encoding: str | None) -> tuple[Any, list[Finding]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = pyogrio.read_dataframe(
                path, layer=source.table or None, encoding=encoding, datetime_as_string=True
            )
        except (DataSourceError, DataLayerError, ValueError, UnicodeDecodeError) as error:
            frame = _salvage(path, source, error)
    notes = _explain_warnings([str(w.message) for w in caught], source)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError([Catalogue.of("pipeline").finding("geometry-none", file=source.path)])
    return frame, notes


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
        finding = catalogue.finding("source-unreadable", file=source.path, reason=str(error))
    raise SourceError([finding]) from error


def _explain_warnings(messages: list[str], source: Source) -> list[Finding]:
    """Turn what GDAL only mutters into findings; above all values it replaced by zero."""
    catalogue = Catalogue.of("pipeline")
    findings = []
    for message in dict.fromkeys(messages):
        field = re.search(r"of field (?:\S*\.)?(\S+) parsed incompletely", message)
        if field:
            findings.append(
                catalogue.finding("number-unreadable", file=source.path, field=field.group(1))
            )
        else:
            findings.append(catalogue.finding("reader-warning", file=source.path, reason=message))
    return findings


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
                    row=int(raw.rows[hits[0]]),
                    field=shown,
                    value=decoded[first].text or "",
                    count=len(hits),
                )
            )
    return found
