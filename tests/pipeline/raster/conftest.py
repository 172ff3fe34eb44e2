"""What the tests of rasters share."""

import sys
from pathlib import Path

import pytest

from pipeline.raster.reading import read_raster

sys.path.insert(0, str(Path(__file__).parent))

from raster_files import KITAKYUSHU, source_of


@pytest.fixture
def read(tmp_path):
    """Read a source of the temporary folder."""
    made = tmp_path / "made"
    made.mkdir()

    def reading(path, kind="scan", municipality=KITAKYUSHU, **keys):
        return read_raster(source_of(path, **keys), municipality, kind, tmp_path, made)

    return reading
