"""Scans, meshes and world files drawn for the tests."""

import warnings

import numpy as np
import rasterio

from pipeline.config.layers import Municipality
from pipeline.config.rasters import RasterSource

KITAKYUSHU = Municipality(code="401005", name={"ja": "北九州市"}, crs="EPSG:6670")
SHIMONOSEKI = Municipality(code="352012", name={"ja": "下関市"}, crs="EPSG:6671")


def source_of(path, **keys):
    return RasterSource(municipality="kitakyushu", path=path, **keys)


def write_picture(path, pixels, **profile):
    """Write bands, shape ``(bands, rows, columns)``."""
    driver = {".tif": "GTiff", ".png": "PNG", ".jpg": "JPEG"}[path.suffix]
    bands, rows, columns = pixels.shape
    colors = profile.pop("colors", None)
    given = {"driver": driver, "width": columns, "height": rows, "count": bands} | profile
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(path, "w", dtype=pixels.dtype, **given) as out:
            out.write(pixels)
            if colors:
                out.write_colormap(1, colors)
    for extra in path.parent.glob("*.aux.xml"):
        extra.unlink()


def checkerboard(side, cell, colors=((255, 0, 0), (0, 0, 255))):
    rows, columns = np.indices((side, side)) // cell
    return np.array(colors, np.uint8)[(rows + columns) % 2].transpose(2, 0, 1)


MESH = """<?xml version="1.0" encoding="{encoding}"?>
<Dataset xmlns="http://fgd.gsi.go.jp/spec/2008/FGD_GMLSchema" xmlns:gml="http://www.opengis.net/gml/3.2">
<DEM><mesh>50303755</mesh><coverage><gml:boundedBy>
<gml:Envelope srsName="fguuid:{edition}.bl"><gml:lowerCorner>{south} {west}</gml:lowerCorner>
<gml:upperCorner>{north} {east}</gml:upperCorner></gml:Envelope></gml:boundedBy>
<gml:gridDomain><gml:Grid><gml:limits><gml:GridEnvelope><gml:low>0 0</gml:low>
<gml:high>{columns} {rows}</gml:high></gml:GridEnvelope></gml:limits></gml:Grid></gml:gridDomain>
<gml:rangeSet><gml:DataBlock><gml:tupleList>
{tuples}
</gml:tupleList></gml:DataBlock></gml:rangeSet>
<gml:coverageFunction><gml:GridFunction><gml:sequenceRule order="+x-y">Linear</gml:sequenceRule>
<gml:startPoint>{start}</gml:startPoint></gml:GridFunction></gml:coverageFunction>
</coverage></DEM></Dataset>
"""


def mesh_xml(heights, edition="jgd2011", start="0 0", encoding="UTF-8", corner=(33.88, 130.87)):
    """Return the text of one mesh of GSI's model; a list of heights may end early."""
    rows, columns = 3, 4
    lines = "\n".join(f"地表面,{h:.2f}" if h > -9999 else "データなし,-9999.00" for h in heights)
    south, west = corner
    return MESH.format(
        encoding=encoding, edition=edition, south=south, west=west, north=south + 0.003,
        east=west + 0.004, columns=columns - 1, rows=rows - 1, tuples=lines, start=start,
    )  # fmt: skip
