"""Kernels compiled once and called without their compiler."""

import os
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from pipeline.tiling.geometry.grouping import _count
from pipeline.tiling.geometry.shapes import allocate
from pipeline.tiling.geometry.simplify import orient
from pipeline.tiling.native.library import compiled, ensure
from pipeline.tiling.native.signature import Signature


def run(code, **environment):
    """Run Python in a process of its own, in which nothing of ours is loaded yet."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_library_is_found_again_and_not_made_anew():
    library = ensure()
    before = library.stat().st_mtime_ns
    assert ensure() == compiled() == library
    assert library.stat().st_mtime_ns == before


def test_cutting_loads_neither_compiler_nor_geos_unless_something_is_broken(tmp_path):
    columns = {"id": [7], "n": [1], "area": [0.5], "name": ["a"], "open": [True]}
    square = gpd.GeoDataFrame(columns, geometry=[box(130.8, 33.8, 130.9, 33.9)], crs=4326)
    square.to_parquet(tmp_path / "square.parquet")
    code = f"""
import sys
from pipeline.tiling import tile
folder = {str(tmp_path)!r}
tile(folder + "/square.parquet", folder + "/square.pmtiles", id_column="id")
print(sorted({{"numba", "llvmlite", "shapely", "pandas", "scipy"}} & set(sys.modules)))
"""
    assert run(code).strip() == "[]"


def test_an_array_of_another_type_is_refused_and_not_read_as_something_else():
    places = np.zeros(3, np.int64)
    with pytest.raises(TypeError, match="1-d array of int32"):
        _count(places, places, 0, 0, 1, places)


def test_an_array_with_gaps_is_refused():
    gaps = np.zeros(6, np.int32)[::2]
    with pytest.raises(TypeError, match="contiguous"):
        _count(gaps, gaps, 0, 0, 1, np.zeros(2, np.int64))


def test_a_number_of_another_type_is_refused_and_not_rounded():
    shapes = allocate(1, 1, 1)
    with pytest.raises(TypeError, match="expected int, got float"):
        orient(shapes, 0, 0.5)


def test_a_missing_argument_is_an_error_of_the_caller():
    with pytest.raises(TypeError, match="takes 3 arguments, got 2"):
        orient(allocate(1, 1, 1), 0)


def test_a_signature_reads_like_numba_writes_it():
    signature = Signature.parse("uint8[::1], int64[:, ::1], float64 -> int64")
    assert signature.arguments == ("uint8[::1]", "int64[:, ::1]", "float64")
    assert signature.result == "int64"
    assert signature.layout[1].ndim == 2


def test_a_type_no_kernel_can_take_is_named():
    with pytest.raises(TypeError, match="'text'"):
        _ = Signature.parse("text").layout


@pytest.mark.slow
def test_without_a_linker_the_object_itself_is_loaded_and_counts_the_same(tmp_path):
    code = f"""
import numpy as np
from pathlib import Path
from pipeline.tiling.native import build, declare, library
declare.building = True
from pipeline.tiling.geometry import grouping
path = Path({str(tmp_path / "kernels.o")!r})
path.write_bytes(build.object_code([grouping._count]))
assert build._linked(path) == path, "there is no linker on this path"
library.ensure = lambda: path
x = np.array([5, 6, 5], np.int32)
starts = np.zeros(4, np.int64)
grouping._count(x, np.zeros(3, np.int32), 5, 0, 3, starts)
print(starts.tolist())
"""
    assert run(code, PATH=str(tmp_path)).strip() == "[0, 2, 3, 3]"
