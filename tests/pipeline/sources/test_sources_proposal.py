"""What `tonari inspect` proposes for the coordinates of a ledger."""

import pytest
from ruamel.yaml import YAML

from pipeline.sources.proposal import propose


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("名称,X座標,Y座標\n若松,98500.0,-17500.0\n", ("x: Y座標", "y: X座標", "crs: EPSG:…")),
        ("名称,X座標,Y座標\n若松,130.81,33.90\n", ("x: X座標", "y: Y座標", "crs: EPSG:6668")),
        ("名称,経度,緯度\n若松,130.81,33.90\n", ("x: 経度", "y: 緯度", "crs: EPSG:6668")),
    ],
)
def test_x_of_a_plane_rectangular_ledger_is_proposed_as_northing(tmp_path, text, proposed):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = propose(tmp_path / "a.csv").yaml
    assert [part for part in proposed if part not in found] == []


CODES = ["cityCode", "area_code", "全国地方公共団体コード", "管理番号", "法人番号", "ID", "houseNo"]


@pytest.mark.parametrize("heading", CODES)
def test_what_is_a_name_made_of_digits_is_text(tmp_path, heading):
    (tmp_path / "a.csv").write_text(f"{heading},面積\n401005,12\n401006,13\n", encoding="utf-8")
    kinds = {c["name"]: c["type"] for c in propose(tmp_path / "a.csv").columns}
    assert kinds == {heading: "string", "面積": "integer"}


@pytest.mark.parametrize("heading", ["casino", "世帯数", "acid", "人口"])
def test_what_is_counted_is_a_number(tmp_path, heading):
    (tmp_path / "a.csv").write_text(f"{heading},a\n12,x\n13,y\n", encoding="utf-8")
    assert propose(tmp_path / "a.csv").columns[0]["type"] == "integer"


def test_a_table_without_coordinates_is_not_given_any(tmp_path):
    (tmp_path / "a.csv").write_text("町丁,人口\n一枝,12\n", encoding="utf-8")
    proposed = propose(tmp_path / "a.csv").yaml
    (source,) = YAML(typ="safe").load(proposed)
    assert "geometry" not in source
    assert "geometry: none" in proposed
