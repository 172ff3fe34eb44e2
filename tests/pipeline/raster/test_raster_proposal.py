"""What `tonari inspect` says of unknown rasters, and the declaration it proposes."""

import json
import zipfile

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from raster_files import checkerboard, mesh_xml, write_picture
from ruamel.yaml import YAML

from pipeline.config.rasters import Raster
from pipeline.errors import SourceError
from pipeline.raster.child import propose
from pipeline.raster.unknown import is_raster
from tonari.cli import main

PLACED = rasterio.Affine(2, 0, -14000, 0, -2, 99000)


def declared(found):
    """Fill the gaps a person fills, and read the entry as the declaration does."""
    text = found.yaml.replace("…", "kitakyushu")
    (entry,) = YAML(typ="safe").load(text)["rasters"].values()
    return Raster.model_validate(entry)


def codes(found):
    return {finding.code for finding in found.findings}


def test_a_geotiff_says_its_crs_and_where_it_lies(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (3, 64, 64), np.uint8)
    write_picture(tmp_path / "p.tif", noise, crs="EPSG:6670", transform=PLACED, photometric="rgb")
    found, facts = propose(tmp_path / "p.tif"), dict(propose(tmp_path / "p.tif").facts)
    assert facts["座標系 CRS"] == "EPSG:6670（ファイルの中 in the file）"
    assert facts["画素 pixel"] == "2 m"
    assert facts["バンド bands"] == "3 (red, green, blue)"
    assert "北九州市" in facts["市町村 municipalities"]
    assert declared(found).kind == "photo"
    assert not found.findings
    assert "crs" not in found.yaml


@pytest.mark.parametrize(
    ("corner", "guessed", "proposed"),
    [
        ((130.85, 33.89, 1e-5), "EPSG:6668", "EPSG:6668"),
        ((14566000.0, 4008000.0, 2.0), "EPSG:3857", "EPSG:3857"),
        ((-14000.0, 99000.0, 2.0), "平面直角座標らしい", "EPSG:…"),
        ((9e7, 9e7, 2.0), "どの座標系とも分からない", "EPSG:…"),
    ],
)
def test_without_a_crs_the_world_file_lets_one_be_guessed(tmp_path, corner, guessed, proposed):
    x, y, step = corner
    write_picture(tmp_path / "m.png", checkerboard(64, 8))
    (tmp_path / "m.pgw").write_text(f"{step}\n0\n0\n{-step}\n{x + step / 3}\n{y - step / 3}\n")
    found = propose(tmp_path / "m.png")
    assert guessed in dict(found.facts)["座標系 CRS"]
    assert f"crs: {proposed}" in found.yaml


def test_a_scan_without_a_position_gets_control_points_to_fill_in(tmp_path):
    values = np.indices((50, 80)).sum(axis=0, dtype=np.uint8)[None] % 3
    write_picture(
        tmp_path / "scan.png", values, colors={0: (255, 0, 0), 1: (0, 9, 0), 2: (1, 2, 3)}
    )
    found = propose(tmp_path / "scan.png")
    assert codes(found) == {"raster-unplaced"}
    assert found.palette[:3] == ["#FF0000", "#000900", "#010203"]
    filled = found.yaml.replace("[…, …]", "[1, 2]").replace("EPSG:…", "EPSG:6670")
    assert "pixel: [80, 50]" in filled
    found.yaml = filled
    assert declared(found).kind == "scan"


def test_a_palette_with_a_position_is_guessed_as_classes_with_their_legend(tmp_path):
    values = np.indices((50, 80)).sum(axis=0, dtype=np.uint8)[None] % 2
    table = {0: (255, 0, 0), 1: (0, 9, 0)}
    write_picture(tmp_path / "use.tif", values, colors=table, crs="EPSG:6670", transform=PLACED)
    found = propose(tmp_path / "use.tif")
    assert [c.color for c in declared(found).classes][:2] == ["#FF0000", "#000900"]
    assert "推測 guess" in found.yaml


def test_marks_for_no_height_are_found_and_proposed(tmp_path):
    heights = np.full((1, 20, 20), 5.0, np.float32)
    heights[0, 3, 3] = -9999
    write_picture(tmp_path / "h.tif", heights, crs="EPSG:6670", transform=PLACED)
    found = propose(tmp_path / "h.tif")
    assert codes(found) == {"raster-no-value"}
    assert declared(found).sources[0].nodata == -9999


def test_bands_that_no_kind_has_are_told_with_their_number(tmp_path):
    two = np.zeros((2, 20, 20), np.float32)
    write_picture(tmp_path / "two.tif", two, crs="EPSG:6670", transform=PLACED)
    found = propose(tmp_path / "two.tif")
    assert codes(found) == {"raster-bands"}
    assert not found.yaml


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.tfw", b"1\n0\n0\n-1\n0\n0\n", "worldfile-alone"),
        ("a.png", b"\x89PNG\r\n\x1a\n rest", "raster-truncated"),
        ("a.tif", b"II*\x00 nothing", "raster-unreadable"),
    ],
)
def test_what_cannot_be_read_is_said_in_plain_words(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as refused:
        propose(tmp_path / name)
    assert [f.code for f in refused.value.findings] == [code]


def test_a_zip_of_meshes_tells_series_editions_and_what_is_left_out(tmp_path):
    path = tmp_path / "dem.zip"
    with zipfile.ZipFile(path, "w") as out:
        for name, edition in {
            "FG-GML-5030-37-55-DEM5A-20200101": "jgd2011",
            "FG-GML-5030-37-55-DEM5A-20180101": "jgd2011",
            "FG-GML-5030-37-56-DEM5B-20250401": "jgd2024",
        }.items():
            out.writestr(f"{name}.xml", mesh_xml([1.0] * 12, edition))
    assert is_raster(path)
    found, facts = propose(path), dict(propose(path).facts)
    assert facts["種別 series"] == "DEM5A 1, DEM5B 1"
    assert facts["測地成果 editions"] == "jgd2011 1, jgd2024 1"
    assert facts["日付 dates"] == "20200101 – 20250401"
    assert codes(found) == {"dem-older-left", "dem-editions"}
    assert declared(found).kind == "elevation"


def test_a_text_tile_lies_where_its_name_says(tmp_path):
    row = ",".join(["1.5"] * 256)
    path = tmp_path / "14-14147-6547.txt"
    path.write_text("\n".join([row] * 256))
    assert is_raster(path)
    assert dict(propose(path).facts)["ズーム zoom"] == "14"


def test_ledgers_and_other_maps_are_no_rasters(tmp_path):
    (tmp_path / "24-12-01.csv").write_text("名称,経度,緯度\n若松,130.8,33.9\n")
    (tmp_path / "road.xml").write_text('<Dataset xmlns="x"><RdEdg/></Dataset>')
    with zipfile.ZipFile(tmp_path / "shapes.zip", "w") as out:
        out.writestr("a.shp", b"")
    assert not any(is_raster(path) for path in tmp_path.iterdir())


def test_inspect_reads_in_a_process_of_its_own_and_answers_as_json(tmp_path):
    write_picture(tmp_path / "m.png", checkerboard(64, 8))
    done = CliRunner().invoke(main, ["inspect", str(tmp_path / "m.png"), "--json"])
    said = json.loads(done.stdout)
    assert said["facts"]["大きさ size"].startswith("64 × 64 px")
    assert [f["code"] for f in said["findings"]] == ["raster-unplaced"]
