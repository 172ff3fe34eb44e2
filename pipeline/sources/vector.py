"""Geometry files GDAL reads: Shapefile (with its text decoded by us), GeoPackage, KML, GML …"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.errors import ShapelyError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.citygml import is_citygml, read_citygml
from pipeline.sources.gdal import DRIVERS, OPEN_OPTIONS, STEM, require_driver, staged
from pipeline.sources.geopackage import require_whole, untyped_values
from pipeline.sources.markup import parsed, unwritten, with_aliases, written, xml_text
from pipeline.sources.refusals import unreadable
from pipeline.sources.shapefile import RAW_BYTES, decode_attributes, look_behind_gdal
from pipeline.sources.shapefile_parts import require_parts
from pipeline.sources.table import Raw

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.sources import Source

READER = f"pyogrio {pyogrio.__version__}, GDAL {pyogrio.__gdal_version_string__}"


def read_vector(path: Path, source: Source) -> Raw:
    """Read a geometry file.

    Raises
    ------
    SourceError
        If the file is damaged beyond reading, lacks a part, or its text cannot be decoded.
    """
    if path.stat().st_size == 0:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    ending = path.suffix.lower()
    if ending == ".shp":
        return _read_shapefile(path, source)
    if ending == ".gml" and is_citygml(path):
        return read_citygml(path, source)
    if ending in (".kml", ".gml"):
        return _read_markup(path, source)
    if ending == ".gpkg":
        require_whole(path, source)
    with staged(path) as place:
        raw = _read(place, source, None)
    if ending == ".gpkg":
        untyped_values(raw, path, raw.tables[0] if not source.table else source.table, source)
    return raw


def _read_shapefile(path: Path, source: Source) -> Raw:
    require_parts(path, source)
    with staged(path) as place:
        raw = _read(place, source, RAW_BYTES)
    raw.tables = [path.stem]
    look_behind_gdal(raw, path, source)
    decode_attributes(raw, path, source)
    return raw


def _read_markup(path: Path, source: Source) -> Raw:
    text, codec = xml_text(path, source)
    if not text.strip():
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    root = parsed(text, source)
    kml = path.suffix.lower() == ".kml"
    aliases = with_aliases(root) if kml else {}
    with staged(path, written(root) if kml else text.encode()) as place:
        raw = _read(place, source, None)
    if kml:
        raw.frame = raw.frame.drop(columns=unwritten(root), errors="ignore")
    _restore_names(raw, aliases, source)
    raw.encoding = codec
    return raw


def _restore_names(raw: Raw, aliases: dict[str, str], source: Source) -> None:
    """Put the names as written in place of their aliases; none may hide another."""
    taken = {str(name) for name in raw.frame.columns if name not in aliases}
    names = {}
    for alias, name in aliases.items():
        if alias not in raw.frame.columns:
            continue
        own, number = name, 2
        while own in taken:
            own, number = f"{name}.{number}", number + 1
        taken.add(own)
        names[alias] = own
        if own != name or own.rpartition(".")[0] in aliases.values():
            field = name if own != name else own.rpartition(".")[0]
            raw.findings.append(
                Catalogue.of("pipeline").finding("column-repeated", file=source.path, field=field)
            )
    raw.frame = raw.frame.rename(columns=names)


def _layers(place: Path, source: Source) -> tuple[list[str], list[Finding]]:
    """Return the layers of a file that may hold several, the one to read first.

    Raises
    ------
    SourceError
        If the declared layer is not in the file.
    """
    catalogue = Catalogue.of("pipeline")
    names = [str(name) for name, _ in pyogrio.list_layers(place)]
    # Listing makes GDAL describe a GML file beside it; reading must not go by that.
    place.with_suffix(".gfs").unlink(missing_ok=True)
    if len(names) < 2 and place.suffix in (".shp", ".fgb"):
        return names, []
    if source.table and source.table not in names:
        listed = ", ".join(names)
        raise SourceError(
            [catalogue.finding("sheet-missing", file=source.path, sheet=source.table, known=listed)]
        )
    if source.table:
        return sorted(names, key=lambda name: name != source.table), []
    others = ", ".join(names[1:])
    note = catalogue.finding("sheet-assumed", file=source.path, sheet=names[0], others=others)
    return names, [note] if len(names) > 1 else []


def _read(place: Path, source: Source, encoding: str | None) -> Raw:
    """Read the chosen layer of a staged file.

    Raises
    ------
    SourceError
        If it is damaged, has no such layer or no geometry.
    """
    options = OPEN_OPTIONS.get(place.suffix, {})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tables, notes = _layers(place, source)
            layer = tables[0] if tables else None
            info = pyogrio.read_info(place, layer=layer, encoding=encoding, **options)
            require_driver(info["driver"], place.suffix, source)
            frame = pyogrio.read_dataframe(
                place, layer=layer, encoding=encoding, datetime_as_string=True, **options
            )
        except (NotImplementedError, ShapelyError) as error:
            raise _without_lines(place, source, layer, error) from error
        except (DataSourceError, DataLayerError, ValueError, IndexError) as error:
            detail = str(error).replace(str(place), source.path)
            raise unreadable(source.path, "damaged", detail=detail) from error
    notes += _explain_warnings([str(w.message) for w in caught], source)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError([Catalogue.of("pipeline").finding("geometry-none", file=source.path)])
    if 0 <= info["features"] != len(frame):
        detail = f"{len(frame)} / {info['features']}"
        raise unreadable(source.path, "truncated", detail=detail)
    if "geometry" in info["fields"]:
        notes.append(_keep_column_called_geometry(frame, place, source, layer, encoding))
    _keep_kinds(frame, info)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    return Raw(frame, rows, "", notes, tables=[t for t in tables if t != STEM], reader=READER)


CURVES = {
    8: "CIRCULARSTRING", 9: "COMPOUNDCURVE", 10: "CURVEPOLYGON", 11: "MULTICURVE",
    12: "MULTISURFACE", 13: "CURVE", 14: "SURFACE", 15: "POLYHEDRALSURFACE", 16: "TIN",
    17: "TRIANGLE",
}  # fmt: skip
"""Kinds of ISO 19125 and SQL/MM part 3 by their number in well-known binary."""


def _without_lines(place: Path, source: Source, layer: str | None, error: Exception) -> SourceError:
    """Say which kinds of shapes cannot be held, or that the file is damaged."""
    _, _, shapes, _ = pyogrio.raw.read(place, layer=layer, columns=[])
    found: Counter[str] = Counter()
    for raw in shapes:
        head = raw or bytes(5)
        code = int.from_bytes(head[1:5], "little" if head[0] else "big") & 0x1FFFFFFF
        found[CURVES.get(code % 1000, "")] += 1
    del found[""]
    if not found:
        detail = str(error).replace(str(place), source.path)
        return unreadable(source.path, "damaged", detail=detail)
    kinds = ", ".join(f"{kind} × {count}" for kind, count in sorted(found.items()))
    finding = Catalogue.of("pipeline").finding(
        "geometry-curved", file=source.path, value=kinds, count=found.total()
    )
    return SourceError([finding])


def _keep_column_called_geometry(
    frame: Any, place: Path, source: Source, layer: str | None, encoding: str | None
) -> Finding:
    """Give an attribute that the shapes would replace a name of its own."""
    plain = pyogrio.read_dataframe(
        place, layer=layer, encoding=encoding, columns=["geometry"], read_geometry=False,
        **OPEN_OPTIONS.get(place.suffix, {}),
    )  # fmt: skip
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
    if isinstance(cell, bytes):
        return cell.hex()
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell


def _explain_warnings(messages: list[str], source: Source) -> list[Finding]:
    """Turn what GDAL only mutters into findings."""
    catalogue = Catalogue.of("pipeline")
    return [
        catalogue.finding("reader-warning", file=source.path, reason=message)
        for message in dict.fromkeys(messages)
    ]


def require_own_drivers() -> None:
    """Make sure that no driver but those of :data:`DRIVERS` is there to open a file.

    Raises
    ------
    RuntimeError
        If a newer GDAL brought one that nobody has looked at.
    """
    strange = set(pyogrio.list_drivers()) - set(DRIVERS.values())
    if strange:
        raise RuntimeError(f"GDAL has drivers that are not refused: {sorted(strange)}")
