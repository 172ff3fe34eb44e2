"""A pixel lies where exact coordinates say, from every datum, zone and method."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from pipeline.raster.placing import Placing, from_mercator, to_mercator
from pipeline.raster.points import fit, left_out, residuals
from pipeline.raster.sheet import Sheet, sheet_of
from pipeline.sources.crs import operation_to_canonical

CORNERS = {"EPSG:6670": (-12000.0, 99000.0), "EPSG:6671": (-112000.0, -4000.0),
           "EPSG:30162": (-12000.0, 99000.0), "EPSG:2444": (-12000.0, 99000.0)}  # fmt: skip


def sheet(crs, **keys):
    x, y = CORNERS[crs]
    given = {"transform": (2.5, 0.0, x, 0.0, -2.5, y)} | keys
    return Sheet("a.tif", False, "0", 400, 300, 3, "uint8", crs, **given)


@pytest.mark.parametrize("crs", CORNERS)
def test_a_pixel_lies_where_the_datum_code_of_vectors_puts_its_corner(crs):
    pixels = np.array([(0, 0), (400, 300), (123.5, 7.25)])
    x, y = CORNERS[crs]
    ground = np.column_stack([x + 2.5 * pixels[:, 0], y - 2.5 * pixels[:, 1]])
    exact = operation_to_canonical(CRS(crs)).apply(ground)
    assert np.allclose(Placing(sheet(crs)).to_lonlat(pixels), exact, atol=1e-10)


@pytest.mark.parametrize("crs", CORNERS)
@given(st.floats(0, 400), st.floats(0, 300))
def test_the_way_back_is_the_way_there_inverted(crs, column, row):
    placing = Placing(sheet(crs))
    pixel = np.array([[column, row]])
    assert np.allclose(placing.to_pixels(placing.to_mercator(pixel)), pixel, atol=1e-3)


def test_mercator_degrees_and_back():
    lonlat = np.array([(130.87, 33.9), (-179.0, 80.0)])
    assert np.allclose(from_mercator(to_mercator(lonlat)), lonlat)


def test_the_tokyo_datum_is_four_hundred_metres_from_where_no_shift_would_leave_it():
    there = Placing(sheet("EPSG:30162")).to_mercator(np.zeros((1, 2)))
    straight = Placing(sheet("EPSG:6670", transform=(2.5, 0, -12000, 0, -2.5, 99000)))
    apart = np.hypot(*(there - straight.to_mercator(np.zeros((1, 2))))[0])
    assert 350 < apart < 600


def scan_points(method, count, rng):
    pixels = rng.uniform(0, 1000, (count, 2))
    u, v = pixels.T / 1000
    x, y = 2 * pixels[:, 0] + 0.1 * pixels[:, 1], 0.1 * pixels[:, 0] - 2 * pixels[:, 1]
    if method != "affine":
        x, y = x + 40 * u * v, y + 30 * u * u
    if method == "thin_plate":
        x = x + 5 * np.sin(4 * u)
    return pixels, np.column_stack([x - 12000, y + 99000])


@pytest.mark.parametrize("method", ["affine", "polynomial"])
def test_points_of_a_method_are_fitted_without_residual(method):
    pixels, ground = scan_points(method, 9, np.random.default_rng(1))
    assert residuals(method, pixels, ground).max() < 1e-6
    assert np.nanmax(left_out(method, pixels, ground)) < 1e-6


def test_a_spline_passes_through_every_point_and_bends_between():
    pixels, ground = scan_points("thin_plate", 60, np.random.default_rng(2))
    between, there = scan_points("thin_plate", 20, np.random.default_rng(3))
    assert residuals("thin_plate", pixels, ground).max() < 1e-6
    inside = (np.abs(between - 500) < 350).all(axis=1)
    off = np.hypot(*(fit("thin_plate", pixels, ground).apply(between) - there).T)
    assert off[inside].max() < 1.0  # metres: half a pixel of 2 m


def test_a_sheet_survives_json():
    one = sheet("EPSG:6670", method="affine", pixels=((0.0, 1.0),), ground=((2.0, 3.0),),
                paper=(1, 2, 3, 4), colors=((1, 2, 3, 255),), cut=((0.0, 0.0),))  # fmt: skip
    import json

    assert sheet_of(json.loads(json.dumps(one.as_dict()))) == one
