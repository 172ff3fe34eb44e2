"""A layer as a job: what it writes, what makes it be built again, what stops it."""

import json

import geopandas as gpd
import pytest
from shapely.geometry import Point, Polygon

from pipeline.features.reading import FeatureIndex
from pipeline.findings import has_error
from pipeline.graph.keys import Keys
from pipeline.progress import silent
from pipeline.run import check

TOBATA = (130.818836, 33.901292)


@pytest.fixture
def built(project, tmp_path):
    """Build one layer of a project into a folder: entry, artefacts and findings."""

    def of(name):
        job = next(j for j in project.jobs(project.load()) if j.name == name)
        folder = tmp_path / "out" / name
        folder.mkdir(parents=True)
        return project.composed(job, folder), folder

    return of


def key(project, name="parks"):
    return next(j for j in project.jobs(project.load()) if j.name == name).key(Keys())


def test_the_outputs_asked_for_are_written_beside_the_canonical_one(project, built):
    result, folder = built(project.layer("parks", outputs=["csv"]) and "parks")
    assert result.artefacts == {
        "parquet": "parks.parquet",
        "features": "parks.features",
        "csv": "parks.csv",
        "csv-metadata": "parks.csv-metadata.json",
    }
    assert sorted(p.name for p in folder.iterdir()) == [
        "parks.csv",
        "parks.csv-metadata.json",
        "parks.features",
        "parks.parquet",
    ]


def test_the_entry_says_what_a_reader_of_the_manifest_needs(project, built):
    project.layer("parks", rows=[("一枝", *TOBATA), ("若松", 130.81444, 33.902258)])
    entry = built("parks")[0].entry
    assert entry["features"] == 2
    assert entry["geometry"] == "Point"
    assert entry["extent"] == [130.81444, 33.901292, 130.818836, 33.902258]
    assert entry["licence"] == "CC-BY-4.0"
    assert entry["attribution"] == "北九州市"
    assert entry["fields"] == [
        {
            "name": "name",
            "type": "string",
            "required": False,
            "title": {"ja": "名称", "en": "name"},
        }
    ]
    (source,) = entry["sources"]
    assert (source["path"], source["features"], source["encoding"]) == ("parks.csv", 2, "cp932")
    assert len(source["sha256"]) == 64


def test_an_error_in_the_data_leaves_nothing_behind_to_publish(project, built):
    result, folder = built(project.layer("parks", rows=[("海の外", 0, 0)]) and "parks")
    assert has_error(result.findings)
    assert result.artefacts == {}
    assert list(folder.iterdir()) == []


def test_checking_finds_what_building_finds(project, built):
    project.layer("parks", rows=[("海の外", 0, 0), ("無し", "", "")])
    (job,) = project.jobs(project.load())
    (done,) = check([job], project.data, silent)
    checked = done.findings
    assert {f.code for f in checked} == {"coordinate-outside", "coordinate-missing"}
    assert checked == built("parks")[0].findings


def test_a_layer_without_any_position_has_tables_and_no_tileset(project, built):
    project.layer("parks", rows=[("一枝", "", "")], outputs=["geojson", "csv", "pmtiles"])
    result, _ = built("parks")
    assert set(result.artefacts) == {"parquet", "features", "geojson", "csv", "csv-metadata"}
    assert "tiles-none" in {f.code for f in result.findings}
    assert not has_error(result.findings)


def test_ids_are_the_same_in_every_format(project, built):
    project.layer("parks", rows=[("一枝", *TOBATA), ("若松", 130.81444, 33.902258)])
    _, folder = built("parks")
    canonical = gpd.read_parquet(folder / "parks.parquet")["id"].tolist()
    features = json.loads((folder / "parks.geojson").read_text(encoding="utf-8"))["features"]
    assert [f["id"] for f in features] == canonical


def test_the_feature_index_holds_the_published_fields_and_no_other(project, built):
    project.layer("parks", rows=[("一枝", *TOBATA), ("若松", 130.81444, 33.902258)])
    result, folder = built("parks")
    index = FeatureIndex(folder / "parks.features")
    published = {"municipality_code", *(field["name"] for field in result.entry["fields"])}
    assert set(index.kinds) == published
    for text in index.texts(range(index.rows)):
        assert set(json.loads(text)["properties"]) == published


def test_two_municipalities_on_two_sides_of_a_border_are_one_layer(tmp_path, project, built):
    west = gpd.GeoDataFrame({"MEI": ["唐戸"]}, geometry=[Point(130.95, 33.96)], crs="EPSG:6668")
    west.to_crs("EPSG:6671").to_file(tmp_path / "west.shp", encoding="cp932")
    project.layer("parks")
    project.declared["municipalities"]["shimonoseki"] = {"code": "352012", "name": {"ja": "下関市"}}
    project.declared["layers"]["parks"]["sources"].append(
        {"municipality": "shimonoseki", "path": "west.shp", "fields": {"MEI": "name"}}
    )
    result, folder = built("parks")
    frame = gpd.read_parquet(folder / "parks.parquet")
    assert frame["municipality_code"].tolist() == ["401005", "352012"]
    assert frame.geometry.iloc[1].x == pytest.approx(130.95, abs=1e-9)
    assert [s["crs"] for s in result.entry["sources"]] == ["EPSG:6668", "EPSG:6671"]


def test_mixed_kinds_are_called_mixed_and_multis_by_their_single_name(tmp_path, project, built):
    square = Polygon([(130, 33), (130.1, 33), (130.1, 33.1)])
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[square, Point(TOBATA)], crs=6668)
    frame.to_file(tmp_path / "m.gpkg", layer="m")
    project.layer("parks")
    project.declared["layers"]["parks"]["sources"] = [
        {"municipality": "kitakyushu", "path": "m.gpkg", "fields": {"name": "name"}}
    ]
    assert built("parks")[0].entry["geometry"] == "Mixed"


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.ledger("parks").write_bytes(p.ledger("parks").read_bytes() + b"\n"),
        lambda p: p.declared["layers"]["parks"].update(title={"ja": "別の題"}),
        lambda p: p.declared["publisher"].update(licence="CC0-1.0"),
        lambda p: p.ledger("parks").unlink(),
    ],
    ids=["source", "declaration", "publisher", "missing"],
)
def test_whatever_decides_the_result_changes_the_key(project, change):
    before = key(project.layer("parks"))
    change(project)
    assert key(project) != before


def test_what_another_layer_declares_does_not_change_the_key(project):
    before = key(project.layer("parks"))
    assert key(project.layer("shelters")) == before
