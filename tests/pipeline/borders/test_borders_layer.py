"""Borders from the declaration to the release, and the page two planners look at."""

import csv
import io
import json

import geopandas as gpd
import pytest
import shapely

from pipeline.borders.mending import digest
from pipeline.errors import DeclarationError

WEST, EAST, NORTH = "401005", "406210", "402044"


@pytest.fixture
def towns(project, areas, degrees):
    """Declare two cities: areas as reference, roads that do not meet, zones without a date."""
    del areas[NORTH]
    project.declared["municipalities"] = {
        "west": {"code": WEST, "name": {"ja": "西市", "en": "West"}, "crs": "EPSG:6670"},
        "east": {"code": EAST, "name": {"ja": "東町", "en": "East"}, "crs": "EPSG:6670"},
    }
    project.declared["boundary"] = {"records": "outlines"}
    project.declared["records"] = {"outlines": {"sources": sources("outlines")}}
    shapes = [(code, shapely.Polygon(ring)) for code, ring in areas.items()]
    write(project, "outlines", degrees(shapes, name=["西", "東"]))
    roads = [
        (WEST, shapely.LineString([(-400, 300), (-3, 300)])),
        (EAST, shapely.LineString([(-2.5, 300.2), (400, 300)])),
        (EAST, shapely.LineString([(60, 900), (400, 900)])),
    ]
    write(
        project,
        "roads",
        degrees(roads, name=["国道3号", "国道３号", "町道"], width=[6.0, None, 5.0]),
    )
    project.declared["layers"]["roads"] = layer("roads", ["name", "width"], agree=["name"])
    return project


def sources(name):
    return [{"municipality": town, "path": f"{town}_{name}.geojson"} for town in ("west", "east")]


def layer(name, publish, **borders):
    return {
        "title": {"ja": "道路", "en": "Roads"},
        "fields": {
            "name": {"title": {"ja": "路線名"}},
            "width": {"title": {"ja": "幅員"}, "type": "number"},
        },
        "sources": sources(name),
        "privacy": {"publish": publish},
        "outputs": ["geojson", "csv"],
        "borders": borders,
    }


def write(project, name, frame):
    for town, code in (("west", WEST), ("east", EAST)):
        part = frame[frame["municipality_code"] == code].drop(columns=["id", "municipality_code"])
        text = part.to_json(drop_id=True, show_bbox=False)
        (project.folder / f"{town}_{name}.geojson").write_text(text, encoding="utf-8")


def served(project):
    folder = project.releases / "current"
    return folder, json.loads((folder / "manifest.json").read_text("utf-8"))


def test_what_does_not_fit_is_one_finding_each_and_in_the_manifest(towns):
    (outcome,) = towns.build().outcomes
    assert not outcome.failed, outcome.findings
    codes = [f.code for f in outcome.findings if f.code.startswith("border")]
    assert codes == ["border-unmet"]
    (finding,) = [f for f in outcome.findings if f.code == "border-unmet"]
    assert "西市と東町" in finding.message_ja
    _, manifest = served(towns)
    (kinds,) = manifest["layers"]["roads"]["borders"]["pairs"].values()
    assert kinds["unmet"]["count"] == 1
    assert "not_provided" not in manifest["layers"]["roads"]


def test_a_rule_leaves_provenance_and_the_original_in_the_release(towns, run_tonari):
    towns.declared["layers"]["roads"]["borders"] |= {"rule": "snap", "tolerance": 1.0}
    (outcome,) = towns.build().outcomes
    assert not outcome.failed, outcome.findings
    folder, manifest = served(towns)
    published = gpd.read_parquet(folder / manifest["layers"]["roads"]["artefacts"]["parquet"])
    changed = published[published["border_rule"] == "snap"]
    assert len(changed) == 2
    assert (changed["border_moved"] < 1.0).all()
    ends = [{tuple(c) for c in shapely.get_coordinates(shape)} for shape in changed.geometry]
    assert len(ends[0] & ends[1]) == 1
    feature = changed.iloc[0]
    done = run_tonari("borders", "original", "roads", str(feature["id"]), "--data", towns.data)
    assert done.returncode == 0, done.stderr
    original = json.loads(done.stdout)
    assert original["properties"]["sha256"] == feature["border_original"]
    assert (
        digest(shapely.from_geojson(json.dumps(original["geometry"]))) == feature["border_original"]
    )


def test_a_field_that_one_city_does_not_collect_is_named_with_the_city(towns):
    write_only = towns.folder / "east_roads.geojson"
    document = json.loads(write_only.read_text("utf-8"))
    for one in document["features"]:
        one["properties"].pop("width")
    write_only.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    towns.build()
    _, manifest = served(towns)
    assert manifest["layers"]["roads"]["not_provided"] == {"width": [EAST]}


@pytest.mark.parametrize(
    "borders",
    [
        {"rule": ["clip", "snap"]},
        {"rule": ["report", "snap"]},
        {"rule": "link"},
        {"rule": "fill"},
        {"rule": "prefer"},
        {"tolerance": 10, "reach": 5},
    ],
)
def test_rules_that_contradict_are_findings_of_the_declaration(towns, borders):
    towns.declared["layers"]["roads"]["borders"] = borders
    with pytest.raises(DeclarationError) as stopped:
        towns.load()
    assert {f.code for f in stopped.value.findings} <= {
        "borders-rules-contradict",
        "borders-rule-needs",
    }


def test_a_withheld_field_cannot_be_compared(towns):
    towns.declared["layers"]["roads"] = layer("roads", ["name"], agree=["width"])
    (outcome,) = towns.build().outcomes
    assert "border-not-comparable" in {f.code for f in outcome.findings}
    assert outcome.failed


@pytest.fixture
def client(towns):
    from tiles_server.app import flask_app
    from tiles_server.releases import Releases

    towns.build()
    return flask_app(Releases(towns.releases)).test_client()


@pytest.mark.parametrize(("tongue", "word"), [("ja", "合わない線"), ("en", "does not meet")])
def test_the_page_of_a_pair_shows_the_line_and_both_sides(client, tongue, word):
    page = client.get(f"/borders/{WEST}-{EAST}?lang={tongue}")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    for part in ("<svg", word, "国道3号", "国道３号", f"/borders/{WEST}-{EAST}.csv"):
        assert part in text, part
    assert f"/borders/{WEST}-{EAST}" in client.get(
        f"/?lang={tongue}", headers={"Accept": "text/html"}
    ).get_data(as_text=True)


def test_the_table_opens_in_excel_and_the_geojson_is_whole(client):
    raw = client.get(f"/borders/{EAST}-{WEST}.csv").get_data()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert [row["種類 kind"] for row in rows] == ["unmet"]
    document = client.get(f"/borders/{WEST}-{EAST}.geojson").get_json()
    assert [f["properties"]["kind"] for f in document["features"]] == ["unmet"]


@pytest.mark.parametrize("pair", ["401005", "401005-401005", "401005-999999", "x", "a-b-c"])
def test_what_is_no_pair_is_not_found(client, pair):
    assert client.get(f"/borders/{pair}").status_code == 404
