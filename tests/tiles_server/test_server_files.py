"""Downloads, archives and feeds as a data program meets them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

import geopandas as gpd
import httpx
import pytest
from pmtiles.reader import Reader
from release_maker import switch

FIRST = "20261123T160000Z-00000001"
SECOND = "20261123T170000Z-00000002"
PLAIN = {"Accept-Encoding": "identity"}
GEOJSON = "/downloads/latest/evacuation_sites.geojson"


@pytest.fixture
def client(server):
    """Ask for files as they are; what is compressed is in test_server_http.py."""
    with httpx.Client(base_url=server.address, headers=PLAIN, timeout=60) as client:
        yield client


@pytest.fixture
def content(data):
    path = data / "releases" / FIRST / "layers/evacuation_sites/evacuation_sites.geojson"
    return path.read_bytes()


def test_a_download_is_the_file_of_the_release(client, content):
    answer = client.get(GEOJSON)
    assert answer.content == content
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    assert len(json.loads(answer.content)["features"]) == 120


def test_csv_and_geoparquet_can_be_read_by_their_usual_readers(client):
    table = client.get("/downloads/latest/evacuation_sites.csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert rows[0]["name"] == "第1小学校"
    frame = gpd.read_parquet(io.BytesIO(client.get("/downloads/latest/flood.parquet").content))
    assert frame.crs.to_epsg() == 6668


@pytest.mark.parametrize(
    ("asked", "part"),
    [("bytes=0-9", slice(0, 10)), ("bytes=100-", slice(100, None)), ("bytes=-7", slice(-7, None))],
)
def test_a_range_is_sent_alone(client, content, asked, part):
    answer = client.get(GEOJSON, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, content[part])
    assert answer.headers["content-range"].endswith(f"/{len(content)}")
    assert int(answer.headers["content-length"]) == len(content[part])


def test_a_range_beyond_the_file_is_416(client, content):
    answer = client.get(GEOJSON, headers={"Range": f"bytes={len(content)}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(content)}"


def test_several_ranges_at_once_are_answered_with_the_whole_file(client, content):
    answer = client.get(GEOJSON, headers={"Range": "bytes=0-1,5-6"})
    assert (answer.status_code, answer.content) == (200, content)


def test_a_resumed_download_starts_again_when_the_file_has_changed(client, content):
    tag = client.get(GEOJSON).headers["etag"]
    same = client.get(GEOJSON, headers={"Range": "bytes=5-", "If-Range": tag})
    changed = client.get(GEOJSON, headers={"Range": "bytes=5-", "If-Range": '"older"'})
    assert (same.status_code, same.content) == (206, content[5:])
    assert (changed.status_code, changed.content) == (200, content)


def test_a_good_copy_is_not_sent_again(client):
    tag = client.get(GEOJSON).headers["etag"]
    for headers in ({"If-None-Match": tag}, {"If-None-Match": tag, "Range": "bytes=0-9"}):
        answer = client.get(GEOJSON, headers=headers)
        assert (answer.status_code, answer.content) == (304, b"")


def test_head_describes_a_download(client, content):
    answer = client.head(GEOJSON)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(content)
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_release_that_is_kept_can_be_downloaded_for_ever(client, data, content):
    other = client.get(f"/downloads/{SECOND}/evacuation_sites.geojson")
    assert other.status_code == 200
    assert other.content != content
    assert "immutable" in other.headers["cache-control"]
    assert client.get("/downloads/20200101T000000Z-00000000/flood.csv").status_code == 404


def test_the_same_file_has_the_same_tag_in_the_next_release(client):
    """The ferry line is the same in both releases, the sites are not."""
    for name, same in (("ferry_line", True), ("evacuation_sites", False)):
        first = client.head(f"/downloads/{FIRST}/{name}.geojson").headers["etag"]
        second = client.head(f"/downloads/{SECOND}/{name}.geojson").headers["etag"]
        assert (first == second) is same


@pytest.mark.parametrize(
    "path",
    [
        "/downloads/latest/manifest.json",
        "/downloads/latest/evacuation_sites.txt",
        "/downloads/latest/evacuation_sites",
        f"/downloads/{FIRST}/manifest.json",
        "/downloads/current/flood.csv",
        "/gtfs/wakato_ferry/stops.txt",
        "/gtfs/other.zip",
        "/pmtiles/other.pmtiles",
    ],
)
def test_only_what_the_manifest_offers_can_be_had(client, path):
    assert client.get(path).status_code == 404


def test_a_tileset_can_be_read_over_ranges_by_the_reference_reader(client):
    asked = []

    def get_bytes(offset: int, length: int) -> bytes:
        asked.append(length)
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}"}
        return client.get("/pmtiles/evacuation_sites.pmtiles", headers=wanted).content

    reader = Reader(get_bytes)
    assert reader.metadata()["vector_layers"][0]["id"] == "evacuation_sites"
    whole = client.head("/pmtiles/evacuation_sites.pmtiles")
    x, y = 3535, 1638
    while (tile := reader.get(12, x, y)) is None:
        x += 1
    served = client.get(
        f"/tiles/evacuation_sites/12/{x}/{y}.mvt", headers={"Accept-Encoding": "identity"}
    )
    import gzip

    assert gzip.decompress(tile) == served.content
    assert max(asked) < int(whole.headers["content-length"])


def test_a_feed_is_a_zip_under_its_stable_address(client):
    answer = client.get("/gtfs/wakato_ferry.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert "agency.txt" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert 'filename="wakato_ferry.zip"' in answer.headers["content-disposition"]


def test_a_report_that_comes_with_a_feed_runs_no_script(client):
    answer = client.get("/gtfs/wakato_ferry/validation.html")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_the_catalogue_leads_to_everything(client):
    catalogue = client.get("/catalog").json()
    addresses = [
        *catalogue["feeds"]["wakato_ferry"]["downloads"].values(),
        *catalogue["maps"]["kanmon_safety"]["links"].values(),
    ]
    for layer in catalogue["layers"].values():
        addresses += [*layer["links"].values(), *layer["downloads"].values()]
    assert len(addresses) > 20
    for address in addresses:
        assert client.head(address).status_code == 200, address


def test_a_switch_changes_what_latest_means(client, data):
    first = client.head(GEOJSON).headers["etag"]
    try:
        switch(data / "releases", SECOND)
        wait_for(client, SECOND)
        assert client.head(GEOJSON).headers["etag"] != first
    finally:
        switch(data / "releases", FIRST)
        wait_for(client, FIRST)


def wait_for(client, release):
    """Wait until every worker has looked at the link: ten answers in a row."""
    import time

    in_a_row = 0
    for _ in range(200):
        served = client.get("/healthz", headers={"Connection": "close"}).json()["release"]
        in_a_row = in_a_row + 1 if served == release else 0
        if in_a_row == 10:
            return
        time.sleep(0.05)
    raise AssertionError(f"{release} is not served")
