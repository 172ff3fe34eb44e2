"""Pixels from sheets to tiles: colours, positions, seams, classes and what a change makes again."""

import shutil
import warnings

import numpy as np
import pytest
import rasterio
from raster_files import checkerboard, write_picture
from rasterio.io import MemoryFile

from pipeline.raster.cutting import Earlier, cut_tiles, write_cog
from pipeline.raster.drawing import Drawing, Laid
from pipeline.raster.encoding import Picture, encode, height_colors
from pipeline.raster.levels import Block, grid_over
from pipeline.raster.mosaic import draw
from pipeline.tiling.archive import PMTilesReader

CORNER = {
    "EPSG:6670": (-12000, 99000),
    "EPSG:6671": (-112000, -4000),
    "EPSG:30162": (-12000, 99000),
}


@pytest.fixture
def lay(tmp_path, read):
    """Read and lay pictures of the temporary folder, the lowest first."""

    def laying(*names, kind="scan", **keys):
        found = [read(name, kind, **keys) for name in names]
        return tuple(
            Laid.of(sheet, sheet.path(tmp_path, tmp_path / "made"))
            for source in found
            for sheet in source.sheets
        )

    return laying


@pytest.fixture
def drawn(tmp_path):
    """Draw sheets into a folder of their own."""

    def drawing(laid, kind="scan", zoom=17, minzoom=None, size=256, before=None, name="levels"):
        bounds = np.array([one.bounds for one in laid])
        box = (*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0))
        grid = grid_over(box, zoom, size)
        folder = tmp_path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        wanted = Drawing(kind, grid, zoom if minzoom is None else minzoom, laid)
        return draw(wanted, folder, before)

    return drawing


def whole(levels, zoom):
    """Return all pixels of a level and the transform to degrees."""
    with rasterio.open(levels.folder / f"z{zoom}.tif") as opened:
        return opened.read(), opened.transform


def placed(crs, pixel=1.0):
    x, y = CORNER[crs]
    return {"crs": crs, "transform": rasterio.Affine(pixel, 0, x, 0, -pixel, y)}


@pytest.mark.parametrize("crs", CORNER)
@pytest.mark.parametrize("kind", ["scan", "photo"])
def test_a_checkerboard_keeps_its_colours_where_exact_coordinates_put_them(
    tmp_path, lay, drawn, crs, kind
):
    write_picture(tmp_path / "a.tif", checkerboard(256, 32), **placed(crs))
    (laid,) = lay("a.tif", kind=kind, municipality=_town(crs))
    pixels, transform = whole(drawn([laid], kind, zoom=18), 18)
    for column, row in [(16, 16), (48, 16), (144, 208), (240, 240)]:
        x, y = laid.placing.to_mercator(np.array([[column, row]], float))[0]
        at_column, at_row = (int(v) for v in ~transform @ (x, y))
        expected = ((255, 0, 0), (0, 0, 255))[(column // 32 + row // 32) % 2]
        assert tuple(pixels[:3, at_row, at_column]) == expected
        assert pixels[3, at_row, at_column] == 255


def _town(crs):
    from raster_files import KITAKYUSHU, SHIMONOSEKI

    return SHIMONOSEKI if crs == "EPSG:6671" else KITAKYUSHU


@pytest.mark.parametrize("crs", CORNER)
def test_edges_lie_within_half_a_pixel_of_exact_coordinates(tmp_path, lay, drawn, crs):
    """The edge between black and white, measured where the grey crosses its middle."""
    bands = np.zeros((3, 200, 200), np.uint8)
    bands[:, :, 100:] = 255
    write_picture(tmp_path / "a.tif", bands, **placed(crs))
    (laid,) = lay("a.tif", municipality=_town(crs))
    pixels, transform = whole(drawn([laid], zoom=18), 18)
    worst = 0.0
    for row in range(20, 180, 8):
        x, y = laid.placing.to_mercator(np.array([[100.0, row]]))[0]
        column, line = ~transform @ (x, y)
        grey = pixels[0, int(line)].astype(float)
        first = int(column) - 4
        near = grey[first : first + 9]
        before = int(np.flatnonzero(near < 127.5).max())
        share = (127.5 - near[before]) / (near[before + 1] - near[before])
        worst = max(worst, abs(first + before + 0.5 + share - column))
    assert worst < 0.5


def test_control_points_put_a_skewed_scan_where_it_belongs(tmp_path, lay, drawn):
    write_picture(tmp_path / "a.png", checkerboard(256, 32))
    points = [
        {"pixel": (c, r), "position": (-12000 + 0.99 * c + 0.1 * r, 99000 + 0.1 * c - 0.99 * r)}
        for c, r in [(0, 0), (256, 0), (0, 256), (256, 256), (100, 60)]
    ]
    for method in ("affine", "thin_plate"):
        (laid,) = lay("a.png", crs="EPSG:6670", georeference={"points": points, "method": method})
        pixels, transform = whole(drawn([laid], zoom=18), 18)
        x, y = laid.placing.to_mercator(np.array([[16.0, 48.0]]))[0]
        column, row = (int(v) for v in ~transform @ (x, y))
        assert tuple(pixels[:3, row, column]) == (0, 0, 255)


def test_two_sheets_side_by_side_have_no_seam_at_any_zoom(tmp_path, lay, drawn):
    colour = np.full((3, 200, 200), 200, np.uint8)
    for name, shift in (("a.tif", 0), ("b.tif", 200)):
        keys = {
            "crs": "EPSG:6670",
            "transform": rasterio.Affine(1, 0, -12000 + shift, 0, -1, 99000),
        }
        write_picture(tmp_path / name, colour, **keys)
    levels = drawn(lay("a.tif", "b.tif", kind="photo"), "photo", zoom=18, minzoom=13)
    for zoom in range(13, 19):
        pixels, _ = whole(levels, zoom)
        shown = pixels[3] > 0
        assert (pixels[0][shown] == 200).all()
        rows = np.flatnonzero((pixels[3] == 255).sum(axis=1) > 3)
        inner = pixels[3][rows[1:-1]]
        for line in inner:
            full = np.flatnonzero(line == 255)
            assert len(full) == full[-1] - full[0] + 1


def test_a_gap_between_sheets_stays_clear_and_nodata_lends_no_colour(tmp_path, lay, drawn):
    colour = np.full((3, 128, 128), 90, np.uint8)
    colour[:, 40:80, 40:80] = 0
    write_picture(tmp_path / "a.tif", colour, **placed("EPSG:6670"))
    levels = drawn(lay("a.tif", nodata=0), zoom=18, minzoom=15)
    for zoom in range(15, 19):
        pixels, _ = whole(levels, zoom)
        assert set(np.unique(pixels[0][pixels[3] > 0])) <= {89, 90}
    middle = whole(levels, 18)[0][3]
    assert (middle == 0).sum() > 1000


CLASSES = {0: (0, 162, 115), 1: (143, 195, 31), 2: (255, 233, 0)}


def test_classes_are_never_mixed_and_keep_their_colours(tmp_path, lay, drawn):
    values = (
        np.random.default_rng(0).integers(0, 3, (1, 20, 20), np.uint8).repeat(6, 1).repeat(6, 2)
    )
    write_picture(tmp_path / "a.tif", values, colors=CLASSES, **placed("EPSG:6670"))
    laid = lay("a.tif", kind="classes")
    levels = drawn(laid, "classes", zoom=18, minzoom=14)
    for zoom in range(14, 19):
        pixels, _ = whole(levels, zoom)
        assert set(np.unique(pixels[0][pixels[1] > 0])) <= {0, 1, 2}
    for form in ("png", "webp"):
        picture = Picture("value", form, 100, colors=laid[0].sheet.colors)
        box = laid[0].bounds
        cut_tiles(levels.folder, picture, box, tmp_path / "a.pmtiles")
        seen = set()
        with PMTilesReader(tmp_path / "a.pmtiles") as archive:
            for address in ((18, x, y) for x, y in levels.keys[18]):
                rgba = decoded(archive.get(*address))
                seen |= {tuple(c) for c in rgba[:3].reshape(3, -1).T[rgba[3].ravel() == 255]}
        assert seen == set(CLASSES.values())


def decoded(tile):
    """Decode a tile as red, green, blue and alpha."""
    with warnings.catch_warnings(), MemoryFile(bytes(tile)) as memory:
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        opened = memory.open()
        bands = opened.read()
        if opened.count == 1:
            table = opened.colormap(1)
            return np.array([table.get(v, (0, 0, 0, 0)) for v in range(256)], np.uint8)[
                bands[0]
            ].transpose(2, 0, 1)
    return bands if len(bands) == 4 else np.concatenate([bands, np.full_like(bands[:1], 255)])


def test_a_scan_of_one_bit_becomes_grey_and_not_dots(tmp_path, lay, drawn):
    bits = np.indices((256, 256)).sum(axis=0) % 2
    write_picture(
        tmp_path / "a.tif",
        bits[None].astype(np.uint8),
        nbits=1,
        compress="CCITTFAX4",
        photometric="minisblack",
        **placed("EPSG:6670"),
    )
    pixels, _ = whole(drawn(lay("a.tif"), zoom=18, minzoom=15), 15)
    inside = pixels[0][pixels[3] == 255]
    assert 110 < np.median(inside) < 145
    assert inside.std() < 25


def test_paper_is_cut_by_polygon_or_by_colour_from_the_edge_only(tmp_path, lay, drawn):
    bands = np.full((3, 120, 120), 255, np.uint8)
    bands[:, 20:100, 20:100] = 80
    bands[:, 50:60, 50:60] = 255
    write_picture(tmp_path / "a.tif", bands, **placed("EPSG:6670"))
    for collar in ({"color": "#FFFFFF"}, {"polygon": [(20, 20), (100, 20), (100, 100), (20, 100)]}):
        (laid,) = lay("a.tif", collar=collar)
        pixels, transform = whole(drawn([laid], zoom=18), 18)
        for place, shown in (((10.0, 10.0), 0), ((30.0, 30.0), 255), ((55.0, 55.0), 255)):
            x, y = laid.placing.to_mercator(np.array([place]))[0]
            column, row = (int(v) for v in ~transform @ (x, y))
            assert pixels[3, row, column] == shown


def test_sixteen_bit_photographs_use_their_whole_range(tmp_path, lay, drawn):
    write_picture(tmp_path / "a.tif", np.full((3, 64, 64), 51400, np.uint16), **placed("EPSG:6670"))
    pixels, _ = whole(drawn(lay("a.tif", kind="photo"), "photo", zoom=18), 18)
    assert set(np.unique(pixels[0][pixels[3] == 255])) == {200}


def test_the_same_sheets_give_the_same_bytes_and_a_changed_one_only_its_own_tiles(
    tmp_path, lay, drawn
):
    noise = np.random.default_rng(0).integers(0, 255, (3, 3, 300, 300), np.uint8)
    for at in range(3):
        keys = {
            "crs": "EPSG:6670",
            "transform": rasterio.Affine(1, 0, -12000 + 300 * at, 0, -1, 99000),
        }
        write_picture(tmp_path / f"{at}.tif", noise[at], **keys)
    names = ["0.tif", "1.tif", "2.tif"]
    picture = Picture("color", "webp", 85)

    def cut(before, out, earlier=None):
        laid = lay(*names, kind="photo")
        levels = drawn(laid, "photo", zoom=17, minzoom=12, before=before, name=out)
        box = np.array([one.bounds for one in laid])
        box = (*box[:, :2].min(axis=0), *box[:, 2:].max(axis=0))
        said = cut_tiles(levels.folder, picture, box, tmp_path / f"{out}.pmtiles", earlier)
        return (tmp_path / f"{out}.pmtiles").read_bytes(), said

    first, _ = cut(None, "first")
    assert cut(None, "again")[0] == first
    write_picture(
        tmp_path / "2.tif",
        255 - noise[2],
        crs="EPSG:6670",
        transform=rasterio.Affine(1, 0, -11400, 0, -1, 99000),
    )
    earlier = Earlier(tmp_path / "first.pmtiles", tmp_path / "first")
    changed, said = cut(tmp_path / "first", "changed", earlier)
    anew, _ = cut(None, "anew")
    assert changed == anew != first
    assert 0 < said["reused"] < said["count"]


def test_an_archive_is_clustered_and_says_what_its_tiles_are(tmp_path, lay, drawn):
    write_picture(tmp_path / "a.tif", checkerboard(256, 32), **placed("EPSG:6670"))
    laid = lay("a.tif")
    levels = drawn(laid, zoom=17, minzoom=15, size=512)
    for form in ("png", "webp"):
        cut_tiles(levels.folder, Picture("color", form, 90), laid[0].bounds, tmp_path / "a.pmtiles")
        with PMTilesReader(tmp_path / "a.pmtiles") as archive:
            assert archive.header.tile_type.name.lower() == form
            assert archive.metadata["tileSize"] == 512
            x, y = next(iter(levels.keys[17]))
            assert decoded(archive.get(17, x, y)).shape == (4, 512, 512)


@pytest.mark.parametrize(
    ("kind", "dtype", "name"),
    [
        ("photo", np.uint8, "webp"),
        ("classes", np.uint8, "deflate"),
        ("elevation", np.float32, "lerc_deflate"),
    ],
)
def test_a_cog_is_valid_and_holds_the_same(tmp_path, lay, drawn, kind, dtype, name):
    bands = 3 if kind == "photo" else 1
    values = (np.indices((600, 600)).sum(axis=0) // 40 % 3)[None].repeat(bands, 0).astype(dtype)
    keys = {"colors": CLASSES} if kind == "classes" else {}
    write_picture(tmp_path / "a.tif", values, **keys, **placed("EPSG:6670"))
    laid = lay("a.tif", kind=kind)
    levels = drawn(laid, kind, zoom=18, size=512)
    said = write_cog(
        levels.folder,
        kind,
        lossless=False,
        quality=90,
        colors=laid[0].sheet.colors,
        out=tmp_path / "cog.tif",
    )
    assert said["compression"] == name
    assert said["overviews"]
    with rasterio.open(tmp_path / "cog.tif") as cog:
        there = cog.dataset_mask() > 0
        mine = cog.read(1)
        assert there.any()
        assert not there.all()
        if kind == "classes":
            assert cog.colormap(1)[2][:3] == CLASSES[2]
            assert set(np.unique(mine[there])) == {0, 1, 2}
        if kind == "elevation":
            assert np.nanmax(np.abs(mine - whole(levels, 18)[0][0])) <= 0.0051


HEIGHTS = [(12.34, (0, 4, 210), (1, 135, 27)), (-3.5, (255, 254, 162), (1, 134, 125))]


@pytest.mark.parametrize(("height", "gsi", "mapbox"), HEIGHTS)
def test_heights_become_the_colours_that_readers_know(height, gsi, mapbox):
    block = Block(np.full((1, 1, 1), height, np.float32), np.full((1, 1), 255, np.uint8))
    assert tuple(height_colors(block, "gsi", 16)[:, 0, 0]) == gsi
    assert tuple(height_colors(block, "mapbox", 16)[:, 0, 0]) == mapbox


def test_no_height_is_the_mark_of_dem_png_and_sea_level_in_terrain_rgb():
    block = Block(np.zeros((1, 1, 1), np.float32), np.zeros((1, 1), np.uint8))
    assert tuple(height_colors(block, "gsi", 16)[:, 0, 0]) == (128, 0, 0)
    assert tuple(height_colors(block, "mapbox", 16)[:, 0, 0]) == (1, 134, 160)


def test_heights_lose_nothing_in_a_tile(tmp_path):
    rng = np.random.default_rng(0)
    heights = rng.uniform(-50, 3000, (1, 256, 256)).astype(np.float32)
    block = Block(heights, np.full((256, 256), 255, np.uint8))
    rgba = decoded(encode(block, Picture("height", "webp", 85), 15)).astype(int)
    back = (rgba[0] * 65536 + rgba[1] * 256 + rgba[2]) * 0.1 - 10_000
    assert np.abs(back - heights[0]).max() < 0.051
