"""Fixtures: the strict reader of vector tiles, real layers, tilesets cut from them."""

import importlib.util
import os
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

HERE = Path(__file__).resolve().parent
REAL = Path(os.environ.get("TONARI_REAL_DATA") or HERE.parents[2] / ".." / "shared" / "data")


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
def real_layers():
    """Read wards and municipalities, zoning, planned roads and shelters, as published."""
    if not (REAL / "n03").is_dir():
        pytest.skip(f"the real data is not at {REAL}; set TONARI_REAL_DATA")
    zoning = sorted((REAL / "yaizu").glob("都市計画図_*/*.shp"))
    roads = sorted((REAL / "yaizu" / "都市計画道路").glob("*.shp"))
    return {
        "wards": _one_table(sorted((REAL / "n03").glob("*.json"))),
        "zoning": _one_table(zoning, encoding="cp932"),
        "roads": _one_table(roads, encoding="cp932"),
        "shelters": _one_table(sorted((REAL / "shelters").glob("*.json"))),
    }
