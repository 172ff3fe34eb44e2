"""What GDAL may do when it reads a foreign file: one driver, no network, nothing beside the file.

Its settings are environment variables that count when the library is loaded, so they are given to
the process that reads (see :mod:`pipeline.confined`) and to no other.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.sources.refusals import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config.sources import Source

DRIVERS = {
    ".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".kml": "LIBKML",
    ".gml": "GML",
}  # fmt: skip
"""The only driver that may open a file of each ending."""

REFUSED = (
    "PCIDSK", "PDS4", "VICAR", "PDF", "MBTiles", "EEDA", "OGCAPI", "GDALG", "MapInfo File",
    "LVBAG", "S57", "DGN", "OGR_VRT", "CSV", "GPX", "KML", "GeoJSON", "GeoJSONSeq", "ESRIJSON",
    "TopoJSON", "OGR_GMT", "SQLite", "WAsP", "OpenFileGDB", "DXF", "GeoRSS", "VFK", "PGDUMP",
    "OSM", "GPSBabel", "OGR_PDS", "WFS", "OAPIF", "EDIGEO", "Idrisi", "ODS", "XLSX",
    "Elasticsearch", "Carto", "AmigoCloud", "SXF", "Selafin", "JML", "PLSCENES", "CSW", "VDV",
    "MVT", "NGW", "MapML", "GTFS", "PMTiles", "JSONFG", "MiraMonVector", "ADBC", "AVCBin",
    "AVCE00", "AIVector", "HTTP", "MEM",
)  # fmt: skip
"""Every other driver GDAL brings: each opens by content, some ask the network."""

NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not exist: the discard port of this machine."""

ENVIRONMENT = {
    "GDAL_SKIP": ",".join(REFUSED),
    "GDAL_HTTP_PROXY": NOWHERE,
    "GDAL_HTTPS_PROXY": NOWHERE,
    "GDAL_HTTP_CONNECTTIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "GML_FIELDTYPES": "ALWAYS_STRING",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "GML_SAVE_RESOLVED_TO": "",
    "SHAPE_RESTORE_SHX": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
}
OPEN_OPTIONS = {
    ".gml": {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"},
    ".gpkg": {"IMMUTABLE": "YES"},
}
PARTS = (".shp", ".shx", ".dbf", ".prj")
STEM = "source"


@contextlib.contextmanager
def staged(path: Path, content: bytes | None = None) -> Iterator[Path]:
    """Give a reader a folder in which there is the source and nothing else.

    So no ``.gfs``, ``.qix``, ``.aux.xml`` … that lies beside it changes what is read, none is
    left beside it, and no letter of its name means something to the reader.

    Parameters
    ----------
    content
        What to read instead of the file's own bytes.
    """
    with tempfile.TemporaryDirectory(prefix="tonari-") as folder:
        ending = path.suffix.lower()
        place = Path(folder) / f"{STEM}{ending}"
        if content is not None:
            place.write_bytes(content)
        elif ending == ".shp":
            for part in PARTS:
                if (found := part_of(path, part)) is not None:
                    place.with_suffix(part).symlink_to(found.resolve())
        else:
            place.symlink_to(path.resolve())
        yield place


def part_of(path: Path, ending: str) -> Path | None:
    """Return the part of a Shapefile with this ending, whatever the case of its letters."""
    candidates = [path.with_suffix(ending), path.with_suffix(ending.upper())]
    found = next((p for p in candidates if p.is_file()), None)
    if found is not None:
        return found
    wanted = f"{path.stem}{ending}".lower()
    beside = path.parent.glob("*") if path.parent.is_dir() else ()
    return next(
        (p for p in sorted(beside) if p.name.lower() == wanted and p.stem == path.stem), None
    )


def require_driver(driver: str, ending: str, source: Source) -> None:
    """Make sure that the driver of the ending read the file.

    Raises
    ------
    SourceError
        If another did.
    """
    if driver != DRIVERS[ending]:
        raise unreadable(source.path, "driver", actual_ja=driver, actual_en=driver, ending=ending)
