"""Fixtures: the strict reader of vector tiles, real layers, tilesets cut from them."""

import importlib.util
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def strict_mvt():
    """Load ``strict_mvt.py`` beside this file by its path, since tests are no packages."""
    spec = importlib.util.spec_from_file_location("strict_mvt", HERE / "strict_mvt.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["strict_mvt"] = module
    spec.loader.exec_module(module)
    return module


def _one_table(paths, **options):
    parts = [gpd.read_file(path, **options).to_crs(6668).assign(source=path.stem) for path in paths]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=6668)


@pytest.fixture(scope="session")
def real_layers(real_data):
    """Read wards and municipalities, zoning, planned roads and shelters, as published."""
    zoning = sorted((real_data / "yaizu").glob("都市計画図_*/*.shp"))
    roads = sorted((real_data / "yaizu" / "都市計画道路").glob("*.shp"))
    return {
        "wards": _one_table(sorted((real_data / "n03").glob("*.json"))),
        "zoning": _one_table(zoning, encoding="cp932"),
        "roads": _one_table(roads, encoding="cp932"),
        "shelters": _one_table(sorted((real_data / "shelters").glob("*.json"))),
    }
