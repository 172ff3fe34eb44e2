"""Coordinates typed by people."""

import pytest

AT = {"x": "経度", "y": "緯度", "crs": "EPSG:6668"}


@pytest.fixture
def located(tmp_path, read):
    def of(*rows):
        lines = ["経度,緯度", *(f"{x},{y}" for x, y in rows), ""]
        (tmp_path / "p.csv").write_text("\n".join(lines), encoding="utf-8")
        return read("p.csv", geometry=AT, encoding="utf-8")

    return of


def test_full_width_digits_are_digits(located):
    table = located(("１３０．８１８８３６", "３３．９０１２９２"))
    point = table.frame.geometry.iloc[0]
    assert (point.x, point.y) == (130.818836, 33.901292)
    assert table.findings == []


@pytest.mark.parametrize("cell", ["130°48′", "東経130.8", "inf", "nan", "1e999", "-"])
def test_what_is_no_number_is_an_error_with_its_row_and_value(located, cell):
    table = located(("130.8", "33.9"), (cell, "33.9"))
    (finding,) = table.findings
    assert (finding.code, finding.severity) == ("coordinate-unreadable", "error")
    assert (finding.row, finding.field, finding.value) == (3, "経度", cell)
    assert table.frame.geometry.isna().tolist() == [False, True]


def test_empty_coordinates_are_counted_and_the_record_stays(located):
    table = located(("130.8", "33.9"), ("", "33.9"), ("130.8", " "))
    (finding,) = table.findings
    assert (finding.code, finding.row, finding.count) == ("coordinate-missing", 3, 2)
    assert len(table.frame) == 3


def test_plane_rectangular_y_is_the_easting(tmp_path, read):
    """In Japanese surveying X points north; the declaration says which column is which."""
    (tmp_path / "p.csv").write_text("X座標,Y座標\n99882.0,-17006.0\n", encoding="utf-8")
    table = read(
        "p.csv", encoding="utf-8", geometry={"x": "Y座標", "y": "X座標", "crs": "EPSG:6670"}
    )
    point = table.frame.geometry.iloc[0]
    assert 130.7 < point.x < 130.9
    assert 33.8 < point.y < 34.0
