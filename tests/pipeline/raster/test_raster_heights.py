"""Elevation models of several series and editions in one raster: which of them shows."""

import zipfile
from pathlib import Path

import pytest
import rasterio
from raster_files import mesh_xml

from pipeline.raster.child import draw
from pipeline.raster.steps import RasterDrawing

MESH = "FG-GML-5030-37-55-DEM5A-{}.xml"


@pytest.fixture
def heights(tmp_path, read):
    """Draw zips, the lowest first; return findings and the heights that show."""

    def drawing(**zips):
        sheets = []
        for name, files in zips.items():
            with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as out:
                for inside, text in files.items():
                    out.writestr(inside, text)
            found = read(f"{name}.zip", "elevation")
            sheets += [(sheet, sheet.path(tmp_path, tmp_path / "made")) for sheet in found.sheets]
        options = RasterDrawing("dem", "elevation", 14, 14, 256, (), (), Path())
        levels = tmp_path / "levels"
        levels.mkdir()
        _, findings = draw(options, sheets, levels, None)
        with rasterio.open(levels / "z14.tif") as opened:
            shown = opened.read(1, masked=True).compressed()
        return findings, {float(v) for v in shown.round(3)}

    return drawing


def test_finer_heights_lie_on_top_of_coarser_ones_whatever_their_names(heights):
    coarse, fine = mesh_xml([1.0] * 12), mesh_xml([2.0] * 12)
    files = {"FG-GML-5030-37-DEM10B-20250101.xml": coarse, MESH.format("20160101"): fine}
    _, shown = heights(a=files)
    assert shown == {2.0}


def test_of_one_tile_in_two_sources_the_later_source_shows_and_both_are_named(heights):
    old, new = mesh_xml([1.0] * 12), mesh_xml([2.0] * 12)
    findings, shown = heights(b={MESH.format("20250101"): new}, a={MESH.format("20160101"): old})
    assert shown == {1.0}
    (found,) = [f for f in findings if f.code == "dem-tile-twice"]
    assert found.field == "rasters.dem"
    assert found.feature == f"b.zip/{MESH.format('20250101')}"
    assert found.value == f"a.zip/{MESH.format('20160101')}"


def test_the_same_tile_twice_is_no_finding(heights):
    same = {MESH.format("20250101"): mesh_xml([2.0] * 12)}
    findings, _ = heights(a=same, b=same)
    assert "dem-tile-twice" not in {f.code for f in findings}
