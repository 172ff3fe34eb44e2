"""Memory and time of a mosaic: ``python -m benchmarks.raster.mosaic SHEETS_A_SIDE``.

A square of generated photographs of 2,048 pixels a side is read, drawn and cut by what a build's
child processes call, in one process that may have 1 GiB of private data (``RLIMIT_DATA``).
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

SHEET = 2048
MEMORY = 1 << 30
MAXIMUM = "VmHWM"


def largest_kb() -> int:
    """Return the most memory this process has had, in kB (Linux)."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(MAXIMUM))


def main(side: int) -> None:
    """Print seconds by the clock and of the processor, and memory, after each part."""
    from pipeline.raster.steps import ENVIRONMENT  # noqa: PLC0415 - see below

    # GDAL reads these when it is loaded.
    os.environ |= ENVIRONMENT
    import rasterio  # noqa: PLC0415

    from benchmarks.raster.__main__ import PLACE, photograph  # noqa: PLC0415
    from benchmarks.raster.ours import MINZOOM, QUALITY, TILE  # noqa: PLC0415
    from pipeline.config.layers import Municipality  # noqa: PLC0415
    from pipeline.config.rasters import RasterSource, RasterTiles  # noqa: PLC0415
    from pipeline.raster import child  # noqa: PLC0415
    from pipeline.raster.steps import RasterDrawing, RasterOutput  # noqa: PLC0415

    town = Municipality.model_validate(
        {"code": "401005", "name": {"ja": "北九州市"}, "crs": "EPSG:6670"}
    )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        photograph(work / "sheet.tif", SHEET)
        with rasterio.open(work / "sheet.tif") as opened:
            pixels, profile = opened.read(), opened.profile
        names = [f"{row}_{column}.tif" for row in range(side) for column in range(side)]
        for number, name in enumerate(names):
            row, column = divmod(number, side)
            at = PLACE * rasterio.Affine.translation(column * SHEET, row * SHEET)
            with rasterio.open(work / name, "w", **profile | {"transform": at}) as out:
                out.write(pixels)
        del pixels
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, hard))
        clock, spent = time.perf_counter(), time.process_time()

        def said(part: str) -> None:
            nonlocal clock, spent
            now, used = time.perf_counter(), time.process_time()
            print(f"| {part} | {now - clock:.1f} | {used - spent:.1f} | {largest_kb():,} |")
            clock, spent = now, used

        print(f"{len(names)} sheets, {len(names) * SHEET**2 / 1e6:.0f} megapixels\n")
        print("| part | seconds | processor s | largest kB |\n|---|---|---|---|")
        sheets = []
        for name in names:
            source = RasterSource(municipality="x", path=name)
            found = child.read(source, town, "photo", work, work)
            sheets += [(sheet, sheet.path(work, work)) for sheet in found.sheets]
        said("read")
        drawing = RasterDrawing("photo", "photo", MINZOOM, None, TILE, (), (), work)
        facts, _ = child.draw(drawing, sheets, work, None)
        said("draw")
        tiles = RasterTiles(minzoom=MINZOOM, size=TILE, quality=QUALITY)
        output = RasterOutput("x.pmtiles", "photo", tiles, "mapbox", lossy=True)
        child.cut(output, work, facts, work / output.file, None)
        said("cut")


if __name__ == "__main__":
    main(int(sys.argv[1]))
