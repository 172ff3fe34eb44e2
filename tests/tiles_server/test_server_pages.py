"""Pages for people: what they say, in which language, without script, and who may frame them."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re

import geopandas as gpd
import httpx
import pytest
from release_maker import STYLES, TITLES, make_release, switch
from serving import serving
from shapely import Point

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ("/", "/layers/flood", "/maps/kanmon_safety", "/maps/kanmon_safety/embed")


@pytest.fixture
def client(server):
    """Ask as a browser does."""
    with httpx.Client(base_url=server.address, headers=BROWSER, timeout=60) as client:
        yield client


def test_the_portal_lists_layers_feeds_and_maps_without_script(client):
    page = client.get("/", headers={"Accept-Language": "ja"})
    assert "<script" not in page.text
    for text in (
        "指定緊急避難場所",
        "120 件（点）",
        "2026年11月20日",
        "CC-BY-4.0",
        "全国地方公共団体コード",
        "関門の防災地図",
        "若戸渡船",
        "2026年10月1日 – 2027年9月30日",
        "便 190",
    ):
        assert text in page.text, text


def test_every_link_of_every_page_leads_somewhere(client, server):
    for page in PAGES:
        links = Links(client.get(page).text).found
        assert links
        for link in links:
            if link.startswith(("#", "https://www.city.example.lg.jp")):
                continue
            address = httpx.URL(server.address + page).join(link)
            assert client.get(address).status_code == 200, f"{page}: {link}"


class Links(html.parser.HTMLParser):
    """The addresses a page links to or loads."""

    def __init__(self, text):
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, _, attributes):
        self.found |= {value for name, value in attributes if name in ("href", "src")}


@pytest.mark.parametrize(
    ("address", "accept", "language"),
    [
        ("/", "ja,en;q=0.8", "ja"),
        ("/", "en-GB,en;q=0.9,ja;q=0.1", "en"),
        ("/", "fr", "ja"),
        ("/", "", "ja"),
        ("/?lang=en", "ja", "en"),
        ("/?lang=ja", "en", "ja"),
        ("/?lang=xx", "en", "en"),
    ],
)
def test_the_language_is_the_one_asked_for(client, address, accept, language):
    answer = client.get(address, headers={"Accept-Language": accept})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]


def test_the_language_switch_keeps_the_rest_of_the_address(client):
    page = client.get("/layers/evacuation_sites?page=2&lang=ja").text
    assert re.search(r'href="\?page=2&amp;lang=en"[^>]*lang="en"', page)


@pytest.mark.parametrize("page", PAGES)
def test_sample_data_is_called_so_on_every_page(client, page):
    assert "これは見本データです" in client.get(page).text
    assert "These are sample values" in client.get(page + "?lang=en").text


@pytest.mark.parametrize("page", ["/", "/layers/flood", "/maps/kanmon_safety", "/catalog"])
def test_nobody_may_frame_a_page_that_is_not_for_it(client, page):
    headers = client.get(page).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"


def test_the_embedded_map_may_be_framed_by_the_sites_it_names(client):
    headers = client.get("/maps/kanmon_safety/embed").headers
    policy = headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://www.city.example.lg.jp")
    assert "x-frame-options" not in headers


@pytest.mark.parametrize("page", PAGES)
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_code(client, page):
    answer = client.get(page)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy.split("frame-ancestors")[0]
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
    assert not re.search(r'<script(?![^>]*\s(src=|type="application/json"))', answer.text)


def test_a_layer_can_be_read_as_a_table_page_by_page(client):
    first = client.get("/layers/evacuation_sites").text
    assert "1〜50 件目 ／ 全 120 件" in first
    assert first.count("<tr><td") == 50
    last = client.get("/layers/evacuation_sites?page=3").text
    assert "101〜120 件目 ／ 全 120 件" in last
    assert "第101小学校" in last
    assert "第100小学校" not in last
    assert "北九州市</td>" in last  # the municipality by name


@pytest.mark.parametrize("page", ["0", "-1", "4", "x", "9" * 30, "１"])
def test_a_page_of_the_table_that_does_not_exist_is_said(client, page):
    answer = client.get("/layers/evacuation_sites", params={"page": page})
    assert answer.status_code == 400
    assert "アドレスの指定に誤りがあります" in answer.text


def test_an_unchanged_page_is_not_sent_again(client):
    tag = client.get("/").headers["etag"]
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304


def test_people_get_a_page_in_both_languages_when_something_is_missing(client):
    answer = client.get("/maps/nothing")
    assert answer.status_code == 404
    assert "見つかりません" in answer.text
    assert "cannot be found" in answer.text
    browser = client.get("/nothing")
    assert "見つかりません" in browser.text
    program = client.get("/nothing", headers={"Accept": "*/*"})
    assert program.json()["status"] == 404


def test_every_asset_is_kept_for_ever_and_sent_compressed(client):
    page = client.get("/maps/kanmon_safety").text
    library = re.search(r'href="(/static/\w+/map\.bundle\.css)"', page).group(1)
    answer = client.get(library)
    assert answer.headers["content-encoding"] == "br"
    assert "immutable" in answer.headers["cache-control"]
    plain = client.get(library, headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content
    assert plain.headers["etag"] != answer.headers["etag"]


def test_values_from_ledgers_never_become_markup(tmp_path):
    """Names, titles and embed sites come from files that people edit."""
    evil = '"><script>alert(1)</script>'
    frame = gpd.GeoDataFrame(
        {"id": [1], "name": [evil], "municipality_code": [evil]},
        geometry=[Point(130.8, 33.9)],
        crs=6668,
    )
    releases = tmp_path / "releases"
    releases.mkdir()
    STYLES["evil"], TITLES["evil"] = {"color": '"/><script>', "label": "name"}, (evil, evil)
    try:
        make_release(releases, "20261123T160000Z-000000ee", frames={"evil": frame})
    finally:
        del STYLES["evil"], TITLES["evil"]
    switch(releases, "20261123T160000Z-000000ee")
    with serving(tmp_path, workers=1) as server:
        for page in ("/", "/layers/evil"):
            answer = httpx.get(server.address + page, headers=BROWSER)
            assert answer.status_code == 200
            assert "<script" not in answer.text


def test_a_map_page_brings_its_style_along(client):
    for page in ("/maps/kanmon_safety", "/maps/kanmon_safety/embed"):
        html = client.get(f"{page}?lang=en").text
        inline = re.search(r'<script type="application/json" id="map-style">(.*?)</script>', html)
        assert json.loads(inline[1]) == client.get("/maps/kanmon_safety/style.json?lang=en").json()


def test_a_map_page_fetches_early_only_tiles_that_there_are(client):
    html = client.get("/maps/kanmon_safety").text
    early = re.search(r'data-early="([^"]+)"', html)[1].split()
    assert any("/tiles/" in address for address in early)
    for address in early:
        assert client.get(address).status_code == 200, address


def test_a_table_is_sorted_narrowed_and_downloaded_as_it_is_seen(client):
    page = client.get(
        "/layers/evacuation_sites?lang=ja&sortby=-capacity&municipality_code=401005&q="
    ).text
    assert page.count('aria-sort="descending"') == 1
    shown = [int(n.replace(",", "")) for n in re.findall(r'<td class="number">([\d,]+)</td>', page)]
    assert shown == sorted(shown, reverse=True)
    assert "sortby=capacity&amp;" in page  # the next press turns it round
    form = re.search(r'href="([^"]+f=csv[^"]*)"', page).group(1).replace("&amp;", "&")
    answer = client.get(form)
    assert answer.content.startswith(b"\xef\xbb\xbfid,municipality_code,")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == int(answer.headers["ogc-numbermatched"])
    assert {row["municipality_code"] for row in rows} == {"401005"}
    known = [int(row["capacity"]) for row in rows if row["capacity"]]
    assert known == sorted(known, reverse=True)
    assert [int(row["capacity"]) for row in rows[: len(shown)]] == shown
    same = client.get(form.replace("f=csv", "f=json")).json()
    assert [str(one["id"]) for one in same["features"]] == [row["id"] for row in rows]


def test_words_narrow_a_table_and_what_is_not_there_is_refused(client):
    found = client.get("/layers/evacuation_sites", params={"lang": "en", "q": "no such place"})
    assert "0 rows" in found.text
    assert "<caption>" not in found.text
    for wrong in (
        "sortby=nothing",
        "nothing=1",
        "capacity=many",
        "sortby=name,name,name,name",
        "kind=a&kind=b",
    ):
        assert client.get(f"/layers/evacuation_sites?{wrong}").status_code == 400
        assert client.get(f"/collections/evacuation_sites/items?{wrong}").status_code == 400
    for of_items in ("limit=3", "offset=3", "f=csv", "bbox=130,33,131,34"):
        assert client.get(f"/layers/evacuation_sites?{of_items}").status_code == 400
    assert client.get("/layers/evacuation_sites?utm_source=mail").status_code == 200


def test_a_layer_says_what_is_another_since_the_version_before(tmp_path):
    releases = tmp_path / "releases"
    releases.mkdir()
    folder = make_release(releases, "20261123T160000Z-000000ef")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    said = [{"ja": "追加 2 件（北九州市 2）", "en": "2 added (Kitakyushu 2)"}]
    manifest["layers"]["flood"]["difference"] = said
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    switch(releases, folder.name)
    with serving(tmp_path) as server, httpx.Client(base_url=server.address) as client:
        for tongue, words in (("ja", "追加 2 件（北九州市 2）"), ("en", "2 added (Kitakyushu 2)")):
            page = client.get("/layers/flood", params={"lang": tongue}, headers=BROWSER)
            assert words in page.text
