"""What `tonari inspect` proposes for the coordinates of a ledger."""

import pytest

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
