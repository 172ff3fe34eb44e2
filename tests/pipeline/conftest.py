"""What the tests of the batch core share: sources and declarations made on the spot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pytest
from ruamel.yaml import YAML
from shapely.geometry import Point

from pipeline.config.declaration import Declaration
from pipeline.config.layers import Municipality
from pipeline.config.load import load
from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.graph.session import Run
from pipeline.graph.tables import read_table
from pipeline.layers.facts import fields_of
from pipeline.layers.job import LayerJob
from pipeline.layers.plan import Planner
from pipeline.progress import silent
from pipeline.release.previous import Previous
from pipeline.run import Options, build
from pipeline.sources import read_source
from tests.support.memory import keys_that_remember, remembering

ROOT = Path(__file__).resolve().parents[2]
TOBATA, WAKAMATSU = (130.818836, 33.901292), (130.814440, 33.902258)
"""戸畑渡場 and 若松渡場: two positions in Kitakyushu, longitude first."""


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real() -> Path:
    """Find the folder of real data, outside the repository."""
    folder = Path(os.environ.get("TONARI_REAL_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data is not beside the checkout")
    return folder


@pytest.fixture
def points():
    """Make a GeoDataFrame of points near the Wakato ferry from columns of equal length."""

    def make(columns, crs="EPSG:6668"):
        count = len(next(iter(columns.values())))
        shapes = [Point(TOBATA[0] + i / 1000, TOBATA[1]) for i in range(count)]
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)

    return make


@pytest.fixture
def read(tmp_path):
    """Read one file of `tmp_path` as the declaration would, e.g. ``read("a.csv", header=2)``."""

    def reader(path, default_crs="EPSG:6668", **declared):
        municipality = Municipality(code="401005", name={"ja": "北九州市"}, crs=default_crs)
        source = Source(municipality="kitakyushu", path=path, **declared)
        return read_source(source, municipality, tmp_path)

    return reader


@dataclass
class Assembled:
    """A layer up to its published table, and all that was observed on the way."""

    frame: object
    fields: list
    findings: list


def steps_run(job, data, *, check=False):
    """Run the steps of one job in this process; return what became of each."""
    with keys_that_remember() as keys:
        run = Run(data, keys, Options(), silent)
        run.all([job.needs(check=check)])
        return run.outcome


def composed(job, data, folder):
    """Build one job alone into a folder."""
    return job.compose(steps_run(job, data), folder)


@pytest.fixture
def layer_of(tmp_path):
    """Assemble a layer from sources of `tmp_path`: ``layer_of(source, publish=[...])``."""

    def maker(*sources, publish, **declared):
        layer = {
            "title": {"ja": "公園"},
            "sources": [{"municipality": "kitakyushu"} | source for source in sources],
            "privacy": {"publish": publish},
        }
        declaration = Declaration.model_validate(
            {
                "publisher": {"name": {"ja": "北九州市"}, "code": "401005", "licence": "CC0-1.0"},
                "municipalities": {
                    "kitakyushu": {
                        "code": "401005",
                        "name": {"ja": "北九州市"},
                        "crs": "EPSG:6668",
                    },
                    "shimonoseki": {"code": "352012", "name": {"ja": "下関市"}, "crs": "EPSG:6668"},
                },
                "layers": {"parks": layer | declared},
            }
        )
        planner = Planner(declaration, tmp_path)
        job = LayerJob("parks", declaration, planner)
        try:
            results = steps_run(job, tmp_path / "data", check=True)
        except SourceError as error:
            return Assembled(None, [], error.findings)
        table = results(planner.layer("parks").data.table).entry
        whole = table is not None and "columns.json" in table.files
        fields = list(fields_of(table.facts).values()) if table else []
        frame = read_table(table) if whole else None
        return Assembled(frame, fields, job.findings(results).findings)

    return maker


def csv_text(rows):
    lines = [f"{name},{lon},{lat}" for name, lon, lat in rows]
    return "\n".join(["名称,経度,緯度", *lines, ""])


class Project:
    """A small declaration with one CSV file per layer, built in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.releases = self.data / "releases"
        self.declared = {
            "publisher": {"name": {"ja": "北九州市"}, "code": "401005", "licence": "CC-BY-4.0"},
            "municipalities": {"kitakyushu": {"code": "401005", "name": {"ja": "北九州市"}}},
            "layers": {},
        }

    def layer(self, name, rows=(("一枝公園", *TOBATA),), **declared):
        self.ledger(name).write_text(csv_text(rows), encoding="cp932")
        self.declared["layers"][name] = {
            "title": {"ja": name},
            "sources": [
                {
                    "municipality": "kitakyushu",
                    "path": f"{name}.csv",
                    "encoding": "cp932",
                    "geometry": {"x": "経度", "y": "緯度", "crs": "EPSG:6668"},
                    "fields": {"名称": "name"},
                }
            ],
            "privacy": {"publish": ["name"]},
            "outputs": ["geojson", "csv"],
        } | declared
        return self

    def ledger(self, name) -> Path:
        return self.folder / f"{name}.csv"

    def office(self) -> Path:
        """Return where the office is told of the served release."""
        return self.data / "office" / (self.releases / "current").resolve().name

    def load(self):
        path = self.folder / "layers.yaml"
        with path.open("w", encoding="utf-8") as stream:
            YAML().dump(self.declared, stream)
        return load(path)

    def jobs(self, loaded, *, accept=True):
        """Make the jobs; unless a test is about it, what changed is meant."""
        served = self.releases / "current"
        planner = Planner(loaded.declaration, loaded.root)
        known = Previous(served).manifest.get("layers", {})
        return [
            LayerJob(
                name,
                loaded.declaration,
                planner,
                served=served / "layers" / name / f"{name}.parquet",
                data=known.get(name, {}).get("data", ""),
                accept=accept,
            )
            for name in loaded.declaration.layers
        ]

    def composed(self, job, folder):
        return composed(job, self.data, folder)

    def build(self, *only, jobs=None, accept=True, **options):
        loaded = self.load()
        jobs = self.jobs(loaded, accept=accept) if jobs is None else jobs
        with remembering(self.data):
            return build(loaded.declaration, jobs, self.data, silent, only, Options(**options))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
