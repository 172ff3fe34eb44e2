"""Draw the rasters of the sample: a skewed scan of a made-up planning map, and made-up terrain.

Run from the root of the checkout: ``python data/sample/draw_rasters.py``. The map shows the
sample's own use districts and streets that do not exist, on paper, turned by 2.3 degrees; the
terrain is a sum of hills. Both are written as they are committed.
"""

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine

HERE = Path(__file__).parent / "kitakyushu"
PIXEL, TURNED = 2.0, 2.3
WEST, SOUTH, EAST, NORTH = -14400.0, 96400.0, -11600.0, 98600.0
MARGIN = 90
PAPER, INK, STREET, WATER = (244, 238, 222), (70, 60, 60), (250, 250, 246), (176, 200, 214)
FADED = {
    "第一種低層住居専用地域": (120, 190, 160), "第一種中高層住居専用地域": (190, 214, 140),
    "第一種住居地域": (240, 226, 120), "近隣商業地域": (236, 186, 196),
    "商業地域": (222, 128, 134), "準工業地域": (186, 168, 206), "工業地域": (180, 210, 226),
}  # fmt: skip


def ground_to_pixel() -> Affine:
    """Return the way from EPSG:6670 to pixels of the scan: turned, with a margin."""
    middle = ((WEST + EAST) / 2, (SOUTH + NORTH) / 2)
    half = ((EAST - WEST) / PIXEL / 2 + MARGIN, (NORTH - SOUTH) / PIXEL / 2 + MARGIN)
    return (
        Affine.translation(*half)
        @ Affine.rotation(TURNED)
        @ Affine.scale(1 / PIXEL, -1 / PIXEL)
        @ Affine.translation(-middle[0], -middle[1])
    )


def draw_map() -> None:
    """Draw the scan as a PNG with a palette."""
    shape = (int((NORTH - SOUTH) / PIXEL) + 2 * MARGIN, int((EAST - WEST) / PIXEL) + 2 * MARGIN)
    to_pixel = ground_to_pixel()
    districts = gpd.read_file(HERE / "yoto.shp", encoding="cp932").to_crs(6670)
    sheet = shapely.box(WEST, SOUTH, EAST, NORTH)
    colors = [PAPER, INK, STREET, WATER, *FADED.values()]
    drawn = []
    for name, area in zip(districts["YOTO"], districts.geometry, strict=True):
        drawn.append((area & sheet, 4 + list(FADED).index(name)))
    river = shapely.LineString([(WEST, 97900), (-13500, 97300), (-12500, 97450), (EAST, 96900)])
    drawn.append((river.buffer(45) & sheet, 3))
    streets = [
        shapely.LineString([(x + (NORTH - SOUTH) * 0.14, SOUTH), (x, NORTH)])
        for x in np.arange(WEST - 400, EAST, 175)
    ] + [
        shapely.LineString([(WEST, y), (EAST, y + (EAST - WEST) * 0.14)])
        for y in np.arange(SOUTH - 400, NORTH, 134)
    ]
    for street in streets:
        drawn.append((street.buffer(7, cap_style="flat") & sheet, 1))
        drawn.append((street.buffer(5, cap_style="flat") & sheet, 2))
    drawn.append((sheet.exterior.buffer(6), 1))
    shapes = [(shapely.affinity.affine_transform(s, _six(to_pixel)), v) for s, v in drawn if s]
    values = rasterize(shapes, shape, dtype="uint8", transform=Affine.identity())
    table = {value: (*color, 255) for value, color in enumerate(colors)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(
            HERE / "keikakuzu.png", "w", driver="PNG", width=shape[1], height=shape[0], count=1,
            dtype="uint8", ZLEVEL=9,
        ) as out:  # fmt: skip
            out.write(values, 1)
            out.write_colormap(1, table)
    (HERE / "keikakuzu.png.aux.xml").unlink(missing_ok=True)
    for x, y in ((WEST, NORTH), (EAST, NORTH), (WEST, SOUTH), (EAST, SOUTH), (-13000, 97500)):
        column, row = to_pixel @ (x, y)
        print(f"  - {{pixel: [{column:.2f}, {row:.2f}], position: [{x:.0f}, {y:.0f}]}}")


def _six(of: Affine) -> list[float]:
    return [of.a, of.b, of.d, of.e, of.c, of.f]


def draw_terrain() -> None:
    """Draw heights: hills over a plain, in metres to a tenth."""
    pixel, columns, rows = 25.0, 340, 200
    west, north = -16400.0, 99600.0
    x = west + pixel * (np.arange(columns) + 0.5)
    y = (north - pixel * (np.arange(rows) + 0.5))[:, None]
    heights = 8 + 0.004 * (99600 - y) + 0 * x
    for east, up, high, wide in (
        (-14800, 97000, 260, 900), (-13300, 98600, 140, 600), (-11800, 96300, 340, 1100),
        (-9800, 98200, 120, 700), (-12600, 97700, 60, 350),
    ):  # fmt: skip
        heights = heights + high * np.exp(-((x - east) ** 2 + (y - up) ** 2) / (2 * wide**2))
    with rasterio.open(
        HERE / "hyoko.tif", "w", driver="GTiff", width=columns, height=rows, count=1,
        dtype="float32", crs="EPSG:6670", transform=Affine(pixel, 0, west, 0, -pixel, north),
        nodata=-9999, compress="deflate", predictor=3, zlevel=9,
    ) as out:  # fmt: skip
        out.write(np.round(heights, 1).astype(np.float32), 1)


if __name__ == "__main__":
    draw_map()
    draw_terrain()
