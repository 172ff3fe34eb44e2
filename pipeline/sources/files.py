"""The files a source consists of."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipeline.sources.gdal import part_of

if TYPE_CHECKING:
    from pathlib import Path

SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def source_files(path: Path) -> list[Path]:
    """Return the files that make up a source: one, or the parts of a Shapefile that exist.

    To a GML file of PLATEAU belong the code lists of its data set.
    """
    if path.suffix.lower() == ".gml":
        lists = path.parent.parent.parent / "codelists"
        return [path, *(sorted(lists.glob("*.xml")) if path.parent.parent.name == "udx" else ())]
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted({found for part in SHAPEFILE_PARTS if (found := part_of(path, part))})


def digest(files: list[Path]) -> str:
    """Return the sha256 of the files' bytes in the order given."""
    state = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                state.update(chunk)
    return state.hexdigest()
