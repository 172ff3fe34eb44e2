"""Compile every kernel once: ``python -m pipeline.tiling.warm``, called by ``make setup``.

Cuts a tiny tileset that needs each kernel, in a temporary folder. Compiled kernels stay beside
the package (or in the user's cache), so that the first real tileset starts without waiting.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pyarrow as pa
import shapely

from pipeline.tiling._jit import cache_folder
from pipeline.tiling.engine import cut_sources
from pipeline.tiling.options import TileOptions
from pipeline.tiling.reading import Source


def warm() -> float:
    """Compile what is not compiled yet; return the seconds it took."""
    started = time.perf_counter()
    shapes = [
        shapely.Point(130.82, 33.9),
        shapely.LineString([(130.7, 33.8), (130.9, 33.9), (131.2, 33.8)]),
        shapely.box(130.5, 33.5, 131.5, 34.5),
        shapely.Polygon([(130.5, 34.5), (131.5, 34.5), (131.2, 34.9), (130.9, 34.6), (130.7, 35)]),
    ]
    table = pa.table(
        {
            "text": ["a", "b", "c", "d"],
            "whole": [1, 2, 3, 4],
            "number": [0.5, 0.1, 2.5, 0.3],
            "truth": [True, False, True, False],
        }
    )
    source = Source("warm", "", table, pa.array(list(shapely.to_wkb(shapes)), pa.large_binary()))
    with tempfile.TemporaryDirectory() as folder:
        cut_sources([source], Path(folder) / "warm.pmtiles", TileOptions(maxzoom=12))
    return time.perf_counter() - started


if __name__ == "__main__":
    seconds = warm()
    print(f"tiling kernels ready in {cache_folder().name}/ after {seconds:.1f} s")
