"""Other words in the metadata of an archive, its tiles untouched."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.tiling.archive.header import HEADER_BYTES
from pipeline.tiling.archive.reader import PMTilesReader
from pipeline.tiling.archive.writer import metadata_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def relabel(archive: Path, out: Path, words: Mapping[str, str]) -> None:
    """Copy an archive of ours with other words in its metadata.

    Parameters
    ----------
    archive, out
        PMTiles; `out` has the bytes that cutting with these words would have given.
    words
        ``name``, ``description`` and ``attribution``.

    Raises
    ------
    ArchiveError
        If `archive` cannot be read.
    """
    with PMTilesReader(archive) as reader:
        old = reader.header
        metadata = metadata_bytes({**reader.metadata, **words})
    moved = len(metadata) - old.metadata_length
    header = replace(
        old,
        metadata_length=len(metadata),
        leaf_directories_offset=old.leaf_directories_offset + moved,
        tile_data_offset=old.tile_data_offset + moved,
    )
    with archive.open("rb") as source, out.open("xb") as target:
        source.seek(HEADER_BYTES)
        target.write(header.pack())
        target.write(source.read(old.root_length))
        target.write(metadata)
        source.seek(old.leaf_directories_offset)
        shutil.copyfileobj(source, target, 1 << 20)
