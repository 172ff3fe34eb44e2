"""Areas of small shapes."""

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry import box

from pipeline.places.areas import square_metres


@pytest.mark.parametrize("south", [24.0, 33.9, 45.5])
def test_a_block_is_as_large_as_on_the_ellipsoid(south):
    block = box(130.8, south, 130.81, south + 0.009)
    exact = abs(Geod(ellps="GRS80").geometry_area_perimeter(block)[0])
    assert square_metres(np.array([block]))[0] == pytest.approx(exact, rel=1e-5)


def test_nothing_and_empty_shapes_have_no_area():
    shapes = np.array([None, shapely.Polygon(), shapely.Point(130, 33)], dtype=object)
    assert square_metres(shapes).tolist() == [0, 0, 0]
