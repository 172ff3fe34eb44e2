"""The sample as a newcomer meets it: built by the command, served by the command, looked at."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from serving import serving

from benchmarks.page.phone import visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample(sample_data):
    """Serve the sample that the command built."""
    with serving(sample_data) as server:
        yield server.address


@pytest.fixture(scope="module")
def catalogue(sample):
    return httpx.get(sample + "/catalog").json()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(locale="ja-JP", viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def drawn(page):
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")


def test_every_map_of_the_sample_draws_features_from_our_server_alone(
    sample, catalogue, page, output
):
    for name, chart in catalogue["maps"].items():
        asked, complaints = [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("pageerror", lambda error, complaints=complaints: complaints.append(error))
        page.goto(chart["links"]["page"])
        drawn(page)
        page.screenshot(path=output / f"sample-{name}.png")
        assert complaints == []
        declared = "https://cyberjapandata.gsi.go.jp/"
        assert [u for u in asked if not u.startswith((sample, "blob:", "data:", declared))] == []
        for layer in chart["layers"]:
            assert any(f"/tiles/{layer}/" in url for url in asked), layer


def test_a_click_on_a_site_shows_what_the_download_says(sample, catalogue, page):
    layer = catalogue["layers"]["evacuation_sites"]
    site = httpx.get(layer["downloads"]["geojson"]).json()["features"][0]
    longitude, latitude = site["geometry"]["coordinates"]
    (chart,) = (m for m in catalogue["maps"].values() if "evacuation_sites" in m["layers"])
    page.goto(f"{chart['links']['page']}#16/{latitude}/{longitude}")
    drawn(page)
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("heading", name=site["properties"]["name"]).wait_for()
    shown = dict(
        zip(
            page.locator("#feature-fields dt").all_inner_texts(),
            page.locator("#feature-fields dd").all_inner_texts(),
            strict=True,
        )
    )
    titles = {field["name"]: field["title"]["ja"] for field in layer["fields"]}
    for name in ("name", "address", "capacity"):
        if site["properties"].get(name) is not None:
            assert shown[titles[name]] == str(site["properties"][name])
    assert shown["自治体"] in {m["name"]["ja"] for m in catalogue["municipalities"].values()}


def test_every_layer_is_there_as_a_table_with_all_its_features(catalogue, page):
    tables = {n: la for n, la in catalogue["layers"].items() if la["geometry"] != "Raster"}
    for name, layer in tables.items():
        page.goto(layer["links"]["page"])
        caption = page.locator("table.rows caption").inner_text()
        assert f"全 {layer['features']:,} 件" in caption, name


def test_the_portal_looks_right_on_desk_and_phone(sample, page, output):
    page.goto(sample + "/")
    page.screenshot(path=output / "sample-portal.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=output / "sample-portal-phone.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


MOST_BYTES, MOST_REQUESTS = 420_000, 15
"""Of the first map: the map library is 364 kB of it. Three seconds on a phone depend on this."""


def test_the_first_map_keeps_its_budget_and_fetches_nothing_twice(sample, catalogue, chromium):
    page = catalogue["maps"]["kanmon"]["links"]["page"]
    seen = visit(chromium, page, slow=False)
    fetched = [path for path, size in seen.requests if size]
    assert len(fetched) == len(set(fetched))
    ours = {path for path, _ in seen.requests if not path.startswith("/xyz/")}  # those are GSI's
    assert len(ours) <= MOST_REQUESTS
    assert seen.bytes < MOST_BYTES


def test_what_the_page_fetches_early_is_what_the_map_asks_for(sample, catalogue, chromium):
    address = catalogue["maps"]["kanmon"]["links"]["page"]
    html = httpx.get(address).text
    early = re.search(r'data-early="([^"]+)"', html)[1].split()
    assert len([path for path in early if "/tiles/" in path]) >= 4
    asked = [path for path, _ in visit(chromium, address, slow=False).requests]
    for path in early:
        # Once early and once by the map; again for each part of a tile that is shown enlarged.
        assert asked.count("/" + path.removeprefix(sample).lstrip("/")) >= 2, path
