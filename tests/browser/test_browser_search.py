"""Search, several features at one place, filters, sharing and measuring, as a reader uses them."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from release_maker import make_release, sample_frames, switch
from serving import serving

pytestmark = pytest.mark.browser
RELEASE = "20261123T160000Z-0000000f"
PLACE = "/maps/kanmon_safety#15/33.906/130.84"
KEYS = Path(__file__).parents[1] / "pipeline/standardise/search_keys.json"


def crowded():
    """Return the usual layers with three sites at exactly one place."""
    frames = sample_frames()
    sites = frames["evacuation_sites"]
    more = pd.concat(
        [sites, sites.iloc[[53, 53]].assign(id=[901, 902], name=["髙﨑会館", "霧ヶ丘公園"])]
    )
    frames["evacuation_sites"] = gpd.GeoDataFrame(more, geometry="geometry", crs=6668)
    return frames


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", RELEASE, frames=crowded())
    switch(data / "releases", RELEASE)
    with serving(data) as running:
        yield running.address


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desk", "phone"])
def page(chromium, request):
    width, height = request.param
    context = chromium.new_context(
        locale="ja-JP", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def opened(page, address):
    page.goto(address)
    page.locator('html[data-map-tools="ready"]').wait_for(state="attached")
    drawn(page)


def drawn(page):
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")


def test_the_browser_folds_names_as_the_build_does(server, page):
    page.goto(server + "/")
    pairs = json.loads(KEYS.read_text("utf-8"))
    index = page.request.get(server + "/maps/kanmon_safety/search.json").json()
    script = page.request.get(server + PLACE.partition("#")[0]).text()
    version = script.partition("/static/")[2].partition("/")[0]
    folded = page.evaluate(
        """async ([address, kanji, texts]) => {
          const { searchKey } = await import(address);
          return texts.map((text) => searchKey(text, kanji));
        }""",
        [f"/static/{version}/map-normalise.js", index["kanji"], [text for text, _ in pairs]],
    )
    assert folded == [key for _, key in pairs]


@pytest.mark.parametrize("written", ["高崎", "髙﨑会館", "　高崎　会館"])
def test_a_name_is_found_however_it_is_written_and_shown(server, page, written):
    opened(page, server + PLACE)
    page.get_by_label("名前や住所で探す").fill(written)
    page.get_by_role("button", name="髙﨑会館").first.wait_for()
    assert page.locator("#search-status").inner_text() == "1 件見つかりました。"
    page.locator("#search-results button").click()
    page.get_by_role("heading", name="髙﨑会館").wait_for()
    assert "髙﨑会館を地図に示しました" in page.locator("#search-status").inner_text()
    assert page.evaluate("document.activeElement.id") == "feature-title"


def test_nothing_found_is_said(server, page):
    opened(page, server + PLACE)
    page.get_by_label("名前や住所で探す").fill("存在しない")
    page.get_by_text("見つかりませんでした").wait_for()


def test_every_feature_at_one_place_can_be_reached(server, page):
    opened(page, server + PLACE)
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#feature-nav").wait_for()
    count = int(page.locator("#feature-place").inner_text().partition("/")[2])
    assert count >= 3
    seen = set()
    for _ in range(count):
        seen.add(page.locator("#feature-title").inner_text())
        page.get_by_role("button", name="次の地物").click()
    assert {"第54小学校", "髙﨑会館", "霧ヶ丘公園"} <= seen
    assert page.locator("#feature-place").inner_text().startswith("1/")


def test_a_class_of_the_legend_is_a_switch_and_stays_in_the_address(server, page):
    opened(page, server + PLACE)
    shown = page.locator("#in-view button .of", has_text="洪水浸水想定区域")
    before = shown.count()
    for name in ("0.5m未満", "0.5〜3m", "3m以上"):
        page.get_by_role("checkbox", name=name).uncheck()
    page.locator("#in-view-count").click()
    drawn(page)
    assert before > 0
    assert shown.count() == 0
    address = page.url
    assert "hide=" in address
    opened(page, address)
    assert not page.get_by_role("checkbox", name="3m以上").is_checked()
    assert page.locator("#in-view button .of", has_text="洪水浸水想定区域").count() == 0


def test_the_view_can_be_handed_on(server, page):
    opened(page, server + PLACE)
    page.get_by_role("checkbox", name="渡船航路").uncheck()
    page.locator("#tools summary").click()
    page.get_by_role("button", name="この画面のアドレス").click()
    address = page.get_by_label("アドレス", exact=True).input_value()
    assert "off=ferry_line" in address
    assert "#15/33.906/130.84" in address


def test_a_way_is_measured_by_keyboard(server, page):
    opened(page, server + PLACE)
    page.locator("#tools summary").click()
    page.get_by_role("button", name="距離を測る").click()
    page.locator("canvas.maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    before = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != before)
    drawn(page)
    page.keyboard.press("Enter")
    said = page.locator("#tool-status").inner_text()
    assert "2 点" in said
    metres = float(said.split()[1]) * (1000 if "km" in said else 1)
    # The arrow moves 100 pixels; a pixel is 40,075,017 m · cos(latitude) / (512 · 2^15) here.
    assert metres == pytest.approx(100 * 40_075_017 * 0.830 / (512 * 2**15), rel=0.03)


def test_the_position_is_asked_for_only_on_request_and_stays_here(server, page):
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"longitude": 130.82, "latitude": 33.9, "accuracy": 12})
    opened(page, server + PLACE)
    asked = []
    page.locator("#tools summary").click()
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="現在地").click()
    page.get_by_text("誤差 約 12 m").wait_for()
    page.wait_for_url(lambda url: "/33.9/130.82" in url)
    assert not any("130.8" in url.partition("/tiles/")[0] for url in asked)


def test_the_printed_map_has_what_a_map_needs(server, page, output):
    opened(page, server + PLACE)
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes'; }")
    page.locator("#tools summary").click()
    page.get_by_label("用紙").select_option("a3-landscape")
    page.get_by_role("button", name="印刷・PDF").click()
    page.locator('body[data-printed="yes"]').wait_for()
    pdf = page.pdf(prefer_css_page_size=True, path=output / "map-a3.pdf", print_background=True)
    assert b"/MediaBox" in pdf
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="関門の防災地図").is_visible()
    for part in (
        "#print-picture",
        "#print-code",
        "#print-date",
        "#print-scale",
        ".north",
        ".credits",
    ):
        assert page.locator(part).is_visible(), part
    assert page.locator("#tools").is_hidden()
    colours = page.locator("#print-picture").evaluate("img => img.naturalWidth")
    assert colours > 300
    page.screenshot(path=output / "map-print.png", full_page=True)
