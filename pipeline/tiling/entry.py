"""The way in: a tileset cut in memory, or part by part where it would not fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.progress import silent
from pipeline.tiling.engine import cut_sources, working_threads
from pipeline.tiling.options import TileOptions
from pipeline.tiling.reading.layers import read_layers

if TYPE_CHECKING:
    from pipeline.progress import Progress
    from pipeline.tiling.report import TileReport


def tile(
    layers: Any,
    out: str | Path,
    options: TileOptions | None = None,
    *,
    id_column: str | None = None,
    name: str = "",
    attribution: str = "",
    description: str = "",
    progress: Progress = silent,
    memory: int | str | None = None,
    work: str | Path | None = None,
) -> TileReport:
    """Cut vector tiles of one or several layers into one archive.

    Parameters
    ----------
    layers
        A GeoDataFrame, a path (GeoParquet, or anything GDAL reads: GeoJSON, GeoJSONSeq,
        FlatGeobuf, GeoPackage ...) or a mapping of layer names to either. Coordinates are degrees
        of longitude and latitude or are transformed to them.
    out
        The archive: ``.pmtiles``, or ``.mbtiles`` for MBTiles. It appears complete or not at all.
    options
        Zooms, detail, budget, what differs by layer.
    id_column
        Column of whole numbers that becomes the id of the features and is no attribute. Unless
        named, a column ``id`` of distinct whole numbers, else the position in the input.
    name, attribution, description
        Written to the archive's metadata; the name is the file's unless given.
    progress
        Told how far each step is: features read and prepared, features times zooms cut.
    memory
        What the process may hold, ``"2G"`` or bytes; instead of ``options.memory``. An input that
        would need more is cut part by part, with the same archive as the result.
    work
        Folder for the work directory of such a run, which takes some four times the size of the
        input; beside `out` unless given. It is removed in the end. After a run that was
        stopped, the same call goes on where that one was.

    Returns
    -------
    TileReport
        Sizes, bounds, findings about the input, and per zoom everything that was dropped or
        drawn otherwise than in the input.

    Raises
    ------
    TilingError
        If an input cannot be read, holds nothing to draw, or the archive cannot be written.
    """
    options, out = options or TileOptions(), Path(out)
    words = {"name": name or out.stem, "attribution": attribution, "description": description}
    bound = options.memory if memory is None else memory
    if not bound:
        return cut_sources(read_layers(layers), out, options, id_column, words, progress)
    return _within(bound, layers, out, options, id_column, words, progress, work)


def _within(
    bound: int | str,
    layers: Any,
    out: Path,
    options: TileOptions,
    id_column: str | None,
    words: dict[str, str],
    progress: Progress,
    work: str | Path | None,
) -> TileReport:
    """Cut within a bound on memory."""
    from pipeline.tiling.partition.limits import Limits, parse_memory
    from pipeline.tiling.partition.run import cut_streams
    from pipeline.tiling.partition.streams import needs, streams_of

    limit = parse_memory(bound)
    if needs(layers) <= limit:
        return cut_sources(read_layers(layers), out, options, id_column, words, progress)
    with working_threads(options) as (pool, threads):
        return cut_streams(
            streams_of(layers), out, options, Limits.of(limit), id_column, words, progress,
            pool, threads, None if work is None else Path(work),
        )  # fmt: skip
