"""What a raster says of itself, and every way in which it can be wrong."""

import zipfile

import numpy as np
import pytest
import rasterio
from raster_files import checkerboard, mesh_xml, write_picture

from pipeline.errors import SourceError

BOARD = checkerboard(60, 10)
PLACED = {"crs": "EPSG:6670", "transform": rasterio.Affine(5, 0, -12000, 0, -5, 99000)}
POINTS = [
    ((0, 0), (-12000, 99000)),
    ((60, 0), (-11700, 99000)),
    ((0, 60), (-12000, 98700)),
    ((60, 60), (-11700, 98700)),
    ((30, 30), (-11850, 98850)),
    ((10, 40), (-11950, 98800)),
]


def codes(findings):
    return [finding.code for finding in findings]


def refused(call, *args, **keys):
    with pytest.raises(SourceError) as told:
        call(*args, **keys)
    return codes(told.value.findings)


def points(given=POINTS, **keys):
    return {"georeference": {"points": [{"pixel": p, "position": q} for p, q in given], **keys}}


def test_a_geotiff_places_itself(tmp_path, read):
    write_picture(tmp_path / "a.tif", BOARD, **PLACED)
    found = read("a.tif")
    assert found.sheets[0].transform == (5, 0, -12000, 0, -5, 99000)
    assert codes(found.findings) == []
    assert found.facts["crs"] == "EPSG:6670"


def test_a_world_file_names_the_middle_of_the_first_pixel(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    (tmp_path / "A.PGW").write_text("5\n0\n0\n-5\n-11997.5\n98997.5\n")
    found = read("a.png", crs="EPSG:6670")
    assert found.sheets[0].transform == (5, 0, -12000, 0, -5, 99000)
    assert codes(found.findings) == []


def test_a_world_file_that_names_corners_is_doubted(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    (tmp_path / "a.pgw").write_text("5\n0\n0\n-5\n-12000\n99000\n")
    assert "worldfile-convention" in codes(read("a.png", crs="EPSG:6670").findings)


def test_a_world_file_against_the_position_inside_is_told(tmp_path, read):
    write_picture(tmp_path / "a.tif", BOARD, **PLACED)
    (tmp_path / "a.tfw").write_text("5\n0\n0\n-5\n-11897.5\n98997.5\n")
    found = read("a.tif")
    assert codes(found.findings) == ["worldfile-disagrees"]
    assert found.findings[0].value == "20.0"


@pytest.mark.parametrize("text", ["5 0 0 -5 1", "a b c d e f", "0 0 0 0 1 1", "nan 0 0 -5 1 1"])
def test_a_world_file_without_six_numbers_is_refused(tmp_path, read, text):
    write_picture(tmp_path / "a.png", BOARD)
    (tmp_path / "a.pgw").write_text(text)
    assert refused(read, "a.png", crs="EPSG:6670") == ["worldfile-wrong"]


def test_a_world_file_without_its_picture(tmp_path, read):
    (tmp_path / "a.tfw").write_text("5\n0\n0\n-5\n1\n1\n")
    assert refused(read, "a.tfw") == ["worldfile-alone"]
    assert refused(read, "a.tif") == ["source-missing"]


def test_a_mirrored_world_file_is_told(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    (tmp_path / "a.pgw").write_text("5\n0\n0\n5\n-11997.5\n98702.5\n")
    assert "raster-mirrored" in codes(read("a.png", crs="EPSG:6670").findings)


def test_a_picture_without_position_or_crs(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    assert refused(read, "a.png") == ["raster-unplaced"]


def test_a_crs_against_the_files_own_is_told(tmp_path, read):
    write_picture(tmp_path / "a.tif", BOARD, **PLACED)
    assert "crs-disagrees" in codes(read("a.tif", crs="EPSG:2444").findings)


def test_the_wrong_zone_is_found_by_where_the_city_is(tmp_path, read):
    write_picture(tmp_path / "a.tif", BOARD, **PLACED | {"crs": "EPSG:6675"})
    assert "position-misread" in codes(read("a.tif").findings)


@pytest.mark.parametrize(("ending", "keep"), [(".png", 0.6), (".jpg", 0.6), (".tif", 0.6)])
def test_a_file_cut_short_is_refused(tmp_path, read, ending, keep):
    noise = np.random.default_rng(0).integers(0, 255, (3, 200, 200), np.uint8)
    path = tmp_path / f"a{ending}"
    write_picture(path, noise, **(PLACED if ending == ".tif" else {}))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    assert refused(read, path.name, crs="EPSG:6670") in (
        ["raster-truncated"],
        ["raster-unreadable"],
    )


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, read):
    profile = {"driver": "GTiff", "width": 60_000, "height": 60_000, "count": 3, "dtype": "uint8"}
    with rasterio.open(
        tmp_path / "a.tif", "w", sparse_ok=True, tiled=True, compress="deflate", **profile, **PLACED
    ) as out:
        out.write(np.zeros((3, 256, 256), np.uint8), window=rasterio.windows.Window(0, 0, 256, 256))
    assert refused(read, "a.tif") == ["raster-swollen"]


@pytest.mark.parametrize(
    ("bands", "kind", "dtype", "code"),
    [
        (5, "photo", np.uint8, "raster-bands"),
        (3, "elevation", np.float32, "raster-bands"),
        (3, "classes", np.uint8, "raster-bands"),
        (1, "scan", np.float32, "raster-type"),
    ],
)
def test_bands_and_types_that_no_raster_of_the_kind_has(tmp_path, read, bands, kind, dtype, code):
    write_picture(
        tmp_path / "a.tif", np.zeros((bands, 20, 20), dtype), photometric="minisblack", **PLACED
    )
    assert refused(read, "a.tif", kind) == [code]


def test_heights_that_are_a_mark_for_none_are_doubted(tmp_path, read):
    heights = np.full((1, 20, 20), 5, np.float32)
    heights[0, 3, 3] = -9999
    write_picture(tmp_path / "a.tif", heights, **PLACED)
    assert codes(read("a.tif", "elevation").findings) == ["raster-no-value"]
    assert codes(read("a.tif", "elevation", nodata=-9999).findings) == []


@pytest.mark.parametrize("method", ["affine", "polynomial", "thin_plate"])
def test_control_points_that_fit(tmp_path, read, method):
    write_picture(tmp_path / "a.png", BOARD)
    more = [*POINTS, ((50, 20), (-11750, 98900))]
    found = read("a.png", crs="EPSG:6670", **points(more, method=method))
    assert codes(found.findings) == []
    assert max(p["residual_m"] for p in found.facts["control_points"]) < 0.01


def test_the_point_that_does_not_fit_is_named_and_no_other(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    wrong = [*POINTS, ((20, 10), (-11900 + 60, 98950)), ((45, 50), (-11775, 98750))]
    found = read("a.png", crs="EPSG:6670", **points(wrong))
    assert codes(found.findings) == ["points-misfit"]
    assert found.findings[0].feature == "7"
    assert found.findings[0].count == 1


def swapped(given):
    return [(p, (y, x)) for p, (x, y) in given]


@pytest.mark.parametrize(
    ("given", "method", "code"),
    [
        (POINTS[:2], "affine", "points-few"),
        (POINTS[:5], "polynomial", "points-few"),
        (
            [((i * 10, i * 10), (-12000 + 50 * i, 99000 - 50 * i)) for i in range(7)],
            "affine",
            "points-on-a-line",
        ),
        (
            [((i * 10, i * 10), (-12000 + 50 * i, 99000 - 50 * i)) for i in range(7)],
            "thin_plate",
            "points-on-a-line",
        ),
        ([*POINTS, POINTS[0]], "thin_plate", "points-twice"),
        (swapped(POINTS), "affine", "points-swapped"),
        (
            [(p, (130.87 + x / 1e6, 33.89 + y / 1e6)) for p, (x, y) in POINTS],
            "affine",
            "points-in-degrees",
        ),
        (
            [(p, (33.89 + y / 1e6, 130.87 + x / 1e6)) for p, (x, y) in POINTS],
            "affine",
            "points-in-degrees",
        ),
    ],
)
def test_points_from_which_no_position_follows(tmp_path, read, given, method, code):
    write_picture(tmp_path / "a.png", BOARD)
    assert refused(read, "a.png", crs="EPSG:6670", **points(given, method=method)) == [code]


def test_points_of_which_nothing_tells_which_is_wrong(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    bad = [*POINTS[:3], ((60, 60), (-11700 + 90, 98700))]
    assert codes(read("a.png", crs="EPSG:6670", **points(bad)).findings) == ["points-disagree"]


def test_a_scan_upside_down_and_points_outside_it_are_told(tmp_path, read):
    write_picture(tmp_path / "a.png", BOARD)
    turned = [((60 - c, 60 - r), q) for (c, r), q in POINTS]
    assert codes(read("a.png", crs="EPSG:6670", **points(turned)).findings) == ["raster-turned"]
    beyond = [*POINTS, ((120, 0), (-11400, 99000))]
    assert codes(read("a.png", crs="EPSG:6670", **points(beyond)).findings) == ["points-outside"]


def test_a_mesh_of_gsi_is_read_from_the_north_west(tmp_path, read):
    (tmp_path / "a.xml").write_text(mesh_xml([float(v) for v in range(12)]))
    found = read("a.xml", "elevation")
    with rasterio.open(tmp_path / "made" / found.sheets[0].file) as made:
        assert made.read(1).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert np.allclose(found.sheets[0].transform, (0.001, 0, 130.87, 0, -0.001, 33.883))


def test_what_lies_before_the_start_and_after_the_end_is_not_there(tmp_path, read):
    text = mesh_xml([7.0, -9999.0, 9.0], start="2 0", encoding="Shift_JIS")
    (tmp_path / "a.xml").write_bytes(text.encode("cp932"))
    found = read("a.xml", "elevation")
    with rasterio.open(tmp_path / "made" / found.sheets[0].file) as made:
        heights = made.read(1)
    assert heights[0, 2] == 7
    assert heights[1, 0] == 9
    assert np.isnan(heights).sum() == 10


def zipped(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in files.items():
            out.writestr(name, text)


def test_of_two_editions_the_finer_and_newer_is_taken_and_the_rest_named(tmp_path, read):
    names = {
        f"FG-GML-5030-37-55-DEM{k}-{d}.xml": mesh_xml([v] * 12)
        for k, d, v in [("5A", "20160101", 1.0), ("5A", "20200101", 2.0), ("5B", "20240101", 3.0)]
    }
    zipped(tmp_path / "a.zip", **names)
    found = read("a.zip", "elevation")
    assert codes(found.findings) == ["dem-older-left"]
    assert found.findings[0].count == 2
    with rasterio.open(tmp_path / "made" / found.sheets[0].file) as made:
        assert made.read(1)[0, 0] == 2


def test_heights_of_two_references_are_told(tmp_path, read):
    zipped(
        tmp_path / "a.zip",
        **{
            "FG-GML-5030-37-55-DEM5A-20200101.xml": mesh_xml([1.0] * 12, "jgd2011"),
            "FG-GML-5030-37-56-DEM5A-20250401.xml": mesh_xml(
                [1.0] * 12, "jgd2024", corner=(33.88, 130.874)
            ),
        },
    )
    assert codes(read("a.zip", "elevation").findings) == ["dem-editions"]


@pytest.mark.parametrize(
    "text", ["<a/>", "<a", "", mesh_xml([1.0] * 12, "jgd9999"), mesh_xml([1.0] * 12, start="9 9")]
)
def test_what_is_no_mesh_is_refused(tmp_path, read, text):
    (tmp_path / "a.xml").write_text(text)
    assert refused(read, "a.xml", "elevation") == ["dem-structure"]


def test_more_heights_than_the_grid_holds_are_counted(tmp_path, read):
    (tmp_path / "a.xml").write_text(mesh_xml([1.0] * 14))
    assert codes(read("a.xml", "elevation").findings) == ["dem-count"]


def test_a_text_tile_lies_where_its_name_says(tmp_path, read):
    rows = [["e"] * 256, *([["12.34"] * 256] * 255)]
    (tmp_path / "14-14146-6549.txt").write_text("\n".join(map(",".join, rows)))
    found = read("14-14146-6549.txt", "elevation")
    with rasterio.open(tmp_path / "made" / found.sheets[0].file) as made:
        heights = made.read(1)
    assert np.isnan(heights[0]).all()
    assert heights[1, 0] == np.float32(12.34)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.txt", "1,2", "tile-name"),
        ("14-14146-6549.txt", "1,2\n3,4", "tile-shape"),
        ("14-14146-6549.txt", "1,x", "tile-shape"),
        ("3-9-1.txt", "1", "tile-name"),
    ],
)
def test_what_is_no_text_tile_is_refused(tmp_path, read, name, text, code):
    (tmp_path / name).write_text(text)
    assert refused(read, name, "elevation") == [code]


def test_a_swollen_zip_is_refused(tmp_path, read):
    zipped(tmp_path / "a.zip", **{"a.xml": " " * 30_000_000})
    assert refused(read, "a.zip", "elevation") == ["raster-swollen"]


def test_formats_nobody_can_place_are_refused(tmp_path, read):
    (tmp_path / "a.pdf").write_text("x")
    assert refused(read, "a.pdf") == ["raster-format"]
