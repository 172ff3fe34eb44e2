"""A time of day is kept, the same in every format."""

import gzip
import json

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mapbox_vector_tile import decode

from pipeline.sources.proposal import propose
from pipeline.tiling.archive.reader import PMTilesReader

WRITTEN = ["2025-09-15T10:54:37", "2025-09-15 23:10", "2025-09-15T01:00:00Z", ""]
MEANT = [
    "2025-09-15T10:54:37+09:00",
    "2025-09-15T23:10:00+09:00",
    "2025-09-15T10:00:00+09:00",
    None,
]


@pytest.fixture(scope="module")
def text():
    named = zip("abcd", WRITTEN, strict=True)
    rows = [f"{name},{at},130.8{i},33.88" for i, (name, at) in enumerate(named)]
    return "\n".join(["名称,日時,経度,緯度", *rows, ""])


@pytest.fixture
def release(project, text):
    project.layer(
        "works",
        fields={
            "name": {"title": {"ja": "名称"}},
            "at": {"title": {"ja": "日時"}, "type": "datetime"},
        },
        privacy={"publish": ["name", "at"]},
        outputs=["geojson", "csv", "pmtiles"],
        tiles={"minzoom": 10, "maxzoom": 10},
    )
    project.ledger("works").write_text(text, encoding="cp932")
    (outcome,) = project.build().outcomes
    assert [f.code for f in outcome.findings if f.field == "日時"] == ["datetime-moved"]
    return project.releases / "current" / "layers" / "works"


def test_geojson_and_csv_have_it_as_iso_8601_with_japans_offset(release):
    features = json.loads((release / "works.geojson").read_text(encoding="utf-8"))["features"]
    assert [feature["properties"]["at"] for feature in features] == MEANT
    table = pd.read_csv(release / "works.csv", encoding="utf-8-sig")
    assert [None if pd.isna(value) else value for value in table["at"]] == MEANT


def test_geoparquet_has_it_as_a_timestamp(release):
    field = pq.read_schema(release / "works.parquet").field("at")
    assert field.type == pa.timestamp("us", tz="Asia/Tokyo")
    column = gpd.read_parquet(release / "works.parquet")["at"]
    assert [None if pd.isna(v) else v.isoformat() for v in column] == MEANT


def test_tiles_have_it_as_text(release):
    with PMTilesReader(release / "works.pmtiles") as archive:
        seen = {
            feature["properties"]["name"]: feature["properties"].get("at")
            for _, data in archive.tiles()
            for feature in decode(gzip.decompress(data))["works"]["features"]
        }
    assert seen == dict(zip("abcd", MEANT, strict=True))


def test_a_date_field_that_gets_times_says_so(project, text):
    project.layer(
        "works",
        fields={"at": {"title": {"ja": "日時"}, "type": "date"}},
        privacy={"publish": ["name", "at"]},
    )
    project.ledger("works").write_text(text, encoding="cp932")
    (outcome,) = project.build().outcomes
    (told,) = [f for f in outcome.findings if f.code == "date-had-time"]
    assert [place.row for place in told.places] == [2, 3, 4]


def test_inspect_proposes_the_type_that_loses_nothing(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    types = {column["name"]: column["type"] for column in propose(tmp_path / "a.csv").columns}
    assert types["日時"] == "datetime"
    (tmp_path / "a.csv").write_text("日\n2025-09-15\n2025/9/16 0:00\n", encoding="utf-8")
    (column,) = propose(tmp_path / "a.csv").columns
    assert column["type"] == "date"
