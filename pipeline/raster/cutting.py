"""From levels to an archive of tiles, and to a cloud-optimised GeoTIFF."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rio_cogeo.cogeo import cog_translate, cog_validate
from rio_cogeo.profiles import cog_profiles

from pipeline.errors import OperationError
from pipeline.findings import Catalogue
from pipeline.raster.encoding import Picture, encode
from pipeline.raster.levels import Levels, load_levels
from pipeline.raster.placing import from_mercator
from pipeline.tiling.archive import PMTilesReader, PMTilesWriter, tile_id

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.rasters import RasterKind
    from pipeline.raster.levels import Address

THREADS = 2
AT_ONCE = 16


@dataclass(frozen=True)
class Earlier:
    """An archive cut of other levels, and those levels: tiles of equal keys are taken from it."""

    archive: Path
    levels: Path


def cut_tiles(
    folder: Path,
    picture: Picture,
    bounds: tuple[float, float, float, float],
    out: Path,
    earlier: Earlier | None = None,
) -> dict[str, Any]:
    """Cut all levels of a folder into an archive.

    Parameters
    ----------
    bounds
        West, south, east, north in Web Mercator metres.

    Returns
    -------
    dict
        Zooms, extent in degrees, number of tiles and how many were taken from `earlier`.
    """
    levels = load_levels(folder)
    zooms = sorted(levels.grids)
    west, south, east, north = bounds
    (w, s), (e, n) = from_mercator(np.array([(west, south), (east, north)]))
    extent = (round(float(w), 7), round(float(s), 7), round(float(e), 7), round(float(n), 7))
    size = levels.grids[zooms[0]].size
    said: dict[str, Any] = {"type": "overlay", "format": picture.form, "tileSize": size}
    if levels.layout == "height" and picture.scheme != "slope":
        said["encoding"] = picture.scheme
    taken = 0
    with PMTilesWriter(
        out, metadata=said, minzoom=zooms[0], maxzoom=zooms[-1], bounds=extent,
        compression="none", tile_type=picture.form,
    ) as writer:  # fmt: skip
        for zoom in zooms:
            taken += _cut_level(levels, zoom, picture, writer, earlier)
    count = sum(len(keys) for keys in levels.keys.values())
    return {
        "tiles": {"minzoom": zooms[0], "maxzoom": zooms[-1], "size": size},
        "extent": list(extent), "count": count, "reused": taken,
    }  # fmt: skip


def _cut_level(
    levels: Levels, zoom: int, picture: Picture, writer: PMTilesWriter, earlier: Earlier | None
) -> int:
    keys, taken = levels.keys[zoom], 0
    old, known = _known(earlier, zoom)
    waiting = iter(sorted(keys, key=lambda address: (address[1], address[0])))
    with levels.open(zoom) as level, ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(waiting, AT_ONCE)):
            new = []
            for x, y in some:
                stored = old.get(zoom, x, y) if old and known.get((x, y)) == keys[x, y] else None
                if stored is None:
                    new.append((x, y))
                else:
                    writer.write(tile_id(zoom, x, y), bytes(stored))
                    taken += 1
            blocks = [level.read(address) for address in new]
            made = pool.map(lambda block: encode(block, picture, zoom), blocks)
            for (x, y), tile in zip(new, made, strict=True):
                writer.write(tile_id(zoom, x, y), tile)
    if old is not None:
        old.close()
    return taken


def _known(earlier: Earlier | None, zoom: int) -> tuple[PMTilesReader | None, dict[Address, str]]:
    if earlier is None or not earlier.archive.is_file():
        return None, {}
    try:
        levels = load_levels(earlier.levels)
    except (OSError, ValueError, KeyError, TypeError):
        return None, {}
    return PMTilesReader(earlier.archive), levels.keys.get(zoom, {})


def write_cog(
    folder: Path,
    kind: RasterKind,
    *,
    lossless: bool,
    quality: int,
    colors: tuple[tuple[int, int, int, int], ...],
    out: Path,
) -> dict[str, Any]:
    """Write the largest level as a COG and validate it.

    Returns
    -------
    dict
        ``compression`` and ``overviews``.

    Raises
    ------
    OperationError
        If rio-cogeo does not find it valid.
    """
    levels = load_levels(folder)
    zoom = max(levels.grids)
    name = "deflate"
    if levels.layout == "color" and not lossless:
        name = "webp"
    if levels.layout == "height":
        name = "lerc_deflate"
    # Its own lookup warns of WebP and LERC, which GDAL has had since 2.4 and 3.3.
    profile = dict(cog_profiles[name]) | {"BIGTIFF": "IF_SAFER"}
    if name == "webp":
        profile |= {"WEBP_LEVEL": quality}
    if name == "lerc_deflate":
        profile |= {"MAX_Z_ERROR": 0.005}
    value = levels.layout == "value"
    table = dict(enumerate(colors)) if value and colors else None
    with warnings.catch_warnings():
        # rio-cogeo tells that a colour table makes a palette.
        warnings.simplefilter("ignore", UserWarning)
        cog_translate(
            folder / f"z{zoom}.tif", out, profile, indexes=(1,) if value else None, add_mask=value,
            colormap=table, overview_resampling="mode" if kind == "classes" else "average",
            in_memory=False, quiet=True, forward_band_tags=False, config={"GDAL_NUM_THREADS": "2"},
        )  # fmt: skip
    valid, errors, warned = cog_validate(out, strict=True, quiet=True)
    if not valid:
        said = "; ".join([*errors, *warned])
        raise OperationError(
            [Catalogue.of("pipeline.raster").finding("cog-invalid", file=out.name, value=said)]
        )
    with rasterio.open(out) as made:
        return {"compression": name, "overviews": made.overviews(1)}
