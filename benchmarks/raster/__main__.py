"""Rasters beside rio-pmtiles: ``python -m benchmarks.raster``, called by ``make bench-raster``.

A photograph is generated (seeded: fields, roofs, noise) in plane rectangular zone II and cut into
WebP tiles of 512 pixels at quality 85 by both, in turn, each in processes of its own; the time of
a tool is the least of its runs. Quality is the PSNR of the largest zoom against GDAL's own cubic
warp of the same tiles. rio-pmtiles is looked for in the environment ``RIO`` names (a ``rio`` with
that plugin), since it is no dependency.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT
from rasterio.windows import from_bounds
from scipy import ndimage

from benchmarks.raster.ours import MINZOOM, QUALITY, TILE
from pipeline.raster.placing import HALF_WORLD
from pipeline.tiling.archive import PMTilesReader

SIDE = int(os.environ.get("BENCH_PIXELS", "4096"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PLACE = rasterio.Affine(0.5, 0, -14000, 0, -0.5, 99000)


def photograph(path: Path, side: int) -> None:
    """Write the input, in strips: fields with edges, roofs and the noise of a sensor."""
    rng = np.random.default_rng(12)
    profile = {
        "driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8",
        "crs": "EPSG:6670", "transform": PLACE, "tiled": True, "blockxsize": 512,
        "blockysize": 512, "photometric": "rgb", "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as out:
        for top in range(0, side, 512):
            coarse = rng.uniform(40, 200, (3, 512 // 32 + 1, side // 32 + 1))
            fields = coarse.repeat(32, 1).repeat(32, 2)[:, :512, :side]
            soft = ndimage.gaussian_filter(fields, (0, 1.2, 1.2))
            grain = ndimage.gaussian_filter(rng.normal(0, 14, (512, side)), 0.7)
            strip = np.clip(soft + grain, 0, 255).astype(np.uint8)
            high = min(512, side - top)
            out.write(strip[:, :high], window=rasterio.windows.Window(0, top, side, high))


def timed(command: list[str]) -> tuple[float, float, str]:
    """Run a command; return seconds by the clock, of the processor, and what it printed."""
    before = _spent()
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    return seconds, _spent() - before, done.stdout


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(source: Path, out: Path) -> tuple[float, float, str]:
    """Cut with ours, all work included."""
    with tempfile.TemporaryDirectory(dir=out.parent) as work:
        return timed([sys.executable, "-m", "benchmarks.raster.ours", str(source), str(out), work])


def peer(rio: str, source: Path, out: Path, maxzoom: int) -> tuple[float, float, str]:
    """Cut with rio-pmtiles, as near to ours as its options allow."""
    out.unlink(missing_ok=True)
    return timed([
        rio, "pmtiles", str(source), str(out), "--format", "WEBP", "--tile-size", str(TILE),
        "--zoom-levels", f"{MINZOOM}..{maxzoom}", "--resampling", "cubic", "--rgba", "-j", "2",
        "--co", f"QUALITY={QUALITY}", "--silent",
    ])  # fmt: skip


def psnr(archive: Path, source: Path, zoom: int) -> float:
    """Return decibels of the tiles of a zoom against GDAL's cubic warp, opaque pixels only."""
    squared = count = 0.0
    with (
        PMTilesReader(archive) as tiles,
        rasterio.open(source) as opened,
        WarpedVRT(opened, crs="EPSG:3857", resampling=Resampling.cubic, add_alpha=True) as warped,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        side = 2 * HALF_WORLD / (1 << zoom)
        west, south, east, north = warped.bounds
        columns = range(int((west + HALF_WORLD) / side), int((east + HALF_WORLD) / side) + 1)
        rows = range(int((HALF_WORLD - north) / side), int((HALF_WORLD - south) / side) + 1)
        for x, y in [(x, y) for x in columns for y in rows]:
            stored = tiles.get(zoom, x, y)
            if stored is None:
                continue
            left, top = x * side - HALF_WORLD, HALF_WORLD - y * side
            window = from_bounds(left, top - side, left + side, top, warped.transform)
            truth = (
                warped.read(
                    window=window,
                    out_shape=(4, TILE, TILE),
                    resampling=Resampling.cubic,
                    boundless=False,
                )
                if _inside(window, warped)
                else None
            )
            if truth is None:
                continue
            with MemoryFile(bytes(stored)) as memory, memory.open() as tile:
                mine = tile.read()[:3].astype(float)
            squared += float(((mine - truth[:3]) ** 2).sum())
            count += mine.size
    return float(10 * np.log10(255**2 / (squared / count))) if count else float("nan")


def _inside(window: rasterio.windows.Window, of: WarpedVRT) -> bool:
    right, bottom = window.col_off + window.width, window.row_off + window.height
    return window.col_off >= 0 and window.row_off >= 0 and right <= of.width and bottom <= of.height


def main() -> None:
    """Measure and print one line of JSON for each tool."""
    rio = os.environ.get("RIO") or shutil.which("rio")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photo.tif"
        photograph(source, SIDE)
        files = {name: Path(folder) / f"{name}.pmtiles" for name in ("ours", "rio-pmtiles")}
        best: dict[str, tuple[float, float]] = {}
        zoom = 0
        for _ in range(ROUNDS):
            seconds, cpu, said = ours(source, files["ours"])
            zoom = int(said)
            best["ours"] = min(best.get("ours", (1e9, 0)), (seconds, cpu))
            if rio:
                seconds, cpu, _ = peer(rio, source, files["rio-pmtiles"], zoom)
                best["rio-pmtiles"] = min(best.get("rio-pmtiles", (1e9, 0)), (seconds, cpu))
        for name, (seconds, cpu) in best.items():
            print(json.dumps({
                "tool": name, "pixels": SIDE * SIDE, "seconds": round(seconds, 2),
                "cpu": round(cpu, 2), "bytes": files[name].stat().st_size,
                "psnr_db": round(psnr(files[name], source, zoom), 2), "maxzoom": zoom,
            }))  # fmt: skip
        if not rio:
            print("rio-pmtiles is not there: set RIO to a rio that has it", file=sys.stderr)


if __name__ == "__main__":
    main()
