"""Read one declared source, whatever its format, into the pipeline's canonical table."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.sources.crs import crs_label, resolve_crs, to_canonical
from pipeline.sources.datums import horizontal
from pipeline.sources.points import with_points
from pipeline.sources.position import Located, check_position
from pipeline.sources.table import Facts, Raw, Table
from pipeline.sources.tabular import read_csv, read_workbook
from pipeline.sources.vector import read_vector

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.layers import Municipality, Source

READERS = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".xls": read_workbook,
    ".ods": read_workbook,
    ".shp": read_vector,
    ".geojson": read_vector,
    ".json": read_vector,
    ".gpkg": read_vector,
    ".fgb": read_vector,
    ".kml": read_vector,
    ".gml": read_vector,
}
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


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


def source_files(path: Path) -> list[Path]:
    """Return the files that make up a source: one, or the parts of a Shapefile that exist."""
    if path.suffix.lower() != ".shp":
        return [path]
    endings = [end for part in SHAPEFILE_PARTS for end in (part, part.upper())]
    return sorted({path.with_suffix(end) for end in endings if path.with_suffix(end).exists()})


def digest(files: list[Path]) -> str:
    """Return the sha256 of the files' bytes in the order given."""
    state = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                state.update(chunk)
    return state.hexdigest()


def read_records(path: Path, source: Source) -> Raw:
    """Read the records of a file as they are, before coordinates are understood.

    Raises
    ------
    SourceError
        If the file is missing, of an unknown format or unreadable.
    """
    catalogue = Catalogue.of("pipeline")
    if not path.is_file():
        names = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        close = [name for name in names if name.lower() == path.name.lower()]
        close += difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
        raise SourceError(
            [
                catalogue.finding(
                    "source-missing",
                    file=source.path,
                    hint_ja=f"「{close[0]}」ならあります。" if close else "",
                    hint_en=f" There is '{close[0]}'." if close else "",
                )
            ]
        )
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise SourceError(
            [catalogue.finding("format-unknown", file=source.path, value=path.suffix, known=known)]
        )
    return reader(path, source)


def _locate(raw: Raw, path: Path, source: Source, municipality: Municipality) -> Table:
    declared = (source.geometry.crs if source.geometry else "") or source.crs
    crs, notes = resolve_crs(declared, raw.frame.crs, municipality.crs, source.path)
    frame, operation, moved = to_canonical(raw.frame, crs, source.path)
    given = shapely.force_2d(raw.frame.geometry.to_numpy())
    located = Located(given, frame.geometry.to_numpy(), horizontal(crs), raw.rows, source.path)
    moved += check_position(located, municipality, source.geometry)
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    files = source_files(path)
    facts = Facts(
        path=source.path,
        sha256=digest(files),
        bytes=sum(f.stat().st_size for f in files),
        features=len(frame),
        encoding=raw.encoding,
        crs=crs_label(crs),
        operation=operation.name,
        accuracy_m=operation.accuracy_m,
    )
    return Table(frame, raw.rows, facts, [*raw.findings, *notes, *moved])
