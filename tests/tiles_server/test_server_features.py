"""OGC API - Features: asked by rules, by an independent reader, and by GDAL as QGIS does."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from owslib.ogcapi.features import Features
from release_maker import sample_frames

SITES = "/collections/evacuation_sites"
FRAME = sample_frames()["evacuation_sites"]


def ids(answer: httpx.Response) -> list[int]:
    return [feature["id"] for feature in answer.json()["features"]]


def test_gdal_reads_the_collections_and_their_features(server):
    source = f"OAPIF:{server.address}"
    layers = dict(pyogrio.list_layers(source).tolist())
    assert layers == {"evacuation_sites": "Point", "flood": "Polygon", "ferry_line": "LineString"}
    everything = pyogrio.read_dataframe(source, layer="evacuation_sites")
    assert sorted(everything["name"]) == sorted(FRAME["name"])
    bbox = (130.80, 33.88, 130.85, 33.92)
    some = pyogrio.read_dataframe(source, layer="evacuation_sites", bbox=bbox)
    assert sorted(some["name"]) == sorted(FRAME.cx[130.80:130.85, 33.88:33.92]["name"])


def test_the_landing_page_is_for_programs_and_the_portal_for_people(client):
    program = client.get("/", headers={"Accept": "application/json"})
    links = {link["rel"]: link["href"] for link in program.json()["links"]}
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    for address in links.values():
        assert client.get(address).status_code == 200
    assert client.get("/?f=json").json()["links"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*;q=0.5", "application/json"),
        ("text/html;q=0.4, application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/*", "text/html; charset=utf-8"),
    ],
)
def test_only_who_names_html_gets_the_portal(server, accept, kind):
    with httpx.Client() as program:
        program.headers.pop("accept")
        given = {} if accept is None else {"Accept": accept}
        answer = program.get(server.address + "/", headers=given)
    assert answer.headers["content-type"] == kind
    assert "Accept" in answer.headers["vary"].split(", ")


def test_who_accepts_neither_json_nor_html_is_told_so(client):
    assert client.get("/", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/", headers={"Accept": "text/html;q=0"}).status_code == 406


def test_owslib_in_a_fresh_interpreter_finds_the_collections(server):
    """Nobody tells it which form it wants: its requests say ``Accept: */*``."""
    program = (
        "import sys; from owslib.ogcapi.features import Features; "
        "server = Features(sys.argv[1]); "
        "found = server.collection_items('evacuation_sites', limit=3); "
        "print(sorted(server.feature_collections()), found['numberReturned'], "
        "sum('/ogcapi-features-1/' in uri for uri in server.conformance()['conformsTo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, server.address + "/"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [
        "['evacuation_sites',", "'ferry_line',", "'flood']", "3", "2"
    ], done.stderr  # fmt: skip


def test_the_classes_of_features_and_of_tiles_are_declared(client):
    declared = client.get("/conformance").json()["conformsTo"]
    assert [uri.split("/spec/")[1] for uri in declared] == [
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-1/1.0/conf/geojson",
        *(
            f"ogcapi-tiles-1/1.0/conf/{part}"
            for part in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "png")
        ),
    ]


def test_a_collection_says_where_it_lies_and_how_to_get_it(client):
    collection = client.get("/collections/flood?lang=en").json()
    assert collection["title"] == "Flood risk areas"
    assert collection["extent"]["spatial"]["bbox"] == [[130.79, 33.88, 130.98, 33.99]]
    for link in collection["links"]:
        assert client.head(link["href"]).status_code == 200


@given(
    west=st.floats(130.7, 131.0), south=st.floats(33.8, 34.0),
    width=st.floats(0, 0.2), height=st.floats(0, 0.2),
)  # fmt: skip
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_bbox_finds_what_lies_in_it_and_nothing_else(client, west, south, width, height):
    box = (west, south, west + width, south + height)
    answer = client.get(f"{SITES}/items", params={"bbox": ",".join(map(repr, box)), "limit": 1000})
    inside = FRAME[
        FRAME.geometry.x.between(box[0], box[2]) & FRAME.geometry.y.between(box[1], box[3])
    ]
    assert ids(answer) == inside["id"].tolist()
    assert answer.json()["numberMatched"] == len(inside)


def test_a_bbox_may_cross_the_antimeridian(client):
    assert ids(client.get(f"{SITES}/items?bbox=170,33,-170,35")) == []
    assert len(ids(client.get(f"{SITES}/items?bbox=130,33,-170,35&limit=200"))) == 120


@pytest.mark.parametrize("limit", [1, 7, 50, 120, 500])
def test_following_next_gives_every_feature_once(client, limit):
    found, address = [], f"{SITES}/items?limit={limit}"
    while address:
        answer = client.get(address)
        assert answer.json()["numberReturned"] == len(ids(answer)) <= limit
        found += ids(answer)
        address = next(
            (link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None
        )
    assert found == FRAME["id"].tolist()


def test_any_field_can_be_asked_for_by_its_value(client):
    answer = client.get(f"{SITES}/items", params={"kind": "避難場所", "capacity": "107"})
    assert [f["properties"]["name"] for f in answer.json()["features"]] == ["第2小学校"]
    nothing = client.get(f"{SITES}/items", params={"kind": "避難場所", "capacity": "100"})
    assert nothing.json()["features"] == []


def test_one_feature_can_be_had_by_its_id(client):
    answer = client.get(f"{SITES}/items/54")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["properties"]["name"] == "第54小学校"
    for wrong in ("0", "999999", "x", "-1", "9" * 40, "５４"):
        assert client.get(f"{SITES}/items/{wrong}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3", "bbox=a,b,c,d", "bbox=130,35,131,33", "bbox=nan,1,2,3", "bbox=inf,1,2,3",
        "limit=0", "limit=-1", "limit=x", "limit=1e3", "offset=-1", "offset=x",
        "unknown=1", "bbox-crs=x", "f=html", "geometry=x",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_with_a_reason(client, query):
    answer = client.get(f"{SITES}/items?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_limit_beyond_the_most_is_cut_and_not_refused(client):
    assert client.get(f"{SITES}/items?limit=99999999").json()["numberReturned"] == 120


def test_a_page_of_features_is_revalidated_by_its_tag(client):
    first = client.get(f"{SITES}/items?limit=3")
    again = client.get(f"{SITES}/items?limit=3", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("text", ["107", "107.0", "1.07e2", " 107 ", "0107"])
def test_a_number_is_found_in_any_notation(client, text):
    answer = client.get(f"{SITES}/items", params={"capacity": text})
    assert [f["properties"]["name"] for f in answer.json()["features"]] == ["第2小学校"]


def test_text_is_compared_exactly(client):
    for text, count in (("401005", 120), ("401005.0", 0), (" 401005", 0), ("", 0)):
        answer = client.get(f"{SITES}/items", params={"municipality_code": text})
        assert answer.json()["numberMatched"] == count


@pytest.mark.parametrize("text", ["many", "", "107.5", "107人", "１０７", "nan"])
def test_a_value_that_is_no_such_type_is_refused_by_field_and_type(client, text):
    answer = client.get(f"{SITES}/items", params={"capacity": text})
    assert answer.status_code == 400
    assert "capacity" in answer.json()["detail"]
    assert "integer" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("datetime=2026-11-23T00:00:00Z", 200), ("datetime=../2026-11-23", 200),
        ("datetime=2026-01-01/2026-02-01", 200), ("datetime=2026-02-01/2026-01-01", 400),
        ("datetime=notatime", 400), ("datetime=a/b/c", 400), ("datetime=", 400),
        ("datetime=..", 400), ("datetime=/", 400), ("datetime=../..", 400), ("datetime=../", 400),
        ("datetime=2026-11-23/", 200), ("datetime=/2026-11-23", 200),
        ("crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84", 200), ("crs=EPSG:4326", 400),
        ("limit=1000000000", 200), ("limit=" + "9" * 500, 200),
    ],
)  # fmt: skip
def test_parameters_of_the_standard_are_read_as_it_says(client, query, status):
    assert client.get(f"{SITES}/items?{query}").status_code == status


def test_a_point_is_found_by_the_box_of_its_own_published_coordinates(client):
    for found in client.get(f"{SITES}/items?limit=120").json()["features"]:
        x, y = map(repr, found["geometry"]["coordinates"])
        assert found["id"] in ids(client.get(f"{SITES}/items?bbox={x},{y},{x},{y}"))


def test_features_come_in_the_order_of_the_download(client):
    lines = client.get("/downloads/latest/evacuation_sites.geojson").json()["features"]
    assert ids(client.get(f"{SITES}/items?limit=1000")) == [
        int(f["properties"]["id"]) for f in lines
    ]


def test_the_index_is_not_offered_as_a_download(client):
    links = client.get(SITES).json()["links"]
    assert not [link for link in links if link["href"].endswith(".features")]


def test_owslib_asks_by_place_and_value(server):
    features = Features(server.address)
    assert "evacuation_sites" in features.feature_collections()
    bbox = [130.80, 33.88, 130.85, 33.92]
    found = features.collection_items("evacuation_sites", bbox=bbox, limit=1000)
    assert found["numberMatched"] == len(FRAME.cx[130.80:130.85, 33.88:33.92])
    assert features.collection_items("evacuation_sites", capacity="107.0")["numberMatched"] == 1
    assert features.collection_item("evacuation_sites", "54")["properties"]["name"] == "第54小学校"
