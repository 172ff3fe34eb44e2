"""Our side of the comparison, as a process of its own: SOURCE OUT WORK."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.config.layers import Municipality
from pipeline.config.rasters import RasterSource, RasterTiles
from pipeline.raster import child
from pipeline.raster.steps import RasterDrawing, RasterOutput

QUALITY, TILE, MINZOOM = 85, 512, 11


def main(source: Path, out: Path, work: Path) -> int:
    """Read, draw and cut one photograph; return its largest zoom."""
    town = Municipality.model_validate(
        {"code": "401005", "name": {"ja": "北九州市"}, "crs": "EPSG:6670"}
    )
    declared = RasterSource(municipality="x", path=source.name)
    found = child.read(declared, town, "photo", source.parent, work)
    options = RasterDrawing("photo", "photo", MINZOOM, None, TILE, (), (), source.parent)
    sheets = [(sheet, sheet.path(source.parent, work)) for sheet in found.sheets]
    facts, _ = child.draw(options, sheets, work, None)
    tiles = RasterTiles(minzoom=MINZOOM, size=TILE, quality=QUALITY)
    output = RasterOutput(out.name, "photo", tiles, "mapbox", lossy=True)
    said = child.cut(output, work, facts, out, None)
    return int(said["tiles"]["maxzoom"])


if __name__ == "__main__":
    print(main(*(Path(part) for part in sys.argv[1:4])))
