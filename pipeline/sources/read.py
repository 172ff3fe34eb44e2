"""Read one declared source, whatever its format, into the pipeline's canonical table."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.confined import Limits, Stopped, confined
from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.sources.content import require_content
from pipeline.sources.crs import crs_label, resolve_crs, to_canonical
from pipeline.sources.datums import horizontal
from pipeline.sources.files import digest, source_files
from pipeline.sources.gdal import ENVIRONMENT
from pipeline.sources.points import with_points
from pipeline.sources.position import Located, check_position
from pipeline.sources.refusals import explained, missing
from pipeline.sources.table import CANONICAL_CRS, Facts, Raw, Table, places

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.layers import Municipality
    from pipeline.config.sources import Source

READERS = {
    ".csv": "pipeline.sources.tabular:read_csv",
    ".tsv": "pipeline.sources.tabular:read_csv",
    ".xlsx": "pipeline.sources.workbook:read_workbook",
    ".xlsm": "pipeline.sources.workbook:read_workbook",
    ".xls": "pipeline.sources.workbook:read_workbook",
    ".ods": "pipeline.sources.workbook:read_workbook",
    ".shp": "pipeline.sources.vector:read_vector",
    ".geojson": "pipeline.sources.geojson:read_geojson",
    ".json": "pipeline.sources.geojson:read_geojson",
    ".gpkg": "pipeline.sources.vector:read_vector",
    ".fgb": "pipeline.sources.vector:read_vector",
    ".kml": "pipeline.sources.vector:read_vector",
    ".gml": "pipeline.sources.vector:read_vector",
    ".parquet": "pipeline.sources.geoparquet:read_parquet",
}
"""The function that reads each format, by name: it is imported where it runs, in a child."""
SALVAGE = "pipeline.sources.salvage"
SALVAGED = frozenset({".shp", ".gpkg", ".fgb"})
"""Endings of formats in which one record can be broken and the next one whole."""


def read_source(source: Source, municipality: Municipality, root: Path) -> Table:
    """Read a source.

    Parameters
    ----------
    source
        As declared.
    municipality
        The one it belongs to, for its default CRS.
    root
        Folder that ``source.path`` starts from.

    Returns
    -------
    Table
        Geometry in EPSG:6668 degrees; columns still under the names of the file.

    Raises
    ------
    SourceError
        If it cannot be read at all; the findings name file, cause and remedy.
    """
    path = root / source.path
    raw = read_records(path, source)
    if len(raw.frame) == 0:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    if source.geometry is not None:
        raw = with_points(raw, source.geometry, source.path)
    elif not isinstance(raw.frame, gpd.GeoDataFrame):
        columns = ", ".join(map(str, raw.frame.columns))
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "geometry-undeclared", file=source.path, known=columns
                )
            ]
        )
    return _locate(raw, path, source, municipality)


def read_unlocated(source: Source, municipality: Municipality, root: Path) -> Table:
    """Read a source of a dataset without geometry; coordinates in it are columns like others.

    Parameters and raises as for :func:`read_source`.
    """
    path = root / source.path
    raw = read_records(path, source)
    if len(raw.frame) == 0:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    attributes = raw.frame
    if isinstance(attributes, gpd.GeoDataFrame):
        attributes = pd.DataFrame(attributes.drop(columns=attributes.geometry.name))
    nowhere = gpd.GeoSeries([None] * len(attributes), attributes.index)
    frame = gpd.GeoDataFrame(attributes, geometry=nowhere, crs=CANONICAL_CRS)
    return Table(frame, raw.rows, _facts(source, path, raw), raw.findings, raw.exact)


def read_records(path: Path, source: Source) -> Raw:
    """Read the records of a file as they are, before coordinates are understood.

    Raises
    ------
    SourceError
        If the file is missing, of an unknown format or unreadable.
    """
    reader = READERS.get(path.suffix.lower())
    if not os.path.lexists(path):
        raise missing(path, source.path)
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise SourceError(
            [
                Catalogue.of("pipeline").finding(
                    "format-unknown", file=source.path, value=path.suffix, known=known
                )
            ]
        )
    require_content(path, source.path)
    size = sum(part.stat().st_size for part in source_files(path))
    return _in_child(reader, path, source, Limits.for_file(size))


def _in_child(reader: str, path: Path, source: Source, limits: Limits) -> Raw:
    """Read in a process of its own: what a library does to itself there is a finding here."""
    try:
        raw: Raw = confined("pyogrio", reader, (path.absolute(), source), limits, ENVIRONMENT)
    except Stopped as stopped:
        raise explained(stopped, path, source.path, limits) from stopped
    except SourceError as refusal:
        codes = {finding.code for finding in refusal.findings}
        if codes == {"source-unreadable"} and path.suffix.lower() in SALVAGED:
            raise _salvaged(path, source, limits) or refusal from refusal
        raise
    return raw


def _salvaged(path: Path, source: Source, limits: Limits) -> SourceError | None:
    """Name the records that make a file unreadable, where it is records and not the file."""
    arguments = (path.absolute(), source.table)
    try:
        broken = confined("fiona", f"{SALVAGE}:broken_records", arguments, limits, ENVIRONMENT)
    except Stopped:
        return None
    if not broken:
        return None
    return SourceError(
        [
            Catalogue.of("pipeline").finding(
                "records-broken", file=source.path, places=places(source.path, broken)
            )
        ]
    )


def _locate(raw: Raw, path: Path, source: Source, municipality: Municipality) -> Table:
    declared = (source.geometry.crs if source.geometry else "") or source.crs
    crs, notes = resolve_crs(declared, raw.frame.crs, municipality.crs, source.path)
    frame, operation, moved = to_canonical(raw.frame, crs, source.path)
    given = shapely.force_2d(raw.frame.geometry.to_numpy())
    located = Located(given, frame.geometry.to_numpy(), horizontal(crs), raw.rows, source.path)
    astray = check_position(located, municipality, source.geometry)
    if any(finding.code == "position-misread" for finding in astray):
        # That the file says otherwise is the same slip; the error names the CRS that fits.
        notes = [note for note in notes if note.code != "crs-disagrees"]
    moved += astray
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    facts = replace(
        _facts(source, path, raw),
        crs=crs_label(crs),
        operation=operation.name,
        accuracy_m=operation.accuracy_m,
    )
    return Table(frame, raw.rows, facts, [*raw.findings, *notes, *moved], raw.exact)


def _facts(source: Source, path: Path, raw: Raw) -> Facts:
    files = source_files(path)
    return Facts(
        path=source.path,
        sha256=digest(files),
        bytes=sum(f.stat().st_size for f in files),
        features=len(raw.frame),
        encoding=raw.encoding,
        reader=raw.reader,
    )
