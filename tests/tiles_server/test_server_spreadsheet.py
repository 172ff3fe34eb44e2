"""The CSV of what was found is the layer's own file, row for row."""

from __future__ import annotations

import csv
import io
import json

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from pipeline.features.reading import FeatureIndex
from pipeline.features.writing import write_feature_index
from pipeline.standardise.columns import Field
from pipeline.standardise.headings import column_headings, with_labels
from pipeline.standardise.schemas import schema_fields
from pipeline.write import write_csv
from tiles_server.manifest import Layer
from tiles_server.spreadsheet import csv_of

FIELDS = {
    "no": Field("no", "ID"),
    "use": Field("use", "土地利用", codes="landuse"),
    "open": Field("open", "開設", "", "boolean"),
    "area": Field("area", "面積", "", "number"),
}


@pytest.fixture(scope="module")
def frame():
    columns = {
        "id": [3, 1, 2],
        "municipality_code": ["401005", "401005", "352012"],
        "no": ["=1+1", "渡場, 東", None],
        "use": ["201", "999x", None],
        "open": pd.array([True, None, False], dtype="boolean"),
        "area": [0.5, 21650.0, None],
    }
    places = [Point(130.8, 33.9), Point(130.1234567, 33.0), None]
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=places, crs=6668)


def layer(headings):
    fields = [field.as_dict() for field in FIELDS.values()]
    return Layer.model_validate({"geometry": "Point", "fields": fields, "csv_headings": headings})


@pytest.mark.parametrize("headed", [True, False])
def test_all_features_as_csv_are_the_file_but_for_formulas(frame, tmp_path, headed):
    headings = column_headings(FIELDS) if headed else {}
    write_csv(with_labels(frame, FIELDS) if headed else frame, tmp_path / "a.csv", None, headings)
    write_feature_index(frame, tmp_path / "a.features", {n: f.type for n, f in FIELDS.items()})
    texts = FeatureIndex(tmp_path / "a.features").texts(range(3))
    told = csv_of(layer(headings), texts).decode("utf-8")
    # The file is the publisher's own text; what is put together for a visitor is made harmless.
    assert told.replace("'=1+1", "=1+1") == (tmp_path / "a.csv").read_bytes().decode("utf-8")
    first = next(csv.DictReader(io.StringIO(told.removeprefix("\ufeff"))))
    if headed:
        assert list(first)[:5] == [
            "地物番号",
            "全国地方公共団体コード",
            "ID",
            "土地利用",
            "土地利用_名称",
        ]
        assert first["土地利用_名称"] == "田"
        assert first["ID"] == "'=1+1"


def test_a_standard_data_set_is_headed_as_the_standard_has_it():
    headings = column_headings(schema_fields("municipal-standard/evacuation_space"))
    assert headings["tsunami"] == "災害種別_津波"
    assert headings["address"] == "所在地_連結表記"
    assert headings["capacity"] == "想定収容人数"
    assert headings["municipality_code"] == "全国地方公共団体コード"


NAMES = st.sampled_from(["a", "b", "a_label", "longitude", "c"])
TITLES = st.sampled_from(["名称", "経度", "名称_名称", ""])


@given(st.dictionaries(NAMES, st.tuples(TITLES, st.sampled_from(["", "landuse"])), max_size=5))
@settings(max_examples=80, deadline=None)
def test_no_two_columns_are_headed_alike(chosen):
    fields = {name: Field(name, title, codes=codes) for name, (title, codes) in chosen.items()}
    headings = column_headings(fields)
    assert len(set(headings.values())) == len(headings)
    table = with_labels(pd.DataFrame({name: ["201"] for name in fields}), fields)
    assert set(table.columns) <= set(headings)


def test_a_table_says_what_a_code_means_beside_it():
    with_codes = layer({})
    assert with_codes.said("use", "201", "ja") == "201 田"
    assert with_codes.said("use", "999x", "ja") == ""
    assert with_codes.said("no", "201", "ja") == ""


def test_metadata_names_the_columns_behind_the_headings(frame, tmp_path):
    class Credit:
        title, licence, licence_url, attribution = "t", "l", "", "a"

    write_csv(frame, tmp_path / "a.csv", Credit(), column_headings(FIELDS))
    said = json.loads((tmp_path / "a.csv-metadata.json").read_text("utf-8"))
    columns = {column["name"]: column["titles"] for column in said["tableSchema"]["columns"]}
    assert columns["use"] == "土地利用"
    assert columns["latitude"] == "緯度"
